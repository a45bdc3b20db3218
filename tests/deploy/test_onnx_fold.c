#include "check.h"
#include "onnx_write.h"

static status fold(int opset, struct onnx *x)
{
    const struct wire *model = model_of(opset);

    TRY(onnx_open("case.onnx", model->bytes, model->size, x));
    return onnx_fold(x);
}

/* The extents of `name`, "1,8,5,6", and of a constant its elements, "2:3,4". */
static void check_value(int opset, const char *name, const char *expected)
{
    struct onnx x;
    char is[256] = "";
    const struct tensor *t;
    size_t used = 0;

    CHECK_MSG(fold(opset, &x) == OK, "%s", error_last()->text);
    t = table_find(&x.value, name);
    for (int i = 0; t && i < t->rank; i++)
        used += (size_t)snprintf(is + used, sizeof is - used, "%s%lld", i ? "," : "", (long long)t->dim[i]);
    for (int i = 0; t && t->data && i < tensor_count(t); i++)
        used += (size_t)snprintf(is + used, sizeof is - used, "%s%lld", i ? "," : ":",
                                 (long long)onnx_element(t, i));
    CHECK_MSG(strcmp(is, expected) == 0, "%s: %s, not %s", name, is, expected);
    onnx_close(&x);
}

static void check_refused(int opset, const char *expected)
{
    struct onnx x;

    CHECK(fold(opset, &x) != OK);
    CHECK_MSG(strstr(error_last()->text, expected), "%s", error_last()->text);
    onnx_close(&x);
}

/* As torch's exporter writes the first extents of a shuffle: (N, 2, C / 2, H, W). */
static void test_shuffle(void)
{
    start(8);
    constant("zero", 0, INT64_C(0));
    constant("one", 0, INT64_C(1));
    constant("two", 0, INT64_C(2));
    constant("axis", 1, INT64_C(0));
    constant("rest", 1, INT64_C(-1));
    node("Shape", "x", "shape");
    node("Gather", "shape zero", "n");
    node("Gather", "shape one", "c");
    node("Div", "c two", "half");
    node("Unsqueeze", "n axis", "n1");
    node("Unsqueeze", "half axis", "half1");
    node("Unsqueeze", "two axis", "two1");
    whole("start", -2);
    node("Shape", "x", "hw");
    whole("axis", 0);
    node("Concat", "n1 two1 half1 hw", "five");
    node("Reshape", "x five", "groups");
    wholes("perm", 5, INT64_C(0), INT64_C(2), INT64_C(1), INT64_C(3), INT64_C(4));
    node("Transpose", "groups", "turned");
    whole("axis", 0);
    node("Concat", "n1 rest", "two2");
    node("Reshape", "turned two2", "y");
    check_value(17, "five", "5:1,2,4,5,6");
    check_value(17, "turned", "1,4,2,5,6");
    check_value(17, "y", "1,240");
}

static void test_numbers(void)
{
    start(3);
    constant("a", 3, INT64_C(7), INT64_C(-7), INT64_C(9));
    constant("b", 0, INT64_C(2));
    constant("ends", 1, INT64_MAX);
    constant("first", 1, INT64_C(-2));
    constant("none", 1, INT64_C(0));
    constant("shape", 1, INT64_C(2));
    node("Div", "a b", "div"); /* toward zero */
    node("Sub", "b a", "sub");
    node("Mul", "a a", "mul");
    node("Slice", "a first ends", "slice");
    node("ReduceProd", "a", "all");
    node("ConstantOfShape", "shape", "zeros");
    whole("to", ONNX_S32);
    node("Cast", "a", "cast");
    whole("value_int", 5);
    node("Constant", "", "five");
    wholes("value_ints", 2, INT64_C(5), INT64_C(6));
    node("Constant", "", "more");
    node("Identity", "more", "same");
    node("Relu", "x", "y");
    check_value(17, "div", "3:3,-3,4");
    check_value(17, "sub", "3:-5,9,-7");
    check_value(17, "mul", "3:49,49,81");
    check_value(17, "slice", "2:-7,9");
    check_value(17, "all", "1:-441");
    check_value(17, "zeros", "2:0,0");
    check_value(17, "cast", "3:7,-7,9");
    check_value(17, "five", ":5");
    check_value(17, "same", "2:5,6");
    check_value(17, "y", "1,3,5,6");
    start(3);
    constant("a", 1, INT64_C(7));
    constant("b", 1, INT64_C(0));
    node("Div", "a b", "y");
    check_refused(17, "node 0 (Div the node): it computes a whole number that 64 bits do not hold");
    start(3);
    constant("a", 1, INT64_C(1) << 40);
    node("ConstantOfShape", "a", "y");
    check_refused(17, "more than 4096 elements");
    start(3);
    constant("a", 1, INT64_C(7));
    constant("b", 1, INT64_C(7));
    node("Gather", "a b", "y");
    check_refused(17, "it gathers number 7 of 1");
}

/* 5 x 6, window 3, stride 2: 2 x 2 without padding; SAME 3 x 3; with ceil 2 x 3. */
static void test_windows(void)
{
    start(4);
    zeros("w", 4, 8, 2, 3, 3);
    zeros("high", 4, 4, 1, 5, 1);
    whole("group", 2);
    wholes("strides", 2, INT64_C(2), INT64_C(2));
    node("Conv", "x w", "plain");
    whole("group", 2);
    wholes("strides", 2, INT64_C(2), INT64_C(2));
    words("auto_pad", "SAME_UPPER");
    node("Conv", "x w", "same");
    whole("group", 2);
    wholes("pads", 4, INT64_C(1), INT64_C(0), INT64_C(2), INT64_C(3));
    node("Conv", "x w", "odd");
    whole("group", 2);
    wholes("dilations", 2, INT64_C(2), INT64_C(2));
    node("Conv", "x w", "dilated");
    whole("group", 4);
    node("Conv", "x high", "high1");
    wholes("kernel_shape", 2, INT64_C(3), INT64_C(3));
    wholes("strides", 2, INT64_C(2), INT64_C(2));
    whole("ceil_mode", 1);
    node("MaxPool", "x", "ceil");
    wholes("kernel_shape", 2, INT64_C(2), INT64_C(2));
    wholes("strides", 2, INT64_C(3), INT64_C(3));
    whole("ceil_mode", 1);
    node("AveragePool", "x", "late");
    check_value(17, "plain", "1,8,2,2");
    check_value(17, "same", "1,8,3,3");
    check_value(17, "odd", "1,8,6,7");
    check_value(17, "dilated", "1,8,1,2");
    check_value(17, "high1", "1,4,1,6");
    check_value(17, "ceil", "1,4,2,3");
    check_value(17, "late", "1,4,2,2"); /* a third window in a row would begin behind the end: 6 */
    start(4);
    zeros("w", 4, 8, 4, 6, 3);
    node("Conv", "x w", "y");
    check_refused(17, "its 6x3 window does not fit into the 5x6 map");
    start(4);
    wholes("kernel_shape", 3, INT64_C(2), INT64_C(2), INT64_C(2));
    node("MaxPool", "x", "y");
    check_refused(17, "its kernel_shape are 3 numbers, and maps need 2");
}

/* Attributes that became inputs. */
static void test_opsets(void)
{
    start(7);
    constant("axes", 2, INT64_C(-1), INT64_C(2));
    constant("parts", 2, INT64_C(4), INT64_C(3));
    constant("starts", 1, INT64_C(1));
    constant("ends", 1, INT64_MAX);
    constant("one", 1, INT64_C(1));
    constant("two", 1, INT64_C(2));
    node("ReduceMean", "x axes", "mean");
    whole("axis", 1);
    node("Split", "x parts", "a b");
    whole("axis", 1);
    whole("num_outputs", 4);
    node("Split", "x", "p q r s");
    node("Slice", "x starts ends one two", "cut");
    constant("rows", 8, INT64_C(0), INT64_C(0), INT64_C(1), INT64_C(2), INT64_C(0), INT64_C(0), INT64_C(3),
             INT64_C(4));
    node("Pad", "x rows", "pad");
    node("Flatten", "x", "flat");
    constant("open", 3, INT64_C(0), INT64_C(-1), INT64_C(6));
    node("Reshape", "x open", "seen");
    check_value(18, "mean", "1,7,1,1");
    check_value(18, "b", "1,3,5,6");
    check_value(18, "s", "1,1,5,6");
    check_value(18, "cut", "1,3,5,6");
    check_value(18, "pad", "1,7,9,12");
    check_value(18, "flat", "1,210");
    check_value(18, "seen", "1,35,6");
    start(6);
    wholes("axes", 2, INT64_C(2), INT64_C(3));
    whole("keepdims", 0);
    node("ReduceMean", "x", "mean");
    wholes("split", 2, INT64_C(1), INT64_C(5));
    whole("axis", 1);
    node("Split", "x", "a b");
    wholes("axes", 1, INT64_C(1));
    wholes("starts", 1, INT64_C(-2));
    wholes("ends", 1, INT64_C(-1));
    node("Slice", "x", "cut");
    wholes("pads", 8, INT64_C(0), INT64_C(0), INT64_C(1), INT64_C(2), INT64_C(0), INT64_C(0), INT64_C(3),
           INT64_C(4));
    node("Pad", "x", "pad");
    wholes("axes", 1, INT64_C(0));
    node("Unsqueeze", "mean", "more");
    wholes("axes", 1, INT64_C(0));
    node("Squeeze", "more", "less");
    check_value(9, "mean", "1,6");
    check_value(9, "b", "1,5,5,6");
    check_value(9, "cut", "1,1,5,6");
    check_value(9, "pad", "1,6,9,12");
    check_value(9, "more", "1,1,6");
    check_value(9, "less", "1,6");
}

static void test_refused(void)
{
    start(3);
    node("Sin", "x", "y");
    check_refused(17, "node 0 (Sin the node): the op Sin is not translated");
    start(3);
    node("Reshape", "x x", "y");
    check_refused(17, "its shape are computed from the picture");
    start(3);
    constant("to", 1, INT64_C(91));
    node("Reshape", "x to", "y");
    check_refused(17, "its shape");
    start(3);
    zeros("w", 2, 6, 5);
    node("MatMul", "x w", "y");
    check_value(17, "y", "1,3,5,5");
    start(3);
    zeros("w", 2, 5, 5);
    node("MatMul", "x w", "y");
    check_refused(17, "matrix of weights that fit");
    start(3);
    whole("axis", 4);
    node("Concat", "x x", "y");
    check_refused(17, "axis 4 of 4");
}

int main(void)
{
    test_shuffle();
    test_numbers();
    test_windows();
    test_opsets();
    test_refused();
    CHECK(mem_live() == 0);
    return check_result("deploy/onnx_fold");
}
