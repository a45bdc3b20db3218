/* src/cli/cmd_train.c: trains a network, on any number of ranks with the same bits. */
#include "cmd.h"
#include "launch.h"
#include "train.h"

static int print_help(enum option_form form)
{
    struct train_job usual;

    train_job_defaults(&usual);
    option_help(train_job_table(), &usual, form, stdout);
    return 0;
}

static status run_ranks(struct comm *c, void *self)
{
    const struct cmd_call *call = self;
    struct option_words words;
    struct train_job *job = NULL;
    status result = OK;

    TRY(train_job_read(c, call->argc, call->argv, &job, &words));
    if (words.help) { /* under a launcher */
        if (c->rank == 0)
            print_help(words.help);
        return OK;
    }
    TRY_OUT(launch_check(job->ranks, c));
    log_init((enum log_level)job->log, c->rank, c->host);
    comm_watch_start(c, job->watchdog);
    result = train_run(c, job);
out:
    mem_free(job);
    return result;
}

/* --help also on machines where MPI does not start. */
static status run(struct cmd_call *call)
{
    int launched = comm_launched();
    enum option_form form =
        launched ? OPTION_NO_HELP : option_help_wanted(train_job_table(), call->argc, call->argv);
    struct train_job job = { 0 };

    if (form) {
        call->code = print_help(form);
        return OK;
    }
    if (!launched)
        train_job_peek(call->argc, call->argv, &job);
    call->code =
        launch_command(&(struct launch){ job.ranks, job.oversubscribe, launch_file_bytes(job.weights) },
                       call->argc, call->argv, run_ranks, call);
    return OK;
}

const struct command cmd_train = {
    .name = "train",
    .run = run,
    .line = "trains a network, to real weights or few bits; the same command resumes it",
};
