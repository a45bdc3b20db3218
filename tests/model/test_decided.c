/* What binding decided, in words. */
#include "checkpoint.h"

static void check(const struct model *m, struct tensor_table *t, const struct model_reading *how,
                  const char *lines)
{
    struct model_binding b = { 0 };
    struct text out = { .max = 4096 };

    CHECK_MSG(model_bind(m, t, how, &b) == OK, "%s", error_last()->text);
    CHECK(model_decided(&b, &out) == OK);
    CHECK_MSG(strcmp(out.data ? out.data : "", lines) == 0, "\n%s", out.data ? out.data : "");
    text_free(&out);
    model_unbind(&b);
    table_free(t);
}

/* Nothing finds it under its name any more. */
static void lose(struct tensor_table *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->entry[i].name, name) == 0)
            t->entry[i].name[0] = 'z';
}

static void put_six(struct tensor_table *t, int biases)
{
    char name[16];

    t->source = mem_strdup("x.pth");
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof name, "c%d.weight", i);
        put(t, DTYPE_F32, name, 4, (int64_t[]){ 3, 3, 1, 1 });
        snprintf(name, sizeof name, "c%d.bias", i);
        if (i < biases)
            put(t, DTYPE_F32, name, 1, (int64_t[]){ 3 });
    }
}

/* A layer without bias and batch normalisation is named; one before its normalisation is not. */
static void test_biases(const struct model *m)
{
    static const char chain[] = "model m\n"
                                "input image 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1\n"
                                "conv a image out 3 kernel 1 stride 1 pad 0 groups 1 weight c0\n"
                                "conv b a out 3 kernel 1 stride 1 pad 0 groups 1 weight c1\n"
                                "conv d b out 3 kernel 1 stride 1 pad 0 groups 1 weight c2\n"
                                "conv e d out 3 kernel 1 stride 1 pad 0 groups 1 weight c3\n"
                                "conv f e out 3 kernel 1 stride 1 pad 0 groups 1 weight c4\n"
                                "conv g f out 3 kernel 1 stride 1 pad 0 groups 1 weight c5\n"
                                "avgpool p g\noutput p\ncam g\n";
    struct tensor_table t = { 0 };
    struct model six;

    CHECK_MSG(model_parse("m.model", chain, strlen(chain), &six) == OK, "%s", error_last()->text);
    put_six(&t, 6);
    check(&six, &t, NULL, "");
    put_six(&t, 5);
    check(&six, &t, NULL, "c5 has no bias: taken as 0\n");
    put_six(&t, 0);
    check(&six, &t, NULL, "c0, c1, c2, c3 and 2 more have no bias: taken as 0\n");
    make_float(&t);
    lose(&t, "f.bias");
    check(m, &t, &(struct model_reading){ .allow_unused = 1 },
          "tensors that the network does not use, as unused = allow permits: 1\n"
          "f has no bias: taken as 0\n");
    make_int8(&t, "f.weight", 1); /* its convolution's normalisation is folded, and so is a bias wanted */
    lose(&t, "c.bias");
    check(m, &t, &(struct model_reading){ .allow_unused = 1 },
          "tensors that the network does not use, as unused = allow permits: 1\n"
          "c, f have no bias: taken as 0\n");
    model_free(&six);
}

/* A quantized file says its bits where they are not 8, and that it runs rounded. */
static void test_bits(void)
{
    static const struct model_reading rounded = { .form = PRECISION_ROUNDED };
    struct model m;
    struct tensor_table t = { 0 };
    struct model_binding b;
    struct text out = { .max = 4096 };

    make_model(&m);
    make_int8(&t, "f.weight", 1);
    get(&t, "c.weight")->bits = 4;
    CHECK(model_bind(&m, &t, &rounded, &b) == OK && model_decided(&b, &out) == OK);
    CHECK_MSG(strstr(out.data, "runs in real numbers, every output rounded to its codes\n"
                               "codes of weights have 4 bits (8 in 1 of 2 layers), of outputs 8 bits\n"),
              "%s", out.data);
    text_free(&out);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

int main(void)
{
    static const char relu6[] = "model m\n"
                                "input image 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1 quant q\n"
                                "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c bn n eps 1e-5\n"
                                "relu6 r c\nhardsigmoid s r\nmul x r s quant x\navgpool p x\n"
                                "linear f p out 5 weight f\noutput f\ncam r\nignore aux*\n";
    static const struct model_reading clamp = { .relu6 = MODEL_RELU6_CLAMP }, allow = { .allow_unused = 1 };
    struct model m, six;
    struct tensor_table t = { 0 };

    make_model(&m);
    CHECK(model_parse("m.model", relu6, strlen(relu6), &six) == OK);
    make_float(&t);
    check(&m, &t, NULL, "");
    make_float(&t);
    put_before(&t, "module.", 0);
    t.state = mem_strdup("model");
    t.other_states = mem_strdup("model_ema");
    t.remark = mem_strdup("00000500 in its name is a step");
    CHECK(table_add_absent(&t, "mask", "is a sparse tensor", 1) == OK);
    CHECK(table_add_absent(&t, "module.aux.mask", "is a sparse tensor", 1) == OK);
    CHECK(table_add_absent(&t, "epoch", "is a number", 0) == OK);
    put_value(&t, "aux.weight", 1);
    put_value(&t, "more", 1);
    check(&six, &t, &allow,
          "00000500 in its name is a step\n"
          "state dict model is read, beside it lie model_ema\n"
          "the prefix module. is taken off all names\n"
          "tensors left out by the description's lines `ignore`: 2\n"
          "tensors that the network does not use, as unused = allow permits: 2\n");
    make_float(&t);
    t.state = mem_strdup("ema");
    check(&m, &t, NULL, "state dict ema is read\n");
    make_float(&t);
    t.other_states = mem_strdup("ema");
    check(&m, &t, NULL, "state dict (the file itself) is read, beside it lie ema\n");
    make_int8(&t, "f.weight", 1);
    check(&six, &t, NULL,
          "f has no bias: taken as 0\n"
          "relu6 runs as relu, as torch's own files want it; if the network was exported with a "
          "clamp, say relu6 = clamp\n");
    make_int8(&t, "f.weight", 1);
    check(&six, &t, &clamp, "f has no bias: taken as 0\nrelu6 clamps at 6, as relu6 = clamp says\n");
    make_int8(&t, "f.weight", 1);
    CHECK(table_add_note(&t, "quantcam.relu6", "clamp") == OK);
    check(&six, &t, NULL, "f has no bias: taken as 0\nrelu6 clamps at 6, as the checkpoint notes\n");
    test_biases(&m);
    model_free(&m);
    model_free(&six);
    CHECK(mem_live() == 0);
    test_bits();
    return check_result("model/decided");
}
