/* src/kernel/ref/depthwise_u8.c: depthwise convolution of u8 codes, the definition, and fbgemm's saturating
 * pairs. */
#include "ref.h"

/* Packed: zero_point_in * sum(w) as s32 (c), then weights (kh, kw, c) as s8 and a row of zeros, the partner
 * of an odd last tap. */
static size_t packed_bytes(const struct kernel_conv *s)
{
    return (size_t)s->oc * (sizeof(int32_t) + (size_t)s->kh * s->kw + 1);
}

/* The sums of one output position, and a row of zero points for taps outside the picture. */
static size_t scratch_bytes(const struct kernel_conv *s)
{
    return (size_t)s->oc * (sizeof(int32_t) + 1);
}

/* Taps' weights have a zero point: what it takes away of the sums. */
static void take_zero_points(const struct kernel_conv *s, const int32_t *zero_point, const uint8_t *a,
                             int32_t *sum)
{
    for (int c = 0; c < s->oc; c++)
        sum[c] -= zero_point[c] * (a[c] - s->zero_point_in);
}

static void pack(const struct kernel_conv *s, const int8_t *weight, void *packed)
{
    int taps = s->kh * s->kw;
    int32_t *sums = packed;
    int8_t *w = (int8_t *)(sums + s->oc);

    for (int c = 0; c < s->oc; c++) {
        sums[c] = 0;
        for (int i = 0; i < taps; i++) {
            w[(size_t)i * s->oc + c] = weight[(size_t)c * taps + i];
            sums[c] += s->zero_point_in * weight[(size_t)c * taps + i];
        }
        w[(size_t)taps * s->oc + c] = 0;
    }
}

/* The codes of tap i of output (y, x). */
static const uint8_t *tap_codes(const struct kernel_conv *s, const uint8_t *in, const uint8_t *outside, int y,
                                int x, int i)
{
    int iy = y * s->stride - s->pad_y + i / s->kw, ix = x * s->stride - s->pad_x + i % s->kw;

    if (i >= s->kh * s->kw || iy < 0 || iy >= s->ih || ix < 0 || ix >= s->iw)
        return outside;
    return in + ((size_t)iy * s->iw + ix) * s->in_pitch;
}

REF_HOT("avx2")
static void add_tap(int n, const uint8_t *restrict a, const int8_t *restrict w, int32_t *restrict sum)
{
    for (int c = 0; c < n; c++)
        sum[c] += a[c] * w[c];
}

REF_HOT("avx2")
static void add_pair(int n, const uint8_t *restrict a, const uint8_t *restrict b, const int8_t *restrict w,
                     int32_t *restrict sum)
{
    for (int c = 0; c < n; c++)
        sum[c] += scalar_min(scalar_max(a[c] * w[c] + b[c] * w[n + c], -32768), 32767);
}

static void write(const struct kernel_requant *q, const int32_t *sum, int n, uint8_t *to)
{
    for (int c = 0; c < n; c++)
        if (q->mode == REQUANT_REAL)
            ((float *)(void *)to)[c] = scalar_requant_real(q, c, sum[c]);
        else
            to[c] = scalar_requant(q, c, sum[c]);
}

static void depthwise_u8(const struct kernel_conv *s, const void *packed, const uint8_t *in, uint8_t *out,
                         struct kernel_rect rect, const struct kernel_requant *requant,
                         enum kernel_saturation saturation, void *scratch)
{
    int n = s->oc, taps = s->kh * s->kw;
    const int32_t *sums = packed;
    const int8_t *w = (const int8_t *)(sums + n);
    int32_t *sum = scratch;
    uint8_t *outside = (uint8_t *)(sum + n);

    for (int c = 0; c < n; c++)
        outside[c] = (uint8_t)s->zero_point_in;
    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            for (int c = 0; c < n; c++)
                sum[c] = -sums[c];
            if (saturation == KERNEL_SATURATE_PAIRS)
                for (int i = 0; i < taps; i += 2)
                    add_pair(n, tap_codes(s, in, outside, y, x, i), tap_codes(s, in, outside, y, x, i + 1),
                             w + (size_t)i * n, sum);
            else
                for (int i = 0; i < taps; i++)
                    add_tap(n, tap_codes(s, in, outside, y, x, i), w + (size_t)i * n, sum);
            for (int i = 0; requant->weight_zero_point && i < taps; i++)
                take_zero_points(s, requant->weight_zero_point, tap_codes(s, in, outside, y, x, i), sum);
            write(requant, sum, n,
                  out + ((size_t)y * s->ow + x) * s->out_pitch * scalar_requant_bytes(requant));
        }
}

void depthwise_u8_fill_ref(struct kernel_table *t)
{
    t->depthwise_u8_packed_bytes = packed_bytes;
    t->depthwise_u8_pack = pack;
    t->depthwise_u8_scratch_bytes = scratch_bytes;
    t->depthwise_u8 = depthwise_u8;
}
