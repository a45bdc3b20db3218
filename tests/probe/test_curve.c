/* tests/probe/test_curve.c: curves of the tiny network against pictures that are put together and run whole,
 * one by one. */
#include <math.h>

#include "probe_test.h"

enum { STEPS = 20 };

/* The picture with the first `count` pixels of the order replaced. */
static void compose(const float *from, const float *to, const int32_t *order, int count, float *out)
{
    memcpy(out, from, PIXELS * 3 * sizeof *from);
    for (int k = 0; k < count; k++)
        memcpy(out + 3 * order[k], to + 3 * order[k], 3 * sizeof *to);
}

static void expect(const struct probed *t, int i, const float *from, const float *to, const int32_t *order,
                   int class_index, float *curve, float *logits)
{
    for (int s = 0; s <= STEPS; s++) {
        float picture[PIXELS * 3], probability[CLASSES];

        compose(from, to, order, (s * PIXELS * 2 + STEPS) / (2 * STEPS), picture);
        engine_run_real(t->network.engine[i].plan, t->network.engine[i].state, picture);
        memcpy(logits + s * CLASSES, engine_logits(t->network.engine[i].plan, t->network.engine[i].state),
               CLASSES * sizeof(float));
        accuracy_softmax(logits + s * CLASSES, CLASSES, probability);
        curve[s] = probability[class_index];
    }
}

/* Steps that were handed out; `most` < 0: to the end. */
static enum probe_state walk(struct probe *p, int most)
{
    enum probe_state state = PROBE_MORE;

    for (int k = 0; k != most && state == PROBE_MORE; k++)
        state = probe_curve_next(p);
    return state;
}

static void test_curves(struct probed *t, int whole)
{
    const struct probe_how how = { .sign = CAM_ABSMAX, .curves = STEPS, .whole = whole };
    struct probe *p = probed_start(t, &how);
    float picture[PIXELS * 3], zero[PIXELS * 3], blur[PIXELS * 3], table[3][256], resized[PIXELS];
    float curve[STEPS + 1], right[STEPS + 1], logits[(STEPS + 1) * CLASSES],
        right_logits[(STEPS + 1) * CLASSES];
    int32_t order[PIXELS], scratch[PIXELS];

    image_normalize_table(t->model.input.mean, t->model.input.std, 3, table);
    image_normalize(t->pixels, PIXELS, 3, (const float(*)[256])table, picture);
    must(image_substrate(IMAGE_SUBSTRATE_ZERO, picture, EDGE, EDGE, 3, (const float(*)[256])table, zero));
    must(image_substrate(IMAGE_SUBSTRATE_BLUR, picture, EDGE, EDGE, 3, (const float(*)[256])table, blur));
    must(probe_picture(p, t->pixels, IMAGE_SUBSTRATE_ZERO, IMAGE_SUBSTRATE_BLUR));
    must(probe_keep(p, 0));
    for (int i = 0; i < 2; i++) {
        probe_run(p, i, t->pixels);
        must(probe_answer(p, i));
        must(probe_look(p, i));
        int class_index = probe_shown(p, i)->top[0];
        cam_resize(probe_shown(p, i)->cam.values, H, W, EDGE, EDGE, resized);
        curve_order(resized, PIXELS, order, scratch);
        probe_order(p, i, probe_shown(p, i)->cam.values);
        probe_curve_start(p, i, PROBE_DELETION, class_index, curve, logits);
        CHECK(walk(p, 7) == PROBE_MORE); /* left unfinished, and begun again */
        probe_curve_start(p, i, PROBE_DELETION, class_index, curve, logits);
        CHECK(walk(p, -1) == PROBE_DONE);
        expect(t, i, picture, zero, order, class_index, right, right_logits);
        CHECK_MSG(memcmp(curve, right, sizeof curve) == 0, "deletion %d, whole %d", i, whole);
        CHECK(memcmp(logits, right_logits, sizeof logits) == 0);
        CHECK(curve[0] == probe_shown(p, i)->score[0]);
        probe_curve_start(p, i, PROBE_INSERTION, class_index, curve, NULL);
        CHECK(walk(p, -1) == PROBE_DONE);
        expect(t, i, blur, picture, order, class_index, right, right_logits);
        CHECK_MSG(memcmp(curve, right, sizeof curve) == 0, "insertion %d, whole %d", i, whole);
        CHECK(curve[STEPS] == probe_shown(p, i)->score[0]);
    }
    must(probe_let_go(p, 0));
    probe_free(p);
}

/* Logits of the clean picture that are not finite: a curve that reaches it is worthless. */
static void test_odd(struct probed *t)
{
    const struct probe_how how = { .curves = STEPS };
    struct probe *p = probed_start(t, &how);
    float curve[STEPS + 1];

    must(probe_picture(p, t->pixels, IMAGE_SUBSTRATE_ZERO, IMAGE_SUBSTRATE_ZERO));
    must(probe_keep(p, 0));
    probe_run(p, 0, t->pixels);
    must(probe_look(p, 0));
    probe_order(p, 0, probe_shown(p, 0)->cam.values);
    probe_shown(p, 0)->logits[0] = INFINITY;
    probe_curve_start(p, 0, PROBE_DELETION, 0, curve, NULL);
    CHECK(walk(p, -1) == PROBE_ODD);
    probe_curve_start(p, 0, PROBE_INSERTION, 0, curve, NULL);
    CHECK(walk(p, STEPS) == PROBE_MORE && walk(p, 1) == PROBE_ODD);
    must(probe_let_go(p, 0));
    probe_free(p);
}

int main(void)
{
    struct probed t;

    probed_open(&t);
    test_curves(&t, 0);
    test_curves(&t, 1);
    test_odd(&t);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/curve");
}
