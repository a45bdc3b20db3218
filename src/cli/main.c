/* src/cli/main.c: the list of commands, and how each begins and ends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base_option.h"
#include "cmd.h"
#include "guard.h"
#include "man.h"
#include "output.h"

/* In the order of --help. */
static const struct command *const commands[] = {
    &cmd_run,    &cmd_infer,   &cmd_explain, &cmd_quantize, &cmd_saliency, &cmd_show,
    &cmd_report, &cmd_inspect, &cmd_synth,   &cmd_train,    &cmd_verify,   &cmd_bench, &cmd_version,
};

static void print_help(FILE *out)
{
    fputs("quantcam: what does quantizing a CNN change, in its answers and in where it looks?\n\n"
          "usage: quantcam COMMAND [options]        quantcam COMMAND --help\n\n",
          out);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i]->name, commands[i]->line);
    fputs("\nThe job on 4 processes: mpirun -np 4 quantcam run jobs/demo.conf\n"
          "Manual pages: quantcam --help=man, quantcam COMMAND --help=man, quantcam run --help=job\n",
          out);
}

static void print_man(void)
{
    man_begin("", "what does quantizing a CNN change, in its answers and in where it looks?");
    fputs(".SH SYNOPSIS\n\\fBquantcam\\fR COMMAND [options]\n.SH DESCRIPTION\n", stdout);
    option_man_text(
        "Runs every image of a data set through each network in every precision that a job lists, makes "
        "a class-activation map of each, compares answers and maps with the first precision's, and keeps all "
        "of it in one HDF5 file. `quantcam COMMAND --help` lists the options of a command.\n",
        stdout);
    fputs(".SH COMMANDS\n", stdout);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        man_command(commands[i]->name, commands[i]->line);
    man_end("");
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(name, commands[i]->name) == 0)
            return commands[i];
    return NULL;
}

/* The exit code of the command that argv[0] names. */
static int run_command(int argc, char **argv)
{
    const struct command *c = find_command(argv[0]);
    struct cmd_call call = { .argc = argc, .argv = argv, .code = -1 };
    status result = OK;

    if (c->size > 0)
        MEM_TRY_OUT(call.set, c->size, 1);
    if (c->size > 0)
        memcpy(call.set, c->usual, c->size);
    if (c->table)
        TRY_OUT(option_read_args(c->table, call.set, argc, argv, &call.words));
    if (call.words.help)
        option_help(c->table, call.set, call.words.help, stdout);
    else
        result = c->run(&call);
out:
    mem_free(call.set);
    return call.code >= 0 ? call.code : log_exit(result);
}

/* "man" or "job" of --help=man, --help=job; else "". */
static const char *page_wanted(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--help=man") == 0 || strcmp(argv[i], "--help=job") == 0)
            return argv[i] + strlen("--help=");
    return "";
}

static int run_or_describe(const struct command *c, int argc, char **argv)
{
    const char *page = page_wanted(argc, argv);
    int job = strcmp(page, "job") == 0, code;

    if (!page[0] || (job && c != &cmd_run))
        return c->guarded ? guard_run(run_command, argc, argv) : run_command(argc, argv);
    man_begin(job ? "job" : c->name, job ? "job files of quantcam run" : c->line);
    code = run_command(argc, argv); /* what follows from its options */
    man_end(job ? "job" : c->name);
    return code;
}

static int run_named(int argc, char **argv)
{
    const char *names[COUNT_OF(commands)];
    const struct command *c;

    /* Before HDF5 starts: its own locks fail on file systems that have none, and OUT.lock guards. */
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--help=man") == 0) {
        print_man();
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = "version";
    c = find_command(argv[1]);
    if (c)
        return run_or_describe(c, argc - 1, argv + 1);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        names[i] = commands[i]->name;
    fprintf(stderr, "quantcam: unknown command '%s'%s; quantcam --help lists them\n", argv[1],
            text_suggest(argv[1], names, (int)COUNT_OF(commands), ""));
    return 2;
}

/* A library that gives up while it is loaded, as gfortran's runtime does where memory is short, ends the
 * program with 1, the code of a damaged file: in its place 127, the shell's of what cannot be run. */
static int begun;

static void end_unloaded(void)
{
    if (!begun)
        _exit(127);
}

static void before_libraries(void)
{
    (void)atexit(end_unloaded);
}

/* Runs before any library's own beginning. */
__attribute__((section(".preinit_array"), used)) static void (*const before[])(void) = { before_libraries };

int main(int argc, char **argv)
{
    begun = 1;
    output_begin();
    return output_end(run_named(argc, argv));
}
