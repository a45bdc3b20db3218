/* src/quant/convert.c: the quantized checkpoint of a calibrated network, in torch's names. */
#include "quant_parts.h"

#include <math.h>
#include <string.h>

enum { TORCHS_HIGHEST = 255, BYTE = 8 };

/* torch's names; beside them P.codes, the lowest and the highest, where they are not torch's 0..255. */
static status add_output(struct tensor_table *table, const char *prefix, struct quant_params q)
{
    struct tensor t = { 0 };

    TRY(tensor_alloc(&t, DTYPE_F32, 0, NULL));
    *(float *)t.data = (float)q.scale;
    TRY(quant_take(table, prefix, ".scale", &t));
    TRY(tensor_alloc(&t, DTYPE_S64, 0, NULL));
    *(int64_t *)t.data = q.zero_point;
    TRY(quant_take(table, prefix, ".zero_point", &t));
    if (q.low == 0 && q.high == TORCHS_HIGHEST)
        return OK;
    TRY(tensor_alloc(&t, DTYPE_S32, 1, &(int64_t){ 2 }));
    ((int32_t *)t.data)[0] = q.low;
    ((int32_t *)t.data)[1] = q.high;
    return quant_take(table, prefix, ".codes", &t);
}

/* (oc, kh, kw, ic) of w->real to the file's (oc, ic, kh, kw), s8 or s16. */
static void to_file_order(const int16_t *codes, struct tensor *t)
{
    int64_t oc = t->dim[0], ic = t->dim[1], window = t->rank == 4 ? t->dim[2] * t->dim[3] : 1, at = 0;

    for (int64_t o = 0; o < oc; o++)
        for (int64_t c = 0; c < ic; c++)
            for (int64_t k = 0; k < window; k++, at++) {
                int16_t code = codes[(o * window + k) * ic + c];

                if (t->dtype == DTYPE_S16)
                    ((int16_t *)t->data)[at] = code;
                else
                    ((int8_t *)t->data)[at] = (int8_t)code;
            }
}

/* chosen: its bits are; such files are for their size. */
static status alloc_weight(const struct quant_work *w, const struct model_node *n, int bits, int chosen,
                           struct tensor *t)
{
    char name[2 * MODEL_NAME];
    const struct tensor *real;
    int channels = w->options->per_channel ? n->c : 1;

    snprintf(name, sizeof name, "%s.weight", n->weight);
    real = table_find(&w->real, name);
    BUG_IF(!real);
    TRY(tensor_alloc(t, bits > BYTE ? DTYPE_S16 : DTYPE_S8, real->rank, real->dim));
    t->quantization = channels > 1 ? TENSOR_PER_CHANNEL : TENSOR_PER_TENSOR;
    t->channels = channels;
    t->bits = bits < BYTE ? bits : 0;
    t->dense = chosen;
    t->scale = mem_alloc((size_t)channels, sizeof *t->scale);
    t->zero_point = mem_alloc((size_t)channels, sizeof *t->zero_point);
    return t->scale && t->zero_point ? OK : FAIL(ERR_MEMORY, "no memory for %d scales", channels);
}

static void fill_weight(struct quant_work *w, struct quant_line *line, int16_t *codes, struct tensor *t)
{
    const float *weights = quant_weights(w, line->node);
    size_t count = (size_t)w->model.node[line->node].c * quant_row(w, line->node),
           run = count / (size_t)t->channels;
    double signal = 0, noise = 0;
    int bits = line->weight_bits;

    line->scales = t->channels;
    for (int c = 0; c < t->channels; c++) {
        const float *from = weights + (size_t)c * run;
        float scale = quant_weight_scale(from, run, bits, w->options->weight_mse);

        quant_weight_codes(from, run, scale, bits, codes + (size_t)c * run, &signal, &noise);
        t->scale[c] = scale;
        line->scale_low = c == 0 || scale < line->scale_low ? scale : line->scale_low;
        line->scale_high = c == 0 || scale > line->scale_high ? scale : line->scale_high;
    }
    line->weight_sqnr_db = quant_decibel(signal, noise);
    to_file_order(codes, t);
}

static status convert_layer(struct quant_work *w, struct quant_line *line, struct tensor_table *table)
{
    const struct model_node *n = &w->model.node[line->node];
    int64_t oc = n->c;
    struct tensor t = { 0 };
    int16_t *codes = mem_alloc((size_t)oc * quant_row(w, line->node), sizeof *codes);
    status result = codes ? alloc_weight(w, n, line->weight_bits, w->bits[line->node] > 0, &t)
                          : FAIL(ERR_MEMORY, "no memory for %s's codes", n->name);

    if (result == OK)
        fill_weight(w, line, codes, &t);
    mem_free(codes);
    if (result != OK) {
        tensor_free(&t);
        return result;
    }
    TRY(quant_take(table, n->weight, ".weight", &t));
    TRY(tensor_alloc(&t, DTYPE_F32, 1, &oc));
    memcpy(t.data, quant_bias(w, line->node), (size_t)oc * sizeof(float));
    return quant_take(table, n->weight, ".bias", &t);
}

status quant_convert(struct quant_work *w, struct quant_result *out)
{
    const struct model_binding real = { .model = &w->model, .weights = &w->real };

    out->table.source = mem_strdup("the quantized network");
    if (!out->table.source)
        return FAIL(ERR_MEMORY, "no memory for a name");
    for (int i = 0; i < w->nodes; i++)
        if (model_is_affine(w->model.node[i].op))
            TRY(quant_take_affine(&real, i, &out->table));
    for (int i = 0; i < out->lines; i++) {
        const struct model_node *n = &w->model.node[out->line[i].node];

        if (model_has_weights(n)) {
            out->line[i].weight_bits = quant_weight_bits(w, out->line[i].node);
            TRY(convert_layer(w, &out->line[i], &out->table));
        }
        TRY(add_output(&out->table, n->quant, out->line[i].q));
    }
    return OK;
}

status quant_bind_codes(const struct quant_work *w, const struct tensor_table *table, struct model *m,
                        struct model_binding *out)
{
    struct model_reading how = { .relu6 = MODEL_RELU6_AUTO, .form = w->options->form };

    *m = w->model;
    m->nodes = w->nodes;
    if (model_has_relu6(m))
        how.relu6 = MODEL_RELU6_CLAMP;
    return model_bind(m, table, &how, out);
}

status quant_plan_codes(const struct quant_work *w, const struct tensor_table *table,
                        struct quant_engine *out)
{
    struct engine_options options = { .arithmetic = w->options->arithmetic, .keep = 1 };
    const struct quant_pictures *p = w->pictures;
    struct model_binding b = { 0 };
    struct model m;
    status result = quant_agree(p, p->follows ? OK : quant_bind_codes(w, table, &m, &b));

    *out = (struct quant_engine){ .plan = NULL };
    if (result == OK)
        result = quant_open(p, &b, &options, w->kernels, out);
    model_unbind(&b);
    return result;
}
