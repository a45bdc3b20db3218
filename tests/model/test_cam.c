/* tests/model/test_cam.c: which node is the CAM layer, its name in words, and a convolution taken apart from
 * its batch normalisation: the graph, both layers' numbers by hand, and which checkpoints have no such layer.
 */
#include <math.h>

#include "checkpoint.h"

/* Another CAM layer: its own values show, so what was fused with its relu no longer is. */
static void test_choose_cam(void)
{
    static const char text[] = "model m\ninput i 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1\n"
                               "conv a i out 4 kernel 1 stride 1 pad 0 groups 1 weight a\nrelu r a\n"
                               "conv b r out 4 kernel 1 stride 1 pad 0 groups 1 weight b\n"
                               "avgpool pool b\nlinear fc pool out 2 weight fc\noutput fc\ncam b\n";
    struct model m;

    CHECK(model_parse("x.model", text, sizeof text - 1, &m) == OK);
    CHECK(model_choose_cam(&m, "") == OK && m.cam == 3 && model_fused_relu(&m, 1) == 2);
    CHECK(model_choose_cam(&m, "a") == OK && m.cam == 1 && model_fused_relu(&m, 1) == -1);
    CHECK(model_choose_cam(&m, "r") == OK && m.cam == 2 && model_fused_relu(&m, 1) == 2);
    CHECK(model_choose_cam(&m, "pol") == ERR_USAGE && m.cam == 2);
    CHECK_MSG(
        strcmp(error_last()->text, "the CAM layer 'pol' is no node of x.model (did you mean 'pool'?)") == 0,
        "%s", error_last()->text);
    CHECK(model_choose_cam(&m, "quite another") == ERR_USAGE);
    CHECK_MSG(strcmp(error_last()->text, "the CAM layer 'quite another' is no node of x.model") == 0, "%s",
              error_last()->text);
    CHECK(model_choose_cam(&m, "pool") == ERR_USAGE && m.cam == 2);
    CHECK_MSG(strcmp(error_last()->text, "the CAM layer pool of x.model is 4x1x1: it has no map") == 0, "%s",
              error_last()->text);
    model_free(&m);
}

static void check_says(const char *what)
{
    CHECK_MSG(strcmp(error_last()->text, what) == 0, "%s", error_last()->text);
}

/* Plain names: behind the batch normalisation, whose name is one too. */
static void test_words(void)
{
    char words[MODEL_CAM_WORDS];
    struct model m;

    make_model(&m);
    CHECK(strcmp(model_cam_words(&m, words, sizeof words), "r") == 0);
    CHECK(model_choose_cam(&m, "n") == OK && m.cam == 1 && m.apart == 0);
    CHECK(strcmp(model_cam_words(&m, words, sizeof words), "c, after n") == 0);
    CHECK(model_cam_allows(&m, PRECISION_CODES) == OK);
    CHECK(model_choose_cam(&m, "c") == OK && m.cam == 1 && m.apart == 0 && m.nodes == 7);
    CHECK(model_choose_cam(&m, "n before bn") == ERR_USAGE);
    check_says("the CAM layer 'n' is no node of m.model (did you mean 'c'?)");
    CHECK(model_choose_cam(&m, "r before bn") == ERR_USAGE && m.cam == 1);
    check_says(
        "the CAM layer r before bn: m.model:4: r is a relu without a batch normalisation of its own: say "
        "r alone");
    model_free(&m);
}

static void test_apart(void)
{
    static const char *const order[] = { "image", "c", "n", "r", "s", "x", "p", "f" };
    char words[MODEL_CAM_WORDS];
    struct model m;

    make_model(&m);
    CHECK(model_choose_cam(&m, "c before bn") == OK && m.nodes == 8 && m.cam == 1 && m.apart == 2);
    for (int i = 0; i < m.nodes; i++)
        CHECK_MSG(model_find(&m, order[i]) == i, "%s", order[i]);
    CHECK(m.output == 7 && m.node[1].bn[0] == 0 && m.node[2].op == OP_BATCHNORM);
    CHECK(m.node[2].c == 2 && m.node[2].h == 4 && m.node[2].w == 4 && m.node[2].bn_eps == 1e-5);
    CHECK(m.node[1].input[0] == 0 && m.node[2].input[0] == 1 && m.node[3].input[0] == 2);
    CHECK(m.node[4].input[0] == 3 && m.node[5].input[0] == 3 && m.node[5].input[1] == 4);
    CHECK(m.node[6].input[0] == 5 && m.node[7].input[0] == 6);
    CHECK(model_fused_relu(&m, 1) == -1 && model_fused_relu(&m, 2) == 3);
    CHECK(strcmp(model_cam_words(&m, words, sizeof words), "c, before n") == 0);
    CHECK(model_cam_allows(&m, PRECISION_REAL) == OK && model_cam_allows(&m, PRECISION_ROUNDED) == OK);
    CHECK(model_cam_allows(&m, PRECISION_CODES) == ERR_USAGE);
    check_says("the CAM layer c before bn is of real or rounded numbers, and integers have n folded into it: "
               "leave out the precisions of integers, or say cam.layer = c");
    model_free(&m);
}

/* gamma 2 and 0, beta 1 and 3, mean 4 and 5, variance 1 and 4 (eps 1e-5 is lost in neither): the convolution
 * keeps its weights and has no bias; behind it x -> 2 (x - 4) + 1, and 3 whatever x is. */
static void test_numbers(void)
{
    static const float numbers[][2] = { { 2, 0 }, { 1, 3 }, { 4, 5 }, { 1, 4 } };
    static const char *const names[] = { "n.weight", "n.bias", "n.running_mean", "n.running_var" };
    struct tensor_table t = { 0 };
    struct model_layer layer;
    struct model_affine affine;
    struct model_binding b;
    struct model m;

    make_model(&m);
    make_float(&t);
    CHECK(model_choose_cam(&m, "c before bn") == OK);
    for (int i = 0; i < 4; i++)
        memcpy(table_find(&t, names[i])->data, numbers[i], sizeof numbers[i]);
    for (int i = 0; i < 6; i++)
        ((float *)table_find(&t, "c.weight")->data)[i] = (float)(i + 1);
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK(b.folded == 0 && b.unbiased == 0);
    CHECK(model_layer_load(&b, 1, &layer) == OK);
    for (int i = 0; i < 6; i++)
        CHECK_MSG(layer.weight_real[i] == (float)(i + 1), "%d: %g", i, (double)layer.weight_real[i]);
    CHECK(layer.bias[0] == 0 && layer.bias[1] == 0);
    CHECK(model_affine_load(&b, 2, &affine) == OK);
    CHECK(fabsf(affine.scale[0] - 2) < 2e-5f);
    CHECK(fabsf(affine.shift[0] + 7) < 1e-4f);
    CHECK(affine.scale[1] == 0 && affine.shift[1] == 3);
    model_affine_free(&affine);
    model_layer_free(&layer);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

/* Integers, and numbers whose batch normalisation is folded. */
static void test_refused(void)
{
    const struct model_reading rounded = { .form = PRECISION_ROUNDED };
    struct tensor_table t = { 0 };
    struct model_binding b;
    struct model m;

    make_model(&m);
    make_int8(&t, "f.weight", 1);
    CHECK(model_choose_cam(&m, "c before bn") == OK);
    CHECK(model_bind(&m, &t, NULL, &b) == ERR_USAGE);
    CHECK_MSG(strstr(error_last()->text, "x.pth: the CAM layer c before bn is of real or rounded numbers"),
              "%s", error_last()->text);
    CHECK(model_bind(&m, &t, &rounded, &b) == ERR_MISMATCH);
    CHECK_MSG(strstr(error_last()->text, "x.pth: it has no n, which is folded: say cam.layer = c, or"), "%s",
              error_last()->text);
    table_free(&t);
    model_free(&m);
}

int main(void)
{
    test_choose_cam();
    test_words();
    test_apart();
    test_numbers();
    test_refused();
    CHECK(mem_live() == 0);
    return check_result("model/cam");
}
