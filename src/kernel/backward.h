/* src/kernel/backward.h: what training does to maps beside convolutions, written alike by the vector
 * instruction sets. Included by one file an instruction set, after its vector_f32.h, its lanes (a choice of a
 * vector's) and its wide (vectors of WIDE doubles). Private to the room.
 */
#ifndef KERNEL_BACKWARD_H
#define KERNEL_BACKWARD_H

#include <math.h>
#include <string.h>

#include "isa.h"

/* `many` wides of channels at once. */
static inline __attribute__((always_inline)) void sum_channels(const float *a, const float *b, int pixels,
                                                               size_t channels, int many, double *a_sum,
                                                               double *ab_sum)
{
    wide s[4], t[4];

#pragma GCC unroll 4
    for (int i = 0; i < many; i++) {
        s[i] = wide_load(a_sum + i * WIDE);
        t[i] = b ? wide_load(ab_sum + i * WIDE) : s[i];
    }
    for (size_t p = 0; p < (size_t)pixels * channels; p += channels) {
#pragma GCC unroll 4
        for (int i = 0; i < many; i++) {
            wide v = wide_from(a + p + i * WIDE);

            s[i] = wide_add(s[i], v);
            if (b)
                t[i] = wide_add(t[i], wide_mul(v, wide_from(b + p + i * WIDE)));
        }
    }
#pragma GCC unroll 4
    for (int i = 0; i < many; i++) {
        wide_store(a_sum + i * WIDE, s[i]);
        if (b)
            wide_store(ab_sum + i * WIDE, t[i]);
    }
}

static inline __attribute__((always_inline)) void sum_all(const float *a, const float *b, int pixels,
                                                          int channels, double *a_sum, double *ab_sum)
{
    size_t n = (size_t)channels;
    int c = 0;

    for (; c + 4 * WIDE <= channels; c += 4 * WIDE)
        sum_channels(a + c, b ? b + c : NULL, pixels, n, 4, a_sum + c, ab_sum + c);
    for (; c + 2 * WIDE <= channels; c += 2 * WIDE)
        sum_channels(a + c, b ? b + c : NULL, pixels, n, 2, a_sum + c, ab_sum + c);
    for (; c + WIDE <= channels; c += WIDE)
        sum_channels(a + c, b ? b + c : NULL, pixels, n, 1, a_sum + c, ab_sum + c);
    for (; c < channels; c++)
        for (size_t p = (size_t)c; p < (size_t)pixels * n; p += n) {
            a_sum[c] += (double)a[p];
            if (b)
                ab_sum[c] += (double)a[p] * (double)b[p];
        }
}

static void sums_f64(const float *a, const float *b, int pixels, int channels, double *a_sum, double *ab_sum)
{
    if (b)
        sum_all(a, b, pixels, channels, a_sum, ab_sum);
    else
        sum_all(a, NULL, pixels, channels, a_sum, a_sum);
}

static void normback_f32(float *d, const float *x, int pixels, int channels, const float *s, const float *a,
                         const float *b)
{
    for (int c = 0; c < channels; c += VECTOR) {
        vector by = vector_loadu(s + c), slope = vector_loadu(a + c), shift = vector_loadu(b + c);
        float *to = d + c;
        const float *from = x + c;

        for (int i = 0; i < pixels; i++, to += channels, from += channels)
            vector_store(to, channels - c,
                         vector_fma(vector_loadu(to), by, vector_fma(vector_loadu(from), slope, shift)));
    }
}

static void gate_f32(float *d, const float *x, int count, float low, float high)
{
    vector l = vector_set1(low), h = vector_set1(high);

    for (int i = 0; i < count; i += VECTOR) {
        vector v = vector_loadu(x + i);

        vector_store(d + i, count - i,
                     vector_keep(lanes_both(lanes_less(l, v), lanes_less(v, h)), vector_loadu(d + i)));
    }
}

static void pact_f32(const float *x, float *y, int count, float alpha, float inverse, float step)
{
    vector zero = vector_set1(0.0f), top = vector_set1(alpha), by = vector_set1(inverse),
           unit = vector_set1(step);

    for (int i = 0; i < count; i += VECTOR) {
        vector code = vector_rint(vector_mul(vector_clamp(vector_loadu(x + i), zero, top), by));

        vector_store(y + i, count - i, vector_mul(code, unit));
    }
}

/* Whole vectors of channels; what is left over is done by one. */
static void pactback_f32(float *d, const float *x, int pixels, int channels, float alpha, double *sum)
{
    vector zero = vector_set1(0.0f), top = vector_set1(alpha);
    int c = 0;

    for (; c + VECTOR <= channels; c += VECTOR) {
        wide low = wide_load(sum + c), high = wide_load(sum + c + WIDE);
        float *to = d + c;
        const float *from = x + c;

        for (int i = 0; i < pixels; i++, to += channels, from += channels) {
            vector g = vector_loadu(to), v = vector_loadu(from),
                   over = vector_keep(lanes_less_equal(top, v), g);

            low = wide_add(low, wide_low(over));
            high = wide_add(high, wide_high(over));
            vector_store(to, VECTOR,
                         vector_keep(lanes_both(lanes_less_equal(zero, v), lanes_less(v, top)), g));
        }
        wide_store(sum + c, low);
        wide_store(sum + c + WIDE, high);
    }
    for (; c < channels; c++)
        for (size_t p = (size_t)c; p < (size_t)pixels * (size_t)channels; p += (size_t)channels) {
            sum[c] += x[p] >= alpha ? (double)d[p] : 0.0;
            d[p] = x[p] >= 0.0f && x[p] < alpha ? d[p] : 0.0f;
        }
}

static void levels_f32(const float *w, float *out, int count, float scale, float n, float step)
{
    const vector by = vector_set1(scale), one = vector_set1(1.0f), two = vector_set1(2.0f),
                 steps = vector_set1(n), unit = vector_set1(step);

    for (int i = 0; i < count; i += VECTOR) {
        vector t = vector_clamp(vector_div(vector_loadu(w + i), by), vector_set1(-1.0f), one);
        vector q = vector_rint(vector_mul(vector_div(vector_add(t, one), two), steps));

        vector_store(out + i, count - i, vector_mul(vector_sub(vector_mul(two, q), steps), unit));
    }
}

static void range_f32(const float *x, int count, float range[2])
{
    vector low = vector_set1(range[0]), high = vector_set1(range[1]);
    float lows[VECTOR], highs[VECTOR];
    int i = 0;

    for (; i + VECTOR <= count; i += VECTOR) {
        low = vector_min(vector_loadu(x + i), low);
        high = vector_max(vector_loadu(x + i), high);
    }
    vector_store(lows, VECTOR, low);
    vector_store(highs, VECTOR, high);
    for (int l = 0; l < VECTOR; l++) {
        range[0] = lows[l] < range[0] ? lows[l] : range[0];
        range[1] = highs[l] > range[1] ? highs[l] : range[1];
    }
    for (; i < count; i++) {
        range[0] = x[i] < range[0] ? x[i] : range[0];
        range[1] = x[i] > range[1] ? x[i] : range[1];
    }
    range[0] += 0.0f;
    range[1] += 0.0f;
}

/* The window of an output position by a vector of its channels, of which `left` exist. */
static inline void send(const struct kernel_conv *s, const float *in, int y, int x, vector maximum, vector d,
                        int left, float *din)
{
    lanes open = lanes_all();

    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            int iy = y * s->stride - s->pad_y + ky, ix = x * s->stride - s->pad_x + kx;
            size_t at = ((size_t)iy * s->iw + (size_t)ix) * s->ic;
            lanes here;
            vector v;

            if (iy < 0 || iy >= s->ih || ix < 0 || ix >= s->iw)
                continue;
            here = lanes_both(open, lanes_equal(vector_loadu(in + at), maximum));
            open = lanes_without(open, here);
            v = vector_loadu(din + at);
            vector_store(din + at, left, vector_choose(here, vector_add(v, d), v));
        }
}

static void maxback_f32(const struct kernel_conv *s, const float *in, const float *out, const float *dout,
                        float *din)
{
    memset(din, 0, (size_t)s->ih * s->iw * s->ic * sizeof *din);
    for (int y = 0; y < s->oh; y++)
        for (int x = 0; x < s->ow; x++, out += s->ic, dout += s->ic)
            for (int c = 0; c < s->ic; c += VECTOR)
                send(s, in + c, y, x, vector_loadu(out + c), vector_loadu(dout + c), s->ic - c, din + c);
}

static void fill_backward(struct kernel_table *t)
{
    t->sums_f64 = sums_f64;
    t->normback_f32 = normback_f32;
    t->gate_f32 = gate_f32;
    t->pact_f32 = pact_f32;
    t->pactback_f32 = pactback_f32;
    t->levels_f32 = levels_f32;
    t->range_f32 = range_f32;
    t->maxback_f32 = maxback_f32;
}

#endif
