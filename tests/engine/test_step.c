/* A picture step by step, and a layer packed once more. */
#include "engine/tiny.h"

enum { PIXELS = 12 * 12 * 3, CLASSES = 5 };

/* Runs up to every step, carries what is live into a state whose maps are 0xa5, and goes on there: the
 * logits are the whole run's. What is saved is no more than the maps of all steps. */
static void test_carried(struct tiny *t, const char *isa)
{
    struct engine e = tiny_plan(t, ENGINE_AUTO, 0, isa);
    uint8_t pixels[PIXELS], *live = mem_alloc(e.state->arena_bytes, 1);
    float want[CLASSES];

    tiny_pixels(t, pixels, PIXELS);
    engine_run(e.plan, e.state, pixels);
    memcpy(want, engine_logits(e.plan, e.state), sizeof want);
    for (int step = 0, last = engine_steps(e.plan) - 1; step <= last; step++) {
        struct engine_map m;

        engine_step_run(e.plan, e.state, pixels, 0, step);
        CHECK(engine_step_live(e.plan, step) <= e.state->arena_bytes);
        CHECK((engine_step_live(e.plan, step) == 0) == (step == 0));
        engine_step_save(e.plan, e.state, step, live);
        memset(e.state->arena, 0xa5, e.state->arena_bytes);
        engine_step_load(e.plan, e.state, step, live);
        engine_step_run(e.plan, e.state, pixels, step, last + 1);
        m = engine_step_map(e.plan, e.state, last);
        CHECK(m.c == CLASSES && m.h == 1 && m.w == 1);
        CHECK(memcmp(engine_logits(e.plan, e.state), want, sizeof want) == 0);
        for (int c = 0; c < CLASSES; c++)
            CHECK((m.real ? m.real[c]
                          : dequantize_value(m.codes[c], t->binding.q[t->model.output].scale,
                                             t->binding.q[t->model.output].zero_point)) == want[c]);
    }
    mem_free(live);
    engine_close(&e);
}

static struct tensor *table_tensor(struct tiny *t, const char *name, const char *suffix)
{
    char full[64];

    snprintf(full, sizeof full, "%s%s", name, suffix);
    for (int i = 0; i < t->table.count; i++)
        if (!strcmp(t->table.entry[i].name, full))
            return &t->table.entry[i].tensor;
    CHECK_MSG(0, "no tensor %s", full);
    exit(check_result("engine/step"));
}

static int step_of(const struct engine *e, const char *name)
{
    for (int i = 0; i < engine_steps(e->plan); i++)
        if (!strcmp(engine_step_name(e->plan, i), name))
            return i;
    CHECK_MSG(0, "no step %s", name);
    return 0;
}

/* With another bias, other scales of its weights and another output a layer gives what it gives in a plan
 * made of these, and no longer what it gave. */
static void test_packed(struct tiny *t, const char *name)
{
    struct engine e = tiny_plan(t, ENGINE_AUTO, 0, "auto"), changed;
    int node = model_find(&t->model, name), step = step_of(&e, name);
    struct tensor *weight = table_tensor(t, name, ".weight"), *bias = table_tensor(t, name, ".bias");
    struct engine_map was, is, want;
    uint8_t pixels[PIXELS], before[4096];

    tiny_pixels(t, pixels, PIXELS);
    engine_step_run(e.plan, e.state, pixels, 0, step + 1);
    was = engine_step_map(e.plan, e.state, step);
    memcpy(before, was.codes, (size_t)(was.h * was.w * was.c));
    ((float *)bias->data)[0] += 0.25f;
    for (int i = 0; i < weight->channels; i++)
        weight->scale[i] *= 1.5;
    t->binding.q[node].scale *= 2;
    t->binding.q[node].zero_point += 3;
    tiny_must(engine_step_pack(e.plan, step, &t->binding, node));
    engine_step_run(e.plan, e.state, pixels, 0, step + 1);
    is = engine_step_map(e.plan, e.state, step);
    changed = tiny_plan(t, ENGINE_AUTO, 0, "auto");
    engine_step_run(changed.plan, changed.state, pixels, 0, step + 1);
    want = engine_step_map(changed.plan, changed.state, step);
    CHECK_MSG(memcmp(is.codes, want.codes, (size_t)(is.h * is.w * is.c)) == 0, "%s", name);
    CHECK_MSG(memcmp(is.codes, before, (size_t)(is.h * is.w * is.c)) != 0, "%s", name);
    engine_close(&changed);
    engine_close(&e);
}

/* Of real values: other weights, and then an output that is rounded, as in plans made so. */
static void test_real(struct tiny *t, const char *name, const char *isa)
{
    int node = model_find(&t->model, name), relu = model_fused_relu(&t->model, node),
        shown = relu < 0 ? node : relu;
    struct quant_params *round = mem_alloc((size_t)t->model.nodes, sizeof *round), none = { 0 };
    struct engine_options options = { .direct = 1, .layers = 1, .round = round };
    struct engine e, changed;
    uint8_t pixels[PIXELS];
    float want[CLASSES];
    int step;

    tiny_pixels(t, pixels, PIXELS);
    tiny_must(engine_open(&t->binding, &options, kernel_select(isa), &e));
    step = step_of(&e, name);
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < (int)tensor_count(table_tensor(t, name, ".weight")); i++)
            ((float *)table_tensor(t, name, ".weight")->data)[i] += 0.03f * (float)(i % 5);
        round[shown] = k ? (struct quant_params){ 0.125, 8, 0, 15, 0 } : none;
        tiny_must(engine_open(&t->binding, &options, kernel_select(isa), &changed));
        engine_run(changed.plan, changed.state, pixels);
        memcpy(want, engine_logits(changed.plan, changed.state), sizeof want);
        engine_close(&changed);
        engine_run(e.plan, e.state, pixels);
        CHECK_MSG(memcmp(engine_logits(e.plan, e.state), want, sizeof want) != 0, "%s", name);
        tiny_must(engine_step_pack(e.plan, step, &t->binding, node));
        engine_step_round(e.plan, step, round[shown]);
        engine_run(e.plan, e.state, pixels);
        CHECK_MSG(memcmp(engine_logits(e.plan, e.state), want, sizeof want) == 0, "%s %s", name, isa);
    }
    engine_close(&e);
    mem_free(round);
}

int main(void)
{
    static const char *const isa[] = { "ref", "auto" }, *const layer[] = { "first", "dw", "fc1", "grouped" };

    for (int int8 = 0; int8 < 2; int8++)
        for (size_t i = 0; i < COUNT_OF(isa); i++) {
            struct tiny t;

            tiny_every(&t, int8, 1);
            test_carried(&t, isa[i]);
            tiny_free(&t);
            tiny_more(&t, int8, 0, 1);
            test_carried(&t, isa[i]);
            tiny_free(&t);
        }
    for (int per_channel = 0; per_channel < 2; per_channel++)
        for (size_t i = 0; i < COUNT_OF(layer); i++) {
            struct tiny t;

            tiny_every(&t, 1, per_channel);
            test_packed(&t, layer[i]);
            tiny_free(&t);
        }
    for (size_t i = 0; i < COUNT_OF(isa); i++)
        for (size_t k = 0; k < COUNT_OF(layer); k++) {
            struct tiny t;

            tiny_every(&t, 0, 0);
            test_real(&t, layer[k], isa[i]);
            tiny_free(&t);
        }
    return check_result("engine/step");
}
