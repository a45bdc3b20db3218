/* src/quant/quant.c: the whole: fold, equalize, choose ranges, convert, correct, judge. */
#include "quant_parts.h"

static const size_t most_kept = (size_t)512 << 20;

static status check_bits(const struct quant_options *o, const char *what, int bits)
{
    int most = o->form == PRECISION_ROUNDED ? 16 : 8;

    if (bits >= 2 && bits <= most)
        return OK;
    return FAIL(ERR_RANGE, "%s of %d bits: %s has 2 to %d", what, bits,
                o->form == PRECISION_ROUNDED ? "rounded arithmetic" : "integer arithmetic", most);
}

status quant_check_options(const struct quant_options *o)
{
    BUG_IF(o->form == PRECISION_REAL);
    TRY(check_bits(o, "weights", o->weight_bits));
    TRY(check_bits(o, "activations", o->activation_bits));
    if (o->ends)
        TRY(check_bits(o, "first and last layer", o->ends));
    if (o->observer == QUANT_MSE && (o->activation_bits > QUANT_MSE_BITS || o->ends > QUANT_MSE_BITS))
        return FAIL(ERR_RANGE,
                    "codes of more than 8 bits are finer than the histogram of the observer mse: take "
                    "minmax or percentile");
    if (o->form == PRECISION_CODES && o->arithmetic == ENGINE_AUTO)
        return FAIL(ERR_RANGE, "the arithmetic must be fbgemm or qnnpack");
    BUG_IF((o->choose_bytes || o->choose_drift > 0) && !o->look);
    if (o->choose_bytes && o->choose_drift > 0)
        return FAIL(ERR_RANGE, "bits are chosen for a size or for a drift, not for both");
    if (o->form == PRECISION_ROUNDED && o->correct_bias)
        return FAIL(ERR_RANGE, "biases are corrected for integer arithmetic alone");
    return OK;
}

status quant_list(const struct quant_work *w, struct quant_result *out)
{
    MEM_TRY(out->line, (size_t)w->nodes, sizeof *out->line);
    for (int i = 0; i < w->nodes; i++)
        if (model_quantizes(w->model.node[i].op))
            out->line[out->lines++].node = i;
    return OK;
}

static status quantize(struct quant_work *w, struct quant_result *out)
{
    const struct quant_options *o = w->options;

    TRY(quant_observe(w));
    if (o->equalize == QUANT_EQUALIZE_ON || (o->equalize == QUANT_EQUALIZE_AUTO && !o->per_channel)) {
        TRY(quant_agree(w->pictures, w->pictures->follows ? OK : quant_equalize(w, &out->equalized)));
        TRY(quant_observe(w));
    }
    TRY(quant_choose_ranges(w, out->line, out->lines));
    if (o->sensitivity == QUANT_SENSITIVITY_ONLY)
        return quant_sensitivity(w, out);
    if (o->choose_bytes || o->choose_drift > 0)
        TRY(quant_choose(w, out));
    TRY(quant_agree(w->pictures, w->pictures->follows ? OK : quant_convert(w, out)));
    if (o->correct_bias)
        TRY(quant_correct_bias(w, out));
    TRY(quant_judge(w, out));
    return o->sensitivity ? quant_sensitivity(w, out) : OK;
}

status quant_network(const struct model_binding *fp32, const struct quant_options *options,
                     const struct quant_pictures *pictures, const struct kernel_table *k,
                     struct quant_result *out)
{
    struct quant_work w = { .options = options, .pictures = pictures, .kernels = k, .most_kept = most_kept };
    status result;

    *out = (struct quant_result){ 0 };
    result = pictures->count < 1 ? FAIL(ERR_RANGE, "no calibration pictures") : quant_check_options(options);
    if (result == OK)
        result = quant_fold(fp32, &w);
    if (result == OK)
        result = quant_list(&w, out);
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
