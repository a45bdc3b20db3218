#include "engine/tiny.h"

static void test_maps(int int8)
{
    struct tiny t;
    struct engine *plain, *keep;
    uint8_t pixels[12 * 12 * 3];
    float real[16 * 6 * 6];
    struct engine_map m;
    int sum;

    tiny_every(&t, int8, 1);
    tiny_pixels(&t, pixels, sizeof pixels);
    plain = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    keep = tiny_plan(&t, ENGINE_AUTO, 1, "auto");
    engine_run(plain, pixels);
    engine_run(keep, pixels);
    CHECK(engine_form(keep) == (int8 ? PRECISION_CODES : PRECISION_REAL) && engine_classes(keep) == 5);
    sum = model_find(&t.model, "sum");
    m = engine_node_map(plain, sum);
    CHECK(!m.real && !m.codes && m.c == 16 && m.h == 6);
    for (int i = 0; i < t.model.nodes; i++) {
        m = engine_node_map(keep, i);
        CHECK_MSG((m.codes != NULL) == int8 && (m.real != NULL) == !int8, "%s", t.model.node[i].name);
        CHECK(m.c == t.model.node[i].c && m.pitch >= m.c);
    }
    m = engine_node_map(keep, model_find(&t.model, "right"));
    engine_map_copy_real(&m, real);
    for (int i = 0; i < 36 * 8; i++) {
        size_t at = (size_t)(i / 8) * 16 + (size_t)(i % 8);

        CHECK(real[i] == (int8 ? dequantize_value(m.codes[at], m.q.scale, m.q.zero_point) : m.real[at]));
    }
    engine_free(plain);
    engine_free(keep);
    tiny_free(&t);
}

static void test_profile(void)
{
    struct tiny t;
    struct engine *e;
    uint8_t pixels[12 * 12 * 3] = { 0 };
    double times[32];
    uint64_t macs = 0;

    tiny_every(&t, 0, 0);
    e = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    CHECK(strcmp(engine_step_name(e, 1), "first") == 0 && engine_step_macs(e, 1) == 12 * 12 * 16 * 27);
    CHECK(engine_steps(e) < 32);
    CHECK(engine_profile(e, pixels, 3, times) == OK);
    for (int i = 0; i < engine_steps(e); i++) {
        CHECK(times[i] >= 0 && times[i] < 1);
        macs += engine_step_macs(e, i);
    }
    CHECK(macs == t.binding.macs);
    CHECK(engine_memory_used(e).weights > 4 * 16 * 27 && engine_memory_used(e).arena > 4 * 12 * 12 * 16);
    engine_free(e);
    tiny_free(&t);
}

/* A fused relu, and a cat part of which is written in place: values lie on the grid, what comes before stays,
 * the logits change; scale 0 ends it. */
static void test_round(const char *name, double scale)
{
    struct tiny t;
    struct engine *plain, *e;
    struct engine_map a, b;
    uint8_t pixels[12 * 12 * 3];
    float logits[5];
    int node, wrong = 0;

    tiny_every(&t, 0, 0);
    tiny_pixels(&t, pixels, sizeof pixels);
    plain = tiny_plan(&t, ENGINE_AUTO, 1, "auto");
    e = tiny_plan(&t, ENGINE_AUTO, 1, "auto");
    node = model_find(&t.model, name);
    engine_run(plain, pixels);
    memcpy(logits, engine_logits(plain), sizeof logits);
    engine_round_node(e, node, (struct quant_params){ scale, 3, 0, 255 });
    engine_run(e, pixels);
    a = engine_node_map(plain, node);
    b = engine_node_map(e, node);
    for (int i = 0; i < a.h * a.w; i++)
        for (int c = 0; c < a.c; c++) {
            size_t at = (size_t)i * (size_t)a.pitch + (size_t)c;
            int code = quantize_value(a.real[at], quantize_inverse(scale), 3, 0, 255);

            wrong += b.real[at] != dequantize_value(code, scale, 3);
        }
    CHECK_MSG(wrong == 0, "%s: %d", name, wrong);
    CHECK(memcmp(logits, engine_logits(e), sizeof logits) != 0);
    engine_round_node(e, node, (struct quant_params){ 0 });
    engine_run(e, pixels);
    CHECK(memcmp(logits, engine_logits(e), sizeof logits) == 0);
    engine_free(plain);
    engine_free(e);
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
    engine_free(NULL);
    CHECK(mem_live() == 0);
    return check_result("engine/tap");
}
