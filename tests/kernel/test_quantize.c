/* tests/kernel/test_quantize.c: real values to codes and back, by hand and against the formula in double, on
 * every instruction set, with pitches and canaries. */
#include "kernel_test.h"

enum { MODES = QUANTIZE_TFLITE + 1, MOST = 70 /* channels */, PIXELS = 5 };

static int divides(const struct kernel_quantize *q)
{
    return q->mode == QUANTIZE_ORT || q->mode == QUANTIZE_TFLITE;
}

/* In double, where nothing overflows. */
static int code_of(float x, const struct kernel_quantize *q)
{
    volatile float v = divides(q) ? x / q->factor : x * q->factor;
    double r = q->mode == QUANTIZE_TFLITE ? round((double)v) : rint((double)v);

    if (isnan(v))
        return q->mode == QUANTIZE_TORCH ? q->high : q->low;
    r += q->zero_point;
    return r < q->low ? q->low : r > q->high ? q->high : (int)r;
}

/* Halves of a step and what lies beside them, far values, infinities and NaN among the values. */
static void fill(float *x, size_t n, const struct kernel_quantize *q)
{
    const float step = divides(q) ? q->factor : 1 / q->factor;

    test_fill_f32(x, n, 1);
    for (size_t i = 0; i < n; i++)
        if (test_between(0, 1)) {
            x[i] = (float)test_between(-600, 600) * 0.5f * step;
            x[i] = test_between(0, 3) ? x[i] : nextafterf(x[i], test_real());
        }
}

static void test_codes(const struct kernel_table *k, enum kernel_quantize_mode mode, int channels)
{
    int in_pitch = channels + test_between(0, 3), pitch = channels + test_between(0, 3), wrong = 0;
    size_t in = PIXELS * (size_t)in_pitch, on = PIXELS * (size_t)pitch + 64;
    float *x = malloc(in * sizeof *x); /* exactly: nothing beyond is read */
    uint8_t *out = test_memory(on);
    struct kernel_quantize q = { mode, 0.05f * exp2f(test_real() * 4), test_between(0, 255), 0, 255 };

    if (test_between(0, 1)) {
        q.factor = 0.25f; /* halves are exact */
        q.low = test_between(0, 100);
        q.high = test_between(q.low, 255);
    }
    fill(x, in, &q);
    memset(out, 0xA5, on);
    k->quantize_u8(x, in_pitch, out, pitch, PIXELS, channels, &q);
    for (size_t i = 0; i < on; i++) {
        size_t p = i / (size_t)pitch, c = i % (size_t)pitch;
        int inside = p < PIXELS && c < (size_t)channels;

        wrong += out[i] != (inside ? code_of(x[p * (size_t)in_pitch + c], &q) : 0xA5);
    }
    CHECK_MSG(!wrong,
              "%s: mode %d, %d channels, pitches %d and %d, factor %a, zero point %d, codes %d..%d: "
              "%d wrong",
              k->isa, (int)mode, channels, in_pitch, pitch, (double)q.factor, q.zero_point, q.low, q.high,
              wrong);
    free(x);
    free(out);
}

static void test_back(const struct kernel_table *k, int channels)
{
    int in_pitch = channels + test_between(0, 3), pitch = channels + test_between(0, 3), wrong = 0,
        zero_point = test_between(0, 255);
    size_t in = PIXELS * (size_t)in_pitch + 64, on = PIXELS * (size_t)pitch + 16;
    float *out = test_memory(on * sizeof *out), scale = 0.05f * exp2f(test_real() * 4);
    uint8_t *code = test_memory(in);

    test_fill_u8(code, in, test_between(0, 3));
    for (size_t i = 0; i < on; i++)
        out[i] = 7e7f;
    k->dequantize_u8(code, in_pitch, out, pitch, PIXELS, channels, scale, zero_point);
    for (size_t i = 0; i < on; i++) {
        size_t p = i / (size_t)pitch, c = i % (size_t)pitch;
        int inside = p < PIXELS && c < (size_t)channels;

        wrong += out[i] != (inside ? scale * (float)(code[p * (size_t)in_pitch + c] - zero_point) : 7e7f);
    }
    CHECK_MSG(!wrong, "%s: back, %d channels, pitches %d and %d: %d wrong", k->isa, channels, in_pitch, pitch,
              wrong);
    free(code);
    free(out);
}

static void check_hand(const struct kernel_table *k, struct kernel_quantize q, const int want[10])
{
    static const float x[10] = { 0.25f, 0.75f, -0.25f, -0.75f, -1e30f, 1e30f, NAN, INFINITY, -INFINITY, 1 };
    uint8_t out[10];

    k->quantize_u8(x, 10, out, 10, 1, 10, &q);
    for (int i = 0; i < 10; i++)
        CHECK_MSG(out[i] == want[i] && out[i] == kernel_code(x[i], &q), "%s: mode %d of %g: %d, not %d",
                  k->isa, (int)q.mode, (double)x[i], out[i], want[i]);
}

/* Steps of a half: 0.25 is half a step. */
static void test_hand(const struct kernel_table *k)
{
    static const uint8_t code[3 + 63] = { 10, 0, 255 }; /* maps may be read so far behind (kernel.h) */
    float out[3];

    check_hand(k, (struct kernel_quantize){ QUANTIZE_TORCH, 2, 10, 3, 200 },
               (const int[]){ 10, 12, 10, 8, 3, 200, 200, 200, 3, 12 });
    check_hand(k, (struct kernel_quantize){ QUANTIZE_XNNPACK, 2, 10, 3, 200 },
               (const int[]){ 10, 12, 10, 8, 3, 200, 3, 200, 3, 12 });
    check_hand(k, (struct kernel_quantize){ QUANTIZE_ORT, 0.5f, 10, 0, 255 },
               (const int[]){ 10, 12, 10, 8, 0, 255, 0, 255, 0, 12 });
    check_hand(k, (struct kernel_quantize){ QUANTIZE_TFLITE, 0.5f, 10, 0, 255 },
               (const int[]){ 11, 12, 9, 8, 0, 255, 0, 255, 0, 12 });
    k->dequantize_u8(code, 3, out, 3, 1, 3, 0.5f, 10);
    CHECK(out[0] == 0 && out[1] == -5 && out[2] == 122.5f);
}

/* Every float of small numbers, rounded away from zero: half a million around the halves. */
static void test_halves(const struct kernel_table *k)
{
    enum { COUNT = 1 << 12 };
    const struct kernel_quantize q = { QUANTIZE_TFLITE, 1, 100, 0, 255 };
    static float x[COUNT];
    static uint8_t out[COUNT];
    int wrong = 0;

    for (int half = -255; half <= 255; half += 2) {
        float v = (float)half / 2;

        for (int i = 0; i < COUNT / 2; i++)
            v = nextafterf(v, -1000);
        for (int i = 0; i < COUNT; i++, v = nextafterf(v, 1000))
            x[i] = v;
        k->quantize_u8(x, COUNT, out, COUNT, 1, COUNT, &q);
        for (int i = 0; i < COUNT; i++)
            wrong += out[i] != code_of(x[i], &q);
    }
    CHECK_MSG(!wrong, "%s: %d beside halves", k->isa, wrong);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    (void)ref;
    test_hand(k);
    for (int mode = 0; mode < MODES; mode++)
        for (int c = 1; c <= MOST; c++)
            test_codes(k, (enum kernel_quantize_mode)mode, c);
    for (int c = 1; c <= MOST; c++)
        test_back(k, c);
    test_halves(k);
}

int main(void)
{
    test_table(NULL, kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/quantize");
}
