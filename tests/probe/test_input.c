/* tests/probe/test_input.c: the input gradient's map of the tiny network, its measures, and what removing
 * pixels by it does, against the gradient and altered pictures that are made and run here. */
#include <math.h>

#include "probe_test.h"

static const struct probe_how how = {
    .input = 1, .removal = 1, .removed = IMAGE_SUBSTRATE_CORNER, .of_class = PROBE_CLASS_TRUE
};

static void normalized(const struct probed *t, float *out)
{
    const struct model_input *in = &t->model.input;
    float table[3][256];

    image_normalize_table(in->mean, in->std, 3, table);
    image_normalize(t->pixels, PIXELS, 3, (const float(*)[256])table, out);
}

/* The map by its definition, from a run of one's own. */
static void expect_map(const struct probed *t, int i, int class_index, float *map)
{
    const struct engine *e = &t->network.engine[i];
    const struct gradient *by = &t->network.by_input[i];
    const float *g;
    float most = 0;

    engine_run(e->plan, e->state, t->pixels);
    gradient_run(by->plan, by->state, e, class_index);
    g = gradient_map(by->plan, by->state);
    for (int k = 0; k < PIXELS; k++) {
        map[k] =
            (float)((fabs((double)g[3 * k]) + fabs((double)g[3 * k + 1]) + fabs((double)g[3 * k + 2])) / 3);
        most = fmaxf(most, map[k]);
    }
    CHECK(most > 0);
    for (int k = 0; k < PIXELS; k++)
        map[k] /= most;
}

/* One share after the other, each from the clean picture: pixels that are larger, or equal and before. */
static void expect_removal(const struct probed *t, int i, int class_index, const float *map,
                           uint8_t right[REMOVAL_POINTS])
{
    const struct engine *e = &t->network.engine[i];
    float picture[PIXELS * 3], altered[PIXELS * 3];

    normalized(t, picture);
    for (int share = 0; share < REMOVAL_POINTS; share++) {
        int count = (share * PIXELS + 5) / 10, best = 0;
        const float *logits;

        memcpy(altered, picture, sizeof altered);
        for (int k = 0; k < PIXELS; k++) {
            int before = 0;

            for (int other = 0; other < PIXELS; other++)
                before += map[other] > map[k] || (map[other] == map[k] && other < k);
            if (before < count)
                memcpy(altered + 3 * k, picture, 3 * sizeof *picture);
        }
        engine_run_real(e->plan, e->state, altered);
        logits = engine_logits(e->plan, e->state);
        for (int c = 1; c < CLASSES; c++)
            best = logits[c] > logits[best] ? c : best;
        right[share] = best == class_index;
    }
}

static void test_picture(struct probe *p, const struct probed *t, int truth)
{
    static const char *const pair[] = { "input_cc",   "input_sim",  "input_kld",
                                        "input_rmse", "input_ssim", "input_overlap" };
    float map[2][PIXELS];
    uint8_t right[REMOVAL_POINTS], expected[REMOVAL_POINTS];
    struct input_agreement a;

    for (int i = 0; i < 2; i++) {
        int class_index;

        probe_run(p, i, t->pixels);
        must(probe_answer(p, i));
        must(probe_look(p, i));
        class_index = probe_class(p, i, truth);
        CHECK(class_index == (truth >= 0 ? truth : probe_shown(p, 0)->top[0]));
        must(probe_input(p, i, class_index));
        must(probe_removal(p, i, t->pixels, class_index, right));
        expect_map(t, i, class_index, map[i]);
        CHECK(memcmp(map[i], probe_input_map(p, i), sizeof map[i]) == 0);
        CHECK(probe_measure(p, measure_find(measure_table, "input_entropy"), 0, i) ==
              input_entropy(map[i], PIXELS));
        expect_removal(t, i, class_index, map[i], expected);
        CHECK(memcmp(right, expected, sizeof right) == 0);
    }
    input_compare(map[0], map[1], EDGE, EDGE, &a);
    for (int k = 0; k < 6; k++)
        CHECK(probe_measure(p, measure_find(measure_table, pair[k]), 0, 1) ==
              ((double[]){ a.cc, a.sim, a.kld, a.rmse, a.ssim, a.overlap })[k]);
}

int main(void)
{
    static struct probed t;
    struct random random = { .seed = 8 };
    struct probe *p;

    probed_open(&t);
    p = probed_start(&t, &how);
    for (int n = 0; n < 40; n++) {
        test_picture(p, &t, n % 4 - 1);
        for (int i = 0; i < PIXELS * 3; i++)
            t.pixels[i] = (uint8_t)random_below(&random, 256);
    }
    CHECK(probe_has_measure(p, measure_find(measure_table, "input_cc"), 1));
    probe_free(p);
    p = probed_start(&t, &(struct probe_how){ .sign = CAM_ABSMAX });
    CHECK(!probe_has_measure(p, measure_find(measure_table, "input_cc"), 1));
    probe_free(p);
    probed_close(&t);
    CHECK(mem_live() == 0);
    return check_result("probe/input");
}
