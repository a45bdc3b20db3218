/* Ops that move values, or see them in another order: most of them make no node. */
#include "onnx_translate.h"

#include <string.h>

status onnx_cast(struct onnx_translation *t, const struct onnx_node *n)
{
    struct onnx_place *p;
    int to = (int)onnx_whole(n, "to", ONNX_NO_TYPE);

    TRY(onnx_get(t, n, 0, &p));
    if (!onnx_is_real(to) || (p->form != ONNX_REAL && p->form != ONNX_SEEN))
        return FAIL(ERR_FORMAT, "it makes values %s, and casts to real numbers are translated",
                    onnx_type_name(to));
    t->halved |= to == ONNX_F16 || to == ONNX_BF16;
    t->at[n->output[0]] = *p;
    return OK;
}

/* ---- shapes ----------------------------------------------------------------------------------------------
 */

static int is_shape(const struct tensor *t, int rank, const int64_t *dim)
{
    return t->rank == rank && memcmp(t->dim, dim, (size_t)rank * sizeof *dim) == 0;
}

/* The order in which `shape` sees a map whose values stand in the order c, h, w, or h, w, c. */
static int find_order(const struct tensor *shape, struct sketch_shape s, int last, struct onnx_place *p)
{
    const int64_t all = (int64_t)s.c * s.h * s.w, count = s.h * s.w;

    p->groups = 0;
    if ((!last || count == 1) && is_shape(shape, 4, (int64_t[]){ 1, s.c, s.h, s.w }))
        p->order = ONNX_MAP;
    else if ((last || count == 1) && is_shape(shape, 4, (int64_t[]){ 1, s.h, s.w, s.c }))
        p->order = ONNX_LAST;
    else if (last && count > 1 && is_shape(shape, 2, (int64_t[]){ count, s.c }))
        p->order = ONNX_POINTS;
    else if (is_shape(shape, 2, (int64_t[]){ 1, all }) || is_shape(shape, 1, &all))
        p->order = last && count > 1 ? ONNX_LAST_ROW : ONNX_ROW;
    else if (!last && is_shape(shape, 3, (int64_t[]){ 1, s.c, count }))
        p->order = ONNX_SPREAD;
    else if (count == 1 && is_shape(shape, 3, (int64_t[]){ 1, 1, s.c }))
        p->order = ONNX_LINE;
    else if (!last && shape->rank == 5 && shape->dim[0] == 1 && shape->dim[1] * shape->dim[2] == s.c &&
             shape->dim[3] == s.h && shape->dim[4] == s.w) {
        p->order = ONNX_GROUPS;
        p->groups = (int)shape->dim[1];
    } else {
        return 0;
    }
    return 1;
}

/* A shuffled map: out[i * groups + j] = in[j * (C / groups) + i]. */
static status add_shuffle(struct onnx_translation *t, const struct onnx_node *n, struct onnx_place *p)
{
    const struct onnx_quant inherited = { 0 };
    int value = n->output[0];

    TRY(onnx_add(t, "shuffle", value, &p->node, 1, onnx_shape_of(t, p->node),
                 p->form == ONNX_REAL ? NULL : &inherited, &p->node, "groups %d", p->groups));
    if (p->form != ONNX_SEEN)
        TRY(sketch_origin(t->d, p->node, onnx_name(&t->x, value)));
    p->order = ONNX_MAP;
    return OK;
}

status onnx_reshape(struct onnx_translation *t, const struct onnx_node *n)
{
    const struct tensor *to = onnx_tensor(&t->x, n->output[0]);
    struct onnx_place *p, out;
    struct sketch_shape shape;

    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_pad_out(t, n->input[0], p));
    out = *p;
    shape = onnx_shape_of(t, p->node);
    if (p->order == ONNX_TURNED) /* what it ends in is a map again */
        TRY(add_shuffle(t, n, &out));
    if (!find_order(to, shape,
                    out.order == ONNX_LAST || out.order == ONNX_LAST_ROW || out.order == ONNX_POINTS, &out))
        return FAIL(ERR_FORMAT, "its output's shape of %d axes is not one that a map of %dx%dx%d is seen in",
                    to->rank, shape.c, shape.h, shape.w);
    t->at[n->output[0]] = out;
    return OK;
}

/* Of one position over a map: what reads it spreads it so itself. */
status onnx_expand(struct onnx_translation *t, const struct onnx_node *n)
{
    const struct tensor *in = onnx_tensor(&t->x, n->input[0]), *to = onnx_tensor(&t->x, n->output[0]);
    struct onnx_place *p;
    struct sketch_shape shape;
    int node;

    if (is_shape(to, in->rank, in->dim))
        return onnx_same(t, n);
    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_get(t, n, 0, &p));
    shape = onnx_shape_of(t, node);
    if (p->order != ONNX_MAP || shape.h != 1 || shape.w != 1 || to->rank != 4 || to->dim[1] != shape.c ||
        to->dim[0] != 1)
        return FAIL(ERR_FORMAT, "it repeats other than one position over a map, which alone is translated");
    onnx_put_real(t, n->output[0], node, ONNX_MAP);
    t->at[n->output[0]].spread = 1;
    return OK;
}

status onnx_transpose(struct onnx_translation *t, const struct onnx_node *n)
{
    static const struct {
        enum onnx_order from, to;
        int rank;
        int64_t perm[5];
    } rows[] = { { ONNX_MAP, ONNX_LAST, 4, { 0, 2, 3, 1 } },
                 { ONNX_LAST, ONNX_MAP, 4, { 0, 3, 1, 2 } },
                 { ONNX_GROUPS, ONNX_TURNED, 5, { 0, 2, 1, 3, 4 } } };
    const struct onnx_attribute *perm = onnx_attribute(n, "perm");
    const struct tensor *to = onnx_tensor(&t->x, n->output[0]);
    struct onnx_place *p, out;
    struct sketch_shape shape;

    TRY(onnx_get(t, n, 0, &p));
    out = *p;
    shape = onnx_shape_of(t, p->node);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (perm && p->order == rows[i].from && perm->count == rows[i].rank &&
            memcmp(perm->wholes, rows[i].perm, (size_t)perm->count * sizeof *perm->wholes) == 0) {
            out.order = rows[i].to;
            t->at[n->output[0]] = out;
            return OK;
        }
    /* Of one position the values keep their order. */
    if (shape.h != 1 || shape.w != 1 || !find_order(to, shape, 0, &out))
        return FAIL(ERR_FORMAT,
                    "it changes the order of axes otherwise than between channels first and last, or as a "
                    "channel shuffle does");
    t->at[n->output[0]] = out;
    return OK;
}

/* The axis of the channels in the value's shape, -1: it has none of its own. */
static int channel_axis(const struct onnx_translation *t, const struct onnx_place *p)
{
    struct sketch_shape shape = onnx_shape_of(t, p->node);

    switch (p->order) {
    case ONNX_MAP:
    case ONNX_SPREAD:
        return 1;
    case ONNX_LAST:
        return 3;
    case ONNX_ROW:
        return shape.h == 1 && shape.w == 1 ? 1 : -1;
    default:
        return -1;
    }
}

/* Channels begin .. begin + count - 1 of a place, as another. */
static status add_slice(struct onnx_translation *t, int value, struct onnx_place *p, int begin, int count)
{
    const struct onnx_quant inherited = { 0 };
    struct sketch_shape shape = onnx_shape_of(t, p->node);
    struct onnx_place out = *p;

    if (count != shape.c) {
        shape.c = count;
        TRY(onnx_add(t, "slice", value, &p->node, 1, shape, p->form == ONNX_REAL ? NULL : &inherited,
                     &out.node, "begin %d out %d", begin, count));
        if (p->form != ONNX_SEEN)
            TRY(sketch_origin(t->d, out.node, onnx_name(&t->x, value)));
    }
    t->at[value] = out;
    return OK;
}

/* Rows and columns cut out of a map of real numbers, one after the other or every `step`-th: a convolution of
 * each channel by itself, whose only weight is 1. */
static status add_crop(struct onnx_translation *t, const struct onnx_node *n, const struct onnx_cut *cut)
{
    struct tensor weight = { 0 };
    struct sketch_window window;
    struct sketch_shape in, out;
    struct onnx_place *p;
    char words[SKETCH_WINDOW], name[MODEL_NAME], wanted[ONNX_MAX_NAME + 1];
    int node, row;
    status result;

    TRY(onnx_get_real(t, n, 0, &node));
    TRY(onnx_get(t, n, 0, &p));
    in = out = onnx_shape_of(t, node);
    row = p->order == ONNX_LAST ? 1 : 2;
    if (cut->step[row] != cut->step[row + 1] || cut->step[row] < 1 || cut->step[row] > 64)
        return FAIL(ERR_FORMAT, "its steps are %lld and %lld, and equal ones from 1 to 64 are run",
                    (long long)cut->step[row], (long long)cut->step[row + 1]);
    out.h = (int)cut->count[row];
    out.w = (int)cut->count[row + 1];
    window = (struct sketch_window){ .kh = in.h - (out.h - 1) * (int)cut->step[row],
                                     .kw = in.w - (out.w - 1) * (int)cut->step[row],
                                     .stride = (int)cut->step[row] };
    if (out.h < 1 || out.w < 1 || window.kh > 64 || window.kw > 64)
        return FAIL(ERR_FORMAT, "it leaves %dx%d of a map of %dx%d: up to 63 rows and columns may go", out.h,
                    out.w, in.h, in.w);
    TRY(onnx_add(t, "conv", n->output[0], &node, 1, out, NULL, &node, "out %d%s groups %d  weight %s", in.c,
                 sketch_window_words(&window, words), in.c,
                 sketch_name(t->d, onnx_wanted(t, n->output[0], wanted), name)));
    TRY(sketch_origin(t->d, node, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], node, p->order);
    TRY(onnx_copied(&t->x, (uint64_t)in.c * (uint64_t)window.kh * (uint64_t)window.kw * sizeof(float)));
    TRY(tensor_alloc(&weight, DTYPE_F32, 4, (int64_t[]){ in.c, 1, window.kh, window.kw }));
    for (int c = 0; c < in.c; c++)
        ((float *)weight.data)[(c * window.kh + cut->begin[row]) * window.kw + cut->begin[row + 1]] = 1;
    result = sketch_tensor(t->d, sketch_node_name(t->d, node), ".weight", &weight);
    tensor_free(&weight);
    return result;
}

status onnx_slice(struct onnx_translation *t, const struct onnx_node *n)
{
    const struct tensor *in = onnx_tensor(&t->x, n->input[0]);
    struct onnx_place *p;
    struct onnx_cut cut;
    int axis, step = 1, others = 0, crops;

    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_cut(&t->x, n, in, &cut));
    axis = channel_axis(t, p);
    crops = p->form == ONNX_REAL && (p->order == ONNX_MAP || p->order == ONNX_LAST) && cut.count[0] == 1 &&
            cut.count[axis] == in->dim[axis] && cut.step[axis] == 1;
    for (int d = 0; d < in->rank; d++) {
        others |= d != axis && (cut.count[d] != in->dim[d] || (cut.step[d] != 1 && in->dim[d] > 1));
        step = d == axis ? (int)cut.step[d] : step;
    }
    if (others && crops)
        return add_crop(t, n, &cut);
    if (axis < 0 || others || step != 1 || cut.count[axis] < 1)
        return FAIL(ERR_FORMAT, "it cuts out other than channels that follow each other, or rows and columns "
                                "of real numbers");
    return add_slice(t, n->output[0], p, (int)cut.begin[axis], (int)cut.count[axis]);
}

status onnx_split(struct onnx_translation *t, const struct onnx_node *n)
{
    const struct tensor *in = onnx_tensor(&t->x, n->input[0]);
    struct onnx_place *p;
    int axis, begin = 0;

    TRY(onnx_get(t, n, 0, &p));
    TRY(onnx_axis(onnx_whole(n, "axis", 0), in->rank, &axis));
    if (axis != channel_axis(t, p))
        return FAIL(ERR_FORMAT, "it splits along axis %d, and splits of channels are translated", axis);
    for (int i = 0; i < n->outputs; i++) {
        int count;

        if (n->output[i] < 0)
            return FAIL(ERR_FORMAT, "its output %d is missing", i);
        count = (int)onnx_tensor(&t->x, n->output[i])->dim[axis];
        if (t->x.of[n->output[i]].readers)
            TRY(add_slice(t, n->output[i], p, begin, count));
        begin += count;
    }
    return OK;
}

/* ---- padding and concatenation ---------------------------------------------------------------------------
 */

status onnx_pad(struct onnx_translation *t, const struct onnx_node *n)
{
    const struct tensor *in = onnx_tensor(&t->x, n->input[0]), *pads = onnx_constant(&t->x, n, 1),
                        *value = onnx_constant(&t->x, n, 2);
    const struct onnx_attribute *a = onnx_attribute(n, "pads");
    const char *mode = onnx_words(n, "mode");
    struct onnx_place *p, out;
    double with =
        value && value->data && tensor_count(value) == 1 ? tensor_at(value, 0) : onnx_real(n, "value", 0);
    int before[TENSOR_MAX_RANK], after[TENSOR_MAX_RANK], row, others = 0;

    TRY(onnx_get(t, n, 0, &p));
    out = *p;
    row = p->order == ONNX_LAST ? 1 : 2;
    for (int d = 0; d < in->rank; d++) {
        before[d] = (int)(pads ? onnx_element(pads, d) : a->wholes[d]);
        after[d] = (int)(pads ? onnx_element(pads, in->rank + d) : a->wholes[in->rank + d]);
        others |= d != row && d != row + 1 && (before[d] || after[d]);
    }
    if ((*mode && strcmp(mode, "constant") != 0) || others ||
        (p->order != ONNX_MAP && p->order != ONNX_LAST) || (!value && onnx_input(n, 2) >= 0) ||
        (value && tensor_count(value) != 1) ||
        with != (p->form == ONNX_CODES && value ? p->q.zero_point - p->q.offset : 0))
        return FAIL(ERR_FORMAT, "it pads otherwise than with zeros around a map, which alone is translated");
    out.top += before[row];
    out.left += before[row + 1];
    out.bottom += after[row];
    out.right += after[row + 1];
    t->at[n->output[0]] = out;
    return OK;
}

/* Cats of at most MODEL_MAX_INPUTS: what is more goes behind the first of them. */
static status add_cats(struct onnx_translation *t, const struct onnx_node *n, const struct onnx_goal *g,
                       int *node, int count, enum onnx_order order)
{
    struct sketch_shape shape;
    int out, now;

    for (;; node += now - 1, count -= now - 1) {
        now = count > MODEL_MAX_INPUTS ? MODEL_MAX_INPUTS : count;
        shape = onnx_shape_of(t, node[0]);
        for (int i = 1; i < now; i++)
            shape.c += onnx_shape_of(t, node[i]).c;
        if (now == count)
            break;
        TRY(onnx_add(t, "cat", n->output[0], node, now, shape, g ? &g->q : NULL, &out, "%s", ""));
        node[now - 1] = out;
    }
    if (g)
        return onnx_add_codes(t, now > 1 ? "cat" : "quantize", n, g, node, now, shape, order, &out, "%s", "");
    TRY(onnx_add(t, "cat", n->output[0], node, now, shape, NULL, &out, "%s", ""));
    TRY(sketch_origin(t->d, out, onnx_name(&t->x, n->output[0])));
    onnx_put_real(t, n->output[0], out, order);
    return OK;
}

/* Codes of one scale and zero point are joined as they are, and seen as before. */
static status check_parts(struct onnx_translation *t, const struct onnx_node *n, int first, int step,
                          int *seen)
{
    int axis, own;
    struct onnx_place *p, *one;

    TRY(onnx_get(t, n, first, &one));
    TRY(onnx_axis(onnx_whole(n, "axis", 1), onnx_tensor(&t->x, n->input[first])->rank, &axis));
    *seen = 1;
    for (int k = first; k < n->inputs; k += step) {
        TRY(onnx_get(t, n, k, &p));
        own = channel_axis(t, p);
        if (own != axis || p->order != one->order)
            return FAIL(ERR_FORMAT, "it joins along axis %d, and channels are joined", axis);
        *seen &= p->form == ONNX_SEEN && onnx_quant_same(p->q, one->q);
    }
    return OK;
}

status onnx_concat(struct onnx_translation *t, const struct onnx_node *n)
{
    int is_qlinear = n->op[0] == 'Q', first = is_qlinear ? 2 : 0, step = is_qlinear ? 3 : 1;
    int count = (n->inputs - first) / step, *node, coded, seen;
    struct onnx_place *one;
    struct onnx_goal g;
    status result = OK;

    TRY(check_parts(t, n, first, step, &seen));
    if (count == 1 && !is_qlinear)
        return onnx_same(t, n);
    TRY(onnx_get(t, n, first, &one));
    TRY(onnx_goal(t, n, is_qlinear ? 0 : -1, &g, &coded));
    if (!coded && seen)
        g = (struct onnx_goal){ .value = n->output[0], .q = one->q, .between = -1, .last = -1 };
    MEM_TRY(node, (size_t)count, sizeof *node);
    for (int i = 0; i < count; i++) {
        int is;

        TRY_OUT(onnx_get_codes(t, n, first + i * step, &node[i], &is));
        coded &= is;
    }
    for (int i = 0; i < count && !coded && !seen; i++)
        TRY_OUT(onnx_get_real(t, n, first + i * step, &node[i]));
    TRY_OUT(add_cats(t, n, coded || seen ? &g : NULL, node, count, one->order));
    if (!coded && seen)
        t->at[n->output[0]].form = ONNX_SEEN;
out:
    mem_free(node);
    return result;
}
