/* tests/cli/hand.h: a network of two layers whose every value can be worked out by hand, real and of codes.
 *
 * Pixels are 0 or 255 and become 0 or 1. conv: channel 0 is 2 x + 1, channel 1 relu(1 - x). fc of their
 * means: y0 = m0 + 2 m1 + 0.5, y1 = -2 m0 + 8 m1. The picture 1 0 / 0 1 gives channel 0: 3 1 / 1 3, mean 2
 * channel 1: 0 1 / 1 0, mean 0.5      logits 3.5 and 0 In codes all scales are powers of two, so that both
 * forms show the same values. */
#ifndef HAND_H
#define HAND_H

#include <string.h>
#include <unistd.h>

#include "check.h"
#include "cli/network.h"
#include "weight.h"

enum { HAND_CELLS = 4, HAND_CHANNELS = 2, HAND_CLASSES = 2 };
static const uint8_t hand_pixels[HAND_CELLS] = { 255, 0, 0, 255 };
static const float hand_logits[HAND_CLASSES] = { 3.5f, 0 };
static const float hand_layer[HAND_CHANNELS * HAND_CELLS] = { 3, 1, 1, 3, 0, 1, 1, 0 };
/* Of hand_layer: channel 0 in halves, channel 1 too. */
static const uint8_t hand_codes[HAND_CHANNELS * HAND_CELLS] = { 6, 2, 2, 6, 0, 2, 2, 0 };

struct hand {
    char folder[64], model[96], real[96], codes[96];
};

static inline void hand_must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("hand"));
}

static inline void hand_put(struct tensor_table *t, const char *name, int rank, const int64_t *dim,
                            const double *values, int as_codes)
{
    struct tensor x = { 0 };

    hand_must(tensor_alloc(&x, as_codes ? DTYPE_S8 : DTYPE_F32, rank, dim));
    for (int64_t i = 0; i < tensor_count(&x); i++)
        if (as_codes)
            ((int8_t *)x.data)[i] = (int8_t)values[i];
        else
            ((float *)x.data)[i] = (float)values[i];
    if (as_codes) {
        x.quantization = TENSOR_PER_TENSOR;
        x.channels = 1;
        x.scale = mem_alloc(1, sizeof *x.scale);
        x.zero_point = mem_alloc(1, sizeof *x.zero_point);
        x.scale[0] = 1;
    }
    hand_must(table_take(t, name, &x));
}

static inline void hand_output(struct tensor_table *t, const char *module, double scale, double zero)
{
    char name[32];

    snprintf(name, sizeof name, "%s.scale", module);
    hand_put(t, name, 0, NULL, &scale, 0);
    snprintf(name, sizeof name, "%s.zero_point", module);
    hand_put(t, name, 0, NULL, &zero, 0);
}

static inline void hand_save(const char *path, int as_codes)
{
    struct tensor_table t = { 0 };

    hand_put(&t, "c.weight", 4, (int64_t[]){ 2, 1, 1, 1 }, (double[]){ 2, -1 }, as_codes);
    hand_put(&t, "c.bias", 1, (int64_t[]){ 2 }, (double[]){ 1, 1 }, 0);
    hand_put(&t, "f.weight", 2, (int64_t[]){ 2, 2 }, (double[]){ 1, 2, -2, 8 }, as_codes);
    hand_put(&t, "f.bias", 1, (int64_t[]){ 2 }, (double[]){ 0.5, 0 }, 0);
    if (as_codes) {
        hand_output(&t, "q", 1, 0);
        hand_output(&t, "c", 0.5, 0);
        hand_output(&t, "f", 0.5, 8);
    }
    hand_must(weight_save(path, &t, NULL, 0));
    table_free(&t);
}

static inline void hand_make(struct hand *h)
{
    static const char text[] = "model hand\n"
                               "input image 1 2 2 resize 2 bilinear crop 2 mean 0 std 1 quant q\n"
                               "conv c image out 2 kernel 1 stride 1 pad 0 groups 1 weight c\n"
                               "relu r c\navgpool p r\nlinear f p out 2 weight f\noutput f\ncam r\n";

    snprintf(h->folder, sizeof h->folder, "/tmp/quantcam-hand-XXXXXX");
    CHECK(mkdtemp(h->folder) != NULL);
    snprintf(h->model, sizeof h->model, "%s/hand.model", h->folder);
    snprintf(h->real, sizeof h->real, "%s/real.safetensors", h->folder);
    snprintf(h->codes, sizeof h->codes, "%s/codes.safetensors", h->folder);
    hand_must(text_write_file(h->model, text, strlen(text)));
    hand_save(h->real, 0);
    hand_save(h->codes, 1);
}

/* The precisions "real" and "codes". */
static inline void hand_open(const struct hand *h, int precisions, unsigned methods, int keep,
                             struct network_set *set)
{
    const struct network_how how = {
        .model = h->model, .isa = "auto", .methods = methods, .options = { .keep = keep }
    };

    hand_must(network_set_add(set, &how, "real", h->real));
    if (precisions > 1)
        hand_must(network_set_add(set, &how, "codes", h->codes));
}

static inline void hand_remove(const struct hand *h)
{
    CHECK(unlink(h->model) == 0 && unlink(h->real) == 0 && unlink(h->codes) == 0 && rmdir(h->folder) == 0);
}

#endif
