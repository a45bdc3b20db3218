/* Containers written by torch (tests/fixtures/tiny), whole and damaged. */
#include "check.h"
#include "weight/weight_parts.h"

#include <string.h>

static char *bytes;
static size_t size;

static void load(const char *name)
{
    char path[128];

    snprintf(path, sizeof path, "tests/fixtures/tiny/%s.pth", name);
    CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
}

static const struct tensor *get(const struct tensor_table *t, const char *name, const char *described)
{
    static const struct tensor none;
    const struct tensor *found = table_find(t, name);
    char is[128];

    CHECK_MSG(found != NULL, "%s is missing", name);
    if (!found)
        return &none;
    CHECK_MSG(strcmp(tensor_describe(found, is, sizeof is), described) == 0, "%s is %s", name, is);
    return found;
}

static void test_quantized(void)
{
    struct tensor_table t = { 0 };
    const struct tensor *w;

    load("per_channel");
    CHECK_MSG(pth_read_zip((const uint8_t *)bytes, size, NULL, &t) == OK, "%s", error_last()->text);
    w = get(&t, "conv1.weight", "(4, 3, 3, 3) s8, per channel");
    CHECK(w->axis == 0 && w->channels == 4 && w->zero_point[3] == 0 && w->scale[0] > 0 && !w->owned);
    CHECK(w->stride[0] == 27 && w->stride[1] == 1 && w->stride[2] == 9 &&
          w->stride[3] == 3); /* channels_last */
    CHECK((char *)w->data >= bytes && (char *)w->data < bytes + size);
    get(&t, "conv1.bias", "(4) f32");
    CHECK(tensor_at(get(&t, "conv1.scale", "() f32"), 0) > 0);
    get(&t, "conv1.zero_point", "() s64");
    get(&t, "quant.scale", "(1) f32");
    get(&t, "fc._packed_params._packed_params.0", "(3, 4) s8, per channel");
    get(&t, "fc._packed_params._packed_params.1", "(3) f32");
    CHECK(!table_find(&t, "fc._packed_params.dtype")); /* a torch.qint8 is no tensor */
    table_free(&t);
    mem_free(bytes);

    load("per_tensor");
    CHECK(pth_read_zip((const uint8_t *)bytes, size, NULL, &t) == OK);
    w = get(&t, "conv3.weight", "(4, 4, 1, 1) s8, per tensor");
    CHECK(w->channels == 1 && w->scale[0] > 0);
    table_free(&t);
    mem_free(bytes);
}

/* Nothing that torch wrote may be cut off anywhere, and no flipped bit may be taken for a weight. */
static void test_damage(void)
{
    struct tensor_table t = { 0 };
    long accepted = 0;

    load("fp32");
    for (size_t length = 0; length < size; length++) {
        uint8_t *exact = mem_alloc(length, 1);
        memcpy(exact, bytes, length);
        CHECK_MSG(pth_read_zip(exact, length, NULL, &t) != OK, "%zu bytes", length);
        table_free(&t);
        mem_free(exact);
    }
    CHECK(pth_read_zip((const uint8_t *)bytes, size, NULL, &t) == OK && t.count == 16);
    table_free(&t);
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= (char)(1 << at % 8);
        accepted +=
            pth_read_zip((const uint8_t *)bytes, size, NULL, &t) == OK; /* paddings, times and the like */
        bytes[at] ^= (char)(1 << at % 8);
        table_free(&t);
    }
    CHECK(accepted < (long)size);
    mem_free(bytes);
}

int main(void)
{
    test_quantized();
    test_damage();
    CHECK(mem_live() == 0);
    return check_result("weight/pth");
}
