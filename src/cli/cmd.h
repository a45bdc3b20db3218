/* src/cli/cmd.h: the subcommands, and the options that several of them have. main.c reads the options,
 * answers --help and ends with the exit code (DESIGN 1); a command is its table of options and a function. */
#ifndef CLI_CMD_H
#define CLI_CMD_H

#include "base_option.h"

struct cmd_call {
    void *set;                 /* the command's struct settings, as the options say */
    struct option_words words; /* beside the options */
    int argc;                  /* argv[0] is the command's name */
    char **argv;
    int code; /* out: the exit code where the command chose one; else -1, and its status says */
};
struct command {
    const char *name, *line;
    const struct option_table *table; /* NULL: the command reads its options itself */
    const void *usual;                /* settings where no option says otherwise, of `size` bytes */
    size_t size;
    status (*run)(struct cmd_call *call);
    int guarded; /* reads HDF5 files of strangers: guard.h says why not the others */
};
#define CMD_TABLE .table = &table, .usual = &usual, .size = sizeof usual
extern const struct command cmd_bench, cmd_explain, cmd_infer, cmd_inspect, cmd_quantize, cmd_report,
    cmd_run, cmd_saliency, cmd_show, cmd_synth, cmd_train, cmd_verify, cmd_version;

/* ---- rows that mean the same in several commands: each has the field in its `struct settings` ---------- */

#define CMD_ROW(option, kind_of, field)                                                                      \
    .name = option, .kind = OPTION_##kind_of, .where = offsetof(struct settings, field)
#define CMD_ROW_MODEL                                                                                        \
    { CMD_ROW("model", PATH, model), .values = "FILE", .help = "the network's description, models/*.model" }
#define CMD_ROW_ENGINE                                                                                       \
    {                                                                                                        \
        CMD_ROW("engine", CHOICE, engine),                                                                   \
            .values = "auto|fbgemm|qnnpack|tflite-reference|tflite-xnnpack|onnxruntime",                     \
            .help = "arithmetic of codes; auto: fbgemm where any weight is per channel, else qnnpack; of "   \
                    "TFLite "                                                                                \
                    "files the reference kernels', of ONNX files ONNX Runtime's"                             \
    }
#define CMD_ROW_WINOGRAD                                                                                     \
    { CMD_ROW("numerics.winograd", CHOICE, winograd), .values = "on|off",                                    \
      .help = "fp32: Winograd's expression for the 3 x 3 layers that it suits; off: every layer direct, as " \
              "version 2 of the numerics" }
#define CMD_ROW_ISA                                                                                          \
    { CMD_ROW("isa", TEXT, isa), .values = "NAME",                                                           \
      .help = "instruction set; auto: the fastest here, or QUANTCAM_ISA" }
/* How description and checkpoint are read: the field is a struct model_reading (model.h). */
#define CMD_ROW_STATE                                                                                        \
    { CMD_ROW("state", TEXT, reading.state), .values = "NAME",                                               \
      .help = "which state dict of the checkpoint, as model_ema; empty: the only one" }
#define CMD_ROW_UNUSED                                                                                       \
    { CMD_ROW("unused", CHOICE, reading.allow_unused), .values = "refuse|allow",                             \
      .help = "tensors of the checkpoint that the network does not use" }
#define CMD_ROW_RELU6                                                                                        \
    { CMD_ROW("relu6", CHOICE, reading.relu6), .values = "auto|relu|clamp",                                  \
      .help = "when quantized; auto: as the checkpoint notes, else relu, as torch's own files want it" }
#define CMD_ROW_LAYER                                                                                        \
    { CMD_ROW("cam.layer", TEXT, reading.layer), .values = "NODE",                                           \
      .help = "of the description, whose activations become the map; NODE before bn: a convolution's "       \
              "before its batch normalisation; empty: the one that it names" }
/* What a deployed file does not say: the fields are char input[OPTION_SIZE] and int skip. */
#define CMD_ROW_INPUT                                                                                        \
    {                                                                                                        \
        CMD_ROW("input", TEXT, input),                                                                       \
            .values = "PIPELINE",                                                                            \
            .help =                                                                                          \
                "of a TFLite or ONNX file: how a picture becomes its input, as a description's input line "  \
                "says it: resize 256 bilinear crop 224 mean R G B std R G B; empty: a picture's bytes, "     \
                "where "                                                                                     \
                "the file's codes are these"                                                                 \
    }
#define CMD_ROW_SKIP                                                                                         \
    {                                                                                                        \
        CMD_ROW("classes.skip", CHOICE, skip),                                                               \
            .values = "auto|0|1",                                                                            \
            .help = "of its classes, how many in front are none (background); auto: 1 where there are 1001"  \
    }
#define CMD_DEPLOY(set, looked_at)                                                                           \
    {                                                                                                        \
        .input = (set)->input[0] ? (set)->input : NULL, .skip = (set)->skip - 1, .look = (looked_at)         \
    }
#define CMD_ROW_CHECKED                                                                                      \
    { CMD_ROW("checked", FLAG, checked), .help = "compare what is read with the checksums in the file" }
/* `else_said`: where the names come from without a file. */
#define CMD_ROW_NAMES(else_said)                                                                             \
    { CMD_ROW("names", PATH, names), .values = "FILE",                                                       \
      .help = "names of the classes: a line a class, LOC_synset_mapping.txt or imagenet_class_index.json; "  \
              "empty: " else_said }

#endif
