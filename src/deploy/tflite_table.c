/* src/deploy/tflite_table.c: the tables of a TFLite file, checked. */
#include "tflite.h"

#include <math.h>
#include <string.h>

enum { MODEL_VERSION = 3, LARGEST_EXTENT = 1 << 20, LARGEST_COUNT = 1 << 30 };

char *tflite_tensor_name(const struct tflite *f, int tensor, char out[TFLITE_NAME])
{
    const struct flat_vector *name = &f->tensor[tensor].name;
    int64_t size = name->count < TFLITE_NAME - 1 ? name->count : TFLITE_NAME - 1;

    memcpy(out, name->count ? name->bytes + name->at : (const uint8_t *)"", (size_t)size);
    out[size] = '\0';
    return out;
}

int tflite_is_coded(const struct tflite_tensor *t)
{
    return (t->type == TFLITE_U8 || t->type == TFLITE_I8 || t->type == TFLITE_I4) && t->scale.count > 0;
}

int tflite_zero(const struct tflite_tensor *t, int i, int weights)
{
    int64_t zero = t->zero.count == 0 ? 0 : flat_vector_int(&t->zero, t->zero.count > 1 ? i : 0);

    return (int)zero + (weights ? t->type == TFLITE_U8 ? -128 : 0 : t->type == TFLITE_U8 ? 0 : 128);
}

int64_t tflite_whole(const struct tflite_tensor *t, int64_t i)
{
    enum flat_type type = t->type == TFLITE_I64 ? FLAT_I64 : FLAT_I32;
    struct flat_vector v = { .bytes = t->data, .size = t->bytes, .count = t->count, .type = type };

    return flat_vector_int(&v, i);
}

/* ---- reading --------------------------------------------------------------------------------------- */

/* Where the bytes of a buffer are; of one behind the flatbuffer at the file's byte `offset`. */
static status read_buffer(const struct tflite *f, const struct flat_vector *buffers, int64_t number,
                          struct tflite_tensor *t)
{
    struct flat_table buffer;
    struct flat_vector data;
    int64_t offset, size;

    if (number < 0 || number >= buffers->count)
        return FAIL(ERR_FORMAT, "buffer %lld is none of its %lld", (long long)number,
                    (long long)buffers->count);
    TRY(flat_vector_table(buffers, number, &buffer));
    TRY(flat_vector(&buffer, 0, FLAT_U8, &data));
    TRY(flat_int(&buffer, 1, FLAT_I64, 0, &offset));
    TRY(flat_int(&buffer, 2, FLAT_I64, 0, &size));
    if (offset > 1) {
        if (size < 0 || (uint64_t)offset > f->size || (uint64_t)size > f->size - (uint64_t)offset)
            return FAIL(ERR_FORMAT, "buffer %lld reaches beyond the end of the file", (long long)number);
        t->data = size ? f->bytes + offset : NULL;
        t->bytes = (uint64_t)size;
    } else if (data.count > 0) {
        t->data = f->bytes + data.at;
        t->bytes = (uint64_t)data.count;
    }
    return OK;
}

static status read_quantization(const struct flat_table *table, struct tflite_tensor *t)
{
    struct flat_table q;
    int64_t number;

    TRY(flat_child(table, 4, &q));
    TRY(flat_vector(&q, 2, FLAT_F32, &t->scale));
    TRY(flat_vector(&q, 3, FLAT_I64, &t->zero));
    TRY(flat_int(&q, 4, FLAT_U8, 0, &number));
    t->blocked = number != 0;
    TRY(flat_int(&q, 6, FLAT_I32, 0, &number));
    t->axis = (int)number;
    return OK;
}

static status read_tensor(const struct tflite *f, const struct flat_vector *buffers,
                          const struct flat_table *table, struct tflite_tensor *t)
{
    struct flat_table sparsity;
    struct flat_vector signature;
    int64_t number;

    t->source = -1;
    TRY(flat_vector(table, 0, FLAT_I32, &t->shape));
    TRY(flat_int(table, 1, FLAT_I8, 0, &number));
    t->type = (int)number;
    TRY(flat_vector(table, 3, FLAT_U8, &t->name));
    TRY(read_quantization(table, t));
    TRY(flat_child(table, 6, &sparsity));
    t->sparse = sparsity.at != 0;
    TRY(flat_int(table, 5, FLAT_U8, 0, &number));
    t->kept = number != 0;
    TRY(flat_vector(table, 7, FLAT_I32, &signature));
    for (int64_t i = 1; i < signature.count; i++) /* that of the batch apart */
        t->unknown |= flat_vector_int(&signature, i) < 0;
    TRY(flat_int(table, 10, FLAT_U32, 0, &number));
    t->external = number != 0;
    TRY(flat_int(table, 2, FLAT_U32, 0, &number));
    return number ? read_buffer(f, buffers, number, t) : OK;
}

static status read_tensors(const struct flat_table *model, const struct flat_table *graph, struct tflite *f)
{
    struct flat_vector tensors, buffers;

    TRY(flat_vector(graph, 0, FLAT_U32, &tensors));
    TRY(flat_vector(model, 4, FLAT_U32, &buffers));
    if (tensors.count < 1 || tensors.count > TFLITE_MAX_TENSORS)
        return FAIL(ERR_FORMAT, "%lld tensors are not 1 to %d", (long long)tensors.count, TFLITE_MAX_TENSORS);
    MEM_TRY(f->tensor, (size_t)tensors.count, sizeof *f->tensor);
    for (; f->tensors < tensors.count; f->tensors++) {
        struct flat_table table;

        TRY(flat_vector_table(&tensors, f->tensors, &table));
        TRY(error_prefix(read_tensor(f, &buffers, &table, &f->tensor[f->tensors]), "tensor %d", f->tensors));
    }
    return OK;
}

/* Old files have the code in 8 bits, where 127 stands for larger ones; newer ones once more in 32. */
static status read_code(const struct flat_vector *codes, int64_t number, struct tflite_op *op)
{
    struct flat_table code;
    struct flat_vector custom;
    int64_t old, builtin, size;

    if (number < 0 || number >= codes->count)
        return FAIL(ERR_FORMAT, "its code is number %lld of %lld", (long long)number,
                    (long long)codes->count);
    TRY(flat_vector_table(codes, number, &code));
    TRY(flat_int(&code, 0, FLAT_I8, 0, &old));
    TRY(flat_int(&code, 3, FLAT_I32, 0, &builtin));
    TRY(flat_vector(&code, 1, FLAT_U8, &custom));
    op->code = (int)(old > builtin ? old : builtin);
    size = custom.count < (int64_t)sizeof op->custom - 1 ? custom.count : (int64_t)sizeof op->custom - 1;
    if (size > 0)
        memcpy(op->custom, custom.bytes + custom.at, (size_t)size);
    return OK;
}

static status read_op(const struct flat_vector *codes, const struct flat_table *table, struct tflite_op *op)
{
    int64_t number;

    TRY(flat_int(table, 0, FLAT_U32, 0, &number));
    TRY(read_code(codes, number, op));
    TRY(flat_vector(table, 1, FLAT_I32, &op->input));
    TRY(flat_vector(table, 2, FLAT_I32, &op->output));
    TRY(flat_int(table, 3, FLAT_U8, 0, &number));
    op->options_type = (int)number;
    return flat_child(table, 4, &op->options);
}

static status read_ops(const struct flat_table *model, const struct flat_table *graph, struct tflite *f)
{
    struct flat_vector ops, codes;

    TRY(flat_vector(graph, 3, FLAT_U32, &ops));
    TRY(flat_vector(model, 1, FLAT_U32, &codes));
    if (ops.count < 1 || ops.count > TFLITE_MAX_OPS)
        return FAIL(ERR_FORMAT, "%lld ops are not 1 to %d", (long long)ops.count, TFLITE_MAX_OPS);
    MEM_TRY(f->op, (size_t)ops.count, sizeof *f->op);
    for (; f->ops < ops.count; f->ops++) {
        struct flat_table table;

        TRY(flat_vector_table(&ops, f->ops, &table));
        TRY(error_prefix(read_op(&codes, &table, &f->op[f->ops]), "op %d", f->ops));
    }
    return OK;
}

/* ---- the order ------------------------------------------------------------------------------------- */

/* The one tensor that a list of the graph's inputs or outputs names. */
static status read_end(const struct flat_table *graph, int field, const char *what, const struct tflite *f,
                       int *out)
{
    struct flat_vector list;
    int64_t tensor;

    TRY(flat_vector(graph, field, FLAT_I32, &list));
    if (list.count != 1)
        return FAIL(ERR_FORMAT, "it has %lld %ss; networks with one are run", (long long)list.count, what);
    tensor = flat_vector_int(&list, 0);
    if (tensor < 0 || tensor >= f->tensors)
        return FAIL(ERR_FORMAT, "its %s is tensor %lld of %d", what, (long long)tensor, f->tensors);
    *out = (int)tensor;
    return OK;
}

static status check_inputs(const struct tflite *f, const struct tflite_op *op)
{
    for (int64_t k = 0; k < op->input.count; k++) {
        int64_t tensor = flat_vector_int(&op->input, k);

        if (tensor < -1 || tensor >= f->tensors)
            return FAIL(ERR_FORMAT, "its input is tensor %lld of %d", (long long)tensor, f->tensors);
        if (tensor >= 0 && f->tensor[tensor].kept)
            return FAIL(
                ERR_FORMAT,
                "it keeps tensor %lld from one run to the next, as recurrent networks do, and networks "
                "that classify one picture are run",
                (long long)tensor);
        if (tensor >= 0 && tensor != f->input && !f->tensor[tensor].data && f->tensor[tensor].source < 0)
            return FAIL(ERR_FORMAT, "it reads tensor %lld, which no op before it writes", (long long)tensor);
    }
    return OK;
}

static status check_order(struct tflite *f)
{
    for (int i = 0; i < f->ops; i++) {
        struct tflite_op *op = &f->op[i];

        TRY(error_prefix(check_inputs(f, op), op->code == TFLITE_CUSTOM ? "op %d (CUSTOM %s)" : "op %d%s", i,
                         op->custom));
        for (int64_t k = 0; k < op->output.count; k++) {
            int64_t tensor = flat_vector_int(&op->output, k);

            if (tensor < 0 || tensor >= f->tensors)
                return FAIL(ERR_FORMAT, "op %d: its output is tensor %lld of %d", i, (long long)tensor,
                            f->tensors);
            if (tensor == f->input || f->tensor[tensor].data || f->tensor[tensor].source >= 0)
                return FAIL(ERR_FORMAT, "op %d: it writes tensor %lld, which has values already", i,
                            (long long)tensor);
            f->tensor[tensor].source = i;
        }
    }
    return OK;
}

status tflite_open(const uint8_t *bytes, uint64_t size, struct tflite *out)
{
    struct flat_table model, graph;
    struct flat_vector graphs;
    int64_t version;

    *out = (struct tflite){ .bytes = bytes, .size = size };
    TRY(flat_root(bytes, size, "TFL3", &model));
    TRY(flat_int(&model, 0, FLAT_U32, 0, &version));
    if (version != MODEL_VERSION)
        return FAIL(ERR_FORMAT, "it is of version %lld, and %d is read", (long long)version, MODEL_VERSION);
    TRY(flat_vector(&model, 2, FLAT_U32, &graphs));
    if (graphs.count < 1)
        return FAIL(ERR_FORMAT, "it has no graph");
    TRY(flat_vector_table(&graphs, 0, &graph));
    TRY(read_tensors(&model, &graph, out));
    TRY(read_ops(&model, &graph, out));
    TRY(read_end(&graph, 1, "input", out, &out->input));
    TRY(read_end(&graph, 2, "output", out, &out->output));
    return check_order(out);
}

void tflite_close(struct tflite *f)
{
    mem_free(f->tensor);
    mem_free(f->op);
    *f = (struct tflite){ 0 };
}

/* ---- one tensor that is used ----------------------------------------------------------------------- */

static status check_shape(struct tflite_tensor *t)
{
    if (t->shape.count > TFLITE_MAX_RANK)
        return FAIL(ERR_FORMAT, "it has %lld extents, more than %d", (long long)t->shape.count,
                    TFLITE_MAX_RANK);
    t->rank = (int)t->shape.count;
    t->count = 1;
    for (int i = 0; i < t->rank; i++) {
        int64_t extent = flat_vector_int(&t->shape, i);

        if (extent < 1 || extent > LARGEST_EXTENT)
            return FAIL(ERR_FORMAT, "extent %lld is not from 1 to %d", (long long)extent, LARGEST_EXTENT);
        t->dim[i] = (int)extent;
        t->count *= extent;
        if (t->count > LARGEST_COUNT)
            return FAIL(ERR_FORMAT, "it has more than 2^30 elements");
    }
    return OK;
}

static status check_type(const struct tflite_tensor *t)
{
    uint64_t bits;

    switch (t->type) {
    case TFLITE_F32:
    case TFLITE_I32:
        bits = 32;
        break;
    case TFLITE_F16:
        bits = 16;
        break;
    case TFLITE_U8:
    case TFLITE_I8:
        bits = 8;
        break;
    case TFLITE_I64:
        bits = 64;
        break;
    case TFLITE_I4:
        bits = 4;
        break;
    default:
        return FAIL(ERR_FORMAT, "it is of %s; float32, float16, uint8, int8 and int4 are run",
                    tflite_type_name(t->type));
    }
    if (t->data && t->bytes != ((uint64_t)t->count * bits + 7) / 8)
        return FAIL(ERR_FORMAT, "its %lld values of %d bits lie in %llu bytes", (long long)t->count,
                    (int)bits, (unsigned long long)t->bytes);
    return OK;
}

static status check_scales(const struct tflite_tensor *t)
{
    int low = t->type == TFLITE_U8 ? 0 : t->type == TFLITE_I4 ? -8 : -128;
    int high = t->type == TFLITE_U8 ? 255 : t->type == TFLITE_I4 ? 7 : 127;
    int channels = t->axis >= 0 && t->axis < t->rank ? t->dim[t->axis] : 0;

    if (t->scale.count != 1 && t->scale.count != channels)
        return FAIL(ERR_FORMAT, "it has %lld scales for %d channels", (long long)t->scale.count, channels);
    if (t->zero.count > 1 && t->zero.count != t->scale.count)
        return FAIL(ERR_FORMAT, "it has %lld zero points and %lld scales", (long long)t->zero.count,
                    (long long)t->scale.count);
    for (int64_t i = 0; i < t->scale.count; i++) {
        float scale = flat_vector_real(&t->scale, i);

        if (!(scale > 0 && isfinite(scale)))
            return FAIL(ERR_FORMAT, "scale %lld is %g, not above 0", (long long)i, (double)scale);
    }
    for (int64_t i = 0; i < t->zero.count; i++) {
        int64_t zero = flat_vector_int(&t->zero, i);

        if (zero < low || zero > high)
            return FAIL(ERR_FORMAT, "zero point %lld is not from %d to %d", (long long)zero, low, high);
    }
    return OK;
}

static status check_tensor(struct tflite_tensor *t)
{
    if (t->sparse || t->external || t->blocked)
        return FAIL(ERR_FORMAT, "it is %s, which is not read",
                    t->sparse     ? "sparse"
                    : t->external ? "in another file"
                                  : "quantized in blocks");
    TRY(check_shape(t));
    TRY(check_type(t));
    return tflite_is_coded(t) ? check_scales(t) : OK;
}

status tflite_check_tensor(struct tflite *f, int tensor)
{
    char name[TFLITE_NAME];
    status result = check_tensor(&f->tensor[tensor]);

    return error_prefix(result, "tensor %d (%.80s)", tensor, tflite_tensor_name(f, tensor, name));
}
