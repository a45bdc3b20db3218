/* tests/kernel/conv_u8_test.h: convolution in int8, dense or depthwise: ref against a loop written out here
 * (exact and saturating), an instruction set against ref, bit for bit. The test that includes it says which:
 * DEPTHWISE, 0 or 1. */
#ifndef CONV_U8_TEST_H
#define CONV_U8_TEST_H

#include "kernel_test.h"
#include "requant_test.h"

/* Bytes of an output. */
static size_t element(const struct kernel_requant *q)
{
    return q->mode == REQUANT_REAL || q->mode == REQUANT_SUM ? 4 : 1;
}

static uint8_t *run(const struct kernel_table *k, const struct kernel_conv *s, const int8_t *weight,
                    const uint8_t *in, const struct kernel_rect *rects, int count,
                    const struct kernel_requant *q, enum kernel_saturation saturation)
{
    void *packed = test_memory((DEPTHWISE ? k->depthwise_u8_packed_bytes : k->conv_u8_packed_bytes)(s)),
         *scratch = test_memory((DEPTHWISE ? k->depthwise_u8_scratch_bytes : k->conv_u8_scratch_bytes)(s));
    size_t n = (size_t)s->oh * s->ow * s->out_pitch * element(q) + 64;
    uint8_t *out = test_memory(n);

    memset(out, 0xA5, n);
    (DEPTHWISE ? k->depthwise_u8_pack : k->conv_u8_pack)(s, weight, packed);
    for (int i = 0; i < count; i++)
        (DEPTHWISE ? k->depthwise_u8 : k->conv_u8)(s, packed, in, out, rects[i], q, saturation, scratch);
    free(packed);
    free(scratch);
    return out;
}

static int32_t naive(const struct kernel_conv *s, const int8_t *weight, const uint8_t *in, int y, int x,
                     int o, int pairs)
{
    int32_t acc = 0, sum = 0, pair = 0;
    int channels = DEPTHWISE ? 1 : s->ic, k = s->kh * s->kw * channels;

    for (int i = 0; i < k; i++) {
        int c = DEPTHWISE ? o : i % channels, kx = i / channels % s->kw, ky = i / channels / s->kw;
        int iy = y * s->stride + ky - s->pad_y, ix = x * s->stride + kx - s->pad_x;
        int outside = iy < 0 || ix < 0 || iy >= s->ih || ix >= s->iw;
        int v = outside ? s->zero_point_in : in[((size_t)iy * s->iw + ix) * s->in_pitch + c],
            w = weight[(size_t)o * k + i];

        sum += w;
        pair += v * w;
        if (!pairs || i % 2 || i == k - 1) {
            acc += pairs && pair > 32767 ? 32767 : pairs && pair < -32768 ? -32768 : pair;
            pair = 0;
        }
    }
    return acc - s->zero_point_in * sum;
}

/* sum((x - zero_point_in) * (w - zero_point)), term by term. */
static int64_t naive_sum(const struct kernel_conv *s, const int8_t *weight, const int32_t *zero_point,
                         const uint8_t *in, int y, int x, int o)
{
    int channels = DEPTHWISE ? 1 : s->ic, k = s->kh * s->kw * channels;
    int64_t acc = 0;

    for (int i = 0; i < k; i++) {
        int c = DEPTHWISE ? o : i % channels, kx = i / channels % s->kw, ky = i / channels / s->kw;
        int iy = y * s->stride + ky - s->pad_y, ix = x * s->stride + kx - s->pad_x;

        if (iy >= 0 && ix >= 0 && iy < s->ih && ix < s->iw)
            acc += (int64_t)(in[((size_t)iy * s->iw + ix) * s->in_pitch + c] - s->zero_point_in) *
                   (weight[(size_t)o * k + i] - (zero_point ? zero_point[o] : 0));
    }
    return acc;
}

static void test_hand(void)
{
    /* 255 * 127 + 255 * 127 = 64770 saturates to 32767 in 16 bits; the third product stays. */
    const uint8_t in[] = { 255, 255, 10 };
    const int8_t weight[] = { 127, 127, -3 };
    const float multiplier = 1.0f / 512;
    const int32_t bias = 0, zero_point = 5;
    /* Three channels of a pixel, or three pixels of a channel. */
    struct kernel_conv s = DEPTHWISE ? (struct kernel_conv){ 1, 3, 1, 1, 1, 1, 1, 1, 1, 3, 1, 0, 0, 0 }
                                     : (struct kernel_conv){ 1, 1, 3, 3, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0 };
    struct kernel_requant q = {
        .mode = REQUANT_QNNPACK, .multiplier = &multiplier, .bias_int = &bias, .high = 255
    };
    struct kernel_rect all = { 0, 1, 0, 1 };
    uint8_t *out = run(kernel_select("ref"), &s, weight, in, &all, 1, &q, KERNEL_EXACT);

    CHECK_MSG(out[0] == 126, "%d", out[0]); /* 64740 / 512 = 126.4 */
    free(out);
    out = run(kernel_select("ref"), &s, weight, in, &all, 1, &q, KERNEL_SATURATE_PAIRS);
    CHECK_MSG(out[0] == 64, "%d", out[0]); /* 32737 / 512 = 63.9 */
    free(out);
    q.weight_zero_point = &zero_point;
    out = run(kernel_select("ref"), &s, weight, in, &all, 1, &q, KERNEL_SATURATE_PAIRS);
    CHECK_MSG(out[0] == 59, "%d", out[0]); /* (32737 - 5 (255 + 255 + 10)) / 512 = 58.9 */
    free(out);
}

static void test_ref(void)
{
    for (int i = 0; i < 120; i++) {
        struct kernel_conv s = test_shape(DEPTHWISE);
        struct kernel_rect r = test_rect(&s);
        size_t k = (size_t)s.kh * s.kw * (DEPTHWISE ? 1 : s.ic), n = (size_t)s.ih * s.iw * s.in_pitch;
        uint8_t *in = test_memory(n), *out;
        int8_t *weight = test_memory(k * s.oc);
        struct requant_case q = requant_case(&s);
        int wrong = 0, pairs = i % 2;

        test_fill_u8(in, n, i % 4);
        test_fill_s8(weight, k * s.oc, i / 4 % 4);
        out = run(kernel_select("ref"), &s, weight, in, &r, 1, &q.requant,
                  pairs ? KERNEL_SATURATE_PAIRS : KERNEL_EXACT);
        for (int p = 0; p < s.oh * s.ow; p++)
            for (int o = 0; o < s.out_pitch; o++) {
                int y = p / s.ow, x = p % s.ow,
                    inside = o < s.oc && y >= r.y0 && y < r.y1 && x >= r.x0 && x < r.x1;

                wrong +=
                    out[(size_t)p * s.out_pitch + o] !=
                    (inside ? requant_expected(&q.requant, o, naive(&s, weight, in, y, x, o, pairs)) : 0xA5);
            }
        CHECK_MSG(!wrong, "%s: mode %d pairs %d: %d wrong", test_shape_text(&s, &r), q.requant.mode, pairs,
                  wrong);
        requant_case_free(&q);
        free(in);
        free(weight);
        free(out);
    }
}

/* ref's deployed forms against sums term by term and against formulas in 64 bits. */
static void test_deployed_of_ref(void)
{
    for (int i = 0; i < 160; i++) {
        struct kernel_conv s = test_shape(DEPTHWISE);
        struct kernel_rect all = { 0, s.oh, 0, s.ow };
        size_t k = (size_t)s.kh * s.kw * (DEPTHWISE ? 1 : s.ic), n = (size_t)s.ih * s.iw * s.in_pitch;
        uint8_t *in = test_memory(n), *out;
        int8_t *weight = test_memory(k * s.oc);
        struct requant_case q = requant_case_deployed(&s, DEPTHWISE);
        size_t each = element(&q.requant);
        int wrong = 0;

        test_fill_u8(in, n, i % 4);
        test_fill_s8(weight, k * s.oc, i / 4 % 4);
        out = run(kernel_select("ref"), &s, weight, in, &all, 1, &q.requant, KERNEL_EXACT);
        for (int p = 0; p < s.oh * s.ow; p++)
            for (int o = 0; o < s.oc; o++) {
                int64_t acc = naive_sum(&s, weight, q.requant.weight_zero_point, in, p / s.ow, p % s.ow, o);
                const uint8_t *at = out + ((size_t)p * s.out_pitch + o) * each;
                int32_t v;

                memcpy(&v, at, each);
                wrong += (each == 1 ? *at : v) != requant_deployed(&q.requant, o, acc);
            }
        CHECK_MSG(!wrong, "%s: mode %d: %d wrong", test_shape_text(&s, &all), q.requant.mode, wrong);
        requant_case_free(&q);
        free(in);
        free(weight);
        free(out);
    }
}

/* What ref's sums become in PACT's networks, written out. */
static void test_levels_of_ref(void)
{
    for (int i = 0; i < 80; i++) {
        struct kernel_conv s = test_shape(DEPTHWISE);
        struct kernel_rect all = { 0, s.oh, 0, s.ow };
        size_t k = (size_t)s.kh * s.kw * (DEPTHWISE ? 1 : s.ic), n = (size_t)s.ih * s.iw * s.in_pitch;
        uint8_t *in = test_memory(n), *out;
        int8_t *weight = test_memory(k * s.oc), *ones = test_memory(k * s.oc);
        int wrong = 0, real = i % 2;
        struct requant_case q = requant_case_pact(&s, real);

        s.zero_point_in = 0;
        q.requant.odd = !DEPTHWISE && q.requant.odd;
        test_fill_u8(in, n, i % 4);
        test_fill_s8(weight, k * s.oc, i / 4 % 4);
        memset(ones, 1, k * s.oc);
        out = run(kernel_select("ref"), &s, weight, in, &all, 1, &q.requant, KERNEL_EXACT);
        for (int p = 0; p < s.oh * s.ow; p++)
            for (int o = 0; o < s.oc; o++) {
                int32_t acc = naive(&s, weight, in, p / s.ow, p % s.ow, o, 0);
                size_t at = (size_t)p * s.out_pitch + o;
                float v, expected;

                if (q.requant.odd)
                    acc = 2 * acc + naive(&s, ones, in, p / s.ow, p % s.ow, o, 0);
                expected = fmaf((float)acc, q.multiplier[o], q.bias_real[o]);
                memcpy(&v, out + (real ? at * sizeof v : 0), sizeof v);
                wrong += real ? v != expected : out[at] != requant_expected(&q.requant, o, acc);
            }
        CHECK_MSG(!wrong, "%s: real %d odd %d: %d wrong", test_shape_text(&s, &all), real, q.requant.odd,
                  wrong);
        requant_case_free(&q);
        free(in);
        free(weight);
        free(ones);
        free(out);
    }
}

/* The points of a rectangle against `a`, all of it; nothing else is written. */
static void compare_points(const struct kernel_table *isa, const struct kernel_conv *s, const int8_t *weight,
                           const uint8_t *in, struct kernel_rect r, const uint8_t *a,
                           const struct kernel_requant *q)
{
    enum { MOST = 200 };
    size_t each = element(q), n = (size_t)s->oh * s->ow * s->out_pitch * each + 64;
    int place[MOST], count = test_inside(s, r, place, MOST);
    const uint8_t *from[MOST];
    uint8_t *to[MOST], *out = test_memory(n), *expected = test_memory(n);
    void *packed = test_memory(isa->conv_u8_packed_bytes(s)),
         *scratch = test_memory(isa->points_u8_scratch_bytes(s, count));
    long at;

    memset(out, 0xA5, n);
    memset(expected, 0xA5, n);
    for (int i = 0; i < count; i++) {
        size_t first = (size_t)place[i] * s->out_pitch * each;

        from[i] = in + test_first_tap(s, place[i]);
        to[i] = out + first;
        memcpy(expected + first, a + first, (size_t)s->oc * each);
    }
    isa->conv_u8_pack(s, weight, packed);
    isa->points_u8(s, packed, from, to, count, q, KERNEL_EXACT, scratch);
    at = test_differs_u8(expected, out, n);
    CHECK_MSG(at < 0, "%s, %d points: %s: element %ld", isa->isa, count, test_shape_text(s, &r), at);
    free(packed);
    free(scratch);
    free(out);
    free(expected);
}

static void compare_case(const struct kernel_table *ref, const struct kernel_table *isa, struct kernel_conv s,
                         int in_kind, int weight_kind, struct requant_case q)
{
    size_t k = (size_t)s.kh * s.kw * (DEPTHWISE ? 1 : s.ic),
           n = (size_t)s.oh * s.ow * s.out_pitch * element(&q.requant) + 64,
           in_bytes = (size_t)s.ih * s.iw * s.in_pitch + 64;
    uint8_t *in = test_memory(in_bytes), *a, *b;
    int8_t *weight = test_memory(k * s.oc);
    struct kernel_rect rect[4] = { test_rect(&s) }, r = rect[0];
    int my = test_between(r.y0, r.y1), mx = test_between(r.x0, r.x1);
    long at;

    test_fill_u8(in, in_bytes, in_kind);
    test_fill_s8(weight, k * s.oc, weight_kind);
    a = run(ref, &s, weight, in, rect, 1, &q.requant, KERNEL_EXACT);
    b = run(isa, &s, weight, in, rect, 1, &q.requant, KERNEL_EXACT);
    at = test_differs_u8(a, b, n);
    CHECK_MSG(at < 0, "%s: %s mode %d inputs %d weights %d: element %ld: %d, ref %d", isa->isa,
              test_shape_text(&s, &r), q.requant.mode, in_kind, weight_kind, at, b[at < 0 ? 0 : at],
              a[at < 0 ? 0 : at]);
    free(b);
    for (int i = 0; i < 4; i++)
        rect[i] = (struct kernel_rect){ i / 2 ? my : r.y0, i / 2 ? r.y1 : my, i % 2 ? mx : r.x0,
                                        i % 2 ? r.x1 : mx };
    b = run(isa, &s, weight, in, rect, 4, &q.requant, KERNEL_EXACT);
    at = test_differs_u8(a, b, n);
    CHECK_MSG(at < 0, "%s in 4 parts: %s: element %ld", isa->isa, test_shape_text(&s, &r), at);
    if (!DEPTHWISE && (s.kw == 1 || s.in_pitch == s.ic)) {
        compare_points(isa, &s, weight, in, r, a, &q.requant);
        compare_points(ref, &s, weight, in, r, a, &q.requant);
    }
    requant_case_free(&q);
    free(a);
    free(b);
    free(in);
    free(weight);
}

static void compare(const struct kernel_table *ref, const struct kernel_table *isa, struct kernel_conv s,
                    int in_kind, int weight_kind)
{
    compare_case(ref, isa, s, in_kind, weight_kind, requant_case(&s));
}

static void compare_deployed(const struct kernel_table *ref, const struct kernel_table *isa,
                             struct kernel_conv s, int i)
{
    compare_case(ref, isa, s, i % 4, i / 4 % 4, requant_case_deployed(&s, DEPTHWISE));
}

#endif
