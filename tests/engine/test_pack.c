#include "engine/tiny.h"

/* numerics 2.2 and 2.3 with scales that are powers of two: t = s_x * s_w = 1/512 (and 1/1024), m = t * 64. */
static void test_requantization(enum engine_arithmetic arithmetic, int per_channel)
{
    struct tiny t;
    struct engine *e;
    const struct kernel_requant *q;
    float second = per_channel ? 1024 : 512;

    tiny_one(&t, per_channel);
    e = tiny_plan(&t, arithmetic, 0, "ref");
    q = &e->step[1].requant;
    CHECK(q->multiplier[0] == 0.125f && q->multiplier[1] == 64 / second);
    CHECK(q->zero_point_out == 7 && q->low == 7);
    CHECK(e->step[1].shape.zero_point_in == 3);
    if (arithmetic == ENGINE_QNNPACK) {
        CHECK(q->mode == REQUANT_QNNPACK && q->bias_int[0] == 384 && q->bias_int[1] == (int)(-0.5f * second));
    } else if (per_channel) {
        CHECK(q->mode == REQUANT_FBGEMM_CHANNEL && q->bias_real[0] == 384 && q->bias_real[1] == -512);
    } else {
        CHECK(q->mode == REQUANT_FBGEMM_TENSOR && q->bias_real[0] == 0.75f && q->bias_real[1] == -0.5f &&
              q->inverse == 512);
    }
    CHECK(e->step[3].requant.low == 0 && e->step[3].requant.zero_point_out == 0);
    engine_free(e);
    tiny_free(&t);
}

/* The imitation of 16-bit sums takes the reference's layers, under fbgemm alone. */
static void test_saturation(void)
{
    struct tiny t;
    struct engine_options options = { .saturate = ENGINE_SATURATE_AVX2 };
    struct engine *e = NULL;

    tiny_one(&t, 1);
    for (int a = ENGINE_FBGEMM; a <= ENGINE_QNNPACK; a++) {
        options.arithmetic = (enum engine_arithmetic)a;
        tiny_must(engine_plan(&t.binding, &options, kernel_select("auto"), &e));
        CHECK(e->step[1].saturation == (a == ENGINE_FBGEMM ? KERNEL_SATURATE_PAIRS : KERNEL_EXACT));
        CHECK(e->step[1].kernels == kernel_select(a == ENGINE_FBGEMM ? "ref" : "auto"));
        engine_free(e);
    }
    tiny_free(&t);
}

/* With VNNI fbgemm saturates where it has a depthwise kernel of its own, and nowhere else. */
static void test_saturation_vnni(void)
{
    static const char *const isas[] = { "ref", "avx2", "avx512vnni" };
    struct tiny t;
    struct engine_options options = { .arithmetic = ENGINE_FBGEMM, .saturate = ENGINE_SATURATE_VNNI };
    struct engine *e = NULL;
    int pairs = 0, planned = 0;

    tiny_every(&t, 1, 1);
    for (int other = 0; other < 2; other++) {
        for (size_t k = 0; k < COUNT_OF(isas); k++) {
            const struct kernel_table *kernels = kernel_select(isas[k]);

            if (!kernels)
                continue;
            planned += !other;
            tiny_must(engine_plan(&t.binding, &options, kernels, &e));
            for (int i = 0; i < e->steps; i++) {
                int saturates = e->step[i].saturation == KERNEL_SATURATE_PAIRS;

                pairs += saturates;
                CHECK_MSG(saturates == (!other && strcmp(e->step[i].name, "dw") == 0), "%s, %s", isas[k],
                          e->step[i].name);
                CHECK(!saturates || e->step[i].kernels == kernel_select("ref"));
            }
            engine_free(e);
        }
        t.model.node[model_find(&t.model, "dw")].pad = 0; /* no longer (kernel - 1) / 2 */
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
