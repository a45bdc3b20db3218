/* src/train/validate.c: loss and share of right answers on pictures that are not learned from. Each rank runs
 * its share of the chunks on its own; the sums are the tree's. */
#include "train_parts.h"

#include <math.h>

enum { LOSS, RIGHT, SUMS };

/* Chunks of this rank from `chunk` on, at most `most`: how many samples. */
static status run_piece(struct train *t, struct train_data *d, const uint32_t *sample, int first, int count,
                        double *sums)
{
    struct gradient_batch b = { .samples = count, .chunks = (count + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK };
    struct loss_how how = { .classes = t->model.classes, .batch = 1 };
    const float *z;

    TRY(comm_signal_status());
    for (int i = 0; i < count; i++)
        t->taken[i] = sample ? sample[first + i] : (uint32_t)(first + i);
    TRY(step_load(t, d, count, -1));
    TRY(gradient_net_batch(t->net, &b));
    gradient_net_forward(t->net, GRADIENT_EVAL, 0, t->x);
    z = gradient_net_logits(t->net, 0);
    for (int i = 0; i < count; i++, z += how.classes) {
        double *chunk = sums + i / GRADIENT_CHUNK * SUMS;

        chunk[LOSS] += loss_sample(&how, z, NULL, t->label[i], t->loss_room, NULL, NULL);
        chunk[RIGHT] += loss_answer(z, how.classes) == t->label[i];
    }
    comm_alive();
    return OK;
}

status validate_run(struct train *t, struct train_data *d, const uint32_t *sample, int count, double *loss,
                    double *accuracy)
{
    int chunks = (count + GRADIENT_CHUNK - 1) / GRADIENT_CHUNK, piece;
    struct gradient_run run = sum_run(t->c, t->c->rank, chunks);
    int first = run.first * GRADIENT_CHUNK, end = (run.first + run.count) * GRADIENT_CHUNK;
    double *chunk = NULL, sums[SUMS] = { 0 };
    status result = OK;

    piece = t->room_samples / GRADIENT_CHUNK * GRADIENT_CHUNK;
    BUG_IF(piece < GRADIENT_CHUNK);
    end = end < count ? end : count;
    TRY(error_prefix(gradient_net_prepare(t->net), "after epoch %lld", (long long)t->at.epoch + 1));
    chunk = mem_alloc((size_t)run.count + 1, SUMS * sizeof *chunk);
    if (!chunk)
        result = FAIL(ERR_MEMORY, "no memory for %d chunks", run.count);
    for (int at = first; result == OK && at < end; at += piece)
        result = run_piece(t, d, sample, at, end - at < piece ? end - at : piece,
                           chunk + (at - first) / GRADIENT_CHUNK * SUMS);
    TRY_OUT(comm_agree(t->c, result));
    sum_chunks(&t->sum, run, chunk, SUMS, sums);
    if (!isfinite(sums[LOSS]))
        result = FAIL(ERR_NUMERIC,
                      "after epoch %lld the loss on the pictures tried is not finite: training "
                      "diverged; a lower train.rate (%g now) may hold it",
                      (long long)t->at.epoch + 1, t->job->rate);
    *loss = sums[LOSS] / count;
    *accuracy = sums[RIGHT] / count;
out:
    mem_free(chunk);
    return result;
}
