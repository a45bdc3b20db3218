/* src/train/step.c: one step of training: a batch's run of chunks, the mask where training is guided, forward
 * and backward, and the update, which every rank makes alike (spec saliency-and-training 2.8). */
#include "train_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "metric.h"

enum { STEP_LOSS, STEP_RIGHT, STEP_SUMS };

/* ---- room ------------------------------------------------------------------------------------------------
 */

void step_free(struct train *t)
{
    void *all[] = { t->x,    t->masked, t->dx,    t->dz,    t->dz_masked, t->picture,  t->shifted,
                    t->mask, t->key,    t->taken, t->label, t->chunk,     t->loss_room };

    for (size_t i = 0; i < COUNT_OF(all); i++)
        mem_free(all[i]);
    t->x = t->masked = t->dx = t->dz = t->dz_masked = NULL;
    t->picture = t->shifted = t->mask = NULL;
    t->key = t->taken = NULL;
    t->label = NULL;
    t->chunk = t->loss_room = NULL;
    t->room_samples = 0;
}

status step_room(struct train *t, int samples)
{
    size_t n = (size_t)samples, pixels = (size_t)t->model.input.height * (size_t)t->model.input.width;
    size_t values = pixels * (size_t)t->model.input.channels, classes = (size_t)t->model.classes;

    if (samples <= t->room_samples)
        return OK;
    step_free(t);
    MEM_TRY(t->x, n, values * sizeof(float));
    MEM_TRY(t->masked, n, values * sizeof(float));
    MEM_TRY(t->dx, n, values * sizeof(float));
    MEM_TRY(t->dz, n, classes * sizeof(float));
    MEM_TRY(t->dz_masked, n, classes * sizeof(float));
    MEM_TRY(t->picture, train_data_bytes(&t->data), 1); /* the test's have no margin */
    MEM_TRY(t->shifted, values, 1);
    MEM_TRY(t->mask, pixels, 1);
    MEM_TRY(t->key, pixels, sizeof *t->key);
    MEM_TRY(t->taken, n, sizeof *t->taken);
    MEM_TRY(t->label, n, sizeof *t->label);
    MEM_TRY(t->chunk, n, STEP_SUMS * sizeof *t->chunk);
    MEM_TRY(t->loss_room, 4 * classes, sizeof *t->loss_room);
    t->room_samples = samples;
    return OK;
}

status step_load(struct train *t, struct train_data *d, int count, int epoch)
{
    size_t values = (size_t)d->height * (size_t)d->width * (size_t)d->channels;
    int moves = epoch >= 0 && (t->moves.reach > 0 || t->moves.flip || t->moves.turn);

    for (int i = 0; i < count; i++) {
        const uint8_t *pixels = t->picture;

        TRY(error_prefix(train_data_picture(d, (int)t->taken[i], t->picture),
                         "mend this picture, take it away, or let data.max_bad leave it out"));
        if (moves || d->margin > 0) {
            struct draw_shift s = { 0 };

            if (moves)
                s = draw_shift(&t->moves, (uint64_t)t->job->seed, epoch, t->taken[i]);
            draw_shifted(t->picture, d->height, d->width, d->channels, d->margin, s, t->shifted);
            pixels = t->shifted;
        }
        image_normalize(pixels, d->height * d->width, d->channels, (const float(*)[256])t->table,
                        t->x + (size_t)i * values);
        t->label[i] = d->label[t->taken[i]];
    }
    return OK;
}

/* ---- the masked branch -----------------------------------------------------------------------------------
 */

/* The gradient of the true class's logit, in EVAL mode; the pixels where it is smallest are filled. */
static void make_masked(struct train *t, int count)
{
    const struct train_job *job = t->job;
    int pixels = t->data.height * t->data.width, channels = t->data.channels, classes = t->model.classes;
    size_t values = (size_t)pixels * (size_t)channels;
    int n = mask_size(job->share, pixels);

    memset(t->dz, 0, (size_t)count * (size_t)classes * sizeof *t->dz);
    for (int i = 0; i < count; i++)
        t->dz[i * classes + t->label[i]] = 1.0f;
    gradient_net_forward(t->net, GRADIENT_EVAL, 0, t->x);
    gradient_net_backward_input(t->net, t->dz, t->dx);
    memcpy(t->masked, t->x, (size_t)count * values * sizeof *t->x);
    for (int i = 0; i < count; i++) {
        mask_smallest(t->dx + (size_t)i * values, pixels, channels, (enum mask_ranking)job->ranking, n,
                      t->key, t->mask);
        draw_fill((uint64_t)job->seed, (int)t->at.epoch, t->taken[i], (enum draw_filling)job->fill, t->mask,
                  pixels, channels, t->masked + (size_t)i * values);
    }
}

/* ---- the loss --------------------------------------------------------------------------------------------
 */

/* Gradients by the logits of this rank's samples; the sums of all ranks'. */
static void take_loss(struct train *t, struct gradient_run run, int batch, int count, double sums[STEP_SUMS])
{
    const struct train_job *job = t->job;
    const float *z = gradient_net_logits(t->net, 0);
    const float *m = job->share > 0 ? gradient_net_logits(t->net, 1) : NULL;
    int classes = t->model.classes;
    struct loss_how how = { classes, batch, job->smoothing, job->lambda };

    memset(t->chunk, 0, (size_t)run.count * STEP_SUMS * sizeof *t->chunk);
    for (int i = 0; i < count; i++) {
        double *chunk = t->chunk + i / GRADIENT_CHUNK * STEP_SUMS;
        size_t at = (size_t)i * (size_t)classes;

        chunk[STEP_LOSS] += loss_sample(&how, z + at, m ? m + at : NULL, t->label[i], t->loss_room,
                                        t->dz + at, t->dz_masked + at);
        chunk[STEP_RIGHT] += loss_answer(z + at, classes) == t->label[i];
    }
    sum_chunks(&t->sum, run, t->chunk, STEP_SUMS, sums);
}

/* ---- the update ------------------------------------------------------------------------------------------
 */

/* An alpha below the least that PACT bears is set to it, and counted. */
static void raise_alpha(struct train *t, struct gradient_parameter *p)
{
    if (p->value[0] >= PACT_LEAST_ALPHA)
        return;
    if (t->at.raised == 0)
        log_info(
            "%s: %s fell to %g and was set to 2^-10: a lower train.rate or another bits.alpha may keep it up",
            t->where, p->name, (double)p->value[0]);
    p->value[0] = PACT_LEAST_ALPHA;
    t->at.raised++;
}

static status update(struct train *t)
{
    const struct train_job *job = t->job;
    struct optimizer o = { .kind = (enum optimizer_kind)job->optimizer,
                           .lr = schedule_rate(&t->schedule, job->rate, (int)t->at.epoch, (int)t->at.batch),
                           .momentum = job->momentum,
                           .step = (uint64_t)t->at.step };
    int64_t at = 0;

    for (int i = 0; i < t->parameters; i++) {
        struct gradient_parameter *p = &t->parameter[i];

        if (p->gradient) {
            struct optimizer_range r = { p->value, p->gradient, t->first + at,
                                         t->second ? t->second + at : NULL, p->count };

            o.decay = job->decay_of == DECAY_MATRICES && p->rank < 2 ? 0 : job->decay;
            optimizer_step(&o, &r);
            at += p->count;
        }
        if (!accuracy_finite(p->value, p->count))
            return FAIL(
                ERR_NUMERIC,
                "%s: %s is not finite any more: training diverged; a lower train.rate (%g now) may hold it",
                t->where, p->name, job->rate);
        if (p->kind == GRADIENT_ALPHA)
            raise_alpha(t, p);
    }
    return OK;
}

/* ---- a step ----------------------------------------------------------------------------------------------
 */

/* What may fail on one rank alone; a signal stops all before the step. */
static status prepare(struct train *t, struct gradient_run run, int first, int samples, int *count)
{
    struct gradient_batch b = { .samples = samples,
                                .first = run.first,
                                .chunks = run.count,
                                .sample = t->taken,
                                .epoch = (int)t->at.epoch,
                                .seed = (uint64_t)t->job->seed };

    TRY(t->trouble);
    TRY(comm_signal_status());
    *count = gradient_batch_samples(&b);
    memcpy(t->taken, t->order + first + run.first * GRADIENT_CHUNK, (size_t)*count * sizeof *t->taken);
    TRY(step_load(t, &t->data, *count, (int)t->at.epoch));
    return gradient_net_batch(t->net, &b);
}

status step_run(struct train *t)
{
    const struct train_job *job = t->job;
    int first = (int)t->at.batch * job->batch, count = 0;
    int samples = t->trained - first < job->batch ? t->trained - first : job->batch;
    struct gradient_run run = sum_run(t->c, t->c->rank, (samples + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK);
    double sums[STEP_SUMS];

    snprintf(t->where, sizeof t->where, "step %lld (epoch %lld, batch %lld)", (long long)t->at.step + 1,
             (long long)t->at.epoch + 1, (long long)t->at.batch + 1);
    TRY(comm_agree(t->c, prepare(t, run, first, samples, &count)));
    TRY(error_prefix(gradient_net_prepare(t->net), "%s", t->where));
    if (job->share > 0)
        make_masked(t, count);
    gradient_net_forward(t->net, GRADIENT_TRAIN, 0, t->x);
    if (job->share > 0)
        gradient_net_forward(t->net, GRADIENT_TRAIN, 1, t->masked);
    take_loss(t, run, samples, count, sums);
    if (!isfinite(sums[STEP_LOSS]))
        return FAIL(ERR_NUMERIC,
                    "%s: the loss is not finite: training diverged; a lower train.rate (%g now) may hold it",
                    t->where, job->rate);
    gradient_net_backward(t->net, t->dz, job->share > 0 ? t->dz_masked : NULL);
    TRY(update(t));
    t->at.loss += sums[STEP_LOSS];
    t->at.right += sums[STEP_RIGHT];
    t->at.seen += samples;
    t->at.step++;
    t->at.batch++;
    comm_alive();
    return OK;
}
