#include "check.h"
#include "phase/run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *read_text(const char *path)
{
    char *text = NULL;
    size_t size;

    return text_read_file(path, 4096, &text, &size) == OK ? text : NULL;
}

int main(int argc, char **argv)
{
    const char *place = getenv("TMPDIR");
    char folder[512], path[1200];
    struct comm c = { 0 };
    struct run *r = mem_alloc(1, sizeof *r);
    struct job *job = mem_alloc(1, sizeof *job);
    struct comm_loop loop = { .name = "explain", .total = 40 };
    char *text;

    snprintf(folder, sizeof folder, "%s/quantcam-progress-XXXXXX", place ? place : P_tmpdir);
    if (!r || !job || !mkdtemp(folder) || comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    snprintf(job->out, sizeof job->out, "%s/x.h5", folder);
    snprintf(path, sizeof path, "%s.progress.json", job->out);
    r->c = &c;
    r->job = job;
    r->phase_name[r->phases++] = "select";
    progress_file_phase(r);
    text = read_text(path); /* every rank has its own folder here: only rank 0 writes */
    CHECK((text != NULL) == (c.rank == 0));
    CHECK(!text || !strncmp(text, "{\"phase\": \"select\", \"done\": null, \"total\": null", 46));
    mem_free(text);
    progress_file_report(r, &loop, 30, 2.5, 4);
    text = read_text(path);
    CHECK_MSG(!text || strstr(text, "{\"phase\": \"explain\", \"done\": 30, \"total\": 40, \"rate\": 2.5, "
                                    "\"left_s\": 4, \"ranks\": ") == text,
              "%s", text);
    mem_free(text);
    progress_file_remove(r);
    CHECK(access(path, F_OK) != 0);
    CHECK_MSG(rmdir(folder) == 0, "something else is left in %s", folder);
    /* Nowhere to write: no failure, and the record of an earlier one stays. */
    error_set(ERR_RANGE, "x.c", 1, "earlier");
    progress_file_report(r, &loop, 30, 2.5, 4);
    CHECK(error_last()->status == ERR_RANGE && !strcmp(error_last()->text, "earlier"));
    mem_free(r);
    mem_free(job);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("test_progress_file");
}
