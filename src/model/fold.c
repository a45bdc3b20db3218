/* src/model/fold.c: one layer's parameters as they are run: batch normalisation folded, QAT states quantized.
 */
#include "model_parts.h"

#include <limits.h>
#include <math.h>
#include <string.h>

static size_t layer_size(const struct model_layer *l)
{
    return (size_t)l->oc * (size_t)l->kh * (size_t)l->kw * (size_t)l->ic;
}

/* numerics 2.1: f32(scale) * f32(code). */
static void scale_codes(struct model_layer *l)
{
    size_t run = layer_size(l) / (size_t)l->scales;

    for (int c = 0; c < l->scales; c++)
        for (size_t i = 0; i < run; i++)
            l->weight_real[(size_t)c * run + i] *= (float)l->scale[c];
}

/* Only where any is not 0. */
static status load_zero_points(const struct tensor *weight, struct model_layer *l)
{
    int all = 0;

    for (int i = 0; i < l->scales; i++)
        all |= weight->zero_point[i] != 0;
    if (all)
        MEM_TRY(l->zero_point, (size_t)l->scales, sizeof *l->zero_point);
    for (int i = 0; all && i < l->scales; i++)
        l->zero_point[i] = (int)weight->zero_point[i];
    return OK;
}

static status load_codes(const struct model_sources *s, enum precision_form form, struct model_layer *l)
{
    struct tensor view = model_in_sum_order(s);

    l->scales = s->weight->quantization == TENSOR_PER_CHANNEL ? l->oc : 1;
    MEM_TRY(l->scale, (size_t)l->scales, sizeof *l->scale);
    memcpy(l->scale, s->weight->scale, (size_t)l->scales * sizeof *l->scale);
    TRY(load_zero_points(s->weight, l));
    if (form == PRECISION_ROUNDED) {
        MEM_TRY(l->weight_real, layer_size(l), sizeof *l->weight_real);
        tensor_copy_f32(&view, l->weight_real);
        scale_codes(l);
        return OK;
    }
    MEM_TRY(l->weight_int, layer_size(l), 1);
    return tensor_copy_bytes(&view, l->weight_int);
}

/* ---- values that are none -------------------------------------------------------------------------- */

/* One pass without a branch: sound weights pay for no more. */
static int all_finite(const float *x, size_t count)
{
    int odd = 0;

    for (size_t i = 0; i < count; i++)
        odd |= !isfinite(x[i]);
    return !odd;
}

/* Whatever is not finite in the weights is so after folding too; only then are they looked at one by one. */
static status check_layer(const struct model_binding *b, const struct model_sources *s,
                          const struct model_layer *l)
{
    TRY(model_check_values(b, s->bias, 0));
    TRY(model_check_values(b, s->gamma, 0));
    TRY(model_check_values(b, s->beta, 0));
    TRY(model_check_values(b, s->mean, 0));
    TRY(model_check_values(b, s->variance, 1));
    if (all_finite(l->bias, (size_t)l->oc) && (!l->weight_real || all_finite(l->weight_real, layer_size(l))))
        return OK;
    TRY(model_check_values(b, s->weight, 0));
    return MODEL_FAIL(b, ERR_NUMERIC, "%s: folding its batch normalisation overflows",
                      model_name_of(b, s->weight));
}

/* ---- folding --------------------------------------------------------------------------------------- */

/* Numerics 1.6: r = 1 / sqrt(var + eps), W' = W * (gamma * r), b' = ((b - mean) * r) * gamma + beta, every
 * operation rounded to float, as torch folds. */
static void fold_normalisation(const struct model_sources *s, double eps, struct model_layer *l)
{
    size_t row = layer_size(l) / (size_t)l->oc;

    for (int o = 0; o < l->oc; o++) {
        float gamma = (float)tensor_at(s->gamma, o), beta = (float)tensor_at(s->beta, o);
        float mean = (float)tensor_at(s->mean, o), variance = (float)tensor_at(s->variance, o);
        float r = 1.0f / sqrtf(variance + (float)eps), factor = gamma * r;
        float *w = l->weight_real + (size_t)o * row;

        for (size_t i = 0; i < row; i++)
            w[i] *= factor;
        l->bias[o] = (l->bias[o] - mean) * r * gamma + beta;
    }
}

static status load_bias(const struct model_sources *s, struct model_layer *l)
{
    MEM_TRY(l->bias, (size_t)l->oc, sizeof *l->bias);
    if (s->bias)
        tensor_copy_f32(s->bias, l->bias);
    return OK;
}

/* A deployed file's: integers in units of the input's scale times the weights'. */
static status load_bias_int(const struct model_sources *s, double input_scale, struct model_layer *l)
{
    MEM_TRY(l->bias_int, (size_t)l->oc, sizeof *l->bias_int);
    if (s->bias)
        tensor_copy_raw(s->bias, l->bias_int);
    for (int o = 0; o < l->oc; o++)
        l->bias[o] = (float)(l->bias_int[o] * input_scale * l->scale[l->scales > 1 ? o : 0]);
    return OK;
}

/* Output channels first .. first + count - 1 of a layer, as views. */
struct rows {
    struct model_sources sources;
    struct tensor view[6];
};
static void take_rows(const struct model_sources *s, int first, int count, struct rows *out)
{
    struct model_sources *to = &out->sources;
    const struct tensor **const part[] = { &to->weight, &to->bias, &to->gamma,
                                           &to->beta,   &to->mean, &to->variance };

    *to = *s;
    for (size_t i = 0; i < COUNT_OF(part); i++) {
        struct tensor *v = &out->view[i];

        if (!*part[i])
            continue;
        *v = **part[i];
        v->dim[0] = count;
        v->data = (uint8_t *)v->data + (size_t)first * (size_t)v->stride[0] * dtype_size(v->dtype);
        *part[i] = v;
    }
}

/* Real weights and biases of l->oc output channels from `first` on, every value looked at. */
static status load_folded(const struct model_binding *b, int node, const struct model_sources *s, int first,
                          struct model_layer *l)
{
    struct rows rows;
    struct tensor view;

    take_rows(s, first, l->oc, &rows);
    view = model_in_sum_order(&rows.sources);
    TRY(load_bias(&rows.sources, l));
    MEM_TRY(l->weight_real, layer_size(l), sizeof *l->weight_real);
    tensor_copy_f32(&view, l->weight_real);
    model_draw(b, node, first * (int64_t)(layer_size(l) / (size_t)l->oc), (int64_t)layer_size(l),
               l->weight_real);
    if (s->gamma)
        fold_normalisation(&rows.sources, b->model->node[node].bn_eps, l);
    return check_layer(b, s, l);
}

/* ---- QAT ------------------------------------------------------------------------------------------- */

/* torch's moving average: a hundredth of the way. */
static float observe(float old, float seen)
{
    return old + 0.01f * (seen - old);
}

static void extremes(const float *w, size_t count, float *least, float *most)
{
    *least = *most = w[0];
    for (size_t i = 1; i < count; i++) {
        *least = fminf(*least, w[i]);
        *most = fmaxf(*most, w[i]);
    }
}

/* The range of one scale's weights as convert has it, which runs an observer that is still on once more, on
 * the folded weights. */
static void final_range(const struct model_quantizer *q, int channel, const float *w, size_t count,
                        float *low, float *high)
{
    float least, most;

    *low = (float)tensor_at(q->low, channel);
    *high = (float)tensor_at(q->high, channel);
    if (tensor_at(q->observing, 0) == 0)
        return;
    extremes(w, count, &least, &most);
    *low = observe(*low, least);
    *high = observe(*high, most);
}

/* Does a channel's weights reach beyond what its observer knows? *within: do some not reach that far? */
static status look_beyond(const struct model_binding *b, int node, int *beyond, int *within)
{
    const float tolerance = 1e-6f;
    struct model_sources s;
    struct model_layer l = { 0 };
    status result;
    size_t run;

    TRY(model_find_sources(b, node, &s));
    if (tensor_at(s.quantizer.observing, 0) == 0)
        return OK;
    l = (struct model_layer){ .oc = s.oc, .ic = s.ic, .kh = s.kh, .kw = s.kw };
    result = load_folded(b, node, &s, 0, &l);
    run = result == OK ? layer_size(&l) / (size_t)tensor_count(s.quantizer.low) : 0;
    for (int64_t c = 0; result == OK && c < tensor_count(s.quantizer.low); c++) {
        float low = (float)tensor_at(s.quantizer.low, c), high = (float)tensor_at(s.quantizer.high, c);
        float least, most, slack = tolerance * (high - low);

        extremes(l.weight_real + (size_t)c * run, run, &least, &most);
        *beyond |= least < low - slack || most > high + slack;
        *within |= least > low + slack || most < high - slack;
    }
    model_layer_free(&l);
    return result;
}

status model_check_observers(const struct model_binding *b)
{
    int beyond = 0, within = 0;

    for (int i = 0; i < b->model->nodes && !beyond; i++)
        if (model_has_weights(&b->model->node[i]) &&
            !b->weight_range[i].fused) /* else always a moving average */
            TRY(look_beyond(b, i, &beyond, &within));
    if (beyond || !within)
        return OK;
    return MODEL_FAIL(
        b, ERR_MISMATCH,
        "the observers of its weights are still on, and whether they are moving averages, which "
        "PyTorch's convert moves once more, or plain extremes the state does not say: save it after "
        "model.apply(torch.ao.quantization.disable_observer)");
}

/* The unconverted QAT state: what torch's convert makes of the folded weights (numerics 1.6, steps 1-3). */
static status quantize_real(const struct model_binding *b, const struct model_sources *s,
                            const struct model_range *r, struct model_layer *l)
{
    size_t run;

    l->scales = (int)tensor_count(s->quantizer.low);
    MEM_TRY(l->scale, (size_t)l->scales, sizeof *l->scale);
    MEM_TRY(l->weight_int, layer_size(l), 1);
    run = layer_size(l) / (size_t)l->scales;
    for (int c = 0; c < l->scales; c++) {
        const float *w = l->weight_real + (size_t)c * run;
        float low, high, scale, inverse;
        int zero;

        final_range(&s->quantizer, c, w, run, &low, &high);
        scale = model_observed_scale(low, high, r, s->quantizer.eps);
        if (!isfinite(scale))
            return MODEL_FAIL(b, ERR_NUMERIC, "the range of the weights %s is not finite",
                              model_name_of(b, s->weight));
        inverse = quantize_inverse((double)scale);
        zero = r->symmetric ? 0 : model_observed_zero(low, scale, r);
        if (zero != 0)
            return FAIL(
                ERR_MISMATCH,
                "%s: the weights %s are affine, with zero point %d: quantcam runs weights with zero point "
                "0, of a symmetric scheme",
                b->weights->source, model_name_of(b, s->weight), zero);
        l->scale[c] = (double)scale;
        for (size_t i = 0; i < run; i++)
            l->weight_int[(size_t)c * run + i] = (int8_t)quantize_value(w[i], inverse, 0, r->low, r->high);
    }
    if (b->form == PRECISION_ROUNDED) {
        for (size_t i = 0; i < layer_size(l); i++)
            l->weight_real[i] = l->weight_int[i];
        scale_codes(l);
        mem_free(l->weight_int);
        l->weight_int = NULL;
        return OK;
    }
    mem_free(l->weight_real);
    l->weight_real = NULL;
    return OK;
}

static status load_layer(const struct model_binding *b, int node, const struct model_sources *s, int first,
                         struct model_layer *l)
{
    if (b->lowbit)
        return model_lowbit_layer(b, node, l);
    if (model_has_codes(b, s->weight)) {
        TRY(load_bias(s, l));
        TRY(check_layer(b, s, l));
        TRY(load_codes(s, b->form, l));
        return b->family ? load_bias_int(s, b->q[b->model->node[node].input[0]].scale, l) : OK;
    }
    TRY(load_folded(b, node, s, first, l));
    return b->qat ? quantize_real(b, s, &b->weight_range[node], l) : OK;
}

status model_layer_rows(const struct model_binding *b, int node, int first, int most, struct model_layer *out)
{
    struct model_sources s;
    int whole = b->form != PRECISION_REAL;
    status result;

    *out = (struct model_layer){ 0 };
    TRY(model_find_sources(b, node, &s));
    BUG_IF(first < 0 || first >= s.oc || (whole && first > 0));
    out->oc = whole || s.oc - first < most ? s.oc - first : most;
    out->ic = s.ic;
    out->kh = s.kh;
    out->kw = s.kw;
    result = load_layer(b, node, &s, first, out);
    if (result != OK)
        model_layer_free(out);
    return result;
}

status model_layer_load(const struct model_binding *b, int node, struct model_layer *out)
{
    return model_layer_rows(b, node, 0, INT_MAX, out);
}

void model_layer_free(struct model_layer *layer)
{
    mem_free(layer->bias);
    mem_free(layer->bias_int);
    mem_free(layer->zero_point);
    mem_free(layer->weight_real);
    mem_free(layer->weight_int);
    mem_free(layer->scale);
    *layer = (struct model_layer){ 0 };
}

/* ---- batch normalisation alone --------------------------------------------------------------------- */

static status load_affine(const struct model_binding *b, int node, struct model_affine *a)
{
    enum { GAMMA, BETA, MEAN, VARIANCE };
    const struct model_node *n = &b->model->node[node];
    const struct tensor *t[4];

    TRY(model_find_affine(b, node, t));
    for (int i = 0; i < 4; i++)
        TRY(model_check_values(b, t[i], i == VARIANCE));
    MEM_TRY(a->scale, (size_t)n->c, sizeof *a->scale);
    MEM_TRY(a->shift, (size_t)n->c, sizeof *a->shift);
    a->channels = n->c;
    for (int c = 0; n->op != OP_BATCHNORM && c < n->c; c++) {
        a->scale[c] = (float)tensor_at(t[GAMMA], c);
        a->shift[c] = t[BETA] ? (float)tensor_at(t[BETA], c) : 0;
    }
    for (int c = 0; n->op == OP_BATCHNORM && c < n->c; c++) {
        float r = 1.0f / sqrtf((float)tensor_at(t[VARIANCE], c) + (float)n->bn_eps);
        float gamma = (float)tensor_at(t[GAMMA], c), moved = (float)tensor_at(t[MEAN], c) * r;

        moved = moved * gamma;
        a->scale[c] = r * gamma;
        a->shift[c] = (float)tensor_at(t[BETA], c) - moved;
    }
    if (all_finite(a->scale, (size_t)n->c) && all_finite(a->shift, (size_t)n->c))
        return OK;
    return MODEL_FAIL(b, ERR_NUMERIC, "the normalisation %s overflows", n->weight);
}

status model_affine_load(const struct model_binding *b, int node, struct model_affine *out)
{
    status result;

    *out = (struct model_affine){ 0 };
    result = load_affine(b, node, out);
    if (result != OK)
        model_affine_free(out);
    return result;
}

void model_affine_free(struct model_affine *affine)
{
    mem_free(affine->scale);
    mem_free(affine->shift);
    *affine = (struct model_affine){ 0 };
}
