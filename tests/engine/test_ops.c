/* Every node of a network of what other runtimes have, from its inputs' values as the engine shows them, by
 * loops that know nothing of kernels. */
#include <math.h>

#include "tiny_deployed.h"

enum { PIXELS = DEPLOYED_H * DEPLOYED_W * 3, VALUES = 4096 };

/* A node's real values, or what its codes stand for: (h, w, c). */
static void values_of(struct engine e, int node, float *out)
{
    struct engine_map m = engine_node_map(e.plan, e.state, node);

    BUG_IF((!m.real && !m.codes) || m.h * m.w * m.c > VALUES);
    engine_map_copy_real(&m, out);
}

/* The value at (y, x, c), 0 outside. */
static float at(const struct model_node *n, const float *x, int y, int col, int c)
{
    return y < 0 || y >= n->h || col < 0 || col >= n->w ? 0.0f : x[(y * n->w + col) * n->c + c];
}

static double window(const struct tiny *t, const struct model_node *n, const float *x,
                     const struct model_layer *l, int y, int col, int c)
{
    const struct model_node *in = &t->model.node[n->input[0]];
    int y0 = y * n->stride - n->pad_y, x0 = col * n->stride - n->pad_x, inside = 0, counted = 0,
        per = n->c / (n->groups ? n->groups : 1);
    double sum = l ? (double)l->bias[c] : 0.0, most = -INFINITY;

    for (int ky = 0; ky < n->kh; ky++)
        for (int kx = 0; kx < n->kw; kx++) {
            int iy = y0 + ky, ix = x0 + kx, is_in = iy >= 0 && iy < in->h && ix >= 0 && ix < in->w;

            inside += is_in;
            counted += iy < in->h + n->end_y && ix < in->w + n->end_x;
            for (int i = 0; l && i < l->ic; i++)
                sum += (double)l->weight_real[((c * l->kh + ky) * l->kw + kx) * l->ic + i] *
                       (double)at(in, x, iy, ix, c / per * l->ic + i);
            if (!l && is_in) {
                double v = (double)at(in, x, iy, ix, c);

                sum += v;
                most = v > most ? v : most;
            }
        }
    return l ? sum : n->op == OP_MAXPOOL ? most : sum / (n->counted ? counted : inside);
}

/* Of the channels of a position. */
static double normalised(const struct model_node *n, const float *x, int y, int col, int c)
{
    double mean = 0, variance = 0;

    for (int i = 0; i < n->c; i++)
        mean += (double)at(n, x, y, col, i) / n->c;
    for (int i = 0; i < n->c; i++)
        variance += pow((double)at(n, x, y, col, i) - mean, 2) / n->c;
    return ((double)at(n, x, y, col, c) - mean) / sqrt(variance + n->bn_eps);
}

static double affine(const struct tiny *t, int node, double v, int c)
{
    struct model_affine a;

    tiny_must(model_affine_load(&t->binding, node, &a));
    v = v * (double)a.scale[c] + (double)a.shift[c];
    model_affine_free(&a);
    return v;
}

static double point(const struct tiny *t, int node, const float *x, const float *b,
                    const struct model_layer *l, int y, int col, int c)
{
    const struct model_node *n = &t->model.node[node], *in = &t->model.node[n->input[0]];
    double v = (double)at(in, x, y, col, c);

    switch (n->op) {
    case OP_CONV:
    case OP_MAXPOOL:
    case OP_AVGPOOL2D:
        return window(t, n, x, l, y, col, c);
    case OP_RELU:
        return v > 0 ? v : 0;
    case OP_RELU6:
        return v < 0 ? 0 : v > 6 ? 6 : v;
    case OP_CLIP:
        return v < n->low ? n->low : v > n->high ? n->high : v;
    case OP_LEAKYRELU:
        return v < 0 ? v * n->slope : v;
    case OP_TANH:
        return tanh(v);
    case OP_GELU:
        return v / 2 *
               (n->approximate ? 1 + tanh(sqrt(2 / acos(-1)) * (v + 0.044715 * v * v * v))
                               : erfc(-v / sqrt(2)));
    case OP_LAYERNORM:
        return affine(t, node, normalised(n, x, y, col, c), c);
    case OP_SCALE:
        return affine(t, node, v, c);
    case OP_ADD:
        return v + (double)(n->inputs > 1 ? at(in, b, y, col, c) : b[c]);
    case OP_SUB:
        return v - (double)at(in, b, y, col, c);
    case OP_MUL:
        return v * (double)b[c];
    case OP_PAD:
        return (double)at(in, x, y - n->pad_y, col - n->pad_x, c);
    case OP_SLICE:
        return (double)at(in, x, y, col, c + n->begin);
    case OP_AVGPOOL:
        v = 0;
        for (int i = 0; i < in->h * in->w; i++)
            v += (double)x[i * in->c + c];
        return v / (in->h * in->w);
    default:
        return v; /* quantize, dequantize */
    }
}

/* (c) real values. */
static void constant_of(const struct tiny *t, int node, float *out)
{
    struct quant_params q;
    uint8_t code[64];

    tiny_must(model_constant_load(&t->binding, node, code, &q));
    for (int c = 0; c < t->model.node[node].c; c++)
        out[c] = dequantize_value(code[c], q.scale, q.zero_point);
}

/* Real layers, and ops without weights; codes are right within the half of a step, and a little. */
static void check_node(const struct tiny *t, struct engine e, int node)
{
    static float x[VALUES], b[VALUES], is[VALUES];
    const struct model_node *n = &t->model.node[node];
    struct quant_params q = t->binding.q ? t->binding.q[node] : (struct quant_params){ 0 };
    struct model_layer l = { 0 };
    int relu = model_fused_relu(&t->model, node), wrong = 0;

    if (model_has_weights(n))
        tiny_must(model_layer_load(&t->binding, node, &l));
    if (relu >= 0 || (model_has_weights(n) && !l.weight_real)) {
        model_layer_free(&l);
        return;
    }
    values_of(e, n->input[0], x);
    if (n->inputs > 1)
        values_of(e, n->input[1], b);
    if (model_has_constant(n))
        constant_of(t, node, b);
    values_of(e, node, is);
    for (int i = 0; i < n->h * n->w * n->c; i++) {
        double want =
            point(t, node, x, b, l.weight_real ? &l : NULL, i / n->c / n->w, i / n->c % n->w, i % n->c);
        double most = q.scale * (q.high - q.zero_point), least = q.scale * (q.low - q.zero_point);

        if (q.scale > 0)
            want = want < least ? least : want > most ? most : want;
        wrong += !(fabs(want - (double)is[i]) <= (q.scale > 0 ? 0.51 * q.scale : 1e-5));
    }
    CHECK_MSG(wrong == 0, "%s %s: %d of %d", t->model.name, n->name, wrong, n->h * n->w * n->c);
    model_layer_free(&l);
}

static void test_network(const char *engine, const char *isa)
{
    uint8_t pixels[PIXELS];
    struct tiny t;
    struct engine e;

    tiny_deployed(&t, engine);
    tiny_pixels(&t, pixels, PIXELS);
    e = tiny_plan(&t, ENGINE_AUTO, 1, isa);
    engine_run(e.plan, e.state, pixels);
    for (int i = 1; i < t.model.nodes; i++)
        check_node(&t, e, i);
    CHECK(engine_classes(e.plan) == 5);
    engine_close(&e);
    tiny_free(&t);
}

static void test_next(const char *isa)
{
    uint8_t pixels[PIXELS];
    struct tiny t;
    struct engine e;

    tiny_next(&t);
    tiny_pixels(&t, pixels, 12 * 12 * 3);
    e = tiny_plan(&t, ENGINE_AUTO, 1, isa);
    engine_run(e.plan, e.state, pixels);
    for (int i = 1; i < t.model.nodes; i++)
        check_node(&t, e, i);
    engine_close(&e);
    tiny_free(&t);
}

/* The same ops in torch's arithmetics, as our own quantization of such a network has them. */
static void test_own(enum engine_arithmetic arithmetic, const char *isa)
{
    static const char text[] =
        "model own  a deployed network quantized here\n"
        "input image 3 12 13 resize squash bilinear mean 0.5 0.4 0.3 std 0.2 0.25 0.3 quant quant\n"
        "conv first image out 8 kernel 3x2 stride 1 pad 0,1,2,1 groups 1 weight first\n"
        "leakyrelu leaky first slope 0.25\nclip clipped leaky low -0.5 high 1.5\n"
        "pad more clipped pad 1,0,0,2\navgpool2d smooth more kernel 2x3 stride 2 pad 1,1,0,1 count 1\n"
        "avgpool2d again smooth kernel 3 stride 2 pad 1\navgpool pooled again\n"
        "linear fc pooled out 5 weight fc\noutput fc\ncam smooth\n";
    uint8_t pixels[PIXELS];
    struct tiny t;
    struct engine e;

    tiny_describe(&t, text);
    tiny_random_codes(&t, "first", 4, (int64_t[]){ 8, 3, 3, 2 }, 1, 0.021, 120);
    tiny_random_codes(&t, "fc", 2, (int64_t[]){ 5, 8 }, 1, 0.03, 100);
    tiny_output(&t, "quant", 0.03, 90);
    tiny_bind(&t);
    tiny_pixels(&t, pixels, PIXELS);
    e = tiny_plan(&t, arithmetic, 1, isa);
    engine_run(e.plan, e.state, pixels);
    for (int i = 1; i < t.model.nodes; i++)
        check_node(&t, e, i);
    engine_close(&e);
    tiny_free(&t);
}

/* The end of the average's windows, by hand: a row of 1 2 3, windows of 2 and stride 2 with a pad of 1. */
static void test_average(void)
{
    static const struct {
        const char *how;
        float want[3];
        int w;
    } row[] = {
        { "pad 0,1,0,1", { 1, 2.5f }, 2 }, /* the last window begins at 3, which is padding */
        { "pad 0,1,0,1 count 1", { 0.5f, 2.5f }, 2 },
        { "pad 0,0,0,1", { 1.5f, 3 }, 2 },
        { "pad 0,0,0,1 count 1", { 1.5f, 1.5f }, 2 },
        { "pad 0,0,0,0 ceil 1", { 1.5f, 3 }, 2 }, /* what hangs over does not count */
        { "pad 0,0,0,0 ceil 1 count 1", { 1.5f, 3 }, 2 },
    };

    for (size_t i = 0; i < COUNT_OF(row); i++) {
        struct engine_map m;
        struct engine e;
        struct tiny t;
        char text[512];
        const float real[3] = { 1, 2, 3 };

        snprintf(text, sizeof text,
                 "model row\ninput image 1 1 3 resize squash bilinear mean 0 std 1\n"
                 "avgpool2d a image kernel 1x2 stride 2 %s\navgpool p a\nlinear f p out 2 weight f\noutput "
                 "f\ncam a\n",
                 row[i].how);
        tiny_describe(&t, text);
        tiny_random_real(&t, "f", 2, (int64_t[]){ 2, 1 });
        tiny_bind(&t);
        e = tiny_plan(&t, ENGINE_AUTO, 1, "ref");
        engine_run_real(e.plan, e.state, real);
        m = engine_cam_map(e.plan, e.state);
        CHECK_MSG(m.w == row[i].w && m.real[0] == row[i].want[0] && m.real[1] == row[i].want[1], "%s: %g %g",
                  row[i].how, (double)m.real[0], (double)m.real[1]);
        engine_close(&e);
        tiny_free(&t);
    }
}

int main(void)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    test_average();
    for (int i = 0; i < count; i++)
        if (usable[i]) {
            test_network(NULL, names[i]);
            test_network("tflite", names[i]);
            test_network("onnxruntime", names[i]);
            test_next(names[i]);
            test_own(ENGINE_FBGEMM, names[i]);
            test_own(ENGINE_QNNPACK, names[i]);
        }
    CHECK(mem_live() == 0);
    return check_result("engine/ops");
}
