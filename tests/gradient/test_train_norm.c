/* tests/gradient/test_train_norm.c: batch normalisation by hand, over a batch and over chunks; its running
 * statistics; differences. */
#include "train_net.h"

static const char text[] = "model net batch normalisation\n"
                           "input image 1 1 2 resize squash bilinear mean 0 std 1\n"
                           "batchnorm n image weight n eps 1e-05\n"
                           "linear fc n out 2 weight fc\noutput fc\ncam image\n";

static void moments(const float *x, int count, double *mean, double *var)
{
    *mean = *var = 0;
    for (int i = 0; i < count; i++)
        *mean += (double)x[i] / count;
    for (int i = 0; i < count; i++)
        *var += ((double)x[i] - *mean) * ((double)x[i] - *mean) / count;
}

static int is_near(double a, double b)
{
    return fabs(a - b) <= 2e-6 * (1 + fabs(b));
}

/* Of `samples` rows of two values; fc is the identity. */
static void by_hand(enum gradient_norm norm, int samples)
{
    const struct gradient_settings s = { .norm = norm };
    static float x[2 * SAMPLES], d[2 * SAMPLES];
    double moved_mean = 0, moved_var = 0, dgamma = 0, dbeta = 0;
    struct train_net t;
    float gamma, beta, old_mean, old_var;

    train_open(&t, text, &s, "auto");
    memcpy(train_find(&t, "fc.weight")->value, (float[]){ 1, 0, 0, 1 }, 4 * sizeof(float));
    memset(train_find(&t, "fc.bias")->value, 0, 2 * sizeof(float));
    train_must(gradient_net_prepare(t.net));
    gamma = train_find(&t, "n.weight")->value[0];
    beta = train_find(&t, "n.bias")->value[0];
    old_mean = train_find(&t, "n.running_mean")->value[0];
    old_var = train_find(&t, "n.running_var")->value[0];
    train_batch(&t, samples);
    train_fill(&t, x, 2 * (size_t)samples, 3);
    train_fill(&t, d, 2 * (size_t)samples, 1);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    gradient_net_backward(t.net, d, NULL);
    for (int first = 0, n; first < samples; first += n) {
        double mean, var, inv;

        n = norm == GRADIENT_NORM_BATCH || samples - first < GRADIENT_CHUNK ? samples - first
                                                                            : GRADIENT_CHUNK;
        moments(x + 2 * first, 2 * n, &mean, &var);
        inv = 1 / sqrt(var + 1e-5);
        for (int i = 2 * first; i < 2 * (first + n); i++) {
            double hat = ((double)x[i] - mean) * inv;

            CHECK(is_near((double)gradient_net_logits(t.net, 0)[i], (double)gamma * hat + (double)beta));
            dgamma += (double)d[i] * hat;
            dbeta += (double)d[i];
        }
        moved_mean += mean * n / samples;
        moved_var += var * 2 * n / (2 * n - 1) * n / samples;
    }
    CHECK(is_near((double)train_find(&t, "n.weight")->gradient[0], dgamma));
    CHECK(is_near((double)train_find(&t, "n.bias")->gradient[0], dbeta));
    CHECK(
        is_near((double)train_find(&t, "n.running_mean")->value[0], .9 * (double)old_mean + .1 * moved_mean));
    CHECK(is_near((double)train_find(&t, "n.running_var")->value[0], .9 * (double)old_var + .1 * moved_var));
    train_close(&t);
}

/* EVAL: by the running statistics, which stay. */
static void in_eval(void)
{
    static float x[8] = { 1, 2, -3, .5f, 0, 7, 2, 2 };
    struct train_net t;
    float mean, var, shown;

    train_open(&t, text, NULL, "auto");
    mean = train_find(&t, "n.running_mean")->value[0];
    var = train_find(&t, "n.running_var")->value[0];
    train_batch(&t, 4);
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
    shown = gradient_net_logits(t.net, 0)[0];
    CHECK(train_find(&t, "n.running_mean")->value[0] == mean &&
          train_find(&t, "n.running_var")->value[0] == var);
    x[4] = 100; /* of another sample */
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
    CHECK(gradient_net_logits(t.net, 0)[0] == shown);
    train_close(&t);
}

int main(void)
{
    by_hand(GRADIENT_NORM_BATCH, 5);
    by_hand(GRADIENT_NORM_BATCH, 19);
    by_hand(GRADIENT_NORM_CHUNK, 8);
    by_hand(GRADIENT_NORM_CHUNK, 19);
    in_eval();
    train_differences(
        "conv, bn, relu",
        "model net n\ninput image 3 6 6 resize squash bilinear mean 0 0 0 std 1 1 1\n"
        "conv a image out 7 kernel 3 stride 1 pad 1 groups 1 weight a bn b eps 1e-05\nrelu r a\n"
        "batchnorm c r weight c eps 1e-05\navgpool p c\nlinear fc p out 4 weight fc\n"
        "output fc\ncam r\n",
        11, 0.02);
    return check_result("gradient/train_norm");
}
