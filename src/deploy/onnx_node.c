/* What a node of an ONNX file says: attributes with their defaults, and inputs that are constants. */
#include "onnx_parts.h"

#include <string.h>

int onnx_is(const struct onnx_node *n, const char *op)
{
    return strcmp(n->op, op) == 0;
}

const struct onnx_attribute *onnx_attribute(const struct onnx_node *n, const char *name)
{
    for (int i = 0; i < n->attributes; i++)
        if (strcmp(n->attribute[i].name, name) == 0)
            return &n->attribute[i];
    return NULL;
}

int64_t onnx_whole(const struct onnx_node *n, const char *name, int64_t otherwise)
{
    const struct onnx_attribute *a = onnx_attribute(n, name);

    return a ? a->whole : otherwise;
}

float onnx_real(const struct onnx_node *n, const char *name, float otherwise)
{
    const struct onnx_attribute *a = onnx_attribute(n, name);

    return a ? a->real : otherwise;
}

const char *onnx_words(const struct onnx_node *n, const char *name)
{
    const struct onnx_attribute *a = onnx_attribute(n, name);

    return a ? a->text : "";
}

int onnx_input(const struct onnx_node *n, int k)
{
    return k < n->inputs ? n->input[k] : -1;
}

const char *onnx_name(const struct onnx *x, int value)
{
    return x->value.entry[value].name;
}

const struct tensor *onnx_tensor(const struct onnx *x, int value)
{
    return &x->value.entry[value].tensor;
}

const struct tensor *onnx_constant(const struct onnx *x, const struct onnx_node *n, int k)
{
    int value = onnx_input(n, k);

    return value >= 0 && x->of[value].constant ? onnx_tensor(x, value) : NULL;
}

int64_t onnx_element(const struct tensor *t, int64_t i)
{
    int64_t flat = 0, value;

    if (t->dtype != DTYPE_S64)
        return (int64_t)tensor_at(t, i);
    /* tensor_at gives a double, which holds no end such as 2^63 - 1. */
    for (int d = t->rank - 1; d >= 0; d--) {
        flat += i % t->dim[d] * t->stride[d];
        i /= t->dim[d];
    }
    memcpy(&value, (const uint8_t *)t->data + (size_t)flat * sizeof value, sizeof value);
    return value;
}

status onnx_list(const struct onnx *x, const struct onnx_node *n, int k, const char *name,
                 struct onnx_list *out)
{
    const struct onnx_attribute *a = onnx_attribute(n, name);
    const struct tensor *t = onnx_constant(x, n, k);
    int64_t count = t ? tensor_count(t) : a ? a->count : 0;

    out->count = -1;
    if (!t && onnx_input(n, k) >= 0)
        return FAIL(ERR_FORMAT, "its %s are computed from the picture: only what is fixed is translated",
                    name);
    if (!t && !a)
        return OK;
    if (t && (!t->data || onnx_is_real(x->of[n->input[k]].type)))
        return FAIL(ERR_FORMAT, "its %s are no whole numbers", name);
    if (count > TENSOR_MAX_RANK)
        return FAIL(ERR_FORMAT, "its %s are %lld numbers, more than %d", name, (long long)count,
                    TENSOR_MAX_RANK);
    out->count = (int)count;
    for (int i = 0; i < out->count; i++)
        out->at[i] = t ? onnx_element(t, i) : a->wholes[i];
    return OK;
}

status onnx_axis(int64_t axis, int rank, int *out)
{
    if (axis < -rank || axis >= rank)
        return FAIL(ERR_FORMAT, "axis %lld of %d", (long long)axis, rank);
    *out = (int)(axis < 0 ? axis + rank : axis);
    return OK;
}

/* Negative places count from the end; beyond either end is that end: 0 and the extent, or, backward, what
 * lies before 0 and the last place. */
static int64_t clamp_place(int64_t place, int64_t extent, int backward)
{
    if (place < 0)
        place = place < -extent ? -backward : place + extent;
    return place > extent - backward ? extent - backward : place;
}

status onnx_cut(const struct onnx *x, const struct onnx_node *n, const struct tensor *shape,
                struct onnx_cut *out)
{
    struct onnx_list starts, ends, axes, steps;

    TRY(onnx_list(x, n, 1, "starts", &starts));
    TRY(onnx_list(x, n, 2, "ends", &ends));
    TRY(onnx_list(x, n, 3, "axes", &axes));
    TRY(onnx_list(x, n, 4, "steps", &steps));
    if (starts.count < 0 || ends.count != starts.count || (axes.count >= 0 && axes.count != starts.count) ||
        (steps.count >= 0 && steps.count != starts.count) || starts.count > shape->rank)
        return FAIL(ERR_FORMAT, "its starts, ends, axes and steps do not belong together");
    for (int d = 0; d < shape->rank; d++) {
        out->begin[d] = 0;
        out->count[d] = shape->dim[d];
        out->step[d] = 1;
    }
    for (int i = 0; i < starts.count; i++) {
        int64_t end, step = steps.count >= 0 ? steps.at[i] : 1;
        int d = i;

        if (axes.count >= 0)
            TRY(onnx_axis(axes.at[i], shape->rank, &d));
        if (step == 0 || step < -INT32_MAX)
            return FAIL(ERR_FORMAT, "a step of %lld", (long long)step);
        out->step[d] = step;
        out->begin[d] = clamp_place(starts.at[i], shape->dim[d], step < 0);
        end = clamp_place(ends.at[i], shape->dim[d], step < 0);
        out->count[d] = step > 0 && end > out->begin[d]   ? (end - out->begin[d] - 1) / step + 1
                        : step < 0 && end < out->begin[d] ? (out->begin[d] - end - 1) / -step + 1
                                                          : 0;
    }
    return OK;
}
