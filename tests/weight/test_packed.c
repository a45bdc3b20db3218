/* Codes of few bits, worked out by hand: their bytes, the words that tell of them, and what is refused. */
#include "check.h"
#include "weight/weight_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void codes(struct tensor *t, int bits, int rank, const int64_t *dim, const int8_t *values)
{
    CHECK(tensor_alloc(t, DTYPE_S8, rank, dim) == OK);
    memcpy(t->data, values, (size_t)tensor_count(t));
    t->quantization = TENSOR_PER_TENSOR;
    t->bits = bits;
}

/* Packs, compares with `bytes`, and opens again. */
static void round_trip(int bits, int dense, int rank, const int64_t *dim, const int8_t *values,
                       const uint8_t *bytes, int size)
{
    struct tensor t = { 0 }, row = { 0 };
    struct packed_mark m = { .axis = -1, .bits = bits, .dense = dense, .rank = rank };

    memcpy(m.dim, dim, (size_t)rank * sizeof *dim);
    codes(&t, bits, rank, dim, values);
    t.dense = dense;
    CHECK(packed_is(&t) && packed_close(&t, &row) == OK && weight_bytes(&t) == (uint64_t)size);
    CHECK(row.dtype == DTYPE_U8 && row.rank == 1 && row.dim[0] == size);
    CHECK_MSG(memcmp(row.data, bytes, (size_t)size) == 0, "%d bits", bits);
    CHECK(packed_open(&row, &m) == OK && row.bits == bits && row.dense == dense && row.rank == rank &&
          row.dtype == DTYPE_S8);
    CHECK_MSG(memcmp(row.data, values, (size_t)tensor_count(&t)) == 0, "%d bits", bits);
    tensor_free(&row);
    tensor_free(&t);
}

static void by_hand(void)
{
    static const int8_t four[] = { 1, -8, 7, -1, 3 }, three[] = { -4, 3, 2 }, two[] = { 0, 1, -2, -1, -2, 1 },
                        five[] = { 15, -16, -1 }, six[] = { -1, -32, 1, 2 }, seven[] = { -64, 63, -1 };

    /* 1 | -8 = 8 << 4; 7 | -1 = 15 << 4; 3 alone. */
    round_trip(4, 0, 1, (int64_t[]){ 5 }, four, (const uint8_t[]){ 0x81, 0xf7, 0x03 }, 3);
    round_trip(3, 0, 2, (int64_t[]){ 3, 1 }, three, (const uint8_t[]){ 0x3c, 0x02 }, 2);
    /* 0 | 1 << 2 | 2 << 4 | 3 << 6; 2 | 1 << 2. */
    round_trip(2, 0, 2, (int64_t[]){ 2, 3 }, two, (const uint8_t[]){ 0xe4, 0x06 }, 2);
    /* Without gaps: 4 | 3 << 3 | 2 << 6 = 0x9c; 15 | 16 << 5 = 0x20f, and 31 << 10 = 0x7c00; 63 | 32 << 6, 1
     * << 12 and 2 << 18; 64 | 63 << 7 | 127 << 14. */
    round_trip(3, 1, 1, (int64_t[]){ 3 }, three, (const uint8_t[]){ 0x9c, 0x00 }, 2);
    round_trip(5, 1, 1, (int64_t[]){ 3 }, five, (const uint8_t[]){ 0x0f, 0x7e }, 2);
    round_trip(6, 1, 2, (int64_t[]){ 2, 2 }, six, (const uint8_t[]){ 0x3f, 0x18, 0x08 }, 3);
    round_trip(7, 1, 1, (int64_t[]){ 3 }, seven, (const uint8_t[]){ 0xc0, 0xdf, 0x1f }, 3);
}

static void marks(void)
{
    static const char *const wrong[] = {
        "gptq",
        "per_tensor ",
        "per_channel",
        "per_channel 6",
        "per_tensor bits 1 shape 2",
        "per_tensor bits 8",
        "per_tensor bits 4",
        "per_tensor bits 4 shape ",
        "per_tensor bits 4 shape 1,2,3,4,5,6,7",
        "per_tensor bits 6 shape 2",
        "per_tensor bits 2 shape 65536,65537",
        "per_channel 0 bits 4 shape 2,-1",
        "per_tensor odd ",
        "per_tensor bits 6 odd",
        "per_tensor bits 6 dense",
        "per_tensor dense shape 2",
        "per_tensor dense bits 6 shape 2",
        "odd per_tensor",
    };
    struct packed_mark m;
    struct tensor t = { 0 };
    struct text words = { .max = 256 };

    CHECK(packed_read_mark("per_tensor", &m) && m.axis == -1 && m.bits == 0);
    CHECK(packed_read_mark("per_channel 1", &m) && m.axis == 1 && m.bits == 0);
    CHECK(packed_read_mark("per_channel 0 bits 6", &m) && m.axis == 0 && m.bits == 6 && m.rank == 0);
    CHECK(packed_read_mark("per_channel 0 bits 4 shape 64,3,7,7", &m) && m.bits == 4 && m.rank == 4 &&
          m.dim[0] == 64 && m.dim[3] == 7);
    CHECK(!m.dense && packed_read_mark("per_channel 0 bits 6 dense shape 2,9", &m) && m.bits == 6 &&
          m.dense && m.rank == 2 && m.dim[1] == 9);
    CHECK(!m.odd && packed_read_mark("per_tensor odd", &m) && m.odd && m.bits == 0);
    CHECK(packed_read_mark("per_channel 0 odd bits 2 shape 8", &m) && m.odd && m.bits == 2 && m.dim[0] == 8);
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        CHECK_MSG(!packed_read_mark(wrong[i], &m), "%s", wrong[i]);
    codes(&t, 3, 2, (int64_t[]){ 1, 2 }, (int8_t[]){ 1, 2 });
    t.quantization = TENSOR_PER_CHANNEL;
    t.axis = 1;
    CHECK(packed_write_mark(&t, &words) == OK && strcmp(words.data, "per_channel 1 bits 3 shape 1,2") == 0);
    text_free(&words);
    t.dense = 1;
    CHECK(packed_write_mark(&t, &words) == OK &&
          strcmp(words.data, "per_channel 1 bits 3 dense shape 1,2") == 0);
    text_free(&words);
    t.dense = 0;
    t.odd = 1;
    CHECK(packed_write_mark(&t, &words) == OK &&
          strcmp(words.data, "per_channel 1 odd bits 3 shape 1,2") == 0);
    text_free(&words);
    tensor_free(&t);
}

static void open_refused(int bits, int size, const uint8_t *bytes, int64_t count, const char *words)
{
    struct tensor t = { .dtype = DTYPE_U8, .rank = 1, .dim = { size }, .stride = { 1 } };
    struct packed_mark m = { .axis = -1, .bits = bits, .rank = 1, .dim = { count } };

    t.data = (void *)(uintptr_t)bytes;
    CHECK_MSG(packed_open(&t, &m) == ERR_FORMAT && strstr(error_last()->text, words), "'%s'",
              error_last()->text);
}

static void refused(void)
{
    struct tensor t = { 0 }, row = { 0 };

    open_refused(4, 2, (const uint8_t[]){ 1, 2 }, 5, "2 bytes hold the 5 codes of 4 bits, and 3 would");
    open_refused(4, 2, (const uint8_t[]){ 1, 0x12 }, 3, "behind the last code");
    open_refused(3, 1, (const uint8_t[]){ 0x45 }, 2, "code 0 is 5, and 3 bits hold -4 to 3");
    open_refused(6, 2, (const uint8_t[]){ 1, 2 }, 2, "6 bits that are not of type I8");
    codes(&t, 2, 1, (int64_t[]){ 2 }, (int8_t[]){ 1, 2 });
    CHECK(packed_close(&t, &row) == ERR_FORMAT && strstr(error_last()->text, "code 1 is 2, and 2 bits"));
    tensor_free(&t);
}

/* A whole file: what it takes on disk, and the codes again; HDF5 refuses it. */
static void saved(void)
{
    struct tensor_table t = { 0 }, back;
    struct tensor x = { 0 };
    const struct tensor *is;
    char path[] = "/tmp/quantcam_packed_XXXXXX.safetensors", h5[64];
    int8_t values[64];

    CHECK(mkstemps(path, 12) >= 0);
    for (int i = 0; i < 64; i++)
        values[i] = (int8_t)(i % 16 - 8);
    codes(&x, 4, 4, (int64_t[]){ 4, 4, 2, 2 }, values);
    x.quantization = TENSOR_PER_CHANNEL;
    x.channels = 4;
    x.scale = mem_alloc(4, sizeof *x.scale);
    x.zero_point = mem_alloc(4, sizeof *x.zero_point);
    for (int i = 0; i < 4; i++)
        x.scale[i] = 0.25 * (i + 1);
    CHECK(table_take(&t, "w", &x) == OK);
    CHECK_MSG(weight_save(path, &t, NULL, 0) == OK, "%s", error_last()->text);
    CHECK_MSG(weight_load(path, NULL, &back) == OK, "%s", error_last()->text);
    is = table_find(&back, "w");
    CHECK(is && is->bits == 4 && is->rank == 4 && is->dim[1] == 4 && is->channels == 4 && is->scale[3] == 1);
    CHECK(is && memcmp(is->data, values, sizeof values) == 0);
    CHECK_MSG(back.file_bytes % 8 == 0 && back.file_bytes < 400, "%llu", (unsigned long long)back.file_bytes);
    table_free(&back);
    snprintf(h5, sizeof h5, "%s.h5", path);
    CHECK(weight_save(h5, &t, NULL, 0) == ERR_RANGE && strstr(error_last()->text, "codes of 4 bits"));
    CHECK(access(h5, F_OK) != 0);
    table_free(&t);
    unlink(path);
}

/* Levels without a zero of 2 and of 8 bits, whose scale f32 cannot hold. */
static void saved_odd(void)
{
    static const int8_t two[] = { -2, -1, 0, 1, 1 }, eight[] = { -128, 127 };
    char path[] = "/tmp/quantcam_packed_XXXXXX.safetensors", h5[64], what[128];
    struct tensor_table t = { 0 }, back;
    const struct tensor *is[2];

    CHECK(mkstemps(path, 12) >= 0);
    for (int i = 0; i < 2; i++) {
        struct tensor x = { 0 };

        codes(&x, i ? 0 : 2, 1, (int64_t[]){ i ? 2 : 5 }, i ? eight : two);
        x.odd = 1;
        x.channels = 1;
        x.scale = mem_alloc(1, sizeof *x.scale);
        x.zero_point = mem_alloc(1, sizeof *x.zero_point);
        x.scale[0] = 1.0 / 3;
        CHECK(table_take(&t, i ? "eight" : "two", &x) == OK);
    }
    CHECK_MSG(weight_save(path, &t, NULL, 0) == OK, "%s", error_last()->text);
    CHECK_MSG(weight_load(path, NULL, &back) == OK, "%s", error_last()->text);
    is[0] = table_find(&back, "two");
    is[1] = table_find(&back, "eight");
    CHECK(is[0] && is[0]->odd && is[0]->bits == 2 && is[0]->scale[0] == 1.0 / 3 &&
          !memcmp(is[0]->data, two, 5));
    CHECK(is[1] && is[1]->odd && is[1]->bits == 0 && !memcmp(is[1]->data, eight, 2));
    CHECK(is[0] &&
          !strcmp(tensor_describe(is[0], what, sizeof what), "(5) s8 of 2 bits, odd levels, per tensor"));
    table_free(&back);
    snprintf(h5, sizeof h5, "%s.h5", path);
    t.entry[0].tensor.bits = 0;
    CHECK(weight_save(h5, &t, NULL, 0) == ERR_RANGE && strstr(error_last()->text, "two has odd levels"));
    table_free(&t);
    unlink(path);
}

int main(void)
{
    by_hand();
    marks();
    refused();
    saved();
    saved_odd();
    CHECK_MSG(mem_live() == 0, "%ld blocks", mem_live());
    return check_result("weight_packed");
}
