/* One small network in every form that checkpoints come in (tests/fixtures/tiny), and saved again in ours:
 * what PyTorch computes with it, int8 to the last bit. */
#include "check.h"
#include "engine.h"
#include "weight.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TINY "tests/fixtures/tiny/"
enum { IMAGES = 4, PIXELS = 8 * 8 * 3, CLASSES = 3 };

static struct model model;
static char *expected; /* logits.bin: pixels, then the logits of each of `states` */
static const char *const states[] = { "fp32", "per_channel", "per_tensor", "qat_on", "qat_off" };
static char dir[] = "/tmp/quantcam_checkpoints_XXXXXX";

static const float *expected_logits(const char *file)
{
    size_t state = 0;

    while (strncmp(file, states[state], strlen(states[state])) != 0)
        state++;
    return (const float *)(const void *)(expected + IMAGES * PIXELS) + state * IMAGES * CLASSES;
}

static void check_logits(const struct tensor_table *weights, const char *file, const char *form)
{
    struct engine_options options = { .arithmetic = ENGINE_AUTO };
    struct model_binding b = { 0 };
    struct engine e = { 0 };
    const float *should = expected_logits(file);

    CHECK_MSG(model_bind(&model, weights, NULL, &b) == OK, "%s: %s", file, error_last()->text);
    CHECK(b.unused == 0 && b.form == (strncmp(file, "fp32", 4) == 0 ? PRECISION_REAL : PRECISION_CODES));
    CHECK(engine_open(&b, &options, kernel_select("auto"), &e) == OK);
    for (int i = 0; i < IMAGES; i++, should += CLASSES) {
        engine_run(e.plan, e.state, (const uint8_t *)expected + i * PIXELS);
        for (int k = 0; k < CLASSES; k++) {
            float is = engine_logits(e.plan, e.state)[k], bound = b.form == PRECISION_CODES ? 0 : 1e-6f;
            CHECK_MSG(fabsf(is - should[k]) <= bound, "%s (%s), image %d, class %d: %.9g is not %.9g", file,
                      form, i, k, (double)is, (double)should[k]);
        }
    }
    engine_close(&e);
    model_unbind(&b);
}

static void check_file(const char *file)
{
    static const char *const endings[] = { "h5", "safetensors" };
    char path[256];
    struct tensor_table weights, again;

    snprintf(path, sizeof path, TINY "%s", file);
    CHECK_MSG(weight_load(path, NULL, &weights) == OK, "%s", error_last()->text);
    check_logits(&weights, file, "as it is");
    for (size_t i = 0; i < COUNT_OF(endings); i++) {
        snprintf(path, sizeof path, "%s/a.%s", dir, endings[i]);
        CHECK_MSG(weight_save(path, &weights, NULL, 0) == OK, "%s", error_last()->text);
        CHECK_MSG(weight_load(path, NULL, &again) == OK, "%s", error_last()->text);
        check_logits(&again, file, endings[i]);
        table_free(&again);
        unlink(path);
    }
    table_free(&weights);
}

/* The narrow types of safetensors, widened as PyTorch does. */
static void check_half(void)
{
    static const char *const names[] = { "conv1.weight", "conv3.bias", "fc.weight", "fc.bias" };
    struct tensor_table t;
    char *bytes;
    const float *at;
    size_t size;

    CHECK_MSG(weight_load(TINY "fp32-half.safetensors", NULL, &t) == OK, "%s", error_last()->text);
    CHECK(text_read_file(TINY "fp32-half.bin", 1 << 16, &bytes, &size) == OK);
    at = (const float *)(const void *)bytes;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct tensor *x = table_find(&t, names[i]);
        CHECK(x && x->dtype == (i < 2 ? DTYPE_F16 : DTYPE_BF16));
        for (int64_t k = 0; k < tensor_count(x); k++)
            CHECK_MSG(tensor_at(x, k) == *at++, "%s, element %lld", names[i], (long long)k);
    }
    CHECK((const char *)at == bytes + size);
    mem_free(bytes);
    table_free(&t);
}

int main(void)
{
    static const char *const files[] = { "fp32.pth",
                                         "fp32_legacy.pth",
                                         "fp32-2017.pth",
                                         "fp32-zip64.pth",
                                         "fp32-shared.pth",
                                         "fp32-training.pth",
                                         "fp32-2016.pth",
                                         "fp32-ema.pth",
                                         "fp32-nested.pth",
                                         "fp32-shards.safetensors.index.json",
                                         "fp32.safetensors",
                                         "per_channel.pth",
                                         "per_channel_legacy.pth",
                                         "per_channel-lists.pth",
                                         "per_channel-narrow.pth",
                                         "per_channel-training.pth",
                                         "per_tensor.pth",
                                         "per_tensor-linear1.pth",
                                         "qat_on.pth",
                                         "qat_off.pth",
                                         "qat_off-flags.pth" };
    char *text;
    size_t size;

    CHECK(mkdtemp(dir) != NULL);
    CHECK(text_read_file(TINY "tiny.model", 1 << 16, &text, &size) == OK);
    CHECK_MSG(model_parse("tiny.model", text, size, &model) == OK, "%s", error_last()->text);
    mem_free(text);
    CHECK(text_read_file(TINY "logits.bin", 1 << 16, &expected, &size) == OK);
    CHECK(size == IMAGES * (PIXELS + COUNT_OF(states) * CLASSES * sizeof(float)));
    for (size_t i = 0; i < COUNT_OF(files); i++)
        check_file(files[i]);
    check_half();
    mem_free(expected);
    model_free(&model);
    rmdir(dir);
    CHECK(mem_live() == 0);
    return check_result("engine/checkpoints");
}
