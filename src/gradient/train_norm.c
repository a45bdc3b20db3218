/* src/gradient/train_norm.c: batch normalisation over a whole batch, or over each chunk. */
#include "net.h"

/* Sums of a chunk and branch: (c) of the values or gradients, (c) of their products. */
static double *sums_of(const struct gradient_net *net, const struct train_step *s, int chunk, int branch)
{
    size_t each = 2 * (size_t)s->node->c;

    return net->norm_sum + ((size_t)chunk * (size_t)net->branches + (size_t)branch) * each;
}

/* By the running statistics? */
static int is_fixed(const struct gradient_net *net)
{
    return net->mode == GRADIENT_EVAL || net->hold_norms;
}

static int is_chunked(const struct gradient_net *net)
{
    return net->settings.norm == GRADIENT_NORM_CHUNK && !is_fixed(net);
}

static size_t place_of(const struct train_step *s, int branch, int chunk)
{
    return (size_t)branch * (size_t)s->norm.capacity + (size_t)chunk;
}

static float *factor_of(const struct gradient_net *net, const struct train_step *s, int branch, int chunk,
                        enum train_factor f)
{
    size_t at = place_of(s, branch, is_chunked(net) ? chunk : 0) * TRAIN_FACTORS + f;

    return s->norm.factor + at * (size_t)kernel_lanes(s->node->c);
}

static double *moment_of(const struct gradient_net *net, const struct train_step *s, int branch, int chunk)
{
    return s->norm.moment + place_of(s, branch, is_chunked(net) ? chunk : 0) * 2 * (size_t)s->node->c;
}

static int positions(const struct gradient_net *net, const struct train_step *s)
{
    return net->map[s->out].h * net->map[s->out].w;
}

/* ---- forward ------------------------------------------------------------------------------------------- */

void train_norm_sum(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const float *x = train_value(net, s->in[0], at->branch, at->sample);
    int c = s->node->c;
    double *sums;

    if (is_fixed(net))
        return;
    sums = sums_of(net, s, at->chunk, 0);
    if (at->first)
        memset(sums, 0, 2 * (size_t)c * sizeof *sums);
    net->k->sums_f64(x, x, positions(net, s), c, sums, sums + c);
}

/* Scale and shift of mean and variance. */
static void set_factors(struct gradient_net *net, struct train_step *s, int branch, int chunk,
                        const double *mean, const double *var)
{
    const float *gamma = net->parameter[s->gamma].value, *beta = net->parameter[s->beta].value;
    float *scale = factor_of(net, s, branch, chunk, TRAIN_SCALE),
          *shift = factor_of(net, s, branch, chunk, TRAIN_SHIFT);
    double *moment = moment_of(net, s, branch, chunk);
    int c = s->node->c;

    for (int i = 0; i < c; i++) {
        double inv = 1.0 / sqrt(var[i] + s->node->bn_eps), by = (double)gamma[i] * inv;

        moment[i] = mean[i];
        moment[c + i] = inv;
        scale[i] = (float)by;
        shift[i] = (float)((double)beta[i] - mean[i] * by);
    }
}

/* Sums over n values become mean and variance. */
static void moments(double *sums, int c, double n)
{
    for (int i = 0; i < c; i++) {
        double mean = sums[i] / n, var = sums[c + i] / n - mean * mean;

        sums[i] = mean;
        sums[c + i] = var > 0.0 || isnan(var) ? var : 0.0;
    }
}

static float moved(float running, float value)
{
    return (float)((double)running + 0.1 * ((double)value - (double)running));
}

/* By means and variances of n values. */
static void move_running(struct gradient_net *net, struct train_step *s, const double *mean,
                         const double *var, double n)
{
    float *running_mean = net->parameter[s->mean].value, *running_var = net->parameter[s->var].value;
    double unbiased = n > 1 ? n / (n - 1) : 1.0;

    for (int i = 0; i < s->node->c; i++) {
        running_mean[i] = moved(running_mean[i], (float)mean[i]);
        running_var[i] = moved(running_var[i], (float)(var[i] * unbiased));
    }
}

static void finish_batch(struct gradient_net *net, struct train_step *s)
{
    double *sums = net->norm_sum, n = (double)net->batch.samples * positions(net, s);
    int c = s->node->c;

    train_tree_total(net, sums, 2 * (size_t)c);
    moments(sums, c, n);
    set_factors(net, s, net->branch, 0, sums, sums + c);
    move_running(net, s, sums, sums + c, n);
}

/* The running statistics move by the chunks' values, weighted by samples; the variance's n is a chunk's. */
static void finish_chunks(struct gradient_net *net, struct train_step *s)
{
    int c = s->node->c;
    double *total = net->norm_sum;

    for (int k = 0; k < net->run.count; k++) {
        double *sums = sums_of(net, s, k, 0), samples = train_chunk_samples(net, k),
               n = samples * positions(net, s), unbiased = n > 1 ? n / (n - 1) : 1.0;

        moments(sums, c, n);
        set_factors(net, s, net->branch, k, sums, sums + c);
        for (int i = 0; i < c; i++) {
            sums[i] *= samples;
            sums[c + i] *= samples * unbiased;
        }
    }
    train_tree_total(net, total, 2 * (size_t)c);
    for (int i = 0; i < 2 * c; i++)
        total[i] /= (double)net->batch.samples;
    move_running(net, s, total, total + c, 1.0);
}

static void finish_fixed(struct gradient_net *net, struct train_step *s)
{
    const float *mean = net->parameter[s->mean].value, *var = net->parameter[s->var].value;
    double *wide = net->norm_sum;
    int c = s->node->c;

    for (int i = 0; i < c; i++) {
        wide[i] = (double)mean[i];
        wide[c + i] = (double)var[i];
    }
    set_factors(net, s, net->branch, 0, wide, wide + c);
}

void train_norm_finish(struct gradient_net *net, struct train_step *s)
{
    if (is_fixed(net))
        finish_fixed(net, s);
    else if (is_chunked(net))
        finish_chunks(net, s);
    else
        finish_batch(net, s);
}

void train_norm_apply(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    int c = s->node->c;

    net->k->affine_f32(train_value(net, s->in[0], at->branch, at->sample), c,
                       train_value(net, s->out, at->branch, at->sample), c, positions(net, s), c,
                       factor_of(net, s, at->branch, at->chunk, TRAIN_SCALE),
                       factor_of(net, s, at->branch, at->chunk, TRAIN_SHIFT), s->low, s->high);
}

/* ---- backward ------------------------------------------------------------------------------------------ */

void train_norm_back_sum(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const float *d = train_part_gradient(net, s, at);
    int c = s->node->c, first = at->sample == at->chunk * GRADIENT_CHUNK;
    double *sums;

    if (net->input_only)
        return;
    sums = sums_of(net, s, at->chunk, at->branch);
    if (first)
        memset(sums, 0, 2 * (size_t)c * sizeof *sums);
    net->k->sums_f64(d, train_value(net, s->in[0], at->branch, at->sample), positions(net, s), c, sums,
                     sums + c);
}

/* The gradient by values is fma(d, scale, fma(x, slope, offset)): of sums of d and d x over n values, the
 * second of which becomes that of d xhat. */
static void set_slopes(struct gradient_net *net, struct train_step *s, int branch, int chunk, double *sums,
                       double n)
{
    const float *gamma = net->parameter[s->gamma].value;
    const double *moment = moment_of(net, s, branch, chunk);
    float *slope = factor_of(net, s, branch, chunk, TRAIN_SLOPE),
          *offset = factor_of(net, s, branch, chunk, TRAIN_OFFSET);
    int c = s->node->c;

    for (int i = 0; i < c; i++) {
        double mean = moment[i], inv = moment[c + i], by = (double)gamma[i] * inv, a;

        sums[c + i] = (sums[c + i] - mean * sums[i]) * inv;
        a = -by * inv * (sums[c + i] / n);
        slope[i] = (float)a;
        offset[i] = (float)(-by * (sums[i] / n) - a * mean);
    }
}

static void no_slopes(struct gradient_net *net, struct train_step *s)
{
    size_t bytes = (size_t)s->node->c * sizeof(float);

    for (int b = 0; b < net->branches; b++) {
        memset(factor_of(net, s, b, 0, TRAIN_SLOPE), 0, bytes);
        memset(factor_of(net, s, b, 0, TRAIN_OFFSET), 0, bytes);
    }
}

/* sums: (branches, 2, c) of d, d xhat; the branches are added. */
static void set_gradients(struct gradient_net *net, struct train_step *s, const double *sums)
{
    int c = s->node->c;

    for (int i = 0; i < c; i++) {
        double beta = 0, gamma = 0;

        for (int b = 0; b < net->branches; b++) {
            beta += sums[2 * b * c + i];
            gamma += sums[(2 * b + 1) * c + i];
        }
        net->parameter[s->beta].gradient[i] = (float)beta;
        net->parameter[s->gamma].gradient[i] = (float)gamma;
    }
}

void train_norm_back_finish(struct gradient_net *net, struct train_step *s)
{
    int c = s->node->c, chunked = is_chunked(net), chunks = chunked ? net->run.count : 1;

    if (net->input_only) {
        no_slopes(net, s);
        return;
    }
    if (!chunked)
        train_tree_total(net, net->norm_sum, 2 * (size_t)net->branches * (size_t)c);
    for (int k = 0; k < chunks; k++)
        for (int b = 0; b < net->branches; b++)
            set_slopes(net, s, b, k, sums_of(net, s, k, b),
                       (double)(chunked ? train_chunk_samples(net, k) : net->batch.samples) *
                           positions(net, s));
    if (chunked)
        train_tree_total(net, net->norm_sum, 2 * (size_t)net->branches * (size_t)c);
    if (is_fixed(net))
        no_slopes(net, s);
    set_gradients(net, s, net->norm_sum);
}

void train_norm_back_apply(struct gradient_net *net, struct train_step *s, const struct train_at *at)
{
    const float *from = train_back(net, s->out, at->branch, at->sample);
    float *d = train_part_begin(net, s, 0, at);

    if (d != from)
        memcpy(d, from, net->map[s->out].count * sizeof *d);
    net->k->normback_f32(d, train_value(net, s->in[0], at->branch, at->sample), positions(net, s), s->node->c,
                         factor_of(net, s, at->branch, at->chunk, TRAIN_SCALE),
                         factor_of(net, s, at->branch, at->chunk, TRAIN_SLOPE),
                         factor_of(net, s, at->branch, at->chunk, TRAIN_OFFSET));
    train_part_finish(net, s, 0, at);
}
