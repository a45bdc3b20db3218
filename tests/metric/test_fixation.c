/* NSS, the three AUCs and information gain: by hand, and Judd's by counting pairs of every threshold. */
#include <math.h>

#include "check.h"
#include "metric_saliency.h"

#define P(...)                                                                                               \
    (const int32_t[])                                                                                        \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }
static const float steps[] = { 1, 2, 3, 4 };

static int near(double a, double b)
{
    return fabs(a - b) < 1e-12;
}

static double judd(const float *map, int64_t count, const int32_t *pixel, int pixels)
{
    float value[64];
    int32_t reached[64];
    struct fixation_room room = { value, reached };

    return fixation_auc_judd(map, count, pixel, pixels, &room);
}

static void by_hand(void)
{
    static const float ties[] = { 2, 2, 1, 1 }, flat[] = { 5, 5, 5, 5 };

    CHECK(near(fixation_nss(steps, 4, P(3), 1), 1.5 / sqrt(5 / 3.0)));
    CHECK(near(fixation_nss(steps, 4, P(0, 3), 2), 0) && fixation_nss(flat, 4, P(1), 1) == 0);
    CHECK(near(judd(steps, 4, P(3), 1), 1) && near(judd(steps, 4, P(0), 1), 0.5));
    CHECK(near(judd(steps, 4, P(1, 3), 2), 7 / 8.0)); /* (0,1) (1,2) of 2 and 2: 3 + 4 over 8 */
    CHECK(near(judd(ties, 4, P(0), 1), 5 / 6.0));     /* (1,1) of 3 and 1: 1 + 4 over 6 */
    CHECK(near(judd(flat, 4, P(2), 1), 0.5));
}

static void gain(void)
{
    static const float map[] = { 0, 1, 1, 2 }, flat[] = { 3, 3, 3, 3 };

    CHECK(near(fixation_gain(map, flat, 4, P(3), 1), 1) &&
          near(fixation_gain(map, flat, 4, P(1, 3), 2), 0.5));
    CHECK(near(fixation_gain(map, map, 4, P(1), 1), 0) && near(fixation_gain(flat, map, 4, P(3), 1), -1));
    CHECK(near(fixation_gain(map, flat, 4, P(0), 1), log2(2.2204e-16) + 2));
}

static void drawn(void)
{
    static const float map[] = { 0, 0.5f, 1, 0.2f }, flat[] = { 3, 3, 3, 3 }, far[] = { 10, 15, 20, 12 };
    int32_t pixel[4] = { 0, 1, 0, 1 };
    struct draws d = { 1, 2, pixel };

    CHECK(near(fixation_auc_drawn(map, 4, P(2), 1, &d), 1));
    CHECK(near(fixation_auc_drawn(far, 4, P(2), 1, &d), 1)); /* min-max */
    CHECK(near(fixation_auc_drawn(map, 4, P(1), 1, &d), 0.75));
    CHECK(near(fixation_auc_drawn(flat, 4, P(1), 1, &d), 0.5));
    d.each = 1;
    pixel[0] = 2;
    CHECK(near(fixation_auc_drawn(map, 4, P(1), 1, &d), 0));
    d.splits = 2; /* against pixel 2, then 1 */
    CHECK(near(fixation_auc_drawn(map, 4, P(1), 1, &d), 0.25));
}

/* Thresholds from the fixated values alone, each pair of shares counted anew. */
static double slow_judd(const float *map, int count, const int32_t *pixel, int pixels)
{
    double area = 0, tp_before = 0, fp_before = 0, last = INFINITY;

    for (;;) {
        double threshold = -INFINITY, tp = 0, fp = 0;

        for (int k = 0; k < pixels; k++)
            if (map[pixel[k]] < last)
                threshold = fmax(threshold, map[pixel[k]]);
        for (int i = 0; i < count; i++)
            fp += map[i] >= threshold;
        for (int k = 0; k < pixels; k++)
            tp += map[pixel[k]] >= threshold;
        fp = (fp - tp) / (count - pixels);
        tp /= pixels;
        area += (fp - fp_before) * (tp + tp_before) / 2;
        if (threshold == -INFINITY)
            return area;
        tp_before = tp;
        fp_before = fp;
        last = threshold;
    }
}

static void random_maps(void)
{
    struct random r = { .seed = 4 };
    float map[300];
    int32_t pixel[40];

    for (int round = 0; round < 60; round++) {
        int levels = round % 3 ? 1 << 20 : 7, pixels = 1 + (int)random_below(&r, 40), at = 0;

        for (int i = 0; i < 300; i++)
            map[i] = (float)random_below(&r, (uint32_t)levels);
        for (int k = 0; k < pixels; k++)
            pixel[k] = at += 1 + (int)random_below(&r, 6);
        CHECK(near(judd(map, 300, pixel, pixels), slow_judd(map, 300, pixel, pixels)));
    }
}

int main(void)
{
    by_hand();
    gain();
    drawn();
    random_maps();
    return check_result("metric/fixation");
}
