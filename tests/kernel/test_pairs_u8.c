/* tests/kernel/test_pairs_u8.c: add and mul of deployed files: all 65,536 pairs of codes at some scales, on
 * every instruction set, by the formulas of deployed_test.h; rows for all pixels. */
#include "deployed_test.h"
#include "kernel_test.h"

enum what { TFLITE, TFLITE_LESS, XNNPACK, XNNPACK_LESS, ORT, MUL_FIXED, MUL_ROUNDED, MUL_ADDED, WHATS };

enum { CODES = 256, PAIRS = CODES * CODES };
static uint8_t first[PAIRS + 64], second[PAIRS + 64], out[PAIRS + 64];

struct scales {
    struct deployed_q a, b, o;
    int offset; /* of signed codes: ours are the file's and this */
};

static struct deployed_q random_q(int offset)
{
    struct deployed_q q = { 0.02f * exp2f(test_real() * 3), test_between(0, 3) ? test_between(0, 255) : 0, 0,
                            255 };

    q.zero_point -= offset;
    q.low -= offset;
    q.high -= offset;
    return q;
}

static struct scales random_scales(void)
{
    struct scales s = { .offset = test_between(0, 1) ? 128 : 0 };

    s.a = random_q(s.offset);
    s.b = random_q(s.offset);
    s.o = random_q(s.offset);
    if (test_between(0, 3) == 0)
        s.b.scale = s.o.scale = s.a.scale; /* ties */
    if (test_between(0, 3) == 0)
        s.o.low = s.o.zero_point;
    if (test_between(0, 3) == 0)
        s.o.high = test_between(s.o.low, s.o.high);
    return s;
}

static int expected(enum what what, const struct scales *s, int qa, int qb)
{
    switch (what) {
    case TFLITE:
    case TFLITE_LESS:
        return deployed_add_tflite(s->a, s->b, s->o, qa, qb, what == TFLITE ? 1 : -1);
    case XNNPACK:
    case XNNPACK_LESS:
        return deployed_add_xnnpack(s->a, s->b, s->o, qa, qb, what == XNNPACK ? 1 : -1);
    case ORT:
        return deployed_add_ort(s->a, s->b, s->o, qa, qb);
    case MUL_FIXED:
        return deployed_mul_tflite(s->a, s->b, s->o, qa, qb);
    default:
        return deployed_mul_real(s->a, s->b, s->o, qa, qb, what == MUL_ADDED);
    }
}

static void set_fixed(double d, int32_t *multiplier, int32_t *shift)
{
    int64_t m;
    int e;

    deployed_qm(d, &m, &e);
    *multiplier = (int32_t)m;
    *shift = e;
}

static struct kernel_add_u8 add_of(enum what what, const struct scales *s)
{
    struct kernel_add_u8 p = { .mode = what == TFLITE        ? ADD_TFLITE
                                       : what == TFLITE_LESS ? ADD_TFLITE_LESS
                                       : what == ORT         ? ADD_ORT
                                                             : ADD_XNNPACK,
                               .zero_point_a = what == ORT ? s->offset : s->a.zero_point + s->offset,
                               .zero_point_b = what == ORT ? s->offset : s->b.zero_point + s->offset,
                               .zero_point_out = what == ORT ? s->offset : s->o.zero_point + s->offset,
                               .low = s->o.low + s->offset,
                               .high = s->o.high + s->offset };
    float ra = s->a.scale / s->o.scale, rb = s->b.scale / s->o.scale,
          twice = 2 * fmaxf(s->a.scale, s->b.scale);

    p.scale_a = ra;
    p.scale_b = rb;
    p.offset_a = (float)s->o.zero_point - fmaf(ra, (float)s->a.zero_point, rb * (float)s->b.zero_point);
    if (p.mode == ADD_XNNPACK) {
        p.shift = 20 - ilogbf(fmaxf(ra, rb));
        p.a_multiplier = (int32_t)lrintf(ldexpf(ra, p.shift));
        p.b_multiplier = (int32_t)lrintf(ldexpf(rb, p.shift)) * (what == XNNPACK ? 1 : -1);
    } else {
        set_fixed((double)s->a.scale / (double)twice, &p.a_multiplier, &p.a_shift);
        set_fixed((double)s->b.scale / (double)twice, &p.b_multiplier, &p.b_shift);
        set_fixed((double)twice / (double)(1048576.0f * s->o.scale), &p.out_multiplier, &p.shift);
    }
    return p;
}

static struct kernel_mul_u8 mul_of(enum what what, const struct scales *s)
{
    struct kernel_mul_u8 p = { .multiplier = s->a.scale * s->b.scale / s->o.scale,
                               .zero_point_a = s->a.zero_point + s->offset,
                               .zero_point_b = s->b.zero_point + s->offset,
                               .zero_point_out = s->o.zero_point + s->offset,
                               .low = s->o.low + s->offset,
                               .high = s->o.high + s->offset };

    if (what == MUL_FIXED) {
        p.mode = MUL_TFLITE;
        set_fixed((double)p.multiplier, &p.fixed, &p.shift);
    } else if (what == MUL_ADDED) {
        p.mode = MUL_ORT;
        p.added = (float)s->o.zero_point;
        p.zero_point_out = s->offset;
    }
    return p;
}

/* a_pitch or b_pitch 0: each of the 256 pixels has the first row of that input. */
static void run(const struct kernel_table *k, enum what what, const struct scales *s, int a_pitch,
                int b_pitch)
{
    struct kernel_add_u8 add = add_of(what, s);
    struct kernel_mul_u8 mul = mul_of(what, s);

    memset(out, 0xA5, sizeof out);
    if (what >= MUL_FIXED)
        k->mul_u8(first, a_pitch, second, b_pitch, out, CODES, CODES, CODES, &mul);
    else
        k->add_u8(first, a_pitch, second, b_pitch, out, CODES, CODES, CODES, &add);
}

static void test_pairs(const struct kernel_table *k, enum what what)
{
    struct scales s = random_scales();
    int a_pitch = CODES, b_pitch = CODES, which = test_between(0, 3), wrong = 0, at = -1;

    for (int i = 0; i < PAIRS; i++) {
        first[i] = (uint8_t)(i / CODES);
        second[i] = (uint8_t)i;
    }
    if (which == 0)
        b_pitch = 0; /* one row of all codes */
    if (which == 1) {
        a_pitch = 0;
        for (int i = 0; i < PAIRS; i++) {
            first[i] = (uint8_t)i;
            second[i] = (uint8_t)(i / CODES);
        }
    }
    run(k, what, &s, a_pitch, b_pitch);
    for (int i = 0; i < PAIRS; i++) {
        int c = i % CODES, pixel = i / CODES, qa = first[pixel * a_pitch + c],
            qb = second[pixel * b_pitch + c];

        if (out[i] != expected(what, &s, qa - s.offset, qb - s.offset) + s.offset) {
            wrong++;
            at = i;
        }
    }
    CHECK_MSG(wrong == 0 && out[PAIRS] == 0xA5, "%s: %d: scales %a %a %a zero points %d %d %d: %d wrong, %d",
              k->isa, (int)what, (double)s.a.scale, (double)s.b.scale, (double)s.o.scale, s.a.zero_point,
              s.b.zero_point, s.o.zero_point, wrong, at);
}

/* Scales 1 and 1/2 to 1. tflite: 3 - 1 / 2 is 2.5, away from zero 3. xnnpack: -2.5 is -2 upward. ort: the sum
 * 2.5 is even at 2, with the zero point 1 it is 3.5 and even at 4. */
static void test_hand(const struct kernel_table *k)
{
    struct scales s = { .a = { 1, 0, 0, 255 }, .b = { 0.5f, 4, 0, 255 }, .o = { 1, 0, 0, 255 } };

    memset(first, 3, 64);
    memset(second, 3, 64);
    run(k, TFLITE, &s, CODES, CODES);
    CHECK_MSG(out[0] == 3, "%s: %d", k->isa, out[0]);
    run(k, ORT, &s, CODES, CODES);
    CHECK_MSG(out[0] == 2, "%s: %d", k->isa, out[0]);
    s.o.zero_point = 1;
    run(k, ORT, &s, CODES, CODES);
    CHECK_MSG(out[0] == 4, "%s: %d", k->isa, out[0]);
    s.a.zero_point = 5;
    s.o.zero_point = 100; /* -2 - 1 / 2 */
    run(k, TFLITE, &s, CODES, CODES);
    CHECK_MSG(out[0] == 97, "%s: %d", k->isa, out[0]);
    run(k, XNNPACK, &s, CODES, CODES);
    CHECK_MSG(out[0] == 98, "%s: %d", k->isa, out[0]);
    s.b.zero_point = 2; /* -2 * 1 / 2 * 1/2 = -1/2 and zero points of either parity */
    s.o.scale = 2;
    for (s.o.zero_point = 100; s.o.zero_point < 102; s.o.zero_point++) {
        run(k, MUL_FIXED, &s, CODES, CODES);
        CHECK_MSG(out[0] == s.o.zero_point - 1, "%s: %d", k->isa, out[0]);
        run(k, MUL_ROUNDED, &s, CODES, CODES);
        CHECK_MSG(out[0] == s.o.zero_point, "%s: %d", k->isa, out[0]);
        run(k, MUL_ADDED, &s, CODES, CODES);
        CHECK_MSG(out[0] == 100, "%s: %d", k->isa, out[0]);
    }
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    (void)ref;
    test_hand(k);
    for (int what = 0; what < WHATS; what++)
        for (int i = 0; i < 10; i++)
            test_pairs(k, (enum what)what);
}

int main(void)
{
    test_table(NULL, kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/pairs_u8");
}
