/* src/cli/cmd_inspect.c: what is in a model, a checkpoint or a result. */
#include <stdio.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "inspect.h"

struct settings {
    struct model_reading reading;
    char input[OPTION_SIZE];
    int skip, csv, json, as_model, as_names;
};

static const struct option_row rows[] = {
    CMD_ROW_STATE,
    CMD_ROW_UNUSED,
    CMD_ROW_RELU6,
    CMD_ROW_INPUT,
    CMD_ROW_SKIP,
    { CMD_ROW("as-model", FLAG, as_model),
      .help = "of a TFLite or ONNX file the description that it becomes (models/README.md)" },
    { CMD_ROW("as-names", FLAG, as_names),
      .help = "of such a file the names of its classes, a line each, where it has them" },
    { CMD_ROW("csv", FLAG, csv), .help = "the table as CSV" },
    { CMD_ROW("json", FLAG, json), .help = "everything as JSON" },
};
static const struct option_table table = {
    .usage = "quantcam inspect FILE [CHECKPOINT]",
    .about =
        "Prints what is in FILE, known by its content: a network description (models/*.model) as a "
        "table of nodes, a\n"
        "checkpoint's tensors, or a result's datasets with their meaning. A description with a CHECKPOINT, "
        "and a TFLite\n"
        "or ONNX file, which is both, shows what the two together are: bytes as they are run and, of a "
        "quantized checkpoint, each output's scale and "
        "zero point.\n\n"
        "parameters: as trained, batch normalisation included. MACs: multiply-accumulates of one image. "
        "bytes: of the\n"
        "weights, scales and biases of a node once batch normalisation is folded. window: kernel / stride; "
        "dw: depthwise.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 2,
};
enum { PRINTED_MAX = 256 << 20 };

static status list(const struct option_words *words, const struct model_reading *how,
                   const struct deploy_options *deploy, struct listing *l)
{
    const char *path = words->word[0], *weights = words->count > 1 ? words->word[1] : "", *container;
    enum inspect_kind kind;

    if (deploy_kind_of(path) && weights[0])
        return FAIL(ERR_USAGE, "%s has its weights: it is read without a checkpoint (%s)", path, weights);
    if (deploy_kind_of(path))
        return inspect_model(path, path, how, deploy, l);
    if (deploy->input || deploy->skip >= 0)
        return FAIL(ERR_USAGE, "%s: --input and --classes.skip are of TFLite and ONNX files", path);
    TRY(inspect_checkpoint_sniff(path, &kind, &container));
    if (kind != INSPECT_MODEL && weights[0])
        return FAIL(ERR_USAGE, "%s is no network description: only that can be read with a checkpoint (%s)",
                    path, weights);
    if (((how->allow_unused || how->relu6) && !weights[0]) ||
        (how->state[0] && !weights[0] && kind != INSPECT_CHECKPOINT))
        return FAIL(ERR_USAGE,
                    "%s: --state is of a checkpoint, --unused and --relu6 are of a description with one",
                    path);
    return kind == INSPECT_MODEL        ? inspect_model(path, weights, how, NULL, l)
           : kind == INSPECT_CHECKPOINT ? inspect_checkpoint(path, how->state, l)
                                        : inspect_result(path, l);
}

/* What a deployed file holds, for programs: its description, or its names. */
static status print_text(const char *path, int names, const struct deploy_options *deploy)
{
    struct deploy_network net;
    status result = OK;

    if (!deploy_kind_of(path))
        return FAIL(ERR_USAGE, "%s: --as-%s is of TFLite and ONNX files", path, names ? "names" : "model");
    TRY(deploy_load(path, deploy, &net));
    if (names && net.names.size == 0)
        result = FAIL(ERR_MISSING, "%s: it has no list of names for its %d classes", path, net.classes);
    else if (names)
        fwrite(net.names.data, 1, net.names.size, stdout);
    else
        fwrite(net.description, 1, net.size, stdout);
    deploy_free(&net);
    return result;
}

static const struct settings usual;

static status inspect(struct cmd_call *call)
{
    const struct settings *set = call->set;
    const struct deploy_options deploy = CMD_DEPLOY(set, !set->as_model);
    enum listing_form form = set->json ? LISTING_JSON : set->csv ? LISTING_CSV : LISTING_TERMINAL;
    struct text out = { .max = PRINTED_MAX };
    struct listing l = { 0 };
    status result = OK;

    if (set->csv + set->json + set->as_model + set->as_names > 1)
        return FAIL(ERR_USAGE, "--csv, --json, --as-model and --as-names exclude one another");
    if (set->as_model || set->as_names)
        return print_text(call->words.word[0], set->as_names, &deploy);
    TRY_OUT(list(&call->words, &set->reading, &deploy, &l));
    TRY_OUT(listing_print(&l, form, &out));
    fwrite(out.data, 1, out.size, stdout);
out:
    listing_free(&l);
    text_free(&out);
    return result;
}

const struct command cmd_inspect = { CMD_TABLE, .name = "inspect", .run = inspect, .guarded = 1,
                                     .line = "what is in a network description, a checkpoint or a result" };
