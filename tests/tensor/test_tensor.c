#include "check.h"
#include "tensor.h"

#include <math.h>
#include <string.h>

static void test_alloc(void)
{
    struct tensor t = { 0 };
    char what[64];

    CHECK(tensor_alloc(&t, DTYPE_F32, 3, (int64_t[]){ 2, 3, 4 }) == OK);
    CHECK(t.stride[0] == 12 && t.stride[1] == 4 && t.stride[2] == 1 && t.owned);
    CHECK(tensor_count(&t) == 24 && tensor_is_contiguous(&t));
    CHECK(((float *)t.data)[23] == 0.0f);
    CHECK(strcmp(tensor_describe(&t, what, sizeof what), "(2, 3, 4) f32") == 0);
    CHECK(strcmp(tensor_describe(&t, what, 6), "(2, 3") == 0);
    CHECK(tensor_bits(&t) == 32);
    t.bits = 4;
    CHECK(tensor_bits(&t) == 4);
    CHECK(strcmp(tensor_describe(&t, what, sizeof what), "(2, 3, 4) f32 of 4 bits") == 0);
    t.bits = 0;
    tensor_free(&t);
    tensor_free(&t);
    CHECK(t.data == NULL && t.rank == 0);

    CHECK(tensor_alloc(&t, DTYPE_S64, 0, NULL) == OK);
    CHECK(tensor_count(&t) == 1 && strcmp(tensor_describe(&t, what, sizeof what), "() s64") == 0);
    tensor_free(&t);
    CHECK(tensor_alloc(&t, DTYPE_U8, 2, (int64_t[]){ 3, 0 }) == OK && tensor_count(&t) == 0);
    tensor_free(&t);

    CHECK(tensor_alloc(&t, DTYPE_U8, 1, (int64_t[]){ -1 }) == ERR_RANGE && !t.data);
    CHECK(tensor_alloc(&t, DTYPE_U8, 2, (int64_t[]){ INT64_MAX, 3 }) == ERR_RANGE && !t.data);
    CHECK(tensor_alloc(&t, DTYPE_F64, 1, (int64_t[]){ INT64_MAX }) == ERR_MEMORY && !t.data);
}

/* A (2, 3, 2) tensor stored with its middle axis fastest, inside a larger and misaligned buffer. */
static void test_strided(void)
{
    uint8_t bytes[1 + 12 * sizeof(float)];
    struct tensor t = { .dtype = DTYPE_F32, .rank = 3, .dim = { 2, 3, 2 }, .stride = { 6, 1, 3 },
                        .data = bytes + 1 };
    static const float expected[12] = { 0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11 };
    float out[12], raw[12];
    int8_t narrow[12], copied[12];

    for (int i = 0; i < 12; i++) {
        float v = (float)i;
        memcpy(bytes + 1 + i * (int)sizeof v, &v, sizeof v);
        narrow[i] = (int8_t)(i - 6);
    }
    CHECK(!tensor_is_contiguous(&t));
    tensor_copy_f32(&t, out);
    for (int i = 0; i < 12; i++) {
        CHECK(out[i] == expected[i]);
        CHECK(tensor_at(&t, i) == expected[i]);
    }
    CHECK(tensor_copy_bytes(&t, copied) == ERR_MISMATCH);
    tensor_copy_raw(&t, raw);
    for (int i = 0; i < 12; i++)
        CHECK(raw[i] == expected[i]);

    t.dtype = DTYPE_S8;
    t.data = narrow;
    CHECK(tensor_copy_bytes(&t, copied) == OK);
    for (int i = 0; i < 12; i++)
        CHECK(copied[i] == (int8_t)expected[i] - 6);

    /* A stride beside an extent of 1 says nothing: torch writes (9, 1, 3, 1) for a depthwise (C, 1, 3, 3). */
    struct tensor depthwise = { .dtype = DTYPE_S8, .rank = 4, .dim = { 1, 1, 3, 3 },
                                .stride = { 9, 1, 3, 1 }, .data = narrow };
    CHECK(tensor_is_contiguous(&depthwise));
    struct tensor scalar = { .dtype = DTYPE_S8, .data = narrow + 2 };
    tensor_copy_f32(&scalar, out);
    CHECK(out[0] == -4.0f && tensor_at(&scalar, 0) == -4.0);
    struct tensor empty = { .dtype = DTYPE_S8, .rank = 2, .dim = { 0, 3 }, .stride = { 3, 1 } };
    tensor_copy_f32(&empty, out);
    CHECK(tensor_copy_bytes(&empty, copied) == OK && tensor_is_contiguous(&empty));
}

static void check_element(enum dtype dtype, const void *bytes, double expected)
{
    struct tensor t = { .dtype = dtype, .rank = 1, .dim = { 1 }, .stride = { 1 },
                        .data = (void *)(uintptr_t)bytes };
    float out;

    tensor_copy_f32(&t, &out);
    CHECK_MSG(tensor_at(&t, 0) == expected, "%s: %g is not %g", dtype_name(dtype), tensor_at(&t, 0),
              expected);
    CHECK(out == (float)expected);
}

static void test_dtypes(void)
{
    check_element(DTYPE_F64, &(double){ 0.1 }, 0.1);
    check_element(DTYPE_F16, &(uint16_t){ 0x3C00 }, 1.0);
    check_element(DTYPE_F16, &(uint16_t){ 0xC100 }, -2.5);
    check_element(DTYPE_F16, &(uint16_t){ 0x0001 }, 5.9604644775390625e-08);
    check_element(DTYPE_F16, &(uint16_t){ 0x7BFF }, 65504.0);
    check_element(DTYPE_F16, &(uint16_t){ 0xFC00 }, -INFINITY);
    check_element(DTYPE_BF16, &(uint16_t){ 0x3F80 }, 1.0);
    check_element(DTYPE_BF16, &(uint16_t){ 0xC049 }, -3.140625);
    check_element(DTYPE_U8, &(uint8_t){ 200 }, 200.0);
    check_element(DTYPE_S8, &(int8_t){ -128 }, -128.0);
    check_element(DTYPE_S16, &(int16_t){ -30000 }, -30000.0);
    check_element(DTYPE_S32, &(int32_t){ 16777216 }, 16777216.0);
    check_element(DTYPE_S64, &(int64_t){ -5 }, -5.0);
    check_element(DTYPE_BOOL, &(uint8_t){ 1 }, 1.0);
    struct tensor nan = { .dtype = DTYPE_F16, .data = &(uint16_t){ 0x7E00 } };
    CHECK(isnan(tensor_at(&nan, 0)));
}

/* Either extreme in every place of every length. */
static void test_range(void)
{
    float v[50] = { 0 }, low, high;

    for (int count = 1; count <= 50; count++)
        for (int at = 0; at < count; at++) {
            v[at] = 2.0f;
            tensor_range(v, count, &low, &high);
            CHECK(low == (count > 1 ? 0.0f : 2.0f) && high == 2.0f);
            v[at] = -3.0f;
            tensor_range(v, count, &low, &high);
            CHECK(low == -3.0f && high == (count > 1 ? 0.0f : -3.0f));
            v[at] = 0.0f;
        }
}

int main(void)
{
    test_alloc();
    test_strided();
    test_dtypes();
    test_range();
    CHECK(mem_live() == 0);
    return check_result("tensor/tensor");
}
