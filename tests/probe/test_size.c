/* tests/probe/test_size.c: a second precision of a description of its own. */
#include "probe_test.h"

/* Twice the input, a grid twice as fine. */
enum { WIDE = 2 * EDGE, GRID = 2 * H };

struct second {
    struct model model;
    struct engine engine;
};

/* tiny.model with one piece in the place of another. */
static void open_second(struct second *s, const char *was, const char *is)
{
    const struct model_reading how = { .allow_unused = 1 };
    struct tensor_table table = { 0 };
    struct model_binding binding = { 0 };
    struct text text = { .max = 1 << 16 };
    char *tiny = NULL, *at;
    size_t size;

    memset(s, 0, sizeof *s);
    must(text_read_plain(TINY "tiny.model", 1 << 16, &tiny, &size));
    at = strstr(tiny, was);
    must(at ? OK : FAIL(ERR_FORMAT, "tiny.model has no '%s'", was));
    must(text_add(&text, "%.*s%s%s", (int)(at - tiny), tiny, is, at + strlen(was)));
    must(model_parse("second.model", text.data, text.size, &s->model));
    must(weight_load(TINY "per_tensor.pth", "", &table));
    must(model_bind(&s->model, &table, &how, &binding));
    must(engine_open(&binding, &(struct engine_options){ 0 }, kernel_select("auto"), &s->engine));
    model_unbind(&binding);
    table_free(&table);
    text_free(&text);
    mem_free(tiny);
}

static void close_second(struct second *s)
{
    engine_close(&s->engine);
    model_free(&s->model);
}

static void look(struct probe *p, int i, const uint8_t *pixels)
{
    probe_run(p, i, pixels);
    must(probe_answer(p, i));
    must(probe_look(p, i));
}

static void walk(struct probe *p, int i, const uint8_t *pixels, const float *projection, float *curve)
{
    must(probe_keep(p, 0));
    probe_see(p, i);
    must(probe_picture(p, pixels, IMAGE_SUBSTRATE_ZERO, IMAGE_SUBSTRATE_BLUR));
    probe_order(p, i, projection);
    probe_curve_start(p, i, PROBE_DELETION, 1, curve, NULL);
    while (probe_curve_next(p) == PROBE_MORE)
        ;
    must(probe_let_go(p, 0));
}

/* The pair is compared on the first's grid and in its frame; curves are as of the network alone. */
static void test_other_input(const struct probed *t)
{
    enum { STEPS = 10 };
    const struct probe_how how = { .sign = CAM_ABSMAX, .curves = STEPS };
    struct random random = { .seed = 6 };
    struct second wide;
    struct probe_network n = t->network, alone = { .precisions = 1 };
    struct probe *p = NULL, *own = NULL;
    uint8_t pixels[WIDE * WIDE * 3];
    float values[GRID * GRID], grid[CELLS], map[PIXELS], curve[2][STEPS + 1];

    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)random_below(&random, 256);
    open_second(&wide, "3 8 8  resize 8 bilinear  crop 8", "3 16 16  resize 16 bilinear  crop 16");
    n.model[1] = alone.model[0] = &wide.model;
    n.engine[1] = alone.engine[0] = wide.engine;
    must(probe_create(&n, 1, &how, kernel_select("auto"), &p));
    CHECK(!probe_sees_as(p, 0, 1) && probe_sees_as(p, 1, 1));
    look(p, 0, t->pixels);
    look(p, 1, pixels);
    memcpy(values, probe_shown(p, 1)->cam.values, sizeof values);
    cam_resize(values, GRID, GRID, H, W, grid);
    CHECK(cam_align(probe_shown(p, 0)->cam.values, grid, CELLS) == 1);
    CHECK((float)probe_measure(p, measure_find(measure_table, "correlation"), 0, 1) ==
          rmse_correlation(probe_shown(p, 0)->cam.values, grid, CELLS));
    cam_finish(values, GRID, GRID, EDGE, EDGE, map);
    CHECK(memcmp(map, probe_map(p, 1, 0), sizeof map) == 0);
    CHECK((float)probe_measure(p, measure_find(measure_table, "rmse_aligned"), 0, 1) ==
          rmse_maps(probe_map(p, 0, 0), map, PIXELS));
    walk(p, 1, pixels, values, curve[0]);
    probe_free(p);

    must(probe_create(&alone, 1, &how, kernel_select("auto"), &own));
    look(own, 0, pixels);
    walk(own, 0, pixels, values, curve[1]);
    CHECK(memcmp(curve[0], curve[1], sizeof curve[0]) == 0);
    probe_free(own);
    close_second(&wide);
}

static void test_other_classes(const struct probed *t)
{
    const struct probe_how how = { .sign = CAM_ABSMAX };
    struct probe_network n = t->network;
    struct second pooled;
    struct probe *p = NULL;

    open_second(&pooled, "linear    fc      avgpool      out 3  weight fc\n\noutput fc", "output avgpool");
    n.model[1] = &pooled.model;
    n.engine[1] = pooled.engine;
    CHECK(probe_create(&n, 1, &how, kernel_select("auto"), &p) == ERR_MISMATCH && p == NULL);
    CHECK_MSG(strcmp(error_last()->text, "tiny: precision 2 has 4 classes, the first 3") == 0, "%s",
              error_last()->text);
    close_second(&pooled);
}

int main(void)
{
    struct probed t;

    probed_open(&t);
    test_other_input(&t);
    test_other_classes(&t);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/size");
}
