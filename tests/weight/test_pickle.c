#include "check.h"
#include "weight/weight_parts.h"

#include <string.h>

static const struct pickle_global allowed[] = { { "collections", "OrderedDict" }, { "torch", "FloatStorage" },
                                                { "torch._utils", "_rebuild" } };

static status read(const char *bytes, size_t size, struct pickle *p, uint64_t *used)
{
    return pickle_read((const uint8_t *)bytes, size, allowed, 3, p, used);
}

static const struct pickle_value *root(const struct pickle *p)
{
    return &p->value[p->root];
}

static int is_int(const struct pickle_value *v, int64_t integer)
{
    return v->kind == PICKLE_INT && v->integer == integer;
}

/* ("ab", 5, 300, -2, -3, 2.5, None, True, False, [7, 8], {"k": 9}, (), (1,), (1, 2), (1, 2, 3)) */
static void test_values(void)
{
    static const char bytes[] = "\x80\x02(X\x02\0\0\0abq\0K\x05M\x2c\x01J\xfe\xff\xff\xff\x8a\x01\xfd"
                                "G\x40\x04\0\0\0\0\0\0N\x88\x89](K\x07K\x08"
                                "e}U\x01kK\x09s)K\x01\x85K\x01K\x02\x86"
                                "K\x01K\x02K\x03\x87t.";
    struct pickle p;
    uint64_t used;

    CHECK_MSG(read(bytes, sizeof bytes - 1, &p, &used) == OK, "%s", error_last()->text);
    CHECK(used == sizeof bytes - 1);
    const struct pickle_value *t = root(&p);
    CHECK(t->kind == PICKLE_TUPLE && t->count == 15);
    CHECK(pickle_is_text(pickle_item(&p, t, 0), "ab") && !pickle_is_text(pickle_item(&p, t, 0), "abc"));
    CHECK(is_int(pickle_item(&p, t, 1), 5) && is_int(pickle_item(&p, t, 2), 300));
    CHECK(is_int(pickle_item(&p, t, 3), -2) && is_int(pickle_item(&p, t, 4), -3));
    CHECK(pickle_item(&p, t, 5)->kind == PICKLE_REAL && pickle_item(&p, t, 5)->real == 2.5);
    CHECK(pickle_item(&p, t, 6)->kind == PICKLE_NONE);
    CHECK(pickle_item(&p, t, 7)->kind == PICKLE_BOOL && pickle_item(&p, t, 7)->integer == 1);
    CHECK(pickle_item(&p, t, 8)->kind == PICKLE_BOOL && pickle_item(&p, t, 8)->integer == 0);
    const struct pickle_value *list = pickle_item(&p, t, 9), *dict = pickle_item(&p, t, 10);
    CHECK(list->kind == PICKLE_LIST && list->count == 2 && is_int(pickle_item(&p, list, 1), 8));
    CHECK(dict->kind == PICKLE_DICT && dict->count == 2 && pickle_is_text(pickle_item(&p, dict, 0), "k"));
    for (int i = 0; i < 4; i++)
        CHECK(pickle_item(&p, t, 11 + i)->kind == PICKLE_TUPLE && pickle_item(&p, t, 11 + i)->count == i);
    pickle_free(&p);
    pickle_free(&p);
}

/* Calls are noted down: OrderedDict() is a dict, _rebuild(pid, 1) an object; BUILD's state is dropped; the
 * memo works. */
static void test_calls(void)
{
    static const char bytes[] = "\x80\x02"
                                "ccollections\nOrderedDict\nq\1)Rq\2(X\1\0\0\0wctorch._utils\n_rebuild\n"
                                "(U\7storagectorch\nFloatStorage\ntQK\1\x86RX\1\0\0\0vh\2u}b.";
    struct pickle p;
    uint64_t used;

    CHECK_MSG(read(bytes, sizeof bytes - 1, &p, &used) == OK, "%s", error_last()->text);
    const struct pickle_value *d = root(&p);
    CHECK(d->kind == PICKLE_DICT && d->count == 4);
    const struct pickle_value *o = pickle_item(&p, d, 1), *arguments = pickle_item(&p, o, 0);
    CHECK(o->kind == PICKLE_OBJECT && o->integer == 2 && arguments->kind == PICKLE_TUPLE &&
          arguments->count == 2);
    const struct pickle_value *id = pickle_item(&p, arguments, 0);
    CHECK(id->kind == PICKLE_PERSISTENT && pickle_item(&p, pickle_item(&p, id, 0), 1)->kind == PICKLE_GLOBAL);
    CHECK(pickle_item(&p, d, 3) == d); /* a dict may hold itself; nothing here recurses */
    pickle_free(&p);
}

/* Python 2's OrderedDict([["k", 1], ("l", 2)]), an instance by NEWOBJ and BUILD. */
static void test_older(void)
{
    static const char dict[] = "\x80\2ccollections\nOrderedDict\n](](U\1kK\1eU\1lK\2\x86"
                               "e\x85R.";
    static const char object[] = "\x80\2ctorch._utils\n_rebuild\nK\7\x85\x81\x89\x88N\x87"
                                 "b.";
    struct pickle p;
    uint64_t used;

    CHECK_MSG(read(dict, sizeof dict - 1, &p, &used) == OK, "%s", error_last()->text);
    const struct pickle_value *d = root(&p);
    CHECK(d->kind == PICKLE_DICT && d->count == 4 && pickle_is_text(pickle_item(&p, d, 0), "k"));
    CHECK(is_int(pickle_item(&p, d, 1), 1) && pickle_is_text(pickle_item(&p, d, 2), "l"));
    CHECK(is_int(pickle_item(&p, d, 3), 2));
    pickle_free(&p);
    CHECK_MSG(read(object, sizeof object - 1, &p, &used) == OK, "%s", error_last()->text);
    const struct pickle_value *o = root(&p);
    CHECK(o->kind == PICKLE_OBJECT && o->integer == 2 && o->count == 2);
    CHECK(is_int(pickle_item(&p, pickle_item(&p, o, 0), 0), 7));
    CHECK(pickle_item(&p, o, 1)->kind == PICKLE_TUPLE && pickle_item(&p, o, 1)->count == 3);
    pickle_free(&p);
}

static void check_refused(const char *bytes, size_t size, status expected, const char *words)
{
    struct pickle p;
    uint64_t used;
    status is = read(bytes, size, &p, &used);

    CHECK_MSG(is == expected && strstr(error_last()->text, words), "'%s' lacks '%s'", error_last()->text,
              words);
    CHECK(p.value == NULL);
    if (is == OK)
        pickle_free(&p);
}
#define REFUSED(bytes, expected, words) check_refused(bytes, sizeof(bytes) - 1, expected, words)

static void test_refusals(void)
{
    REFUSED("\x80\x02" "cos\nsystem\nX\4\0\0\0true\x85R.", ERR_FORMAT, "offset 2: 'os system' is not among");
    REFUSED("cbuiltins\neval\n.", ERR_FORMAT, "'builtins eval'");
    REFUSED("cos", ERR_FORMAT, "does not end");
    REFUSED("\x80\x04.", ERR_FORMAT, "protocol 4");
    REFUSED("\x80\x02I5\n.", ERR_FORMAT, "opcode 0x49");
    REFUSED("i__main__\nX\n.", ERR_FORMAT, "opcode 0x69");
    REFUSED("", ERR_FORMAT, "truncated");
    REFUSED("X\xff\xff\xff\xff" "abc.", ERR_FORMAT, "truncated");
    REFUSED("X\xff\xff\xff\x7f" "abc.", ERR_FORMAT, "truncated");
    REFUSED(".", ERR_FORMAT, "empty stack");
    REFUSED("\x86.", ERR_FORMAT, "too short for a tuple");
    REFUSED("K\1(\x85.", ERR_FORMAT, "too short for a tuple"); /* not through a mark */
    REFUSED("t.", ERR_FORMAT, "lacks a mark");
    REFUSED("u.", ERR_FORMAT, "lacks a mark");
    REFUSED("K\1K\2a.", ERR_FORMAT, "not a list");
    REFUSED("]K\1K\2s.", ERR_FORMAT, "not a dict");
    REFUSED("}(K\1u.", ERR_FORMAT, "key without a value");
    REFUSED("(K\1d.", ERR_FORMAT, "key without a value");
    REFUSED("K\1)R.", ERR_FORMAT, "not a name");
    REFUSED("ctorch\nFloatStorage\nK\1R.", ERR_FORMAT, "not a name");
    REFUSED("K\1K\2b.", ERR_FORMAT, "not a dict");
    REFUSED("ccollections\nOrderedDict\nK\1\x85R.", ERR_FORMAT, "not a list");
    REFUSED("ccollections\nOrderedDict\n](]e\x85R.", ERR_FORMAT, "not a key and a value");
    REFUSED("ccollections\nOrderedDict\n](K\1e\x85R.", ERR_FORMAT, "not a key and a value");
    REFUSED("h\5.", ERR_FORMAT, "never remembered");
    REFUSED("j\xff\xff\xff\xff.", ERR_FORMAT, "never remembered");
    REFUSED("q\0.", ERR_FORMAT, "empty stack");
    REFUSED("Nr\xff\xff\xff\xff.", ERR_MEMORY, "memo");
    REFUSED("\x8a\x09\0\0\0\0\0\0\0\0\0.", ERR_FORMAT, "of 9 bytes");
    REFUSED("G\0\0.", ERR_FORMAT, "truncated");
    REFUSED("Q.", ERR_FORMAT, "empty stack");
}

/* Counts that no honest file reaches: millions of marks, Nones, tuples and lists, and one value recalled
 * often. */
static void test_bounds(void)
{
    enum { MANY = 4 << 20 };
    static const char opcodes[] = "(N)]";
    char *bytes = mem_alloc(MANY, 1);

    for (size_t i = 0; i < sizeof opcodes - 1; i++) {
        memset(bytes, opcodes[i], MANY);
        check_refused(bytes, MANY, ERR_MEMORY, "more than");
    }
    memcpy(bytes, "]q\0", 3);
    for (int i = 3; i + 5 < MANY; i += 5)
        memcpy(bytes + i, "(h\0h\0", 5);
    check_refused(bytes, MANY, ERR_MEMORY, "more than");
    mem_free(bytes);
}

int main(void)
{
    test_values();
    test_calls();
    test_older();
    test_refusals();
    test_bounds();
    CHECK(mem_live() == 0);
    return check_result("weight/pickle");
}
