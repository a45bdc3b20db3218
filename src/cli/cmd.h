/* src/cli/cmd.h: the subcommands. Each takes its own argv (argv[0] is its name) and returns the exit code
 * (DESIGN 1). */
#ifndef CLI_CMD_H
#define CLI_CMD_H

int cmd_bench(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_infer(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_quantize(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_synth(int argc, char **argv);
int cmd_verify(int argc, char **argv);
int cmd_version(int argc, char **argv);

#endif
