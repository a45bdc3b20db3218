/* Where a network's parts begin once a state keeps its maps. The values of batches: test_delta.c. */
#include <string.h>

#include "check.h"
#include "cli/network.h"
#include "engine/state.h"

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("engine/batch"));
}

/* One position sees, by hand for MobileNetV2 at 224: 3 after features.0, 7, 11 (stride 4 from here), 19, 27
 * (8), 43, 59, 75 (16), then 32 more with each depthwise convolution: 107, 139, 171, 203, and 235 after the
 * one of features.12, which is the first wider than the picture. MobileNetV3's first squeeze-excite sees
 * everything. ResNet18: 11 before layer1, whose tiles of 4 x 4 see patches of 6 x 6: 20 more a layer, 91
 * after it; 99 (8), then 40 a tile: 219 after layer2, and 235 after the first of layer3. Layer by layer,
 * without Winograd: 43 after layer1, 99 after layer2, 211 after layer3, then 243. */
static void test_parts(const char *model, const char *weights, const char *whole, const char *batch)
{
    struct engine_options options = { .arithmetic = ENGINE_AUTO, .layers = 1 };
    struct network n = { 0 };
    const struct engine_kept *d;

    must(network_open(&(struct network_how){ .model = model, .isa = "auto", .options = options }, weights,
                      &n));
    d = &n.engine.plan->head->kept;
    CHECK_MSG(strcmp(engine_step_name(n.engine.plan, d->whole), whole) == 0, "%s: %s", model,
              engine_step_name(n.engine.plan, d->whole));
    CHECK_MSG(strcmp(engine_step_name(n.engine.plan, d->batch), batch) == 0, "%s: %s", model,
              engine_step_name(n.engine.plan, d->batch));
    network_close(&n);
}

/* What the batch reads of earlier steps is copied to its pictures' places; nothing of one picture's lies in
 * another's. */
static void test_places(const char *model, const char *weights)
{
    struct engine_options options = { .arithmetic = ENGINE_AUTO };
    struct network n = { 0 };
    const struct engine_kept *d;
    const struct engine_plan *p;
    int carried = 0;

    must(network_open(&(struct network_how){ .model = model, .isa = "auto", .options = options }, weights,
                      &n));
    p = n.engine.plan;
    d = &n.engine.plan->head->kept;
    for (int i = 0; i < p->head->buffers; i++) {
        size_t at = p->late[i].offset, bytes = p->kept[i].bytes;

        if (!p->use[i])
            continue;
        carried += p->kept[i].first < d->batch;
        CHECK(at + bytes + (ENGINE_BATCH - 1) * d->picture_bytes + ENGINE_LANES <= d->arena_bytes);
        for (int j = 0; j < p->head->buffers; j++)
            CHECK(p->use[j] || p->kept[j].first >= d->batch || p->kept[j].offset + p->kept[j].bytes <= at);
    }
    CHECK(carried > 0);
    network_close(&n);
}

int main(void)
{
    static const char mobile2[] = "models/mobilenet_v2.model", mobile3[] = "models/mobilenet_v3_large.model",
                      resnet[] = "models/resnet18.model", shuffle[] = "models/shufflenet_v2_x0_5.model";

    test_parts(mobile2, NETWORK_RANDOM_REAL, "features.12.conv.1.0", "features.14.conv.2");
    test_parts(mobile2, NETWORK_RANDOM_CODES, "features.12.conv.1.0", "features.12.conv.1.0");
    test_parts(mobile3, NETWORK_RANDOM_REAL, "features.4.block.2.avgpool", "features.13.block.1.2");
    test_parts(resnet, NETWORK_RANDOM_REAL, "layer3.0.conv1", "layer4.0.conv1");
    test_parts(resnet, NETWORK_RANDOM_CODES, "layer4.0.conv1", "layer4.0.conv1");
    test_places(mobile2, NETWORK_RANDOM_REAL);
    test_places(resnet, NETWORK_RANDOM_CODES);
    test_places(shuffle, NETWORK_RANDOM_REAL);
    CHECK(mem_live() == 0);
    return check_result("engine/batch");
}
