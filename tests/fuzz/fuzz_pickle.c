/* Pickles alone: every opcode, hostile ones (tests/fuzz/make_seeds.py). What is allocated: 1 M values. */
#include "fuzz.h"
#include "weight/weight_parts.h"

static const char *const seeds[] = { "tests/fuzz/seeds/pickle/*", NULL };
static const char *const words[] = { "cposix\nsystem\n",
                                     "cos\nsystem\n",
                                     "c__builtin__\neval\n",
                                     "ccollections\nOrderedDict\n",
                                     "ctorch._utils\n_rebuild_tensor_v2\n",
                                     "ctorch\nFloatStorage\n",
                                     "i__main__\nX\n",
                                     "\x93",
                                     "\x81",
                                     "\x92",
                                     "o",
                                     "b",
                                     "R",
                                     "(",
                                     ")",
                                     "}",
                                     "]",
                                     "\x85",
                                     "\x86",
                                     "\x87",
                                     "t",
                                     "l",
                                     "d",
                                     "q\1",
                                     "h\1",
                                     "r\xff\xff\xff\x7f",
                                     "j\xff\xff\xff\x7f",
                                     "\x8a\x08\xff\xff\xff\xff",
                                     "\x8b\xff\xff\xff\x7f",
                                     "X\xff\xff\xff\x7f",
                                     "T\xff\xff\xff\x7f",
                                     "U\xff",
                                     "Q",
                                     "P0\n",
                                     "0",
                                     "2",
                                     "1",
                                     "\x80\2",
                                     "\x95",
                                     "\x94",
                                     "\x8c\4text",
                                     "a",
                                     "e",
                                     "s",
                                     "u",
                                     "N",
                                     "\x88",
                                     "\x89",
                                     "K\1",
                                     "M\1\2",
                                     "J\1\2\3\4",
                                     "G",
                                     ".",
                                     NULL };
static const char *const marks[] = { "\x80\x02", "c", NULL };
const struct fuzz_target fuzz_target = { .name = "pickle",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 64 << 10,
                                         .bound = (size_t)256 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct pickle p = { 0 };
    uint64_t used = 0;
    status s = pth_pickle(bytes, size, &p, &used);

    fuzz_verdict(s);
    if (s == OK && (used > size || p.root < 0 || p.root >= p.count))
        fuzz_fail("%llu bytes of %zu are used, the root is %d of %d", (unsigned long long)used, size, p.root,
                  p.count);
    pickle_free(&p);
    return 0;
}
