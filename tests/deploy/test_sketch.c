/* tests/deploy/test_sketch.c: names, lines, tensors and the end of a network that is being translated. */
#include "deploy/sketch.h"

#include <string.h>

#include "check.h"

static void check_name(const struct sketch *d, const char *wanted, const char *is)
{
    char out[MODEL_NAME];

    CHECK_MSG(strcmp(sketch_name(d, wanted, out), is) == 0, "'%s' became '%s', not '%s'", wanted, out, is);
}

static void test_names(void)
{
    struct sketch d = { .path = "net" };
    char longest[300], out[MODEL_NAME];
    int node, input = 0;

    check_name(&d, "conv", "conv");
    check_name(&d, "/layer1/layer1.0/Conv_output_0", "layer1.layer1.0.Conv_output_0");
    check_name(&d, "a b#c;d\n\xc3\xa9", "a_b_c_d___");
    check_name(&d, "", "_");
    check_name(&d, "/", "_");
    check_name(&d, "kernel", "kernel_0");
    check_name(&d, "quant", "quant_0");
    memset(longest, 'x', sizeof longest);
    strcpy(longest + sizeof longest - 4, "end");
    CHECK(strlen(sketch_name(&d, longest, out)) == SKETCH_NAME);
    CHECK(strcmp(out + SKETCH_NAME - 4, "xend") == 0);
    CHECK(sketch_add(&d, "relu", "conv", &input, 0, (struct sketch_shape){ 1, 1, 1 }, NULL, &node, "%s",
                     "") == OK);
    CHECK(sketch_add(&d, "relu", longest, &input, 0, (struct sketch_shape){ 1, 1, 1 }, NULL, &node, "%s",
                     "") == OK);
    check_name(&d, "conv", "conv_2");
    CHECK(strcmp(sketch_name(&d, longest, out), d.node[1].name) != 0 && strlen(out) < MODEL_NAME);
    sketch_free(&d);
}

static void check_window(struct sketch_window w, const char *is)
{
    char out[SKETCH_WINDOW];

    CHECK_MSG(strcmp(sketch_window_words(&w, out), is) == 0, "'%s', not '%s'", out, is);
}

static void test_windows(void)
{
    check_window((struct sketch_window){ 3, 3, 2, 1, 1, 1, 1 }, " kernel 3 stride 2 pad 1");
    check_window((struct sketch_window){ 1, 7, 1, 0, 3, 0, 3 }, " kernel 1x7 stride 1 pad 0,3,0,3");
    check_window((struct sketch_window){ 3, 3, 2, 0, 0, 1, 1 }, " kernel 3 stride 2 pad 0,0,1,1");
    check_window((struct sketch_window){ 3, 3, 2, 1, 1, 1, 0 }, " kernel 3 stride 2 pad 1,1,1,0");
}

static void test_input(void)
{
    struct sketch d = { .path = "net" };
    const struct sketch_shape rgb = { 3, 32, 32 };
    const struct sketch_codes bytes = { 1, 0 };
    struct deploy_options own = { .input = "resize squash bicubic mean 1 1 1 std 2 2 2" };

    CHECK(sketch_input(&d, "input", rgb, NULL, NULL, 0) == ERR_USAGE);
    CHECK(strstr(error_last()->text, "say --input=\"resize squash") != NULL);
    CHECK(sketch_input(&d, "input", (struct sketch_shape){ 2, 32, 32 }, NULL, &bytes, 0) == ERR_FORMAT);
    own.input = "resize squash\nmodel";
    CHECK(sketch_input(&d, "input", rgb, &own, &bytes, 0) == ERR_USAGE);
    own.input = "resize squash bicubic mean 1 1 1 std 2 2 2";
    CHECK(d.nodes == 0);
    CHECK(sketch_input(&d, "image", rgb, &own, &bytes, 1) == OK);
    CHECK(strcmp(d.node[0].words, "3 32 32  resize squash bicubic mean 1 1 1 std 2 2 2  quant image") == 0);
    sketch_free(&d);
}

/* Codes are taken for bytes where they are those of 0 .. 1, 0 .. 255, -1 .. 1 or -128 .. 127. */
static void test_bytes(void)
{
    static const struct {
        struct sketch_codes codes;
        int taken;
    } of[] = { { { 1 / 255.0, 0 }, 1 },   { { 0.00391, 0 }, 1 },   { { 1, 0 }, 1 },
               { { 0.0078125, 128 }, 1 }, { { 0.00784, 127 }, 1 }, { { 1, 128 }, 1 },
               { { 0.0187, 114 }, 0 },    { { 0.0235, 0 }, 0 },    { { 0.0078125, 0 }, 0 },
               { { 0.95, 0 }, 0 },        { { 1.08, 115 }, 0 },    { { 1 / 255.0, 128 }, 0 } };
    const struct deploy_options look = { .look = 1, .skip = -1 };

    for (size_t i = 0; i < COUNT_OF(of); i++) {
        struct sketch d = { .path = "net" };

        CHECK(sketch_input(&d, "input", (struct sketch_shape){ 1, 8, 8 }, NULL, &of[i].codes, 1) ==
              (of[i].taken ? OK : ERR_USAGE));
        sketch_free(&d);
        CHECK(sketch_input(&d, "input", (struct sketch_shape){ 1, 8, 8 }, &look, &of[i].codes, 1) == OK);
        sketch_free(&d);
    }
    CHECK(strstr(error_last()->text, "codes stand for -0.502 .. 0.498, ") != NULL);
    CHECK(strstr(error_last()->text, "\"resize squash bilinear  mean 0.50196078431372548  std 1\" takes") !=
          NULL);
}

/* A small network to the end: what is written, and that model_parse takes it. */
static void add_small(struct sketch *d, int classes, int *output)
{
    int node;

    CHECK(sketch_input(d, "image", (struct sketch_shape){ 3, 8, 8 }, NULL,
                       &(struct sketch_codes){ 1 / 255.0, 0 }, 1) == OK);
    node = 0;
    CHECK(sketch_add(d, "conv", "net/conv", &node, 1, (struct sketch_shape){ 4, 4, 4 }, "", &node,
                     "out 4 kernel 3 stride 2 pad 1 groups 1  weight %s", "net.conv") == OK);
    CHECK(sketch_add(d, "relu", "net/relu", &node, 1, (struct sketch_shape){ 4, 4, 4 }, NULL, &node, "%s",
                     "") == OK);
    CHECK(sketch_origin(d, node, "net/relu") == OK);
    CHECK(sketch_add(d, "avgpool", "pool", &node, 1, (struct sketch_shape){ 4, 1, 1 }, NULL, &node, "%s",
                     "") == OK);
    CHECK(sketch_add(d, "linear", "logits", &node, 1, (struct sketch_shape){ classes, 1, 1 }, NULL, output,
                     "out %d  weight logits", classes) == OK);
}

static void test_finish(void)
{
    static const char text[] =
        "model a_b  \n"
        "input image  3 8 8  resize squash bilinear  mean 0 0 0  std 1 1 1  quant image\n"
        "conv net.conv image  out 4 kernel 3 stride 2 pad 1 groups 1  weight net.conv"
        "  quant net.conv\n"
        "relu net.relu net.conv\n"
        "avgpool pool net.relu\n"
        "linear logits pool  out 7  weight logits\n"
        "output logits\n"
        "cam net.relu\n";
    struct sketch d = { .path = "some/a b.tflite" };
    struct deploy_network net = { 0 };
    struct model m = { 0 };
    int output;

    add_small(&d, 7, &output);
    CHECK(sketch_finish(&d, output, NULL, &net) == OK);
    CHECK_MSG(strcmp(net.description, text) == 0, "%s", net.description);
    CHECK(net.size == strlen(text));
    CHECK(strstr(net.decided.data, "as they are"));
    CHECK(strcmp(table_note(&net.weights, "tensor.net.relu"), "net/relu") == 0);
    CHECK(model_parse("a b.tflite", net.description, net.size, &m) == OK);
    CHECK(m.classes == 7);
    model_free(&m);
    deploy_free(&net);
    sketch_free(&d);
}

static void test_background(void)
{
    struct sketch d = { .path = "net" };
    struct deploy_options how = { .skip = 0 };
    struct deploy_network net = { 0 };
    int output;

    add_small(&d, 1001, &output);
    CHECK(sketch_finish(&d, output, NULL, &net) == OK);
    CHECK(
        strstr(net.description, "\nslice classes logits  begin 1 out 1000\noutput classes\ncam net.relu\n"));
    CHECK(strstr(net.decided.data, "1001 classes: the first, the background, is left out"));
    deploy_free(&net);
    sketch_free(&d);
    d.path = "net";
    add_small(&d, 1001, &output);
    CHECK(sketch_finish(&d, output, &how, &net) == OK);
    CHECK(strstr(net.description, "\noutput logits\n") && !strstr(net.description, "slice"));
    deploy_free(&net);
    sketch_free(&d);
    d.path = "net";
    how.skip = 1;
    add_small(&d, 1, &output);
    CHECK(sketch_finish(&d, output, &how, &net) == ERR_USAGE);
    CHECK(sketch_finish(&d, 2, &how, &net) == ERR_FORMAT);
    CHECK(strstr(error_last()->text, "a map of 4x4x4"));
    sketch_free(&d);
}

static void test_tensors(void)
{
    struct sketch d = { .path = "net" };
    struct tensor t = { 0 };
    const struct tensor *is;

    CHECK(tensor_alloc(&t, DTYPE_S8, 2, (int64_t[]){ 3, 2 }) == OK);
    CHECK(sketch_quantize(&t, 3) == OK);
    CHECK(t.quantization == TENSOR_PER_CHANNEL && t.channels == 3 && t.scale[2] == 1);
    CHECK(sketch_tensor(&d, "a", ".weight", &t) == OK);
    CHECK(table_find(&d.weights, "a.weight") != NULL);
    CHECK(sketch_params(&d, "a", 0.5, 3, 128) == OK);
    CHECK(sketch_params(&d, "b", 0.25, 0, 0) == OK);
    is = table_find(&d.weights, "a.scale");
    CHECK(is && is->dtype == DTYPE_F64 && tensor_at(is, 0) == 0.5);
    is = table_find(&d.weights, "a.zero_point");
    CHECK(is && is->dtype == DTYPE_S64 && tensor_at(is, 0) == 3);
    is = table_find(&d.weights, "a.codes");
    CHECK(is && is->dtype == DTYPE_S32 && tensor_at(is, 0) == 0 && tensor_at(is, 1) == 255);
    is = table_find(&d.weights, "a.offset");
    CHECK(is && is->dtype == DTYPE_S32 && tensor_at(is, 0) == 128);
    CHECK(!table_find(&d.weights, "b.offset"));
    CHECK(tensor_alloc(&t, DTYPE_S8, 1, (int64_t[]){ 2 }) == OK);
    CHECK(sketch_quantize(&t, 0) == OK && t.quantization == TENSOR_PER_TENSOR && t.channels == 1);
    tensor_free(&t);
    sketch_free(&d);
}

int main(void)
{
    test_names();
    test_windows();
    test_input();
    test_bytes();
    test_finish();
    test_background();
    test_tensors();
    CHECK(mem_live() == 0);
    return check_result("deploy/sketch");
}
