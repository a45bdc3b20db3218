/* Parameters as torchvision publishes them (numerics 1.7), and what the tiny checkpoints hold. */
#include "check.h"
#include "model.h"
#include "weight.h"

#include <string.h>

static void read_model(const char *path, struct model *m)
{
    char *text;
    size_t size;

    CHECK_MSG(text_read_file(path, 1 << 20, &text, &size) == OK, "%s", error_last()->text);
    CHECK_MSG(model_parse(path, text, size, m) == OK, "%s", error_last()->text);
    mem_free(text);
}

static struct model_cost total_of(const struct model *m, const struct model_binding *b)
{
    struct model_cost total = { 0 }, one;

    for (int i = 0; i < m->nodes; i++) {
        CHECK(model_cost(m, b, i, &one) == OK);
        total.parameters += one.parameters;
        total.bytes += one.bytes;
        total.macs += one.macs;
    }
    return total;
}

/* million_macs: torchvision's `_ops` of the weights, in millions, rounded. */
static void check_published(const char *name, uint64_t parameters, int million_macs)
{
    char path[128];
    struct model m;
    struct model_cost t;

    snprintf(path, sizeof path, "models/%s.model", name);
    read_model(path, &m);
    t = total_of(&m, NULL);
    CHECK_MSG(t.parameters == parameters, "%s: %llu parameters", name, (unsigned long long)t.parameters);
    CHECK_MSG((int)((t.macs + 500000) / 1000000) == million_macs, "%s: %llu", name,
              (unsigned long long)t.macs);
    model_free(&m);
}

/* 4 * 27 + 2 * 4, 4 * 9 + 2 * 4, 4 * 4 + 4, 3 * 4 + 3 as trained; folded each layer has one bias a channel.
 */
static void check_tiny(const char *name, int element, int scales)
{
    char path[128];
    struct model m;
    struct tensor_table weights = { 0 };
    struct model_binding b = { 0 };
    struct model_cost t, one;

    read_model("tests/fixtures/tiny/tiny.model", &m);
    snprintf(path, sizeof path, "tests/fixtures/tiny/%s.pth", name);
    CHECK(weight_load(path, NULL, &weights) == OK && model_bind(&m, &weights, NULL, &b) == OK);
    t = total_of(&m, &b);
    CHECK_MSG(t.parameters == 116 + 44 + 20 + 15, "%s: %llu parameters", name,
              (unsigned long long)t.parameters);
    CHECK_MSG(t.bytes == (uint64_t)(172 * element + (15 + scales) * 4), "%s: %llu bytes", name,
              (unsigned long long)t.bytes);
    CHECK(t.bytes == b.parameter_bytes && t.macs == b.macs && t.macs == 16 * (108 + 36 + 16) + 12);
    CHECK(model_cost(&m, &b, 1, &one) == OK && one.parameters == 116 && one.macs == 108 * 16);
    CHECK(model_cost(&m, &b, 2, &one) == OK && one.parameters == 0 && one.bytes == 0 && one.macs == 0);
    model_unbind(&b);
    table_free(&weights);
    model_free(&m);
}

int main(void)
{
    check_published("resnet18", 11689512, 1814);
    check_published("resnet50", 25557032, 4089);
    check_published("mobilenet_v2", 3504872, 301);
    check_published("mobilenet_v3_large", 5483032, 217);
    check_published("shufflenet_v2_x0_5", 1366792, 40);
    check_published("shufflenet_v2_x1_0", 2278604, 145);
    check_published("shufflenet_v2_x1_5", 3503624, 296);
    check_published("shufflenet_v2_x2_0", 7393996, 583);
    check_published("vgg16", 138357544, 15470);
    /* without a checkpoint a bias is taken for granted where no normalisation is folded: 58 conv2 of 32, and
     * the transitions' 128, 256 and 512 channels */
    check_published("densenet121", 7978856 + 58 * 32 + 128 + 256 + 512, 2834);
    check_published("efficientnet_b0", 5288548, 386);
    check_published("convnext_tiny", 28589128, 4456);
    check_published("squeezenet1_0", 1248424, 819);
    check_published("resnet20_cifar10", 269722, 41);
    check_published("squeezenet1_1", 1235496, 349);
    check_published("efficientnet_lite0", 4652008, 385);
    check_tiny("fp32", 4, 0);
    check_tiny("per_tensor", 1, 4);
    check_tiny("per_channel", 1, 15);
    check_tiny("qat_on", 1, 4);
    CHECK(mem_live() == 0);
    return check_result("model/cost");
}
