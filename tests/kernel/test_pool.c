/* tests/kernel/test_pool.c: maximum and average pooling by hand, by a written loop, and equal on every
 * instruction set. */
#include "kernel_test.h"

static void test_hand(void)
{
    const struct kernel_table *k = kernel_select("ref");
    const float in[] = { 1, -2, 3, -4, 5, -6 };   /* three pixels in a row, two channels */
    const uint8_t codes[] = { 10, 1, 20, 2, 33, 4 };
    struct kernel_conv s = { 1, 3, 2, 2, 1, 2, 2, 2, 3, 3, 2, 1, 0 };
    struct kernel_rect all = { 0, 1, 0, 2 };
    float out[4];
    uint8_t code[4];

    k->maxpool_f32(&s, in, out, all);
    CHECK(out[0] == 3 && out[1] == -2 && out[2] == 5 && out[3] == -4);
    k->maxpool_u8(&s, codes, code, all);
    CHECK(code[0] == 20 && code[1] == 2 && code[2] == 33 && code[3] == 4);
    k->average_f32(in, 3, 2, 2, out);
    CHECK(out[0] == 3 && out[1] == -4);
    k->average_u8(codes, 3, 2, 2, 5, 1.0f / 3, code);
    CHECK(code[0] == 21 && code[1] == 2);   /* (63 - 15) / 3 + 5 = 21; (7 - 15) / 3 + 5 = 2.33 */
    k->average_u8(codes, 3, 2, 2, 5, 100.0f, code);
    CHECK(code[0] == 255 && code[1] == 0);
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
                int iy = y * s.stride - s.pad + j / s.kw, ix = x * s.stride - s.pad + j % s.kw;
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

static void test_average(const struct kernel_table *ref, const struct kernel_table *k, int pixels,
                         int channels, int adversarial)
{
    int pitch = channels + test_between(0, 5), zero_point = test_between(0, 255);
    size_t count = (size_t)pixels * pitch;
    float *in = test_memory((count + 16) * sizeof *in),
          *out = test_memory(((size_t)channels + 16) * sizeof *out);
    float *expected = test_memory((size_t)channels * sizeof *expected),
          factor = 1.0f / (float)pixels * (0.5f + fabsf(test_real()));
    uint8_t *code = test_memory(count + 64), *code_out = test_memory((size_t)channels + 64),
            *code_expected = test_memory((size_t)channels);

    test_fill_f32(in, count, adversarial);
    test_fill_u8(code, count, test_between(0, 3));
    out[channels] = 12345;
    code_out[channels] = 0xA5;
    k->average_f32(in, pixels, channels, pitch, out);
    k->average_u8(code, pixels, channels, pitch, zero_point, factor, code_out);
    ref->average_f32(in, pixels, channels, pitch, expected);
    ref->average_u8(code, pixels, channels, pitch, zero_point, factor, code_expected);
    test_one_nan(out, (size_t)channels);
    test_one_nan(expected, (size_t)channels);
    CHECK_MSG(test_differs_f32(out, expected, (size_t)channels) < 0, "%s: average_f32 %d x %d", k->isa,
              pixels, channels);
    CHECK_MSG(test_differs_u8(code_out, code_expected, (size_t)channels) < 0, "%s: average_u8 %d x %d",
              k->isa, pixels, channels);
    CHECK_MSG(out[channels] == 12345 && code_out[channels] == 0xA5, "%s: average wrote beyond %d", k->isa,
              channels);
    free(in);
    free(out);
    free(expected);
    free(code);
    free(code_out);
    free(code_expected);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    for (int i = 0; i < 300; i++)
        test_maxpool(k, test_shape(1), i % 2);
    for (int c = 1; c < 140; c++)
        test_average(ref, k, c % 50 + 1, c, c % 2);
    test_average(ref, k, 784, 70, 0);
    test_average(ref, k, 12544, 40, 0);
}

int main(void)
{
    test_hand();
    test_table(kernel_select("ref"), kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/pool");
}
