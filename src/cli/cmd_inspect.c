#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base_option.h"
#include "cmd.h"
#include "model.h"
#include "store.h"
#include "weight.h"

struct settings {
    char weights[OPTION_SIZE];
};

static const struct option_row rows[] = {
    { .name = "weights",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, weights),
      .values = "FILE",
      .help = "with a description: bind it to this checkpoint and print scales and zero points too" },
};
static const struct option_table table = {
    .usage = "quantcam inspect FILE [--weights CHECKPOINT]",
    .about = "Prints what is in FILE, known by its content: a network description (models/*.model) as a "
             "table of nodes, a\n"
             "checkpoint's tensors, or a result's datasets with their meaning.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};
enum { MODEL_TEXT_MAX = 4 << 20 };

static void print_node(const struct model *m, int i, const struct model_binding *b)
{
    const struct model_node *n = &m->node[i];
    char shape[48], attributes[64] = "";

    snprintf(shape, sizeof shape, "%d x %d x %d", n->c, n->h, n->w);
    if (n->op == OP_CONV || n->op == OP_MAXPOOL)
        snprintf(attributes, sizeof attributes, "%dx%d/%d%s", n->kernel, n->kernel, n->stride,
                 n->op == OP_CONV && n->groups > 1 ? " depthwise" : "");
    printf("%-12s %-36s %-18s %-14s", model_op_name(n->op), n->name, shape, attributes);
    if (b && b->precision == MODEL_INT8 && b->q[i].scale > 0)
        printf(" %-12.8g %3d", b->q[i].scale, b->q[i].zero_point);
    printf("%s%s\n", i == m->cam ? "  <- CAM" : "", i == m->output ? "  <- logits" : "");
}

static status inspect_model(const char *path, const char *weights_path)
{
    struct model m = { 0 };
    struct model_binding b = { 0 };
    struct tensor_table weights = { 0 };
    char *text = NULL, count[3][32];
    size_t size = 0;
    status result = OK;

    TRY(text_read_file(path, MODEL_TEXT_MAX, &text, &size));
    TRY_OUT(model_parse(path, text, size, &m));
    if (weights_path[0]) {
        TRY_OUT(weight_load(weights_path, &weights));
        TRY_OUT(model_bind(&m, &weights, &b));
    }
    printf("%s  %s\ninput %d x %d x %d, resize %d %s, crop %d; %d classes\n", m.name, m.title,
           m.input.channels, m.input.height, m.input.width, m.input.resize, m.input.filter, m.input.crop,
           m.classes);
    if (weights_path[0])
        printf("%s: %s%s, %s parameters, %s bytes, %s multiply-accumulates an image\n", weights_path,
               b.precision == MODEL_INT8 ? "int8" : "fp32", b.qat ? " (unconverted QAT state)" : "",
               text_thousands((int64_t)b.parameters, count[0], sizeof count[0]),
               text_thousands((int64_t)b.parameter_bytes, count[1], sizeof count[1]),
               text_thousands((int64_t)b.macs, count[2], sizeof count[2]));
    printf("%-12s %-36s %-18s %-14s%s\n", "op", "node", "output C x H x W", "kernel",
           weights_path[0] && b.precision == MODEL_INT8 ? " scale        zero point" : "");
    for (int i = 0; i < m.nodes; i++)
        print_node(&m, i, weights_path[0] ? &b : NULL);
out:
    model_unbind(&b);
    table_free(&weights);
    model_free(&m);
    mem_free(text);
    return result;
}

static status inspect_checkpoint(const char *path)
{
    struct tensor_table t = { 0 };
    char hex[2 * HASH_SIZE + 1], shape[160], bytes[32];

    TRY(weight_load(path, &t));
    printf("%s: %d tensors, %s bytes, sha256 %s\n", path, t.count,
           text_thousands((int64_t)t.file_bytes, bytes, sizeof bytes), hash_hex(t.sha256, hex));
    for (int i = 0; i < t.count; i++) {
        const struct tensor *x = &t.entry[i].tensor;

        printf("%-64s %s%s\n", t.entry[i].name, tensor_describe(x, shape, sizeof shape),
               x->quantization == TENSOR_PER_CHANNEL  ? "  per channel"
               : x->quantization == TENSOR_PER_TENSOR ? "  per tensor"
                                                      : "");
    }
    table_free(&t);
    return OK;
}

static status inspect_result(const char *path)
{
    struct store_reader *r = NULL;
    const struct store_schema *schema;

    TRY(store_open_read(path, 0, &r));
    schema = store_reader_schema(r);
    printf("%s: %d datasets, %s\n", path, schema->count,
           store_reader_complete(r) ? "complete" : "not complete");
    for (int i = 0; i < schema->count; i++) {
        const struct store_dataset *d = &schema->dataset[i];
        char shape[96];
        int n = snprintf(shape, sizeof shape, "%s (", schema_type_name(d->type));

        for (int k = 0; k < d->rank; k++)
            n += snprintf(shape + n, sizeof shape - (size_t)n, k ? ", %lld" : "%lld", (long long)d->dim[k]);
        printf("%-60s %-24s %-8s %s\n", d->path, strcat(shape, ")"), d->unit, d->long_name);
    }
    store_close_read(r);
    return OK;
}

static status inspect(const struct settings *set, const char *path)
{
    static const uint8_t hdf5_magic[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
    uint8_t head[8] = { 0 };
    uint64_t size;
    ssize_t n;
    int fd;

    TRY(text_open_file(path, &fd, &size));
    n = read(fd, head, sizeof head);
    close(fd);
    if (n == (ssize_t)sizeof head && memcmp(head, hdf5_magic, sizeof head) == 0)
        return inspect_result(path);
    if (n >= 4 && (memcmp(head, "PK\003\004", 4) == 0 || head[0] == 0x80))
        return inspect_checkpoint(path);
    return inspect_model(path, set->weights);
}

int cmd_inspect(int argc, char **argv)
{
    struct settings set = { .weights = "" };
    struct option_words words = { 0 };
    status result = option_read_args(&table, &set, argc, argv, &words);

    if (result == OK && words.help) {
        option_help(&table, &set, stdout);
        return 0;
    }
    if (result == OK)
        result = inspect(&set, words.word[0]);
    if (result != OK)
        log_error("%s", error_last()->text);
    return error_exit_code(result);
}
