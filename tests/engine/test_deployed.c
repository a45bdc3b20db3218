/* Arithmetics of deployed files: constants by hand; sums and products of all pairs of codes, from scales to
 * codes, by the formulas of kernel/deployed_test.h. */
#include <math.h>
#include <string.h>

#include "base.h"
#include "check.h"
#include "engine/plan.h"
#include "kernel/deployed_test.h"
#include "tiny_deployed.h"

enum { CODES = 256, PAIRS = CODES * CODES };

static void test_fixed(void)
{
    int32_t m, e;

    CHECK(deployed_fixed(0.5, &m, &e) == OK && m == 1 << 30 && e == 0);
    CHECK(deployed_fixed(1, &m, &e) == OK && m == 1 << 30 && e == 1);
    CHECK(deployed_fixed(0.1875, &m, &e) == OK && m == 3 << 29 && e == -2);
    CHECK(deployed_fixed(1 - 0x1p-40, &m, &e) == OK && m == 1 << 30 && e == 1); /* rounded up to 2^31 */
    CHECK(deployed_fixed(0, &m, &e) == OK && m == 0 && e == 0);
    CHECK(deployed_fixed(0x1p-33, &m, &e) == OK && m == 0 && e == 0);
    CHECK(deployed_fixed(0x1p31, &m, &e) == ERR_RANGE && deployed_fixed(NAN, &m, &e) == ERR_RANGE);
    for (int i = 0; i < 200; i++) {
        double d = ldexp(1 + i / 199.0, i % 60 - 35);
        int64_t expected;
        int shift;

        deployed_qm(d, &expected, &shift);
        CHECK_MSG(deployed_fixed(d, &m, &e) == OK && m == expected && e == shift, "%a", d);
    }
}

/* Ties: 2.5 steps are 3 away from zero, 2 to even; -2.5 likewise. */
static void test_codes(void)
{
    const struct quant_params q = { 0.5, 10, 0, 255, 0 };
    struct deployed_ends e;

    CHECK(deployed_code(ENGINE_TFLITE, 1.25f, q) == 13 && deployed_code(ENGINE_TFLITE, -1.25f, q) == 7);
    CHECK(deployed_code(ENGINE_XNNPACK, 1.25f, q) == 12 && deployed_code(ENGINE_XNNPACK, -1.25f, q) == 8);
    CHECK(deployed_code(ENGINE_ORT, 1.25f, q) == 12 && deployed_code(ENGINE_ORT, -1.25f, q) == 8);
    CHECK(deployed_code(ENGINE_ORT, INFINITY, q) == 255 && deployed_code(ENGINE_ORT, -INFINITY, q) == 0);
    CHECK(deployed_code(ENGINE_ORT, NAN, q) == 0);
    e = deployed_relu(ENGINE_TFLITE, q, ENGINE_NO_RELU);
    CHECK(e.low == 0 && e.high == 255);
    e = deployed_relu(ENGINE_TFLITE, q, ENGINE_RELU);
    CHECK(e.low == 10 && e.high == 255);
    e = deployed_relu(ENGINE_ORT, q, ENGINE_RELU6);
    CHECK(e.low == 10 && e.high == 22);
    e = deployed_ends(ENGINE_XNNPACK, q, -1.25f, 1.25f); /* TensorFlow Lite's ends */
    CHECK(e.low == 7 && e.high == 13);
}

/* ---- layers ---------------------------------------------------------------------------------------------
 */

struct layer_case {
    struct model_layer layer;
    struct pack_job job;
    struct engine_conv c;
    uint8_t constants[4 * ENGINE_LANES * sizeof(float)];
};

static void make_layer(struct layer_case *t, enum engine_arithmetic a, int offset)
{
    static int32_t bias[2] = { 100, -7 };
    static double scale[2] = { 0.0101f, 0.0203f };

    *t = (struct layer_case){
        .layer = { .oc = 2, .ic = 3, .kh = 1, .kw = 1, .bias_int = bias, .scales = 2, .scale = scale },
        .job = { .kind = KIND_CONV,
                 .in = { 0.0317f, 3, 0, 255, offset },
                 .out = { 0.0911f, 5, 0, 255, offset },
                 .relu = ENGINE_RELU },
        .c = { .lanes = ENGINE_LANES }
    };
    CHECK(deployed_layer(a, &t->layer, &t->job, &t->c, t->constants) == OK);
}

static void test_layers(void)
{
    static int zero_point[2] = { 0, -9 };
    float product = 0.0317f * 0.0203f;
    struct layer_case t;
    int32_t *row = (int32_t *)(void *)t.constants;
    int64_t m;
    int e;

    make_layer(&t, ENGINE_ORT, 0);
    CHECK(((float *)(void *)row)[1] == product / 0.0911f && row[2 * ENGINE_LANES] == 100 &&
          row[2 * ENGINE_LANES + 1] == -7);
    CHECK(t.c.requant.mode == REQUANT_QNNPACK && t.c.requant.low == 5 && t.c.requant.high == 255 &&
          t.c.requant.zero_point_out == 5 && !t.c.requant.nearest && !t.c.zero_points);
    make_layer(&t, ENGINE_TFLITE, 0); /* unsigned: the product is rounded */
    deployed_qm((double)product / (double)0.0911f, &m, &e);
    CHECK(t.c.requant.mode == REQUANT_TFLITE && row[1] == m && row[ENGINE_LANES + 1] == e);
    make_layer(&t, ENGINE_TFLITE, 128);
    deployed_qm((double)0.0317f * (double)0.0203f / (double)0.0911f, &m, &e);
    CHECK(row[1] == m && row[ENGINE_LANES + 1] == e);
    t.layer.zero_point = zero_point;
    t.job.out.scale = 1e-9; /* so fine that products leave 32 bits */
    CHECK(deployed_layer(ENGINE_XNNPACK, &t.layer, &t.job, &t.c, t.constants) == OK);
    CHECK(t.c.zero_points && row[3 * ENGINE_LANES] == 0 && row[3 * ENGINE_LANES + 1] == -9 &&
          t.c.requant.nearest);
    t.job.out.scale = 1e-16;
    CHECK(deployed_layer(ENGINE_TFLITE, &t.layer, &t.job, &t.c, t.constants) == ERR_RANGE);
    t.job.kind = KIND_SUM; /* fully connected: in double */
    t.job.out.scale = 0.5;
    CHECK(deployed_layer(ENGINE_TFLITE, &t.layer, &t.job, &t.c, t.constants) == OK);
    CHECK(t.c.requant.mode == REQUANT_SUM &&
          ((double *)(void *)row)[1] == (double)0.0317f * (double)0.0203f / 0.5);
    t.job.out.scale = 0; /* real values */
    CHECK(deployed_layer(ENGINE_ORT, &t.layer, &t.job, &t.c, t.constants) == OK);
    CHECK(((float *)(void *)row)[1] == product);
}

/* ---- all pairs ------------------------------------------------------------------------------------------
 */

static uint8_t first[PAIRS], second[PAIRS], out[PAIRS];

static struct quant_params random_q(struct random *r, int offset)
{
    double steps = (double)random_below(r, 6000) / 1000 - 3;

    return (struct quant_params){ .scale = (float)(0.02 * exp2(steps)),
                                  .zero_point = (int)random_below(r, 256),
                                  .high = 255,
                                  .offset = offset };
}

static struct deployed_q own(struct quant_params q)
{
    return (struct deployed_q){ (float)q.scale, q.zero_point - q.offset, q.low - q.offset,
                                q.high - q.offset };
}

/* sign: 1, of a difference -1, of a product 0. */
static int expected(enum engine_arithmetic a, int sign, const struct deployed_q q[3], int qa, int qb)
{
    if (!sign)
        return a == ENGINE_TFLITE ? deployed_mul_tflite(q[0], q[1], q[2], qa, qb)
                                  : deployed_mul_real(q[0], q[1], q[2], qa, qb, a == ENGINE_ORT);
    return a == ENGINE_TFLITE    ? deployed_add_tflite(q[0], q[1], q[2], qa, qb, sign)
           : a == ENGINE_XNNPACK ? deployed_add_xnnpack(q[0], q[1], q[2], qa, qb, sign)
                                 : deployed_add_ort(q[0], q[1], q[2], qa, qb);
}

static void test_pairs(struct random *r, enum engine_arithmetic a, int sign)
{
    const struct kernel_table *k = kernel_select("ref");
    int offset = random_below(r, 2) ? 128 : 0, relu = (int)random_below(r, 2), wrong = 0;
    struct quant_params q[3] = { random_q(r, offset), random_q(r, offset), random_q(r, offset) };
    struct deployed_q of[3] = { own(q[0]), own(q[1]), own(q[2]) };
    struct kernel_add_u8 add;
    struct kernel_mul_u8 mul;

    if (relu)
        of[2].low = of[2].zero_point;
    if (!sign) {
        CHECK(arithmetic_mul(a, q[0], q[1], q[2], relu ? ENGINE_RELU : ENGINE_NO_RELU, &mul) == OK);
        k->mul_u8(first, CODES, second, CODES, out, CODES, CODES, CODES, &mul);
    } else {
        CHECK(arithmetic_add(a, q[0], q[1], q[2], relu ? ENGINE_RELU : ENGINE_NO_RELU, &add) == OK);
        CHECK(sign > 0 || arithmetic_less(a, &add) == OK);
        k->add_u8(first, CODES, second, CODES, out, CODES, CODES, CODES, &add);
    }
    for (int i = 0; i < PAIRS; i++)
        wrong += out[i] != expected(a, sign, of, first[i] - offset, second[i] - offset) + offset;
    CHECK_MSG(wrong == 0, "%s, %d: %d wrong", engine_arithmetic_name(a), sign, wrong);
}

/* ---- whose arithmetic, and what saturates ----------------------------------------------------------------
 */

static status open_plan(const struct tiny *t, enum engine_arithmetic a, enum engine_saturation saturate,
                        struct engine *e)
{
    const struct engine_options options = { .arithmetic = a, .saturate = saturate };

    *e = (struct engine){ 0 };
    return engine_open(&t->binding, &options, kernel_select("ref"), e);
}

static enum kernel_saturation saturation_of(struct engine e, const char *name)
{
    for (int i = 0; i < engine_steps(e.plan); i++)
        if (strcmp(engine_step_name(e.plan, i), name) == 0)
            return ((const struct engine_conv *)plan_parameters(e.plan, &e.plan->op[i]))->saturation;
    return (enum kernel_saturation) - 1;
}

/* Of the layers `first` alone is dense and reads unsigned codes. */
static void test_families(void)
{
    struct engine e;
    struct tiny t;

    tiny_deployed(&t, "onnxruntime");
    CHECK(open_plan(&t, ENGINE_AUTO, ENGINE_SATURATE_ORT, &e) == OK);
    CHECK(engine_arithmetic_used(e.plan) == ENGINE_ORT);
    CHECK(saturation_of(e, "first") == KERNEL_SATURATE_PAIRS && saturation_of(e, "tall") == KERNEL_EXACT &&
          saturation_of(e, "wide") == KERNEL_EXACT && saturation_of(e, "fc") == KERNEL_EXACT);
    engine_close(&e);
    /* Nor do weights that have no sign in the file. */
    tiny_offset(&t, "first", ".weight_offset", -128);
    CHECK(open_plan(&t, ENGINE_AUTO, ENGINE_SATURATE_ORT, &e) == OK);
    CHECK(saturation_of(e, "first") == KERNEL_EXACT);
    engine_close(&e);
    CHECK(open_plan(&t, ENGINE_QNNPACK, ENGINE_EXACT, &e) == ERR_MISMATCH &&
          open_plan(&t, ENGINE_XNNPACK, ENGINE_EXACT, &e) == ERR_MISMATCH &&
          open_plan(&t, ENGINE_ORT, ENGINE_SATURATE_AVX2, &e) == ERR_MISMATCH);
    tiny_free(&t);
    tiny_deployed(&t, "tflite");
    CHECK(open_plan(&t, ENGINE_AUTO, ENGINE_EXACT, &e) == OK);
    CHECK(engine_arithmetic_used(e.plan) == ENGINE_TFLITE);
    engine_close(&e);
    CHECK(open_plan(&t, ENGINE_XNNPACK, ENGINE_EXACT, &e) == OK);
    engine_close(&e);
    CHECK(open_plan(&t, ENGINE_ORT, ENGINE_EXACT, &e) == ERR_MISMATCH &&
          open_plan(&t, ENGINE_AUTO, ENGINE_SATURATE_ORT, &e) == ERR_MISMATCH);
    tiny_free(&t);
    tiny_every(&t, 1, 0);
    CHECK(open_plan(&t, ENGINE_TFLITE, ENGINE_EXACT, &e) == ERR_MISMATCH);
    tiny_free(&t);
    CHECK(engine_saturates(ENGINE_ORT, ENGINE_SATURATE_ORT) &&
          !engine_saturates(ENGINE_ORT, ENGINE_SATURATE_VNNI) &&
          engine_saturates(ENGINE_FBGEMM, ENGINE_SATURATE_VNNI) &&
          !engine_saturates(ENGINE_FBGEMM, ENGINE_SATURATE_ORT) &&
          !engine_saturates(ENGINE_QNNPACK, ENGINE_SATURATE_AVX2));
}

static const struct engine_add *sum_of(struct engine e, const char *name)
{
    for (int i = 0; i < engine_steps(e.plan); i++)
        if (strcmp(engine_step_name(e.plan, i), name) == 0)
            return plan_parameters(e.plan, &e.plan->op[i]);
    return NULL;
}

/* A constant that is the first operand: the same real sum, so that codes differ by one where it lies at a
 * tie. */
static void test_first(void)
{
    uint8_t pixels[DEPLOYED_H * DEPLOYED_W * 3], code[2][DEPLOYED_H * DEPLOYED_W * 16];
    const struct engine_add *sum;
    struct engine e[2];
    struct tiny t[2];
    int wrong = 0;

    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * 37);
    for (int k = 0; k < 2; k++) {
        struct engine_map m;

        tiny_deployed(&t[k], "onnxruntime");
        if (k)
            tiny_offset(&t[k], "shifted", ".first", 1);
        CHECK(engine_open(&t[k].binding, &(struct engine_options){ .keep = 1 }, kernel_select("ref"),
                          &e[k]) == OK);
        engine_run(e[k].plan, e[k].state, pixels);
        m = engine_node_map(e[k].plan, e[k].state, model_find(&t[k].model, "shifted"));
        for (int i = 0; i < m.c * m.h * m.w; i++)
            code[k][i] = m.codes[i / m.c * m.pitch + i % m.c];
        for (int i = 0; k && i < m.c * m.h * m.w; i++)
            wrong += abs(code[0][i] - code[1][i]) > 1;
        sum = sum_of(e[k], "shifted");
        CHECK(sum && sum->first == k && sum->codes.scale_a != sum->codes.scale_b);
        if (k)
            CHECK(sum->codes.scale_a == sum_of(e[0], "shifted")->codes.scale_b &&
                  sum->codes.scale_b == sum_of(e[0], "shifted")->codes.scale_a && !wrong);
        else
            CHECK(m.c == 16 && m.h * m.w <= DEPLOYED_H * DEPLOYED_W);
    }
    for (int k = 0; k < 2; k++) {
        engine_close(&e[k]);
        tiny_free(&t[k]);
    }
}

int main(void)
{
    struct random r = { .seed = 8 };
    struct kernel_add_u8 add;

    test_fixed();
    test_codes();
    test_layers();
    test_families();
    test_first();
    for (int i = 0; i < PAIRS; i++) {
        first[i] = (uint8_t)(i / CODES);
        second[i] = (uint8_t)i;
    }
    for (int a = ENGINE_TFLITE; a <= ENGINE_ORT; a++)
        for (int i = 0; i < 12; i++)
            test_pairs(&r, (enum engine_arithmetic)a, i % (a == ENGINE_ORT ? 2 : 3) - (a != ENGINE_ORT));
    CHECK(arithmetic_less(ENGINE_ORT, &add) == ERR_MISMATCH &&
          arithmetic_less(ENGINE_FBGEMM, &add) == ERR_MISMATCH);
    CHECK(deployed_add(ENGINE_XNNPACK, (struct quant_params){ 1, 0, 0, 255, 0 },
                       (struct quant_params){ 0.0001, 0, 0, 255, 0 },
                       (struct quant_params){ 1, 0, 0, 255, 0 }, ENGINE_NO_RELU, &add) == ERR_RANGE);
    return check_result("engine/deployed");
}
