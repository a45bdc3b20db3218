/* tests/engine/tiny.h: small networks made in memory. A struct tiny is a description, a checkpoint and their
 * binding. */
#ifndef TINY_H
#define TINY_H

#include <string.h>

#include "check.h"
#include "engine/state.h"

struct tiny {
    struct model model;
    struct tensor_table table;
    struct model_binding binding;
    struct random random;
};

static inline void tiny_must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("tiny"));
}

static inline void tiny_describe(struct tiny *t, const char *text)
{
    memset(t, 0, sizeof *t);
    t->random.seed = 11;
    tiny_must(model_parse("tiny.model", text, strlen(text), &t->model));
}

static inline void tiny_bind(struct tiny *t)
{
    tiny_must(model_bind(&t->model, &t->table, NULL, &t->binding));
}

static inline void tiny_free(struct tiny *t)
{
    model_unbind(&t->binding);
    table_free(&t->table);
    model_free(&t->model);
}

static inline void tiny_take(struct tiny *t, const char *prefix, const char *name, struct tensor *tensor)
{
    char full[MODEL_NAME * 2];

    snprintf(full, sizeof full, "%s%s", prefix, name);
    tiny_must(table_take(&t->table, full, tensor));
}

/* An f32 tensor of any rank, with values. */
static inline void tiny_real(struct tiny *t, const char *prefix, const char *name, int rank,
                             const int64_t *dim, const float *values)
{
    struct tensor x = { 0 };

    tiny_must(tensor_alloc(&x, DTYPE_F32, rank, dim));
    memcpy(x.data, values, (size_t)tensor_count(&x) * sizeof(float));
    tiny_take(t, prefix, name, &x);
}

static inline void tiny_output(struct tiny *t, const char *prefix, double scale, int zero_point)
{
    struct tensor z = { 0 };

    tiny_real(t, prefix, ".scale", 0, NULL, (float[]){ (float)scale });
    tiny_must(tensor_alloc(&z, DTYPE_S64, 0, NULL));
    *(int64_t *)z.data = zero_point;
    tiny_take(t, prefix, ".zero_point", &z);
}

/* Stored weights as the checkpoint has them: `scales` is 1 (per tensor) or dim[0]. */
static inline void tiny_codes(struct tiny *t, const char *prefix, const char *name, int rank,
                              const int64_t *dim, const int8_t *codes, int scales, const double *scale)
{
    struct tensor w = { 0 };

    tiny_must(tensor_alloc(&w, DTYPE_S8, rank, dim));
    memcpy(w.data, codes, (size_t)tensor_count(&w));
    w.quantization = scales == 1 ? TENSOR_PER_TENSOR : TENSOR_PER_CHANNEL;
    w.channels = scales;
    w.scale = mem_alloc((size_t)scales, sizeof *w.scale);
    w.zero_point = mem_alloc((size_t)scales, sizeof *w.zero_point);
    memcpy(w.scale, scale, (size_t)scales * sizeof *scale);
    tiny_take(t, prefix, name, &w);
}

static inline float tiny_between(struct tiny *t, double low, double high)
{
    return (float)(low + (high - low) * random_unit(&t->random));
}

enum { TINY_WEIGHTS = 4096 };

/* A convolution's (rank 4) or linear layer's (rank 2) random weights and bias in fp32. */
static inline void tiny_random_real(struct tiny *t, const char *prefix, int rank, const int64_t *dim)
{
    float values[TINY_WEIGHTS];
    int64_t count = 1;

    for (int i = 0; i < rank; i++)
        count *= dim[i];
    for (int64_t i = 0; i < count; i++)
        values[i] = tiny_between(t, -0.5, 0.5);
    tiny_real(t, prefix, ".weight", rank, dim, values);
    for (int64_t i = 0; i < dim[0]; i++)
        values[i] = tiny_between(t, -0.5, 0.5);
    tiny_real(t, prefix, ".bias", 1, dim, values);
}

/* The same in int8, with the output's scale and zero point. */
static inline void tiny_random_codes(struct tiny *t, const char *prefix, int rank, const int64_t *dim,
                                     int per_channel, double scale_out, int zero_point)
{
    int8_t codes[TINY_WEIGHTS];
    float bias[256];
    double scale[256];
    int64_t count = 1;

    for (int i = 0; i < rank; i++)
        count *= dim[i];
    for (int64_t i = 0; i < count; i++)
        codes[i] = (int8_t)((int)random_below(&t->random, 256) - 128);
    for (int64_t i = 0; i < dim[0]; i++) {
        bias[i] = tiny_between(t, -0.5, 0.5);
        scale[i] = tiny_between(t, 0.002, 0.006);
    }
    if (rank == 2) {
        tiny_codes(t, prefix, "._packed_params._packed_params.0", rank, dim, codes,
                   per_channel ? (int)dim[0] : 1, scale);
        tiny_real(t, prefix, "._packed_params._packed_params.1", 1, dim, bias);
    } else {
        tiny_codes(t, prefix, ".weight", rank, dim, codes, per_channel ? (int)dim[0] : 1, scale);
        tiny_real(t, prefix, ".bias", 1, dim, bias);
    }
    tiny_output(t, prefix, scale_out, zero_point);
}

/* ---- a network with every op
 * ------------------------------------------------------------------------------- */

static const char tiny_every_op[] =
    "model every  every op once\n"
    "input image 3 12 12 resize 12 bilinear crop 12 mean 0.5 0.4 0.3 std 0.2 0.25 0.3 quant quant\n"
    "conv first image out 16 kernel 3 stride 1 pad 1 groups 1 weight first\n"
    "relu6 first_relu first\n"
    "maxpool pool first_relu kernel 3 stride 2 pad 1\n"
    "conv dw pool out 16 kernel 3 stride 1 pad 1 groups 16 weight dw\n"
    "hardswish swish dw quant swish\n"
    "avgpool squeeze swish\n"
    "conv fc1 squeeze out 8 kernel 1 stride 1 pad 0 groups 1 weight fc1\n"
    "relu fc1_relu fc1\n"
    "conv fc2 fc1_relu out 16 kernel 1 stride 1 pad 0 groups 1 weight fc2\n"
    "hardsigmoid gate fc2\n"
    "mul se swish gate quant se\n"
    "add sum se pool quant sum\n"
    "relu sum_relu sum\n"
    "slice left sum_relu begin 0 out 8\n"
    "slice right sum_relu begin 8 out 8\n"
    "conv grouped right out 8 kernel 3 stride 1 pad 1 groups 2 weight grouped\n"
    "relu grouped_relu grouped\n"
    "cat join left grouped_relu quant join\n"
    "shuffle mix join groups 2\n"
    "relu again mix\n"
    "conv last again out 12 kernel 1 stride 2 pad 0 groups 1 weight last\n"
    "mean pooled last\n"
    "linear fc pooled out 5 weight fc\n"
    "output fc\n"
    "cam last\n";

static inline void tiny_every(struct tiny *t, int int8, int per_channel)
{
    static const struct {
        const char *name;
        int rank;
        int64_t dim[4];
    } layer[] = {
        { "first", 4, { 16, 3, 3, 3 } }, { "dw", 4, { 16, 1, 3, 3 } },     { "fc1", 4, { 8, 16, 1, 1 } },
        { "fc2", 4, { 16, 8, 1, 1 } },   { "grouped", 4, { 8, 4, 3, 3 } }, { "last", 4, { 12, 16, 1, 1 } },
        { "fc", 2, { 5, 12 } },
    };

    tiny_describe(t, tiny_every_op);
    for (size_t i = 0; i < COUNT_OF(layer); i++)
        if (int8)
            tiny_random_codes(t, layer[i].name, layer[i].rank, layer[i].dim, per_channel,
                              0.02 + 0.003 * (double)i, 100);
        else
            tiny_random_real(t, layer[i].name, layer[i].rank, layer[i].dim);
    if (int8) {
        tiny_output(t, "quant", 0.03, 90);
        tiny_output(t, "swish", 0.021, 20);
        tiny_output(t, "se", 0.017, 30);
        tiny_output(t, "sum", 0.025, 60);
        tiny_output(t, "join", 0.027, 50);
    }
    tiny_bind(t);
}

/* ---- a network of batch normalisation alone, silu and sigmoid, cats that grow, a linear layer on a map */

static const char tiny_more_ops[] =
    "model more  what every has not\n"
    "input image 3 12 12 resize 12 bilinear crop 12 mean 0.5 0.4 0.3 std 0.2 0.25 0.3 quant quant\n"
    "conv first image out 8 kernel 3 stride 1 pad 1 groups 1 weight first\n"
    "silu act first quant act\n"
    "batchnorm norm act weight norm eps 0.001\n"
    "relu norm_relu norm\n"
    "shortcut short norm_relu stride 2 begin 3 out 16\n"
    "conv grow1 norm_relu out 8 kernel 3 stride 2 pad 1 groups 1 weight grow1\n"
    "cat cat1 short grow1 quant cat1\n"
    "batchnorm norm1 cat1 weight norm1 eps 1e-05\n"
    "relu relu1 norm1\n"
    "conv grow2 relu1 out 4 kernel 3 stride 1 pad 1 groups 1 weight grow2\n"
    "cat cat2 cat1 grow2 quant cat2\n"
    "conv grow3 cat2 out 4 kernel 1 stride 1 pad 0 groups 1 weight grow3\n"
    "cat cat3 cat2 grow3 quant cat3\n"
    "batchnorm norm3 cat3 weight norm3 eps 1e-05\n"
    "avgpool2d pool norm3 kernel 2 stride 2\n"
    "avgpool squeeze pool\n"
    "conv fc1 squeeze out 32 kernel 1 stride 1 pad 0 groups 1 weight fc1\n"
    "sigmoid gate fc1\n"
    "mul se pool gate quant se\n"
    "linear fc se out 5 weight fc\n"
    "output fc\n"
    "cam norm3\n";

static inline void tiny_norm(struct tiny *t, const char *prefix, int channels)
{
    static const struct {
        const char *name;
        double low, high;
    } part[] = {
        { ".weight", -1, 2 }, { ".bias", -1, 1 }, { ".running_mean", -1, 1 }, { ".running_var", 0.1, 2 }
    };
    float values[64];

    for (size_t i = 0; i < COUNT_OF(part); i++) {
        for (int c = 0; c < channels; c++)
            values[c] = tiny_between(t, part[i].low, part[i].high);
        tiny_real(t, prefix, part[i].name, 1, (int64_t[]){ channels }, values);
    }
}

/* shared: one scale for the cats and what they join, so that nothing is copied. */
static inline void tiny_more(struct tiny *t, int int8, int per_channel, int shared)
{
    static const struct {
        const char *name;
        int rank;
        int64_t dim[4];
    } layer[] = { { "first", 4, { 8, 3, 3, 3 } },  { "grow1", 4, { 8, 8, 3, 3 } },
                  { "grow2", 4, { 4, 24, 3, 3 } }, { "grow3", 4, { 4, 28, 1, 1 } },
                  { "fc1", 4, { 32, 32, 1, 1 } },  { "fc", 2, { 5, 288 } } };
    static const char *const scaled[] = { "norm", "cat1", "cat2", "cat3", "norm1", "norm3", "act", "se" };

    tiny_describe(t, tiny_more_ops);
    for (size_t i = 0; i < COUNT_OF(layer); i++)
        if (int8)
            tiny_random_codes(t, layer[i].name, layer[i].rank, layer[i].dim, per_channel,
                              shared && i >= 1 && i <= 3 ? 0.025 : 0.02 + 0.003 * (double)i,
                              shared && i >= 1 && i <= 3 ? 60 : 100);
        else
            tiny_random_real(t, layer[i].name, layer[i].rank, layer[i].dim);
    tiny_norm(t, "norm", 8);
    tiny_norm(t, "norm1", 24);
    tiny_norm(t, "norm3", 32);
    for (size_t i = 0; int8 && i < COUNT_OF(scaled); i++)
        tiny_output(t, scaled[i], shared && i < 4 ? 0.025 : 0.021 + 0.002 * (double)i,
                    shared && i < 4 ? 60 : 70 + (int)i);
    if (int8)
        tiny_output(t, "quant", 0.03, 90);
    tiny_bind(t);
}

/* ---- a block of ConvNeXt: layer normalisation, gelu in both forms, a scale a channel */

static const char tiny_next_ops[] =
    "model next  a block of ConvNeXt\n"
    "input image 3 12 12 resize 12 bilinear crop 12 mean 0.5 0.4 0.3 std 0.2 0.25 0.3 quant quant\n"
    "conv stem image out 20 kernel 2 stride 2 pad 0 groups 1 weight stem\n"
    "layernorm norm stem weight norm eps 1e-06\n"
    "conv dw norm out 20 kernel 5 stride 1 pad 2 groups 20 weight dw\n"
    "layernorm inner dw weight inner eps 0.001\n"
    "conv up inner out 24 kernel 1 stride 1 pad 0 groups 1 weight up\n"
    "gelu curve up quant curve\n"
    "conv down curve out 20 kernel 1 stride 1 pad 0 groups 1 weight down\n"
    "scale scaled down weight gamma\n"
    "add block scaled norm quant block\n"
    "gelu bent block approximate 1 quant bent\n"
    "avgpool pooled bent\n"
    "layernorm last pooled weight last eps 1e-06\n"
    "conv fc last out 5 kernel 1 stride 1 pad 0 groups 1 weight fc\n"
    "output fc\n"
    "cam block\n";

static inline void tiny_vector(struct tiny *t, const char *prefix, const char *suffix, int channels)
{
    float values[64];

    for (int c = 0; c < channels; c++)
        values[c] = tiny_between(t, -1, 2);
    tiny_real(t, prefix, suffix, 1, (int64_t[]){ channels }, values);
}

/* Weights of one position as a linear layer's; `last` has no shift. */
static inline void tiny_next(struct tiny *t)
{
    tiny_describe(t, tiny_next_ops);
    tiny_random_real(t, "stem", 4, (int64_t[]){ 20, 3, 2, 2 });
    tiny_random_real(t, "dw", 4, (int64_t[]){ 20, 1, 5, 5 });
    tiny_random_real(t, "up", 2, (int64_t[]){ 24, 20 });
    tiny_random_real(t, "down", 4, (int64_t[]){ 20, 24, 1, 1 });
    tiny_random_real(t, "fc", 2, (int64_t[]){ 5, 20 });
    tiny_vector(t, "norm", ".weight", 20);
    tiny_vector(t, "norm", ".bias", 20);
    tiny_vector(t, "inner", ".weight", 20);
    tiny_vector(t, "inner", ".bias", 20);
    tiny_vector(t, "last", ".weight", 20);
    tiny_vector(t, "gamma", "", 20);
    tiny_bind(t);
}

static inline void tiny_pixels(struct tiny *t, uint8_t *pixels, int count)
{
    for (int i = 0; i < count; i++)
        pixels[i] = (uint8_t)random_below(&t->random, 256);
}

static inline struct engine tiny_plan(const struct tiny *t, enum engine_arithmetic a, int keep,
                                      const char *isa)
{
    struct engine_options options = { .arithmetic = a, .keep = keep };
    struct engine e = { 0 };

    tiny_must(engine_open(&t->binding, &options, kernel_select(isa), &e));
    return e;
}

/* ---- one convolution and one linear layer in int8, worked by hand in test_run.c
 * ---------------------------------- */

static const char tiny_one_text[] =
    "model one  one layer\n"
    "input image 3 2 2 resize 2 bilinear crop 2 mean 0 0 0 std 1 1 1 quant quant\n"
    "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c\n"
    "relu r c\n"
    "avgpool p r\n"
    "linear fc p out 2 weight fc\n"
    "output fc\n"
    "cam r\n";

static inline void tiny_one(struct tiny *t, int per_channel)
{
    const double scale[2] = { 0.5, 0.25 };

    tiny_describe(t, tiny_one_text);
    tiny_output(t, "quant", 1.0 / 256, 3);
    tiny_codes(t, "c", ".weight", 4, (int64_t[]){ 2, 3, 1, 1 }, (int8_t[]){ 1, 2, 3, 4, 5, 6 },
               per_channel ? 2 : 1, scale);
    tiny_real(t, "c", ".bias", 1, (int64_t[]){ 2 }, (float[]){ 0.75f, -0.5f });
    tiny_output(t, "c", 1.0 / 64, 7);
    tiny_codes(t, "fc", "._packed_params._packed_params.0", 2, (int64_t[]){ 2, 2 }, (int8_t[]){ 1, 0, 0, 1 },
               1, scale);
    tiny_real(t, "fc", "._packed_params._packed_params.1", 1, (int64_t[]){ 2 }, (float[]){ 0, 0 });
    tiny_output(t, "fc", 1.0 / 64, 0);
    tiny_bind(t);
}

#endif
