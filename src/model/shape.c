/* src/model/shape.c: a node's output shape from its inputs'. */
#include "model_parts.h"

#include <string.h>

#define BAD(...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "%s:%d: %s %s", m->source, n->line,             \
                              model_op_name(n->op), n->name)

enum {
    LARGEST_EXTENT = 1 << 16,
    LARGEST_VALUES = 1 << 16 /* a linear layer's: sums of codes fit 32 bits */
};

/* Windows of `kernel` along one axis, with `before` and `end` positions around `size`. */
struct axis {
    int size, kernel, before, end;
};

/* TensorFlow's "same": one window for every stride begun, and what that lacks added on both sides, the odd
 * one at the end. */
static int same_extent(const struct model_node *n, struct axis *a)
{
    int extent = (a->size + n->stride - 1) / n->stride;
    int lacking = (extent - 1) * n->stride + a->kernel - a->size;

    a->before = lacking > 0 ? lacking / 2 : 0;
    a->end = lacking > 0 ? lacking - a->before : 0;
    return extent;
}

/* With ceil a last window may hang over the end, if it begins before the padding there. */
static int window_extent(const struct model_node *n, const struct axis *a)
{
    int room = a->size + a->before + a->end - a->kernel, extent;

    if (room < 0)
        return 0;
    extent = (room + (n->ceil ? n->stride - 1 : 0)) / n->stride + 1;
    return n->ceil && (extent - 1) * n->stride >= a->size + a->before ? extent - 1 : extent;
}

static status infer_window(const struct model *m, struct model_node *n, const struct model_node *in)
{
    struct axis y = { in->h, n->kh, n->pad_y, n->end_y }, x = { in->w, n->kw, n->pad_x, n->end_x };

    n->h = n->pad_same ? same_extent(n, &y) : window_extent(n, &y);
    n->w = n->pad_same ? same_extent(n, &x) : window_extent(n, &x);
    n->pad_y = y.before;
    n->pad_x = x.before;
    n->end_y = y.end;
    n->end_x = x.end;
    if (n->h < 1 || n->w < 1)
        return BAD("kernel %dx%d does not fit into %s's %dx%d map with pad %d,%d,%d,%d", n->kh, n->kw,
                   in->name, in->h, in->w, n->pad_y, n->pad_x, n->end_y, n->end_x);
    return OK;
}

/* A pool's window must hold a position of the map. */
static status infer_pool(const struct model *m, struct model_node *n, const struct model_node *in)
{
    int tall = n->pad_y > n->end_y ? n->pad_y : n->end_y, wide = n->pad_x > n->end_x ? n->pad_x : n->end_x;

    if (2 * tall > n->kh || 2 * wide > n->kw)
        return BAD("pad %d is more than half of kernel %dx%d", 2 * tall > n->kh ? tall : wide, n->kh, n->kw);
    return infer_window(m, n, in);
}

static int below_zero(int a, int b)
{
    return (a < 0 ? a : 0) + (b < 0 ? b : 0);
}

/* Something of the map is left. */
static status infer_pad(const struct model *m, struct model_node *n, const struct model_node *in)
{
    if (n->pad_same)
        return BAD("pad same has no meaning without a kernel");
    if (in->h + below_zero(n->pad_y, n->end_y) < 1 || in->w + below_zero(n->pad_x, n->end_x) < 1)
        return BAD("pad %d,%d,%d,%d leaves nothing of %s's %dx%d map", n->pad_y, n->pad_x, n->end_y, n->end_x,
                   in->name, in->h, in->w);
    n->h = in->h + n->pad_y + n->end_y;
    n->w = in->w + n->pad_x + n->end_x;
    return OK;
}

static status infer_conv(const struct model *m, struct model_node *n, const struct model_node *in)
{
    if (in->c % n->groups || n->c % n->groups)
        return BAD("groups %d divides not both the %d input and the %d output channels", n->groups, in->c,
                   n->c);
    if (n->bn[0] ? n->bn_eps <= 0 : n->bn_eps != 0)
        return BAD("bn and eps belong together");
    return infer_window(m, n, in);
}

static status infer_cat(const struct model *m, struct model_node *n)
{
    n->c = 0;
    for (int i = 0; i < n->inputs; i++) {
        const struct model_node *in = &m->node[n->input[i]];

        if (in->h != n->h || in->w != n->w)
            return BAD("%s is %dx%d and %s is %dx%d", m->node[n->input[0]].name, n->h, n->w, in->name, in->h,
                       in->w);
        n->c += in->c;
    }
    if (n->c > LARGEST_EXTENT)
        return BAD("%d channels are more than %d", n->c, LARGEST_EXTENT);
    return OK;
}

static status infer_maps(const struct model *m, const struct model_node *n)
{
    const struct model_node *a = &m->node[n->input[0]], *b = &m->node[n->input[1]];
    int equal = a->c == b->c && a->h == b->h && a->w == b->w;
    int broadcast = n->op == OP_MUL && a->c == b->c && b->h == 1 && b->w == 1;

    if (!equal && !broadcast)
        return BAD("%s is %dx%dx%d and %s is %dx%dx%d", a->name, a->c, a->h, a->w, b->name, b->c, b->h, b->w);
    return OK;
}

/* Of one input the other is a constant. */
static status infer_two(const struct model *m, const struct model_node *n)
{
    if ((n->inputs == 1) != model_has_constant(n))
        return BAD("it has two inputs, or one and a weight");
    return n->inputs == 1 ? OK : infer_maps(m, n);
}

/* Zeros in the channels that the input does not fill. */
static status infer_shortcut(const struct model *m, struct model_node *n, const struct model_node *in)
{
    if (n->begin + in->c > n->c)
        return BAD("channels %d..%d of %d are not there for %s's %d", n->begin, n->begin + in->c - 1, n->c,
                   in->name, in->c);
    n->h = (in->h + n->stride - 1) / n->stride;
    n->w = (in->w + n->stride - 1) / n->stride;
    return OK;
}

static status infer_linear(const struct model *m, struct model_node *n, const struct model_node *in)
{
    if ((int64_t)in->c * in->h * in->w > LARGEST_VALUES)
        return BAD("%s's %dx%dx%d values are more than %d", in->name, in->c, in->h, in->w, LARGEST_VALUES);
    n->h = n->w = 1;
    return OK;
}

static status infer_channels(const struct model *m, const struct model_node *n, const struct model_node *in)
{
    if (n->op == OP_SLICE && n->begin + n->c > in->c)
        return BAD("channels %d..%d of %s, which has %d", n->begin, n->begin + n->c - 1, in->name, in->c);
    if (n->op == OP_SHUFFLE && in->c % n->groups)
        return BAD("groups %d does not divide %s's %d channels", n->groups, in->name, in->c);
    return OK;
}

/* As its first input's, but for an attribute `out` and for what an op changes. */
status model_infer_shape(const struct model *m, struct model_node *n)
{
    const struct model_node *in = &m->node[n->input[0]];

    n->c = n->c ? n->c : in->c;
    n->h = in->h;
    n->w = in->w;
    if (n->op == OP_CONV)
        return infer_conv(m, n, in);
    if (n->op == OP_MAXPOOL || n->op == OP_AVGPOOL2D)
        return infer_pool(m, n, in);
    if (n->op == OP_PAD)
        return infer_pad(m, n, in);
    if (n->op == OP_CLIP && !(n->low < n->high))
        return BAD("low %g is not below high %g", n->low, n->high);
    if ((n->op == OP_BATCHNORM || n->op == OP_LAYERNORM) && n->bn_eps <= 0)
        return BAD("eps %g is not positive", n->bn_eps);
    if (model_is_global_pool(n->op))
        n->h = n->w = 1;
    if (n->op == OP_LINEAR)
        return infer_linear(m, n, in);
    if (n->op == OP_SHORTCUT)
        return infer_shortcut(m, n, in);
    if (n->op == OP_ADD || n->op == OP_SUB || n->op == OP_MUL)
        return infer_two(m, n);
    return n->op == OP_CAT ? infer_cat(m, n) : infer_channels(m, n, in);
}
