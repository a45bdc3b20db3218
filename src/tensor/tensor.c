/* src/tensor/tensor.c: one tensor: made, freed, read whatever its strides and type. */
#include "tensor.h"

#include <math.h>
#include <string.h>

status tensor_alloc(struct tensor *t, enum dtype dtype, int rank, const int64_t *dim)
{
    int64_t count = 1;

    *t = (struct tensor){ 0 };
    BUG_IF(rank < 0 || rank > TENSOR_MAX_RANK);
    for (int i = rank - 1; i >= 0; i--) {
        if (dim[i] < 0)
            return FAIL(ERR_RANGE, "a tensor's extent %d is %lld", i, (long long)dim[i]);
        t->dim[i] = dim[i];
        t->stride[i] = count;
        if (__builtin_mul_overflow(count, dim[i], &count))
            return FAIL(ERR_RANGE, "a tensor of rank %d has more than 2^63 elements", rank);
    }
    t->dtype = dtype;
    t->rank = rank;
    t->data = mem_alloc((size_t)count, dtype_size(dtype));
    if (!t->data) {
        char what[128];
        tensor_describe(t, what, sizeof what);
        *t = (struct tensor){ 0 };
        return FAIL(ERR_MEMORY, "no memory for a tensor %s", what);
    }
    t->owned = 1;
    return OK;
}

void tensor_free(struct tensor *t)
{
    if (t->owned)
        mem_free(t->data);
    mem_free(t->scale);
    mem_free(t->zero_point);
    *t = (struct tensor){ 0 };
}

int64_t tensor_count(const struct tensor *t)
{
    int64_t count = 1;

    for (int i = 0; i < t->rank; i++)
        count *= t->dim[i];
    return count;
}

int tensor_is_contiguous(const struct tensor *t)
{
    int64_t expected = 1;

    for (int i = t->rank - 1; i >= 0; i--) {
        if (t->dim[i] == 0)
            return 1;
        if (t->dim[i] != 1 && t->stride[i] != expected) /* an extent of 1 is never stepped over */
            return 0;
        expected *= t->dim[i];
    }
    return 1;
}

int tensor_bits(const struct tensor *t)
{
    return t->bits ? t->bits : 8 * (int)dtype_size(t->dtype);
}

char *tensor_describe(const struct tensor *t, char *out, size_t size)
{
    size_t used = 0;
    static const char *const quantized[] = { "", ", per tensor", ", per channel" };

#define ADD(...)                                                                                             \
    do {                                                                                                     \
        if (used < size)                                                                                     \
            used += (size_t)snprintf(out + used, size - used, __VA_ARGS__);                                  \
    } while (0)
    ADD("(");
    for (int i = 0; i < t->rank; i++)
        ADD("%s%lld", i ? ", " : "", (long long)t->dim[i]);
    ADD(") %s", dtype_name(t->dtype));
    if (t->bits)
        ADD(" of %d bits", t->bits);
    if (t->odd)
        ADD(", odd levels");
    ADD("%s", quantized[t->quantization]);
#undef ADD
    return out;
}

/* Binary16 and bfloat16 widened exactly. */
static float widen_f16(uint16_t bits)
{
    int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    float magnitude = exponent == 0    ? ldexpf((float)mantissa, -24)
                      : exponent == 31 ? (mantissa ? NAN : INFINITY)
                                       : ldexpf((float)(1024 + mantissa), exponent - 25);

    return bits & 0x8000 ? -magnitude : magnitude;
}

static float widen_bf16(uint16_t bits)
{
    uint32_t wide = (uint32_t)bits << 16;
    float out;

    memcpy(&out, &wide, sizeof out);
    return out;
}

/* Files do not promise alignment (torch's legacy form has none), so elements are always copied out. */
static double load(enum dtype dtype, const uint8_t *p)
{
#define AS(type, expression)                                                                                 \
    do {                                                                                                     \
        type v;                                                                                              \
        memcpy(&v, p, sizeof v);                                                                             \
        return (double)(expression);                                                                         \
    } while (0)
    switch (dtype) {
    case DTYPE_F32: AS(float, v);
    case DTYPE_F64: AS(double, v);
    case DTYPE_F16: AS(uint16_t, widen_f16(v));
    case DTYPE_BF16: AS(uint16_t, widen_bf16(v));
    case DTYPE_U8: AS(uint8_t, v);
    case DTYPE_S8: AS(int8_t, v);
    case DTYPE_S16: AS(int16_t, v);
    case DTYPE_S32: AS(int32_t, v);
    case DTYPE_S64: AS(int64_t, v);
    case DTYPE_BOOL: AS(uint8_t, v != 0);
    case DTYPE_COUNT: break;
    }
#undef AS
    error_bug(__FILE__, __LINE__, "dtype < DTYPE_COUNT");
}

double tensor_at(const struct tensor *t, int64_t flat)
{
    int64_t offset = 0;

    for (int i = t->rank - 1; i >= 0; i--) {
        offset += flat % t->dim[i] * t->stride[i];
        flat /= t->dim[i];
    }
    return load(t->dtype, (const uint8_t *)t->data + offset * (int64_t)dtype_size(t->dtype));
}

/* Walks the rows (runs along the last axis) in row-major order: row_first, then while (row_next). */
struct row_walk { int64_t at[TENSOR_MAX_RANK], offset, length, step; };

static struct row_walk row_first(const struct tensor *t)
{
    return (struct row_walk){ .length = t->rank ? t->dim[t->rank - 1] : 1,
                              .step = t->rank ? t->stride[t->rank - 1] : 1 };
}

static int row_next(const struct tensor *t, struct row_walk *w)
{
    for (int i = t->rank - 2; i >= 0; i--) {
        w->offset += t->stride[i];
        if (++w->at[i] < t->dim[i])
            return 1;
        w->offset -= t->stride[i] * t->dim[i];
        w->at[i] = 0;
    }
    return 0;
}

void tensor_copy_f32(const struct tensor *t, float *out)
{
    const uint8_t *base = t->data;
    int64_t size = (int64_t)dtype_size(t->dtype);
    struct row_walk w = row_first(t);

    if (tensor_count(t) == 0)
        return;
    if (t->dtype == DTYPE_F32 && tensor_is_contiguous(t)) {
        memcpy(out, base, (size_t)tensor_count(t) * sizeof *out);
        return;
    }
    do {
        for (int64_t i = 0; i < w.length; i++)
            *out++ = (float)load(t->dtype, base + (w.offset + i * w.step) * size);
    } while (row_next(t, &w));
}

void tensor_copy_raw(const struct tensor *t, void *out)
{
    const uint8_t *base = t->data;
    uint8_t *to = out;
    size_t size = dtype_size(t->dtype);
    struct row_walk w = row_first(t);

    if (tensor_count(t) == 0)
        return;
    if (tensor_is_contiguous(t)) {
        memcpy(to, base, (size_t)tensor_count(t) * size);
        return;
    }
    do {
        for (int64_t i = 0; i < w.length; i++, to += size)
            memcpy(to, base + (w.offset + i * w.step) * (int64_t)size, size);
    } while (row_next(t, &w));
}

status tensor_copy_bytes(const struct tensor *t, void *out)
{
    if (dtype_size(t->dtype) != 1) {
        char what[128];
        return FAIL(ERR_MISMATCH, "a tensor %s where bytes are expected",
                    tensor_describe(t, what, sizeof what));
    }
    tensor_copy_raw(t, out);
    return OK;
}

void tensor_range(const float *values, int64_t count, float *low, float *high)
{
    enum { BLOCK = 16 };
    float least[BLOCK], most[BLOCK];
    int64_t i = 0;

    for (int k = 0; k < BLOCK; k++)
        least[k] = most[k] = values[0];
    for (; i + BLOCK <= count; i += BLOCK)
        for (int k = 0; k < BLOCK; k++) {
            least[k] = values[i + k] < least[k] ? values[i + k] : least[k];
            most[k] = values[i + k] > most[k] ? values[i + k] : most[k];
        }
    for (; i < count; i++) {
        least[0] = values[i] < least[0] ? values[i] : least[0];
        most[0] = values[i] > most[0] ? values[i] : most[0];
    }
    for (int k = 1; k < BLOCK; k++) {
        least[0] = least[k] < least[0] ? least[k] : least[0];
        most[0] = most[k] > most[0] ? most[k] : most[0];
    }
    *low = least[0];
    *high = most[0];
}
