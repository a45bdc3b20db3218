/* What weight_save writes, weight_load gives back: every type, strides, quantization, notes, order, bytes. */
#include "check.h"
#include "weight.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/quantcam_save_XXXXXX";
static const char *const formats[] = { "safetensors", "h5" };

static void add(struct tensor_table *t, const char *name, enum dtype dtype, int rank, const int64_t *dim)
{
    struct tensor x = { 0 };
    uint8_t *bytes;

    CHECK(tensor_alloc(&x, dtype, rank, dim) == OK);
    bytes = x.data;
    for (size_t i = 0; i < (size_t)tensor_count(&x) * dtype_size(dtype); i++)
        bytes[i] = dtype == DTYPE_BOOL ? i % 3 == 0 : (uint8_t)(37 * i + 11 * (size_t)t->count);
    CHECK(table_take(t, name, &x) == OK);
}

static void quantize(struct tensor_table *t, const char *name, int axis)
{
    struct tensor *x = (struct tensor *)(uintptr_t)table_find(t, name);

    x->quantization = axis < 0 ? TENSOR_PER_TENSOR : TENSOR_PER_CHANNEL;
    x->axis = axis < 0 ? 0 : axis;
    x->channels = axis < 0 ? 1 : (int)x->dim[axis];
    x->scale = mem_alloc((size_t)x->channels, sizeof *x->scale);
    x->zero_point = mem_alloc((size_t)x->channels, sizeof *x->zero_point);
    for (int i = 0; i < x->channels; i++) {
        x->scale[i] = 1.0 / (3 + i);
        x->zero_point[i] = i % 7 - 3;
    }
}

/* Every type, a scalar, an empty tensor, channels_last codes, quantization along two axes. */
static void make(struct tensor_table *t)
{
    static const int64_t four[] = { 4, 3, 2, 5 }, six[TENSOR_MAX_RANK] = { 1, 2, 1, 3, 1, 2 },
                         many[] = { 20000, 1 }, none[] = { 3, 0 };
    struct tensor *x;
    char name[32];

    add(t, "conv.weight", DTYPE_S8, 4, four);
    quantize(t, "conv.weight", 0);
    x = &t->entry[0].tensor;
    x->stride[0] = 30, x->stride[1] = 1, x->stride[2] = 15, x->stride[3] = 3;
    for (int i = 0; i < DTYPE_COUNT; i++) {
        snprintf(name, sizeof name, "a.%s", dtype_name((enum dtype)i));
        add(t, name, (enum dtype)i, 3, four);
    }
    add(t, "conv.scale", DTYPE_F32, 0, NULL);
    add(t, "conv.zero_point", DTYPE_S64, 0, NULL);
    add(t, "fc._packed_params._packed_params.0", DTYPE_S8, 2, many); /* scales above 64 KiB */
    quantize(t, "fc._packed_params._packed_params.0", 0);
    add(t, "second axis", DTYPE_U8, 2, four);
    quantize(t, "second axis", 1);
    add(t, "whole \"\\\xc3\xa9", DTYPE_S32, 1, four);
    quantize(t, "whole \"\\\xc3\xa9", -1);
    add(t, "empty", DTYPE_F16, 2, none);
    add(t, "six extents", DTYPE_F32, TENSOR_MAX_RANK, six);
}

static void check_equal(const struct tensor *is, const struct tensor *should, const char *name)
{
    size_t bytes = (size_t)tensor_count(should) * dtype_size(should->dtype);
    uint8_t *a = mem_alloc(bytes, 1), *b = mem_alloc(bytes, 1);

    CHECK_MSG(is->dtype == should->dtype && is->rank == should->rank && is->channels == should->channels &&
                  is->quantization == should->quantization && is->axis == should->axis &&
                  memcmp(is->dim, should->dim, sizeof is->dim) == 0,
              "%s", name);
    CHECK(tensor_is_contiguous(is));
    tensor_copy_raw(is, a);
    tensor_copy_raw(should, b);
    CHECK_MSG(memcmp(a, b, bytes) == 0, "%s", name);
    for (int i = 0; i < should->channels && i < is->channels; i++)
        CHECK_MSG(is->scale[i] == should->scale[i] && is->zero_point[i] == should->zero_point[i],
                  "%s, channel %d", name, i);
    mem_free(a);
    mem_free(b);
}

static void test_round_trip(const struct tensor_table *t, const char *format)
{
    static const struct weight_note notes[] = { { "quantcam.engine", "fbgemm" },
                                                { "made \"by\"", "a\nb\xc3\xa9" },
                                                { "empty", "" } };
    struct tensor_table back, again;
    char path[128], temporary[160], *bytes[2];
    size_t size[2];

    snprintf(path, sizeof path, "%s/a.%s", dir, format);
    for (int i = 0; i < 2; i++) {
        CHECK_MSG(weight_save(path, t, notes, 3) == OK, "%s", error_last()->text);
        CHECK(text_read_file(path, 1 << 24, &bytes[i], &size[i]) == OK);
    }
    CHECK(size[0] == size[1] && memcmp(bytes[0], bytes[1], size[0]) == 0);
    snprintf(temporary, sizeof temporary, "%s.tmp", path);
    CHECK(access(temporary, F_OK) != 0);
    CHECK_MSG(weight_load(path, NULL, &back) == OK, "%s", error_last()->text);
    CHECK(back.count == t->count);
    for (int i = 0; i < t->count && i < back.count; i++) {
        CHECK_MSG(strcmp(back.entry[i].name, t->entry[i].name) == 0, "%s", back.entry[i].name);
        check_equal(&back.entry[i].tensor, &t->entry[i].tensor, t->entry[i].name);
    }
    CHECK(back.notes == 3);
    for (int i = 0; i < 3; i++) {
        CHECK(strcmp(back.note[i].key, notes[i].key) == 0);
        CHECK(table_note(&back, notes[i].key) &&
              strcmp(table_note(&back, notes[i].key), notes[i].value) == 0);
    }
    /* What was read can be saved, over itself too: the same bytes again. */
    CHECK(weight_save(path, &back, notes, 3) == OK && weight_load(path, NULL, &again) == OK);
    CHECK(memcmp(again.sha256, back.sha256, HASH_SIZE) == 0);
    table_free(&back);
    table_free(&again);
    mem_free(bytes[0]);
    mem_free(bytes[1]);
    unlink(path);
}

static void check_refused(const char *name, const struct tensor_table *t, const struct weight_note *notes,
                          int count, status expected, const char *words)
{
    char path[160];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK_MSG(weight_save(path, t, notes, count) == expected && strstr(error_last()->text, words),
              "'%s' lacks '%s'", error_last()->text, words);
    CHECK(strstr(error_last()->text, path) != NULL && access(path, F_OK) != 0);
}

static void test_refusals(void)
{
    static const int64_t one[] = { 1 };
    static const struct weight_note twice[] = { { "a", "b" }, { "a", "c" } },
                                    taken[] = { { "conv.weight.quantization", "per_tensor" } };
    struct tensor_table t = { 0 }, empty = { 0 };

    add(&t, "w", DTYPE_S8, 1, one);
    check_refused("a.pth", &t, NULL, 0, ERR_USAGE, "NAME.h5 or NAME.safetensors");
    check_refused("no/a.h5", &t, NULL, 0, ERR_IO, "HDF5");
    check_refused("no/a.safetensors", &t, NULL, 0, ERR_IO, "No such file");
    check_refused("a.h5", &t, twice, 2, ERR_RANGE, "two notes are named a");
    check_refused("a.h5", &t, taken, 1, ERR_RANGE, "conv.weight.quantization");
    quantize(&t, "w", -1);
    add(&t, "w.scale", DTYPE_F32, 1, one);
    check_refused("a.h5", &t, NULL, 0, ERR_RANGE, "w.scale, which the quantized w needs");
    add(&empty, "a/b", DTYPE_F32, 1, one);
    check_refused("a.h5", &empty, NULL, 0, ERR_RANGE, "'a/b' cannot name a tensor");
    table_free(&t);
    table_free(&empty);
    for (int i = 0; i < 2; i++)
        test_round_trip(&empty, formats[i]);
}

int main(void)
{
    struct tensor_table t = { 0 };

    CHECK(mkdtemp(dir) != NULL);
    make(&t);
    for (int i = 0; i < 2; i++)
        test_round_trip(&t, formats[i]);
    table_free(&t);
    test_refusals();
    rmdir(dir);
    CHECK(mem_live() == 0);
    return check_result("weight/save");
}
