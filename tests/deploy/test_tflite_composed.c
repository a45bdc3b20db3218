/* tests/deploy/test_tflite_composed.c: layer normalisation and gelu of a TFLite file, in one op and in
 * several, and linear layers of every position, as Keras writes them. */
#include "deploy/tflite_lines.h"
#include "deploy/tflite_next.h"

static const struct deploy_options how = { .input = "resize squash bilinear mean 0 0 0 std 1 1 1",
                                           .skip = -1 };

static void test_next(void)
{
    static const char lines[] = "conv conv x  out 4 kernel 1 stride 1 pad 0 groups 1  weight conv\n"
                                "layernorm norm conv  weight norm eps 0.5  quant norm\n"
                                "conv up norm  out 2 kernel 1 stride 1 pad 0 groups 1  weight up\n"
                                "gelu bent up  approximate 1  quant bent\n"
                                "gelu last bent  approximate 1  quant last\n"
                                "mean mean last\n"
                                "linear logits mean  out 2  weight logits\n"
                                "output logits\n"
                                "cam last\n";
    const struct tensor *t;
    struct deploy_network n;

    for (int open = 0; open < 2; open++) {
        write_next(open);
        check_lines(&how, lines);
    }
    CHECK(read_net(&how, &n) == OK);
    t = table_find(&n.weights, "norm.weight");
    CHECK(t && tensor_count(t) == NEXT_C && tensor_at(t, 0) == 2 && tensor_at(t, 3) == 5);
    t = table_find(&n.weights, "norm.bias");
    CHECK(t && tensor_at(t, 0) == 7 && tensor_at(t, 3) == 10);
    t = table_find(&n.weights, "up.weight");
    CHECK(t && t->rank == 2 && t->dim[0] == 2 && t->dim[1] == NEXT_C);
    deploy_free(&n);
}

static void test_refused(void)
{
    int first = 1;

    write_next(0);
    tensors[ops[first].input[1]].data = (const uint8_t *)(int[]){ 1 }; /* along rows */
    check_refused("op 11 (ADD): it normalises over another axis than the channels");
    write_next(0);
    set_option(&ops[first + 2], 0, 1, 0); /* the square of another difference */
    ops[first + 2].input[0] = ops[0].input[0];
    check_refused(
        "(MEAN): it is over other extents than both of a map, and no part of a layer normalisation");
    write_next(0);
    set_option(&ops[first + 4], 0, 1, 1); /* a relu within */
    ops[first + 4].options = 11;
    check_refused(
        "(MEAN): it is over other extents than both of a map, and no part of a layer normalisation");
    write_next(0);
    tensors[ops[first + 6].input[1]].dim[0] = 2; /* gamma */
    tensors[ops[first + 6].input[1]].bytes = 8;
    check_refused("op 11 (ADD): it normalises with a constant of 2 values of float32");
    write_next(0);
    set_option(&ops[first + 14], 0, 1, 2);
    check_refused("(GELU): approximation 2 is not from 0 to 1");
}

int main(void)
{
    test_next();
    test_refused();
    return check_result("deploy/tflite_composed");
}
