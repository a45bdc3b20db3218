/* fbgemm's sums of pairs in 16 bits against PyTorch on AVX2 (tests/fixtures/tiny/make_saturating.py): with
 * the option the same codes everywhere, without it others in every layer, and so with VNNI, since none of the
 * layers is depthwise. */
#include "check.h"
#include "engine.h"
#include "weight.h"

#include <string.h>

#define TINY "tests/fixtures/tiny/"
enum { IMAGES = 4, PIXELS = 8 * 8 * 3, CLASSES = 3, CODES = 4 * 4 * 4 };

/* How many codes of the node differ; its input is wrong by then unless the node comes first. */
static int differ(struct engine e, int node, const uint8_t *should, int count)
{
    struct engine_map m = engine_node_map(e.plan, e.state, node);
    int different = 0;

    CHECK(m.codes && m.c * m.h * m.w == count);
    for (int i = 0; i < count; i++)
        different += m.codes[i / m.c * m.pitch + i % m.c] != should[i];
    return different;
}

static void check_network(const struct model_binding *b, const uint8_t *pixels, const char *expected,
                          enum engine_saturation saturate, const char *isa)
{
    static const char *const layers[] = { "conv1", "conv2", "conv3", "fc" };
    const uint8_t *codes = (const uint8_t *)expected + IMAGES * CLASSES * sizeof(float);
    struct engine_options options = { .arithmetic = ENGINE_AUTO, .saturate = saturate, .keep = 1 };
    struct engine e = { 0 };
    int different = 0;

    if (!kernel_select(isa))
        return;
    CHECK(engine_open(b, &options, kernel_select(isa), &e) == OK);
    CHECK(engine_arithmetic_used(e.plan) == ENGINE_FBGEMM);
    for (int i = 0; i < IMAGES; i++) {
        engine_run(e.plan, e.state, pixels + i * PIXELS);
        for (int k = 0; i == 0 && k < 4; k++)
            different +=
                differ(e, model_find(b->model, layers[k]), codes + k * CODES, k < 3 ? CODES : CLASSES);
        different += memcmp(engine_logits(e.plan, e.state), expected + (size_t)i * CLASSES * sizeof(float),
                            CLASSES * sizeof(float)) != 0;
    }
    CHECK_MSG((different == 0) == (saturate == ENGINE_SATURATE_AVX2), "%s, %d: %d differ", isa, saturate,
              different);
    engine_close(&e);
}

int main(void)
{
    static const char *const isas[] = { "ref", "avx2", "avx512vnni" };
    struct model m = { 0 };
    struct model_binding b = { 0 };
    struct tensor_table weights;
    char *text, *pixels, *expected;
    size_t size;

    CHECK(text_read_file(TINY "tiny.model", 1 << 16, &text, &size) == OK);
    CHECK(model_parse("tiny.model", text, size, &m) == OK);
    CHECK_MSG(weight_load(TINY "saturating.pth", NULL, &weights) == OK, "%s", error_last()->text);
    CHECK(model_bind(&m, &weights, NULL, &b) == OK);
    CHECK(text_read_file(TINY "logits.bin", 1 << 16, &pixels, &size) == OK && size > IMAGES * PIXELS);
    CHECK(text_read_file(TINY "saturating.bin", 1 << 16, &expected, &size) == OK);
    CHECK(size == IMAGES * CLASSES * sizeof(float) + 3 * CODES + CLASSES);
    for (size_t i = 0; i < COUNT_OF(isas); i++)
        for (int how = ENGINE_EXACT; how <= ENGINE_SATURATE_VNNI; how++)
            check_network(&b, (const uint8_t *)pixels, expected, (enum engine_saturation)how, isas[i]);
    mem_free(text);
    mem_free(pixels);
    mem_free(expected);
    model_unbind(&b);
    table_free(&weights);
    model_free(&m);
    CHECK(mem_live() == 0);
    return check_result("engine/saturate");
}
