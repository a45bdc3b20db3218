/* tests/deploy/test_tflite_move.c: what moves values in a TFLite file, as lines: padding, crops, steps,
 * batches of positions. */
#include "deploy/tflite_lines.h"

/* Rows and columns cut off, every second of both, what is never the largest around a map, an extent that the
 * file does not know, the largest of a map. */
static void test_moves(void)
{
    static const char lines[] = "pad crop x  pad -1,0,-2,-1\n"
                                "shortcut half crop  stride 2 begin 0 out 3\n"
                                "maxpool pool half  kernel 2 stride 1 pad 1,0,1,1\n"
                                "maxpool most pool  kernel 4x3 stride 1 pad 0\n"
                                "linear logits most  out 2  weight logits  quant logits\n"
                                "output logits\n"
                                "cam pool\n";
    const int crop = 0, half = 1, pad = 2, pool = 3;

    write_moves();
    check_lines(NULL, lines);
    tensors[ops[5].output[0]].unknown = 0;
    check_refused("op 5 (RESHAPE): it makes other extents of 3 channels");
    ops[pool].code = TFLITE_AVERAGE_POOL_2D;
    check_refused("op 2 (PADV2): it pads with the least value, and others than maximum pools read that");
    tensors[ops[pad].input[2]].data = "\x81";
    check_refused("op 2 (PADV2): it pads with a code that is neither its zero point nor the lowest");
    ops[half].input[3] = ops[half].input[1];
    check_refused("op 1 (STRIDED_SLICE): it takes a part of every 0-th along axis 0");
    tensors[ops[crop].input[1]].data = (const uint8_t *)(int[]){ 0, 1, 0, 1 };
    check_refused("op 0 (SLICE): it takes parts along several axes");
}

/* A dead branch is left out; padding that not only windows read is a node of its own. */
static void test_padding(void)
{
    static const char lines[] = "pad padded x  pad 1,0,1,0\n"
                                "maxpool pool padded  kernel 2 stride 1 pad 0\n"
                                "mean mean pool  quant mean\n"
                                "linear logits mean  out 2  weight logits  quant logits\n"
                                "output logits\n"
                                "cam pool\n";
    int x, pads, padded, pool, dead;

    start();
    x = add_tensor("x", TFLITE_I8, DIM(1, 4, 4, 3), 1, 0); /* codes below zero: the largest is not 0 */
    pads = add_numbers("pads", (int[]){ 0, 0, 1, 1, 0, 0, 0, 0 }, 8);
    padded = add_tensor("padded", TFLITE_I8, DIM(1, 6, 4, 3), 1, 0);
    add_op(TFLITE_PAD, IN(x, pads), padded, 0);
    dead = add_tensor("dead", TFLITE_I8, DIM(1, 6, 4, 3), 1, 0);
    add_op(TFLITE_RELU, IN(padded), dead, 0);
    pool = add_tensor("pool", TFLITE_I8, DIM(1, 5, 3, 3), 1, 0);
    set_pool(add_op(TFLITE_MAX_POOL_2D, IN(padded), pool, 5), 1, 1, 2, 2);
    add_head(pool, TFLITE_I8, 3, 1, 0);
    check_lines(NULL, lines);
}

/* Dilation's zeros between the taps; what is cut off was padded. */
static void test_apart(void)
{
    static const char lines[] =
        "conv whole x  out 2 kernel 5 stride 1 pad 2,1,2,0 groups 1  weight whole  quant whole\n"
        "mean mean whole  quant mean\n"
        "linear logits mean  out 2  weight logits  quant logits\n"
        "output logits\n"
        "cam whole\n";
    const int apart = 0, conv = 1, together = 2;
    const struct tensor *t;
    struct deploy_network n;

    write_apart();
    check_lines(NULL, lines);
    CHECK(read_net(NULL, &n) == OK);
    t = table_find(&n.weights, "whole.weight");
    CHECK(t && t->dim[2] == 5 && tensor_at(t, 0) == 1 && tensor_at(t, 1) == 0 && tensor_at(t, 2) == 2 &&
          tensor_at(t, 5) == 0 && tensor_at(t, 10) == 4);
    deploy_free(&n);
#define BAD(words, ...) (write_apart(), __VA_ARGS__, check_refused(words))
    BAD("op 2 (CONV_2D): it has a stride, a dilation or a padding", ops[conv].option[0].value = 0);
    BAD("op 2 (CONV_2D): more is cut off than was padded",
        tensors[ops[together].input[2]].data = (const uint8_t *)(int[]){ 3, 1, 0, 1 });
    BAD("op 2 (BATCH_TO_SPACE_ND): input 0 is a map in batches",
        ops[together].input[0] = ops[apart].output[0]);
    BAD("op 3 (MEAN): input 0 is a map in batches", ops[3].input[0] = ops[conv].output[0]);
    BAD("op 0 (SPACE_TO_BATCH_ND): its blocks are not equal",
        tensors[ops[apart].input[1]].data = (const uint8_t *)(int[]){ 2, 3 });
    BAD("op 0 (SPACE_TO_BATCH_ND): side -1 is not from 0",
        tensors[ops[apart].input[2]].data = (const uint8_t *)(int[]){ 2, 3, -1, 1 });
    BAD("op 2 (BATCH_TO_SPACE_ND): its output has another type",
        tensors[ops[together].output[0]].zero[0] = 4);
    BAD("other extents in the file than 2x5x3", tensors[ops[together].output[0]].dim[1] = 3,
        tensors[ops[together].output[0]].dim[2] = 5);
#undef BAD
}

int main(void)
{
    test_moves();
    test_padding();
    test_apart();
    CHECK(mem_live() == 0);
    return check_result("deploy/tflite_move");
}
