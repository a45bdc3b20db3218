/* src/phase/job_read.c: a job from its file and the command line: rank 0 reads, all ranks have it. */
#include "phase.h"

#include <string.h>
#include <sys/stat.h>

enum { JOB_FILE_MAX = 1 << 20 };

/* One reading of the command line; without a job of its words alone. It permutes argv, so each reading has
 * its own copy. */
static status read_line(struct job *job, int argc, char **argv, char *path, struct option_words *words)
{
    char **copy = NULL;
    status result;

    MEM_TRY(copy, (size_t)argc + 1, sizeof *copy);
    memcpy(copy, argv, (size_t)argc * sizeof *copy);
    result = option_read_args(job_table(), job, argc, copy, words);
    if (result == OK && !words->help && snprintf(path, OPTION_SIZE, "%s", words->word[0]) >= OPTION_SIZE)
        result = FAIL(ERR_USAGE, "%.100s...: the path is too long", words->word[0]);
    words->word = NULL;
    mem_free(copy);
    return result;
}

static status read_file(const char *path, char **text, size_t *size)
{
    if (text_read_plain(path, JOB_FILE_MAX, text, size) == OK)
        return OK;
    error_last()->status = ERR_USAGE; /* the command line names a file that cannot be read */
    return ERR_USAGE;
}

/* Defaults, then the file, then the command line. */
static status read_all(struct job *job, const char *path, const char *text, size_t size, int argc,
                       char **argv)
{
    char same_path[OPTION_SIZE];
    struct option_words words;
    struct job *file = NULL;
    status result;

    job_defaults(job);
    TRY(option_read_text(job_table(), job, path, text, size));
    MEM_TRY(file, 1, sizeof *file);
    *file = *job;
    TRY_OUT(read_line(job, argc, argv, same_path, &words));
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
static status read_whole(struct job *job, int argc, char **argv)
{
    char path[OPTION_SIZE], *text = NULL;
    struct option_words words;
    size_t size = 0;
    status result;

    TRY(read_line(NULL, argc, argv, path, &words)); /* the file may name what its options are */
    TRY(read_file(path, &text, &size));
    result = read_all(job, path, text, size, argc, argv);
    mem_free(text);
    return result;
}

status job_read(const struct comm *c, int argc, char **argv, struct job **out, struct option_words *words)
{
    struct job *job = NULL;
    status result = OK;

    *out = NULL;
    *words = (struct option_words){ .help = option_help_wanted(job_table(), argc, argv) };
    if (words->help)
        return OK;
    job = mem_alloc(1, sizeof *job);
    if (!job)
        result = FAIL(ERR_MEMORY, "no memory for the job's settings");
    else if (c->rank == 0)
        result = read_whole(job, argc, argv);
    TRY_OUT(comm_agree(c, result));
    comm_broadcast(c, job, sizeof *job);
    *out = job;
    job = NULL;
out:
    mem_free(job);
    return result;
}

struct job_ranks job_ranks(int argc, char **argv)
{
    struct job *job = mem_alloc(1, sizeof *job);
    struct job_ranks out = { 0 };
    struct stat file;

    if (job && !option_help_wanted(job_table(), argc, argv) && read_whole(job, argc, argv) == OK &&
        !job->dry_run) {
        out = (struct job_ranks){ .ranks = job->ranks, .oversubscribe = job->oversubscribe };
        for (int i = 0; i < job->networks; i++)
            for (int p = 0; p < job->precisions; p++)
                if (stat(job->network[i].precision[p].from, &file) == 0)
                    out.weight_bytes += (uint64_t)file.st_size;
    }
    mem_free(job);
    return out;
}
