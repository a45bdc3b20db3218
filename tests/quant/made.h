/* tests/quant/made.h: what the tests of the room share: small fp32 networks (tests/engine/tiny.h) and
 * pictures made in memory. */
#ifndef MADE_H
#define MADE_H

#include "engine/tiny.h"
#include "quant/quant_parts.h"

enum { MADE_PICTURES = 5, MADE_MOST = 12 * 12 * 3 };

struct made {
    struct tiny net;
    uint8_t bytes[MADE_PICTURES][MADE_MOST];
    const uint8_t *pixels[MADE_PICTURES];
    struct quant_options options;
    struct quant_pictures pictures;
    struct quant_work work;
};

/* The network is described and its checkpoint filled; `count` random pictures. */
static inline void made_bind(struct made *m, int count)
{
    struct random r = { .seed = 5 };

    tiny_bind(&m->net);
    for (int i = 0; i < MADE_PICTURES; i++) {
        for (int j = 0; j < MADE_MOST; j++)
            m->bytes[i][j] = (uint8_t)random_below(&r, 256);
        m->pixels[i] = m->bytes[i];
    }
    quant_preset_options(quant_preset_usual(), &m->options);
    m->pictures = (struct quant_pictures){ .count = count, .size = 1, .pixels = m->pixels };
    m->work = (struct quant_work){ .options = &m->options,
                                   .pictures = &m->pictures,
                                   .kernels = kernel_select("auto") };
}

static inline void made_fold(struct made *m)
{
    tiny_must(quant_fold(&m->net.binding, &m->work));
}

static inline void made_free(struct made *m)
{
    quant_work_free(&m->work);
    tiny_free(&m->net);
    CHECK_MSG(mem_live() == 0, "%ld blocks", mem_live());
}

static inline int made_node(const struct made *m, const char *name)
{
    int node = model_find(&m->net.model, name);

    CHECK_MSG(node >= 0, "%s", name);
    return node;
}

/* Logits of the folded network, as it stands. */
static inline void made_logits(struct made *m, int picture, float *out)
{
    struct quant_engine e = { 0 };

    tiny_must(quant_plan_real(&m->work, NULL, &e));
    engine_run(e.plan, e.state, m->pixels[picture]);
    memcpy(out, engine_logits(e.plan, e.state), (size_t)engine_classes(e.plan) * sizeof *out);
    quant_close(&m->pictures, &e);
}

/* Two 1 x 1 layers with a relu between them. */
#define MADE_PAIR(RELU)                                                                                      \
    "model pair  two layers\n"                                                                               \
    "input image 3 2 2 resize 2 bilinear crop 2 mean 0 0 0 std 1 1 1 quant quant\n"                          \
    "conv a image out 2 kernel 1 stride 1 pad 0 groups 1 weight a\n" RELU " act a\n"                         \
    "conv b act out 2 kernel 1 stride 1 pad 0 groups 1 weight b\n"                                           \
    "avgpool pool b\n"                                                                                       \
    "linear fc pool out 2 weight fc\n"                                                                       \
    "output fc\n"                                                                                            \
    "cam b\n"

static inline void made_pair(struct made *m, const char *text)
{
    static const float a[6] = { 8, -4, 2, 0.5f, 0.25f, 0.125f }, b[4] = { 0.5f, 2, -0.25f, 1 };
    static const float bias_a[2] = { 1, -0.0625f }, bias_b[2] = { 0, 0.5f }, fc[4] = { 1, 2, 3, 4 };

    memset(m, 0, sizeof *m);
    tiny_describe(&m->net, text);
    tiny_real(&m->net, "a", ".weight", 4, (int64_t[]){ 2, 3, 1, 1 }, a);
    tiny_real(&m->net, "a", ".bias", 1, (int64_t[]){ 2 }, bias_a);
    tiny_real(&m->net, "b", ".weight", 4, (int64_t[]){ 2, 2, 1, 1 }, b);
    tiny_real(&m->net, "b", ".bias", 1, (int64_t[]){ 2 }, bias_b);
    tiny_real(&m->net, "fc", ".weight", 2, (int64_t[]){ 2, 2 }, fc);
    made_bind(m, MADE_PICTURES);
}

/* Every op once, random fp32 weights. */
static inline void made_every(struct made *m)
{
    memset(m, 0, sizeof *m);
    tiny_every(&m->net, 0, 0);
    model_unbind(&m->net.binding);
    made_bind(m, MADE_PICTURES);
}

/* Batch normalisation alone, silu, sigmoid, cats that grow; random fp32 weights. */
static inline void made_more(struct made *m)
{
    memset(m, 0, sizeof *m);
    tiny_more(&m->net, 0, 0, 0);
    model_unbind(&m->net.binding);
    made_bind(m, MADE_PICTURES);
}

#endif
