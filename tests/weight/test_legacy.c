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

    CHECK(pth_read_zip(zip_bytes, zip_size, NULL, &zip) == OK);
    CHECK_MSG(pth_read_legacy(legacy_bytes, legacy_size, NULL, &legacy) == OK, "%s", error_last()->text);
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
        CHECK_MSG(pth_read_legacy(exact, length, NULL, &t) != OK, "%zu bytes", length);
        table_free(&t);
        mem_free(exact);
    }
    for (size_t at = 0; at < size; at++) {
        bytes[at] ^= (uint8_t)(1 << at % 8);
        if (pth_read_legacy(bytes, size, NULL, &t) == OK)
            for (int i = 0; i < t.count; i++)
                if (tensor_count(&t.entry[i].tensor) > 0)
                    (void)tensor_at(&t.entry[i].tensor, tensor_count(&t.entry[i].tensor) - 1);
        bytes[at] ^= (uint8_t)(1 << at % 8);
        table_free(&t);
    }
    mem_free(bytes);
}

/* A file by hand: one storage "0" of `elements` floats 1, 2, ..., and the pickle of the state dict. */
static uint64_t put_together(const char *object, size_t object_size, int elements, uint8_t *out)
{
    static const char before[] = "\x80\2M\xe9\3.\x80\2}U\15little_endian\x88s.", keys[] = "\x80\2]U\1"
                                                                                          "0a.";
    uint8_t *at = out;
    uint64_t count = (uint64_t)elements;

    memcpy(at, legacy_magic, LEGACY_MAGIC_SIZE), at += LEGACY_MAGIC_SIZE;
    memcpy(at, before, sizeof before - 1), at += sizeof before - 1;
    memcpy(at, object, object_size), at += object_size;
    memcpy(at, keys, sizeof keys - 1), at += sizeof keys - 1;
    memcpy(at, &count, sizeof count), at += sizeof count;
    for (int i = 0; i < elements; i++, at += sizeof(float)) {
        float value = (float)(i + 1);
        memcpy(at, &value, sizeof value);
    }
    return (uint64_t)(at - out);
}

#define STORAGE(count, part)                                                                                 \
    "(U\7storagectorch\nFloatStorage\nU\1"                                                                   \
    "0U\3cpuK" count part "tQ"
#define TENSOR(storage, size, stride) "ctorch._utils\n_rebuild_tensor\n(" storage "K\0" size stride "tR"
#define STATE(value)                  "\x80\2}U\1w" value "s."

static const struct tensor *read_by_hand(const char *object, size_t size, status expected, const char *words,
                                         struct tensor_table *t)
{
    static uint8_t bytes[1024];
    status is;

    *t = (struct tensor_table){ 0 };
    size = put_together(object, size, 4, bytes);
    is = pth_read_legacy(bytes, size, NULL, t);
    CHECK_MSG(is == expected && (is == OK || strstr(error_last()->text, words)), "'%s' lacks '%s'",
              is == OK ? "read" : error_last()->text, words);
    return is == OK ? table_find(t, "w") : NULL;
}
#define READ(object, expected, words, t) read_by_hand(object, sizeof(object) - 1, expected, words, t)

/* Parts of storages, Parameters with states, repeated elements: what is meant, and where it ends. */
static void test_by_hand(void)
{
    static const char plain[] = STATE(TENSOR(STORAGE("\4", "N"), "K\4\x85", "K\1\x85"));
    struct tensor_table t;
    const struct tensor *w = READ(plain, OK, "", &t);

    CHECK(w && w->rank == 1 && w->dim[0] == 4 && w->dtype == DTYPE_F32);
    table_free(&t);
    /* Elements 1 and 2 of the storage's part that begins at 1; then beyond the part, and beyond the storage.
     */
    w = READ(STATE(TENSOR(STORAGE("\4", "U\1vK\1K\2\x87"), "K\2\x85", "K\1\x85")), OK, "", &t);
    CHECK(w && w->dim[0] == 2 && tensor_at(w, 0) == 2 && tensor_at(w, 1) == 3);
    table_free(&t);
    READ(STATE(TENSOR(STORAGE("\4", "U\1vK\1K\2\x87"), "K\3\x85", "K\1\x85")), ERR_FORMAT,
         "reaches to element 2 of a storage of 2", &t);
    table_free(&t);
    READ(STATE(TENSOR(STORAGE("\4", "U\1vK\3K\2\x87"), "K\1\x85", "K\1\x85")), ERR_FORMAT,
         "part that lies outside its 4 elements", &t);
    table_free(&t);
    /* A Parameter's state of 3 is requires_grad and so on; one of 5 would be another tensor. */
    w = READ(STATE("ctorch.nn.parameter\nParameter\n" TENSOR(STORAGE("\4", "N"), "K\4\x85",
                                                             "K\1\x85") "\x85R"
                                                                        "\x88\x89N\x87"
                                                                        "b"),
             OK, "", &t);
    CHECK(w && w->dim[0] == 4);
    table_free(&t);
    READ(STATE("ctorch.nn.parameter\nParameter\n" TENSOR(STORAGE("\4", "N"), "K\4\x85",
                                                         "K\1\x85") "\x85R(NNNNNtb"),
         OK, "", &t);
    CHECK(t.count == 0 && t.absents == 1 && strcmp(t.absent[0].name, "w") == 0 && t.absent[0].is_tensor);
    CHECK(table_get(&t, &w, "w") == ERR_MISSING && strstr(error_last()->text, "w is a tensor of an unknown"));
    table_free(&t);
    /* One element many times: 1,000 are a tensor, 2^31 - 1 are an attack. */
    w = READ(STATE(TENSOR(STORAGE("\4", "N"), "M\xe8\3\x85", "K\0\x85")), OK, "", &t);
    CHECK(w && w->dim[0] == 1000);
    table_free(&t);
    READ(STATE(TENSOR(STORAGE("\4", "N"), "J\xff\xff\xff\x7f\x85", "K\0\x85")), ERR_MEMORY,
         "more than 8 times the file's bytes", &t);
    table_free(&t);
}

/* The number at the front as Python writes it in protocols 0 to 5. */
static void test_begins(void)
{
    static const char *const of[] = { "L119547037146038801333356L\n.",
                                      "\x80\2\x8a\nl\xfc\x9c"
                                      "F\xf9 j\xa8P\x19.",
                                      "\x80\3\x8a\nl\xfc\x9c"
                                      "F\xf9 j\xa8P\x19." };
    static const uint8_t framed[] = "\x80\5\x95\r\0\0\0\0\0\0\0\x8a\nl\xfc\x9c"
                                    "F\xf9 j\xa8P\x19.";
    struct tensor_table t = { 0 };

    for (size_t i = 0; i < COUNT_OF(of); i++)
        CHECK(legacy_begins((const uint8_t *)of[i], strlen(of[i])) == strlen(of[i]));
    CHECK(legacy_begins(framed, 24) == 24 && legacy_begins(framed, 15) == 24 && !legacy_begins(framed, 14));
    CHECK(!legacy_begins((const uint8_t *)"\x80\2\x8a\nl\xfc\x9c"
                                          "F\xf9 j\xa8P\x18.",
                         15));
    CHECK(pth_read_legacy(framed, 20, NULL, &t) == ERR_FORMAT && strstr(error_last()->text, "magic number"));
}

int main(void)
{
    test_begins();
    test_by_hand();
    test_equal("fp32", "fp32_legacy");
    test_equal("per_channel", "per_channel_legacy");
    test_damage("fp32_legacy");
    test_damage("per_channel_legacy");
    CHECK(mem_live() == 0);
    return check_result("weight/legacy");
}
