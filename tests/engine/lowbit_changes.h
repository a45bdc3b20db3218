/* tests/engine/lowbit_changes.h: low-bit networks of changed pixels and in batches against whole runs, and of
 * two engines node by node. */
#ifndef QUANTCAM_TEST_ENGINE_LOWBIT_CHANGES_H
#define QUANTCAM_TEST_ENGINE_LOWBIT_CHANGES_H

#include "../model/lowbit.h"
#include "engine/state.h"

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("engine"));
}

static int lowbit_same_maps(const struct model *m, const struct engine *a, const struct engine *b, int all)
{
    for (int i = 0; i < m->nodes; i++) {
        struct engine_map x = engine_node_map(a->plan, a->state, i),
                          y = engine_node_map(b->plan, b->state, i);
        size_t each = x.real ? sizeof(float) : 1;
        int wrong = 0;

        if ((!x.real && !x.codes) || (!y.real && !y.codes)) {
            CHECK_MSG(!all || (!x.real && !x.codes && !y.real && !y.codes), "%s is not shown",
                      m->node[i].name);
            continue;
        }
        for (size_t p = 0; p < (size_t)x.h * (size_t)x.w; p++)
            wrong |= memcmp((x.real ? (const uint8_t *)x.real : x.codes) + p * (size_t)x.pitch * each,
                            (y.real ? (const uint8_t *)y.real : y.codes) + p * (size_t)y.pitch * each,
                            (size_t)x.c * each);
        CHECK_MSG(!wrong, "%s differs", m->node[i].name);
        if (wrong)
            return 0;
    }
    return memcmp(engine_logits(a->plan, a->state), engine_logits(b->plan, b->state),
                  (size_t)m->classes * sizeof(float)) == 0;
}

/* Steps that alter some pixels each, in batches of three. */
static void lowbit_test_changes(const struct model *m, struct engine *delta, struct engine *whole,
                                float *picture, struct random *draws)
{
    enum { MOST_CLASSES = 16 };
    uint32_t pixels = (uint32_t)(m->node[0].h * m->node[0].w);
    size_t classes = (size_t)m->classes;
    float want[ENGINE_BATCH * MOST_CLASSES];
    int32_t changed[48];

    must(engine_keep(delta->plan, delta->state));
    engine_run_real(delta->plan, delta->state, picture);
    for (int step = 0; step < 8; step++) {
        int waiting = 0, batch = step % 2 ? 3 : 1;

        for (int j = 0; j < batch; j++) {
            for (int i = 0; i < 48; i++) {
                changed[i] = (int32_t)random_below(draws, pixels);
                for (int c = 0; c < 3; c++)
                    picture[changed[i] * 3 + c] = step < 4 ? (float)random_unit(draws) : 0.0f;
            }
            engine_run_real(whole->plan, whole->state, picture);
            memcpy(want + (size_t)j * classes, engine_logits(whole->plan, whole->state),
                   classes * sizeof *want);
            waiting = engine_batch_changed(delta->plan, delta->state, picture, changed, 48);
        }
        CHECK(waiting == batch);
        CHECK_MSG(memcmp(engine_finish_batch(delta->plan, delta->state), want,
                         (size_t)batch * classes * sizeof *want) == 0,
                  "step %d: logits", step);
        if (batch == 1)
            CHECK_MSG(lowbit_same_maps(m, delta, whole, 0), "step %d", step);
    }
    must(engine_let_go(delta->plan, delta->state));
    engine_run_real(delta->plan, delta->state, picture);
    CHECK(lowbit_same_maps(m, delta, whole, 0));
}

#endif
