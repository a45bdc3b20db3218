/* Equalization: factors worked out by hand, and the function that stays. */
#include <math.h>

#include "made.h"

static void is(const float *got, int count, const float *wanted)
{
    for (int i = 0; i < count; i++)
        CHECK_MSG(fabsf(got[i] - wanted[i]) < 1e-6f, "%d: %g, not %g", i, (double)got[i], (double)wanted[i]);
}

/* Channel 0: 8 here, 0.5 there: s = 4. Channel 1: 0.5 and 2: s = 0.5. Behind b lies the CAM layer's map: its
 * channels keep their sizes. */
static void relu(void)
{
    struct made m;
    float before[2], after[2];
    int pairs, a, b;

    made_pair(&m, MADE_PAIR("relu"));
    made_fold(&m);
    tiny_must(quant_observe(&m.work));
    made_logits(&m, 0, before);
    tiny_must(quant_equalize(&m.work, &pairs));
    a = made_node(&m, "a");
    b = made_node(&m, "b");
    CHECK(pairs == 1);
    is(quant_weights(&m.work, a), 6, (float[]){ 2, -1, 0.5f, 1, 0.5f, 0.25f });
    is(quant_bias(&m.work, a), 2, (float[]){ 0.25f, -0.125f });
    is(quant_weights(&m.work, b), 4, (float[]){ 2, 1, -1, 0.5f });
    is(quant_bias(&m.work, b), 2, (float[]){ 0, 0.5f });
    made_logits(&m, 0, after);
    is(after, 2, before);
    made_free(&m);
}

/* Channel 0 reaches 6 in a picture: it stays. Channel 1 could take s = 0.5; its largest value of 4 may become
 * 6 at most. */
static void relu6(void)
{
    struct made m;
    int pairs;

    made_pair(&m, MADE_PAIR("relu6"));
    made_fold(&m);
    int a = made_node(&m, "a"), b = made_node(&m, "b");
    size_t first = m.work.first[a];

    m.work.high[first] = 6.5f;
    m.work.high[first + 1] = 4;
    tiny_must(quant_equalize(&m.work, &pairs));
    CHECK(pairs == 1);
    is(quant_weights(&m.work, a), 6, (float[]){ 8, -4, 2, 0.75f, 0.375f, 0.1875f });
    is(quant_weights(&m.work, b), 4, (float[]){ 0.5f, 2 * 4 / 6.0f, -0.25f, 4 / 6.0f });
    is(&m.work.high[first], 2, (float[]){ 6.5f, 6 });
    made_free(&m);
}

/* A linear layer on a map reads a channel in as many columns as the map has positions: a.0's largest weight
 * is 8, the reader's 0.5: s = 4; channel 1: 0.5 and 2, s = 0.5. */
static void linear_on_map(void)
{
    static const char text[] = "model map  a linear layer on a map\n"
                               "input image 3 1 2 resize squash bilinear mean 0 0 0 std 1 1 1 quant quant\n"
                               "conv a image out 2 kernel 1 stride 1 pad 0 groups 1 weight a\nrelu r a\n"
                               "linear fc r out 1 weight fc\noutput fc\ncam image\n";
    struct made m = { 0 };
    int pairs;

    tiny_describe(&m.net, text);
    tiny_real(&m.net, "a", ".weight", 4, (int64_t[]){ 2, 3, 1, 1 },
              (float[]){ 8, -4, 2, 0.5f, 0.25f, 0.125f });
    tiny_real(&m.net, "fc", ".weight", 2, (int64_t[]){ 1, 4 }, (float[]){ 0.25f, 0.5f, -2, 1 });
    made_bind(&m, 1);
    made_fold(&m);
    tiny_must(quant_equalize(&m.work, &pairs));
    CHECK(pairs == 1);
    is(quant_weights(&m.work, made_node(&m, "a")), 6, (float[]){ 2, -1, 0.5f, 1, 0.5f, 0.25f });
    is(quant_weights(&m.work, made_node(&m, "fc")), 4, (float[]){ 1, 2, -1, 0.5f });
    made_free(&m);
}

/* On the calibration pictures a network with relu6, depthwise and grouped layers and a squeeze keeps its
 * answers but for rounding. */
static void whole(void)
{
    struct made m;
    float before[MADE_PICTURES][5], after[5];
    int pairs;

    made_every(&m);
    made_fold(&m);
    for (int i = 0; i < MADE_PICTURES; i++)
        made_logits(&m, i, before[i]);
    tiny_must(quant_observe(&m.work));
    tiny_must(quant_equalize(&m.work, &pairs));
    CHECK_MSG(pairs == 1, "%d", pairs); /* fc1 and fc2: pool has two readers, last is the CAM layer */
    for (int i = 0; i < MADE_PICTURES; i++) {
        made_logits(&m, i, after);
        for (int c = 0; c < 5; c++)
            CHECK_MSG(fabsf(before[i][c] - after[c]) < 1e-5f, "%g %g", (double)before[i][c],
                      (double)after[c]);
    }
    made_free(&m);
}

int main(void)
{
    relu();
    relu6();
    linear_on_map();
    whole();
    return check_result("quant_equalize");
}
