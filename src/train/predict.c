/* src/train/predict.c: a dry run: a few steps are timed, and how long the job takes is said. What they learn
 * is forgotten. */
#include "train_parts.h"

#include <stdio.h>

#include "metric.h"

enum { WARM = 1, TRIED = 512 };

/* Whole steps, milliseconds each; the first WARM are not counted. An epoch may have fewer: the same again. */
static status time_steps(struct train *t, double *ms)
{
    for (int i = -WARM; i < t->job->steps; i++) {
        double from = clock_s();

        if (t->at.batch == t->batches)
            t->at.batch = 0;
        TRY(step_run(t));
        if (i >= 0)
            ms[i] = 1e3 * (clock_s() - from);
    }
    return OK;
}

/* Seconds that all pictures of `d` take to be tried, from the first of them. */
static status time_trial(struct train *t, struct train_data *d, const uint32_t *sample, int count, double *s)
{
    int some = count < TRIED ? count : TRIED;
    double from = clock_s(), loss, accuracy;

    *s = 0;
    if (count == 0)
        return OK;
    TRY(validate_run(t, d, sample, some, &loss, &accuracy));
    *s = (clock_s() - from) * count / some;
    return OK;
}

static status predict(struct train *t, double *ms)
{
    struct metric_quartiles q;
    double held, test;
    char time[64];

    TRY(comm_agree(t->c, draw_order((uint64_t)t->job->seed, 0, t->sample + t->held, t->trained, t->order)));
    if (t->measures_alpha)
        TRY(alpha_start(t));
    TRY(time_steps(t, ms));
    TRY(time_trial(t, &t->data, t->sample, t->held, &held));
    TRY(time_trial(t, &t->test, NULL, t->test.count, &test));
    if (t->c->rank != 0)
        return OK;
    metric_quartiles_of(ms, t->job->steps, &q); /* sorts */
    text_duration(t->job->epochs * (t->batches * q.median / 1e3 + held + test), time, sizeof time);
    printf("a step of %d pictures takes %.3f ms (median of %d, fastest %.3f); loss %.5f\n"
           "%d epochs of %d steps, and what is tried after each, take %s on %d rank%s\n",
           t->job->batch, q.median, t->job->steps, ms[0], t->at.loss / t->at.seen, t->job->epochs, t->batches,
           time, t->c->size, t->c->size == 1 ? "" : "s");
    return OK;
}

status predict_run(struct train *t)
{
    double *ms = NULL;
    status result;

    if (t->job->steps == 0)
        return OK;
    ms = mem_alloc((size_t)t->job->steps, sizeof *ms);
    result = comm_agree(t->c, ms ? OK : FAIL(ERR_MEMORY, "no memory for %d times", t->job->steps));
    if (result == OK)
        result = predict(t, ms);
    mem_free(ms);
    return result;
}
