/* tests/gradient/test_run.c: a backward pass by hand, against finite differences of whole networks, and the
 * same bits on every instruction set and of every path. */
#include <math.h>

#include "engine/tiny_deployed.h"
#include "gradient.h"

enum { PIXELS = DEPLOYED_H * DEPLOYED_W * 3 };

static struct gradient open_path(const struct tiny *t, const char *from, const char *to, const char *isa)
{
    const struct gradient_path path = { .from = model_find(&t->model, from),
                                        .to = model_find(&t->model, to) };
    struct gradient g;

    tiny_must(gradient_open(&t->binding, path, kernel_select(isa), &g));
    return g;
}

/* ---- by hand ------------------------------------------------------------------------------------------- */

static const char hand_text[] =
    "model hand  two layers\n"
    "input image 3 2 2 resize 2 bilinear crop 2 mean 0 0 0 std 1 1 1 quant quant\n"
    "maxpool p image kernel 2 stride 2 pad 0\n"
    "linear a p out 2 weight a\n"
    "relu r a\n"
    "linear fc r out 2 weight fc\n"
    "output fc\n"
    "cam image\n";

/* a = (1 2 3; -1 0 1) p, fc = (2 5; 7 1) r: of class 1 with a = (6, -1), g_p = 7 (1 2 3). */
static void by_hand(void)
{
    const float a[] = { 1, 2, 3, -1, 0, 1 }, fc[] = { 2, 5, 7, 1 }, bias[] = { 0, -1 };
    const float image[] = { 1, 0, 1, 1, 1, 0, 0, 1, 1, 1, 1, 1 };
    const float expected[4][3] = { { 7, 0, 21 }, { 0, 14, 0 }, { 0, 0, 0 }, { 0, 0, 0 } };
    struct tiny t;
    struct engine e;
    struct gradient g;

    tiny_describe(&t, hand_text);
    tiny_real(&t, "a", ".weight", 2, (int64_t[]){ 2, 3 }, a);
    tiny_real(&t, "a", ".bias", 1, (int64_t[]){ 2 }, bias);
    tiny_real(&t, "fc", ".weight", 2, (int64_t[]){ 2, 2 }, fc);
    tiny_real(&t, "fc", ".bias", 1, (int64_t[]){ 2 }, bias);
    tiny_bind(&t);
    e = tiny_plan(&t, ENGINE_AUTO, 1, "ref");
    engine_run_real(e.plan, e.state, image);
    g = open_path(&t, "fc", "image", "ref");
    gradient_run(g.plan, g.state, &e, 1);
    for (int i = 0; i < 12; i++)
        CHECK_MSG(gradient_map(g.plan, g.state)[i] == expected[i / 3][i % 3], "%d: %g", i,
                  gradient_map(g.plan, g.state)[i]);
    gradient_close(&g);
    g = open_path(&t, "fc", "a", "ref"); /* before the relu that is fused into it */
    gradient_run(g.plan, g.state, &e, 0);
    CHECK(gradient_map(g.plan, g.state)[0] == 2 && gradient_map(g.plan, g.state)[1] == 0);
    gradient_close(&g);
    engine_close(&e);
    tiny_free(&t);
}

/* ---- integers by hand ---------------------------------------------------------------------------------- */

/* tiny_one: c = 2 x 3 of 1 x 1, relu, mean, linear (1 0; 0 1) with the scale 0.5: by a position of r, class k
 * has 0.5 / 4; by the image that times the row of c, whose weights are codes times 0.5, where r's code lies
 * above 7 and below 255. */
static void integers_by_hand(void)
{
    const uint8_t pixels[12] = { 0, 0, 0, 60, 50, 0, 255, 255, 255, 9, 9, 9 };
    struct tiny t;
    struct engine e;
    struct gradient g;
    struct engine_map r;

    tiny_one(&t, 0);
    e = tiny_plan(&t, ENGINE_AUTO, 1, "ref");
    engine_run(e.plan, e.state, pixels);
    r = engine_node_map(e.plan, e.state, model_find(&t.model, "r"));
    g = open_path(&t, "fc", "r", "ref");
    gradient_run(g.plan, g.state, &e, 1);
    for (int i = 0; i < 8; i++)
        CHECK(gradient_map(g.plan, g.state)[i] == (i % 2 ? 0.125f : 0.0f));
    gradient_close(&g);
    g = open_path(&t, "fc", "image", "ref");
    for (int k = 0; k < 2; k++) {
        int through = 0;

        gradient_run(g.plan, g.state, &e, k);
        for (int i = 0; i < 12; i++) {
            int code = r.codes[i / 3 * r.pitch + k], open = code > 7 && code < 255;
            float expected = open ? 0.125f * 0.5f * (float)(3 * k + i % 3 + 1) : 0.0f;

            through += open;
            CHECK_MSG(gradient_map(g.plan, g.state)[i] == expected, "class %d, %d: %g, code %d", k, i,
                      gradient_map(g.plan, g.state)[i], code);
        }
        CHECK_MSG(k == 0 ? through == 12 : through > 0 && through < 12, "class %d: %d pass", k, through);
    }
    gradient_close(&g);
    engine_close(&e);
    tiny_free(&t);
}

/* Real values to codes and back, by other codes, and clipped: 3 of steps of 0.5 from -1 on are 0 .. 3, codes
 * 4 .. 7 are beyond the second quantizer's, and so is what the clip cuts. */
static void conversions_by_hand(void)
{
    static const char text[] = "model hand  conversions\n"
                               "input image 1 1 6 resize squash bilinear mean 0 std 1\n"
                               "quantize a image quant a\nquantize b a quant b\ndequantize c b\n"
                               "clip d c low -0.75 high 100\nleakyrelu e d slope 0.25\n"
                               "linear f e out 3 weight f\nslice g f begin 1 out 2\noutput g\ncam e\n";
    const float image[6] = { -9, -1, -0.5f, 0.5f, 1, 9 };
    const float weight[18] = { 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0 };
    /* code 0 and -1 are the first quantizer's and the clip's ends, 1 and 9 the second's; below 0 a quarter */
    const float expected[6] = { 0, 0, 0.75f, 4, 0, 0 };
    struct tiny t;
    struct engine e;
    struct gradient g;

    tiny_describe(&t, text);
    tiny_real(&t, "f", ".weight", 2, (int64_t[]){ 3, 6 }, weight);
    tiny_params(&t, "a", 0.5, 3, 0);
    tiny_params(&t, "b", 0.25, 251, 0);
    tiny_must(table_add_note(&t.table, "quantcam.engine", "onnxruntime"));
    tiny_bind(&t);
    e = tiny_plan(&t, ENGINE_AUTO, 1, "ref");
    engine_run_real(e.plan, e.state, image);
    g = open_path(&t, "g", "image", "ref");
    gradient_run(g.plan, g.state, &e, 0);
    for (int i = 0; i < 6; i++)
        CHECK_MSG(gradient_map(g.plan, g.state)[i] == expected[i], "%d: %g", i,
                  gradient_map(g.plan, g.state)[i]);
    gradient_close(&g);
    engine_close(&e);
    tiny_free(&t);
}

/* ---- finite differences -------------------------------------------------------------------------------- */

static float logit(const struct engine *e, const float *image, int k)
{
    engine_run_real(e->plan, e->state, image);
    return engine_logits(e->plan, e->state)[k];
}

/* All but a few, whose step passes a corner. */
static void differences(struct tiny *t, const char *what)
{
    struct engine e = tiny_plan(t, ENGINE_AUTO, 1, "auto");
    struct gradient g = open_path(t, t->model.node[t->model.output].name, "image", "auto");
    const float step = 1.0f / 1024;
    float image[PIXELS], analytic[PIXELS], most = 0;
    int far = 0, values = t->model.input.height * t->model.input.width * 3;

    for (int i = 0; i < values; i++)
        image[i] = tiny_between(t, -2, 2);
    logit(&e, image, 2);
    gradient_run(g.plan, g.state, &e, 2);
    memcpy(analytic, gradient_map(g.plan, g.state), sizeof analytic);
    for (int i = 0; i < values; i++)
        most = fabsf(analytic[i]) > most ? fabsf(analytic[i]) : most;
    for (int i = 0; i < values; i++) {
        float was = image[i], up, down;

        image[i] = was + step;
        up = logit(&e, image, 2);
        image[i] = was - step;
        down = logit(&e, image, 2);
        image[i] = was;
        far += fabsf((up - down) / (2 * step) - analytic[i]) > 0.01f * most;
    }
    CHECK_MSG(most > 0 && far < values / 20, "%s: %d of %d differ by more than 1 %% of %g", what, far, values,
              most);
    gradient_close(&g);
    engine_close(&e);
}

/* ---- equal bits ---------------------------------------------------------------------------------------- */

static uint32_t digest(const struct tiny *t, const char *to, const char *isa, int show_alone)
{
    const struct gradient_path path = { .from = t->model.output, .to = model_find(&t->model, to) };
    const struct model_node *n = &t->model.node[path.to];
    uint8_t pixels[PIXELS], show[64] = { 0 };
    struct engine_options options = { .arithmetic = ENGINE_AUTO, .keep = !show_alone, .show = show };
    struct tiny draws = { .random.seed = 5 };
    struct engine e;
    struct gradient g = open_path(t, t->model.node[path.from].name, to, isa);
    uint32_t crc = 0;

    tiny_pixels(&draws, pixels, PIXELS);
    tiny_must(gradient_shows(&t->model, t->binding.form, path, show));
    tiny_must(engine_open(&t->binding, &options, kernel_select(isa), &e));
    for (int k = 0; k < 5; k++) {
        engine_run(e.plan, e.state, pixels);
        gradient_run(g.plan, g.state, &e, k);
        crc = hash_crc32(crc, gradient_map(g.plan, g.state), (size_t)(n->c * n->h * n->w) * sizeof(float));
    }
    gradient_close(&g);
    engine_close(&e);
    return crc;
}

/* Every node of the network that reaches the output. */
static void equal_bits(const struct tiny *t, const char *what)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable), checked = 0;

    for (int node = 0; node < t->model.output; node++) {
        const char *to = t->model.node[node].name;
        uint32_t first = digest(t, to, "ref", 0);

        CHECK_MSG(digest(t, to, "ref", 1) == first, "%s to %s: with what gradient_shows marks alone", what,
                  to);
        for (int i = 0; i < count; i++) {
            if (!usable[i])
                continue;
            CHECK_MSG(digest(t, to, names[i], i % 2) == first, "%s to %s on %s", what, to, names[i]);
            checked++;
        }
    }
    CHECK(checked >= t->model.output);
}

static void whole_networks(void)
{
    static const char *const engines[] = { "tflite", "onnxruntime" };
    struct tiny t;

    tiny_deployed(&t, NULL);
    differences(&t, "deployed");
    equal_bits(&t, "deployed");
    tiny_free(&t);
    for (size_t i = 0; i < COUNT_OF(engines); i++) {
        tiny_deployed(&t, engines[i]);
        equal_bits(&t, engines[i]);
        tiny_free(&t);
    }

    tiny_every(&t, 0, 0);
    differences(&t, "every");
    equal_bits(&t, "every");
    tiny_free(&t);
    tiny_more(&t, 0, 0, 0);
    differences(&t, "more");
    equal_bits(&t, "more");
    tiny_free(&t);
    tiny_next(&t);
    differences(&t, "next");
    equal_bits(&t, "next");
    tiny_free(&t);
    tiny_every(&t, 1, 1);
    equal_bits(&t, "every int8");
    tiny_free(&t);
    for (int shared = 0; shared < 2; shared++) {
        tiny_more(&t, 1, 0, shared);
        equal_bits(&t, "more int8");
        tiny_free(&t);
    }
}

int main(void)
{
    by_hand();
    integers_by_hand();
    conversions_by_hand();
    whole_networks();
    return check_result("gradient/run");
}
