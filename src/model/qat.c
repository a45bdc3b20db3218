/* src/model/qat.c: quantizers of an unconverted QAT state (numerics 1.6). What torch's convert computes are
 * scales of the observed minimum and maximum; which codes it computes them for the state does not say: these
 * are found by the scale and zero point that training left beside them. */
#include "model_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct codes {
    int low, high;
};

/* Bits 8 to 2, the lowest code used or not. */
static const struct codes weight_codes[] = {
    { -128, 127 }, { -127, 127 }, { -64, 63 }, { -63, 63 }, { -32, 31 }, { -31, 31 }, { -16, 15 },
    { -15, 15 },   { -8, 7 },     { -7, 7 },   { -4, 3 },   { -3, 3 },   { -2, 1 },   { -1, 1 },
};
/* The last one is known in order to be named: these kernels have no such activations. */
static const struct codes output_codes[] = { { 0, 255 }, { 0, 127 }, { 0, 63 }, { 0, 31 },
                                             { 0, 15 },  { 0, 7 },   { 0, 3 },  { -128, 127 } };

enum { USUAL_OUTPUT = 0, USUAL_WEIGHT = 2 }; /* bits: 0..255 affine, -128..127 symmetric */
#define UNSTATED UINT64_MAX                  /* the mask of a quantizer without scale and zero point */

/* A form is a bit of a mask: which codes, symmetric or affine, computed by FakeQuantize or by the fused
 * kernel. */
static uint64_t form_bit(int codes, int symmetric, int fused)
{
    return UINT64_C(1) << (4 * codes + 2 * symmetric + fused);
}

/* ---- scale and zero point of a range --------------------------------------------------------------- */

/* As torch's observers compute them, in float. */
float model_observed_scale(float low, float high, const struct model_range *r, float eps)
{
    float below = fminf(low, 0), above = fmaxf(high, 0), steps = (float)(r->high - r->low);

    return fmaxf(r->symmetric ? fmaxf(-below, above) / (steps / 2) : (above - below) / steps, eps);
}

/* Of an affine range. */
int model_observed_zero(float low, float scale, const struct model_range *r)
{
    int zero = r->low - (int)lrintf(fmaxf(fminf(low, 0) / scale, -65536.0f));

    return zero < r->low ? r->low : zero > r->high ? r->high : zero;
}

/* As the fused kernel of FusedMovingAvgObsFakeQuantize computes them; the CPU's cuts small scales off, the
 * GPU's does not. The zero point is not yet rounded. */
static void fused_params(float low, float high, const struct model_range *r, int gpu, float *scale,
                         double *zero)
{
    int steps = r->high - r->low, middle = low < 0 && high > 0 && r->symmetric;
    const double least = (double)6.1e-5f;
    double s, from_low, from_high;

    if (middle) {
        int below = -(steps / 2 + 1), above = steps / 2;
        double most = fmax((double)fabsf(low / (float)below), (double)fabsf(high / (float)above));

        low = (float)(most * below);
        high = (float)(most * above);
    }
    low = fminf(low, 0);
    high = fmaxf(high, 0);
    s = ((double)high - (double)low) / steps;
    s = gpu ? (double)(float)s : s;
    if ((float)s == 0 || isinf(1 / (float)s))
        s = 0.1;
    if (!gpu && s < least) {
        double more = least / s;

        low = high == 0 ? (float)(-least * steps) : (float)(low * more);
        high = low == 0 ? (float)(least * steps) : (float)(high * more);
        s = least;
    }
    from_low = r->low - low / s;
    from_high = r->high - high / s;
    *zero = abs(r->low) - fabs(low / s) < abs(r->high) - fabs(high / s) ? from_low : from_high;
    if (middle)
        *zero = (r->low + r->high) / 2.0;
    *zero = fmin(fmax(*zero, r->low), r->high);
    *scale = (float)s;
}

/* ---- which codes were meant ------------------------------------------------------------------------ */

/* Equal but for the rounding of other machines: of a scale 1e-6 of it, of a zero point which way a half goes.
 */
static int same(double stored_scale, double stored_zero, double scale, double zero)
{
    return fabs(stored_scale - scale) <= 1e-6 * scale && fabs(stored_zero - zero) <= 0.501;
}

/* The middle of the codes as FakeQuantize has it: 128 unless its codes were given by number. */
static int is_middle(const struct model_range *r, double zero)
{
    return r->low < 0 ? zero == 0 : zero == 128 || zero == (r->low + r->high) / 2;
}

static int reproduces(const struct model_quantizer *q, int64_t channel, const struct model_range *r,
                      int fused)
{
    float low = (float)tensor_at(q->low, channel), high = (float)tensor_at(q->high, channel), scale;
    double stored = tensor_at(q->scale, channel), at = tensor_at(q->zero_point, channel), zero;

    for (int gpu = 0; fused && gpu < 2; gpu++) {
        fused_params(low, high, r, gpu, &scale, &zero);
        if (same(stored, at, (double)scale, zero))
            return 1;
    }
    if (fused)
        return 0;
    scale = model_observed_scale(low, high, r, q->eps);
    if (r->symmetric)
        return same(stored, 0, (double)scale, 0) && is_middle(r, at);
    zero = fmin(fmax(r->low - (double)fminf(low, 0) / (double)scale, r->low), r->high);
    return same(stored, at, (double)scale, zero);
}

/* The flags tell which class wrote them: FakeQuantize's are u8, the fused one's s64. */
static uint64_t forms_of(const struct model_quantizer *q, const struct codes *codes, int count)
{
    enum dtype flag = q->observing->dtype;
    uint64_t mask = 0;

    if (!q->scale)
        return UNSTATED;
    for (int i = 0; i < count; i++)
        for (int symmetric = 0; symmetric < 2; symmetric++)
            for (int fused = flag == DTYPE_S64; fused < 2 - (flag == DTYPE_U8); fused++) {
                const struct model_range r = { codes[i].low, codes[i].high, symmetric, fused };
                int fits = 1;

                for (int64_t c = 0; fits && c < tensor_count(q->low); c++)
                    fits = reproduces(q, c, &r, fused);
                mask |= fits ? form_bit(i, symmetric, fused) : 0;
            }
    return mask;
}

static struct model_range range_of(uint64_t mask, const struct codes *codes)
{
    int bit = __builtin_ctzll(mask);

    return (struct model_range){ codes[bit / 4].low, codes[bit / 4].high, bit / 2 % 2, bit % 2 };
}

struct quant_params model_output_params(const struct model_quantizer *q, const struct model_range *r,
                                        enum precision_form form)
{
    float low = (float)tensor_at(q->low, 0), high = (float)tensor_at(q->high, 0);
    struct quant_params out = { .scale = model_observed_scale(low, high, r, q->eps) };

    out.low = form == PRECISION_CODES ? output_codes[USUAL_OUTPUT].low : r->low;
    out.high = form == PRECISION_CODES ? output_codes[USUAL_OUTPUT].high : r->high;

    out.zero_point = !r->symmetric ? model_observed_zero(low, (float)out.scale, r)
                     : r->fused    ? (r->low + r->high) / 2 /* its codes are always given by number */
                                   : (int)tensor_at(q->zero_point, 0);
    return out;
}

/* Would convert make the same of both? */
static int same_result(const struct model_quantizer *q, int weights, enum precision_form form,
                       const struct model_range *r, const struct model_range *s)
{
    struct quant_params a, b;

    if (weights)
        return r->low == s->low && r->high == s->high && r->symmetric == s->symmetric;
    a = model_output_params(q, r, form);
    b = model_output_params(q, s, form);
    return (r->low < 0) == (s->low < 0) && quant_params_same(a, b);
}

/* Of the quantizer's own name, with which the name of its minimum begins. */
static int name_length(const struct model_binding *b, const struct model_quantizer *q)
{
    return (int)strlen(model_name_of(b, q->low)) - (int)strlen(".activation_post_process.min_val");
}

/* One of the forms in `mask`; if several, they must come to the same. A state without any scale and zero
 * point has torch's usual codes. */
static status choose(const struct model_binding *b, const struct model_quantizer *q, int weights,
                     uint64_t mask, struct model_range *out)
{
    const struct codes *codes = weights ? weight_codes : output_codes;
    const char *name = model_name_of(b, q->low);
    int length = name_length(b, q);

    if (mask == UNSTATED)
        mask = UINT64_C(1) << (weights ? USUAL_WEIGHT : USUAL_OUTPUT);
    else if (!q->scale)
        return MODEL_FAIL(b, ERR_MISMATCH, "the quantizer %.*s has no scale and zero point, but others have",
                          length, name);
    if (mask == 0)
        return FAIL(
            ERR_MISMATCH,
            "%s: scale %g and zero point %g of the quantizer %.*s do not follow from the range %g to %g "
            "that it saw, by any codes that PyTorch's quantizers have: convert the network with PyTorch "
            "and give that file",
            b->weights->source, tensor_at(q->scale, 0), tensor_at(q->zero_point, 0), length, name,
            tensor_at(q->low, 0), tensor_at(q->high, 0));
    *out = range_of(mask, codes);
    for (uint64_t rest = mask & (mask - 1); rest; rest &= rest - 1) {
        const struct model_range other = range_of(rest, codes);

        if (!same_result(q, weights, b->form, out, &other))
            return FAIL(
                ERR_MISMATCH,
                "%s: the quantizer %.*s may have been for codes %d..%d%s or %d..%d%s, which the state does "
                "not say: convert the network with PyTorch and give that file",
                b->weights->source, length, name, out->low, out->high, out->symmetric ? " symmetric" : "",
                other.low, other.high, other.symmetric ? " symmetric" : "");
    }
    return OK;
}

/* ---- the whole network ----------------------------------------------------------------------------- */

static int has_quantizer(const struct model_node *n, int weights)
{
    return weights ? model_has_weights(n) : model_quantizes(n->op);
}

static status find_one(const struct model_binding *b, int node, int weights, struct model_quantizer *out)
{
    const struct model_node *n = &b->model->node[node];

    if (weights)
        return model_find_quantizer(b, n, n->weight, ".weight_fake_quant", out);
    TRY(model_find_quantizer(b, n, n->quant, ".activation_post_process", out));
    return tensor_count(out->low) == 1 ? OK : model_mismatch(b, n, out->low, "one value");
}

/* What one quantizer leaves open another one tells: one configuration usually holds for all of a network, and
 * where layers have codes of their own it is still symmetric for all or affine for all. */
static void narrow(const struct model_binding *b, int weights, uint64_t *mask)
{
    static const uint64_t kind[2] = { UINT64_C(0x3333333333333333), UINT64_C(0xcccccccccccccccc) };
    uint64_t all = UNSTATED;
    int fits[2] = { 1, 1 };

    for (int i = 0; i < b->model->nodes; i++)
        if (has_quantizer(&b->model->node[i], weights)) {
            all &= mask[i];
            for (int k = 0; k < 2; k++)
                fits[k] &= (mask[i] & kind[k]) != 0;
        }
    for (int i = 0; i < b->model->nodes; i++)
        if (all)
            mask[i] = all;
        else if (fits[0] != fits[1])
            mask[i] &= kind[fits[1]];
}

static status find_ranges(struct model_binding *b, int weights, uint64_t *mask, struct model_range *out)
{
    const struct codes *codes = weights ? weight_codes : output_codes;
    int count = weights ? (int)COUNT_OF(weight_codes) : (int)COUNT_OF(output_codes);
    struct model_quantizer q;

    for (int i = 0; i < b->model->nodes; i++)
        if (has_quantizer(&b->model->node[i], weights)) {
            TRY(find_one(b, i, weights, &q));
            mask[i] = forms_of(&q, codes, count);
            if (!mask[i])
                TRY(choose(b, &q, weights, 0, &out[i]));
            if (weights && b->unstated != !q.scale)
                return MODEL_FAIL(b, ERR_MISMATCH,
                                  "the quantizer %.*s has %s scale and zero point, and outputs' have %s: "
                                  "convert the network with PyTorch and give that file",
                                  name_length(b, &q), model_name_of(b, q.low), q.scale ? "a" : "no",
                                  q.scale ? "none" : "some");
            b->unstated |= !q.scale;
            b->observing |= weights && tensor_at(q.observing, 0) != 0;
        }
    narrow(b, weights, mask);
    for (int i = 0; i < b->model->nodes; i++)
        if (has_quantizer(&b->model->node[i], weights)) {
            TRY(find_one(b, i, weights, &q));
            TRY(choose(b, &q, weights, mask[i], &out[i]));
            if (!weights && out[i].low < 0)
                return FAIL(
                    ERR_MISMATCH,
                    "%s: the quantizer %.*s has codes %d..%d (qint8): quantcam runs outputs of codes from 0 "
                    "on (quint8)",
                    b->weights->source, name_length(b, &q), model_name_of(b, q.low), out[i].low, out[i].high);
        }
    return OK;
}

status model_find_ranges(struct model_binding *b)
{
    size_t nodes = (size_t)b->model->nodes;
    uint64_t *mask = NULL;
    status result = OK;

    for (int i = 0; i < b->model->nodes; i++)
        TRY(model_check_quant(b, &b->model->node[i]));
    MEM_TRY(b->output_range, 2 * nodes, sizeof *b->output_range);
    b->weight_range = b->output_range + nodes;
    MEM_TRY(mask, nodes, sizeof *mask);
    TRY_OUT(find_ranges(b, 0, mask, b->output_range));
    TRY_OUT(find_ranges(b, 1, mask, b->weight_range));
out:
    mem_free(mask);
    return result;
}
