/* tests/probe/test_road.c: ROAD of the tiny network against pictures that are filled in and run whole, one by
 * one. */
#include <math.h>

#include "probe_test.h"

enum { SEED = 11, KEY = 77 };

static enum probe_state walk(struct probe *p)
{
    enum probe_state state = PROBE_MORE;

    while (state == PROBE_MORE)
        state = probe_road_next(p);
    return state;
}

/* The pixels that are removed: the largest values, or the smallest. */
static void expect(const struct probed *t, int i, const float *picture, const int32_t *order, int class_index,
                   double clean, float change[ROAD_CHANGES])
{
    struct image_road *road = NULL;

    must(image_road_make(EDGE, EDGE, 3, kernel_select("ref"), &road));
    image_road_draw(road, SEED, KEY);
    for (int side = 0; side < ROAD_ORDERS; side++)
        for (int k = 0; k < ROAD_PERCENTILES; k++) {
            int32_t gone[PIXELS];
            int count = PIXELS - ((PIXELS - 1) * 10 * (k + 1) + 99) / 100;
            float filled[PIXELS * 3], probability[CLASSES];

            for (int n = 0; n < count; n++)
                gone[n] = order[side == 0 ? n : PIXELS - 1 - n];
            image_road_fill(road, picture, gone, count, filled);
            engine_run_real(t->network.engine[i].plan, t->network.engine[i].state, filled);
            accuracy_softmax(engine_logits(t->network.engine[i].plan, t->network.engine[i].state), CLASSES,
                             probability);
            change[side * ROAD_PERCENTILES + k] = (float)((double)probability[class_index] - clean);
        }
    image_road_free(road);
}

static void test_changes(struct probed *t, int whole)
{
    const struct probe_how how = { .sign = CAM_ABSMAX, .road = 1, .whole = whole };
    struct probe *p = probed_start(t, &how);
    float picture[PIXELS * 3], table[3][256], resized[PIXELS], change[ROAD_CHANGES], right[ROAD_CHANGES];
    int32_t order[PIXELS], scratch[PIXELS];

    image_normalize_table(t->model.input.mean, t->model.input.std, 3, table);
    image_normalize(t->pixels, PIXELS, 3, (const float(*)[256])table, picture);
    must(probe_picture(p, t->pixels, IMAGE_SUBSTRATE_ZERO, IMAGE_SUBSTRATE_ZERO));
    must(probe_road_picture(p, SEED, KEY));
    must(probe_keep(p, 0));
    for (int i = 0; i < 2; i++) {
        probe_run(p, i, t->pixels);
        must(probe_answer(p, i));
        must(probe_look(p, i));
        int class_index = probe_shown(p, i)->top[0];
        double clean = (double)probe_shown(p, i)->score[0];
        cam_resize(probe_shown(p, i)->cam.values, H, W, EDGE, EDGE, resized);
        curve_order(resized, PIXELS, order, scratch);
        probe_order(p, i, probe_shown(p, i)->cam.values);
        probe_road_start(p, i, class_index, change);
        CHECK(probe_road_next(p) == PROBE_MORE); /* left unfinished, and begun again */
        probe_road_start(p, i, class_index, change);
        CHECK(walk(p) == PROBE_DONE);
        expect(t, i, picture, order, class_index, clean, right);
        CHECK_MSG(memcmp(change, right, sizeof change) == 0, "precision %d, whole %d", i, whole);
    }
    must(probe_let_go(p, 0));
    probe_free(p);
}

int main(void)
{
    struct probed t;

    probed_open(&t);
    test_changes(&t, 0);
    test_changes(&t, 1);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/road");
}
