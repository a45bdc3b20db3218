/* tests/probe/test_attribution.c: picture-sized maps of the tiny network against pictures that are altered
 * here and run whole, one by one. */
#include <math.h>

#include "metric_saliency.h"
#include "probe/probe_parts.h"
#include "probe_test.h"

enum { MASKS = 21, KEY = 77, SAMPLES = 5, STEPS = 40 };

static const struct probe_how how = { .attribution = { .methods = (1u << ATTRIBUTIONS) - 1,
                                                       .seed = 3,
                                                       .masks = MASKS,
                                                       .cells = 3,
                                                       .keep = 0.5,
                                                       .window = 3,
                                                       .stride = 2,
                                                       .fill = IMAGE_SUBSTRATE_MEAN,
                                                       .samples = SAMPLES,
                                                       .sigma = 0.1,
                                                       .steps = STEPS,
                                                       .baseline = IMAGE_SUBSTRATE_BLACK } };

static enum probe_state walk(struct probe *p, int most)
{
    enum probe_state state = PROBE_MORE;

    for (int k = 0; k != most && state == PROBE_MORE; k++)
        state = probe_attribution_next(p);
    return state;
}

/* The class's logit and probability of a picture. */
static void answer(const struct probed *t, int i, const float *picture, int class_index, float *logit,
                   float *chance)
{
    const struct engine *e = &t->network.engine[i];
    float probability[CLASSES];

    engine_run_real(e->plan, e->state, picture);
    accuracy_softmax(engine_logits(e->plan, e->state), CLASSES, probability);
    *logit = engine_logits(e->plan, e->state)[class_index];
    *chance = probability[class_index];
}

static void mask_picture(const float *picture, const float *mask, float *out)
{
    for (int i = 0; i < PIXELS * 3; i++)
        out[i] = picture[i] * mask[i / 3];
}

static void expect_scorecam(const struct probed *t, int i, const float *picture, int class_index,
                            int channels, float *values)
{
    struct engine_map layer;
    float act[CELLS * C], mask[PIXELS], altered[PIXELS * 3], score[C], chance;
    double energy[C];
    int32_t chosen[C];
    int count;

    answer(t, i, picture, class_index, score, &chance);
    layer = engine_cam_map(t->network.engine[i].plan, t->network.engine[i].state);
    engine_map_copy_real(&layer, act);
    count = scorecam_choose(act, CELLS, C, channels, energy, chosen);
    for (int k = 0; k < count; k++) {
        scorecam_mask(act, H, W, C, chosen[k], EDGE, EDGE, mask);
        mask_picture(picture, mask, altered);
        answer(t, i, altered, class_index, &score[k], &chance);
    }
    scorecam_map(act, CELLS, C, chosen, count, score, energy, values);
}

static void expect_rise(const struct probed *t, int i, const float *picture, int class_index, float *values)
{
    const struct rise r = { .masks = MASKS, .cells = 3, .keep = 0.5, .seed = 3, .key = KEY };
    float mask[PIXELS], altered[PIXELS * 3], score[MASKS], logit;
    double sum[PIXELS];

    for (int n = 0; n < MASKS; n++) {
        rise_mask(&r, n, EDGE, EDGE, mask);
        mask_picture(picture, mask, altered);
        answer(t, i, altered, class_index, &logit, &score[n]);
    }
    rise_map(&r, EDGE, EDGE, score, mask, sum, values);
}

static void expect_occlusion(const struct probed *t, int i, const float *picture, const float *mean,
                             int class_index, float *values)
{
    const struct occlusion o = { .window = 3, .stride = 2 };
    float altered[PIXELS * 3], score[PIXELS], clean, logit;

    answer(t, i, picture, class_index, &logit, &clean);
    for (int k = 0; k < occlusion_windows(&o, EDGE, EDGE); k++) {
        int32_t edge[4];

        occlusion_window(&o, EDGE, EDGE, k, edge);
        for (int j = 0; j < PIXELS * 3; j++) {
            int x = j / 3 % EDGE, y = j / 3 / EDGE;
            int in = x >= edge[0] && x < edge[2] && y >= edge[1] && y < edge[3];

            altered[j] = in ? mean[j] : picture[j];
        }
        answer(t, i, altered, class_index, &logit, &score[k]);
    }
    occlusion_map(&o, EDGE, EDGE, clean, score, values);
}

/* The gradient at a picture is added to sum. */
static void add_gradient(const struct probed *t, int i, const float *picture, int class_index, double *sum)
{
    const struct engine *e = &t->network.engine[i];
    const struct gradient *by = &t->network.by_input[i];

    engine_run_real(e->plan, e->state, picture);
    gradient_run(by->plan, by->state, e, class_index);
    for (int k = 0; k < PIXELS * 3; k++)
        sum[k] += (double)gradient_map(by->plan, by->state)[k];
}

static void magnitudes(const double *sum, int count, float *values)
{
    for (int i = 0; i < PIXELS; i++)
        values[i] = (float)((fabs(sum[3 * i]) + fabs(sum[3 * i + 1]) + fabs(sum[3 * i + 2])) / count);
}

static void expect_gradients(const struct probed *t, int i, const float *picture, const float *black,
                             int class_index, float right[ATTRIBUTIONS][2][PIXELS])
{
    double plain[PIXELS * 3] = { 0 }, smooth[PIXELS * 3] = { 0 }, way[PIXELS * 3] = { 0 }, whole = 0;
    float altered[PIXELS * 3], low = picture[0], high = low, at_picture, at_black, chance;

    for (int k = 0; k < PIXELS * 3; k++) {
        low = fminf(low, picture[k]);
        high = fmaxf(high, picture[k]);
    }
    add_gradient(t, i, picture, class_index, plain);
    magnitudes(plain, 1, right[ATTRIBUTION_GRADIENT][i]);
    for (int n = 0; n < SAMPLES; n++) {
        struct random random = { .seed = 3, .stream = (129ull << 56) + ((uint64_t)n << 32) + KEY };

        for (int k = 0; k < PIXELS * 3; k++)
            altered[k] = (float)(picture[k] + 0.1 * ((double)high - low) * random_normal(&random));
        add_gradient(t, i, altered, class_index, smooth);
    }
    magnitudes(smooth, SAMPLES, right[ATTRIBUTION_SMOOTHGRAD][i]);
    for (int n = 0; n < STEPS; n++) {
        for (int k = 0; k < PIXELS * 3; k++)
            altered[k] = (float)(black[k] + (n + 0.5) / STEPS * ((double)picture[k] - black[k]));
        add_gradient(t, i, altered, class_index, way);
    }
    for (int k = 0; k < PIXELS; k++) {
        double sum = 0;

        for (int c = 3 * k; c < 3 * k + 3; c++)
            sum += ((double)picture[c] - black[c]) * way[c];
        right[ATTRIBUTION_INTGRAD][i][k] = (float)(sum / STEPS);
        whole += sum / STEPS;
    }
    answer(t, i, picture, class_index, &at_picture, &chance);
    answer(t, i, black, class_index, &at_black, &chance);
    if (i == 0) /* complete: what the pixels got is what the logit gained */
        CHECK_MSG(fabs(whole - ((double)at_picture - at_black)) < 0.01 * fabs((double)at_picture - at_black),
                  "%g, not %g", whole, (double)at_picture - at_black);
}

/* The values, and the map that follows. */
static void check_map(struct probe *p, enum attribution m, int i, const float *right)
{
    int h, w;
    const float *values = probe_attribution_values(p, m, i, &h, &w), *map = probe_attribution_map(p, m, i);
    float finished[PIXELS];

    CHECK(h == (m == ATTRIBUTION_SCORECAM ? H : EDGE) && w == h);
    CHECK_MSG(memcmp(values, right, (size_t)(h * w) * sizeof *values) == 0, "%s of precision %d",
              attribution_name(m), i);
    if (m == ATTRIBUTION_SCORECAM)
        cam_finish(right, h, w, EDGE, EDGE, finished);
    else
        cam_scale(right, PIXELS, finished);
    CHECK(memcmp(map, finished, sizeof finished) == 0);
}

static void test_maps(struct probed *t, int channels)
{
    struct probe_how with = how;
    struct probe *p;
    float picture[PIXELS * 3], mean[PIXELS * 3], black[PIXELS * 3], table[3][256],
        right[ATTRIBUTIONS][2][PIXELS];

    with.attribution.channels = channels;
    p = probed_start(t, &with);
    image_normalize_table(t->model.input.mean, t->model.input.std, 3, table);
    image_normalize(t->pixels, PIXELS, 3, (const float(*)[256])table, picture);
    must(image_substrate(IMAGE_SUBSTRATE_MEAN, picture, EDGE, EDGE, 3, (const float(*)[256])table, mean));
    must(image_substrate(IMAGE_SUBSTRATE_BLACK, picture, EDGE, EDGE, 3, (const float(*)[256])table, black));
    must(probe_keep(p, 0));
    for (int i = 0; i < 2; i++) {
        expect_gradients(t, i, picture, black, 2, right);
        expect_scorecam(t, i, picture, 2, channels, right[ATTRIBUTION_SCORECAM][i]);
        expect_rise(t, i, picture, 2, right[ATTRIBUTION_RISE][i]);
        expect_occlusion(t, i, picture, mean, 2, right[ATTRIBUTION_OCCLUSION][i]);
    }
    must(probe_attribution_picture(p, t->pixels));
    for (int i = 0; i < 2; i++)
        for (int k = 0; k < ATTRIBUTIONS; k++) {
            enum attribution m = (enum attribution)k;
            int forwards = attribution_forwards(&with.attribution, m, C, EDGE, EDGE);

            probe_attribution_start(p, i, m, 2, KEY);
            CHECK(walk(p, 1) == PROBE_MORE); /* left unfinished, and begun again */
            probe_attribution_start(p, i, m, 2, KEY);
            CHECK(walk(p, forwards - 1) == PROBE_MORE && probe_attribution_done(p) == forwards - 1);
            CHECK(walk(p, 1) == PROBE_DONE);
            check_map(p, m, i, right[k][i]);
            check_map(p, m, 0, right[k][0]); /* the first precision's stays */
        }
    must(probe_let_go(p, 0));
    probe_free(p);
}

static void test_measures(struct probed *t)
{
    const struct measure *rmse = measure_find(measure_table, "rmse_rise"),
                         *correlation = measure_find(measure_table, "correlation_rise");
    struct probe *p = probed_start(t, &how);
    struct density_scores density;
    const float *maps[2], *values[2];
    int h, w;

    must(probe_keep(p, 0));
    must(probe_attribution_picture(p, t->pixels));
    for (int i = 0; i < 2; i++) {
        probe_attribution_start(p, i, ATTRIBUTION_RISE, 1, KEY);
        CHECK(walk(p, -1) == PROBE_DONE);
        maps[i] = probe_attribution_map(p, ATTRIBUTION_RISE, i);
        values[i] = probe_attribution_values(p, ATTRIBUTION_RISE, i, &h, &w);
    }
    CHECK(probe_attribution_measure(p, rmse, ATTRIBUTION_RISE, 1) == rmse_maps(maps[0], maps[1], PIXELS));
    density_compare(maps[1], maps[0], PIXELS, &density);
    CHECK(probe_attribution_measure(p, measure_known("sim_rise"), ATTRIBUTION_RISE, 1) == density.sim);
    CHECK(probe_attribution_measure(p, measure_known("cc_rise"), ATTRIBUTION_RISE, 1) == density.cc);
    CHECK(probe_attribution_measure(p, measure_known("kld_rise"), ATTRIBUTION_RISE, 1) == density.kld);
    CHECK(probe_attribution_measure(p, correlation, ATTRIBUTION_RISE, 1) ==
          rmse_correlation(values[0], values[1], PIXELS));
    must(probe_let_go(p, 0));
    probe_free(p);
}

/* A picture whose values are not finite has logits that are not: its maps are worthless. */
static void test_odd(struct probed *t)
{
    struct probe *p = probed_start(t, &how);

    must(probe_keep(p, 0));
    must(probe_attribution_picture(p, t->pixels));
    p->picture[0] = INFINITY;
    for (int k = 0; k < ATTRIBUTIONS; k++) {
        probe_attribution_start(p, 0, (enum attribution)k, 1, KEY);
        CHECK(walk(p, 1) == PROBE_ODD);
    }
    must(probe_let_go(p, 0));
    probe_free(p);
}

/* What a map costs: the clean picture and the altered ones. */
static void test_forwards(void)
{
    const struct attribution_how few = { .channels = 5, .masks = 9, .window = 32, .stride = 16 };

    CHECK(attribution_forwards(&few, ATTRIBUTION_SCORECAM, 8, 224, 224) == 6);
    CHECK(attribution_forwards(&few, ATTRIBUTION_SCORECAM, 4, 224, 224) == 5);
    CHECK(attribution_forwards(&how.attribution, ATTRIBUTION_SCORECAM, 8, 224, 224) == 9);
    CHECK(attribution_forwards(&few, ATTRIBUTION_RISE, 8, 224, 224) == 10);
    CHECK(attribution_forwards(&few, ATTRIBUTION_OCCLUSION, 8, 224, 224) == 170);
    CHECK(attribution_forwards(&few, ATTRIBUTION_GRADIENT, 8, 224, 224) == 2);
    CHECK(attribution_forwards(&how.attribution, ATTRIBUTION_SMOOTHGRAD, 8, 224, 224) == 1 + SAMPLES);
    CHECK(attribution_forwards(&how.attribution, ATTRIBUTION_INTGRAD, 8, 224, 224) == 1 + STEPS);
    CHECK(!attribution_needs_gradient(1u << ATTRIBUTION_RISE | 1u << ATTRIBUTION_OCCLUSION));
    CHECK(attribution_needs_gradient(1u << ATTRIBUTION_SMOOTHGRAD));
}

int main(void)
{
    struct probed t;

    probed_open(&t);
    test_maps(&t, 0);
    test_maps(&t, 2);
    test_measures(&t);
    test_forwards();
    test_odd(&t);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/attribution");
}
