/* tests/engine/tiny_deployed.h: a small network of what other runtimes' files have: windows that are no
 * squares, pads of their own on every side, real values among codes, logits of a convolution without its
 * first class. */
#ifndef TINY_DEPLOYED_H
#define TINY_DEPLOYED_H

#include "tiny.h"

enum { DEPLOYED_H = 12, DEPLOYED_W = 13 };

#define DEPLOYED_TEXT(product, more_sum, to_real, to_codes)                                                  \
    "model deployed  what other runtimes have\n"                                                             \
    "input image 3 12 13 resize squash bilinear mean 0.5 0.4 0.3 std 0.2 0.25 0.3 quant quant\n"             \
    "conv first image out 16 kernel 3 stride 2 pad same groups 1 weight first\n"                             \
    "relu6 first_relu first\n"                                                                               \
    "conv tall first_relu out 16 kernel 5x1 stride 1 pad 2,0,2,0 groups 1 weight tall\n"                     \
    "relu tall_relu tall\n"                                                                                  \
    "conv wide tall_relu out 16 kernel 1x4 stride 1 pad 0,2,0,1 groups 16 weight wide\n"                     \
    "avgpool2d smooth wide kernel 3x2 stride 1 pad 1,1,1,0\n"                                                \
    "add sum smooth first_relu quant sum\n" product more_sum "pad more shifted pad -1,2,1,-1\n"              \
    "maxpool most more kernel 3x2 stride 2 pad 1,0,0,1 ceil 1\n" to_real                                     \
    "leakyrelu leaky real slope 0.125\n"                                                                     \
    "clip clipped leaky low -0.75 high 1.25\n"                                                               \
    "conv among clipped out 8 kernel 2 stride 1 pad 1,0,0,1 groups 2 weight among\n" to_codes                \
    "avgpool2d half codes kernel 2 stride 2 pad 1 count 1 ceil 1\n"                                          \
    "avgpool pooled half\n"                                                                                  \
    "conv fc pooled out 6 kernel 1 stride 1 pad 0 groups 1 weight fc\n"                                      \
    "slice classes fc begin 1 out 5\n"                                                                       \
    "output classes\n"                                                                                       \
    "cam sum\n"

static inline void tiny_offset(struct tiny *t, const char *name, const char *suffix, int offset)
{
    struct tensor x = { 0 };

    tiny_must(tensor_alloc(&x, DTYPE_S32, 0, NULL));
    *(int32_t *)x.data = offset;
    tiny_take(t, name, suffix, &x);
}

static inline void tiny_params(struct tiny *t, const char *name, double scale, int zero_point, int offset)
{
    tiny_output(t, name, scale, zero_point);
    tiny_offset(t, name, ".offset", offset);
}

/* Codes with a scale a channel, or one and a zero point; biases of codes. */
static inline void tiny_integers(struct tiny *t, const char *prefix, int rank, const int64_t *dim,
                                 int zero_point)
{
    int8_t codes[TINY_WEIGHTS];
    struct tensor bias = { 0 };
    double scale[64];
    int64_t count = 1;

    for (int i = 0; i < rank; i++)
        count *= dim[i];
    for (int64_t i = 0; i < count; i++)
        codes[i] = (int8_t)((int)random_below(&t->random, 256) - 128);
    for (int64_t i = 0; i < dim[0]; i++)
        scale[i] = tiny_between(t, 0.002, 0.006);
    tiny_codes(t, prefix, ".weight", rank, dim, codes, zero_point ? 1 : (int)dim[0], scale);
    if (zero_point)
        t->table.entry[t->table.count - 1].tensor.zero_point[0] = zero_point;
    tiny_must(tensor_alloc(&bias, DTYPE_S32, 1, dim));
    for (int64_t i = 0; i < dim[0]; i++)
        ((int32_t *)bias.data)[i] = (int32_t)random_below(&t->random, 4000) - 2000;
    tiny_take(t, prefix, ".bias", &bias);
}

/* What a sum or product takes: one code, or one a channel. */
static inline void tiny_constant(struct tiny *t, const char *prefix, int64_t count, double scale,
                                 int zero_point)
{
    int8_t codes[64];

    for (int64_t i = 0; i < count; i++)
        codes[i] = (int8_t)((int)random_below(&t->random, 256) - 128);
    tiny_codes(t, prefix, ".weight", 1, &count, codes, 1, &scale);
    t->table.entry[t->table.count - 1].tensor.zero_point[0] = zero_point;
}

/* engine: whose integers; NULL: real numbers. */
static inline void tiny_deployed(struct tiny *t, const char *engine)
{
    static const struct {
        const char *name;
        int64_t dim[4];
        int zero_point;
    } layer[] = {
        { "first", { 16, 3, 3, 3 }, 0 }, { "tall", { 16, 16, 5, 1 }, 7 }, { "wide", { 16, 1, 1, 4 }, -9 },
        { "among", { 8, 8, 2, 2 }, 0 },  { "fc", { 6, 8, 1, 1 }, 0 },
    };
    static const char *const scaled[] = { "quant", "first",  "tall",    "wide", "sum",
                                          "codes", "scaled", "shifted", "fc" };

    tiny_describe(t, engine ? DEPLOYED_TEXT("mul scaled sum weight scaled quant scaled\n",
                                            "add shifted scaled weight shifted quant shifted\n",
                                            "dequantize real most\n", "quantize codes among quant codes\n")
                            : DEPLOYED_TEXT("tanh scaled sum\n", "sub shifted scaled first_relu\n",
                                            "relu real most\n", "relu codes among\n"));
    for (size_t i = 0; i < COUNT_OF(layer); i++)
        if (engine && strcmp(layer[i].name, "among") != 0)
            tiny_integers(t, layer[i].name, 4, layer[i].dim, layer[i].zero_point);
        else
            tiny_random_real(t, layer[i].name, 4, layer[i].dim);
    if (engine) {
        tiny_constant(t, "scaled", 16, 0.017, -60);
        tiny_constant(t, "shifted", 1, 0.011, 40);
    }
    for (size_t i = 0; engine && i < COUNT_OF(scaled); i++)
        tiny_params(t, scaled[i], 0.02 + 0.003 * (double)i, 90 + (int)i, i % 2 ? 128 : 0);
    if (engine)
        tiny_must(table_add_note(&t->table, "quantcam.engine", engine));
    tiny_bind(t);
}

#endif
