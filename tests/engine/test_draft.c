#include "engine/tiny_deployed.h"

enum { PIXELS = DEPLOYED_H * DEPLOYED_W * 3, MAPS = 1 << 14 };

/* Runs one plan and keeps what it says. */
struct answer {
    float logits[5], cam[32 * 6 * 7];
};

static struct answer answer_of(struct engine e, const uint8_t *pixels)
{
    struct answer a = { { 0 }, { 0 } };
    struct engine_map m = engine_cam_map(e.plan, e.state);

    engine_run(e.plan, e.state, pixels);
    memcpy(a.logits, engine_logits(e.plan, e.state), sizeof a.logits);
    CHECK((m.c == 12 && m.h == 3 && m.w == 3) || (m.c == 32 && m.h == 6 && m.w == 6) ||
          (m.c == 16 && m.h == 6 && m.w == 7));
    engine_map_copy_real(&m, a.cam);
    return a;
}

/* KEEP, the order of images and the instruction set change nothing. */
static void test_equal(const struct tiny *t, enum engine_arithmetic arithmetic, const uint8_t *pixels,
                       const uint8_t *other)
{
    struct engine plain = tiny_plan(t, arithmetic, 0, "ref"), keep = tiny_plan(t, arithmetic, 1, "ref");
    struct answer first = answer_of(plain, pixels), again;
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    again = answer_of(keep, pixels);
    CHECK(memcmp(&first, &again, sizeof first) == 0);
    again = answer_of(plain, other);
    CHECK(memcmp(&first, &again, sizeof first) != 0);
    again = answer_of(plain, pixels);
    CHECK(memcmp(&first, &again, sizeof first) == 0);
    CHECK(engine_memory_used(keep.plan, keep.state).arena >
          engine_memory_used(plain.plan, plain.state).arena);
    for (int i = 0; i < count; i++) {
        struct engine e;

        if (!usable[i]) {
            check_skip(names[i], "not on this CPU");
            continue;
        }
        e = tiny_plan(t, arithmetic, 0, names[i]);
        again = answer_of(e, pixels);
        CHECK_MSG(memcmp(&first, &again, sizeof first) == 0, "%s", names[i]);
        engine_close(&e);
    }
    engine_close(&plain);
    engine_close(&keep);
}

/* Values that an op does not write, were it computed, all over its output. */
static void spoil(const struct engine_pass *pass, const struct engine_op *op)
{
    const struct engine_cat *cat = plan_parameters(pass->plan, op);
    size_t element = (size_t)op->out.element;

    for (size_t j = 0; j < (size_t)(op->out.h * op->out.w); j++)
        for (int k = 0; k < op->inputs || k == 0; k++) {
            int is_cat = op->kind == KIND_CAT, c = is_cat ? op->in[k].c : op->out.c,
                at = is_cat ? cat->channel[k] : 0;

            memset(pass_at(pass, &op->out) + (j * (size_t)op->out.pitch + (size_t)at) * element, 0xa5,
                   (size_t)c * element);
        }
}

/* Every op in four rectangles gives what it gives at once, and writes nothing else. */
static void test_rectangles(struct engine e, const uint8_t *pixels)
{
    static uint8_t whole[MAPS], parts[MAPS];
    struct engine_pass pass = state_pass(e.plan, e.state);

    engine_run(e.plan, e.state, pixels);
    pass.pixels = pixels;
    for (int i = 0; i < e.plan->head->ops; i++) {
        const struct engine_op *op = &e.plan->op[i];
        const struct engine_buffer *b = &e.plan->buffer[op->out.buffer];
        struct kernel_rect r = run_whole(op);
        int y = r.y1 / 2, x = r.x1 / 3;

        BUG_IF(b->bytes > MAPS);
        memcpy(whole, pass.base + b->offset, b->bytes);
        spoil(&pass, op);
        run_op(&pass, op, (struct kernel_rect){ 0, y, 0, x });
        run_op(&pass, op, (struct kernel_rect){ 0, y, x, r.x1 });
        run_op(&pass, op, (struct kernel_rect){ y, r.y1, 0, r.x1 });
        run_op(&pass, op, (struct kernel_rect){ y, y, 0, r.x1 });
        memcpy(parts, pass.base + b->offset, b->bytes);
        CHECK_MSG(memcmp(whole, parts, b->bytes) == 0, "op %s", op->name);
    }
}

enum network { EVERY, MORE, MORE_SHARED };

static void test_network(enum network which, int int8, int per_channel, enum engine_arithmetic arithmetic)
{
    struct tiny t;
    struct engine e;
    uint8_t pixels[PIXELS], other[PIXELS];

    if (which == EVERY)
        tiny_every(&t, int8, per_channel);
    else
        tiny_more(&t, int8, per_channel, which == MORE_SHARED);
    tiny_pixels(&t, pixels, PIXELS);
    tiny_pixels(&t, other, PIXELS);
    test_equal(&t, arithmetic, pixels, other);
    e = tiny_plan(&t, arithmetic, 1, "auto");
    test_rectangles(e, pixels);
    CHECK(engine_arithmetic_used(e.plan) == arithmetic || !int8);
    engine_close(&e);
    e = tiny_plan(&t, ENGINE_AUTO, 0, "auto");
    CHECK(!int8 || engine_arithmetic_used(e.plan) == (per_channel ? ENGINE_FBGEMM : ENGINE_QNNPACK));
    engine_close(&e);
    tiny_free(&t);
}

/* Real values among codes, windows and pads of every kind; engine NULL: real values alone. */
static void test_deployed(const char *engine)
{
    struct tiny t;
    struct engine e;
    uint8_t pixels[PIXELS], other[PIXELS];

    tiny_deployed(&t, engine);
    tiny_pixels(&t, pixels, PIXELS);
    tiny_pixels(&t, other, PIXELS);
    test_equal(&t, ENGINE_AUTO, pixels, other);
    e = tiny_plan(&t, ENGINE_AUTO, 1, "auto");
    test_rectangles(e, pixels);
    engine_close(&e);
    tiny_free(&t);
}

/* What shares memory and what is fused. */
static void test_shape_of_plan(void)
{
    struct tiny t;
    struct engine e;
    const struct model *m = &t.model;

    tiny_every(&t, 0, 0);
    e = tiny_plan(&t, ENGINE_AUTO, 1, "ref");
    /* 24 nodes; three relus are fused, two slices are views */
    CHECK_MSG(m->nodes == 24 && engine_steps(e.plan) == 24 - 3 - 1 - 2, "%d nodes, %d steps", m->nodes,
              engine_steps(e.plan));
    CHECK(engine_node_map(e.plan, e.state, model_find(m, "first")).real ==
          engine_node_map(e.plan, e.state, model_find(m, "first_relu")).real);
    CHECK(engine_node_map(e.plan, e.state, model_find(m, "right")).real ==
          engine_node_map(e.plan, e.state, model_find(m, "sum_relu")).real + 8);
    CHECK(engine_node_map(e.plan, e.state, model_find(m, "right")).pitch == 16 &&
          engine_node_map(e.plan, e.state, model_find(m, "right")).c == 8);
    CHECK(engine_node_map(e.plan, e.state, model_find(m, "grouped_relu")).real ==
          engine_node_map(e.plan, e.state, model_find(m, "join")).real + 8);
    engine_close(&e);
    tiny_free(&t);
}

/* A cat that grows is one map, whose parts layers write and whose beginnings they read. shared 0: codes of
 * different scales, which are copied. */
static void test_growing(int int8, int shared)
{
    struct tiny t;
    struct engine e;
    const struct model *m = &t.model;
    struct engine_map cat1, cat3, grow2;
    int equal = 1;

    tiny_more(&t, int8, 1, shared);
    e = tiny_plan(&t, ENGINE_AUTO, 1, "ref");
    /* 21 nodes; two relus are fused, three cats are no op where nothing is copied */
    CHECK_MSG(m->nodes == 21 && engine_steps(e.plan) == 21 - 2 - (shared ? 3 : 0), "%d nodes, %d steps",
              m->nodes, engine_steps(e.plan));
    cat1 = engine_node_map(e.plan, e.state, model_find(m, "cat1"));
    cat3 = engine_node_map(e.plan, e.state, model_find(m, "cat3"));
    grow2 = engine_node_map(e.plan, e.state, model_find(m, "grow2"));
    equal = int8 ? cat1.codes == cat3.codes : cat1.real == cat3.real;
    CHECK(equal == shared && cat1.c == 24 && cat1.pitch == (shared ? 32 : 24));
    equal = int8 ? grow2.codes == cat3.codes + 24 : grow2.real == cat3.real + 24;
    CHECK(equal == shared && grow2.c == 4 && grow2.pitch == (shared ? 32 : 4));
    engine_close(&e);
    tiny_free(&t);
}

/* Of a linear layer on a map the order of fbgemm's pairs is not known here. */
static void test_saturation(void)
{
    struct engine_options options = { .arithmetic = ENGINE_FBGEMM, .saturate = ENGINE_SATURATE_AVX2 };
    struct tiny t;
    struct engine e;

    tiny_more(&t, 1, 1, 1);
    CHECK(engine_open(&t.binding, &options, kernel_select("ref"), &e) == ERR_MISMATCH);
    CHECK_MSG(strstr(error_last()->text, "fc: a linear layer on a 3 x 3 map") != NULL, "%s",
              error_last()->text);
    engine_close(&e);
    options.saturate = ENGINE_SATURATE_VNNI;
    tiny_must(engine_open(&t.binding, &options, kernel_select("ref"), &e));
    engine_close(&e);
    tiny_free(&t);
}

/* A CAM layer that a relu follows shows its own values, and the logits are those of the fused step. */
static void test_cam_before_relu(int int8, int per_channel, enum engine_arithmetic arithmetic)
{
    static const char *const names[] = { "first", "sum" };
    struct tiny t;
    struct engine e;
    uint8_t pixels[PIXELS];
    float logits[5];

    tiny_every(&t, int8, per_channel);
    tiny_pixels(&t, pixels, PIXELS);
    e = tiny_plan(&t, arithmetic, 0, "auto");
    engine_run(e.plan, e.state, pixels);
    memcpy(logits, engine_logits(e.plan, e.state), sizeof logits);
    engine_close(&e);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct engine_map m;
        int below = 0;

        t.model.cam = model_find(&t.model, names[i]);
        e = tiny_plan(&t, arithmetic, 0, "auto");
        engine_run(e.plan, e.state, pixels);
        m = engine_cam_map(e.plan, e.state);
        for (int j = 0; j < m.h * m.w * m.c; j++)
            below += int8 ? m.codes[j] < m.q.zero_point : m.real[j] < 0;
        CHECK_MSG(below > 0 && memcmp(logits, engine_logits(e.plan, e.state), sizeof logits) == 0, "%s: %d",
                  names[i], below);
        engine_close(&e);
    }
    tiny_free(&t);
}

int main(void)
{
    test_cam_before_relu(0, 0, ENGINE_AUTO);
    for (int i = 0; i < 2; i++) {
        test_cam_before_relu(1, i, ENGINE_FBGEMM);
        test_cam_before_relu(1, i, ENGINE_QNNPACK);
    }
    test_shape_of_plan();
    test_growing(0, 1);
    test_growing(1, 1);
    test_growing(1, 0);
    test_saturation();
    test_deployed(NULL);
    test_deployed("tflite");
    test_deployed("onnxruntime");
    for (int which = EVERY; which <= MORE_SHARED; which++) {
        test_network((enum network)which, 0, 0, ENGINE_AUTO);
        for (int a = ENGINE_FBGEMM; a <= ENGINE_QNNPACK; a++)
            for (int per_channel = 0; per_channel < 2; per_channel++)
                test_network((enum network)which, 1, per_channel, (enum engine_arithmetic)a);
    }
    CHECK(mem_live() == 0);
    return check_result("engine/draft");
}
