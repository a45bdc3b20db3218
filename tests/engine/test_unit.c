/* tests/engine/test_unit.c: plans with units against plans of layers: which chains are units, equal logits
 * and maps, runs of changed pixels. */
#include "cli/network.h"
#include "engine/tiny_deployed.h"

enum { SIDE = 12, PIXELS = SIDE * SIDE * 3 };

static const char every_chain[] =
    "model chains  every kind of chain\n"
    "input image 3 12 12 resize 12 bilinear crop 12 mean 0.5 0.4 0.3 std 0.2 0.25 0.3 quant quant\n"
    "conv stem image out 16 kernel 3 stride 1 pad 1 groups 1 weight stem\n"
    "relu6 stem_relu stem\n"
    "conv dw0 stem_relu out 16 kernel 3 stride 1 pad 1 groups 16 weight dw0\n"
    "relu6 dw0_relu dw0\n"
    "conv pw0 dw0_relu out 8 kernel 1 stride 1 pad 0 groups 1 weight pw0\n"
    "conv ex1 pw0 out 24 kernel 1 stride 1 pad 0 groups 1 weight ex1\n"
    "relu ex1_relu ex1\n"
    "conv dw1 ex1_relu out 24 kernel 5 stride 1 pad 2 groups 24 weight dw1\n"
    "relu dw1_relu dw1\n"
    "conv pw1 dw1_relu out 8 kernel 1 stride 1 pad 0 groups 1 weight pw1\n"
    "add sum1 pw0 pw1 quant sum1\n"
    "conv ex2 sum1 out 20 kernel 1 stride 1 pad 0 groups 1 weight ex2\n"
    "conv dw2 ex2 out 20 kernel 3 stride 2 pad 1 groups 20 weight dw2\n"
    "conv pw2 dw2 out 12 kernel 1 stride 1 pad 0 groups 1 weight pw2\n"
    "relu6 pw2_relu pw2\n"
    "conv dw3 pw2_relu out 12 kernel 3 stride 1 pad 1 groups 12 weight dw3\n"
    "conv pw3 dw3 out 12 kernel 1 stride 1 pad 0 groups 1 weight pw3\n"
    "add sum3 pw3 pw2_relu quant sum3\n"
    "relu sum3_relu sum3\n"
    "conv ex4 sum3_relu out 33 kernel 1 stride 1 pad 0 groups 1 weight ex4\n"
    "conv dw4 ex4 out 33 kernel 5 stride 2 pad 2 groups 33 weight dw4\n"
    "relu dw4_relu dw4\n"
    "conv pw4 dw4_relu out 9 kernel 1 stride 1 pad 0 groups 1 weight pw4\n"
    "conv side sum3_relu out 4 kernel 1 stride 2 pad 0 groups 1 weight side\n"
    "cat join side pw4 quant join\n"
    "conv last join out 12 kernel 1 stride 1 pad 0 groups 1 weight last\n"
    "mean pooled last\n"
    "linear fc pooled out 5 weight fc\n"
    "output fc\n"
    "cam last\n";

static const struct {
    const char *name;
    int rank;
    int64_t dim[4];
} layer[] = {
    { "stem", 4, { 16, 3, 3, 3 } },  { "dw0", 4, { 16, 1, 3, 3 } },  { "pw0", 4, { 8, 16, 1, 1 } },
    { "ex1", 4, { 24, 8, 1, 1 } },   { "dw1", 4, { 24, 1, 5, 5 } },  { "pw1", 4, { 8, 24, 1, 1 } },
    { "ex2", 4, { 20, 8, 1, 1 } },   { "dw2", 4, { 20, 1, 3, 3 } },  { "pw2", 4, { 12, 20, 1, 1 } },
    { "dw3", 4, { 12, 1, 3, 3 } },   { "pw3", 4, { 12, 12, 1, 1 } }, { "ex4", 4, { 33, 12, 1, 1 } },
    { "dw4", 4, { 33, 1, 5, 5 } },   { "pw4", 4, { 9, 33, 1, 1 } },  { "side", 4, { 4, 12, 1, 1 } },
    { "last", 4, { 12, 13, 1, 1 } }, { "fc", 2, { 5, 12 } },
};

static void chains(struct tiny *t, int int8, int per_channel)
{
    tiny_describe(t, every_chain);
    for (size_t i = 0; i < COUNT_OF(layer); i++)
        if (int8) /* pw4 has join's codes and is written where that has it */
            tiny_random_codes(t, layer[i].name, layer[i].rank, layer[i].dim, per_channel,
                              i == 13 ? 0.06 : 0.02 + 0.003 * (double)i, i == 13 ? 80 : 100);
        else
            tiny_random_real(t, layer[i].name, layer[i].rank, layer[i].dim);
    if (int8) {
        tiny_output(t, "quant", 0.03, 90);
        tiny_output(t, "sum1", 0.03, 70);
        tiny_output(t, "sum3", 0.04, 60);
        tiny_output(t, "join", 0.06, 80);
    }
    tiny_bind(t);
}

/* The same of a deployed file; zero_point: of dw1's weights. */
static void deployed_chains(struct tiny *t, const char *engine, int zero_point)
{
    static const char *const sums[] = { "quant", "sum1", "sum3", "join" };

    tiny_describe(t, every_chain);
    for (size_t i = 0; i < COUNT_OF(layer); i++) {
        tiny_integers(t, layer[i].name, layer[i].rank, layer[i].dim,
                      strcmp(layer[i].name, "dw1") == 0 ? zero_point : 0);
        tiny_params(t, layer[i].name, 0.02 + 0.003 * (double)i, 100, 0);
    }
    for (size_t i = 0; i < COUNT_OF(sums); i++)
        tiny_params(t, sums[i], 0.03 + 0.01 * (double)i, 90, 0);
    tiny_must(table_add_note(&t->table, "quantcam.engine", engine));
    tiny_bind(t);
}

static const char every_function[] =
    "model functions  functions between layers, squeeze-excite before projections\n"
    "input image 3 12 12 resize 12 bilinear crop 12 mean 0.5 0.4 0.3 std 0.2 0.25 0.3\n"
    "conv stem image out 16 kernel 3 stride 1 pad 1 groups 1 weight stem\n"
    "silu stem_act stem\n"
    "conv ex0 stem_act out 24 kernel 1 stride 1 pad 0 groups 1 weight ex0\n"
    "silu ex0_act ex0\n"
    "conv dw0 ex0_act out 24 kernel 3 stride 1 pad 1 groups 24 weight dw0\n"
    "silu dw0_act dw0\n"
    "avgpool pool0 dw0_act\n"
    "conv gate0 pool0 out 24 kernel 1 stride 1 pad 0 groups 1 weight gate0\n"
    "sigmoid share0 gate0\n"
    "mul scaled0 dw0_act share0\n"
    "conv pw0 scaled0 out 12 kernel 1 stride 1 pad 0 groups 1 weight pw0\n"
    "conv ex1 pw0 out 20 kernel 1 stride 1 pad 0 groups 1 weight ex1\n"
    "relu ex1_act ex1\n"
    "conv dw1 ex1_act out 20 kernel 5 stride 2 pad 2 groups 20 weight dw1\n"
    "relu dw1_act dw1\n"
    "avgpool pool1 dw1_act\n"
    "conv gate1 pool1 out 20 kernel 1 stride 1 pad 0 groups 1 weight gate1\n"
    "hardsigmoid share1 gate1\n"
    "mul scaled1 dw1_act share1\n"
    "conv pw1 scaled1 out 8 kernel 1 stride 1 pad 0 groups 1 weight pw1\n"
    "conv ex2 pw1 out 33 kernel 1 stride 1 pad 0 groups 1 weight ex2\n"
    "hardswish ex2_act ex2\n"
    "conv dw2 ex2_act out 33 kernel 3 stride 1 pad 1 groups 33 weight dw2\n"
    "hardswish dw2_act dw2\n"
    "conv pw2 dw2_act out 8 kernel 1 stride 1 pad 0 groups 1 weight pw2\n"
    "add sum2 pw1 pw2\n"
    "conv last sum2 out 12 kernel 1 stride 1 pad 0 groups 1 weight last\n"
    "mean pooled last\n"
    "linear fc pooled out 5 weight fc\n"
    "output fc\n"
    "cam last\n";

static void functions(struct tiny *t)
{
    static const struct {
        const char *name;
        int rank;
        int64_t dim[4];
    } weight[] = {
        { "stem", 4, { 16, 3, 3, 3 } }, { "ex0", 4, { 24, 16, 1, 1 } },   { "dw0", 4, { 24, 1, 3, 3 } },
        { "pw0", 4, { 12, 24, 1, 1 } }, { "gate0", 4, { 24, 24, 1, 1 } }, { "ex1", 4, { 20, 12, 1, 1 } },
        { "dw1", 4, { 20, 1, 5, 5 } },  { "gate1", 4, { 20, 20, 1, 1 } }, { "pw1", 4, { 8, 20, 1, 1 } },
        { "ex2", 4, { 33, 8, 1, 1 } },  { "dw2", 4, { 33, 1, 3, 3 } },    { "pw2", 4, { 8, 33, 1, 1 } },
        { "last", 4, { 12, 8, 1, 1 } }, { "fc", 2, { 5, 12 } },
    };

    tiny_describe(t, every_function);
    for (size_t i = 0; i < COUNT_OF(weight); i++)
        tiny_random_real(t, weight[i].name, weight[i].rank, weight[i].dim);
    tiny_bind(t);
}

static struct engine open_tiny(const struct tiny *t, struct engine_options options, const char *isa)
{
    struct engine e = { 0 };

    tiny_must(engine_open(&t->binding, &options, kernel_select(isa), &e));
    return e;
}

static int units(struct engine e)
{
    int count = 0;

    for (int i = 0; i < engine_steps(e.plan); i++)
        count += e.plan->op[i].kind == KIND_UNIT;
    return count;
}

static int same_map(struct engine_map a, struct engine_map b)
{
    size_t bytes = (size_t)a.c * (a.real ? sizeof(float) : 1);

    for (size_t i = 0; i < (size_t)(a.h * a.w); i++)
        if (memcmp(a.real ? (const void *)(a.real + i * (size_t)a.pitch) : a.codes + i * (size_t)a.pitch,
                   b.real ? (const void *)(b.real + i * (size_t)b.pitch) : b.codes + i * (size_t)b.pitch,
                   bytes) != 0)
            return 0;
    return 1;
}

/* Logits and every map that can be seen; how many of these there are. */
static int compare(const struct model *m, struct engine unit, struct engine whole, const char *what)
{
    int seen = 0;

    CHECK_MSG(memcmp(engine_logits(unit.plan, unit.state), engine_logits(whole.plan, whole.state),
                     (size_t)engine_classes(whole.plan) * sizeof(float)) == 0,
              "%s, %s: logits", m->name, what);
    for (int i = 0; i < m->nodes; i++) {
        struct engine_map map = engine_node_map(unit.plan, unit.state, i);

        CHECK(map.c == m->node[i].c && map.h == m->node[i].h && map.w == m->node[i].w);
        if (!map.real && !map.codes)
            continue;
        seen++;
        CHECK_MSG(same_map(map, engine_node_map(whole.plan, whole.state, i)), "%s, %s: %s", m->name, what,
                  m->node[i].name);
    }
    return seen;
}

static uint64_t macs(struct engine e)
{
    uint64_t sum = 0;

    for (int i = 0; i < engine_steps(e.plan); i++)
        sum += engine_step_macs(e.plan, i);
    return sum;
}

/* Plans of units, of layers and of kept maps; a run of changed pixels. */
static void test_equal(struct tiny *t, enum engine_arithmetic arithmetic, const char *isa)
{
    struct engine_options options = { .arithmetic = arithmetic };
    struct engine unit = open_tiny(t, options, isa), layers, whole;
    float real[PIXELS];
    uint8_t pixels[PIXELS];

    options.layers = 1;
    layers = open_tiny(t, options, isa);
    options.keep = 1;
    whole = open_tiny(t, options, isa);
    CHECK(units(layers) == 0 && units(whole) == 0 && macs(unit) == macs(layers));
    tiny_pixels(t, pixels, PIXELS);
    engine_run(unit.plan, unit.state, pixels);
    engine_run(layers.plan, layers.state, pixels);
    engine_run(whole.plan, whole.state, pixels);
    (void)compare(&t->model, unit, whole, isa);
    (void)compare(&t->model, layers, whole, isa);
    tiny_must(engine_keep(unit.plan, unit.state));
    for (int i = 0; i < PIXELS; i++)
        real[i] = tiny_between(t, -2, 2);
    engine_run_real(unit.plan, unit.state, real);
    for (int step = 1; step < 30; step++) {
        int32_t changed[30];

        for (int i = 0; i < step; i++) {
            changed[i] = (int32_t)random_below(&t->random, step < 15 ? 20 : SIDE * SIDE);
            real[changed[i] * 3] = tiny_between(t, -2, 2);
        }
        (void)engine_batch_changed(unit.plan, unit.state, real, changed, step);
        (void)engine_finish_batch(unit.plan, unit.state);
        engine_run_real(whole.plan, whole.state, real);
        (void)compare(&t->model, unit, whole, "changed");
    }
    engine_close(&unit);
    engine_close(&layers);
    engine_close(&whole);
}

static int steps_of(const struct tiny *t, struct engine_options options)
{
    struct engine e = open_tiny(t, options, "ref");
    int count = units(e);

    engine_close(&e);
    return count;
}

/* Which chains are units. A sum under fbgemm of 6 x 6 x 12 codes is none's: 432 is no multiple of 64. */
static void test_which(void)
{
    struct tiny t;
    struct engine_options options = { .arithmetic = ENGINE_QNNPACK };
    struct engine e;
    uint8_t show[64] = { 0 };

    chains(&t, 1, 0);
    e = open_tiny(&t, options, "ref");
    CHECK(units(e) == 5 && engine_steps(e.plan) == 1 + 5 + 1 + 1 + 1 + 1 + 1);
    CHECK(strcmp(engine_step_name(e.plan, 1), "stem to pw0") == 0);
    CHECK(strcmp(engine_step_name(e.plan, 2), "ex1 to sum1") == 0);
    CHECK(strcmp(engine_step_name(e.plan, 3), "ex2 to pw2") == 0);
    CHECK(strcmp(engine_step_name(e.plan, 4), "dw3 to sum3") == 0);
    CHECK(strcmp(engine_step_name(e.plan, 5), "ex4 to pw4") == 0);
    CHECK(engine_node_map(e.plan, e.state, model_find(&t.model, "dw1_relu")).codes == NULL);
    engine_close(&e);
    options.arithmetic = ENGINE_FBGEMM;
    e = open_tiny(&t, options, "ref");
    CHECK(units(e) == 5 && strcmp(engine_step_name(e.plan, 2), "ex1 to sum1") == 0 &&
          strcmp(engine_step_name(e.plan, 4), "dw3 to pw3") == 0);
    engine_close(&e);
    options.saturate = ENGINE_SATURATE_AVX2;
    CHECK(steps_of(&t, options) == 0);
    options.saturate = ENGINE_SATURATE_VNNI; /* of 16 and 24 channels */
    CHECK(steps_of(&t, options) == 3);
    options = (struct engine_options){ .arithmetic = ENGINE_QNNPACK, .show = show };
    show[model_find(&t.model, "dw1")] = 1;
    CHECK(steps_of(&t, options) == 4);
    show[model_find(&t.model, "ex2")] = 1; /* dw2 still leads to pw2 */
    show[model_find(&t.model, "pw3")] = 1; /* still the end of a unit, without the sum */
    show[model_find(&t.model, "sum1")] = 1;
    e = open_tiny(&t, options, "ref");
    CHECK(units(e) == 4 && strcmp(engine_step_name(e.plan, 7), "dw2 to pw2") == 0);
    for (int i = 0; i < t.model.nodes; i++)
        CHECK(!show[i] || engine_node_map(e.plan, e.state, i).codes != NULL);
    engine_close(&e);
    tiny_free(&t);
}

/* Functions between layers are a unit's; before squeeze-excite a unit ends. */
static void test_which_functions(void)
{
    struct tiny t;
    uint8_t show[64] = { 0 };
    struct engine_options options = { .show = show };
    struct engine e;

    functions(&t);
    e = open_tiny(&t, options, "ref");
    CHECK(units(e) == 3 && strcmp(engine_step_name(e.plan, 3), "ex0 to dw0_act") == 0);
    CHECK(strcmp(engine_step_name(e.plan, 9), "ex1 to dw1") == 0);
    CHECK(strcmp(engine_step_name(e.plan, 15), "ex2 to sum2") == 0);
    CHECK(engine_node_map(e.plan, e.state, model_find(&t.model, "ex0_act")).real == NULL &&
          engine_node_map(e.plan, e.state, model_find(&t.model, "dw0")).real == NULL);
    engine_close(&e);
    show[model_find(&t.model, "dw0")] = 1; /* seen before its function: the unit ends there */
    show[model_find(&t.model, "ex1_act")] = 1;
    show[model_find(&t.model, "ex2")] = 1; /* dw2 still leads to pw2 */
    e = open_tiny(&t, options, "ref");
    CHECK(units(e) == 2 && strcmp(engine_step_name(e.plan, 3), "ex0 to dw0") == 0);
    for (int i = 0; i < t.model.nodes; i++)
        CHECK(!show[i] || engine_node_map(e.plan, e.state, i).real != NULL);
    engine_close(&e);
    tiny_free(&t);
}

/* The reference's two roundings are none of a unit's, nor are weights with zero points; a sum of ONNX
 * Runtime's is where the projection stands second. */
static void test_which_deployed(void)
{
    const struct engine_options xnnpack = { .arithmetic = ENGINE_XNNPACK }, as_noted = { 0 };
    struct engine e;
    struct tiny t;

    deployed_chains(&t, "tflite", 0);
    CHECK(steps_of(&t, as_noted) == 0 && steps_of(&t, xnnpack) == 5);
    tiny_free(&t);
    deployed_chains(&t, "tflite", -3);
    CHECK(steps_of(&t, xnnpack) == 4);
    tiny_free(&t);
    deployed_chains(&t, "onnxruntime", 0);
    e = open_tiny(&t, as_noted, "ref");
    CHECK(units(e) == 5 && strcmp(engine_step_name(e.plan, 2), "ex1 to sum1") == 0 &&
          strcmp(engine_step_name(e.plan, 4), "dw3 to pw3") == 0);
    engine_close(&e);
    tiny_free(&t);
}

/* Steps of a curve, a growing square of changed pixels each. */
static void compare_changed(const struct network *unit, const struct network *whole, const char *isa)
{
    const struct model_input *in = &unit->model.input;
    size_t values = (size_t)(in->channels * in->height * in->width);
    float *real = mem_alloc(values, sizeof *real);
    struct random r = { .seed = 6 };

    for (size_t i = 0; i < values; i++)
        real[i] = (float)random_below(&r, 1000) / 250 - 2;
    tiny_must(engine_keep(unit->engine.plan, unit->engine.state));
    engine_run_real(unit->engine.plan, unit->engine.state, real);
    for (int step = 1; step < 4; step++) {
        int32_t changed[400];
        int side = 6 * step;

        for (int i = 0; i < side * side; i++) {
            changed[i] = (int32_t)((50 * step + i / side) * in->width + 60 + i % side);
            real[changed[i] * in->channels] = -real[changed[i] * in->channels];
        }
        (void)engine_batch_changed(unit->engine.plan, unit->engine.state, real, changed, side * side);
        (void)engine_finish_batch(unit->engine.plan, unit->engine.state);
        engine_run_real(whole->engine.plan, whole->engine.state, real);
        (void)compare(&whole->model, unit->engine, whole->engine, isa);
    }
    mem_free(real);
}

/* Whole networks: the plan of units, and one that shows an inner node of some. */
static void test_network(const char *model, const char *weights, const char *isa, enum engine_arithmetic a)
{
    struct engine_options options = { .arithmetic = a };
    struct network unit = { 0 }, whole = { 0 };
    struct random r = { .seed = 5 };
    size_t bytes;
    uint8_t *pixels;

    tiny_must(network_open(&(struct network_how){ .model = model, .isa = isa, .options = options }, weights,
                           &unit));
    options.keep = 1;
    tiny_must(network_open(&(struct network_how){ .model = model, .isa = isa, .options = options }, weights,
                           &whole));
    bytes = image_pipeline_bytes(&unit.pipeline);
    pixels = mem_alloc(bytes, 1);
    for (size_t i = 0; i < bytes; i++)
        pixels[i] = (uint8_t)(random_below(&r, 64) + i / 3 % 190);
    engine_run(unit.engine.plan, unit.engine.state, pixels);
    engine_run(whole.engine.plan, whole.engine.state, pixels);
    (void)compare(&whole.model, unit.engine, whole.engine, isa);
    CHECK(strcmp(model, "models/mobilenet_v2.model") != 0 || strcmp(weights, NETWORK_RANDOM_REAL) != 0 ||
          units(unit.engine) > 0);
    if (strcmp(isa, "ref") != 0 && units(unit.engine) > 0)
        compare_changed(&unit, &whole, isa);
    mem_free(pixels);
    network_close(&unit);
    network_close(&whole);
}

static void test_isa(const char *isa)
{
    static const char *const nets[] = { "mobilenet_v2", "efficientnet_lite0", "mobilenet_v3_large",
                                        "shufflenet_v2_x0_5", "efficientnet_b0" };
    struct tiny t;

    for (int i = 0; i < 2; i++) {
        chains(&t, 1, i);
        test_equal(&t, ENGINE_FBGEMM, isa);
        test_equal(&t, ENGINE_QNNPACK, isa);
        tiny_free(&t);
    }
    chains(&t, 0, 0);
    test_equal(&t, ENGINE_AUTO, isa);
    tiny_free(&t);
    functions(&t);
    test_equal(&t, ENGINE_AUTO, isa);
    tiny_free(&t);
    deployed_chains(&t, "tflite", 0);
    test_equal(&t, ENGINE_XNNPACK, isa);
    tiny_free(&t);
    deployed_chains(&t, "onnxruntime", 0);
    test_equal(&t, ENGINE_ORT, isa);
    tiny_free(&t);
    for (size_t i = 0; i < COUNT_OF(nets); i++) {
        char model[64];

        snprintf(model, sizeof model, "models/%s.model", nets[i]);
        test_network(model, NETWORK_RANDOM_CODES, isa, ENGINE_FBGEMM);
        test_network(model, NETWORK_RANDOM_CODES, isa, ENGINE_QNNPACK);
        test_network(model, NETWORK_RANDOM_REAL, isa, ENGINE_AUTO);
    }
}

int main(void)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    test_which();
    test_which_functions();
    test_which_deployed();
    for (int k = 0; k < count; k++)
        if (usable[k])
            test_isa(names[k]);
        else
            check_skip(names[k], "not on this machine");
    CHECK(mem_live() == 0);
    return check_result("engine/unit");
}
