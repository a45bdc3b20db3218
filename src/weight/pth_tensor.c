/* src/weight/pth_tensor.c: a value of a state dict as a tensor: a view of a storage, quantized or not, or a
 * number. */
#include "pth.h"

#include <string.h>

/* The extents and strides of a tuple of whole numbers; every element must lie inside the storage. */
static status read_layout(const struct pth *f, const struct pickle_value *arguments,
                          const struct pth_storage *s, struct tensor *t)
{
    const struct pickle_value *offset = pickle_item(&f->p, arguments, 1),
                              *size = pth_value_extents(&f->p, pickle_item(&f->p, arguments, 2));
    const struct pickle_value *stride = pth_value_extents(&f->p, pickle_item(&f->p, arguments, 3));
    int64_t count = 1, last;

    if (offset->kind != PICKLE_INT || size->kind != PICKLE_TUPLE || stride->kind != PICKLE_TUPLE ||
        size->count != stride->count || size->count > TENSOR_MAX_RANK)
        return FAIL(ERR_FORMAT,
                    "a tensor whose offset, extents or strides are not numbers (at most %d extents)",
                    TENSOR_MAX_RANK);
    last = offset->integer;
    for (int i = 0; i < size->count; i++) {
        const struct pickle_value *d = pickle_item(&f->p, size, i), *step = pickle_item(&f->p, stride, i);
        int64_t reach;
        if (d->kind != PICKLE_INT || step->kind != PICKLE_INT || d->integer < 0 || step->integer < 0 ||
            __builtin_mul_overflow(count, d->integer, &count) || count > PTH_MOST_ELEMENTS ||
            __builtin_mul_overflow(d->integer > 0 ? d->integer - 1 : 0, step->integer, &reach) ||
            __builtin_add_overflow(last, reach, &last))
            return FAIL(ERR_FORMAT, "a tensor with impossible extents or strides");
        t->dim[i] = d->integer;
        t->stride[i] = step->integer;
    }
    if (offset->integer < 0 || (count > 0 && last >= s->count) || offset->integer > s->count)
        return FAIL(ERR_FORMAT, "a tensor reaches to element %lld of a storage of %lld", (long long)last,
                    (long long)s->count);
    t->rank = size->count;
    t->dtype = s->dtype;
    t->data = (void *)(uintptr_t)(s->data + (uint64_t)offset->integer * dtype_size(s->dtype));
    return OK;
}

/* A view into the mapped file. */
static status build_plain(struct pth *f, const struct pickle_value *arguments, struct tensor *out)
{
    struct pth_storage s;

    if (arguments->count < 4)
        return FAIL(ERR_FORMAT, "a tensor made of %d values", arguments->count);
    TRY(pth_find_storage(f, pickle_item(&f->p, arguments, 0), &s));
    TRY(read_layout(f, arguments, &s, out));
    f->bytes += tensor_count(out) * (int64_t)dtype_size(out->dtype);
    return f->bytes <= f->most_bytes
               ? OK
               : FAIL(ERR_MEMORY, "tensors that share storages have more than 8 times the file's bytes");
}

static status read_number(const struct pickle_value *v, double *out)
{
    if (v->kind != PICKLE_REAL && v->kind != PICKLE_INT)
        return FAIL(ERR_FORMAT, "a quantized tensor whose scale or zero point is not a number");
    *out = v->kind == PICKLE_REAL ? v->real : (double)v->integer;
    return OK;
}

/* The scales or zero points of a per-channel tensor: a tensor of any type; in files of 2019 a list. */
static status read_channels(struct pth *f, const struct pickle_value *v, int channels, double *out)
{
    struct tensor t = { 0 };
    int listed = v->kind == PICKLE_LIST || v->kind == PICKLE_TUPLE;
    int64_t count = v->count;

    if (!listed) {
        struct pth_maker made = pth_value_maker(&f->p, v);
        char why[128];
        pth_value_why(&f->p, v, why, sizeof why);
        if ((made.how != REBUILD_TENSOR && made.how != REBUILD_TENSOR_V2) || why[0])
            return FAIL(ERR_FORMAT, "a quantized tensor whose scales or zero points are not tensors");
        TRY(build_plain(f, made.arguments, &t));
        count = tensor_count(&t);
    }
    if (count != channels)
        return FAIL(ERR_FORMAT, "a quantized tensor of %d channels with %lld scales or zero points", channels,
                    (long long)count);
    for (int i = 0; i < channels; i++)
        if (listed)
            TRY(read_number(pickle_item(&f->p, v, i), &out[i]));
        else
            out[i] = tensor_at(&t, i);
    return OK;
}

static status read_per_tensor(struct pth *f, const struct pickle_value *qp, struct tensor *out)
{
    double scale, zero_point;

    TRY(read_number(pickle_item(&f->p, qp, 1), &scale));
    TRY(read_number(pickle_item(&f->p, qp, 2), &zero_point));
    TRY(weight_alloc_params(out, -1, &f->channels));
    return weight_set_params(out, 0, scale, zero_point);
}

static status read_per_channel(struct pth *f, const struct pickle_value *qp, struct tensor *out)
{
    const struct pickle_value *axis;
    double *zero_points;
    status result = OK;

    if (qp->count < 4 || (axis = pickle_item(&f->p, qp, 3))->kind != PICKLE_INT || axis->integer < 0 ||
        axis->integer >= out->rank || out->dim[axis->integer] > WEIGHT_MAX_CHANNELS)
        return FAIL(ERR_FORMAT, "a quantized tensor whose channels lie on no axis");
    TRY(weight_alloc_params(out, (int)axis->integer, &f->channels));
    MEM_TRY(zero_points, (size_t)out->channels, sizeof *zero_points);
    TRY_OUT(read_channels(f, pickle_item(&f->p, qp, 1), out->channels, out->scale));
    TRY_OUT(read_channels(f, pickle_item(&f->p, qp, 2), out->channels, zero_points));
    for (int i = 0; i < out->channels; i++)
        TRY_OUT(weight_set_params(out, i, out->scale[i], zero_points[i]));
out:
    mem_free(zero_points);
    return result;
}

static status build_quantized(struct pth *f, const struct pickle_value *arguments, struct tensor *out)
{
    const struct pickle_value *qp, *scheme;

    TRY(build_plain(f, arguments, out));
    qp = arguments->count > 4 ? pickle_item(&f->p, arguments, 4) : NULL;
    if (!qp || qp->kind != PICKLE_TUPLE || qp->count < 3)
        return FAIL(ERR_FORMAT, "a quantized tensor without its parameters");
    scheme = pickle_item(&f->p, qp, 0);
    if (out->dtype != DTYPE_S8 && out->dtype != DTYPE_U8 && out->dtype != DTYPE_S32)
        return FAIL(ERR_FORMAT, "a quantized tensor of %s", dtype_name(out->dtype));
    if (scheme->kind == PICKLE_GLOBAL && scheme->integer == PER_TENSOR_AFFINE)
        return read_per_tensor(f, qp, out);
    if (scheme->kind == PICKLE_GLOBAL && scheme->integer == PER_CHANNEL_AFFINE)
        return read_per_channel(f, qp, out);
    return FAIL(ERR_FORMAT, "a quantized tensor that is neither per tensor nor per channel affine");
}

static status build_scalar(enum dtype dtype, const void *bytes, struct tensor *out)
{
    TRY(tensor_alloc(out, dtype, 0, NULL));
    memcpy(out->data, bytes, dtype_size(dtype));
    return OK;
}

status pth_tensor(struct pth *f, const struct pickle_value *v, struct tensor *out)
{
    struct pth_maker made = pth_value_maker(&f->p, v);

    *out = (struct tensor){ 0 };
    v = made.value;
    switch (v->kind) {
    case PICKLE_NONE:
    case PICKLE_TEXT:
    case PICKLE_GLOBAL: return OK;
    case PICKLE_BOOL: return build_scalar(DTYPE_BOOL, &(uint8_t){ v->integer != 0 }, out);
    case PICKLE_INT: return build_scalar(DTYPE_S64, &v->integer, out);
    case PICKLE_REAL: return build_scalar(DTYPE_F64, &v->real, out);
    default:
        break;
    }
    if (made.how == REBUILD_TENSOR || made.how == REBUILD_TENSOR_V2)
        return build_plain(f, made.arguments, out);
    if (made.how == REBUILD_QTENSOR)
        return build_quantized(f, made.arguments, out);
    return FAIL(ERR_FORMAT,
                "neither a tensor nor a number: a state dict of tensors is read, not what holds one");
}
