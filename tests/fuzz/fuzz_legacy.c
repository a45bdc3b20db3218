/* torch's legacy checkpoints: five pickles and the storages. What is allocated is the pickles' values
 * (1 M items each). */
#include "fuzz.h"
#include "table.h"
#include "weight/weight_parts.h"

static const char *const seeds[] = { "tests/fixtures/tiny/*_legacy.pth", "tests/fuzz/seeds/legacy/*", NULL };
static const char *const words[] = { "cposix\nsystem\n",
                                     "ctorch\nFloatStorage\n",
                                     "ctorch._utils\n_rebuild_tensor_v2\n",
                                     "ctorch\nqint8\n",
                                     "\x8a\xff",
                                     "(",
                                     "}",
                                     "R",
                                     "b",
                                     "u",
                                     "s",
                                     "\x86",
                                     "\x87",
                                     ".",
                                     "Q",
                                     "X\xff\xff\xff\x7f",
                                     NULL };
static const char *const marks[] = { "\x80\x02", "ctorch", "ccollections", "storage", "J", NULL };

const struct fuzz_target fuzz_target = { .name = "legacy",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 128 << 10,
                                         .bound = (size_t)256 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tensor_table t = { 0 };
    status s = pth_read_legacy(bytes, size, &t);

    fuzz_verdict(s);
    if (s == OK)
        look_at_table(&t);
    table_free(&t);
    return 0;
}
