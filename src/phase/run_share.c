/* src/phase/run_share.c: what the phases of a run share: its clock, its loops, its probe. */
#include "run.h"

#include "probe.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static struct run_spent spent_so_far(void)
{
    struct comm_spent c = comm_spent();

    return (struct run_spent){ store_io_s(), c.message_s, c.wait_s };
}

void run_enter(struct run *r, const char *name)
{
    struct run_spent spent = spent_so_far(), *before = &r->spent_before;
    double now = clock_s();

    if (r->phases > 0) {
        r->phase_s[r->phases - 1] = now - r->phase_began;
        r->spent[r->phases - 1] = (struct run_spent){ spent.io - before->io, spent.message - before->message,
                                                      spent.wait - before->wait };
    }
    *before = spent;
    BUG_IF(r->phases == RUN_PHASES);
    r->phase_name[r->phases++] = name;
    r->phase_began = now;
    log_detail("phase %s", name);
    if (r->store)
        progress_file_phase(r);
    meet_fault(r, name);
}

status run_probe(const struct run *r, const struct probe_how *how, struct probe **out)
{
    struct probe_network *list;
    status result;

    *out = NULL;
    MEM_TRY(list, (size_t)r->networks, sizeof *list);
    for (int i = 0; i < r->networks; i++) {
        const struct run_network *n = &r->network[i];

        list[i].model = &n->model;
        list[i].precisions = r->precisions;
        for (int p = 0; p < r->precisions; p++) {
            list[i].engine[p] = n->engine[p];
            list[i].head[p] = n->head[p].weight ? &n->head[p] : NULL;
        }
    }
    result = probe_create(list, r->networks, how, r->kernels, out);
    mem_free(list);
    return result;
}

void run_note_memory(struct run *r)
{
    size_t now = mem_proportional(), *most = &r->phase_pss[r->phases - 1];

    *most = now > *most ? now : *most;
}

const char *run_precision(const struct run *r, int p)
{
    return r->precision[p].name;
}

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
