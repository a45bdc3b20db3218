/* The ops' names, and that every description in models/ is what it says. */
#include "check.h"
#include "model/model_parts.h"

#include <string.h>

static void check_description(const char *path, int nodes, int classes, const char *cam, int c, int side)
{
    char *text;
    size_t size;
    struct model m;

    CHECK_MSG(text_read_file(path, 1 << 20, &text, &size) == OK, "%s", error_last()->text);
    CHECK_MSG(model_parse(path, text, size, &m) == OK, "%s", error_last()->text);
    CHECK_MSG(m.nodes == nodes && m.classes == classes, "%s: %d nodes, %d classes", path, m.nodes, m.classes);
    CHECK_MSG(strcmp(m.node[m.cam].name, cam) == 0, "%s", m.node[m.cam].name);
    CHECK_MSG(m.node[m.cam].c == c && m.node[m.cam].h == side && m.node[m.cam].w == side, "%s: %d channels",
              path, m.node[m.cam].c);
    model_free(&m);
    mem_free(text);
}

/* One user that is a relu, and neither CAM layer nor output. */
static void test_fused_relu(void)
{
    static const char text[] =
        "model m\ninput i 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1\n"
        "conv a i out 3 kernel 1 stride 1 pad 0 groups 1 weight a\nrelu6 ar a\n"
        "add s ar i\nrelu sr s\nhardswish h sr\nrelu hr h\n"
        "conv b hr out 3 kernel 1 stride 1 pad 0 groups 1 weight b\nrelu br b\nadd t br b\n"
        "conv c t out 3 kernel 1 stride 1 pad 0 groups 1 weight c\nrelu cr c\nmul d cr cr\nrelu dr d\n"
        "avgpool p dr\nlinear f p out 2 weight f\noutput f\ncam c\n";
    struct model m;
    int fused = 0;

    CHECK_MSG(model_parse("x.model", text, sizeof text - 1, &m) == OK, "%s", error_last()->text);
    CHECK(model_fused_relu(&m, model_find(&m, "a")) == model_find(&m, "ar"));
    CHECK(model_fused_relu(&m, model_find(&m, "s")) == model_find(&m, "sr"));
    CHECK(model_fused_relu(&m, model_find(&m, "d")) == model_find(&m, "dr"));
    for (int i = 0; i < m.nodes; i++) /* h: no such op; b: two users; c: the CAM layer */
        fused += model_fused_relu(&m, i) >= 0;
    CHECK(fused == 3);
    strcpy(m.node[model_find(&m, "ar")].quant, "q"); /* a scale of its own: a step of its own */
    CHECK(model_fused_relu(&m, model_find(&m, "a")) == -1);
    m.node[model_find(&m, "ar")].quant[0] = '\0';
    m.cam = model_find(&m, "a");
    CHECK(model_fused_relu(&m, m.cam) == -1 && model_fused_relu(&m, model_find(&m, "c")) >= 0);
    model_free(&m);
}

/* As in DenseNet: a joins a cat that a batch normalisation alone and the next cat read, c a pool before one.
 * d's second reader, e's relu, and f, the output, have none. */
static void test_shifted(void)
{
    static const char text[] = "model m\ninput i 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1\n"
                               "conv a i out 3 kernel 1 stride 1 pad 0 groups 1 weight a\ncat j i a\n"
                               "batchnorm n j weight n eps 1e-05\nrelu nr n\n"
                               "conv b nr out 3 kernel 1 stride 1 pad 0 groups 1 weight b\ncat k j b\n"
                               "batchnorm o k weight o eps 1e-05\n"
                               "conv c o out 4 kernel 1 stride 1 pad 0 groups 1 weight c\n"
                               "avgpool2d p c kernel 2 stride 2\nbatchnorm q p weight q eps 1e-05\n"
                               "conv d q out 4 kernel 1 stride 1 pad 0 groups 1 weight d\nbatchnorm r d "
                               "weight r eps 1e-05\nadd s d r\n"
                               "conv e s out 4 kernel 1 stride 1 pad 0 groups 1 weight e\nrelu er "
                               "e\nbatchnorm t er weight t eps 1e-05\n"
                               "avgpool u t\nlinear f u out 2 weight f\noutput f\ncam t\n";
    struct model m;

    CHECK_MSG(model_parse("x.model", text, sizeof text - 1, &m) == OK, "%s", error_last()->text);
    for (int i = 0; i < m.nodes; i++)
        if (model_has_weights(&m.node[i]))
            CHECK_MSG(model_is_shifted(&m, i) == (strchr("abc", m.node[i].name[0]) != NULL), "%s",
                      m.node[i].name);
    model_free(&m);
}

int main(void)
{
    static const char *const names[OP_COUNT] = {
        "input",     "conv",        "linear",  "batchnorm", "layernorm", "scale",      "relu",   "relu6",
        "hardswish", "hardsigmoid", "silu",    "sigmoid",   "tanh",      "gelu",       "clip",   "leakyrelu",
        "maxpool",   "avgpool2d",   "avgpool", "mean",      "add",       "sub",        "mul",    "cat",
        "slice",     "shortcut",    "shuffle", "pad",       "quantize",  "dequantize", "dropout"
    };

    for (int i = 0; i < OP_COUNT; i++)
        CHECK_MSG(strcmp(model_op_name((enum model_op)i), names[i]) == 0, "op %d", i);
    check_description("models/resnet18.model", 49, 1000, "layer4.1", 512, 7);
    check_description("models/mobilenet_v2.model", 100, 1000, "features.18.2", 1280, 7);
    check_description("models/mobilenet_v2_same.model", 100, 1000, "features.18.2", 1280, 7);
    check_description("models/mobilenet_v3_large.model", 140, 1000, "features.16.2", 960, 7);
    check_description("models/shufflenet_v2_x0_5.model", 155, 1000, "conv5.2", 1024, 7);
    check_description("models/shufflenet_v2_x1_0.model", 155, 1000, "conv5.2", 1024, 7);
    check_description("models/shufflenet_v2_x1_5.model", 155, 1000, "conv5.2", 1024, 7);
    check_description("models/shufflenet_v2_x2_0.model", 155, 1000, "conv5.2", 2048, 7);
    check_description("models/resnet50.model", 122, 1000, "layer4.2", 2048, 7);
    check_description("models/vgg16.model", 37, 1000, "features.29", 512, 14);
    check_description("models/densenet121.model", 368, 1000, "relu", 1024, 7);
    check_description("models/efficientnet_b0.model", 190, 1000, "features.8.2", 1280, 7);
    check_description("models/resnet20_cifar10.model", 52, 10, "layer3.2", 64, 8);
    check_description("models/squeezenet1_0.model", 65, 1000, "features.12", 512, 13);
    check_description("models/squeezenet1_1.model", 65, 1000, "features.12", 512, 13);
    check_description("models/efficientnet_lite0.model", 94, 1000, "_conv_head", 1280, 7);
    check_description("models/convnext_tiny.model", 138, 1000, "features.7.2", 768, 7);
    check_description("models/demo/resnet18.model", 49, 16, "layer4.1", 128, 7);
    check_description("models/demo/mobilenet_v2.model", 100, 16, "features.18.2", 256, 7);
    check_description("models/demo/mobilenet_v3_large.model", 140, 16, "features.16.2", 336, 7);
    check_description("models/demo/shufflenet_v2_x0_5.model", 155, 16, "conv5.2", 256, 7);
    test_fused_relu();
    test_shifted();
    CHECK(mem_live() == 0);
    return check_result("model/graph");
}
