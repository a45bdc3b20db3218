/* tests/kernel/test_wgrad_f32.c: the gradient of a convolution's weights: by hand, and every instruction set
 * against ref. Also the packing for the turned convolution. */
#include <stdlib.h>

#include "kernel_test.h"

static size_t map_floats(int h, int w, int pitch)
{
    return (size_t)h * (size_t)w * (size_t)pitch + KERNEL_LANES;
}

/* Input 1 2 3, kernel 2, no padding, gradients 10 100: sums 1 * 10 + 2 * 100, 2 * 10 + 3 * 100. */
static void by_hand(const struct kernel_table *k)
{
    const struct kernel_conv s = { 1, 3, 1, 1, 1, 2, 1, 1, 1, 2, 1, 0, 0, 0 };
    float in[3 + KERNEL_LANES] = { 1, 2, 3 }, d[2 + KERNEL_LANES] = { 10, 100 },
                 sum[2 * KERNEL_LANES] = { 0 };
    void *scratch = test_memory(k->wgrad_f32_scratch_bytes(&s));

    sum[0] = 1000;
    k->wgrad_f32(&s, in, d, sum, scratch);
    CHECK_MSG(sum[0] == 1210 && sum[KERNEL_LANES] == 320, "%s: %g %g", k->isa, sum[0], sum[KERNEL_LANES]);
    sum[0] = sum[KERNEL_LANES] = 0;
    k->wgrad_depthwise_f32(&s, in, d, sum);
    CHECK_MSG(sum[0] == 210 && sum[KERNEL_LANES] == 320, "%s: %g %g", k->isa, sum[0], sum[KERNEL_LANES]);
    free(scratch);
}

static void compare(const struct kernel_conv *s, const char *isa, const char *what, int rows, const float *a,
                    const float *b)
{
    for (int r = 0; r < rows; r++)
        CHECK_MSG(test_differs_f32(a + r * kernel_lanes(s->oc), b + r * kernel_lanes(s->oc), (size_t)s->oc) <
                      0,
                  "%s %s: %dx%dx%d to %dx%dx%d, kernel %d x %d stride %d pad %d %d, row %d", isa, what, s->ih,
                  s->iw, s->ic, s->oh, s->ow, s->oc, s->kh, s->kw, s->stride, s->pad_y, s->pad_x, r);
}

static void one_shape(const struct kernel_table *ref, const struct kernel_table *k, struct kernel_conv s,
                      int depthwise)
{
    int rows = s.kh * s.kw * (depthwise ? 1 : s.ic);
    size_t ins = map_floats(s.ih, s.iw, s.in_pitch), outs = map_floats(s.oh, s.ow, s.out_pitch),
           sums = (size_t)rows * (size_t)kernel_lanes(s.oc);
    float *in = test_memory(ins * sizeof *in), *d = test_memory(outs * sizeof *d),
          *a = test_memory(sums * sizeof *a), *b = test_memory(sums * sizeof *b);
    void *scratch = test_memory(k->wgrad_f32_scratch_bytes(&s));

    test_fill_f32(in, ins, 0);
    test_fill_f32(d, outs, 0);
    test_fill_f32(a, sums, 0);
    memcpy(b, a, sums * sizeof *a);
    if (depthwise) {
        ref->wgrad_depthwise_f32(&s, in, d, a);
        k->wgrad_depthwise_f32(&s, in, d, b);
    } else {
        ref->wgrad_f32(&s, in, d, a, scratch);
        k->wgrad_f32(&s, in, d, b, scratch);
    }
    compare(&s, k->isa, depthwise ? "depthwise" : "dense", rows, a, b);
    free(in);
    free(d);
    free(a);
    free(b);
    free(scratch);
}

static void pack_turned(const struct kernel_table *k)
{
    struct kernel_conv s = { 1,
                             1,
                             test_between(1, 9),
                             0,
                             1,
                             1,
                             test_between(1, 70),
                             0,
                             test_between(1, 3),
                             test_between(1, 3),
                             1,
                             0,
                             0,
                             0 };
    size_t taps = (size_t)(s.kh * s.kw), ic = (size_t)s.ic, oc = (size_t)s.oc;
    float *given = test_memory(taps * ic * oc * sizeof *given),
          *turned = test_memory(taps * ic * oc * sizeof *turned);
    void *a, *b;

    s.in_pitch = s.ic;
    s.out_pitch = s.oc;
    a = test_memory(k->conv_f32_packed_bytes(&s));
    b = test_memory(k->conv_f32_packed_bytes(&s));
    test_fill_f32(given, taps * ic * oc, 0);
    for (size_t o = 0; o < oc; o++)
        for (size_t t = 0; t < taps; t++)
            for (size_t i = 0; i < ic; i++)
                turned[(o * taps + t) * ic + i] = given[(i * taps + (taps - 1 - t)) * oc + o];
    k->conv_f32_pack(&s, turned, NULL, a);
    k->conv_f32_pack_turned(&s, given, b);
    CHECK_MSG(memcmp(a, b, k->conv_f32_packed_bytes(&s)) == 0, "%s: turned %d %d %d %d", k->isa, s.ic, s.oc,
              s.kh, s.kw);
    free(given);
    free(turned);
    free(a);
    free(b);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    by_hand(k);
    for (int i = 0; i < 400; i++) {
        int depthwise = i % 4 == 0, kh = test_between(1, 5), kw = test_between(1, 5),
            ih = kh + test_between(0, 9), iw = kw + test_between(0, 9), stride = test_between(1, 3),
            pad_y = test_between(0, kh - 1), pad_x = test_between(0, kw - 1),
            ic = test_between(1, i % 3 ? 9 : 40), oc = depthwise ? ic : test_between(1, 80);
        struct kernel_conv s = { ih,    iw, ic,     ic + test_between(0, 1),
                                 0,     0,  oc,     oc + test_between(0, 3),
                                 kh,    kw, stride, pad_y,
                                 pad_x, 0 };

        s.oh = (ih + pad_y + test_between(0, kh - 1) - kh) / stride + 1;
        s.ow = (iw + pad_x + test_between(0, kw - 1) - kw) / stride + 1;
        one_shape(ref, k, s, depthwise);
        pack_turned(k);
    }
}

int main(void)
{
    by_hand(kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/wgrad_f32");
}
