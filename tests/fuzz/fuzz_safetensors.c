/* safetensors, the header's length set right. Views of the file: what is allocated is the names. */
#include <string.h>

#include "fuzz.h"
#include "table.h"
#include "weight/weight_parts.h"

static const char *const seeds[] = { "tests/fuzz/seeds/safetensors/*", NULL };
static const char *const words[] = { "\"__metadata__\"",
                                     "\"dtype\"",
                                     "\"shape\"",
                                     "\"data_offsets\"",
                                     "\"F32\"",
                                     "\"I8\"",
                                     "\"BF16\"",
                                     "[0,0]",
                                     "[]",
                                     "{}",
                                     ".quantization",
                                     "per_channel 0",
                                     "per_tensor",
                                     ".scale",
                                     ".zero_point",
                                     "\\u0000",
                                     "\\ud800",
                                     "\\\"",
                                     "null",
                                     "-1",
                                     "1e9",
                                     "[[[[[[[[[[[[[[[[",
                                     "{\"a\":{\"a\":{\"a\":",
                                     NULL };

/* The header ends with the last brace before the data. */
static void repair(uint8_t *bytes, size_t size)
{
    size_t end = 8;

    for (size_t at = 8; at + 1 < size; at++)
        if (bytes[at] == '}' && bytes[at + 1] == '}')
            end = at + 2;
    while (end < size && bytes[end] == ' ')
        end++;
    for (size_t i = 0; i < 8 && size >= 8; i++)
        bytes[i] = (uint8_t)((uint64_t)(end - 8) >> 8 * i);
}

const struct fuzz_target fuzz_target = { .name = "safetensors",
                                         .seeds = seeds,
                                         .words = words,
                                         .most = 64 << 10,
                                         .bound = (size_t)64 << 20,
                                         .repair = repair };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tensor_table t = { 0 };

    judge_table(safetensors_read(bytes, size, &t), &t);
    return 0;
}
