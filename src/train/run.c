/* src/train/run.c: a training from its job to its result: epochs of steps, what is kept after each, and how
 * it ends. */
#include "train_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "store.h"

enum { REPORT_S = 10 };

/* ---- what is kept and said -------------------------------------------------------------------------------
 */

static status save(struct train *t)
{
    status mine = t->c->rank == 0 ? checkpoint_save(t) : OK;

    t->saved = clock_s();
    return comm_agree(t->c, mine);
}

/* Rank 0 alone keeps time and writes; a failure is told at the next step. */
static status save_now_and_then(struct train *t)
{
    if (t->c->rank != 0 || t->job->save <= 0 || clock_s() - t->saved < t->job->save)
        return OK;
    t->saved = clock_s();
    return checkpoint_save(t);
}

static void report(struct train *t)
{
    double now = clock_s();
    int64_t steps = t->at.step - t->began_step, left = (int64_t)t->batches * t->job->epochs - t->at.step;
    char done[32], all[32], time[64];

    if (t->c->rank != 0 || now - t->reported < REPORT_S || steps == 0)
        return;
    t->reported = now;
    log_info("train  epoch %lld/%d  %s/%s pictures  loss %.4f  %.0f img/s  left %s",
             (long long)t->at.epoch + 1, t->job->epochs,
             text_thousands((int64_t)t->at.seen, done, sizeof done),
             text_thousands(t->trained, all, sizeof all), t->at.loss / t->at.seen,
             (double)steps * t->job->batch / (now - t->began),
             text_duration((now - t->began) / (double)steps * (double)left, time, sizeof time));
}

static void say_plan(const struct train *t)
{
    const struct train_job *job = t->job;
    char learned[32], pictures[32], name[OPTION_NAME];

    log_info("quantcam train, %d rank%s on %d node%s, instruction set %s", t->c->size,
             t->c->size == 1 ? "" : "s", t->c->nodes, t->c->nodes == 1 ? "" : "s", t->kernels->isa);
    log_info("%s: %s values to learn, bits %s, %s", t->model.name,
             text_thousands(t->learned, learned, sizeof learned),
             option_choice(QUANT_BITS_NAMES, job->preset, name),
             job->share == 0                  ? "plain"
             : job->ranking == MASK_MAGNITUDE ? "guided by saliency, smallest magnitude"
                                              : "guided by saliency, smallest signed gradient");
    log_info("%s pictures to train on, %d held out, %d to test on; %d epochs of %d steps",
             text_thousands(t->trained, pictures, sizeof pictures), t->held, t->test.count, job->epochs,
             t->batches);
    quantizers_say(t);
}

/* ---- an epoch --------------------------------------------------------------------------------------------
 */

static status take_line(struct train *t)
{
    struct train_line l = { .epoch = (double)t->at.epoch + 1,
                            .rate = schedule_rate(&t->schedule, t->job->rate, (int)t->at.epoch, 0),
                            .loss = t->at.loss / t->at.seen,
                            .accuracy = t->at.right / t->at.seen,
                            .held_loss = NAN,
                            .held_accuracy = NAN,
                            .test_loss = NAN,
                            .test_accuracy = NAN,
                            .raised = t->at.raised };

    if (t->held > 0)
        TRY(validate_run(t, &t->data, t->sample, t->held, &l.held_loss, &l.held_accuracy));
    if (t->test.count > 0)
        TRY(validate_run(t, &t->test, NULL, t->test.count, &l.test_loss, &l.test_accuracy));
    t->line[t->at.lines++] = l;
    if (t->held > 0 && l.held_accuracy > t->at.best) {
        t->at.best = l.held_accuracy;
        t->at.best_epoch = t->at.epoch;
        if (t->best)
            checkpoint_gather(t, t->best);
    }
    curve_say(t, &l);
    return OK;
}

static int is_over(int epochs, int64_t epoch)
{
    return epochs > 0 && epoch >= epochs;
}

static status run_epoch(struct train *t)
{
    status mine;

    gradient_net_hold(t->net, is_over(t->job->observer_epochs, t->at.epoch),
                      is_over(t->job->norm_epochs, t->at.epoch));
    mine = draw_order((uint64_t)t->job->seed, (int)t->at.epoch, t->sample + t->held, t->trained, t->order);
    TRY(comm_agree(t->c, mine));
    while (t->at.batch < t->batches) {
        TRY(step_run(t));
        report(t);
        t->trouble = save_now_and_then(t);
    }
    TRY(save(t)); /* what follows can be done again */
    TRY(take_line(t));
    t->at.epoch++;
    t->at.batch = 0;
    t->at.loss = t->at.right = t->at.seen = t->at.raised = 0;
    TRY(save(t));
    return comm_agree(t->c, t->c->rank == 0 ? curve_write(t) : OK);
}

static int is_done(const struct train *t)
{
    const struct train_job *job = t->job;

    if (t->at.epoch >= job->epochs)
        return 1;
    return job->patience > 0 && t->at.lines > 0 && t->at.epoch - 1 - t->at.best_epoch >= job->patience;
}

static status finish(struct train *t)
{
    if (t->at.epoch < t->job->epochs)
        log_info("stopped after epoch %lld: no better on the pictures held out for %d epochs",
                 (long long)t->at.epoch, t->job->patience);
    if (t->best)
        checkpoint_scatter(t, t->best);
    TRY(comm_agree(t->c, t->c->rank == 0 ? packed_save(t) : OK));
    TRY(comm_agree(t->c, t->c->rank == 0 ? checkpoint_finish(t) : OK));
    if (t->c->rank == 0)
        curve_print(t);
    log_info("the trained weights are %s", t->job->out);
    return OK;
}

/* ---- the job ---------------------------------------------------------------------------------------------
 */

/* A line a start in OUT.log.jsonl; rank 0's. */
static status note_start(const struct train *t)
{
    struct text line = { .max = 4096 };
    char now[32];
    status result;

    clock_iso8601(now, sizeof now);
    result =
        text_add(&line, "\"time\": \"%s\", \"host\": \"%s\", \"nodes\": %d, \"ranks\": %d, \"isa\": \"%s\"",
                 now, t->c->host, t->c->nodes, t->c->size, t->kernels->isa);
    if (result == OK)
        result = store_log_append(t->job->out, t->at.step, line.data);
    text_free(&line);
    return result;
}

static status begin(struct train *t, enum checkpoint_found *found)
{
    TRY(checkpoint_find(t, found));
    if (*found == CHECKPOINT_FINISHED)
        log_info("%s is there already, made by the same job: nothing to do", t->job->out);
    if (*found == CHECKPOINT_RESUMED)
        log_info("goes on after %lld step%s, in epoch %lld", (long long)t->at.step,
                 t->at.step == 1 ? "" : "s", (long long)t->at.epoch + 1);
    if (*found != CHECKPOINT_FINISHED)
        TRY(comm_agree(t->c, t->c->rank == 0 ? note_start(t) : OK));
    if (*found == CHECKPOINT_NONE && t->measures_alpha)
        TRY(alpha_start(t));
    t->began = t->reported = t->saved = clock_s();
    t->began_step = t->at.step;
    return OK;
}

static status run_job(struct train *t)
{
    enum checkpoint_found found;

    TRY(setup_open(t));
    say_plan(t);
    if (t->job->dry_run)
        return predict_run(t);
    TRY(begin(t, &found));
    if (found == CHECKPOINT_FINISHED)
        return OK;
    t->at_work = 1;
    while (!is_done(t))
        TRY(run_epoch(t));
    return finish(t);
}

/* A stop keeps what was done since the last state. */
static void keep(struct train *t, status *result)
{
    struct error_record first = *error_last();
    status saved = t->c->rank == 0 ? checkpoint_save(t) : OK;

    if (comm_agree(t->c, saved) != OK) {
        *result = (status)error_last()->status;
        return;
    }
    *error_last() = first;
    log_info("%s.state.safetensors keeps what is done: the same command goes on from there", t->job->out);
}

status train_run(const struct comm *c, const struct train_job *job)
{
    struct store_lock lock = { .fd = -1 };
    struct error_record first;
    struct train *t = NULL;
    status result;

    t = mem_alloc(1, sizeof *t);
    TRY(comm_agree(c, t ? OK : FAIL(ERR_MEMORY, "no memory for a training")));
    t->c = c;
    t->job = job;
    result = comm_agree(c, c->rank == 0 && job->lock && !job->dry_run ? lock_take(job->out, &lock) : OK);
    if (result == OK)
        result = run_job(t);
    if (result == ERR_STOPPED && t->at_work)
        keep(t, &result);
    if (result == ERR_NUMERIC && t->at_work)
        log_info("%s.state.safetensors keeps the last good state, if one was written", job->out);
    first = *error_last();
    lock_release(&lock);
    setup_close(t);
    mem_free(t);
    *error_last() = first;
    return result;
}
