/* src/cli/cmd_run.c: the job. */
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "launch.h"
#include "phase.h"
#include "version.h"

static status join_words(int argc, char **argv, struct text *out)
{
    TRY(text_add(out, "quantcam"));
    for (int i = 0; i < argc; i++)
        TRY(text_add(out, " %s", argv[i]));
    return OK;
}

static int print_help(enum option_form form)
{
    struct job *defaults = mem_alloc(1, sizeof *defaults);

    if (!defaults)
        return 1;
    job_defaults(defaults);
    option_help(job_table(), defaults, form, stdout);
    mem_free(defaults);
    return 0;
}

struct arguments {
    int argc;
    char **argv;
};

static status run(struct comm *c, void *self)
{
    const struct arguments *a = self;
    struct option_words words = { 0 };
    struct text command = { .max = 1 << 20 };
    struct phase_start start = { .version = version_number(), .libraries = version_libraries() };
    struct job *job = NULL;
    status result = OK;

    TRY_OUT(comm_agree(c, join_words(a->argc, a->argv, &command)));
    TRY_OUT(job_read(c, a->argc, a->argv, &job, &words));
    if (words.help) {
        if (c->rank == 0)
            print_help(words.help);
        goto out;
    }
    if (!job->dry_run)
        TRY_OUT(launch_check(job->ranks, c));
    log_init((enum log_level)job->log, c->rank, c->host);
    start.command = command.data;
    comm_watch_start(c, job->watchdog);
    TRY_OUT(phase_run(c, job, &start));
out:
    text_free(&command);
    mem_free(job);
    return result;
}

int cmd_run(int argc, char **argv)
{
    enum option_form form = comm_launched() ? OPTION_NO_HELP : option_help_wanted(job_table(), argc, argv);
    struct job_ranks wanted = { 0 };

    if (form)
        return print_help(form); /* on machines where MPI does not start, too */
    if (!comm_launched())
        wanted = job_ranks(argc, argv);
    return launch_command(&(struct launch){ wanted.ranks, wanted.oversubscribe, wanted.weight_bytes }, argc,
                          argv, run, &(struct arguments){ argc, argv });
}
