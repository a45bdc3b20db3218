#include "engine/tiny.h"

static void test_maps(int int8)
{
    struct tiny t;
    struct engine plain, keep;
    uint8_t pixels[12 * 12 * 3];
    float real[16 * 6 * 6];
    struct engine_map m;
    int sum;

    tiny_every(&t, int8, 1);
    tiny_pixels(&t, pixels, sizeof pixels);
    plain = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    keep = tiny_plan(&t, ENGINE_AUTO, 1, "auto");
    engine_run(plain.plan, plain.state, pixels);
    engine_run(keep.plan, keep.state, pixels);
    CHECK(engine_form(keep.plan) == (int8 ? PRECISION_CODES : PRECISION_REAL) &&
          engine_classes(keep.plan) == 5);
    sum = model_find(&t.model, "sum");
    m = engine_node_map(plain.plan, plain.state, sum);
    CHECK(!m.real && !m.codes && m.c == 16 && m.h == 6);
    for (int i = 0; i < t.model.nodes; i++) {
        m = engine_node_map(keep.plan, keep.state, i);
        CHECK_MSG((m.codes != NULL) == int8 && (m.real != NULL) == !int8, "%s", t.model.node[i].name);
        CHECK(m.c == t.model.node[i].c && m.pitch >= m.c);
    }
    m = engine_node_map(keep.plan, keep.state, model_find(&t.model, "right"));
    engine_map_copy_real(&m, real);
    for (int i = 0; i < 36 * 8; i++) {
        size_t at = (size_t)(i / 8) * 16 + (size_t)(i % 8);

        CHECK(real[i] == (int8 ? dequantize_value(m.codes[at], m.q.scale, m.q.zero_point) : m.real[at]));
    }
    engine_close(&plain);
    engine_close(&keep);
    tiny_free(&t);
}

static void test_profile(void)
{
    struct tiny t;
    struct engine e;
    uint8_t pixels[12 * 12 * 3] = { 0 };
    double times[32];
    uint64_t macs = 0;

    tiny_every(&t, 0, 0);
    e = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    CHECK(strcmp(engine_step_name(e.plan, 1), "first") == 0 &&
          engine_step_macs(e.plan, 1) == 12 * 12 * 16 * 27);
    CHECK(engine_steps(e.plan) < 32);
    CHECK(engine_profile(e.plan, e.state, pixels, 3, times) == OK);
    for (int i = 0; i < engine_steps(e.plan); i++) {
        CHECK(times[i] >= 0 && times[i] < 1);
        macs += engine_step_macs(e.plan, i);
    }
    CHECK(macs == t.binding.macs);
    CHECK(engine_memory_used(e.plan, e.state).weights > 4 * 16 * 27 &&
          engine_memory_used(e.plan, e.state).arena > 4 * 12 * 12 * 16);
    engine_close(&e);
    tiny_free(&t);
}

/* A fused relu, and a cat part of which is written in place: values lie on the grid, what comes before stays,
 * the logits change. */
static void test_round(const char *name, double scale)
{
    struct tiny t;
    struct engine_options options = { .keep = 1 };
    struct quant_params round[32] = { { 0 } };
    struct engine plain, e;
    struct engine_map a, b;
    uint8_t pixels[12 * 12 * 3];
    int node, wrong = 0;

    tiny_every(&t, 0, 0);
    tiny_pixels(&t, pixels, sizeof pixels);
    node = model_find(&t.model, name);
    round[node] = (struct quant_params){ scale, 3, 0, 255, 0 };
    plain = tiny_plan(&t, ENGINE_AUTO, 1, "auto");
    options.round = round;
    tiny_must(engine_open(&t.binding, &options, kernel_select("auto"), &e));
    engine_run(plain.plan, plain.state, pixels);
    engine_run(e.plan, e.state, pixels);
    a = engine_node_map(plain.plan, plain.state, node);
    b = engine_node_map(e.plan, e.state, node);
    for (int i = 0; i < a.h * a.w; i++)
        for (int c = 0; c < a.c; c++) {
            float x = a.real[(size_t)i * (size_t)a.pitch + (size_t)c];
            int code = quantize_params_value(x, round[node]);

            wrong += b.real[(size_t)i * (size_t)b.pitch + (size_t)c] != dequantize_value(code, scale, 3);
        }
    CHECK_MSG(wrong == 0, "%s: %d", name, wrong);
    CHECK(memcmp(engine_logits(plain.plan, plain.state), engine_logits(e.plan, e.state), 5 * sizeof(float)) !=
          0);
    engine_close(&plain);
    engine_close(&e);
    tiny_free(&t);
}

int main(void)
{
    test_round("first_relu", 0.25);
    test_round("join", 0.5);
    test_round("fc", 0.5);
    CHECK(strcmp(engine_arithmetic_name(ENGINE_FBGEMM), "fbgemm") == 0);
    test_maps(0);
    test_maps(1);
    test_profile();
    engine_plan_free(NULL);
    engine_state_free(NULL);
    CHECK(mem_live() == 0);
    return check_result("engine/engine");
}
