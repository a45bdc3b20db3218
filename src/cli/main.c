/* src/cli/main.c: the table of commands. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "guard.h"
#include "man.h"
#include "output.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *line;
} commands[] = {
    { "run", cmd_run,
      "the job: every image through every network in every precision; the same command resumes it" },
    { "infer", cmd_infer, "images through one network: logits, activations and map to an HDF5 file" },
    { "explain", cmd_explain, "one picture: answers, maps and curves of each precision" },
    { "quantize", cmd_quantize,
      "fp32 weights and pictures to weights of 2 to 16 bits, and what each layer costs" },
    { "show", cmd_show, "the tables of a result, in the terminal" },
    { "report", cmd_report,
      "one page with findings, figures and pictures; the tables as Markdown, CSV, LaTeX, JSON" },
    { "inspect", cmd_inspect, "what is in a network description, a checkpoint or a result" },
    { "synth", cmd_synth, "draw the embedded data set" },
    { "verify", cmd_verify, "is a result complete and sound; its digest" },
    { "bench", cmd_bench, "time networks and kernels on this machine" },
    { "version", cmd_version, "this build, its libraries, the instruction sets" },
};

static void print_help(FILE *out)
{
    fputs("quantcam: what does quantizing a CNN change, in its answers and in where it looks?\n\n"
          "usage: quantcam COMMAND [options]        quantcam COMMAND --help\n\n",
          out);
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        fprintf(out, "  %-8s %s\n", commands[i].name, commands[i].line);
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
        man_command(commands[i].name, commands[i].line);
    man_end("");
}

/* Those that read HDF5 files of strangers: guard.h says why not the others. */
static int is_guarded(const char *name)
{
    static const char *const guarded[] = { "show", "report", "verify", "inspect", "infer", "explain" };

    for (size_t i = 0; i < COUNT_OF(guarded); i++)
        if (strcmp(name, guarded[i]) == 0)
            return 1;
    return 0;
}

static int run_command(const struct command *c, int argc, char **argv)
{
    return is_guarded(c->name) ? guard_run(c->run, argc, argv) : c->run(argc, argv);
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

    if (!page[0] || (job && c->run != cmd_run))
        return run_command(c, argc, argv);
    man_begin(job ? "job" : c->name, job ? "job files of quantcam run" : c->line);
    code = run_command(c, argc, argv); /* what follows from its options */
    man_end(job ? "job" : c->name);
    return code;
}

static int run_named(int argc, char **argv)
{
    const char *names[COUNT_OF(commands)];

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
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        names[i] = commands[i].name;
        if (strcmp(argv[1], commands[i].name) == 0)
            return run_or_describe(&commands[i], argc - 1, argv + 1);
    }
    fprintf(stderr, "quantcam: unknown command '%s'%s; quantcam --help lists them\n", argv[1],
            text_suggest(argv[1], names, (int)COUNT_OF(commands), ""));
    return 2;
}

int main(int argc, char **argv)
{
    output_begin();
    return output_end(run_named(argc, argv));
}
