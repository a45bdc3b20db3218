#include "check.h"
#include "weight/weight_parts.h"

#include <string.h>

static const struct pickle_global allowed[] = { { "collections", "OrderedDict" },
                                                { "torch", "FloatStorage" },
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

static const struct pickle_value *get(const struct pickle *p, const struct pickle_value *dict,
                                      const char *key)
{
    static const struct pickle_value none;

    for (int i = 0; i + 1 < dict->count; i += 2)
        if (pickle_is_text(pickle_item(p, dict, i), key))
            return pickle_item(p, dict, i + 1);
    return &none;
}

static void check_opaque(const struct pickle *p, const struct pickle_value *values, const char *key,
                         const char *name)
{
    const struct pickle_value *v = get(p, values, key);
    char is[128];

    CHECK_MSG(v->kind == PICKLE_OPAQUE || v->kind == PICKLE_GLOBAL, "%s", key);
    pickle_object_name(p, v, is, sizeof is);
    CHECK_MSG(strcmp(is, name) == 0, "%s is %s", key, is);
}

static void check_numbers(const struct pickle *p, const struct pickle_value *v)
{
    static const struct {
        const char *key;
        int64_t value;
    } whole[] = {
        { "small", 5 },
        { "byte", 200 },
        { "short", 60000 },
        { "negative", -2 },
        { "long", INT64_C(1) << 40 },
        { "minus", -(INT64_C(1) << 40) },
    };

    for (size_t i = 0; i < COUNT_OF(whole); i++)
        CHECK_MSG(is_int(get(p, v, whole[i].key), whole[i].value), "%s", whole[i].key);
    check_opaque(p, v, "huge", "a whole number above 64 bits");
    check_opaque(p, v, "vast", "a whole number above 64 bits");
    CHECK(get(p, v, "real")->kind == PICKLE_REAL && get(p, v, "real")->real == 2.5);
    CHECK(get(p, v, "tiny")->kind == PICKLE_REAL && get(p, v, "tiny")->real == 5e-324);
    CHECK(get(p, v, "true")->kind == PICKLE_BOOL && get(p, v, "true")->integer == 1);
    CHECK(get(p, v, "false")->kind == PICKLE_BOOL && get(p, v, "false")->integer == 0);
    CHECK(get(p, v, "none")->kind == PICKLE_NONE);
}

static void check_containers(const struct pickle *p, const struct pickle_value *v)
{
    const struct pickle_value *tuples = get(p, v, "tuples"), *dicts = get(p, v, "dicts");

    CHECK(pickle_is_text(get(p, get(p, v, "default"), "inside"), "defaultdict"));
    CHECK(pickle_is_text(get(p, get(p, v, "ordered"), "inside"), "OrderedDict of a subclass"));
    CHECK(tuples->kind == PICKLE_TUPLE && tuples->count == 5);
    for (int i = 0; i < 5; i++)
        CHECK(pickle_item(p, tuples, i)->kind == PICKLE_TUPLE && pickle_item(p, tuples, i)->count == i);
    CHECK(dicts->kind == PICKLE_LIST && dicts->count == 2);
    CHECK(pickle_is_text(get(p, pickle_item(p, dicts, 1), "k"), "v"));
    CHECK(pickle_is_text(get(p, v, "text"), "plain") && pickle_is_text(get(p, v, "empty"), ""));
    CHECK(get(p, v, "long text")->kind == PICKLE_TEXT && get(p, v, "long text")->size == 300);
}

/* What Python writes, in every protocol (tests/weight/data/make_pickles.py). */
static void test_protocols(void)
{
    static const char *const opaque[][2] = {
        { "namespace", "argparse.Namespace" }, { "list", "__main__.Numbers" },
        { "deque", "collections.deque" },      { "path", "pathlib.PurePosixPath" },
        { "datetime", "datetime.datetime" },   { "enum", "__main__.Mode" },
        { "point", "__main__.Point" },         { "partial", "functools.partial" },
        { "class", "argparse.Namespace" },     { "decimal", "decimal.Decimal" },
    };
    static const char *const others[] = { "counter",   "set",      "frozenset", "bytes", "many bytes",
                                          "bytearray", "complex",  "range",     "slice", "date",
                                          "delta",     "fraction", "error" };
    char path[64], *bytes;
    size_t size;

    for (int protocol = 0; protocol <= 5; protocol++) {
        struct pickle p;
        uint64_t used;
        snprintf(path, sizeof path, "tests/weight/data/objects_%d.pkl", protocol);
        CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
        CHECK_MSG(read(bytes, size, &p, &used) == OK, "protocol %d: %s", protocol, error_last()->text);
        CHECK(used == size);
        const struct pickle_value *r = root(&p), *v = get(&p, r, "values");
        CHECK(r->kind == PICKLE_DICT && r->count == 8 && v->kind == PICKLE_DICT);
        CHECK_MSG(v->count == 2 * (protocol < 2 ? 50 : 52), "%d values", v->count / 2);
        CHECK(is_int(get(&p, r, "before"), 1) && is_int(pickle_item(&p, get(&p, r, "after"), 0), 7));
        CHECK(pickle_is_text(get(&p, r, "again"), "plain"));
        for (size_t i = 0; i < COUNT_OF(opaque); i++)
            check_opaque(&p, v, opaque[i][0], opaque[i][1]);
        for (size_t i = 0; i < COUNT_OF(others); i++)
            CHECK_MSG(get(&p, v, others[i])->kind == PICKLE_OPAQUE, "%d: %s", protocol, others[i]);
        if (protocol >= 2) {
            check_opaque(&p, v, "slots", "__main__.Slots");
            check_opaque(&p, v, "named", protocol < 4 ? "functools.partial" : "__main__.Named");
            CHECK(pickle_is_text(get(&p, get(&p, v, "attributes"), "inside"), "dict of a subclass"));
            CHECK(pickle_is_text(get(&p, v, "umlaut"), "gr\xc3\xbc\xc3\x9f"));
            CHECK(pickle_is_text(get(&p, v, "escaped"), "a\nb\\"));
        }
        check_numbers(&p, v);
        check_containers(&p, v);
        pickle_free(&p);
        mem_free(bytes);
    }
}

/* A call of what is unknown is made by nobody: its result is opaque and knows the class. */
static void check_name(const char *bytes, size_t size, const char *name)
{
    struct pickle p;
    uint64_t used;
    char is[128];

    CHECK_MSG(read(bytes, size, &p, &used) == OK, "%s", error_last()->text);
    CHECK(used == size && root(&p)->kind == PICKLE_OPAQUE);
    pickle_object_name(&p, root(&p), is, sizeof is);
    CHECK_MSG(strcmp(is, name) == 0, "%s, expected %s", is, name);
    pickle_free(&p);
}
#define NAMED(bytes, name) check_name(bytes, sizeof(bytes) - 1, name)

static void test_unknown(void)
{
    NAMED("\x80\x02"
          "cos\nsystem\nX\4\0\0\0true\x85R.",
          "os.system");
    NAMED("\x80\4\x8c\2os\x8c\6system\x93\x8c\4true\x85R.", "os.system");
    NAMED("(S'true'\nios\nsystem\n.", "os.system");
    NAMED("(cos\nsystem\nK\1o.", "os.system");
    NAMED("cos\nsystem\n)\x81K\1K\2\x86"
          "b.",
          "os.system"); /* a state of two changes nothing */
    NAMED("cos\nsystem\n)}\x92.", "os.system");
    NAMED("ca\nf\n)R)R.", "a.f"); /* the result of a call, called */
    NAMED("ccopyreg\n_reconstructor\n(ca\nC\nK\1Nt\x81.", "a.C");
    NAMED("ca\nL\n)R(K\1K\2e.", "a.L");
    NAMED("(U\6moduleca\nNet\nNNtQ)\x81}U\1kK\1sb.", "a.Net"); /* a network, its class kept elsewhere */
    NAMED("\x82\1.", "a copyreg extension");
    NAMED("\x8f(K\1\x90.", "a set");
    NAMED("(K\1\x91.", "a set");
    NAMED("B\3\0\0\0abc.", "bytes");
    NAMED("\x96\3\0\0\0\0\0\0\0abc.", "bytes");
    NAMED("\x8b\x09\0\0\0\1\0\0\0\0\0\0\0\1.", "a whole number above 64 bits");
    NAMED("S'a\\'b'\n.", "a text with escapes");
    NAMED("Finf\n.", "a number that is not finite");
    NAMED("Pstorage\n.", "what lies outside the pickle");
}

/* POP takes a mark, DUP the top once more, MEMOIZE the next number, POP_MARK what lies above the mark. */
static void test_stack(void)
{
    static const char bytes[] = "\x80\4\x95\x1a\0\0\0\0\0\0\0(K\1(0K\2(K\3K\4"
                                "1K\5\x94"
                                "2h\0K\6\x94h\1I01\nI7\nL8L\nV9\nt.";
    struct pickle p;
    uint64_t used;

    CHECK_MSG(read(bytes, sizeof bytes - 1, &p, &used) == OK, "%s", error_last()->text);
    const struct pickle_value *t = root(&p);
    static const int numbers[] = { 1, 2, 5, 5, 5, 6, 6 };
    CHECK(t->kind == PICKLE_TUPLE && t->count == 11);
    for (int i = 0; i < 7 && t->count == 11; i++)
        CHECK_MSG(is_int(pickle_item(&p, t, i), numbers[i]), "item %d", i);
    CHECK(pickle_item(&p, t, 7)->kind == PICKLE_BOOL && is_int(pickle_item(&p, t, 8), 7));
    CHECK(is_int(pickle_item(&p, t, 9), 8) && pickle_is_text(pickle_item(&p, t, 10), "9"));
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
    REFUSED("cos", ERR_FORMAT, "does not end");
    REFUSED("\x80\6.", ERR_FORMAT, "protocol 6");
    REFUSED("\x80\x02\x97.", ERR_FORMAT, "opcode 0x97"); /* bytes that lie elsewhere */
    REFUSED("i__main__\nX\n.", ERR_FORMAT, "lacks a mark");
    REFUSED("(K\1i__main__.", ERR_FORMAT, "does not end");
    REFUSED("(o.", ERR_FORMAT, "without a class");
    REFUSED("(K\1o.", ERR_FORMAT, "not a name");
    REFUSED("K\1K\2\x93.", ERR_FORMAT, "no text");
    REFUSED("\x95\x09\0\0\0\0\0\0\0K\1.", ERR_FORMAT, "truncated");
    REFUSED("0.", ERR_FORMAT, "empty stack");
    REFUSED("2.", ERR_FORMAT, "stack is empty");
    REFUSED("1.", ERR_FORMAT, "lacks a mark");
    REFUSED("\x94.", ERR_FORMAT, "empty stack");
    REFUSED("Ix\n.", ERR_FORMAT, "'x' is no whole number");
    REFUSED("I5", ERR_FORMAT, "does not end");
    REFUSED("Sabc\n.", ERR_FORMAT, "without quotes");
    REFUSED("S'\n.", ERR_FORMAT, "without quotes");
    REFUSED("g-1\n.", ERR_FORMAT, "no memo number");
    REFUSED("K\1p9999999\n.", ERR_MEMORY, "memo");
    REFUSED("B\xff\xff\xff\xff"
            "abc.",
            ERR_FORMAT, "truncated");
    REFUSED("\x8d\xff\xff\xff\xff\xff\xff\xff\xff"
            "abc.",
            ERR_FORMAT, "truncated");
    REFUSED("\x8b\xff\xff\xff\xff"
            "abc.",
            ERR_FORMAT, "truncated");
    REFUSED("C\3abcK\1K\2s.", ERR_FORMAT, "not a dict"); /* bytes are no unknown dict */
    REFUSED("}(K\1\x90.", ERR_FORMAT, "not a set");
    REFUSED("", ERR_FORMAT, "truncated");
    REFUSED("X\xff\xff\xff\xff"
            "abc.",
            ERR_FORMAT, "truncated");
    REFUSED("X\xff\xff\xff\x7f"
            "abc.",
            ERR_FORMAT, "truncated");
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
    REFUSED("G\0\0.", ERR_FORMAT, "truncated");
    REFUSED("Q.", ERR_FORMAT, "empty stack");
}

/* Counts that no honest file reaches: millions of marks, Nones, tuples and lists, and one value recalled
 * often. */
static void test_bounds(void)
{
    enum { MANY = 12 << 20 };
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
    test_protocols();
    test_unknown();
    test_stack();
    test_refusals();
    test_bounds();
    CHECK(mem_live() == 0);
    return check_result("weight/pickle");
}
