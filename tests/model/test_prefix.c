/* Prefixes that wrappers put before all names: taken off, and which one of two. */
#include "checkpoint.h"

/* With `prefix` before every name, and `beside` beside them. */
static void check_taken(const char *prefix, int int8, const char *beside)
{
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;

    make_model(&m);
    if (int8)
        make_int8(&t, "f._packed_params._packed_params.0", 2);
    else
        make_float(&t);
    put_before(&t, prefix, 0);
    if (beside)
        put_value(&t, beside, 3);
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s: %s", prefix, error_last()->text);
    CHECK_MSG(strcmp(b.prefix, prefix) == 0 && b.unused == 0, "'%s', not '%s'", b.prefix, prefix);
    CHECK(b.form == (int8 ? PRECISION_CODES : PRECISION_REAL) && b.parameters == (int8 ? 18 : 23));
    CHECK(!int8 || (b.q[1].scale == 0.5 && b.q[1].zero_point == 10));
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

static void check_sentence(struct tensor_table *t, const char *lines, status expected, const char *sentence)
{
    char text[1024];
    struct model m;
    struct model_binding b = { 0 };
    status result;

    snprintf(text, sizeof text, "%s%s", checkpoint_description, lines);
    CHECK(model_parse("m.model", text, strlen(text), &m) == OK);
    result = model_bind(&m, t, NULL, &b);
    CHECK_MSG(result == expected, "%s", error_last()->text);
    CHECK_MSG(result == OK ? strcmp(b.prefix, sentence) == 0 : strstr(error_last()->text, sentence) != NULL,
              "\n  is     %s\n  should %s", result == OK ? b.prefix : error_last()->text, sentence);
    model_unbind(&b);
    model_free(&m);
}

/* Two whole networks, one inside the other's table. */
static void make_two(struct tensor_table *t, const char *first, const char *second)
{
    struct tensor_table other = { 0 };
    char name[128];

    make_float(t);
    put_before(t, first, 0);
    make_float(&other);
    for (int i = 0; i < other.count; i++) {
        snprintf(name, sizeof name, "%s%s", second, other.entry[i].name);
        CHECK(table_take(t, name, &other.entry[i].tensor) == OK);
    }
    table_free(&other);
}

static void test_two(void)
{
    struct tensor_table t = { 0 };

    make_two(&t, "student.", "teacher.");
    check_sentence(&t, "", ERR_MISMATCH,
                   "x.pth: two networks fit, student.* and teacher.*: which is meant the file does not say");
    check_sentence(&t, "ignore teacher.*\n", OK, "student.");
    check_sentence(&t, "ignore student.*\n", OK, "teacher.");
    get(&t, "teacher.f.weight")->dim[0] = 4; /* one of another shape does not fit: the rest is unused */
    check_sentence(&t, "", ERR_MISMATCH, "does not use 7 of its tensors (teacher.c.weight, teacher.n.weight");
    get(&t, "student.c.weight")->dim[1] = 4;
    check_sentence(&t, "", ERR_MISMATCH, "x.pth: tensor student.c.weight is (2, 4, 1, 1) f32");
    table_free(&t);

    make_two(&t, "", "ema."); /* the names as they are win; the others are unused */
    check_sentence(&t, "", ERR_MISMATCH, "does not use 7 of its tensors (ema.c.weight");
    check_sentence(&t, "ignore ema.*\n", OK, "");
    table_free(&t);
}

/* Where no prefix fits, the sentence is of the one that is nearest. */
static void test_incomplete(void)
{
    struct tensor_table t = { 0 };

    make_float(&t);
    put_before(&t, "module.", 0);
    get(&t, "module.f.weight");
    t.entry[6].name[7] = 'g';
    check_sentence(&t, "", ERR_MISSING, "x.pth: no tensor module.f.weight (the nearest is module.");
    table_free(&t);
    make_float(&t);
    put_before(&t, "module.", 1); /* not before all */
    check_sentence(&t, "", ERR_MISSING, "x.pth: no tensor n.weight (the nearest is ");
    table_free(&t);
    make_float(&t);
    put_before(&t, "x", 0); /* no module's name */
    check_sentence(&t, "", ERR_MISSING, "x.pth: no tensor c.weight (the nearest is xc.weight)");
    table_free(&t);
    make_float(&t);
    put_before(&t, "model.", 0);
    put_value(&t, "model.c.0.weight", 1); /* another form of the first weight, of the same prefix */
    check_sentence(&t, "", ERR_MISMATCH, "does not use 1 of its tensors (model.c.0.weight)");
    check_sentence(&t, "ignore *.0.weight\n", OK, "model.");
    table_free(&t);
    make_float(&t);
    put_before(&t, "model.", 0);
    put_value(&t, "criterion.weight", 1);
    check_sentence(&t, "", ERR_MISMATCH, "does not use 1 of its tensors (criterion.weight)");
    check_sentence(&t, "ignore criterion.*\n", OK, "model.");
    table_free(&t);
}

int main(void)
{
    static const char *const prefixes[] = {
        "module.", "_orig_mod.", "model.", "module.model.", "a/", "c.", ""
    };

    for (size_t i = 0; i < COUNT_OF(prefixes); i++) {
        check_taken(prefixes[i], 0, NULL);
        check_taken(prefixes[i], 1, NULL);
    }
    check_taken("module.", 0, "n_averaged");
    test_two();
    test_incomplete();
    CHECK(mem_live() == 0);
    return check_result("model/prefix");
}
