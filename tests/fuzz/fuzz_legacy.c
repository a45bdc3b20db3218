/* torch's legacy checkpoints: five pickles and the storages. What is allocated is the pickles' values
 * (1 M items each). */
#include "fuzz.h"
#include "table.h"
#include "weight/weight_parts.h"

static const char *const seeds[] = { "tests/fixtures/tiny/*_legacy.pth", "tests/fuzz/seeds/legacy/*", NULL };
static const char *const words[] = { TABLE_PICKLE_WORDS, NULL };
static const char *const marks[] = { TABLE_PICKLE_MARKS, NULL };

const struct fuzz_target fuzz_target = { .name = "legacy",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 128 << 10,
                                         .bound = (size_t)256 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tensor_table t = { 0 };

    judge_table(pth_read_legacy(bytes, size, NULL, &t), &t);
    return 0;
}
