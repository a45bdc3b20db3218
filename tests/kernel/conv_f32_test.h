/* tests/kernel/conv_f32_test.h: convolution in fp32, dense or depthwise: ref against a loop written out here,
 * an instruction set against ref, bit for bit. The test that includes it says which: DEPTHWISE, 0 or 1. */
#ifndef CONV_F32_TEST_H
#define CONV_F32_TEST_H

#include "kernel_test.h"

/* Packs, runs and returns the output map, filled with a canary first. */
static float *run(const struct kernel_table *k, const struct kernel_conv *s, const float *weight,
                  const float *bias, const float *in, const struct kernel_rect *rects, int count, float low,
                  float high)
{
    void *packed = test_memory((DEPTHWISE ? k->depthwise_f32_packed_bytes : k->conv_f32_packed_bytes)(s)),
         *scratch = test_memory((DEPTHWISE ? k->depthwise_f32_scratch_bytes : k->conv_f32_scratch_bytes)(s));
    size_t n = (size_t)s->oh * s->ow * s->out_pitch + 16;
    float *out = test_memory(n * sizeof *out);

    for (size_t i = 0; i < n; i++)
        out[i] = 12345.0f;
    (DEPTHWISE ? k->depthwise_f32_pack : k->conv_f32_pack)(s, weight, bias, packed);
    for (int i = 0; i < count; i++)
        (DEPTHWISE ? k->depthwise_f32 : k->conv_f32)(s, packed, in, out, rects[i], low, high, scratch);
    test_one_nan(out, n);
    free(packed);
    free(scratch);
    return out;
}

/* One accumulator from the bias, kh, kw, c ascending, one fma each; depthwise, an output has its own channel.
 */
static float naive(const struct kernel_conv *s, const float *weight, const float *bias, const float *in,
                   int y, int x, int o)
{
    float acc = bias ? bias[o] : 0;
    int first = DEPTHWISE ? o : 0, channels = DEPTHWISE ? 1 : s->ic;

    for (int ky = 0; ky < s->kh; ky++)
        for (int kx = 0; kx < s->kw; kx++)
            for (int c = 0; c < channels; c++) {
                int iy = y * s->stride + ky - s->pad_y, ix = x * s->stride + kx - s->pad_x;
                int outside = iy < 0 || ix < 0 || iy >= s->ih || ix >= s->iw;

                acc = fmaf(outside ? 0 : in[((size_t)iy * s->iw + ix) * s->in_pitch + first + c],
                           weight[(((size_t)o * s->kh + ky) * s->kw + kx) * channels + c], acc);
            }
    return acc;
}

static void test_hand(void)
{
    /* 2x2 picture, kernel 3, pad 1: output (0,0) sees 1 2 / 3 4 under the weights 5 6 / 8 9, plus the bias
     * 100. */
    const float in[] = { 1, 2, 3, 4 }, weight[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, bias[] = { 100 };
    struct kernel_conv s = { 2, 2, 1, 1, 2, 2, 1, 1, 3, 3, 1, 1, 1, 0 };
    struct kernel_rect all = { 0, 2, 0, 2 };
    float *out = run(kernel_select("ref"), &s, weight, bias, in, &all, 1, -INFINITY, INFINITY);

    CHECK(out[0] == 100 + 5 + 12 + 24 + 36);
    CHECK(out[1] == 100 + 4 + 10 + 21 + 32);
    CHECK(out[2] == 100 + 2 + 6 + 15 + 24);
    CHECK(out[3] == 100 + 1 + 4 + 12 + 20);
    free(out);
    out = run(kernel_select("ref"), &s, weight, bias, in, &all, 1, 0, 150);
    CHECK(out[0] == 150 && out[2] == 147);
    free(out);
}

/* The points of a rectangle against `a`, all of it; nothing else is written. */
static void compare_points(const struct kernel_table *isa, const struct kernel_conv *s, const float *weight,
                           const float *bias, const float *in, struct kernel_rect r, const float *a,
                           float low, float high)
{
    enum { MOST = 200 };
    size_t n = (size_t)s->oh * s->ow * s->out_pitch + 16;
    int place[MOST], count = test_inside(s, r, place, MOST);
    const float *from[MOST];
    float *to[MOST], *out = test_memory(n * sizeof *out), *expected = test_memory(n * sizeof *out);
    void *packed = test_memory(isa->conv_f32_packed_bytes(s));
    long at;

    for (size_t i = 0; i < n; i++)
        out[i] = expected[i] = 12345.0f;
    for (int i = 0; i < count; i++) {
        size_t first = (size_t)place[i] * s->out_pitch;

        from[i] = in + test_first_tap(s, place[i]);
        to[i] = out + first;
        memcpy(expected + first, a + first, (size_t)s->oc * sizeof *a);
    }
    isa->conv_f32_pack(s, weight, bias, packed);
    isa->points_f32(s, packed, from, to, count, low, high);
    test_one_nan(out, n);
    at = test_differs_f32(expected, out, n);
    CHECK_MSG(at < 0, "%s, %d points: %s: element %ld", isa->isa, count, test_shape_text(s, &r), at);
    free(packed);
    free(out);
    free(expected);
}

/* A case: input, weights, a shape; the same for ref and isa. */
static void compare(const struct kernel_table *ref, const struct kernel_table *isa, struct kernel_conv s,
                    int adversarial)
{
    size_t k = (size_t)s.kh * s.kw * (DEPTHWISE ? 1 : s.ic), n = (size_t)s.oh * s.ow * s.out_pitch + 16;
    float *in = test_memory(((size_t)s.ih * s.iw * s.in_pitch + 16) * sizeof *in),
          *weight = test_memory(k * s.oc * sizeof *weight);
    float *bias = test_memory((size_t)s.oc * sizeof *bias), *a, *b;
    struct kernel_rect rect[5] = { test_rect(&s) }, r = rect[0];
    float low = test_between(0, 1) ? 0 : -INFINITY, high = test_between(0, 1) ? 6 : INFINITY;
    int my = test_between(r.y0, r.y1), mx = test_between(r.x0, r.x1);
    long at;

    test_fill_f32(in, (size_t)s.ih * s.iw * s.in_pitch + 16, adversarial);
    test_fill_f32(weight, k * s.oc, adversarial && test_between(0, 1));
    test_fill_f32(bias, (size_t)s.oc, 0);
    a = run(ref, &s, weight, bias, in, rect, 1, low, high);
    b = run(isa, &s, weight, bias, in, rect, 1, low, high);
    at = test_differs_f32(a, b, n);
    CHECK_MSG(at < 0, "%s: %s: element %ld: %a, ref %a", isa->isa, test_shape_text(&s, &r), at,
              b[at < 0 ? 0 : at], a[at < 0 ? 0 : at]);
    free(b);
    for (int i = 0; i < 4; i++)
        rect[i] = (struct kernel_rect){ i / 2 ? my : r.y0, i / 2 ? r.y1 : my, i % 2 ? mx : r.x0,
                                        i % 2 ? r.x1 : mx };
    b = run(isa, &s, weight, bias, in, rect, 4, low, high);
    at = test_differs_f32(a, b, n);
    CHECK_MSG(at < 0, "%s in 4 parts: %s: element %ld", isa->isa, test_shape_text(&s, &r), at);
    if (!DEPTHWISE && (s.kw == 1 || s.in_pitch == s.ic)) {
        compare_points(isa, &s, weight, bias, in, r, a, low, high);
        compare_points(ref, &s, weight, bias, in, r, a, low, high);
    }
    free(a);
    free(b);
    free(in);
    free(weight);
    free(bias);
}

/* ref against the written loop, and nothing outside the rectangle changed. */
static void test_ref(void)
{
    const struct kernel_table *ref = kernel_select("ref");

    for (int i = 0; i < 60; i++) {
        struct kernel_conv s = test_shape(DEPTHWISE);
        struct kernel_rect r = test_rect(&s);
        size_t k = (size_t)s.kh * s.kw * (DEPTHWISE ? 1 : s.ic);
        float *in = test_memory((size_t)s.ih * s.iw * s.in_pitch * sizeof *in),
              *weight = test_memory(k * s.oc * sizeof *weight);
        float *bias = test_memory((size_t)s.oc * sizeof *bias), *out;
        int wrong = 0;

        test_fill_f32(in, (size_t)s.ih * s.iw * s.in_pitch, 0);
        test_fill_f32(weight, k * s.oc, 0);
        test_fill_f32(bias, (size_t)s.oc, 0);
        out = run(ref, &s, weight, i % 4 ? bias : NULL, in, &r, 1, -INFINITY, INFINITY);
        for (int p = 0; p < s.oh * s.ow; p++)
            for (int o = 0; o < s.out_pitch; o++) {
                int y = p / s.ow, x = p % s.ow,
                    inside = o < s.oc && y >= r.y0 && y < r.y1 && x >= r.x0 && x < r.x1;

                wrong += out[(size_t)p * s.out_pitch + o] !=
                         (inside ? naive(&s, weight, i % 4 ? bias : NULL, in, y, x, o) : 12345.0f);
            }
        CHECK_MSG(!wrong, "%s: %d wrong", test_shape_text(&s, &r), wrong);
        free(in);
        free(weight);
        free(bias);
        free(out);
    }
}

#endif
