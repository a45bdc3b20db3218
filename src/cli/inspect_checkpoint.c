/* src/cli/inspect_checkpoint.c: a checkpoint's tensors. */
#include "inspect.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "weight.h"

enum { TENSOR, SHAPE, TYPE, STRIDES, QUANTIZATION, BITS, AXIS, CHANNELS, SCALE, ZERO, VALUE, BYTES, COLUMNS };
enum { MOST_LEFT_OUT = 16 };
static const struct listing_column columns[COLUMNS] = {
    [TENSOR] = { "tensor", "tensor", LISTING_TEXT, LISTING_MIDDLE },
    [SHAPE] = { "shape", "shape", LISTING_TEXT, LISTING_WHOLE },
    [TYPE] = { "type", "type", LISTING_TEXT, LISTING_WHOLE },
    [STRIDES] = { "strides", "strides", LISTING_TEXT, LISTING_WHOLE },
    [QUANTIZATION] = { "quantization", "quantized", LISTING_TEXT, LISTING_WHOLE },
    [BITS] = { "bits", "bits", LISTING_COUNT, LISTING_WHOLE },
    [AXIS] = { "axis", NULL, LISTING_COUNT, LISTING_WHOLE },
    [CHANNELS] = { "channels", NULL, LISTING_COUNT, LISTING_WHOLE },
    [SCALE] = { "scale", "scale", LISTING_REAL, LISTING_WHOLE },
    [ZERO] = { "zero_point", "zero", LISTING_COUNT, LISTING_WHOLE },
    [VALUE] = { "value", "value", LISTING_REAL, LISTING_WHOLE },
    [BYTES] = { "bytes", "bytes", LISTING_COUNT, LISTING_WHOLE },
};

status inspect_checkpoint_sniff(const char *path, enum inspect_kind *kind, const char **container)
{
    static const uint8_t hdf5[8] = { 0x89, 'H', 'D', 'F', '\r', '\n', 0x1a, '\n' };
    uint8_t head[WEIGHT_HEAD] = { 0 };
    struct stat st;
    uint64_t size;
    ssize_t n;
    int fd;

    *kind = INSPECT_CHECKPOINT;
    *container = "folder";
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return OK; /* the reader of checkpoints says what is in it */
    TRY(text_open_file(path, &fd, &size));
    n = read(fd, head, sizeof head);
    close(fd);
    if (n < 0)
        return FAIL(ERR_IO, "%s: cannot be read", path);
    /* What is no text is left to the reader of checkpoints, which says what it is not. */
    *kind = n == (ssize_t)sizeof head && memcmp(head, hdf5, sizeof hdf5) == 0 ? INSPECT_RESULT
            : weight_begins(head, (size_t)n) || memchr(head, 0, (size_t)n)    ? INSPECT_CHECKPOINT
                                                                              : INSPECT_MODEL;
    *container = head[0] == 'P'                      ? "torch, zip"
                 : head[0] == 0x80 || head[0] == 'L' ? "torch, legacy"
                 : head[8] == '{'                    ? "safetensors"
                 : head[0] == 'q'                    ? "quantcam, HDF5"
                                                     : "several files, by their index";
    return OK;
}

/* "64 3 7 7" with x or blanks between. */
static status set_numbers(struct listing *l, int column, const int64_t *number, int count,
                          const char *between)
{
    char text[TENSOR_MAX_RANK * 24] = "";
    int used = 0;

    for (int i = 0; i < count; i++)
        used += snprintf(text + used, sizeof text - (size_t)used, "%s%lld", i ? between : "",
                         (long long)number[i]);
    return listing_set(l, column, "%s", count ? text : "scalar");
}

static status add_quantization(struct listing *l, const struct tensor *t)
{
    int same = 1;

    if (t->quantization == TENSOR_REAL)
        return OK;
    TRY(listing_set(l, BITS, "%d", tensor_bits(t)));
    TRY(listing_set(l, CHANNELS, "%d", t->channels));
    for (int i = 1; i < t->channels; i++)
        same &= t->zero_point[i] == t->zero_point[0];
    if (t->channels > 0 && same)
        TRY(listing_set(l, ZERO, "%lld", (long long)t->zero_point[0]));
    if (t->quantization == TENSOR_PER_CHANNEL) {
        TRY(listing_set(l, AXIS, "%d", t->axis));
        if (t->axis != 0)
            return listing_set(l, QUANTIZATION, "per channel, axis %d", t->axis);
        return listing_set(l, QUANTIZATION, "per channel");
    }
    TRY(listing_set_real(l, SCALE, t->scale[0]));
    return listing_set(l, QUANTIZATION, "per tensor");
}

static status add_tensor(struct listing *l, const struct tensor_entry *e, uint64_t *elements)
{
    const struct tensor *t = &e->tensor;
    uint64_t count = (uint64_t)tensor_count(t);

    *elements += count;
    TRY(listing_row(l));
    TRY(listing_set(l, TENSOR, "%s", e->name));
    TRY(set_numbers(l, SHAPE, t->dim, t->rank, "x"));
    TRY(listing_set(l, TYPE, "%s", dtype_name(t->dtype)));
    if (!tensor_is_contiguous(t))
        TRY(set_numbers(l, STRIDES, t->stride, t->rank, ","));
    TRY(add_quantization(l, t));
    if (count == 1 && t->quantization == TENSOR_REAL)
        TRY(listing_set_real(l, VALUE, tensor_at(t, 0)));
    return listing_set(l, BYTES, "%llu", (unsigned long long)weight_bytes(t));
}

/* A remark may have several lines. */
static status add_remark(struct listing *l, const char *remark)
{
    char name[32] = "remark";

    for (int i = 2; remark; i++) {
        size_t size = strcspn(remark, "\n");

        TRY(listing_fact(l, LISTING_TEXT, name, "%.*s", (int)size, remark));
        remark = remark[size] ? remark + size + 1 : NULL;
        snprintf(name, sizeof name, "remark %d", i);
    }
    return OK;
}

/* Which of its state dicts was read, and which of its values are no tensors or cannot be read. */
static status add_choices(struct listing *l, const struct tensor_table *t)
{
    TRY(add_remark(l, t->remark));
    if (t->state || t->other_states)
        TRY(listing_fact(l, LISTING_TEXT, "state", "%s", t->state ? t->state : "."));
    if (t->other_states)
        TRY(listing_fact(l, LISTING_TEXT, "other states", "%s", t->other_states));
    for (int i = 0; i < t->absents && i < MOST_LEFT_OUT; i++) {
        char name[160];

        snprintf(name, sizeof name, "left out %s", t->absent[i].name);
        TRY(listing_fact(l, LISTING_TEXT, name, "%s", t->absent[i].why));
    }
    if (t->absents > MOST_LEFT_OUT)
        TRY(listing_fact(l, LISTING_COUNT, "left out in all", "%d", t->absents));
    return OK;
}

status inspect_checkpoint_facts(const struct tensor_table *t, const char *path, struct listing *l)
{
    enum inspect_kind kind;
    const char *container;
    char hex[2 * HASH_SIZE + 1];

    TRY(inspect_checkpoint_sniff(path, &kind, &container));
    if (deploy_kind_of(path))
        container = deploy_kind_name(deploy_kind_of(path));
    TRY(listing_fact(l, LISTING_TEXT, "checkpoint", "%s", path));
    TRY(listing_fact(l, LISTING_TEXT, "container", "%s", container));
    TRY(listing_fact(l, LISTING_COUNT, "size", "%llu", (unsigned long long)t->file_bytes));
    TRY(listing_fact(l, LISTING_TEXT, "sha256", "%s", hash_hex(t->sha256, hex)));
    TRY(add_choices(l, t));
    for (int i = 0; i < t->notes; i++) {
        char name[160];

        if (text_begins(t->note[i].key, strlen(t->note[i].key), "tensor.")) /* a deployed node's own name */
            continue;
        snprintf(name, sizeof name, "note %s", t->note[i].key);
        TRY(listing_fact(l, LISTING_TEXT, name, "%s", t->note[i].value));
    }
    return OK;
}

static status list_tensors(const struct tensor_table *t, const char *path, struct listing *l)
{
    uint64_t elements = 0, bytes = 0;

    TRY(inspect_checkpoint_facts(t, path, l));
    TRY(listing_fact(l, LISTING_COUNT, "tensors", "%d", t->count));
    for (int i = 0; i < t->count; i++) {
        TRY(add_tensor(l, &t->entry[i], &elements));
        bytes += (uint64_t)tensor_count(&t->entry[i].tensor) * dtype_size(t->entry[i].tensor.dtype);
    }
    TRY(listing_fact(l, LISTING_COUNT, "elements", "%llu", (unsigned long long)elements));
    TRY(listing_row(l));
    l->has_total = 1;
    TRY(listing_set(l, TENSOR, "total"));
    return listing_set(l, BYTES, "%llu", (unsigned long long)bytes);
}

status inspect_checkpoint(const char *path, const char *state, struct listing *l)
{
    struct tensor_table t = { 0 };
    status result;

    listing_init(l, "tensors", columns, COLUMNS);
    TRY(weight_load(path, state, &t));
    result = list_tensors(&t, path, l);
    table_free(&t);
    return result;
}
