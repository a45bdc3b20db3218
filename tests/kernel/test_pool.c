/* tests/kernel/test_pool.c: maximum and average pooling by hand, by a written loop, and equal on every
 * instruction set. */
#include "kernel_test.h"

static void test_hand(void)
{
    const struct kernel_table *k = kernel_select("ref");
    const float in[] = { 1, -2, 3, -4, 5, -6 };   /* three pixels in a row, two channels */
    const uint8_t codes[] = { 10, 1, 20, 2, 33, 4 };
    struct kernel_conv s = { 1, 3, 2, 2, 1, 2, 2, 2, 3, 3, 2, 1, 1, 0 };
    struct kernel_rect all = { 0, 1, 0, 2 };
    float out[4];
    uint8_t code[4];

    k->maxpool_f32(&s, in, out, all);
    CHECK(out[0] == 3 && out[1] == -2 && out[2] == 5 && out[3] == -4);
    k->maxpool_u8(&s, codes, code, all);
    CHECK(code[0] == 20 && code[1] == 2 && code[2] == 33 && code[3] == 4);
    s = (struct kernel_conv){ 1, 3, 2, 2, 1, 1, 2, 2, 1, 3, 1, 0, 0, 5 };
    all.x1 = 1;
    k->average_f32(&s, in, out, all);
    CHECK(out[0] == 3 && out[1] == -4);
    k->average_u8(&s, codes, code, all, 1.0f / 3);
    CHECK(code[0] == 21 && code[1] == 2);   /* (63 - 15) / 3 + 5 = 21; (7 - 15) / 3 + 5 = 2.33 */
    k->average_u8(&s, codes, code, all, 100.0f);
    CHECK(code[0] == 255 && code[1] == 0);
    s = (struct kernel_conv){ 1, 3, 2, 2, 1, 2, 2, 2, 1, 2, 1, 0, 0, 5 }; /* windows of two pixels */
    all.x1 = 2;
    k->average_f32(&s, in, out, all);
    CHECK(out[0] == 2 && out[1] == -3 && out[2] == 4 && out[3] == -5);
    k->average_u8(&s, codes, code, all, 0.5f);
    CHECK(code[0] == 15 && code[1] == 1);   /* (30 - 10) / 2 + 5; (3 - 10) / 2 = -3.5 -> -4, + 5 */
    CHECK(code[2] == 27 && code[3] == 3);   /* (53 - 10) / 2 = 21.5 -> 22, + 5; (6 - 10) / 2 + 5 */
}

static void test_maxpool(const struct kernel_table *k, struct kernel_conv s, int adversarial)
{
    struct kernel_rect r = test_rect(&s);
    size_t in_count = (size_t)s.ih * s.iw * s.in_pitch, count = (size_t)s.oh * s.ow * s.out_pitch + 64;
    float *in = test_memory((in_count + 16) * sizeof *in), *out = test_memory(count * sizeof *out);
    uint8_t *code = test_memory(in_count + 64), *code_out = test_memory(count);
    int wrong = 0;

    test_fill_f32(in, in_count, adversarial);
    test_fill_u8(code, in_count, 0);
    for (size_t i = 0; i < count; i++)
        out[i] = 12345;
    memset(code_out, 0xA5, count);
    k->maxpool_f32(&s, in, out, r);
    k->maxpool_u8(&s, code, code_out, r);
    for (size_t i = 0; i < count; i++) {
        int c = (int)(i % s.out_pitch), p = (int)(i / s.out_pitch), y = p / s.ow, x = p % s.ow;
        float expected = -INFINITY;
        int expected_code = 0;

        if (p >= s.oh * s.ow || c >= s.oc || y < r.y0 || y >= r.y1 || x < r.x0 || x >= r.x1) {
            expected = 12345;
            expected_code = 0xA5;
        } else
            for (int j = 0; j < s.kh * s.kw; j++) {
                int iy = y * s.stride - s.pad_y + j / s.kw, ix = x * s.stride - s.pad_x + j % s.kw;
                size_t at = ((size_t)iy * s.iw + ix) * s.in_pitch + c;

                if (iy < 0 || iy >= s.ih || ix < 0 || ix >= s.iw)
                    continue;
                expected = isnan(expected) || isnan(in[at]) ? NAN : in[at] > expected ? in[at] : expected;
                expected_code = code[at] > expected_code ? code[at] : expected_code;
            }
        wrong += isnan(expected) ? !isnan(out[i]) : memcmp(&out[i], &expected, sizeof expected) != 0;
        wrong += code_out[i] != expected_code;
    }
    CHECK_MSG(!wrong, "%s: maxpool %s: %d wrong", k->isa, test_shape_text(&s, &r), wrong);
    free(in);
    free(out);
    free(code);
    free(code_out);
}

/* Windows that lie inside the picture, or (global) all of it. */
static struct kernel_conv average_shape(int global, int channels)
{
    int kernel = test_between(1, 7), stride = test_between(1, 3), oh = test_between(1, 6),
        ow = test_between(1, 6);
    struct kernel_conv s = { .ih = (oh - 1) * stride + kernel + test_between(0, stride - 1),
                             .iw = (ow - 1) * stride + kernel + test_between(0, stride - 1),
                             .oh = oh, .ow = ow, .kh = kernel, .kw = kernel, .stride = stride };

    if (global) {
        s.kh = s.ih;
        s.kw = s.iw;
        s.oh = s.ow = s.stride = 1;
    }
    s.ic = s.oc = channels;
    s.in_pitch = channels + test_between(0, 5);
    s.out_pitch = channels + test_between(0, 5);
    s.zero_point_in = test_between(0, 255);
    return s;
}

/* The same sums in their order, and what becomes of those of codes. */
static float expected_average(const struct kernel_conv *s, const float *in, const uint8_t *code, int y, int x,
                              int c, float factor, int *code_out)
{
    volatile float sum = 0, v;
    int codes = 0, n = s->kh * s->kw;
    double rounded;

    for (int i = 0; i < n; i++) {
        int iy = y * s->stride + i / s->kw, ix = x * s->stride + i % s->kw;
        size_t at = ((size_t)iy * s->iw + ix) * s->in_pitch + c;

        sum += in[at];
        codes += code[at] - s->zero_point_in;
    }
    v = (float)codes * factor;
    rounded = rint(v) + s->zero_point_in;
    *code_out = rounded < 0 ? 0 : rounded > 255 ? 255 : (int)rounded;
    return sum / (float)n;
}

static void test_average(const struct kernel_table *k, struct kernel_conv s, int adversarial)
{
    struct kernel_rect r = test_rect(&s);
    size_t in_count = (size_t)s.ih * s.iw * s.in_pitch, count = (size_t)s.oh * s.ow * s.out_pitch + 64;
    float *in = test_memory((in_count + 16) * sizeof *in), *out = test_memory(count * sizeof *out),
          factor = 1.0f / (float)(s.kh * s.kw) * (0.5f + fabsf(test_real()));
    uint8_t *code = test_memory(in_count + 64), *code_out = test_memory(count);
    int wrong = 0;

    test_fill_f32(in, in_count, adversarial);
    test_fill_u8(code, in_count, test_between(0, 3));
    for (size_t i = 0; i < count; i++)
        out[i] = 12345;
    memset(code_out, 0xA5, count);
    k->average_f32(&s, in, out, r);
    k->average_u8(&s, code, code_out, r, factor);
    for (size_t i = 0; i < count; i++) {
        int c = (int)(i % s.out_pitch), p = (int)(i / s.out_pitch), y = p / s.ow, x = p % s.ow,
            outside = p >= s.oh * s.ow || c >= s.oc || y < r.y0 || y >= r.y1 || x < r.x0 || x >= r.x1;
        int expected_code = 0xA5;
        float expected =
            outside ? 12345 : expected_average(&s, in, code, y, x, c, factor, &expected_code);

        wrong += isnan(expected) ? !isnan(out[i]) : memcmp(&out[i], &expected, sizeof expected) != 0;
        wrong += code_out[i] != expected_code;
    }
    CHECK_MSG(!wrong, "%s: average %s: %d wrong", k->isa, test_shape_text(&s, &r), wrong);
    free(in);
    free(out);
    free(code);
    free(code_out);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    (void)ref;
    for (int i = 0; i < 300; i++)
        test_maxpool(k, test_shape(1), i % 2);
    for (int c = 1; c < 140; c++)
        test_average(k, average_shape(c % 4 == 0, c), c % 2);
    test_average(k, (struct kernel_conv){ 112, 112, 40, 43, 1, 1, 40, 41, 112, 112, 1, 0, 0, 9 }, 0);
}

int main(void)
{
    test_hand();
    test_table(kernel_select("ref"), kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/pool");
}
