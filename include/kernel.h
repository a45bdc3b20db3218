/* include/kernel.h
 * kernel: the arithmetic, once per instruction set. Plain pointers; includes nothing of ours, allocates
 * nothing, fails never.
 *
 *     const struct kernel_table *k = kernel_select("auto");            // NULL if unknown or not usable here
 *     void *packed = aligned memory of k->conv_f32_packed_bytes(&shape);
 *     k->conv_f32_pack(&shape, weight, bias, packed);                  // once
 *     k->conv_f32(&shape, packed, in, out, rect, low, high, scratch);  // as often as wanted, any rectangle
 *
 * Contracts that every instruction set keeps and tests/kernel compares bit for bit with `ref`:
 *  - Maps are NHWC, one image: element (y, x, c) at p[(y * width + x) * pitch + c], pitch >= channels, so
 *    that a kernel can read or write a channel range of a wider map.
 *  - Every kernel computes the output rectangle it is given and is pure in its inputs: any split of the
 *    output into rectangles gives the same bits. Nothing outside the rectangle and nothing beyond its
 *    channels is written. Maps must not be read outside [first element, last element + 63 bytes]: the
 *    engine pads its arena.
 *  - Packed weights and scratch are 64-byte aligned. Packed weights belong to the table and the shape
 *    (pitches aside, zero point included) that made them; scratch is written over by every call and carries
 *    nothing.
 *  - fp32: an output is ONE accumulator that starts from the bias and takes its terms in the order kh, kw,
 *    c ascending, one fma each; a tap outside the picture is the term fma(0.0f, weight, acc). Vectors run
 *    over outputs, never over the sum. Then min(max(v, low), high) with low = -inf / 0 and high = inf / 6:
 *    NaN stays NaN, for (v < low ? low : v), then (v > high ? high : v). Which of several NaNs comes out is
 *    not defined.
 *  - fp32, Winograd: what kernel_winograd_side says, and another expression. The output is cut by a fixed
 *    grid of tiles of side x side from (0, 0). Tile (y, x) reads the patch of (side + 2)^2 positions from
 *    (side * y - 1, side * x - 1) on, zeros outside the picture; outputs outside are dropped. One rounding an
 *    operation, fma(x, y, z) = x * y + z. 2-D: down each column, then along each row.
 *      weights: u = G g G^T in double, terms ascending from 0.0, no fma, rounded once. Rows of G, side 4:
 *        (1/4 0 0), -(1/6)(1 1 1), -(1/6)(1 -1 1), (1/24 1/12 1/6), (1/24 -1/12 1/6), (0 0 1); side 2:
 *        (1 0 0), (1/2)(1 1 1), (1/2)(1 -1 1), (0 0 1).
 *      patch d to v, side 4: a = fma(-4, d1, d3), b = fma(-4, d2, d4), c = d4 - d2, e = d3 - d1;
 *        v0 = fma(4, d0, fma(-5, d2, d4)), v1 = b + a, v2 = b - a, v3 = fma(2, e, c), v4 = fma(-2, e, c),
 *        v5 = fma(4, d1, fma(-5, d3, d5)); side 2: d0 - d2, d1 + d2, d2 - d1, d1 - d3.
 *      element m of (side + 2)^2: one accumulator from 0.0, that of element (1, 1) from the bias,
 *        fma(v[c], u[c], acc), c ascending.
 *      outputs, side 4: a = m1 + m2, b = m1 - m2, c = m3 + m4, d = m3 - m4; y0 = (m0 + a) + c,
 *        y1 = fma(2, d, b), y2 = fma(4, c, a), y3 = fma(8, d, b) + m5; side 2: (m0 + m1) + m2,
 *        (m1 - m2) - m3. Then the clamp.
 *    A NaN or infinity in a patch reaches the whole tile. Tiles in any order, of any pictures: equal bits.
 *  - int8: exact s32 sums of u8 codes and s8 weights; a tap outside the picture has the code zero_point_in.
 *    The sum is acc = sum((x - zero_point_in) * (w - zero_point)), of most weights with zero points 0.
 *    Instructions with 16-bit sums only where these cannot saturate. Requantization is one written definition
 *    per engine (numerics 2.2, 2.3; deployed-files 2.2); where a rounded value does not fit 32 bits it counts
 *    as the smallest, as cvtps2dq has it, or as the nearest, as is asked.
 *  - Element-wise kernels, shuffle aside, may write over an input that has the output's pitch.
 */
#ifndef QUANTCAM_KERNEL_H
#define QUANTCAM_KERNEL_H

#include <stddef.h>
#include <stdint.h>

/* Half-open rectangle of output positions. */
struct kernel_rect { int y0, y1, x0, x1; };

/* Geometry of a convolution (groups = 1), a depthwise one (ic = oc), pooling; all sizes 1: a linear layer. */
struct kernel_conv {
    int ih, iw, ic, in_pitch;
    int oh, ow, oc, out_pitch;
    int kh, kw, stride;
    int pad_y, pad_x;            /* on the top, on the left; bottom and right follow from oh, ow */
    int zero_point_in;           /* int8 only */
};

/* Does every output read one position, inside the picture? */
static inline int kernel_is_direct(const struct kernel_conv *s)
{
    return s->kh == 1 && s->kw == 1 && s->pad_y == 0 && s->pad_x == 0 && (s->oh - 1) * s->stride < s->ih &&
           (s->ow - 1) * s->stride < s->iw;
}

/* An inverted residual block as one: a dense convolution that expands the channels, a depthwise one, a 1 x 1
 * that projects them, what is added. Each layer's input is the output of the one before; pitches matter of
 * what the unit reads and writes alone. Of real values a function, the kernel's of its name, may follow the
 * first two, and the unit may end with the depthwise convolution, if that is expanded. */
enum kernel_unit_part { KERNEL_UNIT_EXPAND, KERNEL_UNIT_DEPTHWISE, KERNEL_UNIT_PROJECT, KERNEL_UNIT_PARTS };
enum kernel_unit_function { KERNEL_UNIT_NONE, KERNEL_UNIT_HARDSWISH, KERNEL_UNIT_SILU };
struct kernel_unit {
    struct kernel_conv part[KERNEL_UNIT_PARTS];
    enum kernel_unit_function function[KERNEL_UNIT_PROJECT];
    int expands;     /* 0: the depthwise convolution reads the unit's input */
    int projects;    /* 0: the unit ends with the depthwise convolution */
    int added_pitch; /* of the map that is added; 0: none is */
};

/* Depthwise windows that units compute. */
static inline int kernel_unit_window(const struct kernel_conv *s)
{
    return s->kh == s->kw && (s->kh == 3 || s->kh == 5) && s->stride <= 2;
}

/* One tile of a Winograd layer: the maps of its picture and its place in the grid. */
struct kernel_tile {
    const float *in;
    float *out;
    int y, x;
};

static inline int kernel_winograd_tiles(const struct kernel_conv *s, int side)
{
    return (s->oh + side - 1) / side * ((s->ow + side - 1) / side);
}

/* The side of a layer's Winograd tiles, by its shape alone: 4 where the map has 14 such tiles, 2 where it has
 * 14 of those; else 0: there is none. */
static inline int kernel_winograd_side(const struct kernel_conv *s)
{
    if (s->kh != 3 || s->kw != 3 || s->stride != 1 || s->pad_y != 1 || s->pad_x != 1 || s->oh != s->ih ||
        s->ow != s->iw || s->ic % 16 != 0 || s->oc < 16)
        return 0;
    return kernel_winograd_tiles(s, 4) >= 14 ? 4 : kernel_winograd_tiles(s, 2) >= 14 ? 2 : 0;
}

enum kernel_requant_mode {
    /* numerics 2.2: q = clamp(rne(f32((f32(acc) + bias_real[c]) * multiplier[c])) + zero_point_out,
     * low, high) */
    REQUANT_FBGEMM_CHANNEL,
    /* the same with fma(bias_real[c], inverse, f32(acc)) for the sum, b unscaled */
    REQUANT_FBGEMM_TENSOR,
    /* numerics 2.3: acc += bias_int[c]; r = rne(f32(f32(acc) * multiplier[c]));
     * q = clamp(sat16(sat16(r) + zero_point_out), low, high) */
    REQUANT_QNNPACK,
    /* saliency-and-training 2.9, with all zero points 0: q = rne(clamp(v, low, high)), v = fma(f32(acc),
     * multiplier[c], bias_real[c]) */
    REQUANT_PACT,
    /* the same, of which v is what comes out: `out` is a map of f32, its pitch counts these */
    REQUANT_REAL,
    /* deployed-files 2.2: q = clamp(kernel_fixed(acc + bias_int[c], fixed[c], shift[c]) + zero_point_out,
     * low, high) */
    REQUANT_TFLITE,
    /* acc + bias_int[c] is what comes out: `out` is a map of s32, its pitch counts these; dense layers alone
     */
    REQUANT_SUM
};

/* deployed-files 2.1. (a * b + 2^30) / 2^31, rounded down; b >= 0. */
static inline int32_t kernel_high_product(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* v / 2^shift, rounded to the nearest, ties away from zero; 0 <= shift <= 31. */
static inline int32_t kernel_shift_away(int32_t v, int shift)
{
    int32_t mask = (int32_t)((1u << shift) - 1);

    return (v >> shift) + ((v & mask) - (v < 0) > mask >> 1);
}

/* v times multiplier / 2^31 times 2^shift, rounded twice; v * 2^shift modulo 2^32. multiplier >= 0,
 * -31 <= shift <= 31. */
static inline int32_t kernel_fixed(int32_t v, int32_t multiplier, int shift)
{
    int left = shift > 0 ? shift : 0;

    return kernel_shift_away(kernel_high_product((int32_t)((uint32_t)v << left), multiplier), left - shift);
}

/* How a sum becomes a code. Arrays hold oc elements each (per-tensor values repeated), made by the engine. */
struct kernel_requant {
    enum kernel_requant_mode mode;
    const float *multiplier;
    const float *bias_real;       /* fbgemm: per channel f32(b / t); per tensor: b */
    float inverse;                /* fbgemm per tensor: f32(1 / (double)t) */
    const int32_t *bias_int;      /* qnnpack, tflite, sums */
    /* 0 <= low <= high <= 255: low = zero_point_out where a ReLU is fused, else 0; high = the code of 6 where
     * a ReLU6 that clamps is, else 255. */
    int zero_point_out, low, high;
    int odd; /* PACT, REAL: weights stand for the levels 2 w + 1: acc = 2 sum(x * w) + sum(x); dense alone */
    int nearest; /* QNNPACK: what 32 bits cannot hold counts as the nearest number that they hold */
    const int32_t *fixed, *shift; /* tflite */
    /* -128..127; NULL: they are 0, as in units. Sums of weights that have some do not saturate. */
    const int32_t *weight_zero_point;
};

/* Constants of int8 add (numerics 2.6). fbgemm: d = fma(scale, f32(q), offset) for both, offset = -f32(s *
 * z); c = f32(da + db), with relu max(c, 0); q = clamp(rne(c * inverse_out) + zero_point_out, 0, high).
 * Torch takes another formula for the last numel mod 64 elements of a tensor, which is not reproduced: every
 * map of the study's networks is a multiple of 64. qnnpack: v = a_multiplier * (qa - za) + b_multiplier *
 * (qb - zb), shifted right by `shift` with rounding to nearest, ties away from zero; then
 * clamp(sat16(sat16(r) + zero_point_out), low, high). Of deployed files (deployed-files 2.4, 2.7, 4.2).
 * xnnpack: as qnnpack, ties upward. tflite: r = kernel_fixed(kernel_fixed((qa - za) << 20, a_multiplier,
 * a_shift) + b's, out_multiplier, shift), or less b's. ort: r = rne(fma(qa - za, scale_a, fma(qb - zb,
 * scale_b, offset_a))), whose zero points are those of the file's own codes among ours. */
enum kernel_add_mode { ADD_FBGEMM, ADD_QNNPACK, ADD_XNNPACK, ADD_TFLITE, ADD_TFLITE_LESS, ADD_ORT };
struct kernel_add_u8 {
    enum kernel_add_mode mode;
    float scale_a, scale_b, offset_a, offset_b; /* fbgemm, ort */
    float inverse_out;
    int relu;
    int32_t a_multiplier, b_multiplier, shift; /* fixed point; 1 <= shift <= 31, of tflite as kernel_fixed */
    int zero_point_a, zero_point_b, zero_point_out, low, high;
    int32_t a_shift, b_shift, out_multiplier; /* tflite */
};

/* The ends of what each part of a unit of real values puts out, and of its sum with what is added. */
struct kernel_unit_f32 {
    float low[KERNEL_UNIT_PARTS], high[KERNEL_UNIT_PARTS];
    float add_low, add_high;
};

/* How a unit's sums become codes; the second input of `add` is what is projected. */
struct kernel_unit_u8 {
    struct kernel_requant requant[KERNEL_UNIT_PARTS];
    struct kernel_add_u8 add;
};

/* numerics 2.6: q = clamp(rne(f32(f32((qa - za) * (qb - zb)) * multiplier)) + zero_point_out, low, high).
 * deployed-files 4.2, ort: `added` to the product before it is rounded. 2.4, tflite: kernel_fixed((qa - za)
 * * (qb - zb), fixed, shift). */
enum kernel_mul_mode { MUL_PLAIN, MUL_ORT, MUL_TFLITE };
struct kernel_mul_u8 {
    float multiplier;
    int zero_point_a, zero_point_b, zero_point_out, low, high;
    enum kernel_mul_mode mode;
    float added;
    int32_t fixed, shift;
};

/* Batch normalisation alone, numerics 2.8 with one fma, as torch's vectors have it: q = clamp(rne(
 * fma(scale[c], q - zero_point_in, shift[c])) + zero_point_out, low, high). */
struct kernel_affine_u8 {
    const float *scale, *shift;    /* (channels) */
    int zero_point_in, zero_point_out, low, high;
};

/* Real values' codes: q = clamp(round(v) + zero_point, low, high), 0 <= low <= high <= 255. torch, numerics
 * 2.1: v = f32(x * factor), factor = f32(1 / scale), ties to even; NaN becomes high. Of deployed files NaN
 * becomes low (deployed-files 2.4, 2.7, 4.2): xnnpack: else the same. ort: v = f32(x / factor), factor =
 * f32(scale). tflite: as ort, ties away from zero. */
enum kernel_quantize_mode { QUANTIZE_TORCH, QUANTIZE_XNNPACK, QUANTIZE_ORT, QUANTIZE_TFLITE };
struct kernel_quantize {
    enum kernel_quantize_mode mode;
    float factor;
    int zero_point, low, high;
};

/* One value's. */
uint8_t kernel_code(float x, const struct kernel_quantize *q);

/* numerics 2.1 there and back: f32(scale) * (clamp(rne(x * inverse) + zero_point, low, high) - zero_point);
 * codes have at most 16 bits; NaN becomes the highest code's value. */
struct kernel_round { float scale, inverse; int zero_point, low, high; };

enum kernel_saturation {
    /* Exact integer sums: the default everywhere. */
    KERNEL_EXACT,
    /* fbgemm and ONNX Runtime on AVX2 without VNNI, numerics 2.4: only `ref` does it, so take its entries. */
    KERNEL_SATURATE_PAIRS
};

/* Pixels side by side: the first one's place, how many; the share of relax_f64's weights that lies within the
 * picture. */
struct kernel_run { int place, length; double share; };

/* One axis of Pillow's 8-bit resampling (numerics 5): output i is taps[i] inputs from start[i] on, times
 * weight[i * longest ...], which have so many fractional bits:
 * clamp((2^21 + sum) >> 22, 0, 255); sums fit 32 bits. */
enum { KERNEL_RESAMPLE_BITS = 22 };
struct kernel_resample {
    int count, longest;
    const int *start, *taps;
    const int32_t *weight;    /* (count, longest) */
};

enum { KERNEL_CONV_F32_PART = 128, KERNEL_LANES = 16 };

static inline int kernel_lanes(int channels)
{
    return (channels + KERNEL_LANES - 1) / KERNEL_LANES * KERNEL_LANES;
}

typedef void kernel_map_f32(const float *in, int in_pitch, float *out, int out_pitch, int pixels,
                            int channels);

struct kernel_table {
    const char *isa;

    /* ---- convolution. weight: (oc, kh, kw, ic); depthwise: (c, kh, kw). bias: (oc), or NULL for zeros.
     * conv_f32: parts of KERNEL_CONV_F32_PART output channels, packed one behind the other, are the whole. */
    size_t (*conv_f32_packed_bytes)(const struct kernel_conv *s);
    void (*conv_f32_pack)(const struct kernel_conv *s, const float *weight, const float *bias, void *packed);
    size_t (*conv_f32_scratch_bytes)(const struct kernel_conv *s);      /* for any rectangle */
    void (*conv_f32)(const struct kernel_conv *s, const void *packed, const float *in, float *out,
                     struct kernel_rect rect, float low, float high, void *scratch);

    size_t (*conv_u8_packed_bytes)(const struct kernel_conv *s);
    void (*conv_u8_pack)(const struct kernel_conv *s, const int8_t *weight, void *packed);
    size_t (*conv_u8_scratch_bytes)(const struct kernel_conv *s);
    void (*conv_u8)(const struct kernel_conv *s, const void *packed, const uint8_t *in, uint8_t *out,
                    struct kernel_rect rect, const struct kernel_requant *requant,
                    enum kernel_saturation saturation, void *scratch);

    /* The same for `count` positions that lie anywhere: in[i] is the first tap of a window inside the
     * picture, out[i] has room for oc values and is no input. Of the shape oh, ow, out_pitch, ih, stride and
     * pad do not matter; kw = 1 or in_pitch = ic. */
    void (*points_f32)(const struct kernel_conv *s, const void *packed, const float *const *in,
                       float *const *out, int count, float low, float high);
    size_t (*points_u8_scratch_bytes)(const struct kernel_conv *s, int count);
    void (*points_u8)(const struct kernel_conv *s, const void *packed, const uint8_t *const *in,
                      uint8_t *const *out, int count, const struct kernel_requant *requant,
                      enum kernel_saturation saturation, void *scratch);

    /* Of shapes that have a kernel_winograd_side. Packed in parts of any output channels, first..first +
     * count - 1, whose weights and biases are given. */
    size_t (*winograd_f32_packed_bytes)(const struct kernel_conv *s);
    void (*winograd_f32_pack)(const struct kernel_conv *s, int first, int count, const float *weight,
                              const float *bias, void *packed);
    size_t (*winograd_f32_scratch_bytes)(const struct kernel_conv *s);  /* for any count */
    void (*winograd_f32)(const struct kernel_conv *s, const void *packed, const struct kernel_tile *tile,
                         int count, float low, float high, void *scratch);

    size_t (*depthwise_f32_packed_bytes)(const struct kernel_conv *s);
    void (*depthwise_f32_pack)(const struct kernel_conv *s, const float *weight, const float *bias,
                               void *packed);
    size_t (*depthwise_f32_scratch_bytes)(const struct kernel_conv *s);
    void (*depthwise_f32)(const struct kernel_conv *s, const void *packed, const float *in, float *out,
                          struct kernel_rect rect, float low, float high, void *scratch);

    size_t (*depthwise_u8_packed_bytes)(const struct kernel_conv *s);
    void (*depthwise_u8_pack)(const struct kernel_conv *s, const int8_t *weight, void *packed);
    size_t (*depthwise_u8_scratch_bytes)(const struct kernel_conv *s);
    void (*depthwise_u8)(const struct kernel_conv *s, const void *packed, const uint8_t *in, uint8_t *out,
                         struct kernel_rect rect, const struct kernel_requant *requant,
                         enum kernel_saturation saturation, void *scratch);

    /* Units whose depthwise window is a kernel_unit_window: the bits of their layers one by one, those of
     * codes with exact sums. Each part is packed on its own, behind the others. `added`, which may be the
     * input, has the output's channels; the output overlaps neither. ..._pays: whether the unit takes less
     * time than its layers, by its shape alone. */
    int (*unit_f32_pays)(const struct kernel_unit *u);
    size_t (*unit_f32_packed_bytes)(const struct kernel_unit *u);
    void (*unit_f32_pack)(const struct kernel_unit *u, enum kernel_unit_part part, const float *weight,
                          const float *bias, void *packed);
    size_t (*unit_f32_scratch_bytes)(const struct kernel_unit *u);
    void (*unit_f32)(const struct kernel_unit *u, const void *packed, const float *in, const float *added,
                     float *out, struct kernel_rect rect, const struct kernel_unit_f32 *bounds,
                     void *scratch);
    int (*unit_u8_pays)(const struct kernel_unit *u);
    size_t (*unit_u8_packed_bytes)(const struct kernel_unit *u);
    void (*unit_u8_pack)(const struct kernel_unit *u, enum kernel_unit_part part, const int8_t *weight,
                         void *packed);
    size_t (*unit_u8_scratch_bytes)(const struct kernel_unit *u);
    void (*unit_u8)(const struct kernel_unit *u, const void *packed, const uint8_t *in, const uint8_t *added,
                    uint8_t *out, struct kernel_rect rect, const struct kernel_unit_u8 *how, void *scratch);

    /* ---- backward of a dense layer by its rows, which are as the checkpoint has them: out[j] = one
     * accumulator from 0.0f over rows ascending, fma(d[i], weight[i][j], acc). Rows whose d is 0 are not
     * read: their terms change nothing. weight: (rows, columns), finite. */
    void (*rows_f32)(const float *weight, int rows, int columns, const float *d, float *out);
    void (*rows_s8)(const int8_t *weight, int rows, int columns, const float *d, float *out);

    /* ---- training. conv_f32_pack of a convolution by the turned kernel: weight: (ic, kh, kw, oc) of the
     * convolution whose backward it is, no bias. */
    void (*conv_f32_pack_turned)(const struct kernel_conv *s, const float *weight, void *packed);
    /* What one picture adds to the gradient of a convolution's weights, dout having its output's pitch:
     * sum[ky][kx][i][o] = fma(in, dout, sum) over the output positions in raster order, a tap outside the
     * picture being 0.0f. sum: (kh, kw, ic, kernel_lanes(oc)); lanes beyond oc are of no meaning. depthwise:
     * (kh, kw, kernel_lanes(oc)). */
    size_t (*wgrad_f32_scratch_bytes)(const struct kernel_conv *s);
    void (*wgrad_f32)(const struct kernel_conv *s, const float *in, const float *dout, float *sum,
                       void *scratch);
    void (*wgrad_depthwise_f32)(const struct kernel_conv *s, const float *in, const float *dout, float *sum);
    /* Over `pixels` positions of `channels`, contiguous: a_sum[c] += a, and ab_sum[c] += a * b, in double;
     * b and ab_sum NULL: a's alone. */
    void (*sums_f64)(const float *a, const float *b, int pixels, int channels, double *a_sum, double *ab_sum);
    /* d[i] = fma(d[i], s[c], fma(x[i], a[c], b[c])) */
    void (*normback_f32)(float *d, const float *x, int pixels, int channels, const float *s, const float *a,
                         const float *b);
    /* d[i] = low < x[i] < high ? d[i] : 0.0f */
    void (*gate_f32)(float *d, const float *x, int count, float low, float high);
    /* rint(clamp(x, 0, alpha) * inverse) * step; NaN stays NaN. */
    void (*pact_f32)(const float *x, float *y, int count, float alpha, float inverse, float step);
    /* sum[c] += d where x >= alpha, in double; then d = 0 <= x < alpha ? d : 0.0f. */
    void (*pactback_f32)(float *d, const float *x, int pixels, int channels, float alpha, double *sum);
    /* A weight's level: (2 rint((clamp(w / scale, -1, 1) + 1) / 2 * n) - n) * step; scale > 0. */
    void (*levels_f32)(const float *w, float *out, int count, float scale, float n, float step);
    /* range: the least and the largest so far, of what it holds already and x; a value that is no number
     * leaves both, and a zero becomes +0. */
    void (*range_f32)(const float *x, int count, float range[2]);
    /* din = 0, then each position of dout, in raster order, is added to the first tap of its window that has
     * the maximum. Maps contiguous. */
    void (*maxback_f32)(const struct kernel_conv *s, const float *in, const float *out, const float *dout,
                        float *din);
    /* out[i] = u >> 11 >= least ? in[i] * by : 0.0f, u = SplitMix64's finalizer of state + (i + 1) *
     * 0x9E3779B97F4A7C15. */
    void (*dropout_f32)(const float *in, float *out, int count, uint64_t state, uint64_t least, float by);

    /* ---- pooling. Padding is ignored by max; windows of averages lie inside the picture (pad 0). */
    void (*maxpool_f32)(const struct kernel_conv *s, const float *in, float *out, struct kernel_rect rect);
    void (*maxpool_u8)(const struct kernel_conv *s, const uint8_t *in, uint8_t *out, struct kernel_rect rect);
    /* Sums one after another in raster order, then / f32(kh * kw). */
    void (*average_f32)(const struct kernel_conv *s, const float *in, float *out, struct kernel_rect rect);
    /* z = zero_point_in: clamp(rne(f32(f32(sum - z * kh * kw) * factor)) + z, 0, 255); numerics 2.6, 2.8. */
    void (*average_u8)(const struct kernel_conv *s, const uint8_t *in, uint8_t *out, struct kernel_rect rect,
                       float factor);

    /* ---- element-wise, over `pixels` positions of `channels` each, every map with its own pitch;
     * kernel_map_f32: functions of one value. */
    void (*clamp_f32)(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                      float low, float high);
    /* f32(x * clamp(x + 3, 0, 6)) / 6, and clamp(x + 3, 0, 6) / 6 */
    kernel_map_f32 *hardswish_f32, *hardsigmoid_f32;
    /* 1 / (1 + e^-x), and x / (1 + e^-x): e^x as scalar_exp defines it. */
    kernel_map_f32 *sigmoid_f32, *silu_f32;
    /* x Phi(x), the Gaussian's: scalar_gelu; and, by a tanh, scalar_gelu_tanh. */
    kernel_map_f32 *gelu_f32, *gelu_tanh_f32;
    /* Layer normalisation of each pixel's channels: fma((x - mean) r, scale[c], shift[c]), r = 1 /
     * sqrt(variance + eps). Sums are of 16 lanes, channel c in lane c mod 16: scalar_lanes. */
    void (*layernorm_f32)(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                          const float *scale, const float *shift, float eps);
    /* fma(x, scale[c], shift[c]), then the clamp. */
    void (*affine_f32)(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                       const float *scale, const float *shift, float low, float high);
    void (*add_f32)(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels, float low, float high);
    /* a - b, then the clamp. */
    void (*sub_f32)(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels, float low, float high);
    /* x < 0 ? x * slope : x */
    void (*leakyrelu_f32)(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                          float slope);
    /* b is one row of `channels` for all pixels if b_pitch == 0 (squeeze-excite), else a map. */
    void (*mul_f32)(const float *a, int a_pitch, const float *b, int b_pitch, float *out, int out_pitch,
                    int pixels, int channels);
    kernel_map_f32 *copy_f32;
    /* in may be out. */
    void (*round_f32)(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                      const struct kernel_round *q);
    /* out[i * groups + j] = in[j * (channels / groups) + i] */
    void (*shuffle_f32)(const float *in, int in_pitch, float *out, int out_pitch, int pixels, int channels,
                        int groups);

    /* kernel_code; of real values nothing is read beyond the last channel. */
    void (*quantize_u8)(const float *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                        const struct kernel_quantize *q);
    /* scale * f32(code - zero_point) */
    void (*dequantize_u8)(const uint8_t *in, int in_pitch, float *out, int out_pitch, int pixels,
                          int channels, float scale, int zero_point);
    /* Any function of one code; table[256]. */
    void (*lookup_u8)(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const uint8_t table[256]);
    /* Either input of these may be one row for all pixels: then its pitch is 0. */
    void (*add_u8)(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out, int out_pitch,
                   int pixels, int channels, const struct kernel_add_u8 *p);
    void (*mul_u8)(const uint8_t *a, int a_pitch, const uint8_t *b, int b_pitch, uint8_t *out, int out_pitch,
                   int pixels, int channels, const struct kernel_mul_u8 *p);
    void (*affine_u8)(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const struct kernel_affine_u8 *p);
    /* PACT of real values: q = rne(clamp(fma(x, scale[c], shift[c]), 0, high)); NaN becomes 0. */
    void (*levels_u8)(const float *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                      const float *scale, const float *shift, int high);
    /* PACT of a sum: q = rne(clamp(fma(f32(code), scale, x), 0, high)); NaN becomes 0. */
    void (*residual_u8)(const float *in, int in_pitch, const uint8_t *code, int code_pitch, uint8_t *out,
                        int out_pitch, int pixels, int channels, float scale, int high);
    void (*copy_u8)(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels);
    void (*shuffle_u8)(const uint8_t *in, int in_pitch, uint8_t *out, int out_pitch, int pixels, int channels,
                       int groups);

    /* table[3][256] of f32 or u8 applied to (pixels, 3) u8 -> (pixels, 3). */
    void (*input_f32)(const uint8_t *in, float *out, int pixels, const float table[3][256]);
    void (*input_u8)(const uint8_t *in, uint8_t *out, int pixels, const uint8_t table[3][256]);

    /* ---- pictures: `rows` lines of RGB -> lines of a->count pixels; lines of `bytes` bytes -> a->count such
     * lines. Nothing is read beyond the last pixel. */
    void (*resample_horizontal)(const struct kernel_resample *a, const uint8_t *in, size_t in_pitch, int rows,
                                uint8_t *out, size_t out_pitch);
    void (*resample_vertical)(const struct kernel_resample *a, const uint8_t *in, size_t in_pitch,
                              size_t bytes, uint8_t *out, size_t out_pitch);

    /* A Gauss-Seidel sweep (image_road_fill). value: lines of `line` pixels of four f64. In the order of the
     * runs, from left to right, each pixel becomes the weighted mean of its eight neighbours as they are by
     * then, s = 1.0 / 6, d = 1.0 / 12:
     *   ((up + down) + right) * s + ((up_left + down_left) + (up_right + down_right)) * d + left * s
     * divided by the run's share where that is not 1. No product is fused with a sum. */
    void (*relax_f64)(double *value, int line, const struct kernel_run *run, int runs);

    /* ---- bench: the same multiply-accumulate on sums in registers, `rounds` times; returns how many were
     * done: what a core reaches at most by this set's way of multiplying. *sink: a small number, changed. */
    uint64_t (*peak_f32)(uint64_t rounds, float *sink);
    uint64_t (*peak_u8)(uint64_t rounds, float *sink);

    /* ---- CAM. Centred Gram matrix of act (pixels, channels; pitch), in double. mean[c] = sum over pixels in
     * order / pixels; then, with m = (double)act - mean[c], g[i][j] = one accumulator from 0.0 over c
     * ascending, fma(m_ic, m_jc, acc); g is symmetric (pixels, pixels), all entries filled. scratch:
     * gram_f64_scratch_bytes. Equal bits on every instruction set. */
    size_t (*gram_f64_scratch_bytes)(int pixels, int channels);
    void (*gram_f64)(const float *act, int pixels, int channels, int pitch, double *g, void *scratch);
};

/* name: "auto" (the fastest here), "ref", "avx2" or "avx512vnni". NULL if unknown or not usable here. */
const struct kernel_table *kernel_select(const char *name);
/* What `name` asks for: "auto" is the set that QUANTCAM_ISA names, where that is set. */
const char *kernel_wanted(const char *name);
/* Names of all instruction sets in the build, slowest first, and whether this machine can run them; their
 * count. */
int kernel_list(const char *names[8], int usable[8]);

#endif
