/* src/phase/predict.c: what the job will take, from a small job of the same networks and settings: every
 * rank alone runs PICTURES pictures and one explained row a network, in a folder of its own, all ranks at
 * once, so that what they take from each other is in it. */
#include "from.h"
#include "local.h"

#include "metric.h"
#include "metric_test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PICTURES = 16,
    TIME_RUNS = 2,
    TIME_WARM = 5,
    BOOTSTRAP_ROWS = 4096,
    HASH_BYTES = 1 << 20,
    HASHED = 16
};

/* ---- the small job ------------------------------------------------------------------------------------- */

struct small {
    struct comm self;
    struct job job;
    struct run run;
    struct from from; /* of its pictures */
    int64_t place[PICTURES];
    char folder[512];
};

/* Others on every rank, spread over the list. */
static status take_pictures(const struct run *r, struct small *s)
{
    int n = r->list.count < PICTURES ? r->list.count : PICTURES;
    int64_t step = r->list.count / n, image[PICTURES];

    MEM_TRY(s->run.list.entry, (size_t)n, sizeof *s->run.list.entry);
    for (int i = 0; i < n; i++) {
        image[i] = i * step + r->c->rank % step;
        s->run.list.entry[i] = r->list.entry[image[i]];
        s->place[i] = image[i];
    }
    s->run.whole = &r->list;
    s->run.place = s->place;
    s->run.list.count = n;
    if (!r->from)
        return OK;
    s->run.from = &s->from;
    return from_pick(r->from, image, n, &s->from);
}

static status make_small(const struct run *r, struct small *s)
{
    const char *place = getenv("TMPDIR");

    comm_self(r->c, &s->self);
    s->job = *r->job;
    s->run = *r;
    s->run.borrowed = s->run.sampled = 1;
    s->run.maps_spent_s = s->run.maps_whole_s = 0;
    s->run.c = &s->self;
    s->run.job = &s->job;
    s->run.store = NULL;
    s->run.phases = 0;
    s->run.controls_s = 0;
    s->run.list.entry = NULL;
    s->run.from = NULL;
    TRY(take_pictures(r, s));
    s->job.schedule = JOB_STATIC;
    s->job.max_bad = 100;
    s->job.sensitivity = 0;
    s->job.select_by = 0; /* the control alone: one row a network */
    snprintf(s->job.fraction, sizeof s->job.fraction, "0.000001");
    s->job.time_runs = r->job->time_runs > 0 ? TIME_RUNS : 0;
    snprintf(s->folder, sizeof s->folder, "%.400s/quantcam-dry-run-XXXXXX", place ? place : P_tmpdir);
    if (!mkdtemp(s->folder)) {
        s->folder[0] = '\0';
        return FAIL(ERR_IO, "no folder for the calibration under %.400s", place ? place : P_tmpdir);
    }
    snprintf(s->job.out, sizeof s->job.out, "%s/small.h5", s->folder);
    return begin_layout(&s->run);
}

static void remove_small(struct small *s)
{
    static const char *const end[] = { "", ".part", ".part.creating", ".lock", ".log.jsonl" };
    char path[OPTION_SIZE + 64];

    mem_free(s->run.list.entry);
    mem_free(s->from.row);
    mem_free(s->from.same);
    if (!s->folder[0])
        return;
    progress_file_remove(&s->run);
    for (size_t i = 0; i < COUNT_OF(end); i++) {
        snprintf(path, sizeof path, "%s%s", s->job.out, end[i]);
        unlink(path);
    }
    rmdir(s->folder);
}

/* ---- measuring ----------------------------------------------------------------------------------------- */

/* A row whose raw sign is the other one has its curves computed twice: how often in the explained rows, how
 * often among all pictures. */
static status count_curves(struct run *m, struct calibration *c)
{
    int8_t sign[PICTURES];
    int64_t image;

    for (int net = 0; net < m->networks; net++) {
        TRY(run_fetch(m, net, 0, 1, &image, "subset/image"));
        for (int p = 0; p < m->precisions; p++) {
            double turned = 0;
            TRY(run_fetch(m, net, 0, m->layout.images, sign, "%s/raw_sign", run_precision(m, p)));
            for (int64_t i = 0; i < m->layout.images; i++)
                turned += sign[i] < 0;
            c->curves += 1 + (image >= 0 && sign[image] < 0);
            c->curves_all += 1 + turned / (double)m->layout.images;
        }
    }
    return OK;
}

static double bootstrap_row(void)
{
    struct bootstrap_interval out[BOOTSTRAP_LANES];
    struct mem_set mem = { 0 };
    double *values = mem_take(&mem, BOOTSTRAP_ROWS, BOOTSTRAP_LANES * sizeof *values);
    double *means = mem_take(&mem, BOOTSTRAP_REPLICATES, BOOTSTRAP_LANES * sizeof *means);
    uint32_t *times = mem_take(&mem, BOOTSTRAP_ROWS, BOOTSTRAP_TOGETHER * sizeof *times);
    double start = clock_s();

    if (values && means && times)
        bootstrap_means(values, BOOTSTRAP_ROWS, BOOTSTRAP_LANES, 1, times, means, out);
    mem_drop(&mem);
    return (clock_s() - start) / BOOTSTRAP_ROWS;
}

static double hash_byte(void)
{
    uint8_t *bytes = mem_alloc(HASH_BYTES, 1), out[HASH_SIZE];
    double start = clock_s();

    for (int i = 0; i < HASHED && bytes; i++)
        hash_bytes(bytes, HASH_BYTES, out);
    mem_free(bytes);
    return (clock_s() - start) / HASHED / HASH_BYTES;
}

static status run_small(struct small *s, struct calibration *c)
{
    struct run *m = &s->run;
    status result = OK;

    TRY_OUT(begin_store(m));
    run_enter(m, run_phase[RUN_PLAN].name);
    TRY_OUT(run_phases(m, RUN_EVALUATE, RUN_REDUCE));
    run_enter(m, run_phase[RUN_FINISH].name);
    TRY_OUT(count_curves(m, c));
    memcpy(c->phase_s, m->phase_s, sizeof c->phase_s);
    c->pictures = (double)m->layout.images;
    c->maps_spent_s = m->maps_spent_s;
    c->maps_whole_s = m->maps_whole_s;
    c->controls_s = m->controls_s;
out:
    store_end(&m->store);
    return result;
}

/* Local: no other rank is asked. */
static status calibrate(const struct run *r, struct calibration *c)
{
    struct small *s;
    struct error_record first;
    status result;

    MEM_TRY(s, 1, sizeof *s);
    result = make_small(r, s);
    log_init(LOG_QUIET, r->c->rank, r->c->host);
    if (result == OK)
        result = run_small(s, c);
    log_init((enum log_level)r->job->log, r->c->rank, r->c->host);
    first = *error_last();
    remove_small(s);
    mem_free(s);
    *error_last() = first;
    c->peak = mem_peak_resident(); /* of the real phases' own work */
    if (result == OK) {
        c->bootstrap_row_s = bootstrap_row();
        c->hash_byte_s = hash_byte();
    }
    return result;
}

/* ---- extrapolating ------------------------------------------------------------------------------------- */

static double share(double items, int ranks)
{
    return ceil(items / ranks);
}

/* Columns of a network that reduce draws intervals for, over all images. */
static int reduced_columns(const struct store_layout *l)
{
    int columns = 0;

    for (int m = 0; m < l->measures; m++)
        for (int p = 0; p < l->precisions && l->measure[m].kind < STORE_MEASURE_CURVE; p++)
            if (schema_measured(l, m, p))
                columns += 1 + (p > 0 && l->measure[m].kind != STORE_MEASURE_PAIR &&
                                l->measure[m].kind != STORE_MEASURE_CODES);
    return columns;
}

/* A layer alone, and all but it: of a run of the network with its map half each, on the average; and some
 * whole ones. */
static double sensitivity_s(const struct run *r, const struct calibration *c, int ranks)
{
    const double whole = 4;
    double run_s, runs = 0;

    if (!r->layout.sensitivity)
        return 0;
    run_s = c->phase_s[RUN_EVALUATE] / c->pictures / (r->networks * r->precisions);
    for (int i = 0; i < r->networks; i++)
        runs += r->layout.network[i].layers + whole;
    return run_s * runs * share(r->job->sensitivity_pictures, ranks);
}

void predict_extrapolate(const struct run *r, const struct calibration *c, int ranks, struct prediction *out)
{
    const struct store_layout *l = &r->layout;
    const double *took = c->phase_s;
    double n = (double)l->images, rows, *t = out->phase_s;
    double again = c->curves > 0 ? c->curves_all / c->curves : 1;

    /* Places of a network's union where the selections overlap as chance has it; at most the capacity. */
    rows = n * (1 - pow(1 - (double)job_subset_size(r->job->fraction, l->images) / n, l->selections));
    rows = rows > (double)l->subset ? (double)l->subset : rows;
    t[RUN_EVALUATE] = took[RUN_EVALUATE] / c->pictures * share(n, ranks);
    t[RUN_SELECT] = took[RUN_SELECT] * l->selections;
    t[RUN_EXPLAIN] =
        ((took[RUN_EXPLAIN] - c->maps_spent_s - c->controls_s) * again + c->maps_whole_s + c->controls_s) *
        share(rows * r->networks, ranks) / r->networks;
    t[RUN_AVERAGE] = took[RUN_AVERAGE] * share(rows, ranks);
    t[RUN_SENSITIVITY] = sensitivity_s(r, c, ranks);
    t[RUN_TIME] = took[RUN_TIME] * (r->job->time_runs + TIME_WARM) / (TIME_RUNS + TIME_WARM);
    /* Intervals, a block of columns at a time, over all images and over the selections. */
    t[RUN_REDUCE] = took[RUN_REDUCE] + c->bootstrap_row_s * r->networks * (n + rows) *
                                           ceil((double)reduced_columns(l) / BOOTSTRAP_LANES);
    t[RUN_FINISH] = c->hash_byte_s * (double)out->bytes / ranks;
    out->total_s = 0;
    for (int i = 0; i < RUN_PHASES; i++)
        out->total_s += t[i];
}

/* What grows with the list beside what the small job showed: every rank's flags; on rank 0 the columns that
 * reduce reads, in the room that the networks left. */
static uint64_t memory_of_list(const struct run *r)
{
    uint64_t n = (uint64_t)r->layout.images,
             columns = 350 * n + (1024 * n < REDUCE_HELD ? 1024 * n : REDUCE_HELD), left = 0;

    for (int i = 0; i < r->networks; i++)
        for (int p = 0; p < r->precisions; p++)
            left += shared_bytes(r, i, p);
    return n * (2 + (uint64_t)r->networks) + (columns > left ? columns - left : 0);
}

static status average_over_ranks(const struct run *r, struct calibration *c)
{
    size_t reals = offsetof(struct calibration, peak) / sizeof(double), size = 0;
    double *sum = (double *)c;
    void *all = NULL;

    TRY(comm_gather_bytes(r->c, c, sizeof *c, &all, &size));
    for (int k = 1; r->c->rank == 0 && k < r->c->size; k++)
        for (size_t i = 0; i < reals; i++)
            sum[i] += ((const double *)((const struct calibration *)all + k))[i];
    for (size_t i = 0; i < reals; i++)
        sum[i] /= r->c->size;
    mem_free(all);
    comm_max_u64(r->c, &c->peak, 1);
    comm_broadcast(r->c, c, sizeof *c);
    return OK;
}

status predict_make(struct run *r, int ranks, struct prediction *out)
{
    struct calibration c = { .pictures = 0 };
    struct store_schema schema = { 0 };
    double start = clock_s();

    memset(out, 0, sizeof *out);
    TRY(comm_agree(r->c, calibrate(r, &c)));
    TRY(average_over_ranks(r, &c));
    TRY(comm_agree(r->c, schema_expand(&r->layout, &schema)));
    out->bytes = schema_bytes(&schema);
    schema_free(&schema);
    out->ranks = ranks;
    out->memory = c.peak + memory_of_list(r);
    predict_extrapolate(r, &c, ranks, out);
    out->spent_s = clock_s() - start;
    return OK;
}

/* ---- saying it ----------------------------------------------------------------------------------------- */

void predict_print(const struct run *r, const struct prediction *p)
{
    char total[32], part[32];

    log_info("predicted for %d rank%s, from %d pictures and one explained row a network by each of %d "
             "rank%s, in %.1f s:",
             p->ranks, p->ranks == 1 ? "" : "s", r->list.count < PICTURES ? r->list.count : PICTURES,
             r->c->size, r->c->size == 1 ? "" : "s", p->spent_s);
    for (int i = RUN_EVALUATE; i < RUN_PHASES; i++)
        if (i != RUN_SENSITIVITY || r->layout.sensitivity)
            log_info("  %-8s  %s  %10.1f s", run_phase[i].name,
                     text_duration(p->phase_s[i], part, sizeof part), p->phase_s[i]);
    log_info("  all       %s  %10.1f s; %.1f MB in the file, %.0f MB of memory a rank",
             text_duration(p->total_s, total, sizeof total), p->total_s, (double)p->bytes / 1e6,
             (double)p->memory / 1e6);
    if (r->from)
        log_info("  explain as if nothing were taken from %s", r->job->from);
    if (p->ranks > r->c->size)
        log_info("  if each of the %d ranks has a core as free as those that were tried", p->ranks);
}

void predict_compare(const struct run *r, const struct prediction *p, uint64_t peak)
{
    double took = 0;

    for (int i = RUN_EVALUATE; i < r->phases; i++) {
        if (i != RUN_SENSITIVITY || r->layout.sensitivity)
            log_info("  %-8s  predicted %10.1f s, took %10.1f s", run_phase[i].name, p->phase_s[i],
                     r->phase_s[i]);
        took += r->phase_s[i];
    }
    log_info("  all       predicted %10.1f s, took %10.1f s; memory predicted %.0f MB, used %.0f MB",
             p->total_s, took, (double)p->memory / 1e6, (double)peak / 1e6);
}
