/* tests/kernel/test_backward.c: what training does to maps beside convolutions: by hand, and every
 * instruction set against ref. */
#include <stdlib.h>

#include "kernel_test.h"

enum { MOST_PIXELS = 9, MOST_CHANNELS = 75, MOST = MOST_PIXELS * MOST_CHANNELS + KERNEL_LANES };

static void by_hand(const struct kernel_table *k)
{
    /* saliency-and-training 2.3: alpha 1.5 in 2 bits */
    static const float x[8] = { -1, 0, .3f, .45f, .75f, 1.2f, 1.5f, 2.9f },
                       y[8] = { 0, 0, .5f, .5f, 1, 1, 1.5f, 1.5f };
    const struct kernel_conv pool = { 2, 3, 1, 1, 1, 2, 1, 1, 2, 2, 1, 0, 0, 0 };
    float in[8 + KERNEL_LANES] = { 0 }, out[8 + KERNEL_LANES] = { 0 }, d[8 + KERNEL_LANES] = { 0 };
    const float map[6 + KERNEL_LANES] = { 1, 4, 4, 2, 3, 4 }, most[2 + KERNEL_LANES] = { 4, 4 },
                        back[2 + KERNEL_LANES] = { 5, 7 };
    double sum[1] = { 100 };
    float range[2] = { 0, 5 };

    memcpy(in, x, sizeof x);
    k->pact_f32(in, out, 8, 1.5f, 2.0f, 0.5f);
    for (int i = 0; i < 8; i++)
        CHECK_MSG(out[i] == y[i], "%s: pact of %g: %g", k->isa, x[i], out[i]);
    for (int i = 0; i < 8; i++)
        d[i] = (float)(1 << i);
    k->pactback_f32(d, in, 8, 1, 1.5f, sum);
    CHECK_MSG(sum[0] == 100 + 64 + 128, "%s: alpha %g", k->isa, sum[0]);
    for (int i = 0; i < 8; i++)
        CHECK(d[i] == (i > 0 && i < 6 ? (float)(1 << i) : 0.0f));
    k->maxback_f32(&pool, map, most, back, out);
    k->range_f32(x, 8, range);
    CHECK(range[0] == -1 && range[1] == 5);
    k->range_f32(x, 8, memcpy(range, (float[]){ INFINITY, -INFINITY }, sizeof range));
    CHECK(range[0] == -1 && range[1] == 2.9f);
    k->range_f32((float[]){ -0.0f, NAN }, 2, memcpy(range, (float[]){ INFINITY, -INFINITY }, sizeof range));
    CHECK(range[0] == 0 && !signbit(range[0]) && range[1] == 0 && !signbit(range[1]));
    CHECK_MSG(out[1] == 12 && out[0] + out[2] + out[3] + out[4] + out[5] == 0, "%s: max pool", k->isa);
}

/* Also of maps that hold zeros of both signs and values that are no numbers. */
static void one_range(const struct kernel_table *ref, const struct kernel_table *k, const float *x, int count)
{
    float a[2] = { INFINITY, -INFINITY }, b[2] = { INFINITY, -INFINITY };

    ref->range_f32(x, count, a);
    k->range_f32(x, count, b);
    CHECK_MSG(memcmp(a, b, sizeof a) == 0, "%s: range of %d: %g %g", k->isa, count, (double)b[0],
              (double)b[1]);
}

static void two_maps(const struct kernel_table *ref, const struct kernel_table *k, int pixels, int channels,
                     int odd)
{
    float a[MOST], b[MOST], expected[MOST], by[3][MOST_CHANNELS + KERNEL_LANES];
    double sums[2][2][MOST_CHANNELS];
    size_t n = (size_t)pixels * (size_t)channels;
    float *guard = a + n, kept;

    test_fill_f32(a, MOST, odd);
    test_fill_f32(b, MOST, odd);
    for (int i = 0; i < 3; i++)
        test_fill_f32(by[i], MOST_CHANNELS + KERNEL_LANES, 0);
    for (int c = 0; c < channels; c++)
        sums[0][0][c] = sums[1][0][c] = sums[0][1][c] = sums[1][1][c] = test_real();
    if (!odd) {
        ref->sums_f64(a, b, pixels, channels, sums[0][0], sums[0][1]);
        k->sums_f64(a, b, pixels, channels, sums[1][0], sums[1][1]);
        ref->sums_f64(b, NULL, pixels, channels, sums[0][0], NULL);
        k->sums_f64(b, NULL, pixels, channels, sums[1][0], NULL);
        for (int c = 0; c < channels; c++)
            CHECK_MSG(sums[0][0][c] == sums[1][0][c] && sums[0][1][c] == sums[1][1][c], "%s: sums %d x %d",
                      k->isa, pixels, channels);
    }
    kept = *guard;
    memcpy(expected, a, sizeof a);
    ref->normback_f32(expected, b, pixels, channels, by[0], by[1], by[2]);
    k->normback_f32(a, b, pixels, channels, by[0], by[1], by[2]);
    CHECK_MSG(test_differs_f32(a, expected, n) < 0, "%s: normback %d x %d", k->isa, pixels, channels);
    ref->gate_f32(expected, b, (int)n, -1.0f, 2.0f);
    k->gate_f32(a, b, (int)n, -1.0f, 2.0f);
    CHECK_MSG(test_differs_f32(a, expected, n) < 0, "%s: gate %d x %d", k->isa, pixels, channels);
    for (int c = 0; c < channels && odd; c++)
        sums[0][0][c] = sums[1][0][c] = 0;
    ref->pactback_f32(expected, b, pixels, channels, 2.5f, sums[0][0]);
    k->pactback_f32(a, b, pixels, channels, 2.5f, sums[1][0]);
    CHECK_MSG(test_differs_f32(a, expected, n) < 0, "%s: pactback %d x %d", k->isa, pixels, channels);
    for (int c = 0; c < channels && !odd; c++)
        CHECK_MSG(sums[0][0][c] == sums[1][0][c], "%s: alpha's sums %d x %d", k->isa, pixels, channels);
    ref->pact_f32(b, expected, (int)n, 2.5f, 15 / 2.5f, 2.5f / 15);
    k->pact_f32(b, a, (int)n, 2.5f, 15 / 2.5f, 2.5f / 15);
    CHECK_MSG(test_differs_f32(a, expected, n) < 0, "%s: pact %d x %d", k->isa, pixels, channels);
    ref->levels_f32(b, expected, (int)n, 2.3f, 15, 2.3f / 15);
    k->levels_f32(b, a, (int)n, 2.3f, 15, 2.3f / 15);
    CHECK_MSG(test_differs_f32(a, expected, n) < 0, "%s: levels %d x %d", k->isa, pixels, channels);
    one_range(ref, k, b, (int)n);
    ref->dropout_f32(b, expected, (int)n, 77, 1ull << 51, 4.0f / 3);
    k->dropout_f32(b, a, (int)n, 77, 1ull << 51, 4.0f / 3);
    CHECK_MSG(test_differs_f32(a, expected, n) < 0, "%s: dropout %d x %d", k->isa, pixels, channels);
    CHECK_MSG(memcmp(guard, &kept, sizeof kept) == 0, "%s: written beyond %d x %d", k->isa, pixels, channels);
}

static void one_pool(const struct kernel_table *ref, const struct kernel_table *k)
{
    int kh = test_between(1, 4), kw = test_between(1, 4), ic = test_between(1, 40);
    struct kernel_conv s = { .ih = test_between(4, 9),
                             .iw = test_between(4, 9),
                             .ic = ic,
                             .in_pitch = ic,
                             .oc = ic,
                             .out_pitch = ic,
                             .kh = kh,
                             .kw = kw,
                             .stride = test_between(1, 3),
                             .pad_y = test_between(0, kh / 2),
                             .pad_x = test_between(0, kw / 2) };
    size_t ins = (size_t)(s.ih * s.iw * ic), outs;
    float in[81 * 40 + KERNEL_LANES], out[121 * 40 + KERNEL_LANES], d[121 * 40 + KERNEL_LANES],
        a[81 * 40 + KERNEL_LANES], b[81 * 40 + KERNEL_LANES];

    s.oh = (s.ih + s.pad_y + test_between(0, kh / 2) - kh) / s.stride + 1;
    s.ow = (s.iw + s.pad_x + test_between(0, kw / 2) - kw) / s.stride + 1;
    outs = (size_t)(s.oh * s.ow * ic);
    for (size_t i = 0; i < ins + KERNEL_LANES; i++) /* many that are equal */
        in[i] = (float)test_between(0, 3);
    test_fill_f32(d, outs + KERNEL_LANES, 0);
    ref->maxpool_f32(&s, in, out, (struct kernel_rect){ 0, s.oh, 0, s.ow });
    ref->maxback_f32(&s, in, out, d, a);
    k->maxback_f32(&s, in, out, d, b);
    CHECK_MSG(test_differs_f32(a, b, ins) < 0, "%s: max pool %dx%dx%d kernel %dx%d stride %d", k->isa, s.ih,
              s.iw, ic, kh, kw, s.stride);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    by_hand(k);
    for (int pixels = 1; pixels <= MOST_PIXELS; pixels++)
        for (int channels = 1; channels <= MOST_CHANNELS; channels++) {
            two_maps(ref, k, pixels, channels, 0);
            two_maps(ref, k, pixels, channels, 1);
        }
    for (int i = 0; i < 200; i++)
        one_pool(ref, k);
}

int main(void)
{
    by_hand(kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/backward");
}
