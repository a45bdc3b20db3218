/* src/phase/job_read.c: a job from its file and the command line: rank 0 reads, all ranks have it. */
#include "phase.h"

#include <string.h>
#include <sys/stat.h>

struct arguments {
    int argc;
    char **argv;
};

/* Defaults, then the file, then the command line. */
static status read_all(struct job *job, const char *path, const char *text, size_t size,
                       const struct arguments *a)
{
    char same_path[OPTION_SIZE];
    struct job *file = NULL;
    status result;

    job_defaults(job);
    TRY(option_read_text(job_table(), job, path, text, size));
    MEM_TRY(file, 1, sizeof *file);
    *file = *job;
    TRY_OUT(option_read_line(job_table(), job, a->argc, a->argv, same_path));
    result = job_settle(job);
    if (result == OK)
        result = job_check(job, file);
    if (result != OK)
        result = error_prefix(result, "%s", path);
out:
    mem_free(file);
    return result;
}

/* Rank 0's alone: the environment that paths name is its own, and other hosts' may differ. */
static status read_whole(void *self, void *job)
{
    const struct arguments *a = self;
    char path[OPTION_SIZE] = "", *text = NULL;
    size_t size = 0;
    status result;

    TRY(option_read_job(job_table(), a->argc, a->argv, path, &text, &size));
    result = read_all(job, path, text, size, a);
    mem_free(text);
    return result;
}

status job_read(const struct comm *c, int argc, char **argv, struct job **out, struct option_words *words)
{
    struct arguments a = { argc, argv };
    void *job = NULL;
    status result;

    *words = (struct option_words){ .help = option_help_wanted(job_table(), argc, argv) };
    result = words->help ? OK : comm_share(c, sizeof **out, read_whole, &a, &job);
    *out = job;
    return result;
}

struct job_ranks job_ranks(int argc, char **argv)
{
    struct arguments a = { argc, argv };
    struct job *job = mem_alloc(1, sizeof *job);
    struct job_ranks out = { 0 };
    struct stat file;

    if (job && !option_help_wanted(job_table(), argc, argv) && read_whole(&a, job) == OK && !job->dry_run) {
        out = (struct job_ranks){ .ranks = job->ranks, .oversubscribe = job->oversubscribe };
        for (int i = 0; i < job->networks; i++)
            for (int p = 0; p < job->precisions; p++)
                if (stat(job->network[i].precision[p].from, &file) == 0)
                    out.weight_bytes += (uint64_t)file.st_size;
    }
    mem_free(job);
    return out;
}
