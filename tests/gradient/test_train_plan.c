/* tests/gradient/test_train_plan.c: the parameters of a description, and what cannot be trained. */
#include "train_net.h"

static void of_file(const char *path, int64_t learnt, const char *const *names, int count)
{
    const struct gradient_settings s = { .norm = GRADIENT_NORM_BATCH };
    const struct gradient_parameter *p;
    struct model m = { 0 };
    struct gradient_net *net;
    int64_t sum = 0;
    int parameters;

    train_must(model_read(path, &m));
    train_must(gradient_net_make(&m, &s, kernel_select("auto"), &net));
    p = gradient_net_parameters(net, &parameters);
    for (int i = 0; i < parameters; i++) {
        sum += p[i].gradient ? p[i].count : 0;
        if (i < count)
            CHECK_MSG(strcmp(p[i].name, names[i]) == 0, "%s, not %s", p[i].name, names[i]);
    }
    CHECK_MSG(sum == learnt, "%s: %lld parameters", path, (long long)sum);
    gradient_net_free(net);
    model_free(&m);
}

static void refused(const char *lines, const struct gradient_quantizer *q, const char *sentence)
{
    const struct gradient_settings s = { .quantizer = q };
    char text[1024];
    struct model m = { 0 };
    struct gradient_net *net;

    snprintf(text, sizeof text, "model n n\ninput image 1 4 4 resize squash bilinear mean 0 std 1\n%s",
             lines);
    train_must(model_parse("n.model", text, strlen(text), &m));
    CHECK(gradient_net_make(&m, &s, kernel_select("auto"), &net) != OK && net == NULL);
    CHECK_MSG(strcmp(error_last()->text, sentence) == 0, "%s", error_last()->text);
    model_free(&m);
}

int main(void)
{
    static const char *const sgtcnn[] = { "conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias",
                                          "fc1.weight",   "fc1.bias",   "fc2.weight",   "fc2.bias" },
                             *const resnet[] = { "conv1.weight", "bn1.weight", "bn1.bias", "bn1.running_mean",
                                                 "bn1.running_var" };
    static const char lines[] = "conv a image out 2 kernel 1 stride 1 pad 0 groups 1 weight a\nrelu r a\n"
                                "linear fc r out 2 weight fc\noutput fc\ncam r\n",
                      twice[] = "conv a image out 1 kernel 1 stride 1 pad 0 groups 1 weight a\n"
                                "conv b a out 1 kernel 1 stride 1 pad 0 groups 1 weight a\n"
                                "linear fc b out 2 weight fc\noutput fc\ncam b\n";
    const struct gradient_quantizer of_image[8] = { [0] = { .pact_bits = 4 } },
                                    of_conv[8] = { [1] = { .pact_bits = 4 } },
                                    of_relu[8] = { [2] = { .weights = { .bits = 4 } } },
                                    three[8] = { [1] = { .weights = { .form = QUANT_SAWB, .bits = 6 } } },
                                    many[8] = { [2] = { .pact_bits = 17 } };

    of_file("models/sgtcnn.model", 1199882, sgtcnn, COUNT_OF(sgtcnn));
    of_file("models/resnet20_cifar10.model", 269722, resnet, COUNT_OF(resnet));
    of_file("models/densenet121.model", 7978856, NULL, 0);
    of_file("models/mobilenet_v3_large.model", 5483032, NULL, 0);
    refused(lines, of_image, "n.model:2: the input image has no relu to quantize");
    refused(lines, of_conv, "n.model:3: the conv a has no relu to quantize");
    refused(lines, of_relu, "n.model:4: the relu r has no weights to quantize");
    refused(lines, three, "n.model:3: a: weights of 6 bits: sawb is defined for 2, 3, 4, 5 and 8 bits");
    refused(lines, many, "n.model:4: PACT of 17 bits at r: 1 to 16 are possible");
    refused("leakyrelu r image slope 0.1\nlinear fc r out 2 weight fc\noutput fc\ncam r\n", NULL,
            "n.model:3: networks with leakyrelu are not trained here");
    refused("avgpool2d r image kernel 2 stride 1 pad 1\nlinear fc r out 2 weight fc\noutput fc\ncam r\n",
            NULL, "n.model:3: networks with averages over the edge of a map are not trained here");
    refused(twice, NULL, "n.model: two layers share the tensor a.weight: it cannot be trained");
    CHECK(mem_live() == 0);
    return check_result("gradient/train_plan");
}
