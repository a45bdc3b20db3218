/* src/phase/run_share.c: what the phases of a run share: its clock, its pictures, its probe, its rows, its
 * loops. */
#include "run.h"

#include "probe.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the clock ----------------------------------------------------------------------------------------- */

/* QUANTCAM_FAULT=RANK:PHASE kills that rank where the phase begins, RANK:PHASE:TERM (or another that stops a
 * job) sends it that signal: tests of every end that a job may come to. */
static void meet_fault(const struct run *r, const char *name)
{
    static const struct {
        const char *name;
        int number;
    } known[] = { { "TERM", SIGTERM }, { "INT", SIGINT },   { "HUP", SIGHUP },  { "USR1", SIGUSR1 },
                  { "USR2", SIGUSR2 }, { "XCPU", SIGXCPU }, { "KILL", SIGKILL } };
    const char *text = getenv("QUANTCAM_FAULT");
    char phase[16] = "", word[8] = "KILL";
    long rank;

    if (!text || sscanf(text, "%ld:%15[a-z]:%7s", &rank, phase, word) < 2 || rank != r->c->rank ||
        strcmp(phase, name) != 0)
        return;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (strcmp(word, known[i].name) == 0)
            raise(known[i].number);
}

void run_enter(struct run *r, const char *name)
{
    struct comm_spent c = comm_spent();
    const double spent[RUN_SPENT] = {
        [RUN_IO] = store_io_s(), [RUN_MESSAGE] = c.message_s, [RUN_WAIT] = c.wait_s
    };
    double now = clock_s();
    int before = r->phases - 1;

    BUG_IF(r->phases == RUN_PHASES);
    if (before >= 0)
        r->phase_s[before] = now - r->phase_began;
    for (int k = 0; k < RUN_SPENT; k++) {
        if (before >= 0)
            r->spent[before][k] = spent[k] - r->spent_before[k];
        r->spent_before[k] = spent[k];
    }
    r->phase_name[r->phases++] = name;
    r->phase_began = now;
    log_detail("phase %s", name);
    if (r->store)
        progress_file_phase(r);
    meet_fault(r, name);
}

void run_note_memory(struct run *r)
{
    size_t now = mem_proportional(), *most = &r->phase_pss[r->phases - 1];

    *most = now > *most ? now : *most;
}

/* ---- pictures, the probe ------------------------------------------------------------------------------- */

const struct image_pipeline *run_pipeline(const struct run *r, int sight)
{
    return &r->network[sight / STORE_MAX_PRECISIONS].pipeline[sight % STORE_MAX_PRECISIONS];
}

status run_picture(const struct run *r, int net, int p, int64_t image, uint8_t *pixels)
{
    char path[OPTION_SIZE + 1100];
    struct image_info info;

    TRY(text_path(path, sizeof path, r->list.root, r->list.entry[image].path));
    return image_load(path, &r->network[net].pipeline[p], pixels, &info);
}

size_t run_picture_bytes(const struct run *r, int net)
{
    size_t most = 1;

    for (int p = 0; p < r->precisions; p++) {
        size_t bytes = image_pipeline_bytes(&r->network[net].pipeline[p]);

        most = bytes > most ? bytes : most;
    }
    return most;
}

int run_most_boxes(const struct run *r)
{
    int most = 1;

    for (int i = 0; i < r->list.count; i++)
        most = r->list.entry[i].boxes > most ? r->list.entry[i].boxes : most;
    return most;
}

int run_truth(const struct run *r, int net, int64_t image, int width, int height, struct wsol_box *truth)
{
    const struct image_entry *entry = &r->list.entry[image];
    int count = 0;

    for (int i = 0; i < entry->boxes; i++) {
        double e[4];
        if (image_box_in_frame(&r->list.box[entry->box_first + i], width, height,
                               &r->network[net].pipeline[0], r->job->wsol_frame == JOB_FRAME_FULL, e))
            truth[count++] = (struct wsol_box){ e[0], e[1], e[2], e[3] };
    }
    return count;
}

status run_probe(const struct run *r, const struct probe_how *how, struct probe **out)
{
    struct probe_network *list;
    status result;

    *out = NULL;
    MEM_TRY(list, (size_t)r->networks, sizeof *list);
    for (int i = 0; i < r->networks; i++) {
        const struct run_network *n = &r->network[i];

        list[i].precisions = r->precisions;
        for (int p = 0; p < r->precisions; p++) {
            list[i].model[p] = n->model[p];
            list[i].engine[p] = n->engine[p];
            list[i].gradient[p] = n->gradient[p];
            list[i].by_input[p] = n->by_input[p];
            list[i].head[p] = n->head[p].weight ? &n->head[p] : NULL;
        }
    }
    result = probe_create(list, r->networks, how, r->kernels, out);
    mem_free(list);
    return result;
}

const char *run_precision(const struct run *r, int p)
{
    return r->precision[p].name;
}

/* ---- rows by the names of their datasets --------------------------------------------------------------- */

status run_fetch(const struct run *r, int net, int64_t first, int64_t count, void *out, const char *format,
                 ...)
{
    char path[2 * STORE_PATH];
    int n = snprintf(path, STORE_PATH, "/models/%s/", r->layout.network[net].name);
    va_list words;

    va_start(words, format);
    vsnprintf(path + n, STORE_PATH, format, words);
    va_end(words);
    return store_fetch(r->store, path, first, count, out);
}

status run_write(const struct run *r, int64_t first, int64_t count, const void *data, const char *format, ...)
{
    char path[STORE_PATH];
    va_list words;

    va_start(words, format);
    vsnprintf(path, sizeof path, format, words);
    va_end(words);
    return store_write(r->store, path, first, count, data);
}

status run_put(const struct run *r, int net, const char *table, const char *precision,
               const struct run_column *column, size_t columns)
{
    for (size_t i = 0; i < columns; i++)
        TRY(run_write(r, net, 1, column[i].row, "/summary/%s%s%s/%s", table, precision ? "/" : "",
                      precision ? precision : "", column[i].name));
    return OK;
}

/* ---- loops --------------------------------------------------------------------------------------------- */

status run_share(const struct run *r, const uint8_t *missing, int64_t n, int64_t **mine, int64_t *count)
{
    if (r->job->schedule == JOB_DYNAMIC)
        return partition_cyclic(missing, n, 0, 1, mine, count);
    return partition_cyclic(missing, n, r->c->rank, r->c->size, mine, count);
}

void run_loop(struct run *r, struct comm_loop *loop)
{
    uint64_t todo = (uint64_t)loop->todo;

    loop->dynamic = r->job->schedule == JOB_DYNAMIC;
    if (!loop->dynamic)
        comm_sum_u64(r->c, &todo, 1);
    loop->done = loop->total - (int64_t)todo;
    loop->user = r;
    loop->on_report = progress_file_report;
}
