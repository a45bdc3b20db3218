/* tests/engine/test_mixed.c: trained low-bit networks of every family as integers and real numbers against
 * the forward pass of their training: linear bottlenecks, concatenations and channels that are shuffled,
 * squeeze-excite, batch normalisation alone. Small ones of random weights, whose running statistics a few
 * batches have made. */
#include <math.h>

#include "gradient.h"
#include "gradient_train.h"
#include "lowbit_changes.h"
#include "quant_lowbit.h"

enum { SAMPLES = 8, WARM = 4 };

static struct random draws = { .seed = 11 };

/* ---- networks ------------------------------------------------------------------------------------------ */

/* SqueezeNet's fire, and an end without a dense layer. */
static const char fire[] = "model fire  for tests\n"
                           "input image 3 32 32 resize squash bilinear mean 0.5 0.5 0.5 std 0.25 0.25 0.25\n"
                           "conv stem image out 12 kernel 3 stride 2 pad 0 groups 1 weight stem\n"
                           "relu r0 stem\n"
                           "maxpool p0 r0 kernel 3 stride 2 pad 0 ceil 1\n"
                           "conv s1 p0 out 6 kernel 1 stride 1 pad 0 groups 1 weight s1\n"
                           "relu rs1 s1\n"
                           "conv a1 rs1 out 10 kernel 1 stride 1 pad 0 groups 1 weight a1\n"
                           "relu ra1 a1\n"
                           "conv b1 rs1 out 14 kernel 3 stride 1 pad 1 groups 1 weight b1\n"
                           "relu rb1 b1\n"
                           "cat c1 ra1 rb1\n"
                           "conv s2 c1 out 8 kernel 1 stride 1 pad 0 groups 1 weight s2\n"
                           "relu rs2 s2\n"
                           "conv a2 rs2 out 16 kernel 1 stride 1 pad 0 groups 1 weight a2\n"
                           "relu ra2 a2\n"
                           "conv b2 rs2 out 16 kernel 3 stride 1 pad 1 groups 1 weight b2\n"
                           "relu rb2 b2\n"
                           "cat c2 ra2 rb2\n"
                           "dropout drop c2 rate 0.5\n"
                           "conv last drop out 10 kernel 1 stride 1 pad 0 groups 1 weight last\n"
                           "relu rlast last\n"
                           "avgpool mean rlast\n"
                           "output mean\n"
                           "cam c2\n";

/* DenseNet's layers; a mean of windows; a relu of codes. */
static const char dense[] =
    "model dense  for tests\n"
    "input image 3 32 32 resize squash bilinear mean 0.5 0.5 0.5 std 0.25 0.25 0.25\n"
    "conv stem image out 12 kernel 3 stride 1 pad 1 groups 1 weight stem bn stemn eps 1e-5\n"
    "relu r0 stem\n"
    "maxpool p0 r0 kernel 2 stride 2 pad 0\n"
    "relu r00 p0\n"
    "batchnorm n1 r00 weight n1 eps 1e-5\n"
    "relu r1 n1\n"
    "conv c1 r1 out 16 kernel 1 stride 1 pad 0 groups 1 weight c1 bn m1 eps 1e-5\n"
    "relu q1 c1\n"
    "conv d1 q1 out 8 kernel 3 stride 1 pad 1 groups 1 weight d1\n"
    "cat f1 r00 d1\n"
    "batchnorm n2 f1 weight n2 eps 1e-5\n"
    "relu r2 n2\n"
    "conv c2 r2 out 16 kernel 1 stride 1 pad 0 groups 1 weight c2\n"
    "avgpool2d t c2 kernel 2 stride 2\n"
    "batchnorm n3 t weight n3 eps 1e-5\n"
    "relu r3 n3\n"
    "avgpool mean r3\n"
    "linear fc mean out 10 weight fc\n"
    "output fc\n"
    "cam r3\n";

/* The text of a demo network at 64 x 64. */
static void read_demo(const char *name, struct model *m)
{
    char path[128], *text, *at, *rest;
    size_t size;

    snprintf(path, sizeof path, "models/demo/%s.model", name);
    must(text_read_plain(path, MODEL_TEXT_MAX, &text, &size));
    at = strstr(text, "224 224 ");
    BUG_IF(!at);
    rest = strstr(at, "crop 224");
    memcpy(at, "064 064 ", 8);
    memcpy(rest, "crop 064", 8);
    must(model_parse(path, text, size, m));
    mem_free(text);
}

/* ---- training ------------------------------------------------------------------------------------------ */

struct trained {
    const struct model *m;
    struct gradient_quantizer quantizer[MODEL_MAX_NODES];
    struct quant_lowbit_node node[MODEL_MAX_NODES];
    struct gradient_net *net;
    float *pictures; /* (SAMPLES, h, w, c) */
    size_t each;
};

static void set_bits(struct trained *t, int bits)
{
    for (int i = 0; i < t->m->nodes; i++) {
        const struct model_node *n = &t->m->node[i];
        struct quant_weights w = { .form = QUANT_SAWB, .bits = bits };

        t->quantizer[i] = (struct gradient_quantizer){ .pact_bits = model_is_relu(n->op) ? bits : 0 };
        if (model_has_weights(n))
            t->quantizer[i].weights = w;
        t->node[i] = (struct quant_lowbit_node){ .weights = t->quantizer[i].weights,
                                                 .bits = t->quantizer[i].pact_bits };
    }
}

static void draw_values(struct trained *t)
{
    int count;
    struct gradient_parameter *p = gradient_net_parameters(t->net, &count);

    for (int i = 0; i < count; i++)
        for (int64_t j = 0; j < p[i].count; j++) {
            double u = 2 * random_unit(&draws) - 1;

            if (p[i].kind == GRADIENT_WEIGHT)
                p[i].value[j] = (float)(u * sqrt(6.0 / p[i].fan_in));
            else if (p[i].kind == GRADIENT_ALPHA)
                p[i].value[j] = (float)(2.2 + 0.4 * u);
            else if (p[i].kind == GRADIENT_GAMMA)
                p[i].value[j] = (float)(1 + 0.3 * u);
            else if (p[i].kind == GRADIENT_BETA || p[i].kind == GRADIENT_BIAS)
                p[i].value[j] = (float)(0.2 + 0.2 * u);
        }
}

static void train(struct trained *t, int bits)
{
    struct gradient_batch batch = { .samples = SAMPLES, .chunks = 1 };
    struct gradient_settings settings = { .quantizer = t->quantizer };

    set_bits(t, bits);
    must(gradient_net_make(t->m, &settings, kernel_select("auto"), &t->net));
    draw_values(t);
    t->each = (size_t)t->m->node[0].h * (size_t)t->m->node[0].w * (size_t)t->m->node[0].c;
    t->pictures = mem_alloc(SAMPLES * t->each, sizeof *t->pictures);
    BUG_IF(!t->pictures);
    for (size_t i = 0; i < SAMPLES * t->each; i++)
        t->pictures[i] = (float)(4 * random_unit(&draws) - 2);
    must(gradient_net_prepare(t->net));
    must(gradient_net_batch(t->net, &batch));
    for (int i = 0; i < WARM; i++)
        gradient_net_forward(t->net, GRADIENT_TRAIN, 0, t->pictures);
    gradient_net_forward(t->net, GRADIENT_EVAL, 0, t->pictures);
}

/* Views of all parameters but alpha; those go to the nodes. */
static void packed(struct trained *t, struct tensor_table *out)
{
    struct tensor_table master = { .source = mem_strdup("master") };
    int count;
    struct gradient_parameter *p = gradient_net_parameters(t->net, &count);

    for (int i = 0; i < count; i++)
        if (p[i].kind == GRADIENT_ALPHA)
            t->node[p[i].node].alpha = p[i].value[0];
        else
            memcpy(put(&master, DTYPE_F32, p[i].name, p[i].rank, p[i].dim)->data, p[i].value,
                   (size_t)p[i].count * sizeof(float));
    must(quant_lowbit(t->m, &master, t->node, out));
    table_free(&master);
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

struct tally {
    long codes, differ, most;
    int integers, layers;
};

/* Every PACT's codes of picture `s`, as training's forward pass has them. */
static void compare_codes(struct trained *t, const struct engine *e, int s, struct tally *all)
{
    const struct model *m = t->m;
    size_t most = 0;
    float *x;

    for (int i = 0; i < m->nodes; i++) {
        size_t each = (size_t)m->node[i].c * (size_t)m->node[i].h * (size_t)m->node[i].w;

        most = each > most ? each : most;
    }
    x = mem_alloc(SAMPLES * most, sizeof *x);
    BUG_IF(!x);
    for (int i = 0; i < m->nodes; i++) {
        const struct model_node *n = &m->node[i];
        struct engine_map map = engine_node_map(e->plan, e->state, i);
        size_t each = (size_t)n->c * (size_t)n->h * (size_t)n->w;
        struct pact pact;

        if (!model_is_relu(n->op))
            continue;
        CHECK_MSG(map.codes, "%s has no codes", n->name);
        pact = pact_of(t->node[i].alpha, t->node[i].bits);
        gradient_net_activation_input(t->net, i, x);
        for (size_t j = 0; map.codes && j < each; j++) {
            int theirs = (int)pact_code(&pact, x[(size_t)s * each + j]),
                ours = map.codes[j / (size_t)n->c * (size_t)map.pitch + j % (size_t)n->c];

            all->codes++;
            all->differ += theirs != ours;
            all->most = labs(theirs - ours) > all->most ? labs(theirs - ours) : all->most;
        }
    }
    mem_free(x);
}

/* By the input, of class 0 and picture 0, against training's, whose PACT passes what lies in the half steps
 * at both ends, too: the more alike the more bits there are. */
static void check_gradient(struct trained *t, const struct model_binding *b, const char *name)
{
    struct gradient_path path = { .from = t->m->output, .to = 0 };
    uint8_t *show = mem_alloc((size_t)t->m->nodes, 1);
    struct engine_options options = { .show = show };
    float *one = mem_alloc(SAMPLES * (size_t)t->m->classes, sizeof *one),
          *dx = mem_alloc(SAMPLES * t->each, sizeof *dx);
    double ab = 0, aa = 0, bb = 0;
    struct gradient g;
    struct engine e;

    BUG_IF(!show || !one || !dx);
    must(gradient_shows(t->m, b->form, path, show));
    must(engine_open(b, &options, kernel_select("auto"), &e));
    must(gradient_open(b, path, kernel_select("auto"), &g));
    engine_run_real(e.plan, e.state, t->pictures);
    gradient_run(g.plan, g.state, &e, 0);
    one[0] = 1;
    gradient_net_backward_input(t->net, one, dx);
    for (size_t i = 0; i < t->each; i++) {
        double ours = (double)gradient_map(g.plan, g.state)[i], theirs = (double)dx[i];

        ab += ours * theirs;
        aa += ours * ours;
        bb += theirs * theirs;
    }
    CHECK_MSG(ab > 0.9 * sqrt(aa * bb), "%s: gradients have a cosine of %g, lengths %g %g", name,
              ab / sqrt(aa * bb), sqrt(aa), sqrt(bb));
    gradient_close(&g);
    engine_close(&e);
    mem_free(show);
    mem_free(one);
    mem_free(dx);
}

static void test_network(const char *name, const struct model *m, int bits, int integers)
{
    struct trained *t = mem_alloc(1, sizeof *t);
    struct engine_options keep = { .keep = 1 }, plain = { .keep = 0 };
    const char *names[8];
    int usable[8], sets = kernel_list(names, usable);
    struct tally all = { 0 };
    struct tensor_table table;
    struct model_binding b;
    double far = 0;

    BUG_IF(!t);
    t->m = m;
    train(t, bits);
    packed(t, &table);
    must(model_bind(m, &table, NULL, &b));
    all.integers = model_lowbit_integers(&b, &all.layers);
    CHECK_MSG(all.integers == integers, "%s: %d of %d layers are integers, not %d", name, all.integers,
              all.layers, integers);
    if (bits == 8)
        check_gradient(t, &b, name);
    for (int k = 0; k < sets && bits < 8; k++) {
        struct engine ref, e, delta;

        if (!usable[k])
            continue;
        must(engine_open(&b, &keep, kernel_select("ref"), &ref));
        must(engine_open(&b, &keep, kernel_select(names[k]), &e));
        must(engine_open(&b, &plain, kernel_select(names[k]), &delta));
        for (int s = 0; s < (k == 0 ? 1 : 2); s++) {
            const float *logits = gradient_net_logits(t->net, 0) + (size_t)s * (size_t)m->classes;

            engine_run_real(e.plan, e.state, t->pictures + (size_t)s * t->each);
            if (s == 0)
                engine_run_real(ref.plan, ref.state, t->pictures);
            if (s == 0)
                CHECK_MSG(lowbit_same_maps(m, &ref, &e, 1), "%s, %d bits: %s", name, bits, names[k]);
            if (k > 0)
                continue;
            compare_codes(t, &e, s, &all);
            for (int i = 0; i < m->classes; i++)
                far = fmax(far, fabs((double)engine_logits(e.plan, e.state)[i] - (double)logits[i]));
        }
        lowbit_test_changes(m, &delta, &e, t->pictures, &draws);
        engine_close(&ref);
        engine_close(&e);
        engine_close(&delta);
    }
    /* One code that a sum near a half rounds otherwise grows along the network. */
    CHECK_MSG((double)all.differ <= 1e-2 * (double)all.codes,
              "%s, %d bits: %ld of %ld codes differ, by %ld at most", name, bits, all.differ, all.codes,
              all.most);
    CHECK_MSG(all.differ > 0 || far < 1e-5, "%s, %d bits: logits by %g", name, bits, far);
    model_unbind(&b);
    table_free(&table);
    gradient_net_free(t->net);
    mem_free(t->pictures);
    mem_free(t);
}

/* integers8: layers as integers where weights have 8 bits. */
static void test_text(const char *name, const char *text, int integers, int integers8)
{
    struct model m;

    if (text)
        must(model_parse(name, text, strlen(text), &m));
    else
        read_demo(name, &m);
    test_network(name, &m, 2, integers);
    test_network(name, &m, 4, integers);
    test_network(name, &m, 8, integers8);
    model_free(&m);
}

int main(void)
{
    test_text("fire", fire, 7, 7);
    test_text("dense", dense, 4, 4);
    test_text("resnet18", NULL, 20, 20);
    test_text("mobilenet_v2", NULL, 35, 18);
    test_text("mobilenet_v3_large", NULL, 19, 14);
    test_text("shufflenet_v2_x0_5", NULL, 35, 18);
    CHECK_MSG(mem_live() == 0, "%ld blocks", mem_live());
    return check_result("engine/mixed");
}
