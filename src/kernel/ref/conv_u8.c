/* src/kernel/ref/conv_u8.c: convolution of u8 codes with s8 weights, the definition, and fbgemm's saturating
 * pairs. */
#include "ref.h"

enum { NR = 16 }; /* output channels side by side */

/* Packed: for each block of NR output channels zero_point_in * sum(w) as s32, then its weights (kh, kw, ic,
 * NR) as s8; one more row of zeros is the partner of an odd last weight. */
static size_t block_bytes(const struct kernel_conv *s)
{
    return (size_t)NR * (sizeof(int32_t) + (size_t)s->kh * s->kw * s->ic + 1);
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return block_bytes(s) * (size_t)((s->oc + NR - 1) / NR);
}

/* The codes of one output's window, in the order of its weights, and a 0. */
static size_t scratch_bytes(const struct kernel_conv *s)
{
    return (size_t)s->kh * s->kw * s->ic + 1;
}

static void pack(const struct kernel_conv *s, const int8_t *weight, void *packed)
{
    size_t k = (size_t)s->kh * s->kw * s->ic;

    for (int block = 0; block < s->oc; block += NR) {
        int32_t *sums = (int32_t *)((char *)packed + block_bytes(s) * (size_t)(block / NR));
        int8_t *w = (int8_t *)(sums + NR);

        for (int j = 0; j < NR; j++) {
            sums[j] = 0;
            for (size_t i = 0; i < k; i++) {
                w[i * NR + j] = block + j < s->oc ? weight[(size_t)(block + j) * k + i] : 0;
                sums[j] += s->zero_point_in * w[i * NR + j];
            }
            w[k * NR + j] = 0;
        }
    }
}

static void gather(const struct kernel_conv *s, const uint8_t *in, int y, int x, uint8_t *window)
{
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            int iy = y * s->stride - s->pad_y + ky, ix = x * s->stride - s->pad_x + kx;
            int inside = iy >= 0 && iy < s->ih && ix >= 0 && ix < s->iw;

            for (int c = 0; c < s->ic; c++)
                *window++ =
                    inside ? in[((size_t)iy * s->iw + ix) * s->in_pitch + c] : (uint8_t)s->zero_point_in;
        }
    *window = 0;
}

REF_HOT("avx2") static void sum_exact(const uint8_t *window, const int8_t *w, size_t k, int32_t sum[NR])
{
    int32_t acc[NR] = { 0 };

    for (size_t i = 0; i < k; i++, w += NR)
        for (int j = 0; j < NR; j++)
            acc[j] += window[i] * w[j];
    for (int j = 0; j < NR; j++)
        sum[j] = acc[j];
}

/* numerics 2.4: neighbours in the reduction are added in 16 bits, as vpmaddubsw does. */
REF_HOT("avx2") static void sum_saturating(const uint8_t *window, const int8_t *w, size_t k, int32_t sum[NR])
{
    for (int j = 0; j < NR; j++)
        sum[j] = 0;
    for (size_t i = 0; i < k; i += 2, w += 2 * NR)
        for (int j = 0; j < NR; j++)
            sum[j] += scalar_min(scalar_max(window[i] * w[j] + window[i + 1] * w[NR + j], -32768), 32767);
}

static int32_t sum_window(const uint8_t *window, size_t k)
{
    int32_t sum = 0;

    for (size_t i = 0; i < k; i++)
        sum += window[i];
    return sum;
}

/* Channel c of a position whose first value lies at `to`. */
static void write(const struct kernel_requant *q, int c, int32_t acc, uint8_t *to)
{
    if (q->mode == REQUANT_REAL)
        ((float *)(void *)to)[c] = scalar_requant_real(q, c, acc);
    else if (q->mode == REQUANT_SUM)
        ((int32_t *)(void *)to)[c] = scalar_sum(q, c, acc);
    else
        to[c] = scalar_requant(q, c, acc);
}

/* Channel c's sum of s8 weights, less zero_point_in * sum(w), becomes that of what they stand for; window:
 * the sum of its codes. */
static int32_t complete(const struct kernel_conv *s, const struct kernel_requant *q, int c, int32_t sum,
                        int32_t window)
{
    if (q->weight_zero_point)
        sum -= q->weight_zero_point[c] * (window - s->zero_point_in * s->kh * s->kw * s->ic);
    return q->odd ? 2 * sum + window : sum;
}

static void conv_u8(const struct kernel_conv *s, const void *packed, const uint8_t *in, uint8_t *out,
                    struct kernel_rect rect, const struct kernel_requant *requant,
                    enum kernel_saturation saturation, void *scratch)
{
    size_t k = (size_t)s->kh * s->kw * s->ic, element = scalar_requant_bytes(requant);
    int32_t sum[NR], window;

    for (int y = rect.y0; y < rect.y1; y++)
        for (int x = rect.x0; x < rect.x1; x++) {
            uint8_t *to = out + ((size_t)y * s->ow + x) * s->out_pitch * element;

            gather(s, in, y, x, scratch);
            window = requant->odd || requant->weight_zero_point ? sum_window(scratch, k) : 0;
            for (int block = 0; block < s->oc; block += NR) {
                const int32_t *sums =
                    (const int32_t *)((const char *)packed + block_bytes(s) * (size_t)(block / NR));
                const int8_t *w = (const int8_t *)(sums + NR);

                if (saturation == KERNEL_SATURATE_PAIRS)
                    sum_saturating(scratch, w, k, sum);
                else
                    sum_exact(scratch, w, k, sum);
                for (int j = 0; j < NR && block + j < s->oc; j++)
                    write(requant, block + j, complete(s, requant, block + j, sum[j] - sums[j], window), to);
            }
        }
}

static size_t points_scratch_bytes(const struct kernel_conv *s, int count)
{
    (void)count;
    return scratch_bytes(s);
}

static void points_u8(const struct kernel_conv *s, const void *packed, const uint8_t *const *in,
                      uint8_t *const *out, int count, const struct kernel_requant *requant,
                      enum kernel_saturation saturation, void *scratch)
{
    struct kernel_conv one = *s;

    one.oh = one.ow = 1;
    one.ih = s->kh;
    one.pad_y = one.pad_x = 0;
    for (int i = 0; i < count; i++)
        conv_u8(&one, packed, in[i], out[i], (struct kernel_rect){ 0, 1, 0, 1 }, requant, saturation,
                scratch);
}

void conv_u8_fill_ref(struct kernel_table *t)
{
    t->conv_u8_packed_bytes = packed_bytes;
    t->conv_u8_pack = pack;
    t->conv_u8_scratch_bytes = scratch_bytes;
    t->conv_u8 = conv_u8;
    t->points_u8_scratch_bytes = points_scratch_bytes;
    t->points_u8 = points_u8;
}
