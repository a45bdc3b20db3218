#include "check.h"
#include "tensor.h"

#include <string.h>

int main(void)
{
    static const size_t size[DTYPE_COUNT] = { 4, 8, 2, 2, 1, 1, 2, 4, 8, 1 };
    static const char *const name[DTYPE_COUNT] = { "f32", "f64", "f16", "bf16", "u8",
                                                   "s8",  "s16", "s32", "s64",  "bool" };

    for (int i = 0; i < DTYPE_COUNT; i++) {
        CHECK_MSG(dtype_size((enum dtype)i) == size[i], "dtype %d", i);
        CHECK_MSG(strcmp(dtype_name((enum dtype)i), name[i]) == 0, "dtype %d", i);
    }
    return check_result("tensor/dtype");
}
