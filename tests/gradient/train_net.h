/* tests/gradient/train_net.h: small networks in training, made in memory, that the tests share. */
#ifndef TRAIN_NET_H
#define TRAIN_NET_H

#include <math.h>
#include <string.h>

#include "check.h"
#include "gradient_train.h"

enum { SAMPLES = 19, MOST_VALUES = SAMPLES * 16 * 16 * 8 };

/* One of each op; the last layers have one position. */
static const char all_ops[] =
    "model ops one of each op\n"
    "input image 3 9 9 resize squash bilinear mean 0 0 0 std 1 1 1\n"
    "conv c1 image out 8 kernel 3 stride 2 pad same groups 1 weight c1 bn b1 eps 1e-05\n"
    "hardswish a1 c1\n"
    "conv c2 a1 out 8 kernel 3 stride 1 pad 1 groups 8 weight c2 bn b2 eps 1e-05\n"
    "relu6 a2 c2\n"
    "avgpool s1 a2\n"
    "linear s2 s1 out 4 weight s2\n"
    "relu s3 s2\n"
    "linear s4 s3 out 8 weight s4\n"
    "hardsigmoid s5 s4\n"
    "mul m a2 s5\n"
    "conv c3 m out 12 kernel 3 stride 2 pad 1 groups 2 weight c3\n"
    "silu a3 c3\n"
    "shortcut sc m stride 2 begin 2 out 12\n"
    "add ad a3 sc\n"
    "relu ar ad\n"
    "shuffle sh ar groups 3\n"
    "slice sl sh begin 2 out 6\n"
    "batchnorm bnorm sl weight bn eps 1e-03\n"
    "sigmoid sg bnorm\n"
    "cat ct ar sg\n"
    "maxpool mp ct kernel 3 stride 1 pad 1\n"
    "avgpool2d ap mp kernel 2 stride 1\n"
    "dropout dr ap rate 0.3\n"
    "conv c4 dr out 20 kernel 2 stride 1 pad 1 groups 1 weight c4\n"
    "relu a4 c4\n"
    "add a5 a4 a4\n"
    "mul a6 a5 a4\n"
    "linear fc a6 out 5 weight fc\n"
    "output fc\n"
    "cam ar\n";

struct train_net {
    struct model m;
    struct gradient_net *net;
    struct gradient_parameter *p;
    int parameters;
    struct random random;
};

static inline void train_must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        exit(check_result("a network in training"));
}

static inline float train_real(struct train_net *t)
{
    return (float)(2.0 * random_unit(&t->random) - 1.0);
}

static inline void train_fill(struct train_net *t, float *x, size_t count, float most)
{
    for (size_t i = 0; i < count; i++)
        x[i] = most * train_real(t);
}

static inline void train_values(struct train_net *t)
{
    for (int i = 0; i < t->parameters; i++) {
        struct gradient_parameter *p = &t->p[i];
        float most = p->kind == GRADIENT_WEIGHT ? sqrtf(3.0f / (float)p->fan_in) : 0.3f;
        float middle =
            p->kind == GRADIENT_GAMMA || p->kind == GRADIENT_RUNNING_VAR || p->kind == GRADIENT_ALPHA;

        for (int64_t j = 0; j < p->count; j++)
            p->value[j] = middle + most * train_real(t);
    }
}

/* s may be NULL; values and draws are the same each time. */
static inline void train_open(struct train_net *t, const char *text, const struct gradient_settings *s,
                              const char *isa)
{
    const struct gradient_settings none = { .norm = GRADIENT_NORM_BATCH };

    memset(t, 0, sizeof *t);
    t->random.seed = 7;
    train_must(model_parse("net.model", text, strlen(text), &t->m));
    train_must(gradient_net_make(&t->m, s ? s : &none, kernel_select(isa), &t->net));
    t->p = gradient_net_parameters(t->net, &t->parameters);
    train_values(t);
    train_must(gradient_net_prepare(t->net));
}

static inline void train_close(struct train_net *t)
{
    gradient_net_free(t->net);
    model_free(&t->m);
    CHECK_MSG(mem_live() == 0, "%ld blocks are left", mem_live());
}

/* All of a batch on one rank, samples 100, 101, ... */
static inline void train_batch(struct train_net *t, int samples)
{
    uint32_t index[SAMPLES];
    struct gradient_batch b = { .samples = samples, .sample = index, .epoch = 2, .seed = 5 };

    for (int i = 0; i < samples; i++)
        index[i] = 100 + (uint32_t)i;
    b.chunks = (samples + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK;
    train_must(gradient_net_batch(t->net, &b));
}

static inline size_t train_pixels(const struct train_net *t)
{
    return (size_t)t->m.input.height * (size_t)t->m.input.width * (size_t)t->m.input.channels;
}

static inline const struct gradient_parameter *train_find(const struct train_net *t, const char *name)
{
    for (int i = 0; i < t->parameters; i++)
        if (strcmp(t->p[i].name, name) == 0)
            return &t->p[i];
    printf("no parameter %s\n", name);
    exit(1);
}

/* sum logits * d, in double. */
static inline double train_loss(const struct train_net *t, int branch, const float *d, int samples)
{
    const float *logits = gradient_net_logits(t->net, branch);
    double sum = 0;

    for (int i = 0; i < samples * t->m.classes; i++)
        sum += (double)logits[i] * (double)d[i];
    return sum;
}

/* Differences of a TRAIN forward by some values of each parameter, and of an EVAL forward by the input. All
 * but a few, whose step passes a corner, within `bound` of the tensor's largest. */
static inline void train_differences(const char *what, const char *text, int samples, double bound)
{
    static float x[MOST_VALUES], dx[MOST_VALUES], d[SAMPLES * 32];
    const float step = 1.0f / 256;
    struct train_net t;
    int far = 0, all = 0;

    train_open(&t, text, NULL, "auto");
    train_batch(&t, samples);
    train_fill(&t, x, (size_t)samples * train_pixels(&t), 1.5f);
    train_fill(&t, d, (size_t)(samples * t.m.classes), 1);
    gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
    gradient_net_backward(t.net, d, NULL);
    for (int i = 0; i < t.parameters; i++) {
        const struct gradient_parameter *p = &t.p[i];
        float largest = 0;

        for (int64_t j = 0; p->gradient && j < p->count; j++)
            largest = fmaxf(largest, fabsf(p->gradient[j]));
        for (int64_t j = 0; p->gradient && j < p->count; j += 1 + p->count / 7, all++) {
            float kept = p->value[j], up, down;
            double rise;

            up = p->value[j] = kept + step;
            train_must(gradient_net_prepare(t.net));
            gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
            rise = train_loss(&t, 0, d, samples);
            down = p->value[j] = kept - step;
            train_must(gradient_net_prepare(t.net));
            gradient_net_forward(t.net, GRADIENT_TRAIN, 0, x);
            rise = (rise - train_loss(&t, 0, d, samples)) / ((double)up - (double)down);
            p->value[j] = kept;
            far += !(fabs(rise - (double)p->gradient[j]) <= bound * (double)largest + 1e-4);
        }
    }
    train_must(gradient_net_prepare(t.net));
    gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
    gradient_net_backward_input(t.net, d, dx);
    for (size_t j = 0; j < (size_t)samples * train_pixels(&t); j += 37, all++) {
        float kept = x[j];
        double rise;

        x[j] = kept + step;
        gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
        rise = train_loss(&t, 0, d, samples);
        x[j] = kept - step;
        gradient_net_forward(t.net, GRADIENT_EVAL, 0, x);
        rise = (rise - train_loss(&t, 0, d, samples)) / (2 * (double)step);
        x[j] = kept;
        far += !(fabs(rise - (double)dx[j]) <= bound * 4);
    }
    CHECK_MSG(far <= all / 12, "%s: %d of %d differences are far", what, far, all);
    train_close(&t);
}

#endif
