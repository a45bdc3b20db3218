/* tests/deploy/test_flat.c: a flatbuffer laid out by hand, and the same with every kind of damage. */
#include "deploy/flat.h"

#include <string.h>

#include "check.h"

/* Root at 20, its vtable at 8: an i8, nothing, an offset to a vector, an i32, an offset to a table, an f32.
 */
enum { ROOT = 24, VECTOR = 48, CHILD = 64, SIZE = 76 };
static const uint8_t good[SIZE] = {
    ROOT,        0,    0,    0,    'T', 'E', 'S', 'T', /* 0: root, mark */
    16,          0,    24,   0,    20,  0,   0,   0,   8, 0, 4, 0,
    12,          0,    16,   0,    /* 8: vtable of 16 bytes, table of 24, six fields */
    16,          0,    0,    0,    /* 24: the vtable is 16 before */
    0xfe,        0xff, 0xff, 0xff, /* 28: field 3, -2 */
    VECTOR - 32, 0,    0,    0,    /* 32: field 2 */
    CHILD - 36,  0,    0,    0,    /* 36: field 4 */
    0,           0,    0xc0, 0x3f, /* 40: field 5, 1.5 */
    0x85,        0,    0,    0,    /* 44: field 0, -123 */
    3,           0,    0,    0,    1,   0,   2,   0,   0, 0, 0, 0, /* 48: three bytes; 56: */
    4,           0,    4,    0, /* 60: the child's vtable, without fields */
    4,           0,    0,    0,    1,   0,   0,   0,   8, 0, 0, 0, /* 64: the child, 4 after it; 68: */
};

static void test_good(void)
{
    struct flat_table root, child, none;
    struct flat_vector v;
    int64_t n;
    float x;

    CHECK(flat_root(good, SIZE, "TEST", &root) == OK && root.at == ROOT && root.fields == 6);
    CHECK(flat_int(&root, 0, FLAT_I8, 7, &n) == OK && n == -123);
    CHECK(flat_int(&root, 0, FLAT_U8, 7, &n) == OK && n == 0x85);
    CHECK(flat_int(&root, 1, FLAT_I8, 7, &n) == OK && n == 7);
    CHECK(flat_int(&root, 9, FLAT_I64, 5, &n) == OK && n == 5);
    CHECK(flat_int(&root, 3, FLAT_I32, 0, &n) == OK && n == -2);
    CHECK(flat_int(&root, 3, FLAT_U32, 0, &n) == OK && n == 0xfffffffe);
    CHECK(flat_real(&root, 5, 0, &x) == OK && x == 1.5f);
    CHECK(flat_real(&root, 1, 0.25f, &x) == OK && x == 0.25f);
    CHECK(flat_vector(&root, 2, FLAT_U8, &v) == OK && v.count == 3 && v.at == VECTOR + 4);
    CHECK(flat_vector_int(&v, 0) == 1 && flat_vector_int(&v, 2) == 2);
    CHECK(flat_vector(&root, 1, FLAT_U8, &v) == OK && v.count == 0);
    CHECK(flat_child(&root, 4, &child) == OK && child.at == CHILD && child.fields == 0);
    CHECK(flat_int(&child, 0, FLAT_I8, 3, &n) == OK && n == 3);
    CHECK(flat_child(&root, 1, &none) == OK && none.at == 0);
    CHECK(flat_child(&none, 0, &child) == OK && child.at == 0);
    CHECK(flat_bytes(FLAT_I64) == 8 && flat_bytes(FLAT_F32) == 4 && flat_bytes(FLAT_U8) == 1);
}

/* All that test_good asks for; the first failure. */
static status ask(const uint8_t *bytes, uint64_t size)
{
    struct flat_table root, child;
    struct flat_vector v;
    int64_t n;
    float x;

    TRY(flat_root(bytes, size, "TEST", &root));
    TRY(flat_int(&root, 0, FLAT_I8, 7, &n));
    TRY(flat_int(&root, 3, FLAT_I32, 0, &n));
    TRY(flat_real(&root, 5, 0, &x));
    TRY(flat_vector(&root, 2, FLAT_U8, &v));
    for (int64_t i = 0; i < v.count; i++)
        (void)flat_vector_int(&v, i);
    return flat_child(&root, 4, &child);
}

/* Bytes at `at` become `value`; the sentence has `words`. */
static void check_bad(size_t at, int bytes, uint32_t value, const char *words)
{
    uint8_t *bad = malloc(SIZE); /* of its exact size: a sanitizer sees a read beyond */
    status result;

    memcpy(bad, good, SIZE);
    for (int i = 0; i < bytes; i++)
        bad[at + (size_t)i] = (uint8_t)(value >> (8 * i));
    result = ask(bad, SIZE);
    CHECK_MSG(result == ERR_FORMAT && strstr(error_last()->text, words), "at %zu: %s", at,
              error_last()->text);
    free(bad);
}

static void test_bad(void)
{
    check_bad(4, 1, 'X', "'TEST' is missing");
    check_bad(0, 4, 0, "points outside the file");
    check_bad(0, 4, SIZE, "points outside the file");
    check_bad(0, 4, SIZE - 3, "points outside the file");
    check_bad(0, 4, 0xffffffff, "points outside the file");
    check_bad(ROOT, 4, ROOT + 1, "description lies outside the file");
    check_bad(ROOT, 4, (uint32_t) - (SIZE - ROOT - 3), "description lies outside the file");
    check_bad(ROOT, 4, 0x80000000, "description lies outside the file");
    check_bad(8, 2, 2, "description cannot have 2 bytes");
    check_bad(8, 2, 17, "description cannot have 17 bytes");
    check_bad(8, 2, 70, "description cannot have 70 bytes");
    check_bad(10, 2, 3, "a table of 3 bytes");
    check_bad(10, 2, SIZE - ROOT + 1, "reaches beyond the end");
    check_bad(12, 2, 24, "field 0 lies outside its table");
    check_bad(12, 2, 3, "field 0 lies outside its table");
    check_bad(18, 2, 21, "field 3 lies outside its table");
    check_bad(32, 4, SIZE - 32 - 3, "points outside the file");
    check_bad(VECTOR, 4, SIZE - VECTOR - 3, "a vector of 25 elements");
    check_bad(VECTOR, 4, 0xffffffff, "a vector of 4294967295 elements");
    check_bad(36, 4, 0, "points outside the file");
    check_bad(CHILD, 4, 0x7fffffff, "description lies outside the file");
}

static void test_cut(void)
{
    for (size_t size = 0; size < SIZE; size++) {
        uint8_t *cut = malloc(size ? size : 1);

        memcpy(cut, good, size);
        CHECK_MSG(ask(cut, size) == (size < CHILD + 4 ? ERR_FORMAT : OK), "%zu", size);
        free(cut);
    }
}

int main(void)
{
    test_good();
    test_bad();
    test_cut();
    return check_result("deploy/flat");
}
