#include "engine/tiny.h"

static const struct engine_conv *conv_of(struct engine e, int op)
{
    return plan_parameters(e.plan, &e.plan->op[op]);
}

/* numerics 2.2 and 2.3 with scales that are powers of two: t = s_x * s_w = 1/512 (and 1/1024), m = t * 64. */
static void test_requantization(enum engine_arithmetic arithmetic, int per_channel)
{
    struct tiny t;
    struct engine e;
    struct kernel_requant constants;
    const struct kernel_requant *q;
    const struct engine_conv *c;
    float second = per_channel ? 1024 : 512;

    tiny_one(&t, per_channel);
    e = tiny_plan(&t, arithmetic, 0, "ref");
    c = conv_of(e, 1);
    constants = pack_requant(e.plan, c, 0);
    q = &constants;
    CHECK(q->multiplier[0] == 0.125f && q->multiplier[1] == 64 / second);
    CHECK(q->zero_point_out == 7 && q->low == 7);
    CHECK(c->shape.zero_point_in == 3);
    if (arithmetic == ENGINE_QNNPACK) {
        CHECK(q->mode == REQUANT_QNNPACK && q->bias_int[0] == 384 && q->bias_int[1] == (int)(-0.5f * second));
    } else if (per_channel) {
        CHECK(q->mode == REQUANT_FBGEMM_CHANNEL && q->bias_real[0] == 384 && q->bias_real[1] == -512);
    } else {
        CHECK(q->mode == REQUANT_FBGEMM_TENSOR && q->bias_real[0] == 0.75f && q->bias_real[1] == -0.5f &&
              q->inverse == 512);
    }
    CHECK(conv_of(e, 3)->requant.low == 0 && conv_of(e, 3)->requant.zero_point_out == 0);
    engine_close(&e);
    tiny_free(&t);
}

/* The imitation of 16-bit sums takes the reference's layers, under fbgemm alone. */
static void test_saturation(void)
{
    struct tiny t;
    struct engine_options options = { .saturate = ENGINE_SATURATE_AVX2 };
    struct engine e = { 0 };

    tiny_one(&t, 1);
    for (int a = ENGINE_FBGEMM; a <= ENGINE_QNNPACK; a++) {
        options.arithmetic = (enum engine_arithmetic)a;
        tiny_must(engine_open(&t.binding, &options, kernel_select("auto"), &e));
        CHECK(conv_of(e, 1)->saturation == (a == ENGINE_FBGEMM ? KERNEL_SATURATE_PAIRS : KERNEL_EXACT));
        CHECK(pack_kernels(e.plan, conv_of(e, 1)) == kernel_select(a == ENGINE_FBGEMM ? "ref" : "auto"));
        engine_close(&e);
    }
    tiny_free(&t);
}

/* With VNNI fbgemm saturates where it has a depthwise kernel of its own, and nowhere else. */
static void test_saturation_vnni(void)
{
    static const char *const isas[] = { "ref", "avx2", "avx512vnni" };
    struct tiny t;
    struct engine_options options = { .arithmetic = ENGINE_FBGEMM, .saturate = ENGINE_SATURATE_VNNI };
    struct engine e = { 0 };
    int pairs = 0, planned = 0;

    tiny_every(&t, 1, 1);
    for (int other = 0; other < 2; other++) {
        for (size_t k = 0; k < COUNT_OF(isas); k++) {
            const struct kernel_table *kernels = kernel_select(isas[k]);

            if (!kernels)
                continue;
            planned += !other;
            tiny_must(engine_open(&t.binding, &options, kernels, &e));
            for (int i = 0; i < e.plan->head->ops; i++) {
                const struct engine_op *op = &e.plan->op[i];
                int layer = op->kind == KIND_CONV || op->kind == KIND_DEPTHWISE,
                    saturates = layer && conv_of(e, i)->saturation == KERNEL_SATURATE_PAIRS;

                pairs += saturates;
                CHECK_MSG(saturates == (!other && strcmp(op->name, "dw") == 0), "%s, %s", isas[k], op->name);
                CHECK(!saturates || pack_kernels(e.plan, conv_of(e, i)) == kernel_select("ref"));
            }
            engine_close(&e);
        }
        t.model.node[model_find(&t.model, "dw")].pad_y = 0; /* no longer (kernel - 1) / 2 */
    }
    CHECK(planned > 0 && pairs == planned);
    tiny_free(&t);
}

int main(void)
{
    test_saturation_vnni();
    test_requantization(ENGINE_FBGEMM, 0);
    test_requantization(ENGINE_FBGEMM, 1);
    test_requantization(ENGINE_QNNPACK, 0);
    test_requantization(ENGINE_QNNPACK, 1);
    test_saturation();
    CHECK(mem_live() == 0);
    return check_result("engine/pack");
}
