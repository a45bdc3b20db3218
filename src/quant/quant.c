/* src/quant/quant.c: the whole: fold, equalize, choose ranges, convert, correct, judge. */
#include "quant_parts.h"

void quant_defaults(struct quant_options *out)
{
    *out = (struct quant_options){ .arithmetic = ENGINE_FBGEMM,
                                   .per_channel = 1,
                                   .weight_bits = 8,
                                   .activation_bits = 8,
                                   .observer = QUANT_MSE,
                                   .percentile = 99.99,
                                   .weight_mse = 1,
                                   .equalize = QUANT_EQUALIZE_AUTO,
                                   .correct_bias = 1 };
}

static status check_bits(const char *what, int bits)
{
    return bits >= 2 && bits <= 8 ? OK : FAIL(ERR_RANGE, "%s of %d bits; 2 to 8 are possible", what, bits);
}

static status check(const struct quant_options *o, const struct quant_pictures *p)
{
    if (p->count < 1)
        return FAIL(ERR_RANGE, "no calibration pictures");
    TRY(check_bits("weights", o->weight_bits));
    TRY(check_bits("activations", o->activation_bits));
    if (o->ends)
        TRY(check_bits("first and last layer", o->ends));
    if (o->arithmetic == ENGINE_AUTO)
        return FAIL(ERR_RANGE, "the arithmetic must be fbgemm or qnnpack");
    return OK;
}

static status list_lines(const struct quant_work *w, struct quant_result *out)
{
    MEM_TRY(out->line, (size_t)w->nodes, sizeof *out->line);
    for (int i = 0; i < w->nodes; i++)
        if (quant_has_scale(&w->model.node[i]))
            out->line[out->lines++].node = i;
    return OK;
}

static status quantize(struct quant_work *w, struct quant_result *out)
{
    const struct quant_options *o = w->options;

    TRY(quant_observe(w));
    if (o->equalize == QUANT_EQUALIZE_ON || (o->equalize == QUANT_EQUALIZE_AUTO && !o->per_channel)) {
        TRY(quant_agree(w->pictures, quant_equalize(w, &out->equalized)));
        TRY(quant_observe(w));
    }
    TRY(quant_choose_ranges(w, out->line, out->lines));
    TRY(quant_agree(w->pictures, quant_convert(w, out)));
    if (o->correct_bias)
        TRY(quant_correct_bias(w, out));
    return quant_judge(w, out);
}

status quant_network(const struct model_binding *fp32, const struct quant_options *options,
                     const struct quant_pictures *pictures, const struct kernel_table *k,
                     struct quant_result *out)
{
    struct quant_work w = { .options = options, .pictures = pictures, .kernels = k };
    status result;

    *out = (struct quant_result){ 0 };
    result = check(options, pictures);
    if (result == OK)
        result = quant_fold(fp32, &w);
    if (result == OK)
        result = list_lines(&w, out);
    result = quant_agree(pictures, result);
    if (result == OK)
        result = quantize(&w, out);
    quant_work_free(&w);
    if (result != OK)
        quant_result_free(out);
    return result;
}

void quant_result_free(struct quant_result *r)
{
    table_free(&r->table);
    mem_free(r->line);
    *r = (struct quant_result){ 0 };
}
