/* src/cli/inspect_model.c: a network description as a table of its nodes. */
#include "inspect.h"

#include <string.h>

#include "engine.h"

/* SUMS: of a low-bit network alone. */
enum {
    OP,
    NODE,
    OUTPUT,
    WINDOW,
    C,
    H,
    W,
    KERNEL,
    STRIDE,
    PAD,
    GROUPS,
    LEARNT,
    MACS,
    BYTES,
    SCALE,
    ZERO,
    SUMS
};
enum { COLUMNS = SUMS + 1 };
static const struct listing_column columns[COLUMNS] = {
    [OP] = { "op", "op", LISTING_TEXT, LISTING_WHOLE },
    [NODE] = { "node", "node", LISTING_TEXT, LISTING_MIDDLE },
    [OUTPUT] = { NULL, "output", LISTING_TEXT, LISTING_WHOLE },
    [WINDOW] = { NULL, "window", LISTING_TEXT, LISTING_WHOLE },
    [C] = { "channels", NULL, LISTING_COUNT, LISTING_WHOLE },
    [H] = { "height", NULL, LISTING_COUNT, LISTING_WHOLE },
    [W] = { "width", NULL, LISTING_COUNT, LISTING_WHOLE },
    [KERNEL] = { "kernel", NULL, LISTING_COUNT, LISTING_WHOLE },
    [STRIDE] = { "stride", NULL, LISTING_COUNT, LISTING_WHOLE },
    [PAD] = { "pad", NULL, LISTING_COUNT, LISTING_WHOLE },
    [GROUPS] = { "groups", NULL, LISTING_COUNT, LISTING_WHOLE },
    [LEARNT] = { "parameters", "parameters", LISTING_COUNT, LISTING_WHOLE },
    [MACS] = { "macs", "MACs", LISTING_COUNT, LISTING_WHOLE },
    [BYTES] = { "bytes", "bytes", LISTING_COUNT, LISTING_WHOLE },
    [SCALE] = { "scale", "scale", LISTING_REAL, LISTING_WHOLE },
    [ZERO] = { "zero_point", "zero", LISTING_COUNT, LISTING_WHOLE },
    [SUMS] = { "sums", "sums", LISTING_TEXT, LISTING_WHOLE },
};

static status add_costs(struct listing *l, const struct model_cost *cost)
{
    TRY(listing_set(l, LEARNT, "%llu", (unsigned long long)cost->parameters));
    TRY(listing_set(l, MACS, "%llu", (unsigned long long)cost->macs));
    return listing_set(l, BYTES, "%llu", (unsigned long long)cost->bytes);
}

/* "same", "1", or "0,0,1,1": above, on the left, below, on the right. */
static status add_pad(struct listing *l, const struct model_node *n)
{
    int even = n->pad_x == n->pad_y && n->end_y == n->pad_y && n->end_x == n->pad_y;

    if (n->pad_same)
        return listing_set(l, PAD, "same");
    return even ? listing_set(l, PAD, "%d", n->pad_y)
                : listing_set(l, PAD, "%d,%d,%d,%d", n->pad_y, n->pad_x, n->end_y, n->end_x);
}

/* "3x3/2", with "dw" for depthwise and "g32" for other groups; TensorFlow's padding and ceil are said. */
static status add_window(struct listing *l, const struct model *m, const struct model_node *n)
{
    char groups[24] = "";

    if (n->op == OP_SLICE)
        return listing_set(l, WINDOW, "%d..%d", n->begin, n->begin + n->c - 1);
    if (n->op == OP_SHUFFLE)
        return listing_set(l, WINDOW, "g%d", n->groups);
    if (n->op == OP_DROPOUT)
        return listing_set(l, WINDOW, "%g", n->rate);
    if (n->op == OP_SHORTCUT)
        return listing_set(l, WINDOW, "/%d to %d..%d", n->stride, n->begin,
                           n->begin + m->node[n->input[0]].c - 1);
    if (n->op != OP_CONV && n->op != OP_MAXPOOL && n->op != OP_AVGPOOL2D)
        return OK;
    if (n->op == OP_CONV && n->groups > 1 && n->groups == n->c && n->c == m->node[n->input[0]].c)
        snprintf(groups, sizeof groups, " dw");
    else if (n->op == OP_CONV && n->groups > 1)
        snprintf(groups, sizeof groups, " g%d", n->groups);
    TRY(n->kh == n->kw ? listing_set(l, KERNEL, "%d", n->kh) : listing_set(l, KERNEL, "%dx%d", n->kh, n->kw));
    TRY(listing_set(l, STRIDE, "%d", n->stride));
    TRY(add_pad(l, n));
    if (n->op == OP_CONV)
        TRY(listing_set(l, GROUPS, "%d", n->groups));
    return listing_set(l, WINDOW, "%dx%d/%d%s%s%s", n->kh, n->kw, n->stride, groups,
                       n->pad_same && n->kh * n->kw > 1 ? " same" : "", n->ceil ? " ceil" : "");
}

static status add_node(struct listing *l, const struct model *m, int i, const struct model_binding *b,
                       struct model_cost *total)
{
    const struct model_node *n = &m->node[i];
    struct model_cost cost;

    TRY(model_cost(m, b, i, &cost));
    total->parameters += cost.parameters;
    total->bytes += cost.bytes;
    total->macs += cost.macs;
    TRY(listing_row(l));
    TRY(listing_set(l, OP, "%s", model_op_name(n->op)));
    TRY(listing_set(l, NODE, "%s", n->name));
    TRY(listing_set(l, OUTPUT, "%dx%dx%d", n->c, n->h, n->w));
    TRY(listing_set(l, C, "%d", n->c));
    TRY(listing_set(l, H, "%d", n->h));
    TRY(listing_set(l, W, "%d", n->w));
    TRY(add_window(l, m, n));
    if (cost.parameters)
        TRY(add_costs(l, &cost));
    if (b && b->lowbit && model_has_weights(n))
        TRY(listing_set(l, SUMS, "%s", model_lowbit_integer(b, i) ? "integer" : "real"));
    if (!b || b->form == PRECISION_REAL || !(b->q[i].scale > 0))
        return OK;
    TRY(listing_set_real(l, SCALE, b->q[i].scale));
    return listing_set(l, ZERO, "%d", b->q[i].zero_point - b->q[i].offset);
}

static status add_facts(struct listing *l, const char *path, const struct model *m)
{
    const struct model_input *in = &m->input;
    const struct model_node *cam = &m->node[m->cam];
    char words[MODEL_CAM_WORDS];

    TRY(listing_fact(l, LISTING_TEXT, "model", "%s", m->name));
    if (m->title[0])
        TRY(listing_fact(l, LISTING_TEXT, "title", "%s", m->title));
    TRY(listing_fact(l, LISTING_TEXT, "description", "%s", path));
    if (in->resize > 0)
        TRY(listing_fact(l, LISTING_TEXT, "input", "%dx%dx%d, resize %d %s, crop %dx%d", in->channels,
                         in->height, in->width, in->resize, in->filter, in->height, in->width));
    else
        TRY(listing_fact(l, LISTING_TEXT, "input", "%dx%dx%d, squashed, %s", in->channels, in->height,
                         in->width, in->filter));
    TRY(listing_fact(l, LISTING_COUNT, "classes", "%d", m->classes));
    TRY(listing_fact(l, LISTING_TEXT, "logits", "%s", m->node[m->output].name));
    return listing_fact(l, LISTING_TEXT, "cam", "%s, %dx%dx%d", model_cam_words(m, words, sizeof words),
                        cam->c, cam->h, cam->w);
}

static status add_weight_facts(struct listing *l, const char *path, const struct tensor_table *t,
                               const struct model_binding *b)
{
    const char *per = b->per_channel ? "channel" : "tensor";
    char weights[MODEL_BITS_WORDS], outputs[MODEL_BITS_WORDS];
    int layers = 0, integers = b->lowbit ? model_lowbit_integers(b, &layers) : 0;

    TRY(inspect_checkpoint_facts(t, path, l));
    if (b->prefix[0])
        TRY(listing_fact(l, LISTING_TEXT, "prefix", "%s", b->prefix));
    if (b->folded)
        TRY(listing_fact(l, LISTING_TEXT, "batch norm", "folded already"));
    if (b->unbiased > 0)
        TRY(listing_fact(l, LISTING_COUNT, "no bias", "%d", b->unbiased));
    if (b->form == PRECISION_REAL) {
        TRY(listing_fact(l, LISTING_TEXT, "precision", "real numbers"));
    } else {
        TRY(listing_fact(l, LISTING_TEXT, "precision", "codes%s, weights of %s per %s, outputs of %s",
                         b->qat ? " (unconverted QAT state)" : "",
                         model_bits_words(b, 1, weights, sizeof weights), per,
                         model_bits_words(b, 0, outputs, sizeof outputs)));
        if (b->form == PRECISION_ROUNDED)
            TRY(listing_fact(l, LISTING_TEXT, "arithmetic",
                             "real numbers, every output rounded to its codes"));
        else if (b->lowbit)
            TRY(listing_fact(l, LISTING_TEXT, "arithmetic", "%s, of a trained low-bit network",
                             engine_arithmetic_name(ENGINE_PACT)));
        else if (b->family == MODEL_ONNXRUNTIME)
            TRY(listing_fact(l, LISTING_TEXT, "arithmetic", "%s", engine_arithmetic_name(ENGINE_ORT)));
        else
            TRY(listing_fact(l, LISTING_TEXT, "arithmetic", "%s, unless --engine says otherwise",
                             engine_arithmetic_name(b->family == MODEL_TFLITE ? ENGINE_TFLITE
                                                    : b->fbgemm               ? ENGINE_FBGEMM
                                                                              : ENGINE_QNNPACK)));
        if (model_has_relu6(b->model) && !b->lowbit)
            TRY(listing_fact(l, LISTING_TEXT, "relu6", b->relu6_clamps ? "clamps at 6" : "runs as relu"));
    }
    if (b->lowbit)
        TRY(listing_fact(l, LISTING_TEXT, "integer layers", "%d of %d", integers, layers));
    if (b->ignored > 0)
        TRY(listing_fact(l, LISTING_COUNT, "ignored", "%d", b->ignored));
    return listing_fact(l, LISTING_COUNT, "unused", "%d", b->unused);
}

/* Every layer once: values that are not finite are refused here too. */
static status load_layers(const struct model_binding *b)
{
    for (int i = 0; i < b->model->nodes; i++) {
        struct model_layer layer = { 0 };
        struct model_affine affine = { 0 };

        if (model_has_weights(&b->model->node[i]))
            TRY(model_layer_load(b, i, &layer));
        else if (model_is_affine(b->model->node[i].op))
            TRY(model_affine_load(b, i, &affine));
        model_layer_free(&layer);
        model_affine_free(&affine);
    }
    return OK;
}

static status list_nodes(struct listing *l, const char *path, const struct model *m, const char *weights,
                         const struct tensor_table *t, const struct model_binding *b)
{
    struct model_cost total = { 0 };

    l->columns = b && b->lowbit ? COLUMNS : SUMS;
    TRY(add_facts(l, path, m));
    if (b)
        TRY(add_weight_facts(l, weights, t, b));
    for (int i = 0; i < m->nodes; i++)
        TRY(add_node(l, m, i, b, &total));
    TRY(listing_row(l));
    l->has_total = 1;
    TRY(listing_set(l, OP, "total"));
    return add_costs(l, &total);
}

status inspect_model(const char *path, const char *weights, const struct model_reading *how,
                     const struct deploy_options *deploy, struct listing *l)
{
    struct model m = { 0 };
    struct model_binding b = { 0 };
    struct tensor_table t = { 0 };
    int bound = weights[0] != '\0';
    status result = OK;

    listing_init(l, "nodes", columns, COLUMNS);
    TRY_OUT(network_read(path, deploy, &m));
    if (bound) {
        TRY_OUT(network_load(&m, weights, how, deploy, &t, &b));
        TRY_OUT(load_layers(&b));
    }
    if (bound && how->relu6 && b.form == PRECISION_REAL) {
        result = FAIL(ERR_USAGE, "--relu6 has no effect: %s is fp32, whose relu6 clamps at 6", weights);
        goto out;
    }
    TRY_OUT(list_nodes(l, path, &m, weights, &t, bound ? &b : NULL));
out:
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
    return result;
}
