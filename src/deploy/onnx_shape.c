/* The shapes of a node's outputs, from those of its inputs: one row a kind of op. */
#include "onnx_parts.h"

#include <string.h>

enum { LARGEST_EXTENT = 1 << 20 };

/* An output's shape, which its name has from then on. */
static status set_shape(struct onnx *x, int value, int type, int rank, const int64_t *dim)
{
    struct tensor *t;
    int64_t count = 1;

    if (value < 0)
        return OK;
    t = &x->value.entry[value].tensor;
    if (rank > TENSOR_MAX_RANK)
        return FAIL(ERR_FORMAT, "its output has %d extents, and %d is the most", rank, TENSOR_MAX_RANK);
    t->rank = rank;
    for (int i = 0; i < rank; i++) {
        if (dim[i] < 0 || dim[i] > LARGEST_EXTENT || __builtin_mul_overflow(count, dim[i], &count) ||
            count > INT32_MAX)
            return FAIL(ERR_FORMAT, "an extent of its output is %lld", (long long)dim[i]);
        t->dim[i] = dim[i];
    }
    x->of[value].type = type;
    x->of[value].shaped = 1;
    return OK;
}

/* What most need: shape and type of an input. ERR_FORMAT where it is absent. */
static status get(const struct onnx *x, const struct onnx_node *n, int k, const struct tensor **out)
{
    int value = onnx_input(n, k);

    if (value < 0)
        return FAIL(ERR_FORMAT, "its input %d is missing", k);
    *out = onnx_tensor(x, value);
    return OK;
}

static status get_map(const struct onnx *x, const struct onnx_node *n, int k, const struct tensor **out)
{
    TRY(get(x, n, k, out));
    return (*out)->rank == 4
               ? OK
               : FAIL(ERR_FORMAT, "its input has %d extents, and maps of pictures have 4", (*out)->rank);
}

static int type_of(const struct onnx *x, const struct onnx_node *n)
{
    int value = onnx_input(n, 0);

    return value < 0 ? ONNX_NO_TYPE : x->of[value].type;
}

/* ---- windows ----------------------------------------------------------------------------------------- */

static status shape_conv(struct onnx *x, const struct onnx_node *n)
{
    int quantized = onnx_is(n, "QLinearConv");
    const struct tensor *in, *weight;
    struct onnx_window w;

    TRY(get(x, n, 0, &in));
    TRY(get(x, n, quantized ? 3 : 1, &weight));
    if (in->rank == 3) {
        int before, length;

        TRY(onnx_line(n, in, weight, &before, &length));
        return set_shape(x, n->output[0], ONNX_F32, 3, (int64_t[]){ in->dim[0], 1, length });
    }
    TRY(get_map(x, n, 0, &in));
    TRY(onnx_window(n, in, weight, &w));
    return set_shape(x, n->output[0], quantized ? ONNX_U8 : ONNX_F32, 4,
                     (int64_t[]){ in->dim[0], weight->dim[0], w.h, w.w });
}

static status shape_pool(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    struct onnx_window w;

    TRY(get_map(x, n, 0, &in));
    if (onnx_whole(n, "channels_last", 0))
        return FAIL(ERR_FORMAT, "it has its channels last, and networks with channels first are translated");
    TRY(onnx_window(n, in, NULL, &w));
    return set_shape(x, n->output[0], type_of(x, n), 4, (int64_t[]){ in->dim[0], in->dim[1], w.h, w.w });
}

static status shape_global(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;

    TRY(get_map(x, n, 0, &in));
    if (onnx_whole(n, "channels_last", 0))
        return FAIL(ERR_FORMAT, "it has its channels last, and networks with channels first are translated");
    return set_shape(x, n->output[0], type_of(x, n), 4, (int64_t[]){ in->dim[0], in->dim[1], 1, 1 });
}

static status shape_reduce(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    struct onnx_list axes;
    int64_t dim[TENSOR_MAX_RANK];
    int rank = 0, keep = onnx_whole(n, "keepdims", 1) != 0;
    unsigned gone = 0;

    TRY(get(x, n, 0, &in));
    TRY(onnx_list(x, n, 1, "axes", &axes));
    for (int i = 0; i < axes.count; i++) {
        int axis;

        TRY(onnx_axis(axes.at[i], in->rank, &axis));
        gone |= 1u << axis;
    }
    if (axes.count <= 0)
        gone = onnx_whole(n, "noop_with_empty_axes", 0) ? 0 : ~0u;
    for (int i = 0; i < in->rank; i++)
        if (!(gone >> i & 1) || keep)
            dim[rank++] = gone >> i & 1 ? 1 : in->dim[i];
    return set_shape(x, n->output[0], type_of(x, n), rank, dim);
}

/* ---- products ---------------------------------------------------------------------------------------- */

static status shape_product(struct onnx *x, const struct onnx_node *n)
{
    int quantized = n->op[0] == 'Q', turned = onnx_whole(n, "transB", 0) != 0;
    const struct tensor *a, *b;
    int64_t dim[TENSOR_MAX_RANK];

    TRY(get(x, n, 0, &a));
    TRY(get(x, n, quantized ? 3 : 1, &b));
    if (b->rank > 2)
        return FAIL(ERR_FORMAT,
                    "it multiplies two values that come from the picture, as attention does, which is not "
                    "translated");
    if (b->rank != 2 || a->rank < 1 || onnx_whole(n, "transA", 0) ||
        a->dim[a->rank - 1] != b->dim[turned ? 1 : 0])
        return FAIL(ERR_FORMAT, "it is no product of a row of values and a matrix of weights that fit");
    memcpy(dim, a->dim, sizeof dim);
    dim[a->rank - 1] = b->dim[turned ? 0 : 1];
    return set_shape(x, n->output[0], quantized ? ONNX_U8 : ONNX_F32, a->rank, dim);
}

/* The two shapes spread over each other, as numpy does. */
static status spread(const struct tensor *a, const struct tensor *b, int64_t dim[TENSOR_MAX_RANK], int *rank)
{
    *rank = a->rank > b->rank ? a->rank : b->rank;
    for (int i = 1; i <= *rank; i++) {
        int64_t p = i <= a->rank ? a->dim[a->rank - i] : 1, q = i <= b->rank ? b->dim[b->rank - i] : 1;

        if (p != q && p != 1 && q != 1)
            return FAIL(ERR_FORMAT, "its inputs have extents of %lld and %lld", (long long)p, (long long)q);
        dim[*rank - i] = p == 1 ? q : p;
    }
    return OK;
}

static status shape_expand(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    struct tensor to = { 0 };
    int64_t dim[TENSOR_MAX_RANK];
    struct onnx_list shape;
    int rank;

    TRY(get(x, n, 0, &in));
    TRY(onnx_list(x, n, 1, "shape", &shape));
    to.rank = shape.count < 0 ? 0 : shape.count;
    memcpy(to.dim, shape.at, (size_t)to.rank * sizeof *to.dim);
    TRY(spread(in, &to, dim, &rank));
    return set_shape(x, n->output[0], type_of(x, n), rank, dim);
}

static status shape_two(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *a, *b;
    int64_t dim[TENSOR_MAX_RANK];
    int rank;

    TRY(get(x, n, 0, &a));
    TRY(get(x, n, n->op[0] == 'Q' ? 3 : 1, &b));
    TRY(spread(a, b, dim, &rank));
    return set_shape(x, n->output[0], type_of(x, n), rank, dim);
}

/* ---- ops that move values ---------------------------------------------------------------------------- */

static status shape_same(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    int type = type_of(x, n);

    TRY(get(x, n, 0, &in));
    if (onnx_is(n, "Cast"))
        type = (int)onnx_whole(n, "to", ONNX_F32);
    else if (onnx_is(n, "DequantizeLinear"))
        type = ONNX_F32;
    else if (onnx_is(n, "QuantizeLinear"))
        type = onnx_input(n, 2) >= 0 ? x->of[n->input[2]].type : (int)onnx_whole(n, "output_dtype", ONNX_U8);
    for (int i = 1; i < n->outputs; i++)
        TRY(set_shape(x, n->output[i], ONNX_NO_TYPE, in->rank, in->dim));
    return set_shape(x, n->output[0], type, in->rank, in->dim);
}

static status shape_reshape(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    struct onnx_list to;
    int64_t all, known = 1;
    int open = -1;

    TRY(get(x, n, 0, &in));
    TRY(onnx_list(x, n, 1, "shape", &to));
    all = tensor_count(in);
    for (int i = 0; i < to.count; i++) {
        if (to.at[i] == 0 && !onnx_whole(n, "allowzero", 0))
            to.at[i] = i < in->rank ? in->dim[i] : 0;
        if (to.at[i] == -1 && open < 0) {
            open = i;
            continue;
        }
        if (to.at[i] < 1 || __builtin_mul_overflow(known, to.at[i], &known) || known > all)
            return FAIL(ERR_FORMAT, "its shape has an extent of %lld", (long long)to.at[i]);
    }
    if (open >= 0) {
        to.at[open] = all / known;
        known *= to.at[open];
    }
    if (to.count < 0 || known != all)
        return FAIL(ERR_FORMAT, "its shape is not one of %lld values", (long long)all);
    return set_shape(x, n->output[0], type_of(x, n), to.count, to.at);
}

static status shape_flatten(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    int64_t dim[2] = { 1, 1 }, axis = onnx_whole(n, "axis", 1);

    TRY(get(x, n, 0, &in));
    axis = axis < 0 ? axis + in->rank : axis;
    for (int i = 0; i < in->rank; i++)
        dim[i >= axis] *= in->dim[i];
    return set_shape(x, n->output[0], type_of(x, n), 2, dim);
}

static status shape_squeeze(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    struct onnx_list axes;
    int64_t dim[TENSOR_MAX_RANK];
    unsigned gone = 0;
    int rank = 0;

    TRY(get(x, n, 0, &in));
    TRY(onnx_list(x, n, 1, "axes", &axes));
    for (int i = 0; i < axes.count; i++) {
        int axis;

        TRY(onnx_axis(axes.at[i], in->rank, &axis));
        if (in->dim[axis] != 1)
            return FAIL(ERR_FORMAT, "its axis %d has an extent of %lld", axis, (long long)in->dim[axis]);
        gone |= 1u << axis;
    }
    for (int i = 0; i < in->rank; i++)
        if (axes.count >= 0 ? !(gone >> i & 1) : in->dim[i] != 1)
            dim[rank++] = in->dim[i];
    return set_shape(x, n->output[0], type_of(x, n), rank, dim);
}

static status shape_unsqueeze(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    struct onnx_list axes;
    int64_t dim[2 * TENSOR_MAX_RANK];
    unsigned added = 0;
    int rank, from = 0;

    TRY(get(x, n, 0, &in));
    TRY(onnx_list(x, n, 1, "axes", &axes));
    if (axes.count < 0)
        return FAIL(ERR_FORMAT, "its axes are missing");
    rank = in->rank + axes.count;
    for (int i = 0; i < axes.count; i++) {
        int axis;

        TRY(onnx_axis(axes.at[i], rank, &axis));
        if (added >> axis & 1)
            return FAIL(ERR_FORMAT, "its axis %d is there twice", axis);
        added |= 1u << axis;
    }
    for (int i = 0; i < rank; i++)
        dim[i] = added >> i & 1 ? 1 : in->dim[from++];
    return set_shape(x, n->output[0], type_of(x, n), rank, dim);
}

static status shape_transpose(struct onnx *x, const struct onnx_node *n)
{
    const struct onnx_attribute *perm = onnx_attribute(n, "perm");
    const struct tensor *in;
    int64_t dim[TENSOR_MAX_RANK];
    unsigned seen = 0;

    TRY(get(x, n, 0, &in));
    if (perm && perm->count != in->rank)
        return FAIL(ERR_FORMAT, "its perm has %d numbers, and its input %d extents", perm->count, in->rank);
    for (int i = 0; i < in->rank; i++) {
        int64_t from = perm ? perm->wholes[i] : in->rank - 1 - i;

        if (from < 0 || from >= in->rank || seen >> from & 1)
            return FAIL(ERR_FORMAT, "its perm is none of %d axes", in->rank);
        seen |= 1u << from;
        dim[i] = in->dim[from];
    }
    return set_shape(x, n->output[0], type_of(x, n), in->rank, dim);
}

/* Inputs from `first` on, every `step`-th. */
static status shape_concat(struct onnx *x, const struct onnx_node *n)
{
    int quantized = onnx_is(n, "QLinearConcat"), first = quantized ? 2 : 0, step = quantized ? 3 : 1, axis;
    const struct tensor *in;
    int64_t dim[TENSOR_MAX_RANK];

    TRY(get(x, n, first, &in));
    TRY(onnx_axis(onnx_whole(n, "axis", 1), in->rank, &axis));
    memcpy(dim, in->dim, sizeof dim);
    dim[axis] = 0;
    for (int k = first; k < n->inputs; k += step) {
        TRY(get(x, n, k, &in));
        for (int i = 0; i < in->rank && i < TENSOR_MAX_RANK; i++)
            if (i != axis && in->dim[i] != dim[i])
                return FAIL(ERR_FORMAT, "its inputs have extents of %lld and %lld", (long long)dim[i],
                            (long long)in->dim[i]);
        dim[axis] += in->dim[axis];
    }
    return set_shape(x, n->output[0], x->of[n->input[first]].type, in->rank, dim);
}

static status shape_slice(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    struct onnx_cut cut;

    TRY(get(x, n, 0, &in));
    TRY(onnx_cut(x, n, in, &cut));
    return set_shape(x, n->output[0], type_of(x, n), in->rank, cut.count);
}

static status shape_split(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in;
    const struct tensor *sizes = onnx_constant(x, n, 1);
    const struct onnx_attribute *a = onnx_attribute(n, "split");
    int64_t dim[TENSOR_MAX_RANK], left, parts = n->outputs;
    int axis;

    TRY(get(x, n, 0, &in));
    TRY(onnx_axis(onnx_whole(n, "axis", 0), in->rank, &axis));
    if ((onnx_input(n, 1) >= 0 && !sizes) || (sizes && (!sizes->data || tensor_count(sizes) != parts)) ||
        (a && a->count != parts) || onnx_whole(n, "num_outputs", parts) != parts)
        return FAIL(ERR_FORMAT, "its parts are not as many as its outputs");
    memcpy(dim, in->dim, sizeof dim);
    left = in->dim[axis];
    for (int i = 0; i < n->outputs; i++) {
        int64_t even = (in->dim[axis] + parts - 1) / parts;

        dim[axis] = sizes ? onnx_element(sizes, i) : a ? a->wholes[i] : even < left ? even : left;
        if (dim[axis] < 1 || dim[axis] > left)
            return FAIL(ERR_FORMAT, "its part %d has %lld of %lld", i, (long long)dim[axis], (long long)left);
        left -= dim[axis];
        TRY(set_shape(x, n->output[i], type_of(x, n), in->rank, dim));
    }
    return left == 0 ? OK : FAIL(ERR_FORMAT, "its parts leave %lld", (long long)left);
}

static status shape_pad(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in, *pads = onnx_constant(x, n, 1);
    const struct onnx_attribute *a = onnx_attribute(n, "pads");
    int64_t dim[TENSOR_MAX_RANK];

    TRY(get(x, n, 0, &in));
    if (onnx_input(n, 3) >= 0 ||
        (pads ? !pads->data || tensor_count(pads) != 2 * in->rank : !a || a->count != 2 * in->rank))
        return FAIL(ERR_FORMAT, "its pads are not two numbers for each axis");
    for (int i = 0; i < in->rank; i++) {
        int64_t before = pads ? onnx_element(pads, i) : a->wholes[i],
                after = pads ? onnx_element(pads, in->rank + i) : a->wholes[in->rank + i];

        if (before < 0 || after < 0 || before > LARGEST_EXTENT || after > LARGEST_EXTENT)
            return FAIL(ERR_FORMAT, "it pads by %lld and %lld", (long long)before, (long long)after);
        dim[i] = in->dim[i] + before + after;
    }
    return set_shape(x, n->output[0], type_of(x, n), in->rank, dim);
}

/* All values of a row in their order, as torch's as_strided is written: another shape. */
static status shape_gather(struct onnx *x, const struct onnx_node *n)
{
    const struct tensor *in, *indices = onnx_constant(x, n, 1);
    int64_t count = indices && indices->data ? tensor_count(indices) : -1;

    TRY(get(x, n, 0, &in));
    if (in->rank != 1 || count != in->dim[0] || onnx_whole(n, "axis", 0) != 0)
        count = -1;
    for (int64_t i = 0; i < count; i++)
        count = onnx_element(indices, i) == i ? count : -1;
    if (count < 0)
        return FAIL(ERR_FORMAT, "it chooses values of a map, which is not translated");
    return set_shape(x, n->output[0], type_of(x, n), indices->rank, indices->dim);
}

/* ---- the table --------------------------------------------------------------------------------------- */

static const struct row {
    const char *op;
    status (*shape)(struct onnx *x, const struct onnx_node *n);
} rows[] = {
    { "Conv", shape_conv },
    { "QLinearConv", shape_conv },
    { "Gemm", shape_product },
    { "QGemm", shape_product },
    { "MatMul", shape_product },
    { "QLinearMatMul", shape_product },
    { "MaxPool", shape_pool },
    { "AveragePool", shape_pool },
    { "QLinearAveragePool", shape_pool },
    { "GlobalAveragePool", shape_global },
    { "QLinearGlobalAveragePool", shape_global },
    { "ReduceMean", shape_reduce },
    { "Add", shape_two },
    { "Sub", shape_two },
    { "Mul", shape_two },
    { "Div", shape_two },
    { "QLinearAdd", shape_two },
    { "QLinearMul", shape_two },
    { "Sum", shape_two },
    { "Max", shape_two },
    { "Min", shape_two },
    { "Concat", shape_concat },
    { "QLinearConcat", shape_concat },
    { "Slice", shape_slice },
    { "Split", shape_split },
    { "Pad", shape_pad },
    { "Expand", shape_expand },
    { "Reshape", shape_reshape },
    { "Flatten", shape_flatten },
    { "Gather", shape_gather },
    { "Squeeze", shape_squeeze },
    { "Unsqueeze", shape_unsqueeze },
    { "Transpose", shape_transpose },
    { "BatchNormalization", shape_same },
    { "LayerNormalization", shape_same },
    { "Gelu", shape_same },
    { "FastGelu", shape_same },
    { "Erf", shape_same },
    { "Tanh", shape_same },
    { "Pow", shape_two },
    { "Sqrt", shape_same },
    { "Neg", shape_same },
    { "Reciprocal", shape_same },
    { "Relu", shape_same },
    { "Clip", shape_same },
    { "LeakyRelu", shape_same },
    { "QLinearLeakyRelu", shape_same },
    { "PRelu", shape_same },
    { "HardSwish", shape_same },
    { "HardSigmoid", shape_same },
    { "Sigmoid", shape_same },
    { "QLinearSigmoid", shape_same },
    { "Softmax", shape_same },
    { "LogSoftmax", shape_same },
    { "QLinearSoftmax", shape_same },
    { "Identity", shape_same },
    { "Dropout", shape_same },
    { "Cast", shape_same },
    { "QuantizeLinear", shape_same },
    { "DequantizeLinear", shape_same },
};

status onnx_shape(struct onnx *x, int node)
{
    const struct onnx_node *n = &x->node[node];

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (onnx_is(n, rows[i].op))
            return n->outputs > 0 && n->output[0] >= 0 ? rows[i].shape(x, n)
                                                       : FAIL(ERR_FORMAT, "it has no output");
    return FAIL(ERR_FORMAT, "the op %.60s is not translated: models/README.md lists those that are", n->op);
}
