/* src/quant/trained.c: the int8 checkpoint of a network that was trained by fake quantization. */
#include "quant_parts.h"

#include <math.h>

static status set_codes(struct quant_work *w, const struct quant_range *range, struct quant_result *r)
{
    for (int i = 0; i < r->lines; i++) {
        struct quant_line *line = &r->line[i];
        const struct quant_range *seen = &range[line->node];

        if (!isfinite(seen->low) || !isfinite(seen->high) || seen->low > seen->high)
            return FAIL(ERR_NUMERIC, "%s: no range of its output was observed",
                        w->model.node[line->node].name);
        line->q = w->q[line->node] = quant_params_of_range(seen->low, seen->high, QUANT_AFFINE_LEVELS);
    }
    return OK;
}

static status add_notes(const struct model *m, struct tensor_table *t)
{
    TRY(table_add_note(t, "quantcam.model", m->name));
    TRY(table_add_note(t, "quantcam.engine", engine_arithmetic_name(ENGINE_FBGEMM)));
    return table_add_note(t, "quantcam.relu6", "clamp");
}

status quant_trained(const struct model_binding *master, const struct quant_range *range,
                     struct tensor_table *out)
{
    const struct quant_options options = { .form = PRECISION_CODES,
                                           .arithmetic = ENGINE_FBGEMM,
                                           .per_channel = 1,
                                           .weight_bits = QUANT_AFFINE_BITS,
                                           .activation_bits = QUANT_AFFINE_BITS };
    const struct quant_pictures none = { .size = 1 };
    struct quant_work w = { .options = &options, .pictures = &none };
    struct quant_result r = { .lines = 0 };
    status result = OK;

    *out = (struct tensor_table){ 0 };
    TRY_OUT(quant_fold(master, &w));
    TRY_OUT(quant_list(&w, &r));
    TRY_OUT(set_codes(&w, range, &r));
    TRY_OUT(quant_convert(&w, &r));
    TRY_OUT(add_notes(master->model, &r.table));
    *out = r.table;
    r.table = (struct tensor_table){ 0 };
out:
    quant_work_free(&w);
    quant_result_free(&r);
    return result;
}
