/* tests/gradient/test_train_fake.c: fake quantization by hand: ranges, rounded outputs, what passes, weights
 * scaled as batch normalisation will be folded; what is held; every instruction set. (Against PyTorch:
 * tests/oracles/compare_fake.py.) */
#include "engine.h"
#include "quant.h"
#include "train_net.h"

static const struct gradient_settings fake = { .norm = GRADIENT_NORM_BATCH, .average = 0.25f };

static const char pair[] = "model pair one layer\n"
                           "input image 1 1 2 resize squash bilinear mean 0 std 1 quant quant\n"
                           "linear fc image out 2 weight fc\noutput fc\ncam image\n";

static void set(const struct train_net *t, const char *name, const float *values, int count)
{
    memcpy(train_find(t, name)->value, values, (size_t)count * sizeof *values);
}

static float get(const struct train_net *t, const char *name)
{
    return train_find(t, name)->value[0];
}

#define LOW  ".activation_post_process.min_val"
#define HIGH ".activation_post_process.max_val"

/* No range was seen, as gradient_net_make leaves it. */
static void forget(struct train_net *t)
{
    for (int i = 0; i < t->parameters; i++)
        if (t->p[i].kind >= GRADIENT_RANGE_LOW)
            t->p[i].value[0] = t->p[i].kind == GRADIENT_RANGE_LOW ? 1.0f : -1.0f;
}

/* What a row of weights becomes, by definition. */
static void used(const float *w, int each, float by, float *out)
{
    float largest = 0, scale;

    for (int i = 0; i < each; i++)
        largest = fmaxf(largest, fabsf(w[i] * by));
    scale = quant_scale_of_largest(largest, 8);
    for (int i = 0; i < each; i++)
        out[i] = by == 0
                     ? w[i]
                     : (float)quantize_value(w[i] * by, quantize_inverse(scale), 0, -128, 127) * scale / by;
}

/* Weights 1 and -1 lie at 127.5 codes. */
static void by_hand(void)
{
    const float x[4] = { -1, 0.3f, 4.1f, 2 }, more[4] = { -5, 5, 20, 0 }, d[4] = { 1, 10, 100, 1000 };
    const float step = 5.1f / 255;
    const int over = rintf(quantize_inverse(quant_scale_of_largest(1, 8))) > 127;
    const float *z;
    float dx[4], w[4] = { 1, 0, 0, -1 };
    struct train_net t;

    train_open(&t, pair, &fake, "auto");
    forget(&t);
    set(&t, "fc.weight", w, 4);
    used(w, 2, 1, w);
    used(w + 2, 2, 1, w + 2);
    set(&t, "fc.bias", (float[]){ 0, 0 }, 2);
    train_must(gradient_net_prepare(t.net));
    train_batch(&t, 2);
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, x); /* nothing was seen: nothing is rounded */
    z = gradient_net_logits(t.net, 0);
    CHECK(z[0] == -w[0] && z[1] == 0.3f * w[3] && get(&t, "quant" LOW) == 1);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    CHECK(get(&t, "quant" LOW) == -1 && get(&t, "quant" HIGH) == 4.1f);
    CHECK(get(&t, "fc" HIGH) == 205 * step * w[0]); /* code 255 less the zero point, 50 */
    gradient_net_backward(t.net, d, NULL);
    /* fc's codes end at what it has seen: all pass. 1 passes where it is not rounded to 128; -1 passes. */
    CHECK(train_find(&t, "fc.bias")->gradient[0] == 101 && train_find(&t, "fc.bias")->gradient[1] == 1010);
    CHECK((train_find(&t, "fc.weight")->gradient[0] == 0) == over &&
          train_find(&t, "fc.weight")->gradient[3] != 0);
    CHECK_MSG(fabsf(train_find(&t, "fc.weight")->gradient[1] - 100 * 2 - 0.3f) < 0.01f, "%g",
              (double)train_find(&t, "fc.weight")->gradient[1]);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, more);
    CHECK(get(&t, "quant" LOW) == -2 && get(&t, "quant" HIGH) == 4.1f + 0.25f * (20 - 4.1f));
    gradient_net_hold(t.net, 1, 0);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    CHECK(get(&t, "quant" LOW) == -2);
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, more);
    gradient_net_backward_input(t.net, d, dx);
    CHECK(dx[0] == 0 && dx[2] == 0 && dx[3] != 0); /* beyond the ends */
    train_close(&t);
}

struct result {
    float weight[3], gamma[3], mean;
};
static const float row[3] = { -0.5f, 0.3f, 0.2f }, gamma_of[3] = { 1.2f, -0.8f, 0 };
static float row_used[3];

/* Pictures that are codes, by fake quantization, or by a plain network that has as weights what the first
 * computes with. Row 0's largest weight is negative, and all of it passes; row 2 has a gamma of 0. */
static void one_step(const struct gradient_settings *s, int hold, struct result *out)
{
    static const char text[] =
        "model net n\ninput image 3 1 2 resize squash bilinear mean 0 0 0 std 1 1 1 quant quant\n"
        "conv c image out 3 kernel 1 stride 1 pad 0 groups 1 weight c bn b eps 1e-05\n"
        "relu r c\nlinear fc r out 2 weight fc\noutput fc\ncam image\n";
    static const float var[3] = { 0.9f, 0.7f, 1.1f };
    float c[9] = { row[0], row[1], row[2], -0.3f, 0.1f, 0.25f, 0.7f, 0.2f, 0.6f },
          fc[12] = { 1, -0.4f, 0.3f, 0.2f, 0.9f, -0.7f, 0.1f, -0.6f, 0.5f, 0.8f, -0.9f, 0.4f };
    float x[66] = { 0, 255 }, d[22];
    struct train_net t;

    for (int i = 0; i < 3 && !s; i++)
        used(c + 3 * i, 3, gamma_of[i] * (1.0f / sqrtf(var[i] + 1e-5f)), c + 3 * i);
    for (int i = 0; i < 2 && !s; i++)
        used(fc + 6 * i, 6, 1, fc + 6 * i);
    if (!s)
        memcpy(row_used, c, sizeof row_used);
    train_open(&t, text, s, "auto");
    forget(&t);
    set(&t, "c.weight", c, 9);
    set(&t, "fc.weight", fc, 12);
    set(&t, "b.weight", gamma_of, 3);
    set(&t, "b.bias", (float[]){ 0.1f, 0.2f, 0.3f }, 3);
    set(&t, "b.running_mean", (float[]){ -20, 10, 70 }, 3);
    set(&t, "b.running_var", var, 3);
    for (int i = 2; i < 66; i++)
        x[i] = (float)(37 * i % 256);
    for (int i = 0; i < 22; i++)
        d[i] = (float)(i % 7 - 3) / 4;
    train_must(gradient_net_prepare(t.net));
    train_batch(&t, 11);
    gradient_net_hold(t.net, 0, hold);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    gradient_net_backward(t.net, d, NULL);
    memcpy(out->weight, train_find(&t, "c.weight")->gradient, sizeof out->weight);
    memcpy(out->gamma, train_find(&t, "b.weight")->gradient, sizeof out->gamma);
    out->mean = get(&t, "b.running_mean");
    CHECK(!s || (get(&t, "c" LOW) == 0 && get(&t, "c" HIGH) > 0)); /* behind the relu */
    train_close(&t);
}

static void factors(int hold)
{
    struct result faked, plain;
    double besides = 0;

    one_step(&fake, hold, &faked);
    one_step(NULL, hold, &plain);
    for (int i = 0; i < 3; i++) {
        CHECK_MSG(fabsf(faked.weight[i] - plain.weight[i]) <= 1e-5f * (1 + fabsf(plain.weight[i])), "%g %g",
                  (double)faked.weight[i], (double)plain.weight[i]);
        besides += (double)plain.weight[i] * ((double)row[i] - (double)row_used[i]) / (double)gamma_of[0];
    }
    CHECK_MSG(fabs((double)(faked.gamma[0] - plain.gamma[0]) - besides) <=
                      1e-5 * fabs((double)plain.gamma[0]) &&
                  fabs(besides) > 1e-4 * fabs((double)plain.gamma[0]),
              "%g, not %g besides %g", (double)faked.gamma[0], besides, (double)plain.gamma[0]);
    CHECK(faked.gamma[2] == plain.gamma[2] && (faked.mean == -20) == hold && faked.mean == plain.mean);
}

/* ---- all ops, two branches ----------------------------------------------------------------------------- */

static const char every[] =
    "model every n\ninput image 3 9 9 resize squash bilinear mean 0 0 0 std 1 1 1 quant quant\n"
    "conv c1 image out 8 kernel 3 stride 2 pad same groups 1 weight c1 bn b1 eps 1e-05\n"
    "hardswish a1 c1 quant a1\n"
    "conv c2 a1 out 8 kernel 3 stride 1 pad 1 groups 8 weight c2 bn b2 eps 1e-05\n"
    "relu6 a2 c2\navgpool s1 a2\nlinear s2 s1 out 4 weight s2\nrelu s3 s2\nlinear s4 s3 out 8 weight s4\n"
    "hardsigmoid s5 s4\nmul m a2 s5 quant m\n"
    "conv c3 m out 12 kernel 3 stride 2 pad 1 groups 2 weight c3\nsilu a3 c3 quant a3\n"
    "shortcut sc m stride 2 begin 2 out 12\nadd ad a3 sc quant ad\nrelu ar ad\nshuffle sh ar groups 3\n"
    "slice sl sh begin 2 out 6\nbatchnorm bnorm sl weight bn eps 1e-03 quant bnorm\nsigmoid sg bnorm\n"
    "cat ct ar sg quant ct\nmaxpool mp ct kernel 3 stride 1 pad 1\navgpool2d ap mp kernel 2 stride 1\n"
    "dropout dr ap rate 0.3\nmean me dr\nlinear fc me out 5 weight fc\noutput fc\ncam ar\n";

static int step_of_all(const char *isa, float *out)
{
    static float x[MOST_VALUES], d[SAMPLES * 8], dx[MOST_VALUES];
    struct train_net t;
    int count = 0;

    train_open(&t, every, &fake, isa);
    forget(&t);
    train_batch(&t, 11);
    for (int pass = 0; pass < 2; pass++) {
        train_fill(&t, x, 11 * train_pixels(&t), 1.5f);
        train_fill(&t, d, 55, 1);
        gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
        gradient_net_backward_input(t.net, d, dx);
        gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
        train_fill(&t, x, 11 * train_pixels(&t), 2);
        gradient_net_forward(t.net, GRADIENT_TRAIN, 1, x);
        gradient_net_backward(t.net, d, d);
    }
    for (int i = 0; i < t.parameters; i++)
        for (int64_t j = 0; j < t.p[i].count; j++) {
            CHECK_MSG(isfinite(t.p[i].value[j]) && (!t.p[i].gradient || isfinite(t.p[i].gradient[j])), "%s",
                      t.p[i].name);
            out[count++] = t.p[i].gradient ? t.p[i].gradient[j] : t.p[i].value[j];
        }
    memcpy(out + count, dx, 11 * train_pixels(&t) * sizeof *dx);
    count += 11 * (int)train_pixels(&t);
    train_close(&t);
    return count;
}

static void all_sets(void)
{
    static float ref[1 << 14], other[1 << 14];
    static const char *const isa[] = { "avx2", "avx512vnni" };
    int count = step_of_all("ref", ref);

    for (size_t i = 0; i < COUNT_OF(isa); i++)
        if (kernel_select(isa[i]))
            CHECK_MSG(step_of_all(isa[i], other) == count && !memcmp(ref, other, (size_t)count * sizeof *ref),
                      "%s", isa[i]);
        else
            check_skip(isa[i], "this machine cannot run it");
}

/* The int8 checkpoint of what was trained, run as integers, beside the fake-quantized forward: the integers
 * round what pools leave, and their own sums; codes of few logits differ then, and by little. */
static void as_integers(void)
{
    static float x[MOST_VALUES];
    struct quant_range range[MODEL_MAX_NODES] = { { 0, 0 } };
    struct tensor_table master = { 0 }, codes;
    struct model_binding real, b;
    struct engine e;
    struct train_net t;
    int equal = 0;

    train_open(&t, every, &fake, "auto");
    forget(&t);
    train_batch(&t, 16);
    train_fill(&t, x, 16 * train_pixels(&t), 1.5f);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    train_must(gradient_net_prepare(t.net));
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
    for (int i = 0; i < t.parameters; i++) {
        struct tensor v = { 0 };

        train_must(tensor_alloc(&v, DTYPE_F32, t.p[i].rank, t.p[i].dim));
        memcpy(v.data, t.p[i].value, (size_t)t.p[i].count * sizeof(float));
        train_must(table_take(&master, t.p[i].name, &v));
        if (t.p[i].kind == GRADIENT_RANGE_LOW)
            range[t.p[i].node].low = t.p[i].value[0];
        if (t.p[i].kind == GRADIENT_RANGE_HIGH)
            range[t.p[i].node].high = t.p[i].value[0];
    }
    train_must(model_bind(&t.m, &master, NULL, &real)); /* ranges are bookkeeping */
    train_must(quant_trained(&real, range, &codes));
    train_must(model_bind(&t.m, &codes, NULL, &b));
    train_must(engine_open(&b, &(struct engine_options){ .direct = 1 }, kernel_select("auto"), &e));
    for (int i = 0; i < 16; i++) {
        engine_run_real(e.plan, e.state, x + (size_t)i * train_pixels(&t));
        for (int k = 0; k < 5; k++) {
            float off = (engine_logits(e.plan, e.state)[k] - gradient_net_logits(t.net, 0)[5 * i + k]) /
                        (float)b.q[t.m.output].scale;

            equal += fabsf(off) < 0.5f;
            CHECK_MSG(fabsf(off) < 2.5f, "picture %d, logit %d: %g codes apart", i, k, (double)off);
        }
    }
    CHECK_MSG(equal >= 60, "%d of 80 codes are equal", equal);
    engine_close(&e);
    model_unbind(&b);
    model_unbind(&real);
    table_free(&codes);
    table_free(&master);
    train_close(&t);
}

static void refused(void)
{
    static const char text[] =
        "model n n\ninput image 1 2 2 resize squash bilinear mean 0 std 1 quant quant\n"
        "conv c image out 1 kernel 1 stride 1 pad 0 groups 1 weight c\nadd s c image\n"
        "linear fc s out 2 weight fc\noutput fc\ncam c\n";
    struct gradient_net *net;
    struct model m;

    train_must(model_parse("n.model", text, strlen(text), &m));
    CHECK(gradient_net_make(&m, &fake, kernel_select("auto"), &net) == ERR_USAGE);
    CHECK_MSG(strstr(error_last()->text, "n.model:4: add s has no attribute 'quant', which names the range"),
              "%s", error_last()->text);
    model_free(&m);
}

int main(void)
{
    by_hand();
    factors(0);
    factors(1);
    all_sets();
    as_integers();
    refused();
    return check_result("gradient/train_fake");
}
