/* SAWB and DoReFa against the spec's vectors, their formulas in double, and finite differences of what the
 * gradients stand for. */
#include "check.h"
#include "quant_train.h"

#include <math.h>
#include <string.h>

static void test_dorefa(void)
{
    const float w[] = { -.5f, -.2f, -.05f, 0, .1f, .3f, .4f };
    const double two[] = { -1, -1. / 3, -1. / 3, 1. / 3, 1. / 3, 1. / 3, 1 };
    const double four[] = { -1, -7. / 15, -1. / 15, 1. / 15, .2, .6, 13. / 15 };
    float out[7];
    struct quant_weights q = { .form = QUANT_DOREFA_PLAIN, .bits = 2 };

    CHECK(quant_weights_measure(&q, w, 7) == OK && q.steps == 3 && q.scale == 1);
    quant_weights_apply(&q, w, 7, out);
    for (int i = 0; i < 7; i++)
        CHECK_MSG(fabs(out[i] - two[i]) < 1e-7, "%d: %g", i, (double)out[i]);
    q.bits = 4;
    CHECK(quant_weights_measure(&q, w, 7) == OK);
    quant_weights_apply(&q, w, 7, out);
    for (int i = 0; i < 7; i++)
        CHECK_MSG(fabs(out[i] - four[i]) < 1e-7, "%d: %g", i, (double)out[i]);
    q.form = QUANT_DOREFA;
    CHECK(quant_weights_measure(&q, w, 7) == OK && q.scale == .5f);
    quant_weights_apply(&q, w, 7, out);
    for (int i = 0; i < 7; i++)
        CHECK(fabs(out[i] - .5 * four[i]) < 1e-7);
}

/* d sum(g t / m) / dw with m held, and with m the largest abs(t), by differences in double. */
static void test_dorefa_slopes(void)
{
    const float w[] = { .3f, -.02f, -.9f, .5f, .001f }, g[] = { 1, -2, .5f, .25f, 3 };
    struct quant_weights q = { .form = QUANT_DOREFA_PLAIN, .bits = 3 };
    float held[5], through[5];

    CHECK(quant_weights_measure(&q, w, 5) == OK);
    CHECK(fabs(q.tanh_m - tanh(.9)) < 1e-7);
    quant_weights_backward(&q, w, g, 5, held);
    q.slope = QUANT_SLOPE_THROUGH;
    quant_weights_backward(&q, w, g, 5, through);
    for (int i = 0; i < 5; i++) {
        double sum[2] = { 0 }, m = tanh((double).9f), step = 1e-6;

        CHECK(fabs(held[i] - g[i] * (1 - tanh(w[i]) * tanh(w[i])) / m) < 1e-6);
        for (int side = 0; side < 2; side++) {
            double largest = 0, t[5];
            for (int j = 0; j < 5; j++) {
                t[j] = tanh(w[j] + (j == i ? (side ? step : -step) : 0));
                largest = fmax(largest, fabs(t[j]));
            }
            for (int j = 0; j < 5; j++)
                sum[side] += g[j] * t[j] / largest;
        }
        CHECK_MSG(fabs(through[i] - (sum[1] - sum[0]) / (2 * step)) < 1e-6, "%d: %g", i, (double)through[i]);
        CHECK((through[i] == held[i]) == (i != 2));
    }
}

static void test_sawb(void)
{
    struct random r = { .seed = 11 };
    const double c[2][2] = { { 3.12, -2.064 }, { 2.6, -1.71 } };
    float w[200], out[200], back[200];

    for (int form = 0; form < 2; form++) {
        struct quant_weights q = { .form = form ? QUANT_SAWB_ZERO : QUANT_SAWB, .bits = 2 };
        double squares = 0, sum = 0, a;

        for (int i = 0; i < 200; i++) {
            w[i] = (float)random_normal(&r);
            squares += (double)w[i] * w[i];
            sum += fabs(w[i]);
        }
        CHECK(quant_weights_measure(&q, w, 200) == OK);
        a = c[form][0] * sqrt(squares / 200) + c[form][1] * sum / 200;
        CHECK(q.scale == (float)a && q.steps == (form ? 2 : 3));
        quant_weights_apply(&q, w, 200, out);
        for (int i = 0; i < 200; i++) {
            int code = quant_weights_code(&q, w[i]);
            double t = fmin(fmax(w[i] / a, -1), 1),
                   want = a * (2 * rint((t + 1) / 2 * q.steps) / q.steps - 1);

            CHECK(code >= 0 && code <= q.steps);
            CHECK_MSG(fabs(out[i] - want) < 1e-6, "w %g: %g %g", (double)w[i], (double)out[i], want);
        }
        /* The codes of its own values are theirs. */
        for (int i = 0; i < 200; i++)
            CHECK(quant_weights_value(&q, out[i]) == out[i]);
        quant_weights_backward(&q, w, out, 200, back);
        CHECK(!memcmp(back, out, sizeof out));
        q.slope = QUANT_SLOPE_CLIPPED;
        quant_weights_backward(&q, w, out, 200, back);
        for (int i = 0; i < 200; i++)
            CHECK(back[i] == (fabsf(w[i]) <= q.scale ? out[i] : 0));
    }
}

static void test_corners(void)
{
    const float zeros[3] = { 0 }, same[2] = { 1, 1 }, eight[] = { -2, -1, 0, 2 };
    struct quant_weights q = { .form = QUANT_SAWB, .bits = 4 };
    float out[4];

    /* c1 + c2 < 0 for equal weights at 4 bits: the largest. */
    CHECK(quant_weights_measure(&q, same, 2) == OK && q.scale == 1 && quant_weights_value(&q, 1) == 1);
    CHECK(quant_weights_measure(&q, zeros, 3) == OK && q.scale == 0);
    quant_weights_apply(&q, zeros, 3, out);
    CHECK(out[0] == 0 && out[1] == 0 && out[2] == 0);
    q = (struct quant_weights){ .form = QUANT_LARGEST, .bits = 8 };
    CHECK(quant_weights_measure(&q, eight, 4) == OK && q.scale == 2 && q.steps == 254);
    quant_weights_apply(&q, eight, 4, out);
    CHECK(out[0] == -2 && out[2] == 0 && out[3] == 2 && quant_weights_code(&q, -1) == 64);
    q = (struct quant_weights){ .form = QUANT_DOREFA, .bits = 2 };
    CHECK(quant_weights_measure(&q, zeros, 3) == OK && quant_weights_value(&q, 0) == 0);
    quant_weights_backward(&q, zeros, eight, 3, out);
    CHECK(out[0] == -2);
    CHECK(quant_weights_measure(&q, (float[]){ 1, NAN }, 2) == ERR_NUMERIC);
    CHECK(strstr(error_last()->text, "weight 1 is nan"));
}

static void test_refused(void)
{
    const struct {
        struct quant_weights q;
        const char *says;
    } cases[] = {
        { { .form = QUANT_SAWB, .bits = 6 }, "sawb is defined for 2, 3, 4, 5 and 8 bits" },
        { { .form = QUANT_SAWB_ZERO, .bits = 3 }, "sawb-zero is defined for 2, 4, 7 and 8 bits" },
        { { .form = QUANT_LARGEST, .bits = 1 }, "weights of 1 bits" },
        { { .form = QUANT_DOREFA, .bits = 9 }, "2 to 8 are possible" },
        { { .form = QUANT_DOREFA, .bits = 4, .slope = QUANT_SLOPE_CLIPPED }, "not for dorefa" },
        { { .form = QUANT_SAWB, .bits = 4, .slope = QUANT_SLOPE_THROUGH }, "not for sawb" },
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct quant_weights q = cases[i].q;

        CHECK(quant_weights_measure(&q, (float[]){ 1 }, 1) == ERR_USAGE);
        CHECK_MSG(strstr(error_last()->text, cases[i].says), "%s", error_last()->text);
    }
    for (int form = 0; form < QUANT_WEIGHTS_FORMS; form++) {
        struct quant_weights q = { .form = (enum quant_weights_form)form, .bits = 4 };
        CHECK(quant_weights_check(&q) == OK);
    }
}

int main(void)
{
    test_dorefa();
    test_dorefa_slopes();
    test_sawb();
    test_corners();
    test_refused();
    return check_result("quant_weights");
}
