/* Pickles alone: every opcode, hostile ones (tests/fuzz/make_seeds.py); then the state dict in them. What is
 * allocated: a value and its place for every two bytes. */
#include <string.h>

#include "fuzz.h"
#include "weight/pth.h"

static const char *const seeds[] = { "tests/fuzz/seeds/pickle/*", "tests/weight/data/*.pkl", NULL };
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
                                     "\x95\5\0\0\0\0\0\0\0",
                                     "\x8d\1\0\0\0\0\0\0\0k",
                                     "C\1b",
                                     "\x8f",
                                     "\x90",
                                     "\x91",
                                     "I01\n",
                                     "L5L\n",
                                     "F2.5\n",
                                     "S'a'\n",
                                     "Va\n",
                                     "p1\n",
                                     "g1\n",
                                     "\x82\1",
                                     "ccopyreg\n_reconstructor\n",
                                     "cargparse\nNamespace\n)\x81",
                                     "ctorch\nSize\n",
                                     "U\x0cparam_groups",
                                     "U\5model",
                                     "U\x0astate_dict",
                                     ".",
                                     NULL };
static const char *const marks[] = { "\x80\x02", "c", NULL };
const struct fuzz_target fuzz_target = { .name = "pickle",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 64 << 10,
                                         .bound = (size_t)256 << 20 };

static void look_at(const struct pickle *p)
{
    char name[256];

    for (int i = 0; i < p->count; i++) {
        const struct pickle_value *v = &p->value[i];
        pickle_object_name(p, v, name, sizeof name);
        if (!fuzz_is_printable(name, strlen(name)))
            fuzz_fail("value %d is '%s'", i, name);
        pth_value_why(p, v, name, sizeof name);
        (void)pth_value_class(p, v);
    }
}

static void find_state(const struct pickle *p)
{
    struct state_choice c;
    status s = state_find(p, NULL, &c);

    fuzz_verdict(s);
    if (s == OK && c.name) { /* by its name it is the same one, unless another is called so */
        struct state_choice again;
        s = state_find(p, c.name, &again);
        if (s == OK && again.state != c.state)
            fuzz_fail("the state dict %s is not the one that it was", c.name);
        mem_free(again.name);
        mem_free(again.others);
    }
    mem_free(c.name);
    mem_free(c.others);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct pickle p = { 0 };
    uint64_t used = 0;
    status s = pth_pickle(bytes, size, &p, &used);

    fuzz_verdict(s);
    if (s == OK && (used > size || p.root < 0 || p.root >= p.count))
        fuzz_fail("%llu bytes of %zu are used, the root is %d of %d", (unsigned long long)used, size, p.root,
                  p.count);
    if (s == OK) {
        look_at(&p);
        find_state(&p);
    }
    pickle_free(&p);
    return 0;
}
