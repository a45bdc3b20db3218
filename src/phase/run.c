/* src/phase/run.c: the phases in order. */
#include "from.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the phases ---------------------------------------------------------------------------------------- */

/* A job without sensitivity has no such phase in its file. Returns how many there are. */
static int drop_idle(const struct run *r, void *row, size_t each)
{
    uint8_t *idle = (uint8_t *)row + RUN_SENSITIVITY * each;

    if (r->layout.sensitivity)
        return RUN_PHASES;
    memmove(idle, idle + each, (RUN_PHASES - RUN_SENSITIVITY - 1) * each);
    return RUN_PHASES - 1;
}

static status write_phases(const struct run *r, const char *name, const double *row)
{
    double kept[RUN_PHASES];
    int count;

    memcpy(kept, row, sizeof kept);
    count = drop_idle(r, kept, sizeof *kept);
    return run_write(r, 0, count, kept, "/timing/%s", name);
}

/* Means over the ranks (spent: all ranks'), on rank 0, which also says what share of the run they are. */
static status write_spent(const struct run *r, const double (*spent)[RUN_PHASES][RUN_SPENT])
{
    static const char *const name[RUN_SPENT] = { "io_s", "message_s", "wait_s" };
    double share[RUN_SPENT] = { 0 }, total = 0;

    for (int i = 0; i < r->phases; i++)
        total += r->phase_s[i];
    for (int k = 0; k < RUN_SPENT; k++) {
        double mean[RUN_PHASES] = { 0 };

        for (int i = 0; i < r->phases; i++) {
            for (int rank = 0; rank < r->c->size; rank++)
                mean[i] += spent[rank][i][k] / r->c->size;
            share[k] += 100 * mean[i] / total;
        }
        TRY(write_phases(r, name[k], mean));
    }
    log_info("of a rank's time: the result file's rows %.2f %%, messages %.2f %%, waiting for others %.2f %%",
             share[RUN_IO], share[RUN_MESSAGE], share[RUN_WAIT]);
    return OK;
}

static status write_times(const struct run *r)
{
    char name[RUN_PHASES][STORE_NAME] = { { 0 } }, command[STORE_COMMAND] = "", now[32] = "";
    int64_t ranks = r->c->size;

    for (int i = 0; i < r->phases; i++)
        snprintf(name[i], STORE_NAME, "%s", run_phase[i].name);
    snprintf(command, sizeof command, "%s", r->start->command);
    clock_iso8601(now, sizeof now);
    TRY(store_write(r->store, "/timing/phase", 0, drop_idle(r, name, sizeof *name), name));
    TRY(write_phases(r, "phase_s", r->phase_s));
    TRY(write_phases(r, "predicted_s", r->prediction.phase_s));
    TRY(store_write(r->store, "/timing/ranks", 0, 1, &ranks));
    TRY(store_write(r->store, "/timing/command", 0, 1, command));
    return store_write(r->store, "/timing/finished", 0, 1, now);
}

/* The file becomes OUT: the job is done. */
static status finish(struct run *r)
{
    void *all = NULL;
    size_t size = 0;
    status mine = OK;

    TRY(comm_gather_bytes(r->c, r->spent, sizeof r->spent, &all, &size));
    if (r->c->rank == 0)
        mine = write_times(r);
    if (r->c->rank == 0 && mine == OK)
        mine = write_spent(r, all);
    mem_free(all);
    TRY(comm_agree(r->c, mine));
    return store_finish(r->store);
}

/* What this start did: a resume computes what was missing, and bad pictures once more, and nothing else. */
static void say_rows(const struct run *r)
{
    uint64_t rows[2] = { (uint64_t)store_rows_committed(r->store), (uint64_t)r->taken };
    char all[32], taken[32];

    comm_sum_u64(r->c, rows, 2);
    log_info("%s rows computed", text_thousands((int64_t)rows[0], all, sizeof all));
    if (r->from)
        log_info("%s of them have values of %s", text_thousands((int64_t)rows[1], taken, sizeof taken),
                 r->job->from);
}

/* All rows were tried and the result is complete; still too many bad pictures are a failure. */
static status judge_bad(const struct run *r)
{
    double percent = 100.0 * (double)r->rows_bad / (double)r->layout.images;

    if (percent <= r->job->max_bad)
        return OK;
    return FAIL(ERR_FORMAT,
                "%s is complete, but %lld of %lld images are bad (%.3g %%), more than data.max_bad = %g %%",
                r->job->out, (long long)r->rows_bad, (long long)r->layout.images, percent, r->job->max_bad);
}

static void say_start(const struct run *r)
{
    log_info("quantcam %s, %d rank%s on %d node%s, %s, instruction set %s", r->start->version, r->c->size,
             r->c->size == 1 ? "" : "s", r->c->nodes, r->c->nodes == 1 ? "" : "s", r->start->libraries,
             r->kernels ? r->kernels->isa : job_isa(r->job));
}

/* What the dry run, or run.predict, foretells. */
static status predict(struct run *r)
{
    int ranks = r->job->ranks > 0 && r->job->dry_run ? r->job->ranks : r->c->size;

    TRY(predict_make(r, ranks, &r->prediction));
    predict_print(r, &r->prediction);
    return OK;
}

/* Only where this start did all of it. */
static void say_prediction(struct run *r)
{
    uint64_t peak = mem_peak_resident();

    if (!r->job->predict || !r->created)
        return;
    comm_max_u64(r->c, &peak, 1);
    r->phase_s[r->phases - 1] = clock_s() - r->phase_began;
    predict_compare(r, &r->prediction, peak);
}

static status run_job(struct run *r)
{
    run_enter(r, run_phase[RUN_PLAN].name);
    TRY(from_open(r));
    TRY(plan_make(r));
    say_start(r);
    TRY(begin_layout(r));
    plan_print(r);
    TRY(from_decide(r));
    if (r->job->dry_run || r->job->predict)
        TRY(predict(r));
    if (r->job->dry_run)
        return OK;
    TRY(begin_store(r));
    r->created = store_outcome(r->store) == STORE_CREATED;
    if (store_outcome(r->store) == STORE_FINISHED) {
        log_info("%s is there already, made by the same job: nothing to do", r->job->out);
        return OK;
    }

    TRY(run_phases(r, RUN_EVALUATE, RUN_EXPLAIN));
    say_rows(r);
    TRY(run_phases(r, RUN_AVERAGE, RUN_REDUCE));
    run_enter(r, run_phase[RUN_FINISH].name);
    TRY(finish(r));
    say_prediction(r);
    return judge_bad(r);
}

/* The last lines but one: VmHWM of the largest rank, and what the ranks of the fullest node had together
 * where weights and maps are in use. */
static void say_memory(const struct run *r)
{
    struct comm_memory all = { 0 };
    char text[128] = "";
    size_t n = 0;

    for (int k = 0; k < r->phases; k++) {
        comm_node_memory(r->c, r->phase_pss[k], &all);
        if (all.node > 0)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s%.0f MB in %.20s", n ? ", " : "",
                                  (double)all.node / 1e6, run_phase[k].name);
        if (n >= sizeof text)
            break;
    }
    log_info("peak memory of a rank %.0f MB (VmHWM)%s%s", (double)all.rank / 1e6,
             n ? "; of all ranks of a node, what they share counted once: " : "", text);
}

status phase_run(const struct comm *c, const struct job *job, const struct phase_start *start)
{
    struct run *r = NULL;
    struct error_record first;
    char kept[4096] = "";
    status result;

    MEM_TRY(r, 1, sizeof *r);
    r->c = c;
    r->job = job;
    r->start = start;
    result = run_job(r);
    first = *error_last();
    if (r->store) {
        snprintf(kept, sizeof kept, "%s", store_out(r->store));
        progress_file_remove(r);
    }
    store_end(&r->store);
    from_close(r);
    if (result == OK) /* the same on all ranks */
        say_memory(r);
    if (result == OK && !job->dry_run)
        log_info("the result is %s", job->out);
    if (result == ERR_STOPPED && kept[0])
        log_info("%s.part keeps what is done: the same command goes on from there", kept);
    plan_free(r);
    mem_free(r);
    *error_last() = first;
    return result;
}
