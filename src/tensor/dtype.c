/* src/tensor/dtype.c: names and sizes of types. */
#include "tensor.h"

static const struct { const char *name; size_t size; } dtypes[DTYPE_COUNT] = {
    [DTYPE_F32] = { "f32", 4 }, [DTYPE_F64] = { "f64", 8 }, [DTYPE_F16] = { "f16", 2 },
    [DTYPE_BF16] = { "bf16", 2 }, [DTYPE_U8] = { "u8", 1 }, [DTYPE_S8] = { "s8", 1 },
    [DTYPE_S16] = { "s16", 2 }, [DTYPE_S32] = { "s32", 4 }, [DTYPE_S64] = { "s64", 8 },
    [DTYPE_BOOL] = { "bool", 1 },
};

size_t dtype_size(enum dtype dtype)
{
    BUG_IF((unsigned)dtype >= DTYPE_COUNT);
    return dtypes[dtype].size;
}

const char *dtype_name(enum dtype dtype)
{
    BUG_IF((unsigned)dtype >= DTYPE_COUNT);
    return dtypes[dtype].name;
}
