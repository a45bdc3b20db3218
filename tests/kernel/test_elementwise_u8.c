/* tests/kernel/test_elementwise_u8.c: each operation against its formula, on every instruction set, with
 * pitches and canaries. */
#include "kernel_test.h"

enum { LOOKUP, ADD_FLOAT, ADD_FIXED, MUL, MUL_ROW, AFFINE, COPY, SHUFFLE, OPERATIONS };

enum { MOST = 140 /* channels */ };
struct maps {
    uint8_t *a, *b, *out, table[256];
    int a_pitch, b_pitch, out_pitch, pixels, channels, groups;
    struct kernel_add_u8 add;
    struct kernel_mul_u8 mul;
    float scale[MOST], shift[MOST];
    struct kernel_affine_u8 affine;
};

static int code(double v, int zero_point, int low, int high)
{
    v = rint(v) + zero_point;
    return v < low ? low : v > high ? high : (int)v;
}

static int code_of(float v, int high)
{
    return code((double)v, 0, 0, high);
}

/* numerics 2.6, written with wide numbers. */
static int add_fixed(const struct kernel_add_u8 *p, int qa, int qb)
{
    long long v = (long long)p->a_multiplier * (qa - p->zero_point_a) +
                  (long long)p->b_multiplier * (qb - p->zero_point_b);
    long long half = 1LL << (p->shift - 1), r = v >= 0 ? (v + half) >> p->shift : -((-v + half) >> p->shift);

    return code((double)r, p->zero_point_out, p->low, p->high);
}

static int add_float(const struct kernel_add_u8 *p, int qa, int qb)
{
    volatile float a = fmaf(p->scale_a, (float)qa, p->offset_a), b = fmaf(p->scale_b, (float)qb, p->offset_b),
                   c = a + b;

    if (p->relu && c < 0)
        c = 0;
    c = c * p->inverse_out;
    return code(c, p->zero_point_out, 0, p->high);
}

static int expected(int operation, const struct maps *m, int p, int c)
{
    int a = m->a[(size_t)p * m->a_pitch + c], b = m->b[(size_t)p * m->b_pitch + c],
        each = m->channels / m->groups;
    volatile float v;

    switch (operation) {
    case LOOKUP: return m->table[a];
    case ADD_FLOAT: return add_float(&m->add, a, b);
    case ADD_FIXED: return add_fixed(&m->add, a, b);
    case MUL:
    case MUL_ROW:
        v = (float)((a - m->mul.zero_point_a) * ((operation == MUL ? b : m->b[c]) - m->mul.zero_point_b));
        v = v * m->mul.multiplier;
        return code(v, m->mul.zero_point_out, m->mul.low, m->mul.high);
    case AFFINE:
        v = fmaf(m->scale[c], (float)(a - m->affine.zero_point_in), m->shift[c]);
        return code(v, m->affine.zero_point_out, m->affine.low, m->affine.high);
    case COPY: return a;
    default: return m->a[(size_t)p * m->a_pitch + c % m->groups * each + c / m->groups];
    }
}

static void run(const struct kernel_table *k, int operation, const struct maps *m)
{
    const uint8_t *a = m->a, *b = m->b;
    int ap = m->a_pitch, bp = m->b_pitch, op = m->out_pitch, n = m->pixels, c = m->channels;

    switch (operation) {
    case LOOKUP: k->lookup_u8(a, ap, m->out, op, n, c, m->table); break;
    case ADD_FLOAT:
    case ADD_FIXED: k->add_u8(a, ap, b, bp, m->out, op, n, c, &m->add); break;
    case MUL: k->mul_u8(a, ap, b, bp, m->out, op, n, c, &m->mul); break;
    case MUL_ROW: k->mul_u8(a, ap, b, 0, m->out, op, n, c, &m->mul); break;
    case AFFINE: k->affine_u8(a, ap, m->out, op, n, c, &m->affine); break;
    case COPY: k->copy_u8(a, ap, m->out, op, n, c); break;
    default: k->shuffle_u8(a, ap, m->out, op, n, c, m->groups); break;
    }
}

/* Scales within a factor of 8 of each other, any zero points; the fixed-point constants as numerics 2.6 makes
 * them. */
static void parameters(struct maps *m, int operation)
{
    float a = 0.02f * exp2f(test_real() * 1.5f), b = 0.02f * exp2f(test_real() * 1.5f),
          out = 0.03f * exp2f(test_real() * 1.5f);
    int za = test_between(0, 255), zb = test_between(0, 255), zo = test_between(0, 255),
        relu = test_between(0, 1), high = test_between(0, 1) ? 255 : test_between(zo, 255), e;
    float alpha = a / out, beta = b / out;

    frexpf(alpha > beta ? alpha : beta, &e);
    e = 21 - (e - 1);
    m->add = (struct kernel_add_u8){ .mode = operation == ADD_FIXED ? ADD_QNNPACK : ADD_FBGEMM,
                                     .scale_a = a,
                                     .scale_b = b,
                                     .offset_a = -(a * (float)za),
                                     .offset_b = -(b * (float)zb),
                                     .inverse_out = 1.0f / out,
                                     .relu = relu,
                                     .a_multiplier = (int32_t)rintf(ldexpf(alpha, e)),
                                     .b_multiplier = (int32_t)rintf(ldexpf(beta, e)),
                                     .shift = e,
                                     .zero_point_a = za,
                                     .zero_point_b = zb,
                                     .zero_point_out = zo,
                                     .low = relu ? zo : 0,
                                     .high = high };
    for (int c = 0; c < MOST; c++) {
        m->scale[c] = test_real() * 3;
        m->shift[c] = test_real() * 100;
    }
    m->affine = (struct kernel_affine_u8){ m->scale, m->shift, za, zo, relu ? zo : 0, high };
    m->mul = (struct kernel_mul_u8){ .multiplier = a * b * (1.0f / out),
                                     .zero_point_a = za,
                                     .zero_point_b = zb,
                                     .zero_point_out = zo,
                                     .low = relu ? zo : 0,
                                     .high = high };
}

static void test_operation(const struct kernel_table *k, int operation, int channels)
{
    struct maps m = { .channels = channels, .pixels = test_between(1, 9), .groups = 1 };
    size_t an, bn, on;
    int wrong = 0;

    m.a_pitch = channels + test_between(0, 3);
    m.b_pitch = channels + test_between(0, 3);
    m.out_pitch = channels + test_between(0, 3);
    for (int g = 2; g <= 4; g++)
        if (channels % g == 0)
            m.groups = g;
    parameters(&m, operation);
    an = (size_t)m.pixels * m.a_pitch + 64;
    bn = (size_t)m.pixels * m.b_pitch + 64;
    on = (size_t)m.pixels * m.out_pitch + 64;
    m.a = test_memory(an);
    m.b = test_memory(bn);
    m.out = test_memory(on);
    test_fill_u8(m.a, an, test_between(0, 3));
    test_fill_u8(m.b, bn, test_between(0, 3));
    test_fill_u8(m.table, 256, 0);
    memset(m.out, 0xA5, on);
    run(k, operation, &m);
    for (size_t i = 0; i < on; i++) {
        int p = (int)(i / m.out_pitch), c = (int)(i % m.out_pitch);

        wrong += m.out[i] != (p < m.pixels && c < channels ? expected(operation, &m, p, c) : 0xA5);
    }
    CHECK_MSG(!wrong, "%s: operation %d, %d pixels of %d channels, pitches %d %d %d, groups %d: %d wrong",
              k->isa, operation, m.pixels, channels, m.a_pitch, m.b_pitch, m.out_pitch, m.groups, wrong);
    free(m.a);
    free(m.b);
    free(m.out);
}

static void test_input(const struct kernel_table *k, int pixels)
{
    uint8_t *in = test_memory((size_t)pixels * 3 + 64), *out = test_memory((size_t)pixels * 3 + 64),
            table[3][256];
    int wrong = 0;

    test_fill_u8(in, (size_t)pixels * 3, 0);
    test_fill_u8(table[0], 3 * 256, 0);
    out[pixels * 3] = 0xA5;
    k->input_u8(in, out, pixels, (const uint8_t (*)[256])table);
    for (int i = 0; i < pixels * 3; i++)
        wrong += out[i] != table[i % 3][in[i]];
    CHECK_MSG(!wrong && out[pixels * 3] == 0xA5, "%s: %d pixels: %d wrong", k->isa, pixels, wrong);
    free(in);
    free(out);
}

/* PACT of real values and of a sum, by the formula in double; infinities, NaN and ties among the values. */
static void test_levels(const struct kernel_table *k, int channels)
{
    enum { PIXELS = 5 };
    static const int most[] = { 3, 15, 255 };
    int in_pitch = channels + test_between(0, 3), code_pitch = channels + test_between(0, 3),
        pitch = channels + test_between(0, 3), high = most[test_between(0, 2)], wrong[2] = { 0, 0 };
    float scale[MOST], shift[MOST], factor = 0.1f + fabsf(test_real()),
                                    *in = test_memory((PIXELS * (size_t)in_pitch + 64) * sizeof *in);
    size_t on = PIXELS * (size_t)pitch + 64;
    uint8_t *code = test_memory(PIXELS * (size_t)code_pitch + 64),
            *out[2] = { test_memory(on), test_memory(on) };

    test_fill_f32(in, PIXELS * (size_t)in_pitch, 1);
    test_fill_u8(code, PIXELS * (size_t)code_pitch, test_between(0, 3));
    for (int c = 0; c < channels; c++) {
        scale[c] = c % 5 ? test_real() * (float)high / 4 : 0.5f;
        shift[c] = c % 5 ? test_real() * (float)high : (float)(c % 3);
    }
    memset(out[0], 0xA5, on);
    memset(out[1], 0xA5, on);
    k->levels_u8(in, in_pitch, out[0], pitch, PIXELS, channels, scale, shift, high);
    k->residual_u8(in, in_pitch, code, code_pitch, out[1], pitch, PIXELS, channels, factor, high);
    for (size_t i = 0; i < on; i++) {
        size_t p = i / (size_t)pitch, c = i % (size_t)pitch;
        int inside = p < PIXELS && c < (size_t)channels;
        float x = inside ? in[p * (size_t)in_pitch + c] : 0,
              v[2] = { inside ? fmaf(x, scale[c], shift[c]) : 0,
                       inside ? fmaf((float)code[p * (size_t)code_pitch + c], factor, x) : 0 };

        for (int j = 0; j < 2; j++)
            wrong[j] += out[j][i] != (!inside ? 0xA5 : v[j] == v[j] ? code_of(v[j], high) : 0);
    }
    CHECK_MSG(!wrong[0] && !wrong[1], "%s: %d channels, up to %d: %d and %d wrong", k->isa, channels, high,
              wrong[0], wrong[1]);
    free(in);
    free(code);
    free(out[0]);
    free(out[1]);
}

static void test_hand(void)
{
    const struct kernel_table *k = kernel_select("ref");
    const uint8_t a[] = { 10, 0, 255, 128 }, b[] = { 20, 0, 255, 127 };
    struct kernel_add_u8 add = { .mode = ADD_FBGEMM,
                                 .scale_a = 0.5f,
                                 .scale_b = 0.25f,
                                 .offset_a = -0.5f * 8,
                                 .inverse_out = 2,
                                 .zero_point_out = 3,
                                 .high = 255 };
    struct kernel_mul_u8 mul = { .multiplier = 0.5f,
                                 .zero_point_a = 8,
                                 .zero_point_b = 18,
                                 .zero_point_out = 100,
                                 .low = 100,
                                 .high = 171 };
    uint8_t out[4];

    k->add_u8(a, 4, b, 4, out, 4, 1, 4, &add);
    CHECK(out[0] == 2 + 10 + 3 && out[1] == 0 && out[2] == 255);   /* (10-8)/2 + 20/4 = 6, times 2, plus 3 */
    CHECK(out[3] == 187); /* (60 + 31.75) * 2 = 183.5 -> 184 (even), + 3 */
    k->mul_u8(a, 4, b, 4, out, 4, 1, 4, &mul);
    CHECK(out[0] == 102 && out[1] == 171 && out[2] == 171); /* 2*2/2; -8*-18/2, cut at 171 */
    k->affine_u8(a, 2, out, 2, 2, 2,
                 &(struct kernel_affine_u8){
                     (float[]){ 0.5f, -1 }, (float[]){ 0.25f, 3 }, 10, 100, 90, 220 });
    CHECK(out[0] == 100 && out[1] == 113); /* 0.25 -> 0; 10 + 3 */
    CHECK(out[2] == 220 && out[3] == 90);  /* 122.75, cut at 220; -115, cut at 90 */
    k->levels_u8((float[]){ 2.5f, 3.5f, -9, 99 }, 2, out, 2, 2, 2, (float[]){ 1, 2 }, (float[]){ 0, 0.5f },
                 15);
    CHECK(out[0] == 2 && out[1] == 8 && out[2] == 0 && out[3] == 15); /* 2.5, 7.5 */
    k->residual_u8((float[]){ -2.5f, 0.75f, -30, 99 }, 4, a, 4, out, 4, 1, 4, 0.25f, 15);
    CHECK(out[0] == 0 && out[1] == 1 && out[2] == 15 && out[3] == 15); /* -2.5 + 10/4; 63.75 - 30 */
    add = (struct kernel_add_u8){
        .mode = ADD_QNNPACK, .a_multiplier = 1 << 20, .b_multiplier = 3 << 20, .shift = 21, .high = 254
    };
    k->add_u8(a, 4, b, 4, out, 4, 1, 4, &add);
    CHECK(out[0] == 35 && out[1] == 0 && out[2] == 254 && out[3] == 254);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    (void)ref;
    for (int operation = 0; operation < OPERATIONS; operation++)
        for (int c = 1; c <= MOST; c++)
            test_operation(k, operation, c);
    for (int c = 1; c <= MOST; c++)
        test_levels(k, c);
    for (int n = 1; n <= 40; n++)
        test_input(k, n);
}

int main(void)
{
    test_hand();
    test_table(NULL, kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/elementwise_u8");
}
