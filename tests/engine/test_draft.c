#include "engine/tiny.h"

enum { PIXELS = 12 * 12 * 3, MAPS = 1 << 14 };

/* Runs one plan and keeps what it says. */
struct answer {
    float logits[5], cam[12 * 3 * 3];
};

static struct answer answer_of(struct engine e, const uint8_t *pixels)
{
    struct answer a;
    struct engine_map m = engine_cam_map(e.plan, e.state);

    engine_run(e.plan, e.state, pixels);
    memcpy(a.logits, engine_logits(e.plan, e.state), sizeof a.logits);
    CHECK(m.c == 12 && m.h == 3 && m.w == 3);
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
    size_t element = plan_element(pass->plan);

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

static void test_network(int int8, int per_channel, enum engine_arithmetic arithmetic)
{
    struct tiny t;
    struct engine e;
    uint8_t pixels[PIXELS], other[PIXELS];

    tiny_every(&t, int8, per_channel);
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
    test_network(0, 0, ENGINE_AUTO);
    test_network(1, 1, ENGINE_FBGEMM);
    test_network(1, 0, ENGINE_FBGEMM);
    test_network(1, 1, ENGINE_QNNPACK);
    test_network(1, 0, ENGINE_QNNPACK);
    CHECK(mem_live() == 0);
    return check_result("engine/draft");
}
