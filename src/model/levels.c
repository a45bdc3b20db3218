/* src/model/levels.c: the levels of a trained low-bit network's layer (saliency-and-training 2.9). */
#include "model_parts.h"

#include <float.h>
#include <math.h>

/* 2.9: gamma / sigma and h in double; 1 and the bias where there is no batch normalisation. */
static void normalisation(const struct model_sources *s, double eps, struct model_levels *l)
{
    for (int o = 0; o < s->oc; o++) {
        double bias = s->bias ? (double)(float)tensor_at(s->bias, o) : 0.0;

        l->factor[o] = 1.0;
        l->shift[o] = bias;
        if (!s->gamma)
            continue;
        l->factor[o] = tensor_at(s->gamma, o) / sqrt(tensor_at(s->variance, o) + eps);
        l->shift[o] = tensor_at(s->beta, o) + (bias - tensor_at(s->mean, o)) * l->factor[o];
    }
}

static int all_finite(const double *x, int count)
{
    int odd = 0;

    for (int i = 0; i < count; i++)
        odd |= !isfinite(x[i]) || fabs(x[i]) > (double)FLT_MAX;
    return !odd;
}

static status load(const struct model_binding *b, int node, const struct model_sources *s,
                   struct model_levels *l)
{
    struct tensor view = model_in_sum_order(s);
    int codes = model_has_codes(b, s->weight);

    if (!codes)
        TRY(model_check_values(b, s->weight, 0));
    TRY(model_check_values(b, s->bias, 0));
    TRY(model_check_values(b, s->gamma, 0));
    TRY(model_check_values(b, s->beta, 0));
    TRY(model_check_values(b, s->mean, 0));
    TRY(model_check_values(b, s->variance, 1));
    if (codes)
        MEM_TRY(l->code, (size_t)tensor_count(s->weight), 1);
    else
        MEM_TRY(l->real, (size_t)tensor_count(s->weight), sizeof *l->real);
    MEM_TRY(l->factor, (size_t)s->oc, sizeof *l->factor);
    MEM_TRY(l->shift, (size_t)s->oc, sizeof *l->shift);
    if (codes) {
        TRY(tensor_copy_bytes(&view, l->code));
        l->odd = s->weight->odd;
        l->step = s->weight->scale[0];
    } else {
        tensor_copy_f32(&view, l->real);
    }
    normalisation(s, b->model->node[node].bn_eps, l);
    if (all_finite(l->factor, s->oc) && all_finite(l->shift, s->oc))
        return OK;
    return MODEL_FAIL(b, ERR_NUMERIC, "%s: its batch normalisation overflows", model_name_of(b, s->weight));
}

status model_levels_load(const struct model_binding *b, int node, struct model_levels *out)
{
    struct model_sources s;
    status result;

    *out = (struct model_levels){ 0 };
    BUG_IF(!b->lowbit);
    TRY(model_find_sources(b, node, &s));
    out->oc = s.oc;
    out->ic = s.ic;
    out->kh = s.kh;
    out->kw = s.kw;
    result = load(b, node, &s, out);
    if (result != OK)
        model_levels_free(out);
    return result;
}

void model_levels_free(struct model_levels *l)
{
    mem_free(l->code);
    mem_free(l->real);
    mem_free(l->factor);
    mem_free(l->shift);
    *l = (struct model_levels){ 0 };
}

/* Real weights with the batch normalisation folded, once rounded. */
status model_lowbit_layer(const struct model_binding *b, int node, struct model_layer *out)
{
    struct model_levels l;
    size_t run, count;
    status result = OK;

    TRY(model_levels_load(b, node, &l));
    run = (size_t)l.ic * (size_t)l.kh * (size_t)l.kw;
    count = run * (size_t)l.oc;
    MEM_TRY_OUT(out->weight_real, count, sizeof *out->weight_real);
    MEM_TRY_OUT(out->bias, (size_t)l.oc, sizeof *out->bias);
    for (size_t i = 0; i < count; i++)
        out->weight_real[i] =
            (float)((l.real ? (double)l.real[i] : model_level(&l, i) * l.step) * l.factor[i / run]);
    for (int o = 0; o < l.oc; o++)
        out->bias[o] = (float)l.shift[o];
out:
    model_levels_free(&l);
    return result;
}

int model_levels_narrow(struct model_levels *l)
{
    size_t count = (size_t)l->oc * (size_t)l->kh * (size_t)l->kw * (size_t)l->ic;
    int wide = 0;

    for (size_t i = 0; i < count; i++)
        wide |= model_level(l, i) < INT8_MIN || model_level(l, i) > INT8_MAX;
    for (size_t i = 0; !wide && i < count; i++)
        l->code[i] = (int8_t)model_level(l, i);
    return wide;
}
