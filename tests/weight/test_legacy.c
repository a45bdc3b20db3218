/* torch's legacy container: the same tensors as the zip form of the same state (tests/fixtures/tiny). */
#include "check.h"
#include "weight/weight_parts.h"

#include <string.h>

static uint8_t *load(const char *name, size_t *size)
{
    char path[128], *bytes = NULL;

    snprintf(path, sizeof path, "tests/fixtures/tiny/%s.pth", name);
    CHECK(text_read_file(path, 1 << 20, &bytes, size) == OK);
    return (uint8_t *)bytes;
}

static void check_equal(const struct tensor *a, const struct tensor *b, const char *name)
{
    char is[128], should[128];

    CHECK_MSG(strcmp(tensor_describe(a, is, sizeof is), tensor_describe(b, should, sizeof should)) == 0,
              "%s: %s, %s", name, is, should);
    for (int64_t i = 0; i < tensor_count(a); i++)
        CHECK_MSG(tensor_at(a, i) == tensor_at(b, i), "%s, element %lld", name, (long long)i);
    CHECK(a->channels == b->channels && a->axis == b->axis);
    for (int i = 0; i < a->channels && i < b->channels; i++)
        CHECK(a->scale[i] == b->scale[i] && a->zero_point[i] == b->zero_point[i]);
}

static void test_equal(const char *zip_name, const char *legacy_name)
{
    size_t zip_size, legacy_size;
    uint8_t *zip_bytes = load(zip_name, &zip_size), *legacy_bytes = load(legacy_name, &legacy_size);
    struct tensor_table zip = { 0 }, legacy = { 0 };

    CHECK(pth_read_zip(zip_bytes, zip_size, &zip) == OK);
    CHECK_MSG(pth_read_legacy(legacy_bytes, legacy_size, &legacy) == OK, "%s", error_last()->text);
    CHECK(zip.count == legacy.count && zip.count > 0);
    for (int i = 0; i < zip.count && i < legacy.count; i++) {
        CHECK(strcmp(zip.entry[i].name, legacy.entry[i].name) == 0);
        check_equal(&legacy.entry[i].tensor, &zip.entry[i].tensor, zip.entry[i].name);
    }
    table_free(&zip);
    table_free(&legacy);
    mem_free(zip_bytes);
    mem_free(legacy_bytes);
}

/* The form has no checksum: a file that is cut off is refused, a flipped bit must only do no harm. */
static void test_damage(const char *name)
{
    size_t size;
    uint8_t *bytes = load(name, &size);
    struct tensor_table t = { 0 };

    for (size_t length = 0; length < size; length++) {
        uint8_t *exact = mem_alloc(length, 1);
        memcpy(exact, bytes, length);
        CHECK_MSG(pth_read_legacy(exact, length, &t) != OK, "%zu bytes", length);
        table_free(&t);
        mem_free(exact);
    }
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= (uint8_t)(1 << at % 8);
        if (pth_read_legacy(bytes, size, &t) == OK)
            for (int i = 0; i < t.count; i++)
                if (tensor_count(&t.entry[i].tensor) > 0)
                    (void)tensor_at(&t.entry[i].tensor, tensor_count(&t.entry[i].tensor) - 1);
        bytes[at] ^= (uint8_t)(1 << at % 8);
        table_free(&t);
    }
    mem_free(bytes);
}

int main(void)
{
    test_equal("fp32", "fp32_legacy");
    test_equal("per_channel", "per_channel_legacy");
    test_damage("fp32_legacy");
    test_damage("per_channel_legacy");
    CHECK(mem_live() == 0);
    return check_result("weight/legacy");
}
