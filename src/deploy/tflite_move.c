/* src/deploy/tflite_move.c: what moves values: reshapes, transpositions, padding, parts and rows of channels.
 */
#include "tflite.h"

#include <float.h>
#include <string.h>

enum { MAPS = 1u << TFLITE_MAP | 1u << TFLITE_PLANES };

static int is_shape(const struct tflite_tensor *t, int rank, const int *dim)
{
    return t->rank == rank && memcmp(t->dim, dim, (size_t)rank * sizeof *dim) == 0;
}

/* Where the channels of a form are. */
static int channel_axis(const struct tflite_tensor *t, enum tflite_form form)
{
    return form == TFLITE_PLANES && t->rank == 4 ? 1 : t->rank - 1;
}

/* ---- reshape --------------------------------------------------------------------------------------- */

/* Of one value a channel: whatever the extents, one of them has all. */
static status reshape_vector(struct tflite_graph *g, struct tflite_view in)
{
    const struct tflite_tensor *t = tflite_out_tensor(g, 0);
    int c = tflite_shape(g, &in).c;

    in.form = t->rank == 4 && t->dim[1] == c && t->dim[3] == 1 ? TFLITE_PLANES : TFLITE_MAP;
    if (t->unknown && t->count == 1) {
        in.form = TFLITE_MAP;
        g->view[tflite_out(g, 0)] = in;
        return OK;
    }
    if (t->count != c || t->dim[channel_axis(t, in.form)] != c)
        return TFLITE_FAIL(g, "it makes other extents of %d channels, which is not translated", c);
    return tflite_alias(g, 0, in);
}

/* Channels that were shuffled come together again. */
static status reshape_shuffled(struct tflite_graph *g, const struct tflite_view *in)
{
    struct tflite_node n = { .op = "shuffle", .inputs = 1, .keeps = 1 };

    n.input[0] = in->node;
    n.shape = tflite_shape(g, in);
    n.form = in->form == TFLITE_SHUFFLED ? TFLITE_MAP : TFLITE_PLANES;
    snprintf(n.words, sizeof n.words, "groups %d", in->groups);
    return tflite_add_node(g, 0, &n);
}

/* Are the channels' extents divided into groups? */
static int is_groups(const struct tflite_tensor *t, const struct tflite_view *in, struct sketch_shape s)
{
    int last = in->form == TFLITE_MAP, groups = t->rank == 5 ? t->dim[last ? 3 : 1] : 0;

    if ((!last && in->form != TFLITE_PLANES) || groups < 1 || s.c % groups)
        return 0;
    return is_shape(t, 5,
                    last ? (int[]){ 1, s.h, s.w, groups, s.c / groups }
                         : (int[]){ 1, groups, s.c / groups, s.h, s.w });
}

status tflite_reshape(struct tflite_graph *g)
{
    const struct tflite_tensor *t = tflite_out_tensor(g, 0);
    const unsigned forms = MAPS | 1u << TFLITE_ROW | 1u << TFLITE_PLANES_ROW | 1u << TFLITE_POINTS |
                           1u << TFLITE_SHUFFLED | 1u << TFLITE_PLANES_SHUFFLED;
    struct sketch_shape s;
    struct tflite_view in;
    int planes;

    TRY(tflite_value(g, 0, forms, 0, &in));
    s = tflite_shape(g, &in);
    planes = in.form == TFLITE_PLANES || in.form == TFLITE_PLANES_ROW;
    if (in.form == TFLITE_SHUFFLED || in.form == TFLITE_PLANES_SHUFFLED)
        return reshape_shuffled(g, &in);
    if (s.h * s.w == 1)
        return reshape_vector(g, in);
    if (is_shape(t, 4, planes ? (int[]){ 1, s.c, s.h, s.w } : (int[]){ 1, s.h, s.w, s.c }))
        in.form = planes ? TFLITE_PLANES : TFLITE_MAP;
    else if (!planes && (is_shape(t, 2, (int[]){ s.h * s.w, s.c }) || (t->rank == 2 && t->unknown))) {
        in.form = TFLITE_POINTS; /* a linear layer's weights tell what is left open */
        g->view[tflite_out(g, 0)] = in;
        return OK;
    } else if (t->rank > 0 && t->dim[t->rank - 1] == t->count)
        in.form = planes ? TFLITE_PLANES_ROW : TFLITE_ROW;
    else if (is_groups(t, &in, s)) {
        in.groups = t->dim[in.form == TFLITE_MAP ? 3 : 1];
        in.form = in.form == TFLITE_MAP ? TFLITE_GROUPS : TFLITE_PLANES_GROUPS;
    } else {
        return TFLITE_FAIL(g, "it makes other extents of a map of %dx%dx%d, which is not translated", s.c,
                           s.h, s.w);
    }
    return tflite_alias(g, 0, in);
}

status tflite_transpose(struct tflite_graph *g)
{
    static const struct {
        enum tflite_form from, to;
        int order[TFLITE_MAX_RANK];
    } known[] = {
        { TFLITE_MAP, TFLITE_PLANES, { 0, 3, 1, 2 } },
        { TFLITE_PLANES, TFLITE_MAP, { 0, 2, 3, 1 } },
        { TFLITE_GROUPS, TFLITE_SHUFFLED, { 0, 1, 2, 4, 3 } },
        { TFLITE_PLANES_GROUPS, TFLITE_PLANES_SHUFFLED, { 0, 2, 1, 3, 4 } },
    };
    const struct tflite_tensor *order;
    struct tflite_view in;

    TRY(tflite_value(g, 0, MAPS | 1u << TFLITE_GROUPS | 1u << TFLITE_PLANES_GROUPS, 0, &in));
    TRY(tflite_numbers(g, 1, "order of extents", &order));
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        int same = known[i].from == in.form && order->count == tflite_in_tensor(g, 0)->rank;

        for (int k = 0; same && k < order->count; k++)
            same = tflite_whole(order, k) == known[i].order[k];
        if (same) {
            in.form = known[i].to;
            return tflite_alias(g, 0, in);
        }
    }
    return TFLITE_FAIL(g, "it puts the extents in an order that is not translated");
}

/* ---- padding --------------------------------------------------------------------------------------- */

static int is_relu(const struct tflite_graph *g, int node)
{
    const char *op = g->sketch->node[node].op;

    return strcmp(op, "relu") == 0 || strcmp(op, "relu6") == 0;
}

/* What stands around a map: real 0, what is never the largest of a window, or both. */
enum fill { ZERO = 1, LEAST = 2 };

/* Do windows alone read the output, which can take what stands around: of zeros convolutions, of the least,
 * or where no value is below zero, the largest of a window? */
static int is_folded(const struct tflite_graph *g, const struct tflite_view *in, int fill)
{
    const struct tflite_tensor *x = tflite_in_tensor(g, 0);
    int tensor = tflite_out(g, 0);
    int positive = tflite_is_coded(x) ? tflite_zero(x, 0, 0) == 0 : is_relu(g, in->node);
    int largest = fill & LEAST || positive, sums = fill & ZERO;

    if (tensor == g->logits)
        return 0;
    for (int i = g->at + 1; i < g->file->ops; i++) {
        const struct tflite_op *op = &g->file->op[i];

        for (int64_t k = 0; g->live[i] && k < op->input.count; k++)
            if (flat_vector_int(&op->input, k) == tensor &&
                !(op->code == TFLITE_MAX_POOL_2D
                      ? largest
                      : sums && (op->code == TFLITE_CONV_2D || op->code == TFLITE_DEPTHWISE_CONV_2D)))
                return 0;
    }
    return 1;
}

/* Other values are refused. */
static status read_fill(const struct tflite_graph *g, int *out)
{
    const struct tflite_tensor *x = tflite_in_tensor(g, 0), *fill;
    int tensor = tflite_in(g, 2);
    float real;
    int code;

    *out = ZERO;
    if (tflite_here(g)->code != TFLITE_PADV2)
        return OK;
    fill = tensor < 0 ? NULL : &g->file->tensor[tensor];
    if (!fill || !fill->data || fill->count != 1 || fill->type != x->type)
        return TFLITE_FAIL(g, "what it pads with is not in the file");
    if (x->type == TFLITE_F32) {
        memcpy(&real, fill->data, sizeof real);
        *out = real == 0 ? ZERO : real <= -FLT_MAX ? LEAST : 0;
        return *out ? OK : TFLITE_FAIL(g, "it pads with %g; 0 and -inf are translated", (double)real);
    }
    code = x->type == TFLITE_U8 ? fill->data[0] : (int8_t)fill->data[0] + 128;
    *out = (code == tflite_zero(x, 0, 0) ? ZERO : 0) | (code == 0 ? LEAST : 0);
    return *out ? OK
                : TFLITE_FAIL(g,
                              "it pads with a code that is neither its zero point nor the lowest, which are "
                              "translated");
}

/* Reads rows of (before, after), of which those of the two extents alone may have something. */
static status read_pads(const struct tflite_graph *g, const struct tflite_view *in, struct sketch_window *out)
{
    const struct tflite_tensor *x = tflite_in_tensor(g, 0), *pads;
    int pad[2 * TFLITE_MAX_RANK], row = in->form == TFLITE_MAP ? 1 : 2;

    TRY(tflite_numbers(g, 1, "extents of padding", &pads));
    if (x->rank != 4 || pads->count != 2 * x->rank)
        return TFLITE_FAIL(g, "it has %lld numbers for the padding of a map", (long long)pads->count);
    for (int i = 0; i < 2 * x->rank; i++) {
        int64_t value = tflite_whole(pads, i);

        if (value < 0 || value > 64 || (value > 0 && i / 2 != row && i / 2 != row + 1))
            return TFLITE_FAIL(g, "it pads by %lld along axis %d, which is not translated", (long long)value,
                               i / 2);
        pad[i] = (int)value;
    }
    *out = (struct sketch_window){
        .top = pad[2 * row], .bottom = pad[2 * row + 1], .left = pad[2 * row + 2], .right = pad[2 * row + 3]
    };
    return OK;
}

static void set_pads(struct tflite_view *v, const struct sketch_window *pad)
{
    v->top = pad->top;
    v->left = pad->left;
    v->bottom = pad->bottom;
    v->right = pad->right;
}

status tflite_pad(struct tflite_graph *g)
{
    struct tflite_node n = { .op = "pad", .inputs = 1, .keeps = 1 };
    struct sketch_window pad;
    struct sketch_shape s;
    struct tflite_view in;
    int fill;

    TRY(tflite_value(g, 0, MAPS, 0, &in));
    TRY(read_fill(g, &fill));
    TRY(read_pads(g, &in, &pad));
    if (in.form == TFLITE_MAP && is_folded(g, &in, fill)) {
        set_pads(&in, &pad);
        g->view[tflite_out(g, 0)] = in;
        return OK;
    }
    if (!(fill & ZERO))
        return TFLITE_FAIL(g, "it pads with the least value, and others than maximum pools read that");
    s = tflite_shape(g, &in);
    n.input[0] = in.node;
    n.form = in.form;
    n.shape = (struct sketch_shape){ s.c, s.h + pad.top + pad.bottom, s.w + pad.left + pad.right };
    snprintf(n.words, sizeof n.words, "pad %d,%d,%d,%d", pad.top, pad.left, pad.bottom, pad.right);
    return tflite_add_node(g, 0, &n);
}

/* ---- positions -------------------------------------------------------------------------------------- */

/* The block, equal on both sides, and two rows of (before, after). */
static status read_block(const struct tflite_graph *g, int *block, struct sketch_window *sides)
{
    const struct tflite_tensor *size, *side;
    int64_t value[4];

    TRY(tflite_numbers(g, 1, "block", &size));
    TRY(tflite_numbers(g, 2, "sides", &side));
    if (size->count != 2 || side->count != 4 || tflite_whole(size, 0) != tflite_whole(size, 1) ||
        tflite_whole(size, 0) < 1 || tflite_whole(size, 0) > 64)
        return TFLITE_FAIL(g, "its blocks are not equal down and across, which alone is translated");
    *block = (int)tflite_whole(size, 0);
    for (int i = 0; i < 4; i++) {
        value[i] = tflite_whole(side, i);
        if (value[i] < 0 || value[i] > 128)
            return TFLITE_FAIL(g, "side %lld is not from 0 to 128", (long long)value[i]);
    }
    *sides = (struct sketch_window){
        .top = (int)value[0], .bottom = (int)value[1], .left = (int)value[2], .right = (int)value[3]
    };
    return OK;
}

status tflite_apart(struct tflite_graph *g)
{
    struct sketch_window pad;
    struct tflite_view in;

    TRY(tflite_value(g, 0, 1u << TFLITE_MAP, 0, &in));
    TRY(read_block(g, &in.block, &pad));
    in.form = TFLITE_APART;
    set_pads(&in, &pad);
    g->view[tflite_out(g, 0)] = in;
    return OK;
}

/* The convolution between becomes one of the whole map, with this op's output. */
status tflite_together(struct tflite_graph *g)
{
    struct tflite_op here = *tflite_here(g), *op = &g->file->op[g->at];
    struct tflite_view in;
    int block;
    status result;

    TRY(tflite_value(g, 0, 1u << TFLITE_CONVOLVED, 0, &in));
    TRY(read_block(g, &block, &g->cut));
    if (block != g->view[(int)flat_vector_int(&g->file->op[in.constant].input, 0)].block)
        return TFLITE_FAIL(g, "its block is another than that of the maps apart");
    if (!tflite_same_params(tflite_in_tensor(g, 0), tflite_out_tensor(g, 0)))
        return TFLITE_FAIL(g, "its output has another type, scale or zero point than its input");
    *op = g->file->op[in.constant];
    op->output = here.output;
    g->together = 1;
    result = tflite_conv(g);
    g->together = 0;
    *op = here;
    return result;
}

/* ---- channels -------------------------------------------------------------------------------------- */

/* Channels begin .. begin + count - 1 as output number k; all of them are the input. */
static status add_slice(struct tflite_graph *g, int input, const struct tflite_view *in, int k, int64_t begin,
                        int64_t count)
{
    struct tflite_node n = { .op = "slice", .inputs = 1, .form = in->form, .keeps = 1 + input };
    struct sketch_shape s = tflite_shape(g, in);

    if (begin < 0 || count < 1 || begin + count > s.c)
        return TFLITE_FAIL(g, "channels %lld to %lld are not among %d", (long long)begin,
                           (long long)(begin + count - 1), s.c);
    if (count == s.c)
        return tflite_alias(g, k, *in);
    n.input[0] = in->node;
    n.shape = (struct sketch_shape){ (int)count, s.h, s.w };
    snprintf(n.words, sizeof n.words, "begin %d out %d", (int)begin, (int)count);
    return tflite_add_node(g, k, &n);
}

/* One number that tells an axis, which must be that of the channels. */
static status check_axis(const struct tflite_graph *g, int64_t axis, int input, const struct tflite_view *in)
{
    const struct tflite_tensor *x = tflite_in_tensor(g, input);

    axis += axis < 0 ? x->rank : 0;
    return axis == channel_axis(x, in->form)
               ? OK
               : TFLITE_FAIL(g, "it is along axis %lld; channels alone are translated", (long long)axis);
}

status tflite_split(struct tflite_graph *g)
{
    int sizes = tflite_here(g)->code == TFLITE_SPLIT_V, input = sizes ? 0 : 1;
    const struct tflite_tensor *axis, *size = NULL;
    int64_t begin = 0, parts = tflite_here(g)->output.count;
    struct tflite_view in;
    int channels;

    TRY(tflite_value(g, input, MAPS, 0, &in));
    TRY(tflite_numbers(g, sizes ? 2 : 0, "axis", &axis));
    TRY(check_axis(g, tflite_whole(axis, 0), input, &in));
    if (sizes)
        TRY(tflite_numbers(g, 1, "sizes", &size));
    channels = tflite_shape(g, &in).c;
    if (parts < 1 || (size ? size->count != parts : channels % parts != 0))
        return TFLITE_FAIL(g, "%d channels do not make %lld parts", channels, (long long)parts);
    for (int k = 0; k < parts; k++) {
        int64_t count = size ? tflite_whole(size, k) : channels / parts;

        if (g->readers[tflite_out(g, k)] > 0)
            TRY(add_slice(g, input, &in, k, begin, count));
        begin += count;
    }
    return OK;
}

/* Where a slice along one axis begins, how many it takes, every step-th of the whole. */
struct part {
    int64_t begin, count, step;
};

static status read_slice(const struct tflite_graph *g, const struct tflite_tensor *begin,
                         const struct tflite_tensor *size, int axis, int extent, struct part *out)
{
    out->step = 1;
    out->begin = tflite_whole(begin, axis);
    out->count = tflite_whole(size, axis);
    if (out->count == -1)
        out->count = extent - out->begin;
    return OK;
}

/* STRIDED_SLICE: masks of axes whose begin or end does not count, negative ones from the end. */
static status read_strided(const struct tflite_graph *g, const struct tflite_tensor *begin,
                           const struct tflite_tensor *end, int axis, int extent, struct part *out)
{
    const struct tflite_tensor *stride;
    struct flat_table o;
    int64_t last = tflite_whole(end, axis);
    int mask[5];

    TRY(tflite_numbers(g, 3, "strides", &stride));
    TRY(tflite_options(g, 32, &o));
    for (int i = 0; i < 5; i++)
        TRY(tflite_option(g, &o, i, FLAT_I32, "mask", 0, 0, i < 2 ? 1 << 16 : 0, &mask[i]));
    if (stride->count != end->count)
        return TFLITE_FAIL(g, "it has %lld steps for %lld axes", (long long)stride->count,
                           (long long)end->count);
    out->step = tflite_whole(stride, axis);
    out->begin = mask[0] >> axis & 1 ? 0 : tflite_whole(begin, axis);
    out->begin += out->begin < 0 ? extent : 0;
    last += last < 0 ? extent : 0;
    last = mask[1] >> axis & 1 || last > extent ? extent : last;
    out->count = last - out->begin;
    if (out->step == 1)
        return OK;
    if (out->step < 1 || out->step > 64 || out->begin != 0 || out->count != extent)
        return TFLITE_FAIL(g, "it takes a part of every %lld-th along axis %d, which is not translated",
                           (long long)out->step, axis);
    out->count = (extent + out->step - 1) / out->step;
    return OK;
}

/* Rows and columns of a map: a part, or every step-th of both. */
static status add_crop(struct tflite_graph *g, const struct tflite_view *in, const struct part *y,
                       const struct part *x)
{
    struct tflite_node n = { .op = "pad", .inputs = 1, .form = in->form, .keeps = 1 };
    struct sketch_shape s = tflite_shape(g, in);

    if (y->begin < 0 || x->begin < 0 || y->count < 1 || x->count < 1 || y->begin + y->count > s.h ||
        x->begin + x->count > s.w)
        return TFLITE_FAIL(g, "rows %lld to %lld and columns %lld to %lld are not in a map of %dx%d",
                           (long long)y->begin, (long long)(y->begin + y->count - 1), (long long)x->begin,
                           (long long)(x->begin + x->count - 1), s.h, s.w);
    if (y->step != x->step)
        return TFLITE_FAIL(g, "its steps %lld down and %lld across differ, which is not translated",
                           (long long)y->step, (long long)x->step);
    n.input[0] = in->node;
    n.shape = (struct sketch_shape){ s.c, (int)y->count, (int)x->count };
    snprintf(n.words, sizeof n.words, "pad %d,%d,%d,%d", -(int)y->begin, -(int)x->begin,
             (int)(y->begin + y->count) - s.h, (int)(x->begin + x->count) - s.w);
    if (y->step > 1) {
        n.op = "shortcut";
        snprintf(n.words, sizeof n.words, "stride %d begin 0 out %d", (int)y->step, s.c);
    }
    return tflite_add_node(g, 0, &n);
}

status tflite_slice(struct tflite_graph *g)
{
    const struct tflite_tensor *x, *begin, *end;
    struct part part[TFLITE_MAX_RANK];
    struct tflite_view in;
    int channels, first, cut = 0;

    TRY(tflite_value(g, 0, MAPS, 0, &in));
    TRY(tflite_numbers(g, 1, "begins", &begin));
    TRY(tflite_numbers(g, 2, "ends", &end));
    x = tflite_in_tensor(g, 0);
    if (begin->count != x->rank || end->count != x->rank)
        return TFLITE_FAIL(g, "it does not say where each of %d extents begins and ends", x->rank);
    for (int axis = 0; axis < x->rank; axis++) {
        struct part *p = &part[axis];

        TRY(tflite_here(g)->code == TFLITE_SLICE ? read_slice(g, begin, end, axis, x->dim[axis], p)
                                                 : read_strided(g, begin, end, axis, x->dim[axis], p));
        cut |= (p->begin != 0 || p->count != x->dim[axis]) << axis;
    }
    channels = channel_axis(x, in.form);
    first = channels == 1 ? 2 : 1; /* the rows' axis */
    if (!(cut & ~(1 << channels)))
        return part[channels].step > 1
                   ? TFLITE_FAIL(g, "it takes every %lld-th channel, which is not translated",
                                 (long long)part[channels].step)
                   : add_slice(g, 0, &in, 0, part[channels].begin, part[channels].count);
    if (x->rank != 4 || cut & ~(3 << first))
        return TFLITE_FAIL(g, "it takes parts along several axes, which is not translated");
    return add_crop(g, &in, &part[first], &part[first + 1]);
}

status tflite_concatenation(struct tflite_graph *g)
{
    struct tflite_node n = { .op = "cat" };
    struct flat_table o;
    int64_t inputs = tflite_here(g)->input.count;
    int axis;

    TRY(tflite_options(g, 10, &o));
    TRY(tflite_option(g, &o, 0, FLAT_I32, "axis", 0, -TFLITE_MAX_RANK, TFLITE_MAX_RANK, &axis));
    TRY(tflite_option(g, &o, 1, FLAT_I8, "activation", 0, 0, 0, &n.activation));
    if (inputs < 1 || inputs > MODEL_MAX_INPUTS)
        return TFLITE_FAIL(g, "it has %lld inputs; 1 to %d are translated", (long long)inputs,
                           MODEL_MAX_INPUTS);
    for (int k = 0; k < inputs; k++) {
        struct sketch_shape s;
        struct tflite_view in;

        TRY(tflite_value(g, k, MAPS, 0, &in));
        TRY(check_axis(g, axis, k, &in));
        s = tflite_shape(g, &in);
        if (k > 0 && (in.form != n.form || s.h != n.shape.h || s.w != n.shape.w))
            return TFLITE_FAIL(g, "its inputs have other extents than one another");
        n.input[n.inputs++] = in.node;
        n.form = in.form;
        n.shape = (struct sketch_shape){ n.shape.c + s.c, s.h, s.w };
        if (inputs == 1)
            return tflite_alias(g, 0, in);
    }
    return tflite_add_node(g, 0, &n);
}
