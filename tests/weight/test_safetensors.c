/* Files put together by hand, and what is refused of them. What safetensors' own library writes and reads:
 * tests/fixtures/checkpoints. */
#include "check.h"
#include "weight/weight_parts.h"

#include <string.h>

/* A file of this header and `data_size` bytes 1, 2, 3, ...; returns its size. */
static uint64_t make(const char *header, int data_size, uint8_t *out)
{
    uint64_t size = strlen(header);

    for (int i = 0; i < 8; i++)
        out[i] = (uint8_t)(size >> (8 * i));
    memcpy(out + 8, header, size);
    for (int i = 0; i < data_size; i++)
        out[8 + size + (uint64_t)i] = (uint8_t)(i + 1);
    return 8 + size + (uint64_t)data_size;
}

static void test_plain(void)
{
    static const char header[] = "{\"__metadata__\":{\"format\":\"pt\",\"x.quantization\":\"gptq\"},"
                                 "\"b\":{\"data_offsets\":[4,8],\"dtype\":\"I16\",\"shape\":[2,1]},"
                                 "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                                 "\"s\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[8,12]},"
                                 "\"none\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[8,8]}}   ";
    uint8_t bytes[1024];
    uint64_t size = make(header, 12, bytes);
    struct tensor_table t = { 0 };

    CHECK_MSG(safetensors_read(bytes, size, &t) == OK, "%s", error_last()->text);
    CHECK(t.count == 4 && strcmp(t.entry[0].name, "b") == 0 && strcmp(t.entry[3].name, "none") == 0);
    CHECK(t.entry[0].tensor.rank == 2 && tensor_at(&t.entry[0].tensor, 1) == 0x0807);
    CHECK(tensor_at(table_find(&t, "a"), 3) == 4 && tensor_at(table_find(&t, "s"), 0) == 0x0c0b0a09);
    CHECK(tensor_count(table_find(&t, "none")) == 0);
    CHECK(t.notes == 2 && strcmp(table_note(&t, "format"), "pt") == 0 && table_note(&t, "x.quantization"));
    table_free(&t);
    size = make("{}", 0, bytes);
    CHECK(safetensors_read(bytes, size, &t) == OK && t.count == 0);
    table_free(&t);
}

#define CODES "\"w\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]},"

/* F32 scales and I32 zero points are read as well as what weight_save writes. */
static void test_quantized(void)
{
    static const char header[] =
        "{\"__metadata__\":{\"w.quantization\":\"per_channel 1\"}," CODES
        "\"w.scale\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]},"
        "\"w.zero_point\":{\"dtype\":\"I32\",\"shape\":[2],\"data_offsets\":[12,20]}}";
    static const float scales[] = { 0.5f, 0.25f };
    static const int32_t zero_points[] = { 0, -7 };
    uint8_t bytes[1024];
    uint64_t size = make(header, 20, bytes);
    struct tensor_table t = { 0 };
    const struct tensor *w;

    memcpy(bytes + size - 16, scales, sizeof scales);
    memcpy(bytes + size - 8, zero_points, sizeof zero_points);
    CHECK_MSG(safetensors_read(bytes, size, &t) == OK, "%s", error_last()->text);
    w = table_find(&t, "w");
    CHECK(t.count == 1 && t.notes == 0 && w && w->quantization == TENSOR_PER_CHANNEL && w->axis == 1);
    CHECK(w->channels == 2 && w->scale[1] == 0.25 && w->zero_point[0] == 0 && w->zero_point[1] == -7);
    table_free(&t);
}

static void check_refused(const char *header, int data_size, const char *words)
{
    uint8_t bytes[2048];
    uint64_t size = make(header, data_size, bytes);
    struct tensor_table t = { 0 };

    CHECK_MSG(safetensors_read(bytes, size, &t) != OK && strstr(error_last()->text, words),
              "%s: '%s' lacks '%s'", header, error_last()->text, words);
    table_free(&t);
}

#define A(dtype, shape, offsets)                                                                             \
    "{\"a\":{\"dtype\":\"" dtype "\",\"shape\":[" shape "],\"data_offsets\":[" offsets "]}}"
#define TWO(first, second)                                                                                   \
    "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[" first "]},"                                  \
    "\"b\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[" second "]}}"
#define META(text)                                                                                           \
    "{\"__metadata__\":{" text "},\"w\":{\"dtype\":\"I8\",\"shape\":[2,2],\"data_offsets\":[0,4]}}"

/* A tensor of a type that is not read is in the way only where it is needed. */
static void test_other_types(void)
{
    static const char header[] = "{\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
                                 "\"b\":{\"dtype\":\"F8_E4M3\",\"shape\":[2],\"data_offsets\":[2,4]},"
                                 "\"c\":{\"dtype\":\"U16\",\"shape\":[1],\"data_offsets\":[4,6]}}";
    uint8_t bytes[1024];
    struct tensor_table t = { 0 };
    const struct tensor *found;

    CHECK_MSG(safetensors_read(bytes, make(header, 6, bytes), &t) == OK, "%s", error_last()->text);
    CHECK(t.count == 1 && table_find(&t, "a") && t.absents == 2 && t.absent[0].is_tensor);
    CHECK(table_get(&t, &found, "b") == ERR_MISSING &&
          strstr(error_last()->text, "b is of type F8_E4M3, which is not read; save it as F32"));
    table_free(&t);
}

static void test_refusals(void)
{
    check_refused(A("U8", "4", "0,4"), 3, "a: its bytes 0 to 4 lie outside the 3");
    check_refused(A("U8", "4", "0,5"), 8, "a: it has 5 bytes, 4 expected");
    check_refused(A("U8", "4", "4,0"), 4, "lie outside");
    check_refused(A("U8", "4", "0,4"), 5, "byte 4 of the data belongs to no tensor");
    check_refused(A("U8", "4", "1,5"), 5, "byte 0 of the data belongs to no tensor");
    check_refused(TWO("0,2", "1,3"), 3, "byte 1 of the data belongs to two tensors");
    check_refused(TWO("0,2", "3,5"), 5, "byte 2 of the data belongs to no tensor");
    check_refused(TWO("0,2", "0,2"), 2, "two tensors");
    check_refused(A("f32", "1", "0,4"), 4, "a: its type 'f32' is none of safetensors");
    check_refused(A("", "1", "0,4"), 4, "a: its type '' is none");
    check_refused(A("F8_E4M3", "4", "0,5"), 4, "a: its bytes 0 to 5 lie outside the 4");
    check_refused(A("F8_E4M3", "4", "0,4"), 5, "byte 4 of the data belongs to no tensor");
    check_refused(A("U8", "-4", "0,4"), 4, "a whole number is missing");
    check_refused(A("U8", "4.0", "0,4"), 4, "is missing");
    check_refused(A("U8", "4294967296,4294967296", "0,4"), 4, "more than 2^32 elements");
    check_refused(A("U8", "1,1,1,1,1,1,1", "0,1"), 1, "more than 6 extents");
    check_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1]}}", 0, "is missing");
    check_refused("{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\"}}", 0, "'dtype' is unknown or there twice");
    check_refused("{\"a\":{\"device\":\"cpu\"}}", 0, "'device' is unknown");
    check_refused("{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                  "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
                  2, "two tensors are named a");
    check_refused("{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", 1, "no text of 1 to 512");
    check_refused("{\"a\":", 0, "is missing");
    check_refused("{} x", 0, "something follows");
    check_refused("[]", 0, "'{' is missing");
    check_refused("{\"__metadata__\":{},\"__metadata__\":{}}", 0, "__metadata__ is there twice");
    check_refused("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0, "two notes are named a");
    check_refused("{\"__metadata__\":{\"a\":1}}", 0, "'\"' is missing");
    check_refused(META("\"v.quantization\":\"per_tensor\""), 4,
                  "v is quantized, but there is no such tensor");
    check_refused(META("\"w.quantization\":\"per_tensor\""), 4, "there is no w.scale");
    check_refused(META("\"w.quantization\":\"per_channel 2\""), 4, "along axis 2");
    check_refused("{\"__metadata__\":{\"w.quantization\":\"per_tensor odd\"}," CODES
                  "\"w.scale\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]},"
                  "\"w.zero_point\":{\"dtype\":\"I32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
                  12, "w: odd levels that are not of type I8 with zero point 0");
    check_refused("{\"__metadata__\":{\"w.quantization\":\"per_tensor\"}," CODES
                  "\"w.scale\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}}",
                  12, "w.scale is (2) f32, but (1) f64 or f32 is expected");
    check_refused("{\"__metadata__\":{\"a.quantization\":\"per_tensor\"},"
                  "\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
                  4, "not of type I8");
}

/* The lengths in front, and every cut and flipped bit of a small file: refused or harmless. */
static void test_damage(void)
{
    uint8_t bytes[1024], *exact;
    uint64_t size = make(TWO("0,2", "2,4"), 4, bytes);
    struct tensor_table t = { 0 };
    static const uint8_t huge[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, '{' };

    CHECK(safetensors_read(huge, sizeof huge, &t) == ERR_FORMAT);
    for (uint64_t length = 0; length < size; length++) {
        exact = mem_alloc(length, 1);
        memcpy(exact, bytes, length);
        CHECK_MSG(safetensors_read(exact, length, &t) != OK, "%llu bytes", (unsigned long long)length);
        table_free(&t);
        mem_free(exact);
    }
    exact = mem_alloc(size, 1);
    for (uint64_t bit = 0; bit < 8 * size; bit++) {
        memcpy(exact, bytes, size);
        exact[bit / 8] ^= (uint8_t)(1 << bit % 8);
        if (safetensors_read(exact, size, &t) == OK)
            for (int i = 0; i < t.count; i++)
                CHECK(tensor_count(&t.entry[i].tensor) == 2 && tensor_at(&t.entry[i].tensor, 1) >= 0);
        table_free(&t);
    }
    mem_free(exact);
}

int main(void)
{
    test_plain();
    test_quantized();
    test_other_types();
    test_refusals();
    test_damage();
    CHECK(mem_live() == 0);
    return check_result("weight/safetensors");
}
