/* tests/engine/test_tiles.c: which layers are Winograd's, and their lists of tiles. */
#include <math.h>

#include "engine/tiles.h"
#include "engine/tiny.h"

enum { SIDE = 14, PIXELS = SIDE * SIDE * 3 };

/* b: 16 tiles of 4 x 4; d: 16 tiles of 2 x 2; the others have 3 channels, a stride, a kernel of 1, groups. */
static const char text[] = "model tiles  layers of every form\n"
                           "input image 3 14 14 resize 14 bilinear crop 14 mean 0 0 0 std 1 1 1\n"
                           "conv a image out 16 kernel 3 stride 1 pad 1 groups 1 weight a\n"
                           "conv b a out 16 kernel 3 stride 1 pad 1 groups 1 weight b\n"
                           "relu r b\n"
                           "conv g r out 16 kernel 3 stride 1 pad 1 groups 2 weight g\n"
                           "conv c g out 16 kernel 3 stride 2 pad 1 groups 1 weight c\n"
                           "conv d c out 16 kernel 3 stride 1 pad 1 groups 1 weight d\n"
                           "avgpool p d\n"
                           "linear fc p out 5 weight fc\n"
                           "output fc\n"
                           "cam d\n";

static void make(struct tiny *t)
{
    tiny_describe(t, text);
    tiny_random_real(t, "a", 4, (int64_t[]){ 16, 3, 3, 3 });
    tiny_random_real(t, "b", 4, (int64_t[]){ 16, 16, 3, 3 });
    tiny_random_real(t, "g", 4, (int64_t[]){ 16, 8, 3, 3 });
    tiny_random_real(t, "c", 4, (int64_t[]){ 16, 16, 3, 3 });
    tiny_random_real(t, "d", 4, (int64_t[]){ 16, 16, 3, 3 });
    tiny_random_real(t, "fc", 2, (int64_t[]){ 5, 16 });
    tiny_bind(t);
}

static struct engine plan(const struct tiny *t, struct engine_options options, const char *isa)
{
    struct engine e = { 0 };

    options.keep = 1;
    tiny_must(engine_open(&t->binding, &options, kernel_select(isa), &e));
    return e;
}

static const struct engine_op *find(struct engine e, const char *name)
{
    for (int i = 0; i < engine_steps(e.plan); i++)
        if (strcmp(e.plan->op[i].name, name) == 0)
            return &e.plan->op[i];
    CHECK_MSG(0, "no step %s", name);
    exit(check_result("engine/tiles"));
}

static int winograd_layers(struct engine e)
{
    int count = 0;

    for (int i = 0; i < engine_steps(e.plan); i++)
        count += e.plan->op[i].kind == KIND_WINOGRAD;
    return count;
}

static void test_forms(const struct tiny *t)
{
    struct quant_params round[16] = { { 0 } };
    struct engine e = plan(t, (struct engine_options){ 0 }, "auto");
    const struct engine_op *b = find(e, "b"), *d = find(e, "d");
    struct kernel_conv patch = run_reach(e.plan, b, 0);

    CHECK(winograd_layers(e) == 2 && run_tile(e.plan, b) == 4 && run_tile(e.plan, d) == 2);
    CHECK(run_tile(e.plan, find(e, "a")) == 1 && !run_takes_points(e.plan, b) && !run_is_dense(e.plan, b));
    CHECK(b->macs == 14 * 14 * 9 * 256 && b->done == 16 * 36 * 256);
    CHECK(d->macs == 7 * 7 * 9 * 256 && d->done == 16 * 16 * 256);
    CHECK(engine_step_done(e.plan, 1) == engine_step_macs(e.plan, 1) &&
          find(e, "g")->done == 14 * 14 * 72 * 16);
    CHECK(patch.ih == 14 && patch.iw == 14 && patch.oh == 4 && patch.ow == 4 && patch.kh == 6 &&
          patch.kw == 6 && patch.stride == 4 && patch.pad_y == 1 && patch.pad_x == 1);
    engine_close(&e);
    e = plan(t, (struct engine_options){ .direct = 1 }, "auto");
    CHECK(winograd_layers(e) == 0 && find(e, "b")->done == find(e, "b")->macs);
    engine_close(&e);
    e = plan(t, (struct engine_options){ .round = round }, "auto");
    CHECK(winograd_layers(e) == 0);
    engine_close(&e);
}

/* The largest distance of two engines' values of a node, over the largest value. */
static double distance(const struct tiny *t, struct engine a, struct engine b, int node)
{
    struct engine_map m = engine_node_map(a.plan, a.state, node), n = engine_node_map(b.plan, b.state, node);
    double most = 0, largest = 0;

    for (int i = 0; i < m.h * m.w * m.c; i++) {
        most = fmax(most, fabs((double)m.real[i] - (double)n.real[i]));
        largest = fmax(largest, fabs((double)n.real[i]));
    }
    CHECK_MSG(m.pitch == m.c && largest > 0, "%s", t->model.node[node].name);
    return most / largest;
}

/* Another expression, of the same numbers. */
static void test_direct(const struct tiny *t, const uint8_t *pixels)
{
    struct engine on = plan(t, (struct engine_options){ 0 }, "auto");
    struct engine off = plan(t, (struct engine_options){ .direct = 1 }, "auto");
    int a = model_find(&t->model, "a"), d = model_find(&t->model, "d");
    double far;

    engine_run(on.plan, on.state, pixels);
    engine_run(off.plan, off.state, pixels);
    far = distance(t, on, off, d);
    CHECK_MSG(far > 0 && far < 1e-5, "%g", far);
    CHECK(distance(t, on, off, a) == 0);
    engine_close(&on);
    engine_close(&off);
}

/* Position (5, 5) is of tile (1, 1), outputs 4 to 7. */
static void test_rectangle(const struct tiny *t, const uint8_t *pixels, const char *isa)
{
    enum { FLOATS = SIDE * SIDE * 16 };
    struct engine e = plan(t, (struct engine_options){ 0 }, isa);
    struct engine_pass pass = state_pass(e.plan, e.state);
    const struct engine_op *b = find(e, "b");
    float *out = (float *)(void *)pass_at(&pass, &b->out), whole[FLOATS];
    struct tiles tiles = { .count = 0 };
    int wrong = 0;

    engine_run(e.plan, e.state, pixels);
    memcpy(whole, out, sizeof whole);
    for (int i = 0; i < FLOATS; i++)
        out[i] = -1;
    run_op(&pass, b, (struct kernel_rect){ 5, 6, 5, 6 });
    for (int i = 0; i < FLOATS; i++) {
        int y = i / 16 / SIDE, x = i / 16 % SIDE, inside = y / 4 == 1 && x / 4 == 1;

        wrong += out[i] != (inside ? whole[i] : -1);
    }
    CHECK_MSG(wrong == 0, "%s: %d", isa, wrong);
    for (int i = 0; i < 2 * TILES_MOST; i++) {
        tiles_add(&pass, b, i % 16 / 4, i % 4, &tiles);
        CHECK(tiles.count >= 1 && tiles.count <= TILES_MOST);
    }
    tiles_run(&pass, b, &tiles);
    tiles_run(&pass, b, &tiles);
    CHECK(tiles.count == 0 && memcmp(out, whole, sizeof whole) == 0);
    engine_close(&e);
}

int main(void)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);
    uint8_t pixels[PIXELS];
    struct tiny t;

    make(&t);
    tiny_pixels(&t, pixels, PIXELS);
    test_forms(&t);
    test_direct(&t, pixels);
    for (int k = 0; k < count; k++)
        if (usable[k])
            test_rectangle(&t, pixels, names[k]);
        else
            check_skip(names[k], "not on this machine");
    tiny_free(&t);
    CHECK(mem_live() == 0);
    return check_result("engine/tiles");
}
