/* tests/probe/probe_test.h: the tiny network (tests/fixtures/tiny) in fp32 and int8, and a picture. */
#ifndef PROBE_TEST_H
#define PROBE_TEST_H

#include <string.h>

#include "check.h"
#include "probe.h"
#include "weight.h"

#define TINY "tests/fixtures/tiny/"
enum { EDGE = 8, PIXELS = EDGE * EDGE, H = 4, W = 4, C = 4, CELLS = H * W, CLASSES = 3 };

struct probed {
    struct model model;
    struct model_head head[2];
    struct probe_network network;
    uint8_t pixels[PIXELS * 3];
};

static inline void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("probe"));
}

static inline void probed_engine(struct probed *t, int i, const char *checkpoint)
{
    uint8_t show[MODEL_MAX_NODES] = { 0 };
    const struct engine_options options = { .arithmetic = ENGINE_AUTO, .show = show };
    const struct gradient_path by_input = { .from = t->model.output };
    struct tensor_table table = { 0 };
    struct model_binding binding = { 0 };

    must(weight_load(checkpoint, "", &table));
    must(model_bind(&t->model, &table, NULL, &binding));
    must(gradient_shows(&t->model, binding.form, by_input, show));
    must(gradient_open(&binding, by_input, kernel_select("auto"), &t->network.by_input[i]));
    if (strcmp(t->model.node[t->model.cam].name, "skip") == 0) {
        must(probe_shows(&binding, 1u << CAM_CAM, show));
        must(gradient_open(&binding, probe_path(&t->model), kernel_select("auto"), &t->network.gradient[i]));
        must(model_head_load(&binding, &t->head[i]));
        t->network.head[i] = &t->head[i];
    }
    must(engine_open(&binding, &options, kernel_select("auto"), &t->network.engine[i]));
    model_unbind(&binding);
    table_free(&table);
}

static inline void probed_open(struct probed *t)
{
    struct random random = { .seed = 5 };
    char *text = NULL;
    size_t size;

    memset(t, 0, sizeof *t);
    must(text_read_plain(TINY "tiny.model", 1 << 16, &text, &size));
    must(model_parse(TINY "tiny.model", text, size, &t->model));
    mem_free(text);
    t->network.model[0] = t->network.model[1] = &t->model;
    t->network.precisions = 2;
    probed_engine(t, 0, TINY "fp32.pth");
    probed_engine(t, 1, TINY "per_tensor.pth");
    for (int i = 0; i < PIXELS * 3; i++)
        t->pixels[i] = (uint8_t)random_below(&random, 256);
}

static inline void probed_close(struct probed *t)
{
    for (int i = 0; i < 2; i++) {
        gradient_close(&t->network.gradient[i]);
        engine_close(&t->network.engine[i]);
        gradient_close(&t->network.by_input[i]);
        model_head_free(&t->head[i]);
    }
    model_free(&t->model);
}

static inline struct probe *probed_start(const struct probed *t, const struct probe_how *how)
{
    struct probe *p = NULL;

    must(probe_create(&t->network, 1, how, kernel_select("auto"), &p));
    return p;
}

/* The picture through both precisions. */
static inline void probed_look(struct probe *p, const struct probed *t)
{
    for (int i = 0; i < t->network.precisions; i++) {
        probe_run(p, i, t->pixels);
        must(probe_answer(p, i));
        must(probe_look(p, i));
        must(probe_methods(p, i, probe_shown(p, i)->top[0]));
    }
}

#endif
