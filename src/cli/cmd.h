/* src/cli/cmd.h: the subcommands. Each takes its own argv (argv[0] is its name) and returns the exit code
 * (DESIGN 1). */
#ifndef CLI_CMD_H
#define CLI_CMD_H

/* Rows that mean the same in several commands; each has the field in its `struct settings`. */
#define CMD_ROW_MODEL                                                                                        \
    { .name = "model",                                                                                       \
      .kind = OPTION_PATH,                                                                                   \
      .where = offsetof(struct settings, model),                                                             \
      .values = "FILE",                                                                                      \
      .help = "the network's description, models/*.model" }
#define CMD_ROW_ENGINE                                                                                       \
    { .name = "engine",                                                                                      \
      .kind = OPTION_CHOICE,                                                                                 \
      .where = offsetof(struct settings, engine),                                                            \
      .values = "auto|fbgemm|qnnpack",                                                                       \
      .help = "arithmetic of codes; auto: fbgemm where any weight is per channel, else qnnpack" }
#define CMD_ROW_ISA                                                                                          \
    { .name = "isa",                                                                                         \
      .kind = OPTION_TEXT,                                                                                   \
      .where = offsetof(struct settings, isa),                                                               \
      .values = "NAME",                                                                                      \
      .help = "instruction set; auto: the fastest here, or QUANTCAM_ISA" }
/* How description and checkpoint are read: the field is a struct model_reading (model.h). */
#define CMD_ROW_STATE                                                                                        \
    { .name = "state",                                                                                       \
      .kind = OPTION_TEXT,                                                                                   \
      .where = offsetof(struct settings, reading.state),                                                     \
      .values = "NAME",                                                                                      \
      .help = "which state dict of the checkpoint, as model_ema; empty: the only one" }
#define CMD_ROW_UNUSED                                                                                       \
    { .name = "unused",                                                                                      \
      .kind = OPTION_CHOICE,                                                                                 \
      .where = offsetof(struct settings, reading.allow_unused),                                              \
      .values = "refuse|allow",                                                                              \
      .help = "tensors of the checkpoint that the network does not use" }
#define CMD_ROW_RELU6                                                                                        \
    { .name = "relu6",                                                                                       \
      .kind = OPTION_CHOICE,                                                                                 \
      .where = offsetof(struct settings, reading.relu6),                                                     \
      .values = "auto|relu|clamp",                                                                           \
      .help = "when quantized; auto: as the checkpoint notes, else relu, as torch's own files want it" }
#define CMD_ROW_LAYER                                                                                        \
    { .name = "cam.layer",                                                                                   \
      .kind = OPTION_TEXT,                                                                                   \
      .where = offsetof(struct settings, reading.layer),                                                     \
      .values = "NODE",                                                                                      \
      .help = "of the description, whose activations become the map; empty: the one that it names" }
#define CMD_ROW_CHECKED                                                                                      \
    { .name = "checked",                                                                                     \
      .kind = OPTION_FLAG,                                                                                   \
      .where = offsetof(struct settings, checked),                                                           \
      .help = "compare what is read with the checksums in the file" }

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
