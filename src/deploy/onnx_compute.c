/* Constants that are computed number by number. */
#include "onnx_fold.h"

#include <math.h>
#include <string.h>

status onnx_fold_start(struct fold *f, int rank, const int64_t *dim)
{
    int64_t count = 1;

    for (int i = 0; i < rank; i++)
        if (dim[i] < 0 || __builtin_mul_overflow(count, dim[i], &count) || count > ONNX_MAX_FOLDED)
            return FAIL(ERR_FORMAT, "it computes a constant of more than %d elements", ONNX_MAX_FOLDED);
    return tensor_alloc(&f->out, f->real ? DTYPE_F32 : DTYPE_S64, rank, dim);
}

void onnx_fold_put(struct fold *f, int64_t i, int64_t whole, double real)
{
    if (f->real)
        ((float *)f->out.data)[i] = (float)real;
    else
        ((int64_t *)f->out.data)[i] = whole;
}

void onnx_fold_copy(struct fold *f, int64_t to, const struct tensor *t, int64_t from)
{
    onnx_fold_put(f, to, f->real ? 0 : onnx_element(t, from), f->real ? tensor_at(t, from) : 0);
}

/* a op b. */
static status compute_whole(const char *op, int64_t a, int64_t b, int64_t *out)
{
    int failed = 0;

    *out = 0;
    if (strcmp(op, "Add") == 0)
        failed = __builtin_add_overflow(a, b, out);
    else if (strcmp(op, "Sub") == 0)
        failed = __builtin_sub_overflow(a, b, out);
    else if (strcmp(op, "Mul") == 0)
        failed = __builtin_mul_overflow(a, b, out);
    else if (strcmp(op, "Max") == 0)
        *out = a > b ? a : b;
    else if (strcmp(op, "Min") == 0)
        *out = a < b ? a : b;
    else if (b == 0 || (a == INT64_MIN && b == -1))
        failed = 1;
    else
        *out = a / b; /* toward zero */
    return failed ? FAIL(ERR_FORMAT, "it computes a whole number that 64 bits do not hold") : OK;
}

static float compute_real(const char *op, float a, float b)
{
    return strcmp(op, "Add") == 0   ? a + b
           : strcmp(op, "Sub") == 0 ? a - b
           : strcmp(op, "Mul") == 0 ? a * b
           : strcmp(op, "Max") == 0 ? (a > b ? a : b)
           : strcmp(op, "Min") == 0 ? (a < b ? a : b)
                                    : a / b;
}

/* Which element of t, spread over `shape`, lies at its element i. */
static int64_t spread_from(const struct tensor *t, const struct tensor *shape, int64_t i)
{
    int64_t from = 0, block = 1;

    for (int d = shape->rank - 1, own = t->rank - 1; own >= 0; d--, own--) {
        from += t->dim[own] == 1 ? 0 : i % shape->dim[d] * block;
        block *= t->dim[own];
        i /= shape->dim[d];
    }
    return from;
}

status onnx_fold_two(struct fold *f)
{
    const struct tensor *a = onnx_constant(f->x, f->n, 0), *b = onnx_constant(f->x, f->n, 1),
                        *shape = onnx_tensor(f->x, f->n->output[0]);

    if (!b || f->n->inputs != 2)
        return FAIL(ERR_FORMAT, "it has %d inputs, and constants are joined by two", f->n->inputs);
    TRY(onnx_fold_start(f, shape->rank, shape->dim));
    for (int64_t i = 0; i < tensor_count(&f->out); i++) {
        int64_t p = spread_from(a, shape, i), q = spread_from(b, shape, i), whole = 0;

        if (!f->real)
            TRY(compute_whole(f->n->op, onnx_element(a, p), onnx_element(b, q), &whole));
        onnx_fold_put(f, i, whole,
                      f->real ? compute_real(f->n->op, (float)tensor_at(a, p), (float)tensor_at(b, q)) : 0);
    }
    return OK;
}

status onnx_fold_product(struct fold *f)
{
    const struct tensor *in = onnx_constant(f->x, f->n, 0);
    int64_t whole = 1;
    float real = 1;

    if (in->rank != 1 || onnx_input(f->n, 1) >= 0)
        return FAIL(ERR_FORMAT, "it multiplies along some axes of a constant");
    for (int64_t i = 0; i < in->dim[0]; i++) {
        if (!f->real)
            TRY(compute_whole("Mul", whole, onnx_element(in, i), &whole));
        real *= (float)tensor_at(in, i);
    }
    TRY(onnx_fold_start(f, (int)onnx_whole(f->n, "keepdims", 1) != 0, (int64_t[]){ 1 }));
    onnx_fold_put(f, 0, whole, real);
    return OK;
}

/* The ends of a Clip. */
static status find_ends(const struct fold *f, double end[2])
{
    for (int i = 0; i < 2; i++) {
        const struct tensor *t = onnx_constant(f->x, f->n, 1 + i);

        if (t && tensor_count(t) != 1)
            return FAIL(ERR_FORMAT, "its ends are no numbers");
        end[i] = t ? tensor_at(t, 0) : (double)onnx_real(f->n, i ? "max" : "min", i ? INFINITY : -INFINITY);
    }
    return OK;
}

status onnx_fold_one(struct fold *f)
{
    const struct tensor *in = onnx_constant(f->x, f->n, 0);
    double end[2] = { -INFINITY, INFINITY };

    if (onnx_is(f->n, "Clip"))
        TRY(find_ends(f, end));
    TRY(onnx_fold_start(f, in->rank, in->dim));
    for (int64_t i = 0; i < tensor_count(in); i++) {
        double v = tensor_at(in, i);

        v = onnx_is(f->n, "Ceil")    ? ceil(v)
            : onnx_is(f->n, "Floor") ? floor(v)
            : onnx_is(f->n, "Neg")   ? -v
            : onnx_is(f->n, "Sqrt")  ? (double)sqrtf((float)v)
            : v < end[0]             ? end[0]
            : v > end[1]             ? end[1]
                                     : v;
        if (!f->real && !(v > -9e15 && v < 9e15))
            return FAIL(ERR_FORMAT, "it makes a whole number of %g", v);
        onnx_fold_put(f, i, f->real ? 0 : (int64_t)v, v);
    }
    return OK;
}
