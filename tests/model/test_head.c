/* The classifiers of tiny checkpoints (tests/fixtures/tiny) and of networks made in memory. */
#include "deployed.h"
#include "weight.h"

#define TINY "tests/fixtures/tiny/"
#define START                                                                                                \
    "model m\ninput image 3 2 2 resize 2 bilinear crop 2 mean 0 0 0 std 1 1 1 quant q\n"                     \
    "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c\nrelu r c\n"

/* One layer: the codes times their scales, as the layer itself has them. */
static void one_layer(const struct model *m, const char *name)
{
    struct tensor_table weights = { 0 };
    struct model_binding b = { 0 };
    struct model_layer l = { 0 };
    struct model_head head = { 0 };
    char path[128];

    snprintf(path, sizeof path, TINY "%s.pth", name);
    CHECK(weight_load(path, NULL, &weights) == OK && model_bind(m, &weights, NULL, &b) == OK);
    CHECK(model_layer_load(&b, m->output, &l) == OK);
    CHECK_MSG(model_head_load(&b, &head) == OK, "%s: %s", name, error_last()->text);
    model_unbind(&b);
    table_free(&weights);
    CHECK(head.classes == 3 && head.channels == 4 && head.hidden == 0 && !head.first_weight);
    for (int c = 0; c < 3 && head.weight; c++) {
        CHECK(head.bias[c] == l.bias[c]);
        for (int k = 0; k < 4; k++) {
            int i = 4 * c + k;
            float expected = l.weight_int ? (float)(l.scale[l.scales > 1 ? c : 0] * l.weight_int[i])
                                          : l.weight_real[i];
            CHECK_MSG(head.weight[i] == expected, "%s: %g, not %g", name, head.weight[i], expected);
        }
    }
    model_layer_free(&l);
    model_head_free(&head);
    model_head_free(&head);
    CHECK(!head.weight);
}

static void one_layers(void)
{
    static const char *const names[] = { "fp32", "per_channel", "per_tensor", "qat_on" };
    struct model m = { 0 };
    char *text;
    size_t size;

    CHECK(text_read_file(TINY "tiny.model", 1 << 16, &text, &size) == OK);
    CHECK(model_parse("tiny.model", text, size, &m) == OK);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        one_layer(&m, names[i]);
    model_free(&m);
    mem_free(text);
}

/* A tensor whose elements are from, from + 1, ... */
static void count_up(struct tensor_table *table, const char *name, int rank, const int64_t *dim, float from)
{
    struct tensor t;

    CHECK(tensor_alloc(&t, DTYPE_F32, rank, dim) == OK);
    for (int64_t i = 0; i < tensor_count(&t); i++)
        ((float *)t.data)[i] = from + (float)i;
    CHECK(table_take(table, name, &t) == OK);
}

static status load(const char *text, struct model_head *head)
{
    struct tensor_table t = { .source = mem_strdup("x.pth") };
    struct model m = { 0 };
    struct model_binding b = { 0 };
    status result;

    count_up(&t, "c.weight", 4, (int64_t[]){ 2, 3, 1, 1 }, 0);
    count_up(&t, "f.weight", 2, (int64_t[]){ 3, 2 }, 10);
    count_up(&t, "f.bias", 1, (int64_t[]){ 3 }, 20);
    count_up(&t, "g.weight", 2, (int64_t[]){ 2, 3 }, 30);
    count_up(&t, "g.bias", 1, (int64_t[]){ 2 }, 40);
    CHECK_MSG(model_parse("m.model", text, strlen(text), &m) == OK, "%s", error_last()->text);
    CHECK_MSG(model_bind(&m, &t, &(struct model_reading){ .allow_unused = 1 }, &b) == OK, "%s",
              error_last()->text);
    result = model_head_load(&b, head);
    model_unbind(&b);
    model_free(&m);
    table_free(&t);
    return result;
}

static void two_layers(void)
{
    struct model_head head;

    CHECK(load(START "mean p r\nlinear f p out 3 weight f\nhardswish h f\nlinear g h out 2 weight g\n"
                     "output g\ncam r\n", &head) == OK);
    CHECK(head.classes == 2 && head.channels == 2 && head.hidden == 3);
    CHECK(head.weight[0] == 30 && head.weight[5] == 35 && head.bias[1] == 41);
    CHECK(head.first_weight[0] == 10 && head.first_weight[5] == 15 && head.first_bias[2] == 22);
    model_head_free(&head);
}

/* Another activation between; a map that the pooling does not see; one that it sees through a relu; no linear
 * layer. */
static void others(void)
{
    static const char *const texts[][2] = {
        { START "mean p r\nlinear f p out 3 weight f\nrelu h f\nlinear g h out 2 weight g\noutput g\ncam r\n",
          "CAM layer r and one linear layer, or two with a hardswish between: the relu h does not fit" },
        { START "maxpool x r kernel 2 stride 2 pad 0\nmean p x\nlinear f p out 3 weight f\noutput f\ncam r\n",
          "the mean p does not fit" },
        { START "mean p r\nlinear f p out 3 weight f\noutput f\ncam c\n",
          "pooling of the CAM layer c and one linear layer" },
        { START "mean p r\noutput p\ncam r\n", "the mean p does not fit" },
    };
    struct model_head head = { 0 };

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        CHECK(load(texts[i][0], &head) == ERR_MISMATCH && !head.weight);
        CHECK_MSG(strstr(error_last()->text, "m.model:") && strstr(error_last()->text, texts[i][1]), "%s",
                  error_last()->text);
    }
}

/* Codes with a zero point, a convolution of one position, the first class left out. */
static void deployed(void)
{
    struct tensor_table t = { 0 };
    struct model_binding b;
    struct model_head head;
    struct model m;

    CHECK(model_parse("d.model", deployed_description, strlen(deployed_description), &m) == OK);
    make_deployed(&t, "tflite");
    get(&t, "f.weight")->zero_point[0] = 2;
    ((int32_t *)put(&t, DTYPE_S32, "f.bias", 1, (int64_t[]){ 4 })->data)[2] = 8;
    CHECK_MSG(model_bind(&m, &t, NULL, &b) == OK, "%s", error_last()->text);
    CHECK_MSG(model_head_load(&b, &head) == OK, "%s", error_last()->text);
    CHECK(head.classes == 3 && head.channels == 2 && head.hidden == 0);
    for (int i = 0; i < 6; i++) /* codes -5 .. 2, of which 2 stand for 0 */
        CHECK_MSG(head.weight[i] == 0.5f * (float)(i + 2 - 5 - 2), "%d: %g", i, (double)head.weight[i]);
    CHECK(head.bias[0] == 0 && head.bias[1] == 8 * 0.375f * 0.5f);
    model_head_free(&head);
    model_unbind(&b);
    table_free(&t);
    model_free(&m);
}

int main(void)
{
    deployed();
    one_layers();
    two_layers();
    others();
    return check_result("model/head");
}
