/* include/quant_train.h
 * The quantizers of training: PACT for activations, SAWB and DoReFa for weights, PyTorch's fake quantization
 * of both, as pure functions, and which layer has how many bits. What a network in training computes is
 * defined here, forward and backward; kernels give equal bits.
 *
 *     struct pact p = pact_of(alpha, 4);
 *     float y = pact_value(&p, x);                         // forward
 *     dx = g * pact_passes(&p, x);  dalpha += pact_alpha_slope(&p, x, 0) * (double)g;      // backward
 *
 *     struct quant_weights q = { .form = QUANT_SAWB, .bits = 2 };
 *     TRY(quant_weights_measure(&q, master, count));      // each step, from the master weights
 *     quant_weights_apply(&q, master, count, used);        // forward
 *     quant_weights_backward(&q, master, g, count, dw);    // g by `used`, dw by `master`
 *
 * All in f32 unless said otherwise, one rounding an operation, rne = to nearest, halves to even. Sources:
 * arXiv 1805.06085 (PACT), 1606.06160 (DoReFa), Choi et al. 2019 (SAWB, constants as in fms-model-optimizer
 * 0.8.7); spec saliency-and-training 2.3, 2.4.
 */
#ifndef QUANTCAM_QUANT_TRAIN_H
#define QUANTCAM_QUANT_TRAIN_H

#include "tensor.h"

/* ---- PACT (pact.c): clip(x, 0, alpha) in n = 2^bits - 1 steps; alpha is learned -------------------------
 */

#define PACT_LEAST_ALPHA 0x1p-10f /* a smaller alpha is set to it, and counted, by the caller */
struct pact {
    float alpha;
    float inverse, step; /* f32(n / alpha), f32(alpha / n) */
};
struct pact pact_of(float alpha, int bits); /* alpha > 0, bits 1 .. 16 */
/* rne(clip(x, 0, alpha) inverse), a whole number 0 .. n. NaN stays NaN, here and in pact_value. */
float pact_code(const struct pact *p, float x);
float pact_value(const struct pact *p, float x); /* code step */
/* 1[0 <= x < alpha]: dL/dx = g of it, by the real value, not by its code. */
static inline int pact_passes(const struct pact *p, float x)
{
    return x >= 0.0f && x < p->alpha;
}
/* dy/dalpha: 1[x >= alpha]; `through` (not as published): inside the range (y_q - y) / alpha besides, in
 * double, for the gradient that passes the rounding's scale, as LSQ's does. */
double pact_alpha_slope(const struct pact *p, float x, int through);

/* Least squares: of PACT_STARTS values .1, .12, ... 1 times the layer's largest input, f32, the one with the
 * least sum of (y_q - max(x, 0))^2, ties to the lower. Sums in double, x ascending: added to error. */
enum { PACT_STARTS = 46 };
float pact_start(float largest, int i);
void pact_start_errors(const float *x, int64_t count, float largest, int bits, double error[PACT_STARTS]);
/* largest <= 0 (a layer that is off): PACT_LEAST_ALPHA. */
float pact_start_choose(float largest, const double error[PACT_STARTS]);

/* ---- weights (weights.c) --------------------------------------------------------------------------------
 */

/* In the order of QUANT_WEIGHTS_NAMES. */
enum quant_weights_form {
    QUANT_SAWB,         /* without a zero level: 2^bits levels, odd multiples of scale / n, n = 2^bits - 1 */
    QUANT_SAWB_ZERO,    /* zero-aligned: 2^bits - 1 levels, n = 2^bits - 2 */
    QUANT_LARGEST,      /* zero-aligned, the scale the largest abs(w): int8 by fake quantization */
    QUANT_DOREFA,       /* n = 2^bits - 1, levels in [-1, 1] times what is put back: the largest abs(w) */
    QUANT_DOREFA_PLAIN, /* levels in [-1, 1], as published: wants batch normalisation behind it */
    QUANT_WEIGHTS_FORMS,
    QUANT_AFFINE = QUANT_WEIGHTS_FORMS /* of a whole network: affine.c */
};
#define QUANT_WEIGHTS_NAMES "sawb|sawb-zero|largest|dorefa|dorefa-plain|affine"
/* Backward: straight through; zero beyond the scale (SAWB); through DoReFa's m, which is a constant else. */
enum quant_weights_slope { QUANT_SLOPE_STRAIGHT, QUANT_SLOPE_CLIPPED, QUANT_SLOPE_THROUGH };

struct quant_weights {
    enum quant_weights_form form;
    enum quant_weights_slope slope;
    int bits;
    int steps;    /* n */
    float scale;  /* a_w: what code n stands for; 0: all weights are 0, and stay so */
    float step;   /* f32(scale / n) */
    float tanh_m; /* DoReFa: max abs(tanh w) */
};
/* ERR_USAGE: bits that the form has no constants for, a slope that the form has not. */
MUST_USE status quant_weights_check(const struct quant_weights *q);
/* Scale and steps of a tensor. SAWB: a_w = c1 sqrt(E[w^2]) + c2 E|w|, both means and the sum in double, index
 * ascending, rounded once; where that is not positive, the largest abs(w). ERR_USAGE as the check;
 * ERR_NUMERIC: a weight that is not finite. */
MUST_USE status quant_weights_measure(struct quant_weights *q, const float *w, int64_t count);
/* q of 0 .. n: SAWB, LARGEST: rne((clip(w / scale, -1, 1) + 1) / 2 n); DoReFa: rne((t / (2 m) + .5) n), t =
 * tanh w in double, rounded once. */
int quant_weights_code(const struct quant_weights *q, float w);
/* (2 code - n) step. */
float quant_weights_value(const struct quant_weights *q, float w);
void quant_weights_apply(const struct quant_weights *q, const float *w, int64_t count, float *out);
/* dw = g where it passes; DoReFa: g (1 - t^2) / m times what is put back, in double, rounded once; through m:
 * the first weight with abs(t) = m has besides - sign(t) (1 - t^2) / m^2 sum of g t, times the same, summed
 * in double, index ascending. dw may be g. */
void quant_weights_backward(const struct quant_weights *q, const float *w, const float *g, int64_t count,
                            float *dw);

/* ---- affine.c: PyTorch's fake quantization (numerics 1.6, 2.1) ------------------------------------------
 */

/* What has 8 bits: outputs 0 .. 255 between the ends of a range that has 0 in it, weights -128 .. 127 about
 * 0, a scale an output channel, that of the channel's largest abs(w) at every step. */
enum { QUANT_AFFINE_BITS = 8, QUANT_AFFINE_LEVELS = 255, QUANT_AFFINE_LOW = -128, QUANT_AFFINE_HIGH = 127 };
#define QUANT_AVERAGE 0.01 /* torch's averaging constant */
/* Codes 0 .. levels of a range: scale max(f32(f32(high - low) / levels), 2^-23), zero point rne(-low /
 * scale), low and high first taken to 0. */
struct quant_params quant_params_of_range(float low, float high, int levels);
/* Symmetric: max(f32(largest / ((2^bits - 1) / 2)), 2^-23). */
float quant_scale_of_largest(float largest, int bits);
/* MovingAverageMinMaxObserver: low += average (seen[0] - low), high alike, in f32; low > high: nothing was
 * seen before, and what is seen is taken. */
void quant_range_move(float *low, float *high, const float seen[2], float average);
/* The values that fake quantization lets a gradient through, low < x < high: those whose rounded code, before
 * it is clamped, is one of q.low .. q.high. Infinite where there is no end. */
void quant_range_inside(struct quant_params q, float *low, float *high);

/* ---- bits of a network (bits.c) --------------------------------------------------------------------------
 */

/* The presets of training: all layers' bits, and those of the first and the last layer. */
struct quant_bits {
    const char *name;
    int weights, activations, ends; /* 32: real */
};
#define QUANT_BITS_NAMES "fp32|int8|4-bit|mixed|2-bit|w4a2"
const struct quant_bits *quant_bits_preset(const char *name); /* NULL: none of these */
const char *quant_bits_name(int i);                           /* NULL behind the last */
/* Bits of weight layer i of `layers`, and of activation i of `activations`, in the network's order: `ends`
 * (0: the preset's own) are those of the first and the last layer's weights and of the first activation. */
int quant_bits_weights(const struct quant_bits *b, int ends, int i, int layers);
int quant_bits_activations(const struct quant_bits *b, int ends, int i);

#endif
