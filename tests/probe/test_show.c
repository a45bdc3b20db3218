/* tests/probe/test_show.c: answers, CAM layer, maps and boxes of the tiny network, each against the room that
 * defines it and by hand. */
#include <math.h>

#include "probe_test.h"

static void test_answer(struct probe *p, const struct probed *t)
{
    for (int i = 0; i < 2; i++) {
        const struct probe_shown *s = probe_shown(p, i);
        float probability[CLASSES], sum = 0;

        engine_run(t->network.engine[i].plan, t->network.engine[i].state, t->pixels);
        CHECK(memcmp(s->logits, engine_logits(t->network.engine[i].plan, t->network.engine[i].state),
                     sizeof probability) == 0);
        accuracy_softmax(s->logits, CLASSES, probability);
        CHECK(s->classes == CLASSES && s->tops == CLASSES);
        for (int k = 0; k < CLASSES; k++) {
            CHECK(s->score[k] == probability[s->top[k]]);
            CHECK(k == 0 || s->logits[s->top[k - 1]] >= s->logits[s->top[k]]);
            sum += s->score[k];
        }
        CHECK(fabsf(sum - 1) < 1e-6f);
        CHECK(s->top[3] == -1 && s->top[4] == -1 && s->score[3] == 0 && s->score[4] == 0);
    }
}

static void test_layer(struct probe *p)
{
    const struct probe_shown *s = probe_shown(p, 1);
    uint8_t codes[C * CELLS];
    float mean[C];

    CHECK(s->layer.codes != NULL && s->layer.c == C && s->layer.h == H && s->layer.w == W);
    CHECK(probe_shown(p, 0)->layer.codes == NULL && probe_shown(p, 0)->layer.real != NULL);
    probe_layer_copy(&s->layer, codes);
    probe_channel_means(&s->layer, mean);
    for (int c = 0; c < C; c++) {
        int sum = 0;

        for (int k = 0; k < CELLS; k++) {
            float real = dequantize_value(codes[c * CELLS + k], s->layer.q.scale, s->layer.q.zero_point);

            CHECK(codes[c * CELLS + k] == s->layer.codes[k * s->layer.pitch + c]);
            CHECK(s->act[k * C + c] == real);
            sum += codes[c * CELLS + k];
        }
        CHECK(mean[c] == (float)(s->layer.q.scale * ((double)sum / CELLS - s->layer.q.zero_point)));
    }
}

/* A layer of three pixels and two channels, four apart, of values and of codes, by hand. */
static void test_copies(void)
{
    const float real[] = { 1, 2, -1, -1, 3, 4, -1, -1, 5, 9, -1, -1 };
    const uint8_t codes[] = { 1, 2, 99, 99, 3, 4, 99, 99, 5, 9, 99, 99 };
    struct engine_map m = { .c = 2, .h = 1, .w = 3, .pitch = 4, .real = real };
    float planes[6], mean[2];
    uint8_t stored[6];

    probe_layer_copy(&m, planes);
    CHECK(planes[0] == 1 && planes[1] == 3 && planes[2] == 5 && planes[3] == 2 && planes[5] == 9);
    probe_channel_means(&m, mean);
    CHECK(mean[0] == 3 && mean[1] == 5);
    m = (struct engine_map){ .c = 2, .h = 1, .w = 3, .pitch = 4, .codes = codes };
    m.q.scale = 0.5;
    m.q.zero_point = 1;
    probe_layer_copy(&m, stored);
    CHECK(stored[0] == 1 && stored[1] == 3 && stored[2] == 5 && stored[3] == 2 && stored[5] == 9);
    probe_channel_means(&m, mean);
    CHECK(mean[0] == 1 && mean[1] == 2);
}

static void test_maps(struct probe *p)
{
    for (int i = 0; i < 2; i++) {
        const float *values = probe_shown(p, i)->cam.values;
        float negative[CELLS], right[PIXELS];

        for (int k = 0; k < CELLS; k++)
            negative[k] = -values[k];
        cam_finish(values, H, W, EDGE, EDGE, right);
        CHECK(memcmp(probe_map(p, i, 0), right, sizeof right) == 0);
        CHECK(probe_map(p, i, 0) == probe_map(p, i, 0));
        cam_finish(negative, H, W, EDGE, EDGE, right);
        CHECK(memcmp(probe_map(p, i, 1), right, sizeof right) == 0);
    }
}

static void test_methods(struct probe *p, const struct probed *t)
{
    const struct probe_shown *s = probe_shown(p, 0);

    must(probe_look(p, 0)); /* act is that of the precision looked at last */
    must(probe_methods(p, 0, 2));
    for (int k = 0; k < CELLS; k++) {
        double sum = 0;

        for (int c = 0; c < C; c++)
            sum += (double)t->head[0].weight[2 * C + c] * s->act[k * C + c];
        CHECK_MSG(fabs(s->method[CAM_CAM].values[k] - sum) < 1e-5, "%g %g", s->method[CAM_CAM].values[k],
                  sum);
    }
    CHECK(s->method[CAM_LAYERCAM].values == NULL);
}

/* True boxes: all of the picture, and none. */
static void test_boxes(struct probe *p)
{
    const struct wsol_box whole = { 0, 0, EDGE, EDGE };
    struct wsol_score score;
    int32_t box[4], alone[4];

    probe_box(p, 0, 0, &whole, 1, &score, box);
    probe_box(p, 0, 0, NULL, 0, NULL, alone);
    CHECK(memcmp(box, alone, sizeof box) == 0);
    CHECK(box[0] >= 0 && box[2] < EDGE && box[0] <= box[2] && box[1] <= box[3]);
    CHECK(fabs(score.iou[WSOL_T20] - (box[2] - box[0] + 1) * (box[3] - box[1] + 1) / (double)PIXELS) < 1e-6);
    probe_box(p, 0, 1, NULL, 0, &score, box);
    CHECK(memcmp(box, alone, sizeof box) != 0 && score.iou[WSOL_T20] == -1);
}

/* A map that falls from the upper left corner, its negative from the lower right. The true box is the upper
 * left quarter; the weights of 8 pixels fall 1 1 1 .75 .25 0 0 0: above 0.2 are 5 of them, above 0.5 4.
 * wsolevaluation's box has one more. */
static void test_box_by_hand(struct probe *p)
{
    static const float side[W] = { 1, 1, 0, 0 };
    const struct wsol_box quarter = { 0, 0, 4, 4 };
    struct wsol_score score;
    int32_t box[4];

    must(probe_look(p, 0));
    for (int k = 0; k < CELLS; k++)
        probe_shown(p, 0)->cam.values[k] = 2 * side[k / W] * side[k % W] - (k == CELLS - 1);
    probe_box(p, 0, 0, &quarter, 1, &score, box);
    CHECK(box[0] == 0 && box[1] == 0 && box[2] == 4 && box[3] == 4);
    CHECK_MSG(score.iou[WSOL_T20] == 0.64f && score.iou[WSOL_T50] == 1 && score.iou[WSOL_BEST] == 1, "%g %g",
              score.iou[WSOL_T20], score.iou[WSOL_T50]);
    CHECK((score.right[0][0] & 1) == 0 && (score.right[1][0] & 1) == 1);
    CHECK((score.right[0][50 / 8] >> 50 % 8 & 1) == 1);
    probe_box(p, 0, 1, &quarter, 1, &score, box);
    CHECK(box[0] > 0 && box[2] == EDGE - 1 && box[3] == EDGE - 1 && score.iou[WSOL_T20] < 0.3f);
}

/* An infinite activation: no map; logits that are not finite: no answer. */
static void test_not_finite(struct probe *p)
{
    float *logits = probe_shown(p, 0)->logits, kept = logits[1];

    logits[1] = NAN;
    CHECK(probe_answer(p, 0) == ERR_NUMERIC);
    CHECK(strcmp(error_last()->text, "tiny: logits that are not finite") == 0);
    logits[1] = kept;
    CHECK(probe_answer(p, 0) == OK);
}

/* Pictures that run together show what each shows alone. */
static void test_together(const struct probed *t)
{
    enum { PICTURES = 3 };
    const struct probe_how how = { .sign = CAM_ABSMAX, .together = PICTURES };
    struct probe *p = probed_start(t, &how), *alone = probed_start(t, &how);
    uint8_t pixels[PICTURES][PIXELS * 3];

    for (int k = 0; k < PICTURES; k++)
        for (int x = 0; x < PIXELS * 3; x++)
            pixels[k][x] = (uint8_t)(t->pixels[x] + 40 * k);
    for (int i = 0; i < 2; i++) {
        for (int k = 0; k < PICTURES; k++)
            probe_ahead(p, i, k, pixels[k]);
        probe_ahead_finish(p, i);
        for (int k = 0; k < PICTURES; k++) {
            probe_ahead_take(p, i, k, pixels[k]);
            must(probe_look(p, i));
            probe_run(alone, i, pixels[k]);
            must(probe_look(alone, i));
            CHECK(memcmp(probe_shown(p, i)->logits, probe_shown(alone, i)->logits,
                         CLASSES * sizeof(float)) == 0);
            CHECK(memcmp(probe_shown(p, i)->cam.values, probe_shown(alone, i)->cam.values,
                         CELLS * sizeof(float)) == 0);
        }
    }
    probe_free(p);
    probe_free(alone);
}

int main(void)
{
    const struct probe_how how = { .sign = CAM_ABSMAX, .raw = 1, .methods = 1u << CAM_CAM };
    struct probed t;
    struct probe *p;

    probed_open(&t);
    p = probed_start(&t, &how);
    probed_look(p, &t);
    test_answer(p, &t);
    test_layer(p);
    test_copies();
    test_maps(p);
    test_methods(p, &t);
    test_boxes(p);
    test_box_by_hand(p);
    test_not_finite(p);
    probe_free(p);
    test_together(&t);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/show");
}
