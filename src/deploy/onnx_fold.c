/* Constants that follow from constants and shapes: exporters write the size of a map, or the parts of a
 * channel shuffle, as subgraphs of small whole numbers. */
#include "onnx_fold.h"

#include <string.h>

/* ---- ops that compute -------------------------------------------------------------------------------- */

static status fold_constant(struct fold *f)
{
    const struct onnx_attribute *value = onnx_attribute(f->n, "value"), *one;

    if (value && value->tensor) {
        f->type = value->type;
        f->out = *value->tensor; /* a view of it */
        f->out.owned = 0;
        return OK;
    }
    f->real = onnx_attribute(f->n, "value_float") || onnx_attribute(f->n, "value_floats");
    f->type = f->real ? ONNX_F32 : ONNX_S64;
    one = onnx_attribute(f->n, f->real ? "value_float" : "value_int");
    if (one) {
        TRY(onnx_fold_start(f, 0, NULL));
        onnx_fold_put(f, 0, one->whole, one->real);
        return OK;
    }
    one = onnx_attribute(f->n, f->real ? "value_floats" : "value_ints");
    if (!one)
        return FAIL(ERR_FORMAT, "its value is none of numbers");
    TRY(onnx_fold_start(f, 1, (int64_t[]){ one->count }));
    for (int i = 0; i < one->count; i++)
        onnx_fold_put(f, i, one->wholes[i], one->reals[i]);
    return OK;
}

static status fold_shape(struct fold *f)
{
    const struct tensor *in = onnx_tensor(f->x, f->n->input[0]);
    int64_t from = onnx_whole(f->n, "start", 0), to = onnx_whole(f->n, "end", in->rank);

    from = from < 0 ? from + in->rank : from;
    to = to < 0 ? to + in->rank : to;
    from = from < 0 ? 0 : from;
    to = to > in->rank ? in->rank : to;
    f->real = 0;
    f->type = ONNX_S64;
    TRY(onnx_fold_start(f, 1, (int64_t[]){ to > from ? to - from : 0 }));
    for (int64_t i = from; i < to; i++)
        onnx_fold_put(f, i - from, in->dim[i], 0);
    return OK;
}

static status fold_gather(struct fold *f)
{
    const struct tensor *in = onnx_constant(f->x, f->n, 0), *at = onnx_constant(f->x, f->n, 1);

    if (!at || in->rank != 1 || at->rank > 1)
        return FAIL(ERR_FORMAT, "it gathers from a constant of %d axes", in->rank);
    TRY(onnx_fold_start(f, at->rank, at->dim));
    for (int64_t i = 0; i < tensor_count(at); i++) {
        int64_t place = onnx_element(at, i);

        place = place < 0 ? place + in->dim[0] : place;
        if (place < 0 || place >= in->dim[0])
            return FAIL(ERR_FORMAT, "it gathers number %lld of %lld", (long long)place,
                        (long long)in->dim[0]);
        onnx_fold_copy(f, i, in, place);
    }
    return OK;
}

static status fold_concat(struct fold *f)
{
    int64_t count = 0, at = 0;

    for (int k = 0; k < f->n->inputs; k++) {
        const struct tensor *t = onnx_constant(f->x, f->n, k);

        if (!t || t->rank != 1)
            return FAIL(ERR_FORMAT, "it joins constants of other than one axis");
        count += t->dim[0];
    }
    TRY(onnx_fold_start(f, 1, &count));
    for (int k = 0; k < f->n->inputs; k++) {
        const struct tensor *t = onnx_constant(f->x, f->n, k);

        for (int64_t i = 0; i < t->dim[0]; i++)
            onnx_fold_copy(f, at++, t, i);
    }
    return OK;
}

static status fold_slice(struct fold *f)
{
    const struct tensor *in = onnx_constant(f->x, f->n, 0);
    struct onnx_cut cut;

    TRY(onnx_cut(f->x, f->n, in, &cut));
    TRY(onnx_fold_start(f, in->rank, cut.count));
    for (int64_t i = 0; i < tensor_count(&f->out); i++) {
        int64_t from = 0, left = i, block = 1;

        for (int d = in->rank - 1; d >= 0; d--) {
            from += (cut.begin[d] + left % cut.count[d] * cut.step[d]) * block;
            left /= cut.count[d];
            block *= in->dim[d];
        }
        onnx_fold_copy(f, i, in, from);
    }
    return OK;
}

/* One real number in all places, as weights of a test may be: each place is that one. */
static status see_everywhere(struct fold *f, const struct tensor *one, const struct onnx_list *shape)
{
    int64_t count = 1;

    for (int i = 0; i < shape->count; i++)
        if (shape->at[i] < 0 || __builtin_mul_overflow(count, shape->at[i], &count) ||
            count > ONNX_MAX_REPEATED)
            return FAIL(ERR_FORMAT, "it repeats a number more than %d times", ONNX_MAX_REPEATED);
    f->out = *one;
    f->out.owned = 0;
    f->out.rank = shape->count;
    for (int i = 0; i < shape->count; i++) {
        f->out.dim[i] = shape->at[i];
        f->out.stride[i] = 0;
    }
    return OK;
}

static status fold_constant_of_shape(struct fold *f)
{
    const struct onnx_attribute *value = onnx_attribute(f->n, "value");
    const struct tensor *one = value ? value->tensor : NULL;
    struct onnx_list shape;

    TRY(onnx_list(f->x, f->n, 0, "shape", &shape));
    if (one && (!one->data || tensor_count(one) != 1))
        return FAIL(ERR_FORMAT, "its value is no number");
    f->type = one ? value->type : ONNX_F32;
    f->real = onnx_is_real(f->type);
    if (one && f->real)
        return see_everywhere(f, one, &shape);
    TRY(onnx_fold_start(f, shape.count, shape.at));
    for (int64_t i = 0; one && i < tensor_count(&f->out); i++)
        onnx_fold_copy(f, i, one, 0);
    return OK;
}

static status fold_cast(struct fold *f)
{
    const struct tensor *in = onnx_constant(f->x, f->n, 0);
    int from_real = f->real;

    f->type = (int)onnx_whole(f->n, "to", ONNX_NO_TYPE);
    f->real = onnx_is_real(f->type);
    if (onnx_type_dtype(f->type) < 0)
        return FAIL(ERR_FORMAT, "it makes a constant %s", onnx_type_name(f->type));
    if (f->real && from_real) { /* weights of 16 bits, of any size */
        TRY(onnx_copied(f->x, (uint64_t)tensor_count(in) * sizeof(float)));
        TRY(tensor_alloc(&f->out, DTYPE_F32, in->rank, in->dim));
        tensor_copy_f32(in, f->out.data);
        return OK;
    }
    TRY(onnx_fold_start(f, in->rank, in->dim));
    for (int64_t i = 0; i < tensor_count(in); i++) {
        double real = tensor_at(in, i);

        if (!f->real && from_real && !(real > -9e15 && real < 9e15))
            return FAIL(ERR_FORMAT, "it makes a whole number of %g", real);
        onnx_fold_put(f, i, from_real ? (int64_t)real : onnx_element(in, i), real);
    }
    return OK;
}

/* ---- ops that only look at a constant otherwise -------------------------------------------------------- */

/* The constant in the shape that the op's output has. Its elements stay, so one with other strides is copied.
 */
static status fold_view(struct fold *f)
{
    const struct tensor *in = onnx_constant(f->x, f->n, 0), *shape = onnx_tensor(f->x, f->n->output[0]);
    const struct onnx_attribute *perm = onnx_attribute(f->n, "perm");
    int64_t stride = 1;

    f->out = *in;
    f->out.owned = 0;
    f->out.rank = shape->rank;
    memcpy(f->out.dim, shape->dim, sizeof f->out.dim);
    if (onnx_is(f->n, "Transpose")) {
        for (int i = 0; i < in->rank; i++)
            f->out.stride[i] = in->stride[perm ? perm->wholes[i] : in->rank - 1 - i];
        return OK;
    }
    if (!tensor_is_contiguous(in)) {
        f->out.data = NULL;
        TRY(onnx_copied(f->x, (uint64_t)tensor_count(in) * dtype_size(in->dtype)));
        TRY(tensor_alloc(&f->out, in->dtype, shape->rank, shape->dim));
        tensor_copy_raw(in, f->out.data);
        return OK;
    }
    for (int i = f->out.rank - 1; i >= 0; i--) {
        f->out.stride[i] = stride;
        stride *= f->out.dim[i];
    }
    return OK;
}

static const struct row {
    const char *op;
    status (*fold)(struct fold *f);
    int shaped; /* needs its output's shape, as onnx_shape has it */
} rows[] = {
    { "Constant", fold_constant, 0 },
    { "Shape", fold_shape, 0 },
    { "Gather", fold_gather, 0 },
    { "Concat", fold_concat, 0 },
    { "Slice", fold_slice, 0 },
    { "Add", onnx_fold_two, 1 },
    { "Sub", onnx_fold_two, 1 },
    { "Mul", onnx_fold_two, 1 },
    { "Div", onnx_fold_two, 1 },
    { "Max", onnx_fold_two, 1 },
    { "Min", onnx_fold_two, 1 },
    { "Ceil", onnx_fold_one, 0 },
    { "Floor", onnx_fold_one, 0 },
    { "Neg", onnx_fold_one, 0 },
    { "Sqrt", onnx_fold_one, 0 },
    { "Clip", onnx_fold_one, 0 },
    { "ReduceProd", onnx_fold_product, 0 },
    { "ConstantOfShape", fold_constant_of_shape, 0 },
    { "Cast", fold_cast, 0 },
    { "Identity", fold_view, 1 },
    { "Transpose", fold_view, 1 },
    { "Reshape", fold_view, 1 },
    { "Flatten", fold_view, 1 },
    { "Squeeze", fold_view, 1 },
    { "Unsqueeze", fold_view, 1 },
};

/* The row of a node whose inputs are constants, or that asks for a shape alone. */
static const struct row *find_row(const struct onnx *x, const struct onnx_node *n)
{
    int constants = n->inputs > 0 || onnx_is(n, "Constant");

    for (int k = 0; k < n->inputs; k++)
        constants &= n->input[k] < 0 || (x->of[n->input[k]].constant && onnx_tensor(x, n->input[k])->data);
    constants &= n->inputs == 0 || n->input[0] >= 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (onnx_is(n, rows[i].op) && n->outputs == 1 && n->output[0] >= 0 &&
            (constants || (onnx_is(n, "Shape") && onnx_input(n, 0) >= 0)))
            return &rows[i];
    return NULL;
}

static status fold_node(struct onnx *x, int node, const struct row *row)
{
    const struct onnx_node *n = &x->node[node];
    struct fold f = { .x = x, .n = n };
    struct onnx_value *v = &x->of[n->output[0]];
    status result;

    if (n->inputs > 0) {
        f.type = x->of[n->input[0]].type;
        f.real = onnx_is_real(f.type);
    }
    if (row->shaped)
        TRY(onnx_shape(x, node));
    result = row->fold(&f);
    if (result != OK) {
        tensor_free(&f.out);
        return result;
    }
    x->value.entry[n->output[0]].tensor = f.out;
    v->type = f.type;
    v->constant = v->shaped = 1;
    return OK;
}

static status check_domain(const struct onnx_node *n)
{
    if (!*n->domain || strcmp(n->domain, "com.microsoft") == 0)
        return OK;
    return FAIL(ERR_FORMAT, "its domain is %.100s: custom ops and functions are not translated", n->domain);
}

status onnx_fold(struct onnx *x)
{
    for (int i = 0; i < x->nodes; i++) {
        const struct onnx_node *n = &x->node[i];
        const struct row *row = find_row(x, n);
        status result = check_domain(n);

        if (result == OK)
            result = row ? fold_node(x, i, row) : onnx_shape(x, i);
        TRY(error_prefix(result, "node %d (%.60s %.200s)", i, n->op, n->name));
    }
    return OK;
}
