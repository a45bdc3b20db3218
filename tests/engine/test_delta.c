/* Runs that recompute only what changed pixels reach, against whole runs of the same picture: every node's
 * bits after every step, networks in every form on every instruction set. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "cli/network.h"
#include "engine/tiny_deployed.h"
#include "metric.h"
#include "weight.h"

enum { SIDE = 224, PIXELS = SIDE * SIDE, STEPS = 100 };

static float picture[PIXELS * 3], other[PIXELS * 3], work[PIXELS * 3], ranking[PIXELS];
static int32_t order[PIXELS], scratch[PIXELS];

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("engine/delta"));
}

/* Squares of one colour with noise on a third of the picture: int8 codes then often stay what they were. */
static void draw(void)
{
    struct random r = { .seed = 3 };

    for (int i = 0; i < PIXELS * 3; i++) {
        int y = i / 3 / SIDE, x = i / 3 % SIDE;

        picture[i] = (float)((y / 28 * 5 + x / 28 * 3 + i % 3) % 7) / 2.0f - 1.5f;
        if (x > 150)
            picture[i] += (float)random_below(&r, 1000) / 1000.0f;
        other[i] = y < 60 ? picture[i] : 0.0f; /* up there nothing changes */
    }
}

/* An order in bands, as a map of few values gives it, or one without any neighbourhood. */
static void rank_pixels(int smooth)
{
    struct random r = { .seed = 4 };

    for (int i = 0; i < PIXELS; i++)
        ranking[i] = smooth ? sinf((float)(i / SIDE) / 40.0f) + cosf((float)(i % SIDE) / 55.0f)
                            : (float)random_below(&r, 1 << 20);
    curve_order(ranking, PIXELS, order, scratch);
}

static int same_map(struct engine_map a, struct engine_map b)
{
    size_t bytes = (size_t)a.c * (a.real ? sizeof(float) : 1);

    for (size_t i = 0; i < (size_t)(a.h * a.w); i++) {
        size_t at = i * (size_t)a.pitch;

        if (memcmp(a.real ? (const void *)(a.real + at) : a.codes + at,
                   b.real ? (const void *)(b.real + at) : b.codes + at, bytes) != 0)
            return 0;
    }
    return 1;
}

/* Late steps share memory. */
static int is_hidden(struct engine_map m)
{
    return !m.real && !m.codes;
}

static void compare_engines(const struct model *m, struct engine delta, struct engine whole, int step)
{
    int classes = engine_classes(whole.plan);

    CHECK_MSG(memcmp(engine_logits(delta.plan, delta.state), engine_logits(whole.plan, whole.state),
                     (size_t)classes * sizeof(float)) == 0,
              "%s, step %d: logits", m->name, step);
    for (int i = 0; i < m->nodes; i++)
        CHECK_MSG(is_hidden(engine_node_map(delta.plan, delta.state, i)) ||
                      same_map(engine_node_map(delta.plan, delta.state, i),
                               engine_node_map(whole.plan, whole.state, i)),
                  "%s, step %d: %s", m->name, step, m->node[i].name);
}

static void compare(const struct network *delta, const struct network *whole, int step)
{
    compare_engines(&whole->model, delta->engine, whole->engine, step);
}

static void alter(int from, int to)
{
    for (int i = from; i < to; i++)
        memcpy(work + order[i] * 3, other + order[i] * 3, 3 * sizeof *work);
}

/* A batch of one picture. */
static void run_changed(struct network *delta, const int32_t *changed, int count)
{
    CHECK(engine_batch_changed(delta->engine.plan, delta->engine.state, work, changed, count) == 1);
    (void)engine_finish_batch(delta->engine.plan, delta->engine.state);
}

/* One curve, every `stride`th step; whole: runs everything each time. */
static void test_curve(struct network *delta, struct network *whole, int smooth, int stride)
{
    rank_pixels(smooth);
    memcpy(work, picture, sizeof work);
    engine_run_real(delta->engine.plan, delta->engine.state, work);
    for (int step = 1, before = 0; step <= STEPS; step++) {
        int now = curve_pixels(step, STEPS, PIXELS);

        if (step % stride != 1 && step != STEPS)
            continue;
        alter(before, now);
        run_changed(delta, order + before, now - before);
        engine_run_real(whole->engine.plan, whole->engine.state, work);
        compare(delta, whole, step);
        before = now;
    }
    run_changed(delta, order, 500); /* said to have changed, and has not */
    compare(delta, whole, STEPS + 1);
}

/* The logits of a curve's steps in batches of every size, the last one cut short by a whole run. */
static void test_batches(struct network *delta, struct network *whole)
{
    static const int sizes[] = { ENGINE_BATCH, 1, 3, 2, ENGINE_BATCH, ENGINE_BATCH };
    size_t classes = (size_t)engine_classes(whole->engine.plan);
    float *want = mem_alloc(ENGINE_BATCH * classes, sizeof *want);
    int step = 40;

    rank_pixels(1);
    memcpy(work, picture, sizeof work);
    alter(curve_pixels(0, STEPS, PIXELS), curve_pixels(step, STEPS, PIXELS));
    engine_run_real(delta->engine.plan, delta->engine.state, work);
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        for (int k = 0; k < sizes[i]; k++, step++) {
            int from = curve_pixels(step, STEPS, PIXELS), to = curve_pixels(step + 1, STEPS, PIXELS);

            alter(from, to);
            engine_run_real(whole->engine.plan, whole->engine.state, work);
            memcpy(want + (size_t)k * classes, engine_logits(whole->engine.plan, whole->engine.state),
                   classes * sizeof *want);
            CHECK(engine_batch_changed(delta->engine.plan, delta->engine.state, work, order + from,
                                       to - from) == k + 1);
        }
        CHECK_MSG(memcmp(engine_finish_batch(delta->engine.plan, delta->engine.state), want,
                         (size_t)sizes[i] * classes * sizeof *want) == 0,
                  "%s: batch of %d", whole->model.name, sizes[i]);
        if (sizes[i] == 1)
            compare(delta, whole, step);
    }
    (void)engine_batch_changed(delta->engine.plan, delta->engine.state, work, order, 0);
    engine_run_real(delta->engine.plan, delta->engine.state, work);
    compare(delta, whole, step);
    run_changed(delta, order, 0);
    compare(delta, whole, step);
    mem_free(want);
}

/* The engine is what it was before. */
static void test_let_go(struct network *delta, const struct network *whole)
{
    size_t kept = engine_memory_used(delta->engine.plan, delta->engine.state).arena;

    must(engine_let_go(delta->engine.plan, delta->engine.state));
    must(engine_let_go(delta->engine.plan, delta->engine.state));
    CHECK(engine_memory_used(delta->engine.plan, delta->engine.state).arena < kept / 2);
    engine_run_real(delta->engine.plan, delta->engine.state, work);
    CHECK(memcmp(engine_logits(delta->engine.plan, delta->engine.state),
                 engine_logits(whole->engine.plan, whole->engine.state),
                 (size_t)engine_classes(whole->engine.plan) * sizeof(float)) == 0);
    must(engine_keep(delta->engine.plan, delta->engine.state));
    CHECK(engine_memory_used(delta->engine.plan, delta->engine.state).arena == kept);
}

/* rounded: codes are run as rounded values. */
static void open_form(const char *model, const char *weights, const struct engine_options *options,
                      const char *isa, int rounded, struct network *out)
{
    const struct model_reading how = { .form = PRECISION_ROUNDED };
    struct tensor_table table = { 0 };
    struct model_binding binding = { 0 };

    must(network_open(&(struct network_how){ .model = model, .isa = isa, .options = *options }, weights,
                      out));
    if (!rounded)
        return;
    engine_close(&out->engine);
    must(weight_load(weights, NULL, &table));
    must(model_bind(&out->model, &table, &how, &binding));
    must(engine_open(&binding, options, out->kernels, &out->engine));
    model_unbind(&binding);
    table_free(&table);
}

static void open_pair(const char *model, const char *weights, const char *isa, int rounded,
                      struct network *delta, struct network *whole)
{
    struct engine_options options = { .arithmetic = ENGINE_AUTO };

    open_form(model, weights, &options, isa, rounded, delta);
    options.keep = 1;
    open_form(model, weights, &options, isa, rounded, whole);
    must(engine_keep(delta->engine.plan, delta->engine.state));
    must(engine_keep(delta->engine.plan, delta->engine.state));
}

static void test_network(const char *model, const char *weights, const char *isa, int rounded, int stride)
{
    struct network delta = { 0 }, whole = { 0 };

    open_pair(model, weights, isa, rounded, &delta, &whole);
    test_curve(&delta, &whole, 1, stride);
    test_curve(&delta, &whole, 0, 4 * stride);
    test_batches(&delta, &whole);
    test_let_go(&delta, &whole);
    network_close(&delta);
    network_close(&whole);
}

/* The demo's form with its weights, and on the fastest set the full size with random ones. */
static void test_forms(const char *net, const char *isa, int stride)
{
    char model[128], fp32[128], int8[128];

    snprintf(model, sizeof model, "models/demo/%s.model", net);
    snprintf(fp32, sizeof fp32, "models/demo/%s_fp32.pth", net);
    snprintf(int8, sizeof int8, "models/demo/%s_int8.pth", net);
    test_network(model, fp32, isa, 0, stride);
    test_network(model, int8, isa, 0, stride);
    test_network(model, int8, isa, 1, 4 * stride);
    if (strcmp(isa, kernel_select("auto")->isa) != 0)
        return;
    snprintf(model, sizeof model, "models/%s.model", net);
    test_network(model, NETWORK_RANDOM_REAL, isa, 0, 30);
    test_network(model, NETWORK_RANDOM_CODES, isa, 0, 30);
}

/* Pictures that wait together, each with two positions more. */
static void test_tiny_batches(struct engine delta, struct engine whole, float *real, int positions)
{
    struct random r = { .seed = 10 };
    float want[ENGINE_BATCH][5];

    for (int size = 1; size <= ENGINE_BATCH; size++) {
        for (int k = 0; k < size; k++) {
            int32_t changed[2];

            for (int i = 0; i < 2; i++) {
                changed[i] = (int32_t)random_below(&r, (uint32_t)positions);
                real[changed[i] * 3] += 0.5f;
            }
            engine_run_real(whole.plan, whole.state, real);
            memcpy(want[k], engine_logits(whole.plan, whole.state), sizeof want[k]);
            CHECK(engine_batch_changed(delta.plan, delta.state, real, changed, 2) == k + 1);
        }
        CHECK(memcmp(engine_finish_batch(delta.plan, delta.state), want, (size_t)size * sizeof want[0]) == 0);
    }
}

/* Networks whose windows do not reach the whole picture until their last maps: one, two, three ... positions
 * change. */
static void test_tiny(struct tiny *t, const char *isa, enum engine_arithmetic arithmetic)
{
    enum { MOST = DEPLOYED_H * DEPLOYED_W };
    struct random r = { .seed = 9 };
    struct engine delta = tiny_plan(t, arithmetic, 0, isa), whole = tiny_plan(t, arithmetic, 1, isa);
    float real[MOST * 3];
    int positions = t->model.input.height * t->model.input.width;

    must(engine_keep(delta.plan, delta.state));
    for (int i = 0; i < positions * 3; i++)
        real[i] = tiny_between(t, -2, 2);
    engine_run_real(delta.plan, delta.state, real);
    for (int step = 1; step <= 20; step++) {
        int32_t changed[20];

        for (int i = 0; i < step; i++) {
            changed[i] = (int32_t)random_below(&r, (uint32_t)positions);
            for (int c = 0; c < 3; c++)
                real[changed[i] * 3 + c] = tiny_between(t, -2, 2);
        }
        CHECK(engine_batch_changed(delta.plan, delta.state, real, changed, step) == 1);
        (void)engine_finish_batch(delta.plan, delta.state);
        engine_run_real(whole.plan, whole.state, real);
        compare_engines(&t->model, delta, whole, step);
    }
    test_tiny_batches(delta, whole, real, positions);
    engine_close(&delta);
    engine_close(&whole);
    tiny_free(t);
}

static void test_more(const char *isa, int int8, int shared, enum engine_arithmetic arithmetic)
{
    struct tiny t;

    tiny_more(&t, int8, 1, shared);
    test_tiny(&t, isa, arithmetic);
}

static void test_deployed(const char *isa, const char *engine)
{
    struct tiny t;

    tiny_deployed(&t, engine);
    test_tiny(&t, isa, ENGINE_AUTO);
}

static void test_next(const char *isa)
{
    struct tiny t;

    tiny_next(&t);
    test_tiny(&t, isa, ENGINE_AUTO);
}

/* Full sizes with random weights on the fastest set, a few steps each. */
static void test_large(void)
{
    static const char *const nets[] = { "densenet121", "efficientnet_b0", "squeezenet1_0" },
                             *const weights[] = { NETWORK_RANDOM_REAL, NETWORK_RANDOM_CODES };
    const char *isa = kernel_select("auto")->isa;

    for (size_t i = 0; i < 2 * COUNT_OF(nets); i++) {
        struct network delta = { 0 }, whole = { 0 };
        char model[128];

        snprintf(model, sizeof model, "models/%s.model", nets[i / 2]);
        open_pair(model, weights[i % 2], isa, 0, &delta, &whole);
        test_curve(&delta, &whole, 1, 50);
        network_close(&delta);
        network_close(&whole);
    }
}

int main(void)
{
    static const char *const nets[] = { "mobilenet_v2", "mobilenet_v3_large", "resnet18",
                                        "shufflenet_v2_x0_5" };
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    draw();
    for (int k = 0; k < count; k++) {
        int stride = strcmp(names[k], "ref") == 0 ? 50 : 7;

        if (!usable[k]) {
            check_skip(names[k], "not on this machine");
            continue;
        }
        for (size_t i = 0; i < COUNT_OF(nets); i++)
            test_forms(nets[i], names[k], stride);
        for (int shared = 0; shared < 2; shared++) {
            test_more(names[k], 0, shared, ENGINE_AUTO);
            test_more(names[k], 1, shared, ENGINE_FBGEMM);
            test_more(names[k], 1, shared, ENGINE_QNNPACK);
        }
        test_next(names[k]);
        test_deployed(names[k], NULL);
        test_deployed(names[k], "tflite");
        test_deployed(names[k], "onnxruntime");
    }
    test_large();
    CHECK(mem_live() == 0);
    return check_result("engine/delta");
}
