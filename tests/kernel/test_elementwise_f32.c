/* tests/kernel/test_elementwise_f32.c: each operation against its formula, on every instruction set, with
 * pitches and canaries. */
#include "golden_round.h"
#include "kernel_test.h"

enum { CLAMP, HARDSWISH, HARDSIGMOID, ADD, SUB, LEAKYRELU, MUL, MUL_ROW, COPY, SHUFFLE, OPERATIONS };

struct maps {
    float *a, *b, *out;
    int a_pitch, b_pitch, out_pitch, pixels, channels, groups;
    float low, high, slope;
};

static float clamp(float v, float low, float high)
{
    return isnan(v) ? v : v < low ? low : v > high ? high : v;
}

static float expected(int operation, const struct maps *m, int p, int c)
{
    volatile float a = m->a[(size_t)p * m->a_pitch + c], b = m->b[(size_t)p * m->b_pitch + c], u = a + 3;
    int each = m->channels / m->groups;

    switch (operation) {
    case CLAMP: return clamp(a, m->low, m->high);
    case HARDSWISH: u = a * clamp(u, 0, 6); return u / 6;
    case HARDSIGMOID: return clamp(u, 0, 6) / 6;
    case ADD: u = a + b; return clamp(u, m->low, m->high);
    case SUB:
        u = a - b;
        return clamp(u, m->low, m->high);
    case LEAKYRELU:
        return a < 0 ? a * m->slope : a;
    case MUL: return a * b;
    case MUL_ROW: return a * m->b[c];
    case COPY: return a;
    default: return m->a[(size_t)p * m->a_pitch + c % m->groups * each + c / m->groups];
    }
}

static void run(const struct kernel_table *k, int operation, const struct maps *m)
{
    const float *a = m->a, *b = m->b;
    int ap = m->a_pitch, bp = m->b_pitch, op = m->out_pitch, n = m->pixels, c = m->channels;

    switch (operation) {
    case CLAMP: k->clamp_f32(a, ap, m->out, op, n, c, m->low, m->high); break;
    case HARDSWISH: k->hardswish_f32(a, ap, m->out, op, n, c); break;
    case HARDSIGMOID: k->hardsigmoid_f32(a, ap, m->out, op, n, c); break;
    case ADD: k->add_f32(a, ap, b, bp, m->out, op, n, c, m->low, m->high); break;
    case SUB:
        k->sub_f32(a, ap, b, bp, m->out, op, n, c, m->low, m->high);
        break;
    case LEAKYRELU:
        k->leakyrelu_f32(a, ap, m->out, op, n, c, m->slope);
        break;
    case MUL: k->mul_f32(a, ap, b, bp, m->out, op, n, c); break;
    case MUL_ROW: k->mul_f32(a, ap, b, 0, m->out, op, n, c); break;
    case COPY: k->copy_f32(a, ap, m->out, op, n, c); break;
    default: k->shuffle_f32(a, ap, m->out, op, n, c, m->groups); break;
    }
}

static void test_operation(const struct kernel_table *k, int operation, int channels, int adversarial)
{
    struct maps m = { .channels = channels,
                      .pixels = test_between(1, 9),
                      .groups = 1,
                      .low = -INFINITY,
                      .high = INFINITY,
                      .slope = test_real() };
    size_t an, bn, on;
    int wrong = 0;

    m.a_pitch = channels + test_between(0, 3);
    m.b_pitch = channels + test_between(0, 3);
    m.out_pitch = channels + test_between(0, 3);
    for (int g = 2; g <= 4; g++)
        if (channels % g == 0)
            m.groups = g;
    if (test_between(0, 1)) {
        m.low = 0;
        m.high = test_between(0, 1) ? 6 : INFINITY;
    }
    an = (size_t)m.pixels * m.a_pitch + 16;
    bn = (size_t)m.pixels * m.b_pitch + 16;
    on = (size_t)m.pixels * m.out_pitch + 16;
    m.a = test_memory(an * sizeof *m.a);
    m.b = test_memory(bn * sizeof *m.b);
    m.out = test_memory(on * sizeof *m.out);
    test_fill_f32(m.a, an, adversarial);
    test_fill_f32(m.b, bn, adversarial);
    for (size_t i = 0; i < on; i++)
        m.out[i] = 12345;
    run(k, operation, &m);
    for (size_t i = 0; i < on; i++) {
        int p = (int)(i / m.out_pitch), c = (int)(i % m.out_pitch);
        float e = p < m.pixels && c < channels ? expected(operation, &m, p, c) : 12345;

        wrong += isnan(e) ? !isnan(m.out[i]) : memcmp(&e, &m.out[i], sizeof e) != 0;
    }
    CHECK_MSG(!wrong, "%s: operation %d, %d pixels of %d channels, pitches %d %d %d, groups %d: %d wrong",
              k->isa, operation, m.pixels, channels, m.a_pitch, m.b_pitch, m.out_pitch, m.groups, wrong);
    free(m.a);
    free(m.b);
    free(m.out);
}

static void test_input(const struct kernel_table *k, int pixels)
{
    uint8_t *in = test_memory((size_t)pixels * 3 + 64);
    float *out = test_memory(((size_t)pixels * 3 + 16) * sizeof *out), table[3][256];
    int wrong = 0;

    test_fill_u8(in, (size_t)pixels * 3, 0);
    test_fill_f32(table[0], 3 * 256, 0);
    out[pixels * 3] = 12345;
    k->input_f32(in, out, pixels, (const float (*)[256])table);
    for (int i = 0; i < pixels * 3; i++)
        wrong += out[i] != table[i % 3][in[i]];
    CHECK_MSG(!wrong && out[pixels * 3] == 12345, "%s: %d pixels: %d wrong", k->isa, pixels, wrong);
    free(in);
    free(out);
}

/* The formula in double: a product of 17 and 24 bits is exact there. */
static float expected_round(float x, const struct kernel_round *q)
{
    volatile float v = x * q->inverse;
    double code = isnan(v) ? INFINITY : nearbyint((double)v) + q->zero_point;

    code = code < q->low ? q->low : code > q->high ? q->high : code;
    return (float)((code - q->zero_point) * (double)q->scale);
}

static void test_round(const struct kernel_table *k, int channels, int adversarial)
{
    static const int bits[] = { 2, 4, 8, 16 };
    int pixels = test_between(1, 9), pitch = channels + test_between(0, 3), wrong = 0;
    int out_pitch = channels + test_between(0, 3), high = (1 << bits[test_between(0, 3)]) - 1;
    float scale = (float)test_between(1, 1000) / 4096.0f;
    struct kernel_round q = { scale, 1.0f / scale, test_between(0, high), 0, high };
    size_t n = (size_t)pixels * (size_t)pitch;
    float *x = test_memory(n * sizeof *x), *was = test_memory(n * sizeof *was);
    float *out = test_memory((size_t)pixels * (size_t)out_pitch * sizeof *out);

    test_fill_f32(x, n, adversarial);
    for (size_t i = 0; i < n; i++) { /* ties and both ends among them */
        if (i % 3 == 0)
            x[i] = scale * ((float)test_between(-2 * high, 2 * high) + 0.5f);
        was[i] = x[i];
    }
    memset(out, 77, (size_t)pixels * (size_t)out_pitch * sizeof *out);
    k->round_f32(x, pitch, out, out_pitch, pixels, channels, &q);
    k->round_f32(x, pitch, x, pitch, pixels, channels, &q);
    for (size_t i = 0; i < n; i++) {
        int c = (int)(i % (size_t)pitch);
        float e = c < channels ? expected_round(was[i], &q) : was[i];

        wrong += memcmp(&e, &x[i], sizeof e) != 0;
        wrong += c < channels &&
                 memcmp(&e, &out[i / (size_t)pitch * (size_t)out_pitch + (size_t)c], sizeof e) != 0;
    }
    for (size_t i = 0; i < (size_t)pixels * (size_t)out_pitch; i++)
        if ((int)(i % (size_t)out_pitch) >= channels)
            wrong += memcmp(&out[i], "MMMM", sizeof out[i]) != 0;
    CHECK_MSG(!wrong, "%s: %d pixels of %d channels, pitch %d, codes to %d: %d wrong", k->isa, pixels,
              channels, pitch, high, wrong);
    free(x);
    free(was);
    free(out);
}

static void test_hand(void)
{
    const struct kernel_table *k = kernel_select("ref");
    const float in[] = { -4, -1, 1, 4, 7, NAN };
    float out[6];

    k->hardswish_f32(in, 6, out, 6, 1, 6);
    CHECK(out[0] == 0 && out[1] == -2.0f / 6 && out[2] == 4.0f / 6 && out[3] == 4 && out[4] == 7 &&
          isnan(out[5]));
    k->hardsigmoid_f32(in, 6, out, 6, 1, 6);
    CHECK(out[0] == 0 && out[1] == 2.0f / 6 && out[2] == 4.0f / 6 && out[3] == 1 && out[4] == 1 &&
          isnan(out[5]));
    k->clamp_f32(in, 6, out, 6, 1, 6, 0, 6);
    CHECK(out[0] == 0 && out[2] == 1 && out[4] == 6 && isnan(out[5]));
    memcpy(out, in, sizeof out); /* halves, zero point 3, codes 0 .. 15: -1.5 .. 6 */
    k->round_f32(out, 6, out, 6, 1, 6, &(struct kernel_round){ 0.5f, 2, 3, 0, 15 });
    CHECK(out[0] == -1.5f && out[1] == -1 && out[2] == 1 && out[3] == 4 && out[4] == 6 && out[5] == 6);
    k->shuffle_f32(in, 4, out, 4, 1, 4, 2);
    CHECK(out[0] == -4 && out[1] == 1 && out[2] == -1 && out[3] == 4);
}

/* Bit for bit what PyTorch's fake quantization gives of the same values. */
static void test_golden(const struct kernel_table *k)
{
    for (size_t i = 0; i < sizeof golden_round / sizeof golden_round[0]; i++) {
        const struct kernel_round q = { golden_round[i].scale, 1.0f / golden_round[i].scale,
                                        golden_round[i].zero_point, 0, golden_round[i].high };
        enum { COUNT = sizeof golden_round[0].in / sizeof(float) };
        float x[COUNT];
        int wrong = 0;

        k->round_f32(golden_round[i].in, COUNT, x, COUNT, 1, COUNT, &q);
        for (int j = 0; j < COUNT; j++)
            wrong += x[j] != golden_round[i].out[j];
        CHECK_MSG(!wrong, "%s: codes to %d: %d of %d are not PyTorch's", k->isa, q.high, wrong, COUNT);
    }
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    (void)ref;
    for (int operation = 0; operation < OPERATIONS; operation++)
        for (int c = 1; c <= 70; c++)
            test_operation(k, operation, c, c % 2);
    for (int c = 1; c <= 70; c++)
        test_round(k, c, c % 2);
    test_golden(k);
    for (int n = 1; n <= 40; n++)
        test_input(k, n);
}

int main(void)
{
    test_hand();
    test_table(NULL, kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/elementwise_f32");
}
