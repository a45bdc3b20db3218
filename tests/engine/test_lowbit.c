/* tests/engine/test_lowbit.c: trained low-bit networks as integers: a small one by the written definition,
 * node by node from what is shown; ResNet-20 and one with groups, of random levels, on every instruction set,
 * of changed pixels and in batches. */
#include <math.h>

#include "lowbit_changes.h"

static struct random draws = { .seed = 5 };

/* ---- by the definition --------------------------------------------------------------------------------- */

enum { SIDE = 4, PICTURE = SIDE * SIDE };

static const uint8_t *codes_of(const struct engine *e, const struct model *m, const char *node)
{
    struct engine_map map = engine_node_map(e->plan, e->state, model_find(m, node));

    CHECK_MSG(map.codes && map.pitch == map.c, "%s", node);
    return map.codes;
}

/* m_c and b_c (include/engine.h). */
struct constants {
    struct model_levels l;
    float m[64], b[64];
};

static struct constants constants_of(const struct model_binding *b, const char *node, double before,
                                     double behind)
{
    struct constants k;

    must(model_levels_load(b, model_find(b->model, node), &k.l));
    for (int o = 0; o < k.l.oc; o++) {
        k.m[o] = (float)(before * k.l.factor[o] / behind);
        k.b[o] = (float)(k.l.shift[o] / behind);
    }
    return k;
}

static int code_of(float v, int high)
{
    double r = rint((double)v);

    return r < 0 ? 0 : r > high ? high : (int)r;
}

/* a: one real product, then a code of 4 bits. */
static void check_first(const struct engine *e, const struct model_binding *b, const float *picture)
{
    const uint8_t *out = codes_of(e, b->model, "ra");
    struct constants k = constants_of(b, "a", 1.0, 3.0 / 15);

    for (int i = 0; i < PICTURE; i++)
        for (int o = 0; o < 2; o++) {
            float w = (float)model_level(&k.l, (size_t)o) * 0.125f, v = fmaf(picture[i] * w, k.m[o], k.b[o]);

            CHECK_MSG(out[i * 2 + o] == code_of(v, 15), "a %d,%d: %d of %g", i, o, out[i * 2 + o], (double)v);
        }
    model_levels_free(&k.l);
}

/* b: 3 x 3 with a border of code 0, levels of 8 bits, then a code of 2 bits. */
static void check_inner(const struct engine *e, const struct model_binding *b)
{
    const uint8_t *in = codes_of(e, b->model, "p"), *out = codes_of(e, b->model, "rb");
    struct constants k = constants_of(b, "b", 0.001 * (3.0 / 15), 0.5);

    for (int i = 0; i < PICTURE; i++)
        for (int o = 0; o < 2; o++) {
            int64_t acc = 0;
            float v;

            for (int t = 0; t < 9; t++)
                for (int c = 0; c < 2; c++) {
                    int y = i / SIDE + t / 3 - 1, x = i % SIDE + t % 3 - 1;

                    if (y >= 0 && y < SIDE && x >= 0 && x < SIDE)
                        acc += (int64_t)model_level(&k.l, (size_t)(o * 18 + t * 2 + c)) *
                               in[(y * SIDE + x) * 2 + c];
                }
            v = fmaf((float)acc, k.m[o], k.b[o]);
            CHECK_MSG(out[i * 2 + o] == code_of(v, 3), "b %d,%d: %d of %g", i, o, out[i * 2 + o], (double)v);
        }
    model_levels_free(&k.l);
}

/* c and d: stride 2, nothing rounded before the addition; the shortcut has channels 1 and 2 of 4. Then the
 * mean and the logits. */
static void check_end(const struct engine *e, const struct model_binding *b)
{
    const uint8_t *in = codes_of(e, b->model, "rb"), *other = codes_of(e, b->model, "p"),
                  *out = codes_of(e, b->model, "rd");
    const float *logits = engine_logits(e->plan, e->state);
    double step = (double)5.1f / 255;
    struct constants k = constants_of(b, "c", 0.5 * 0.5, step),
                     f = constants_of(b, "f", 0.25 * (step / 4), 1.0);
    int64_t sum[4] = { 0 };

    for (int i = 0; i < 4; i++)
        for (int o = 0; o < 4; o++) {
            int from = i / 2 * 2 * SIDE + i % 2 * 2, acc = 0,
                code = o == 1 || o == 2 ? other[from * 2 + o - 1] : 0;
            float v;

            for (int c = 0; c < 2; c++)
                acc += model_level(&k.l, (size_t)(o * 2 + c)) * in[from * 2 + c];
            v = fmaf((float)acc, k.m[o], k.b[o]);
            v = fmaf((float)code, (float)(3.0 / 15 / step), v);
            CHECK_MSG(out[i * 4 + o] == code_of(v, 255), "d %d,%d: %d of %g", i, o, out[i * 4 + o],
                      (double)v);
            sum[o] += out[i * 4 + o];
        }
    for (int j = 0; j < 3; j++) {
        int64_t acc = 0;

        for (int o = 0; o < 4; o++)
            acc += model_level(&f.l, (size_t)(j * 4 + o)) * sum[o];
        CHECK_MSG(logits[j] == fmaf((float)acc, f.m[j], f.b[j]), "logit %d: %g", j, (double)logits[j]);
    }
    model_levels_free(&k.l);
    model_levels_free(&f.l);
}

/* Sums stand for no values: they are not shown; the ends are. */
static void check_shown(const struct engine *e, const struct model *m)
{
    struct engine_map c = engine_node_map(e->plan, e->state, model_find(m, "c")),
                      mean = engine_node_map(e->plan, e->state, model_find(m, "m")),
                      in = engine_node_map(e->plan, e->state, 0),
                      out = engine_node_map(e->plan, e->state, m->output),
                      cam = engine_cam_map(e->plan, e->state);
    float real[16];

    CHECK(!c.real && !c.codes && !mean.real && !mean.codes);
    CHECK(in.real && in.q.scale == 0 && out.real && out.real[1] == engine_logits(e->plan, e->state)[1]);
    CHECK(cam.codes && cam.q.scale == (double)5.1f / 255 && cam.q.high == 255);
    engine_map_copy_real(&cam, real);
    CHECK(real[5] == (float)((double)5.1f / 255) * (float)cam.codes[5]);
}

static void test_definition(const char *isa, int odd8)
{
    struct engine_options options = { .keep = 1 };
    const struct kernel_table *k = kernel_select(isa);
    struct model m;
    struct tensor_table t;
    struct model_binding b;
    struct engine e;
    float picture[PICTURE];

    must(model_parse("low.model", lowbit_description, strlen(lowbit_description), &m));
    lowbit_table(&t, odd8);
    must(model_bind(&m, &t, NULL, &b));
    must(engine_open(&b, &options, k, &e));
    CHECK(engine_arithmetic_used(e.plan) == ENGINE_PACT && engine_form(e.plan) == PRECISION_CODES);
    CHECK(!strcmp(engine_arithmetic_name(ENGINE_PACT), "pact"));
    for (int run = 0; run < 20; run++) {
        for (int i = 0; i < PICTURE; i++)
            picture[i] = (float)(2 * random_unit(&draws) - 1.5);
        engine_run_real(e.plan, e.state, picture);
        check_first(&e, &b, picture);
        check_inner(&e, &b);
        check_end(&e, &b);
    }
    check_shown(&e, &m);
    engine_close(&e);
    options.arithmetic = ENGINE_FBGEMM;
    CHECK(engine_open(&b, &options, k, &e) == ERR_MISMATCH && strstr(error_last()->text, "leave engine out"));
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

/* ---- networks at random
 * -------------------------------------------------------------------------------------- */

enum { NET = 32, PIXELS = NET * NET, CLASSES = 10 };

static void put_levels(struct tensor_table *t, const struct model *m, const struct model_node *n, int bits)
{
    const struct model_node *in = &m->node[n->input[0]];
    const int64_t dim[4] = { n->c, n->op == OP_LINEAR ? in->c * in->h * in->w : in->c / n->groups, n->kh,
                             n->kw };
    int64_t run = n->op == OP_LINEAR ? dim[1] : dim[1] * dim[2] * dim[3];
    char name[2 * MODEL_NAME];
    struct tensor *w;

    snprintf(name, sizeof name, "%s.weight", n->weight);
    put_codes(t, name, n->op == OP_LINEAR ? 2 : 4, dim, 1);
    w = &t->entry[t->count - 1].tensor;
    w->bits = bits < 8 ? bits : 0;
    w->odd = bits < 8 || dim[1] > 1; /* depthwise ones have a zero level then */
    w->scale[0] = 1.5 / (sqrt((double)run) * (1 << bits));
    for (int64_t i = 0; i < tensor_count(w); i++)
        ((int8_t *)w->data)[i] = (int8_t)((int)random_below(&draws, 1u << bits) - (1 << (bits - 1)));
    snprintf(name, sizeof name, "%s.bias", n->weight);
    if (n->op == OP_LINEAR)
        lowbit_vector(t, name, n->c, -1, 0.25);
}

/* Levels at random; batch normalisations that leave about half of the codes above 0. */
static void random_table(struct tensor_table *t, const struct model *m, int bits)
{
    *t = (struct tensor_table){ .source = mem_strdup("random.safetensors") };
    must(table_add_note(t, "quantcam.arithmetic", "pact"));
    for (int i = 0; i < m->nodes; i++) {
        const struct model_node *n = &m->node[i];

        if (model_has_weights(n))
            put_levels(t, m, n, bits);
        if (n->op == OP_RELU)
            lowbit_pact(t, n->name, 1.5 + 0.25 * (i % 4), (1 << bits) - 1);
        if (n->bn[0]) {
            char name[2 * MODEL_NAME];

            snprintf(name, sizeof name, "%s.weight", n->bn);
            lowbit_vector(t, name, n->c, 0.8, 0.01);
            snprintf(name, sizeof name, "%s.bias", n->bn);
            lowbit_vector(t, name, n->c, 0.2, -0.005);
            snprintf(name, sizeof name, "%s.running_mean", n->bn);
            lowbit_vector(t, name, n->c, -0.1, 0.004);
            snprintf(name, sizeof name, "%s.running_var", n->bn);
            lowbit_vector(t, name, n->c, 0.2, 0.002);
        }
    }
}

/* The layer's value at a position before its PACT, from the codes that are shown. */
static float value_of(const struct engine *e, const struct model_binding *b, const struct model_node *n,
                      const struct constants *k, int y, int x, int o)
{
    const struct model_node *in = &b->model->node[n->input[0]];
    const uint8_t *codes = codes_of(e, b->model, in->name);
    int ic = k->l.ic, first = o / (n->c / n->groups) * ic;
    int64_t acc = 0;

    for (int t = 0; t < n->kh * n->kw; t++)
        for (int c = 0; c < ic; c++) {
            int iy = y * n->stride + t / n->kw - n->pad_y, ix = x * n->stride + t % n->kw - n->pad_x;

            if (iy >= 0 && iy < in->h && ix >= 0 && ix < in->w)
                acc += (int64_t)model_level(&k->l, (size_t)((o * n->kh * n->kw + t) * ic + c)) *
                       codes[(iy * in->w + ix) * in->c + first + c];
        }
    return fmaf((float)acc, k->m[o], k->b[o]);
}

/* Every PACT behind convolutions of codes, one, or two that are added. */
static void check_groups(const struct engine *e, const struct model_binding *b)
{
    const struct model *m = b->model;

    for (int i = 2; i < m->nodes; i++) {
        const struct model_node *relu = &m->node[i], *of = &m->node[relu->input[0]], *layer[2];
        int layers = of->op == OP_ADD ? 2 : 1, wrong = 0;
        struct constants k[2];

        if (relu->op != OP_RELU || !(b->q[m->node[of->input[0]].input[0]].scale > 0 || of->op == OP_CONV) ||
            m->node[of->input[0]].op == OP_INPUT)
            continue;
        for (int j = 0; j < layers; j++) {
            layer[j] = layers == 2 ? &m->node[of->input[j]] : of;
            k[j] = constants_of(b, layer[j]->name, 1.0, b->q[i].scale);
            for (int o = 0; o < k[j].l.oc; o++)
                k[j].m[o] =
                    (float)(k[j].l.step * b->q[layer[j]->input[0]].scale * k[j].l.factor[o] / b->q[i].scale);
        }
        for (int at = 0; at < relu->h * relu->w; at++)
            for (int o = 0; o < relu->c; o++) {
                float v = value_of(e, b, layer[0], &k[0], at / relu->w, at % relu->w, o);

                if (layers == 2)
                    v += value_of(e, b, layer[1], &k[1], at / relu->w, at % relu->w, o);
                wrong += codes_of(e, m, relu->name)[at * relu->c + o] != code_of(v, b->q[i].high);
            }
        CHECK_MSG(!wrong, "%s: %d wrong", relu->name, wrong);
        for (int j = 0; j < layers; j++)
            model_levels_free(&k[j].l);
    }
}

/* Groups, depthwise, two layers that are added, one of them with groups. */
static const char groups_description[] =
    "model groups  for tests\n"
    "input image 3 32 32 resize squash bilinear mean 0.5 0.5 0.5 std 0.25 0.25 0.25\n"
    "conv stem image out 16 kernel 3 stride 1 pad 1 groups 1 weight stem bn stem_n eps 1e-5\n"
    "relu r0 stem\n"
    "conv dw r0 out 16 kernel 3 stride 2 pad 1 groups 16 weight dw bn dw_n eps 1e-5\n"
    "relu r1 dw\n"
    "conv pw r1 out 24 kernel 1 stride 1 pad 0 groups 1 weight pw bn pw_n eps 1e-5\n"
    "relu r2 pw\n"
    "conv g r2 out 36 kernel 3 stride 1 pad 1 groups 3 weight g bn g_n eps 1e-5\n"
    "conv side r2 out 36 kernel 1 stride 1 pad 0 groups 1 weight side bn side_n eps 1e-5\n"
    "add sum g side\n"
    "relu r3 sum\n"
    "conv dw2 r3 out 36 kernel 5 stride 1 pad 2 groups 36 weight dw2 bn dw2_n eps 1e-5\n"
    "relu r4 dw2\n"
    "conv end r4 out 20 kernel 3 stride 2 pad 1 groups 4 weight end bn end_n eps 1e-5\n"
    "relu r5 end\n"
    "avgpool mean r5\n"
    "linear fc mean out 10 weight fc\n"
    "output fc\n"
    "cam r5\n";

static void test_network(const char *isa, int bits, int groups)
{
    struct engine_options keep = { .keep = 1 }, plain = { .keep = 0 };
    struct model m;
    struct tensor_table t;
    struct model_binding b;
    struct engine ref, e, delta;
    static float picture[PIXELS * 3];
    struct engine_map cam;
    long above = 0;

    if (groups)
        must(model_parse("groups.model", groups_description, strlen(groups_description), &m));
    else
        must(model_read("models/resnet20_cifar10.model", &m));
    random_table(&t, &m, bits);
    must(model_bind(&m, &t, NULL, &b));
    must(engine_open(&b, &keep, kernel_select("ref"), &ref));
    must(engine_open(&b, &keep, kernel_select(isa), &e));
    must(engine_open(&b, &plain, kernel_select(isa), &delta));
    for (int i = 0; i < PIXELS * 3; i++)
        picture[i] = (float)(4 * random_unit(&draws) - 2);
    engine_run_real(ref.plan, ref.state, picture);
    engine_run_real(e.plan, e.state, picture);
    CHECK_MSG(lowbit_same_maps(&m, &ref, &e, 1), "%s, %d bits", isa, bits);
    if (groups)
        check_groups(&e, &b);
    cam = engine_cam_map(e.plan, e.state);
    for (int i = 0; i < cam.c * cam.h * cam.w; i++)
        above += cam.codes[i] > 0;
    CHECK_MSG(above > 100, "only %ld of the last codes are not 0", above);
    lowbit_test_changes(&m, &delta, &e, picture, &draws);
    engine_close(&ref);
    engine_close(&e);
    engine_close(&delta);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

int main(void)
{
    const char *names[8];
    int usable[8], n = kernel_list(names, usable);

    for (int i = 0; i < n; i++) {
        if (!usable[i]) {
            check_skip(names[i], "this machine cannot run it");
            continue;
        }
        test_definition(names[i], 0);
        test_definition(names[i], 1);
        for (int groups = 0; groups < 2; groups++) {
            test_network(names[i], 2, groups);
            test_network(names[i], 4, groups);
            test_network(names[i], 8, groups);
        }
    }
    CHECK_MSG(mem_live() == 0, "%ld blocks", mem_live());
    return check_result("engine/lowbit");
}
