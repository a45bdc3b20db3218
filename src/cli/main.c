#include <stdio.h>
#include <string.h>

#include "base.h"
#include "cmd.h"
#include "guard.h"

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *line;
} commands[] = {
    { "run", cmd_run,
      "the job: every image through every network in every precision; the same command resumes it" },
    { "infer", cmd_infer, "images through one network: logits, activations and map to an HDF5 file" },
    { "explain", cmd_explain, "one picture: answers, maps and curves of both precisions" },
    { "quantize", cmd_quantize, "fp32 weights and pictures to int8 weights, and what each layer costs" },
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
    fputs("\nThe job on 4 processes: mpirun -np 4 quantcam run jobs/demo.conf\n", out);
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

int main(int argc, char **argv)
{
    const char *names[COUNT_OF(commands)], *nearest;

    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0)
        argv[1] = "version";
    for (size_t i = 0; i < COUNT_OF(commands); i++) {
        names[i] = commands[i].name;
        if (strcmp(argv[1], commands[i].name) == 0)
            return is_guarded(argv[1]) ? guard_run(commands[i].run, argc - 1, argv + 1)
                                       : commands[i].run(argc - 1, argv + 1);
    }
    nearest = text_nearest(argv[1], names, (int)COUNT_OF(commands));
    fprintf(stderr, "quantcam: unknown command '%s'%s%s%s; quantcam --help lists them\n", argv[1],
            nearest ? " (did you mean '" : "", nearest ? nearest : "", nearest ? "'?)" : "");
    return 2;
}
