/* tests/model/checkpoint.h: a small network and checkpoints of it made in memory. */
#ifndef QUANTCAM_TEST_MODEL_CHECKPOINT_H
#define QUANTCAM_TEST_MODEL_CHECKPOINT_H

#include <string.h>

#include "check.h"
#include "model.h"

/* A checkpoint made in memory; `quantized` adds codes in place of real weights. */
static inline struct tensor *put(struct tensor_table *table, enum dtype dtype, const char *name, int rank,
                                 const int64_t *dim)
{
    struct tensor t;

    CHECK(tensor_alloc(&t, dtype, rank, dim) == OK);
    CHECK_MSG(table_take(table, name, &t) == OK, "%s", error_last()->text);
    return &table->entry[table->count - 1].tensor;
}

static inline void put_value(struct tensor_table *table, const char *name, double value)
{
    *(double *)put(table, DTYPE_F64, name, 0, NULL)->data = value;
}

static inline void put_codes(struct tensor_table *table, const char *name, int rank, const int64_t *dim,
                             int channels)
{
    struct tensor *t = put(table, DTYPE_S8, name, rank, dim);

    t->quantization = channels > 1 ? TENSOR_PER_CHANNEL : TENSOR_PER_TENSOR;
    t->channels = channels;
    t->scale = mem_alloc((size_t)channels, sizeof *t->scale);
    t->zero_point = mem_alloc((size_t)channels, sizeof *t->zero_point);
    for (int i = 0; i < channels; i++)
        t->scale[i] = 0.5;
}

static const char checkpoint_description[] =
    "model m\ninput image 3 4 4 resize 4 bilinear crop 4 mean 0 0 0 std 1 1 1 quant q\n"
    "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c bn n eps 1e-5\n"
    "relu r c\nhardsigmoid s r\nmul x r s quant x\navgpool p x\n"
    "linear f p out 5 weight f\noutput f\ncam r\n";

static inline void make_model(struct model *m)
{
    CHECK_MSG(model_parse("m.model", checkpoint_description, strlen(checkpoint_description), m) == OK, "%s",
              error_last()->text);
}

static inline void make_float(struct tensor_table *t)
{
    static const char *const vectors[] = { "n.weight", "n.bias", "n.running_mean", "n.running_var" };

    t->source = mem_strdup("x.pth");
    put(t, DTYPE_F32, "c.weight", 4, (int64_t[]){ 2, 3, 1, 1 });
    for (size_t i = 0; i < COUNT_OF(vectors); i++)
        put(t, DTYPE_F32, vectors[i], 1, (int64_t[]){ 2 });
    put_value(t, "n.num_batches_tracked", 7);
    put(t, DTYPE_F32, "f.weight", 2, (int64_t[]){ 5, 2 });
    put(t, DTYPE_F32, "f.bias", 1, (int64_t[]){ 5 });
}

static inline void make_int8(struct tensor_table *t, const char *fc_weight, int channels)
{
    static const char *const modules[] = { "q", "c", "x", "f" };
    char name[64];

    t->source = mem_strdup("x.pth");
    put_codes(t, "c.weight", 4, (int64_t[]){ 2, 3, 1, 1 }, channels);
    put(t, DTYPE_F32, "c.bias", 1, (int64_t[]){ 2 });
    put_codes(t, fc_weight, 2, (int64_t[]){ 5, 2 }, 1);
    for (size_t i = 0; i < COUNT_OF(modules); i++) {
        snprintf(name, sizeof name, "%s.scale", modules[i]);
        put_value(t, name, 0.25 * (double)(i + 1));
        snprintf(name, sizeof name, "%s.zero_point", modules[i]);
        put_value(t, name, (double)(10 * i));
    }
    put_value(t, "idle_add.scale", 1);
    put_value(t, "idle_add.zero_point", 0);
}

static inline struct tensor *get(struct tensor_table *t, const char *name)
{
    for (int i = 0; i < t->count; i++)
        if (strcmp(t->entry[i].name, name) == 0)
            return &t->entry[i].tensor;
    BUG_IF(1);
}

/* Puts `prefix` before the name of every tensor from number `first` on. */
static inline void put_before(struct tensor_table *t, const char *prefix, int first)
{
    struct tensor_table with = { .source = t->source };
    char name[256];

    t->source = NULL;
    for (int i = 0; i < t->count; i++) {
        snprintf(name, sizeof name, "%s%s", i >= first ? prefix : "", t->entry[i].name);
        CHECK(table_take(&with, name, &t->entry[i].tensor) == OK);
    }
    table_free(t);
    *t = with;
}

#endif
