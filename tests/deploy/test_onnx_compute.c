#include "check.h"
#include "onnx_write.h"

/* What a computed constant is, by hand: "2,2:1,2,3,4" its extents and elements. */
static void check_constant(const char *name, const char *expected)
{
    const struct wire *model = model_of(17);
    const struct tensor *t;
    char is[256] = "";
    size_t used = 0;
    struct onnx x;

    CHECK_MSG(onnx_open("case.onnx", model->bytes, model->size, &x) == OK && onnx_fold(&x) == OK, "%s",
              error_last()->text);
    t = table_find(&x.value, name);
    for (int i = 0; t && i < t->rank; i++)
        used += (size_t)snprintf(is + used, sizeof is - used, "%s%lld", i ? "," : "", (long long)t->dim[i]);
    for (int i = 0; t && t->data && i < tensor_count(t); i++)
        used += (size_t)snprintf(is + used, sizeof is - used, "%s%g", i ? "," : ":", tensor_at(t, i));
    CHECK_MSG(strcmp(is, expected) == 0, "%s: %s, not %s", name, is, expected);
    onnx_close(&x);
}

static void check_refused(const char *expected)
{
    const struct wire *model = model_of(17);
    struct onnx x;

    CHECK(onnx_open("case.onnx", model->bytes, model->size, &x) != OK || onnx_fold(&x) != OK);
    CHECK_MSG(strstr(error_last()->text, expected), "%s", error_last()->text);
    onnx_close(&x);
}

static void cast(const char *from, const char *to, int type)
{
    whole("to", type);
    node("Cast", from, to);
}

/* One element, or an axis of one, is spread over the other's. */
static void test_two(void)
{
    start(3);
    constant("a", 2, INT64_C(7), INT64_C(-7));
    constant("two", 0, INT64_C(2));
    constant("column", 2, INT64_C(1), INT64_C(10));
    constant("last", 1, INT64_C(1));
    node("Unsqueeze", "column last", "turned");
    node("Mul", "a turned", "table");
    node("Sub", "two turned", "less");
    node("Max", "a two", "most");
    node("Min", "a two", "least");
    node("Div", "a two", "div"); /* toward zero */
    cast("a", "ra", ONNX_F32);
    cast("two", "rtwo", ONNX_F32);
    node("Div", "ra rtwo", "half");
    node("Max", "half rtwo", "rmost");
    node("Min", "rtwo half", "rleast");
    node("Relu", "x", "y");
    check_constant("table", "2,2:7,-7,70,-70");
    check_constant("less", "2,1:1,-8");
    check_constant("most", "2:7,2");
    check_constant("least", "2:2,-7");
    check_constant("div", "2:3,-3");
    check_constant("half", "2:3.5,-3.5");
    check_constant("rmost", "2:3.5,2");
    check_constant("rleast", "2:2,-3.5");
    start(3);
    constant("a", 2, INT64_C(7), INT64_C(-7));
    constant("b", 3, INT64_C(7), INT64_C(-7), INT64_C(0));
    node("Add", "a b", "y");
    check_refused("its inputs have extents of 2 and 3");
    start(3);
    constant("a", 1, INT64_MAX);
    node("Add", "a a", "y");
    check_refused("a whole number that 64 bits do not hold");
}

static void test_one(void)
{
    start(3);
    constant("a", 3, INT64_C(7), INT64_C(-7), INT64_C(4));
    constant("two", 0, INT64_C(2));
    constant("zero", 0, INT64_C(0));
    cast("a", "ra", ONNX_F32);
    cast("two", "rtwo", ONNX_F32);
    node("Div", "ra rtwo", "half");
    node("Ceil", "half", "up");
    node("Floor", "half", "down");
    node("Neg", "a", "neg");
    node("Clip", "half rtwo", "low");
    node("Clip", "a - zero", "high");
    node("Sqrt", "rtwo", "root");
    cast("root", "whole", ONNX_S64);
    node("Relu", "x", "y");
    check_constant("up", "3:4,-3,2");
    check_constant("down", "3:3,-4,2");
    check_constant("neg", "3:-7,7,-4");
    check_constant("low", "3:3.5,2,2");
    check_constant("high", "3:0,-7,0");
    check_constant("root", ":1.41421");
    check_constant("whole", ":1");
    start(3);
    constant("a", 1, INT64_MAX);
    node("Neg", "a", "y");
    check_refused("it makes a whole number of -9.22337e+18");
}

/* torch's pads: those of the last axis first, turned round by a step of -1. */
static void test_pads(void)
{
    start(3);
    constant("pads", 4, INT64_C(1), INT64_C(2), INT64_C(3), INT64_C(4));
    constant("pairs", 2, INT64_C(-1), INT64_C(2));
    constant("from", 1, INT64_C(-1));
    constant("to", 1, -INT64_MAX);
    constant("axis", 1, INT64_C(0));
    node("Reshape", "pads pairs", "table");
    node("Slice", "table from to axis from", "back");
    node("Transpose", "back", "turned");
    node("Reshape", "turned from", "flat");
    constant("second", 1, INT64_C(1));
    node("Slice", "pads from axis axis from", "but_first");
    node("Slice", "pads second axis axis from", "one");
    node("Relu", "x", "y");
    check_constant("back", "2,2:3,4,1,2");
    check_constant("flat", "4:3,1,4,2");
    check_constant("but_first", "3:4,3,2");
    check_constant("one", "1:2");
}

int main(void)
{
    test_two();
    test_one();
    test_pads();
    CHECK(mem_live() == 0);
    return check_result("deploy/onnx_compute");
}
