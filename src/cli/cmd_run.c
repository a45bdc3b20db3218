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

static status run_ranks(struct comm *c, void *self)
{
    const struct cmd_call *a = self;
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

/* --help also on machines where MPI does not start. */
static status run(struct cmd_call *call)
{
    int argc = call->argc, launched = comm_launched();
    enum option_form form = launched ? OPTION_NO_HELP : option_help_wanted(job_table(), argc, call->argv);
    struct job_ranks wanted = { 0 };

    if (form) {
        call->code = print_help(form);
        return OK;
    }
    if (!launched)
        wanted = job_ranks(argc, call->argv);
    call->code = launch_command(&(struct launch){ wanted.ranks, wanted.oversubscribe, wanted.weight_bytes },
                                argc, call->argv, run_ranks, call);
    return OK;
}

const struct command cmd_run = {
    .name = "run",
    .run = run,
    .line = "the job: every image through every network in every precision; the same command resumes it"
};
