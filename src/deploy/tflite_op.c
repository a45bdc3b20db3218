/* src/deploy/tflite_op.c: what has weights or a window: convolutions, linear layers, pools, means. */
#include "tflite.h"

#include <string.h>

enum { SAME, VALID };
enum { LARGEST_STEP = 64, LARGEST_FILTER = 1 << 12, LARGEST_TAPS = 33025 /* * 255 * 255 < 2^31 */ };

/* A window of kh x kw over a map with zeros around it; its output's extents. */
struct window {
    struct sketch_window words;
    int h, w;
};

/* One extent: TensorFlow's SAME adds what the last window lacks, the odd cell after the map. */
static int extent(int size, int kernel, int stride, int padding, int *before, int *after)
{
    int count, lacks;

    *before = *after = 0;
    if (padding == VALID)
        return size < kernel ? 0 : (size - kernel) / stride + 1;
    count = (size + stride - 1) / stride;
    lacks = (count - 1) * stride + kernel - size;
    if (lacks > 0) {
        *before = lacks / 2;
        *after = lacks - *before;
    }
    return count;
}

static status make_window(const struct tflite_graph *g, const struct tflite_view *in, int kh, int kw,
                          int stride, int padding, struct window *out)
{
    struct sketch_shape s = tflite_shape(g, in);
    struct sketch_window *w = &out->words;

    *w = (struct sketch_window){ .kh = kh, .kw = kw, .stride = stride };
    out->h = extent(s.h + in->top + in->bottom, kh, stride, padding, &w->top, &w->bottom);
    out->w = extent(s.w + in->left + in->right, kw, stride, padding, &w->left, &w->right);
    w->top += in->top;
    w->left += in->left;
    w->bottom += in->bottom;
    w->right += in->right;
    if (out->h < 1 || out->w < 1)
        return TFLITE_FAIL(g, "its window of %dx%d does not fit into a map of %dx%d", kh, kw, s.h, s.w);
    return OK;
}

/* The same stride in both directions; of one window whatever they are. */
static status read_stride(const struct tflite_graph *g, const struct flat_table *o, int one, int *out)
{
    int across;

    TRY(tflite_option(g, o, 1, FLAT_I32, "stride", 0, 1, LARGEST_STEP, &across));
    TRY(tflite_option(g, o, 2, FLAT_I32, "stride", 0, 1, LARGEST_STEP, out));
    if (one)
        *out = 1;
    else if (across != *out)
        return TFLITE_FAIL(g, "its strides %d down and %d across differ, which is not translated", *out,
                           across);
    return OK;
}

/* ---- weights --------------------------------------------------------------------------------------- */

/* Input number k as a constant for activations that are real or codes; *tensor holds the values. */
static status find_constant(const struct tflite_graph *g, int k, const char *what, struct tflite_weight *out)
{
    struct tflite_view v;
    const struct tflite_tensor *x = tflite_in_tensor(g, 0), *t;
    int through_dequantize;

    TRY(tflite_value(g, k, 1u << TFLITE_CONSTANT, 0, &v));
    through_dequantize = !g->file->tensor[tflite_in(g, k)].data;
    out->tensor = through_dequantize ? v.constant : tflite_in(g, k);
    out->real = x->type == TFLITE_F32;
    t = &g->file->tensor[out->tensor];
    if (!out->real && (through_dequantize || !tflite_is_coded(t)))
        return TFLITE_FAIL(g, "its input is of %s and its %s %s, which is not translated",
                           tflite_type_name(x->type), what, tflite_type_name(t->type));
    if (!out->real && (x->type == TFLITE_U8) != (t->type == TFLITE_U8))
        return TFLITE_FAIL(g, "its input is of %s and its %s of %s; both are signed or none",
                           tflite_type_name(x->type), what, tflite_type_name(t->type));
    if (out->real && !through_dequantize && t->type != TFLITE_F32)
        return TFLITE_FAIL(
            g,
            "its input is of float32 and its %s of %s: codes of the input would be chosen anew for "
            "each picture (dynamic range quantization), which is not run; convert the network "
            "with representative data, or in float",
            what, tflite_type_name(t->type));
    return OK;
}

static status add_bias(struct tflite_graph *g, const char *name, int real, int count)
{
    const struct tflite_tensor *t;
    struct tflite_view v;
    struct tensor bias;
    int tensor = tflite_in(g, 2);

    if (tensor < 0)
        return OK;
    TRY(tflite_value(g, 2, 1u << TFLITE_CONSTANT, 0, &v));
    if (!g->file->tensor[tensor].data)
        tensor = v.constant;
    t = &g->file->tensor[tensor];
    if (t->count != count || (real ? t->type != TFLITE_F32 && t->type != TFLITE_F16 : t->type != TFLITE_I32))
        return TFLITE_FAIL(g, "its bias has %lld values of %s; it has %d outputs", (long long)t->count,
                           tflite_type_name(t->type), count);
    TRY(tflite_blame(g, tflite_load_bias(g->file, tensor, real, count, &bias)));
    return sketch_tensor(g->sketch, name, ".bias", &bias);
}

static status add_weight(struct tflite_graph *g, const char *name, const struct tflite_weight *w)
{
    const struct tflite_tensor *t = &g->file->tensor[w->tensor];
    int axis = w->layout == TFLITE_HWO ? 3 : 0;
    struct tensor weight;

    if (tflite_is_coded(t) && t->scale.count > 1 && t->axis != axis)
        return TFLITE_FAIL(g, "the scales of its weights are along axis %d, not %d", t->axis, axis);
    if ((int64_t)w->h * w->w * w->i > LARGEST_TAPS)
        return TFLITE_FAIL(g, "its sums are of %lld products, more than the %d that 32 bits hold",
                           (long long)w->h * w->w * w->i, LARGEST_TAPS);
    if (((int64_t)w->h - 1) * w->dilation_h >= LARGEST_STEP ||
        ((int64_t)w->w - 1) * w->dilation_w >= LARGEST_STEP)
        return TFLITE_FAIL(g, "its window is of more than %d cells", LARGEST_STEP);
    TRY(tflite_blame(g, tflite_load_weight(g->file, w, &weight)));
    return sketch_tensor(g->sketch, name, ".weight", &weight);
}

/* ---- convolutions ---------------------------------------------------------------------------------- */

struct conv {
    struct flat_table options;
    struct tflite_weight weight;
    int out, groups, stride, padding;
};

/* A depthwise weight is (1, h, w, outputs), another (outputs, h, w, inputs of a group). */
static status read_conv(const struct tflite_graph *g, struct sketch_shape in, int depthwise, struct conv *c,
                        int *activation)
{
    const struct tflite_tensor *t;
    struct tflite_weight *w = &c->weight;

    TRY(find_constant(g, 1, "weights", w));
    TRY(tflite_options(g, depthwise ? 2 : 1, &c->options));
    TRY(tflite_option(g, &c->options, 0, FLAT_I8, "padding", 0, SAME, VALID, &c->padding));
    TRY(read_stride(g, &c->options, 0, &c->stride));
    TRY(tflite_option(g, &c->options, depthwise ? 4 : 3, FLAT_I8, "activation", 0, 0, 127, activation));
    TRY(tflite_option(g, &c->options, depthwise ? 5 : 4, FLAT_I32, "dilation", 1, 1, LARGEST_STEP,
                      &w->dilation_w));
    TRY(tflite_option(g, &c->options, depthwise ? 6 : 5, FLAT_I32, "dilation", 1, 1, LARGEST_STEP,
                      &w->dilation_h));
    t = &g->file->tensor[w->tensor];
    if (t->rank != 4 || (depthwise && t->dim[0] != 1))
        return TFLITE_FAIL(g, "its weights have %d extents, or the first is not 1", t->rank);
    w->layout = depthwise ? TFLITE_HWO : TFLITE_OHWI;
    w->h = t->dim[1];
    w->w = t->dim[2];
    w->o = c->out = depthwise ? t->dim[3] : t->dim[0];
    w->i = depthwise ? 1 : t->dim[3];
    c->groups = depthwise ? in.c : in.c / w->i;
    if (in.c % w->i || c->out % c->groups)
        return TFLITE_FAIL(g, "its weights of %d outputs and %d inputs do not divide %d channels", w->o, w->i,
                           in.c);
    return OK;
}

/* A convolution of every block-th positions is one with dilation of all, which the maps put together again
 * are cut from. */
static status spread(const struct tflite_graph *g, struct tflite_view *in, struct conv *c)
{
    if (c->stride != 1 || c->padding != VALID || c->weight.dilation_h != 1 || c->weight.dilation_w != 1)
        return TFLITE_FAIL(g,
                           "it has a stride, a dilation or a padding of its own among batches of positions, "
                           "which is not translated");
    c->weight.dilation_h = c->weight.dilation_w = in->block;
    in->top -= g->cut.top;
    in->left -= g->cut.left;
    in->bottom -= g->cut.bottom;
    in->right -= g->cut.right;
    if (in->top < 0 || in->left < 0 || in->bottom < 0 || in->right < 0)
        return TFLITE_FAIL(g, "more is cut off than was padded, which is not translated");
    return OK;
}

status tflite_conv(struct tflite_graph *g)
{
    struct tflite_node n = { .op = "conv", .inputs = 1, .form = TFLITE_MAP, .sums = 1 };
    struct tflite_view in;
    struct conv c = { 0 };
    struct window w;
    char name[MODEL_NAME], words[SKETCH_WINDOW];
    int kh, kw;

    TRY(tflite_value(g, 0, 1u << TFLITE_MAP | 1u << TFLITE_APART, 1, &in));
    if (in.form == TFLITE_APART && !g->together) {
        g->view[tflite_out(g, 0)] =
            (struct tflite_view){ .form = TFLITE_CONVOLVED, .node = in.node, .constant = g->at };
        return OK;
    }
    TRY(read_conv(g, tflite_shape(g, &in), tflite_here(g)->code == TFLITE_DEPTHWISE_CONV_2D, &c,
                  &n.activation));
    if (in.form == TFLITE_APART)
        TRY(spread(g, &in, &c));
    kh = (c.weight.h - 1) * c.weight.dilation_h + 1;
    kw = (c.weight.w - 1) * c.weight.dilation_w + 1;
    TRY(make_window(g, &in, kh, kw, c.stride, c.padding, &w));
    tflite_name(g, 0, name);
    n.input[0] = in.node;
    n.shape = (struct sketch_shape){ c.out, w.h, w.w };
    snprintf(n.words, sizeof n.words, "out %d%s groups %d  weight %s", c.out,
             sketch_window_words(&w.words, words), c.groups, name);
    TRY(tflite_add_node(g, 0, &n));
    TRY(add_weight(g, name, &c.weight));
    return add_bias(g, name, c.weight.real, c.out);
}

/* ---- linear layers --------------------------------------------------------------------------------- */

status tflite_fully_connected(struct tflite_graph *g)
{
    struct tflite_node n = { .op = "linear", .inputs = 1, .form = TFLITE_MAP, .sums = 1 };
    struct tflite_weight w = { .layout = TFLITE_OI, .dilation_h = 1, .dilation_w = 1 };
    const unsigned forms = 1u << TFLITE_MAP | 1u << TFLITE_PLANES | 1u << TFLITE_ROW |
                           1u << TFLITE_PLANES_ROW | 1u << TFLITE_POINTS;
    const struct tflite_tensor *t;
    struct sketch_shape s;
    struct flat_table options;
    struct tflite_view in;
    char name[MODEL_NAME];
    int format, last, each; /* position by itself */

    TRY(tflite_value(g, 0, forms, 0, &in));
    TRY(find_constant(g, 1, "weights", &w));
    TRY(tflite_options(g, 8, &options));
    TRY(tflite_option(g, &options, 0, FLAT_I8, "activation", 0, 0, 127, &n.activation));
    TRY(tflite_option(g, &options, 1, FLAT_I8, "format of weights", 0, 0, 0, &format));
    t = &g->file->tensor[w.tensor];
    s = tflite_shape(g, &in);
    each = t->rank == 2 && t->dim[1] == s.c && s.h * s.w > 1 &&
           (in.form == TFLITE_MAP || in.form == TFLITE_POINTS);
    if (each && tflite_is_coded(tflite_in_tensor(g, 0)))
        return TFLITE_FAIL(
            g, "it is a linear layer of each position's codes, and such of real numbers are translated");
    if (t->rank != 2 || (!each && t->dim[1] != (int64_t)s.c * s.h * s.w))
        return TFLITE_FAIL(g, "its weights are not (outputs, %lld), as its input of %dx%dx%d needs",
                           (long long)s.c * s.h * s.w, s.c, s.h, s.w);
    last = !each && in.form != TFLITE_PLANES &&
           in.form != TFLITE_PLANES_ROW; /* the file's inputs are h, w, c; ours c, h, w */
    w.o = t->dim[0];
    w.h = last ? s.h : 1;
    w.w = last ? s.w : 1;
    w.i = last ? s.c : t->dim[1];
    tflite_name(g, 0, name);
    n.input[0] = in.node;
    n.op = each ? "conv" : n.op;
    n.form = each ? in.form : n.form;
    n.shape = (struct sketch_shape){ w.o, each ? s.h : 1, each ? s.w : 1 };
    snprintf(n.words, sizeof n.words, "out %d%s  weight %s", w.o,
             each ? " kernel 1 stride 1 pad 0 groups 1" : "", name);
    TRY(tflite_add_node(g, 0, &n));
    TRY(add_weight(g, name, &w));
    return add_bias(g, name, w.real, w.o);
}

/* ---- pools ----------------------------------------------------------------------------------------- */

status tflite_pool(struct tflite_graph *g)
{
    int average = tflite_here(g)->code == TFLITE_AVERAGE_POOL_2D, padding, stride, kh, kw, whole;
    struct tflite_node n = { .inputs = 1, .form = TFLITE_MAP, .keeps = 1 };
    struct sketch_shape s;
    struct flat_table o;
    struct tflite_view in;
    struct window w;
    char words[SKETCH_WINDOW];

    TRY(tflite_value(g, 0, 1u << TFLITE_MAP, !average, &in));
    TRY(tflite_options(g, 5, &o));
    TRY(tflite_option(g, &o, 0, FLAT_I8, "padding", 0, SAME, VALID, &padding));
    TRY(tflite_option(g, &o, 3, FLAT_I32, "window", 0, 1, LARGEST_FILTER, &kw));
    TRY(tflite_option(g, &o, 4, FLAT_I32, "window", 0, 1, LARGEST_FILTER, &kh));
    s = tflite_shape(g, &in);
    whole = padding == VALID && kh == s.h && kw == s.w && !(in.top || in.left || in.bottom || in.right);
    TRY(read_stride(g, &o, whole, &stride));
    TRY(tflite_option(g, &o, 5, FLAT_I8, "activation", 0, 0, 127, &n.activation));
    TRY(make_window(g, &in, kh, kw, stride, padding, &w));
    n.op = !average ? "maxpool" : kh == s.h && kw == s.w && w.h == 1 && w.w == 1 ? "avgpool" : "avgpool2d";
    n.input[0] = in.node;
    n.shape = (struct sketch_shape){ s.c, w.h, w.w };
    if (strcmp(n.op, "avgpool") != 0)
        snprintf(n.words, sizeof n.words, "%s", sketch_window_words(&w.words, words) + 1);
    return tflite_add_node(g, 0, &n);
}

/* The mean or the largest over both extents of a map. */
status tflite_reduce(struct tflite_graph *g)
{
    struct tflite_node n = { .op = "mean", .inputs = 1, .form = TFLITE_MAP };
    const struct tflite_tensor *x, *axes;
    struct sketch_shape s;
    struct tflite_view in;
    unsigned over = 0;

    TRY(tflite_value(g, 0, 1u << TFLITE_MAP | 1u << TFLITE_PLANES, 0, &in));
    TRY(tflite_numbers(g, 1, "axes", &axes));
    x = tflite_in_tensor(g, 0);
    for (int64_t i = 0; i < axes->count; i++) {
        int64_t axis = tflite_whole(axes, i);

        axis += axis < 0 ? x->rank : 0;
        if (axis < 0 || axis >= x->rank)
            return TFLITE_FAIL(g, "axis %lld is none of its input", (long long)tflite_whole(axes, i));
        over |= 1u << axis;
    }
    if (x->rank != 4 || over != (in.form == TFLITE_MAP ? 1u << 1 | 1u << 2 : 1u << 2 | 1u << 3))
        return TFLITE_FAIL(g, "it is over other extents than both of a map, and no part of a layer "
                              "normalisation of real numbers");
    s = tflite_shape(g, &in);
    if (tflite_here(g)->code == TFLITE_REDUCE_MAX) {
        n.op = "maxpool";
        n.keeps = 1;
        snprintf(n.words, sizeof n.words, "kernel %dx%d stride 1 pad 0", s.h, s.w);
    }
    n.input[0] = in.node;
    n.shape = (struct sketch_shape){ s.c, 1, 1 };
    n.form = tflite_out_tensor(g, 0)->rank == 4 ? in.form : TFLITE_MAP;
    return tflite_add_node(g, 0, &n);
}
