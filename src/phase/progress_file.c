/* src/phase/progress_file.c: OUT.progress.json, rewritten with every line of progress. */
#include "run.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_NAME = 4096 + 64 };

static int file_name(const struct run *r, const char *end, char path[LONGEST_NAME])
{
    snprintf(path, LONGEST_NAME, "%s.progress.json%s", r->store ? store_out(r->store) : r->job->out, end);
    return r->c->rank == 0;
}

static status add_number(struct text *t, const char *key, int known, const char *format, double value)
{
    TRY(text_add(t, ", \"%s\": ", key));
    if (!known)
        return text_add(t, "null");
    return text_add(t, format, value);
}

/* counted = 0: a phase without a loop. */
static status compose(const struct run *r, const char *phase, int counted, int64_t done, int64_t total,
                      double rate, double left_s, struct text *t)
{
    char now[32];

    clock_iso8601(now, sizeof now);
    TRY(text_add(t, "{\"phase\": \"%s\"", phase));
    TRY(add_number(t, "done", counted, "%.0f", (double)done));
    TRY(add_number(t, "total", counted, "%.0f", (double)total));
    TRY(add_number(t, "rate", counted, "%.6g", rate));
    TRY(add_number(t, "left_s", counted && left_s >= 0, "%.0f", left_s));
    return text_add(t, ", \"ranks\": %d, \"host\": \"%s\", \"time\": \"%s\"}\n", r->c->size, r->c->host, now);
}

static void rewrite(const struct run *r, const char *phase, int counted, int64_t done, int64_t total,
                    double rate, double left_s)
{
    struct error_record before = *error_last();
    char path[LONGEST_NAME];
    struct text t = { .max = 4096 };

    if (!file_name(r, "", path))
        return;
    if (compose(r, phase, counted, done, total, rate, left_s, &t) != OK ||
        text_write_file(path, t.data, t.size) != OK)
        log_detail("%s", error_last()->text);
    text_free(&t);
    *error_last() = before;
}

void progress_file_phase(struct run *r)
{
    rewrite(r, r->phase_name[r->phases - 1], 0, 0, 0, 0, -1);
}

void progress_file_report(void *user, const struct comm_loop *loop, int64_t done, double rate, double left_s)
{
    rewrite(user, loop->name, 1, done, loop->total, rate, left_s);
}

void progress_file_remove(const struct run *r)
{
    static const char *const end[] = { "", ".tmp" };
    char path[LONGEST_NAME];

    for (size_t i = 0; i < COUNT_OF(end); i++)
        if (file_name(r, end[i], path))
            unlink(path);
}
