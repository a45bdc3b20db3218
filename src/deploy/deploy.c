/* src/deploy/deploy.c: maps a file, knows its kind, and hands it to that kind's reader. */
#include "deploy_parts.h"
#include "labels.h"

#include <string.h>

#include "weight.h"

enum { MOST_GIB = 2 };

/* ONNX has no magic number: a ModelProto's first field is its version, a small number, and one of a few
 * others follows: a name, a number, or a message. The names are printable (a TensorFlow SavedModel has a
 * message there). */
static int begins_onnx(const uint8_t *head, size_t size)
{
    enum { FIELD_VERSION = 1 << 3, NEWEST = 32, AT = 4 /* behind the key and the length of what follows */ };
    static const uint8_t names[] = { 2 << 3 | 2, 3 << 3 | 2, 4 << 3 | 2, 6 << 3 | 2 },
                         others[] = { 5 << 3, 7 << 3 | 2, 8 << 3 | 2 };

    if (size < AT - 1 || head[0] != FIELD_VERSION || head[1] < 1 || head[1] > NEWEST)
        return 0;
    if (memchr(others, head[2], sizeof others))
        return 1;
    if (size < AT || !memchr(names, head[2], sizeof names) || head[3] > INT8_MAX)
        return 0;
    for (size_t i = AT; i < size && i < AT + (size_t)head[3]; i++)
        if (head[i] < ' ' || head[i] > '~')
            return 0;
    return 1;
}

enum deploy_kind deploy_begins(const uint8_t *head, size_t size)
{
    if (size >= 8 && memcmp(head + 4, "TFL3", 4) == 0)
        return DEPLOY_TFLITE;
    return begins_onnx(head, size) ? DEPLOY_ONNX : DEPLOY_NONE;
}

enum deploy_kind deploy_kind_of(const char *path)
{
    uint8_t head[DEPLOY_HEAD];
    FILE *f = fopen(path, "rb");
    size_t size = f ? fread(head, 1, sizeof head, f) : 0;

    if (f)
        fclose(f);
    return deploy_begins(head, size);
}

const char *deploy_kind_name(enum deploy_kind kind)
{
    return kind == DEPLOY_TFLITE ? "TFLite" : kind == DEPLOY_ONNX ? "ONNX" : "none";
}

static status translate(struct sketch *d, const struct deploy_options *how, struct deploy_network *out)
{
    const uint8_t *bytes = d->weights.mapping;
    uint64_t size = d->weights.mapping_size;

    switch (deploy_begins(bytes, size)) {
    case DEPLOY_TFLITE:
        return tflite_read(bytes, size, how, d, out);
    case DEPLOY_ONNX:
        return onnx_read(bytes, size, how, d, out);
    case DEPLOY_NONE:
        break;
    }
    return FAIL(ERR_FORMAT, "is neither a TFLite nor an ONNX file");
}

status deploy_load(const char *path, const struct deploy_options *how, struct deploy_network *out)
{
    struct sketch d = { .path = path };
    status result = OK;

    *out = (struct deploy_network){ 0 };
    TRY_OUT(table_map(&d.weights, path, MOST_GIB));
    d.weights.source = mem_strdup(path);
    if (!d.weights.source)
        TRY_OUT(FAIL(ERR_MEMORY, "no memory for the path %s", path));
    /* A disk that fails does so here, not under the mapping. */
    TRY_OUT(hash_file(path, d.weights.sha256));
    TRY_OUT(error_prefix(translate(&d, how, out), "%s", path));
    TRY_OUT(labels_find(out->weights.mapping, out->weights.mapping_size, out->classes, out->skipped,
                        &out->names));
    out->decided.max = 1 << 16;
    if (out->names.size > 0)
        TRY_OUT(text_add(&out->decided, "the names of its %d classes are in the file\n", out->classes));
    table_rest(&out->weights);
out:
    sketch_free(&d);
    if (result != OK)
        deploy_free(out);
    return result;
}

void deploy_free(struct deploy_network *n)
{
    mem_free(n->description);
    table_free(&n->weights);
    text_free(&n->decided);
    text_free(&n->names);
    *n = (struct deploy_network){ 0 };
}

status deploy_description(const char *path, const struct deploy_options *how, char **text, size_t *size)
{
    struct deploy_network net;

    if (deploy_kind_of(path) == DEPLOY_NONE)
        return text_read_plain(path, MODEL_TEXT_MAX, text, size);
    *text = NULL;
    *size = 0;
    TRY(deploy_load(path, how, &net));
    *text = net.description;
    *size = net.size;
    net.description = NULL;
    deploy_free(&net);
    return OK;
}

status deploy_names(const char *path, const struct deploy_options *how, struct text *out)
{
    struct deploy_network net;

    *out = (struct text){ 0 };
    if (deploy_kind_of(path) == DEPLOY_NONE)
        return OK;
    TRY(deploy_load(path, how, &net));
    *out = net.names;
    net.names = (struct text){ 0 };
    deploy_free(&net);
    return OK;
}

status deploy_weights(const char *path, const char *state, const struct deploy_options *how,
                      struct tensor_table *out)
{
    struct deploy_network net;

    if (deploy_kind_of(path) == DEPLOY_NONE)
        return weight_load(path, state, out);
    *out = (struct tensor_table){ 0 };
    if (state && *state)
        return FAIL(ERR_USAGE, "%s: has no state dicts, only one network; leave out state (--state=%s)", path,
                    state);
    TRY(deploy_load(path, how, &net));
    *out = net.weights;
    net.weights = (struct tensor_table){ 0 };
    if (net.decided.size > 0) {
        net.decided.data[net.decided.size - 1] = '\0'; /* the last line's end */
        out->remark = net.decided.data;
        net.decided = (struct text){ 0 };
    }
    deploy_free(&net);
    return OK;
}
