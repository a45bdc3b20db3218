/* src/kernel/ref/backward.c: what training does to maps beside convolutions, the definition. */
#include <math.h>
#include <string.h>

#include "ref.h"

static void sums_f64(const float *a, const float *b, int pixels, int channels, double *a_sum, double *ab_sum)
{
    for (int i = 0; i < pixels; i++, a += channels, b += b ? channels : 0)
        for (int c = 0; c < channels; c++) {
            a_sum[c] += (double)a[c];
            if (b)
                ab_sum[c] += (double)a[c] * (double)b[c]; /* the product is exact */
        }
}

REF_HOT("fma")
static void normback_f32(float *d, const float *x, int pixels, int channels, const float *s, const float *a,
                         const float *b)
{
    for (int i = 0; i < pixels; i++, d += channels, x += channels)
        for (int c = 0; c < channels; c++)
            d[c] = fmaf(d[c], s[c], fmaf(x[c], a[c], b[c]));
}

static void gate_f32(float *d, const float *x, int count, float low, float high)
{
    for (int i = 0; i < count; i++)
        d[i] = low < x[i] && x[i] < high ? d[i] : 0.0f;
}

static void pact_f32(const float *x, float *y, int count, float alpha, float inverse, float step)
{
    for (int i = 0; i < count; i++) {
        float v = x[i] < 0.0f ? 0.0f : x[i];

        v = v > alpha ? alpha : v;
        y[i] = rintf(v * inverse) * step;
    }
}

static void pactback_f32(float *d, const float *x, int pixels, int channels, float alpha, double *sum)
{
    for (int i = 0; i < pixels; i++, d += channels, x += channels)
        for (int c = 0; c < channels; c++) {
            sum[c] += x[c] >= alpha ? (double)d[c] : 0.0;
            d[c] = x[c] >= 0.0f && x[c] < alpha ? d[c] : 0.0f;
        }
}

static void levels_f32(const float *w, float *out, int count, float scale, float n, float step)
{
    for (int i = 0; i < count; i++) {
        float t = w[i] / scale;

        t = t < -1.0f ? -1.0f : t;
        t = t > 1.0f ? 1.0f : t;
        out[i] = (2.0f * rintf((t + 1.0f) / 2.0f * n) - n) * step;
    }
}

static void range_f32(const float *x, int count, float range[2])
{
    for (int i = 0; i < count; i++) {
        range[0] = x[i] < range[0] ? x[i] : range[0];
        range[1] = x[i] > range[1] ? x[i] : range[1];
    }
    range[0] += 0.0f; /* of two zeros one */
    range[1] += 0.0f;
}

/* The tap of output position (y, x) that has the maximum, a place in the map; -1: none, where that is no
 * number. */
static long winner(const struct kernel_conv *s, const float *in, int y, int x, int c, float maximum)
{
    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++) {
            int iy = y * s->stride - s->pad_y + ky, ix = x * s->stride - s->pad_x + kx;
            long at = ((long)iy * s->iw + ix) * s->ic + c;

            if (iy >= 0 && iy < s->ih && ix >= 0 && ix < s->iw && in[at] == maximum)
                return at;
        }
    return -1;
}

static void maxback_f32(const struct kernel_conv *s, const float *in, const float *out, const float *dout,
                        float *din)
{
    memset(din, 0, (size_t)s->ih * s->iw * s->ic * sizeof *din);
    for (int y = 0; y < s->oh; y++)
        for (int x = 0; x < s->ow; x++)
            for (int c = 0; c < s->ic; c++, out++, dout++) {
                long at = winner(s, in, y, x, c, *out);

                if (at >= 0)
                    din[at] += *dout;
            }
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
    x = (x ^ x >> 27) * 0x94D049BB133111EBu;
    return x ^ x >> 31;
}

static void dropout_f32(const float *in, float *out, int count, uint64_t state, uint64_t least, float by)
{
    for (int i = 0; i < count; i++) {
        state += 0x9E3779B97F4A7C15u;
        out[i] = mix(state) >> 11 >= least ? in[i] * by : 0.0f;
    }
}

void backward_fill_ref(struct kernel_table *t)
{
    t->sums_f64 = sums_f64;
    t->normback_f32 = normback_f32;
    t->gate_f32 = gate_f32;
    t->pact_f32 = pact_f32;
    t->pactback_f32 = pactback_f32;
    t->levels_f32 = levels_f32;
    t->range_f32 = range_f32;
    t->maxback_f32 = maxback_f32;
    t->dropout_f32 = dropout_f32;
}
