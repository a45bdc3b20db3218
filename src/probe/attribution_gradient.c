/* src/probe/attribution_gradient.c: input gradient, SmoothGrad and integrated gradients: the pictures whose
 * gradients each adds, and the map of their sum, p->sum (H, W, channels). */
#include "attribution.h"

#include <math.h>
#include <string.h>

static size_t values_of(const struct probe *p)
{
    return (size_t)probe_pixels(p) * (size_t)p->channels;
}

/* Of each pixel the sum over channels of abs(mean gradient). */
static void add_magnitudes(struct probe *p, float *values)
{
    for (int i = 0; i < probe_pixels(p); i++) {
        double sum = 0;

        for (int c = 0; c < p->channels; c++)
            sum += fabs(p->sum[i * p->channels + c]);
        values[i] = (float)(sum / p->attributing.count);
    }
}

/* ---- plain ----------------------------------------------------------------------------------------------
 */

static int count_one(const struct attribution_how *how, int channels, int height, int width)
{
    return 1;
}

static void alter_nothing(struct probe *p, int k)
{
    memcpy(p->altered, p->picture, values_of(p) * sizeof *p->altered);
}

const struct attribution_method attribution_gradient = {
    .by_gradient = 1, .altered = count_one, .alter = alter_nothing, .finish = add_magnitudes
};

/* ---- SmoothGrad -----------------------------------------------------------------------------------------
 */

static int count_samples(const struct attribution_how *how, int channels, int height, int width)
{
    return how->samples;
}

static void add_noise(struct probe *p, int k)
{
    struct random random = { .seed = p->how.attribution.seed,
                             .stream = random_stream(RANDOM_SMOOTHGRAD, k, p->attributing.key) };
    float low, high;
    double deviation;

    tensor_range(p->picture, (int64_t)values_of(p), &low, &high);
    deviation = p->how.attribution.sigma * ((double)high - low);
    for (size_t i = 0; i < values_of(p); i++)
        p->altered[i] = (float)(p->picture[i] + deviation * random_normal(&random));
}

const struct attribution_method attribution_smoothgrad = {
    .by_gradient = 1, .altered = count_samples, .alter = add_noise, .finish = add_magnitudes
};

/* ---- integrated gradients -------------------------------------------------------------------------------
 */

static int count_steps(const struct attribution_how *how, int channels, int height, int width)
{
    return how->steps;
}

/* The middle of step k from the baseline to the picture. */
static void mix(struct probe *p, int k)
{
    double part = (k + 0.5) / p->attributing.count;

    for (size_t i = 0; i < values_of(p); i++)
        p->altered[i] = (float)(p->base[i] + part * ((double)p->picture[i] - p->base[i]));
}

static void add_products(struct probe *p, float *values)
{
    for (int i = 0; i < probe_pixels(p); i++) {
        double sum = 0;

        for (int c = 0; c < p->channels; c++) {
            size_t at = (size_t)i * (size_t)p->channels + (size_t)c;

            sum += ((double)p->picture[at] - p->base[at]) * p->sum[at];
        }
        values[i] = (float)(sum / p->attributing.count);
    }
}

const struct attribution_method attribution_intgrad = {
    .by_gradient = 1, .by_logit = 1, .altered = count_steps, .alter = mix, .finish = add_products
};
