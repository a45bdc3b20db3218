/* tests/model/lowbit.h: a small trained low-bit network, made in memory: a first layer, one of codes, a
 * residual block with a shortcut of option A, a max pool, a dropout, a mean. Values can be worked out by
 * hand. */
#ifndef QUANTCAM_TEST_MODEL_LOWBIT_H
#define QUANTCAM_TEST_MODEL_LOWBIT_H

#include "checkpoint.h"

static const char lowbit_description[] =
    "model low  a trained low-bit network\n"
    "input image 1 4 4 resize 4 bilinear crop 4 mean 0 std 1\n"
    "conv a image out 2 kernel 1 stride 1 pad 0 groups 1 weight a bn an eps 0.25\n"
    "relu ra a\n"
    "maxpool p ra kernel 1 stride 1 pad 0\n"
    "dropout q p rate 0.5\n"
    "conv b q out 2 kernel 3 stride 1 pad 1 groups 1 weight b\n"
    "relu rb b\n"
    "conv c rb out 4 kernel 1 stride 2 pad 0 groups 1 weight c bn cn eps 1.25\n"
    "shortcut s p stride 2 begin 1 out 4\n"
    "add d c s\n"
    "relu rd d\n"
    "avgpool m rd\n"
    "linear f m out 3 weight f\n"
    "output f\n"
    "cam rd\n";

/* Codes of `bits`, odd levels or not: 0, 1, -1, 0, ... but for the ends where `most`. */
static inline void lowbit_codes(struct tensor_table *t, const char *name, int rank, const int64_t *dim,
                                int bits, int odd, double step)
{
    struct tensor *w;
    int8_t *codes;

    put_codes(t, name, rank, dim, 1);
    w = &t->entry[t->count - 1].tensor;
    w->bits = bits < 8 ? bits : 0;
    w->odd = odd;
    w->scale[0] = step;
    codes = w->data;
    for (int64_t i = 0; i < tensor_count(w); i++)
        codes[i] = (int8_t)((i * 7 + i / 3) % (1 << bits) - (1 << (bits - 1)));
    if (!odd) /* zero-aligned: no lowest code */
        for (int64_t i = 0; i < tensor_count(w); i++)
            codes[i] = (int8_t)(codes[i] == -(1 << (bits - 1)) ? 0 : codes[i]);
}

static inline void lowbit_vector(struct tensor_table *t, const char *name, int count, double first,
                                 double step)
{
    float *x = put(t, DTYPE_F32, name, 1, (int64_t[]){ count })->data;

    for (int i = 0; i < count; i++)
        x[i] = (float)(first + step * i);
}

static inline void lowbit_norm(struct tensor_table *t, const char *prefix, int count)
{
    char name[2 * MODEL_NAME];

    snprintf(name, sizeof name, "%s.weight", prefix);
    lowbit_vector(t, name, count, 0.75, 0.5);
    snprintf(name, sizeof name, "%s.bias", prefix);
    lowbit_vector(t, name, count, 0.25, -0.125);
    snprintf(name, sizeof name, "%s.running_mean", prefix);
    lowbit_vector(t, name, count, -0.5, 0.25);
    snprintf(name, sizeof name, "%s.running_var", prefix);
    lowbit_vector(t, name, count, 0.75, 0.75);
}

static inline void lowbit_pact(struct tensor_table *t, const char *relu, double alpha, int high)
{
    char name[2 * MODEL_NAME];

    snprintf(name, sizeof name, "%s.alpha", relu);
    *(float *)put(t, DTYPE_F32, name, 0, NULL)->data = (float)alpha;
    snprintf(name, sizeof name, "%s.codes", relu);
    ((int32_t *)put(t, DTYPE_S32, name, 1, (int64_t[]){ 2 })->data)[1] = high;
}

/* Layers of 4, 8, 2 and 3 bits, the second zero-aligned unless `odd8`; activations of 4, 2 and 8 bits. */
static inline void lowbit_table(struct tensor_table *t, int odd8)
{
    *t = (struct tensor_table){ .source = mem_strdup("low.safetensors") };
    CHECK(table_add_note(t, "quantcam.arithmetic", "pact") == OK);
    lowbit_codes(t, "a.weight", 4, (int64_t[]){ 2, 1, 1, 1 }, 4, 1, 0.125);
    lowbit_norm(t, "an", 2);
    lowbit_pact(t, "ra", 3, 15);
    lowbit_codes(t, "b.weight", 4, (int64_t[]){ 2, 2, 3, 3 }, 8, odd8, 0.001);
    lowbit_vector(t, "b.bias", 2, -0.5, 0.75);
    lowbit_pact(t, "rb", 1.5, 3);
    lowbit_codes(t, "c.weight", 4, (int64_t[]){ 4, 2, 1, 1 }, 2, 1, 0.5);
    lowbit_norm(t, "cn", 4);
    lowbit_pact(t, "rd", 5.1, 255);
    lowbit_codes(t, "f.weight", 2, (int64_t[]){ 3, 4 }, 3, 1, 0.25);
    lowbit_vector(t, "f.bias", 3, -1, 1);
}

#endif
