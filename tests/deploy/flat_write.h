/* tests/deploy/flat_write.h: writes flatbuffers, parents before children, and TFLite files of them.
 *
 *     static struct flat_writer w;
 *     struct tflite_writing net = { .tensor = tensors, .tensors = 4, .op = ops, .ops = 1, .input = 0, .output
 * = 3 }; flat_tflite(&w, &net);      // w.bytes, w.size
 */
#ifndef QUANTCAM_TEST_FLAT_WRITE_H
#define QUANTCAM_TEST_FLAT_WRITE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FLAT_MOST = 1 << 20, FLAT_FIELDS = 16 };

struct flat_writer {
    uint8_t bytes[FLAT_MOST];
    size_t size;
};

static inline void flat_put(struct flat_writer *w, size_t at, int bytes, int64_t value)
{
    for (int i = 0; i < bytes; i++)
        w->bytes[at + (size_t)i] = (uint8_t)(value >> (8 * i));
}

static inline size_t flat_add(struct flat_writer *w, int bytes, int64_t value)
{
    size_t at = w->size;

    if (w->size + (size_t)bytes > FLAT_MOST)
        abort();
    w->size += (size_t)bytes;
    flat_put(w, at, bytes, value);
    return at;
}

/* An offset at `from` to `to`, which lies behind it. */
static inline void flat_link(struct flat_writer *w, size_t from, size_t to)
{
    flat_put(w, from, 4, (int64_t)(to - from));
}

/* A vtable and its table, whose fields have so many bytes, 0: absent. place[i]: where field i lies. Returns
 * the table's place. */
static inline size_t flat_begin(struct flat_writer *w, const int *bytes, int fields, size_t *place)
{
    int at = 4;
    size_t vtable, table;

    while (w->size % 4)
        flat_add(w, 1, 0);
    vtable = flat_add(w, 2, 4 + 2 * fields);
    flat_add(w, 2, 0);
    for (int i = 0; i < fields; i++) {
        flat_add(w, 2, bytes[i] ? at : 0);
        at += bytes[i];
    }
    flat_put(w, vtable + 2, 2, at);
    table = w->size;
    flat_add(w, 4, (int64_t)(table - vtable));
    for (int i = 0; i < fields; i++) {
        place[i] = w->size;
        flat_add(w, bytes[i], 0);
    }
    return table;
}

static inline size_t flat_numbers(struct flat_writer *w, int bytes, const int64_t *value, int count)
{
    size_t at = flat_add(w, 4, count);

    for (int i = 0; i < count; i++)
        flat_add(w, bytes, value[i]);
    return at;
}

static inline size_t flat_blob(struct flat_writer *w, const void *bytes, size_t size)
{
    size_t at = flat_add(w, 4, (int64_t)size);

    for (size_t i = 0; i < size; i++)
        flat_add(w, 1, ((const uint8_t *)bytes)[i]);
    return at;
}

/* A vector of `count` offsets; element i lies at the returned place + 4 + 4 i. */
static inline size_t flat_list(struct flat_writer *w, int count)
{
    size_t at = flat_add(w, 4, count);

    for (int i = 0; i < count; i++)
        flat_add(w, 4, 0);
    return at;
}

/* ---- TFLite ---------------------------------------------------------------------------------------- */

enum { FLAT_ENDS = 6 };

struct flat_tensor {
    const char *name;
    int type, rank, dim[6];
    const void *data; /* of a constant */
    size_t bytes;
    int scales;
    float scale[4];
    int64_t zero[4];
    int axis;
    int unknown; /* every extent */
    int kept;    /* from one run to the next */
};
struct flat_op {
    int code;
    int inputs, input[FLAT_ENDS], outputs, output[FLAT_ENDS];
    int options, fields; /* type, and how many */
    struct {
        int bytes;
        int64_t value;
    } option[8]; /* bytes 0: absent */
    const char *custom;
};
struct tflite_writing {
    const struct flat_tensor *tensor;
    int tensors;
    const struct flat_op *op;
    int ops, input, output;
    const void *metadata; /* TFLITE_METADATA; NULL: none */
    size_t metadata_bytes;
};

static inline size_t flat_quantization(struct flat_writer *w, const struct flat_tensor *t)
{
    size_t place[FLAT_FIELDS], at;
    int64_t bits[4];

    for (int i = 0; i < t->scales; i++) {
        uint32_t u;
        memcpy(&u, &t->scale[i], 4);
        bits[i] = u;
    }
    at = flat_begin(w, (int[]){ 0, 0, 4, 4, 0, 0, 4 }, 7, place);
    flat_put(w, place[6], 4, t->axis);
    flat_link(w, place[2], flat_numbers(w, 4, bits, t->scales));
    flat_link(w, place[3], flat_numbers(w, 8, t->zero, t->scales));
    return at;
}

static inline size_t flat_write_tensor(struct flat_writer *w, const struct flat_tensor *t, int buffer)
{
    size_t place[FLAT_FIELDS], at;
    int64_t dim[6];

    for (int i = 0; i < t->rank; i++)
        dim[i] = t->dim[i];
    at = flat_begin(w, (int[]){ 4, 1, 4, 4, t->scales ? 4 : 0, t->kept, 0, t->unknown ? 4 : 0 }, 8, place);
    if (t->kept)
        flat_put(w, place[5], 1, 1);
    flat_put(w, place[1], 1, t->type);
    flat_put(w, place[2], 4, buffer);
    flat_link(w, place[0], flat_numbers(w, 4, dim, t->rank));
    flat_link(w, place[3], flat_blob(w, t->name, strlen(t->name)));
    if (t->scales)
        flat_link(w, place[4], flat_quantization(w, t));
    for (int i = 0; i < t->rank; i++)
        dim[i] = -1;
    if (t->unknown)
        flat_link(w, place[7], flat_numbers(w, 4, dim, t->rank));
    return at;
}

static inline size_t flat_indices(struct flat_writer *w, const int *index, int count)
{
    int64_t value[FLAT_ENDS];

    for (int i = 0; i < count; i++)
        value[i] = index[i];
    return flat_numbers(w, 4, value, count);
}

/* Each op has a code of its own. */
static inline size_t flat_write_op(struct flat_writer *w, const struct flat_op *op, int number)
{
    size_t place[FLAT_FIELDS], options[FLAT_FIELDS], at, table;
    int bytes[FLAT_FIELDS] = { 0 };

    at = flat_begin(w, (int[]){ 4, 4, 4, op->options ? 1 : 0, op->options ? 4 : 0 }, 5, place);
    flat_put(w, place[0], 4, number);
    flat_link(w, place[1], flat_indices(w, op->input, op->inputs));
    flat_link(w, place[2], flat_indices(w, op->output, op->outputs));
    if (!op->options)
        return at;
    flat_put(w, place[3], 1, op->options);
    for (int i = 0; i < op->fields; i++)
        bytes[i] = op->option[i].bytes;
    table = flat_begin(w, bytes, op->fields, options);
    for (int i = 0; i < op->fields; i++)
        flat_put(w, options[i], bytes[i], op->option[i].value);
    flat_link(w, place[4], table);
    return at;
}

/* As old files have it where it fits 7 bits, else as newer ones. */
static inline size_t flat_write_code(struct flat_writer *w, const struct flat_op *op)
{
    size_t place[FLAT_FIELDS], at;

    at = flat_begin(w, (int[]){ 1, op->custom ? 4 : 0, 0, op->code > 127 ? 4 : 0 }, 4, place);
    flat_put(w, place[0], 1, op->code > 127 ? 127 : op->code);
    if (op->code > 127)
        flat_put(w, place[3], 4, op->code);
    if (op->custom)
        flat_link(w, place[1], flat_blob(w, op->custom, strlen(op->custom)));
    return at;
}

static inline size_t flat_write_graph(struct flat_writer *w, const struct tflite_writing *net)
{
    size_t place[FLAT_FIELDS], at, list;

    at = flat_begin(w, (int[]){ 4, 4, 4, 4 }, 4, place);
    flat_link(w, place[1], flat_indices(w, &net->input, 1));
    flat_link(w, place[2], flat_indices(w, &net->output, 1));
    list = flat_list(w, net->tensors);
    flat_link(w, place[0], list);
    for (int i = 0; i < net->tensors; i++)
        flat_link(w, list + 4 + 4 * (size_t)i,
                  flat_write_tensor(w, &net->tensor[i], net->tensor[i].data ? i + 1 : 0));
    list = flat_list(w, net->ops);
    flat_link(w, place[3], list);
    for (int i = 0; i < net->ops; i++)
        flat_link(w, list + 4 + 4 * (size_t)i, flat_write_op(w, &net->op[i], i));
    return at;
}

static inline void flat_write_buffers(struct flat_writer *w, const struct tflite_writing *net, size_t from)
{
    int count = net->tensors + (net->metadata ? 2 : 1);
    size_t list = flat_list(w, count), place[1];
    const struct flat_tensor last = { .data = net->metadata, .bytes = net->metadata_bytes };

    flat_link(w, from, list);
    for (int i = 0; i < count; i++) {
        const struct flat_tensor *t = i > net->tensors ? &last : i > 0 ? &net->tensor[i - 1] : NULL;
        int has = t && t->data;

        flat_link(w, list + 4 + 4 * (size_t)i, flat_begin(w, (int[]){ has ? 4 : 0 }, 1, place));
        if (has)
            flat_link(w, place[0], flat_blob(w, t->data, t->bytes));
    }
}

static inline void flat_tflite(struct flat_writer *w, const struct tflite_writing *net)
{
    size_t place[FLAT_FIELDS], entry[FLAT_FIELDS], list;

    w->size = 0;
    flat_add(w, 4, 0);
    flat_add(w, 4, 'T' | 'F' << 8 | 'L' << 16 | '3' << 24);
    flat_link(w, 0, flat_begin(w, (int[]){ 4, 4, 4, 0, 4, 0, net->metadata ? 4 : 0 }, 7, place));
    flat_put(w, place[0], 4, 3);
    list = flat_list(w, net->ops);
    flat_link(w, place[1], list);
    for (int i = 0; i < net->ops; i++)
        flat_link(w, list + 4 + 4 * (size_t)i, flat_write_code(w, &net->op[i]));
    list = flat_list(w, 1);
    flat_link(w, place[2], list);
    flat_link(w, list + 4, flat_write_graph(w, net));
    if (net->metadata) {
        list = flat_list(w, 1);
        flat_link(w, place[6], list);
        flat_link(w, list + 4, flat_begin(w, (int[]){ 4, 4 }, 2, entry));
        flat_put(w, entry[1], 4, net->tensors + 1);
        flat_link(w, entry[0], flat_blob(w, "TFLITE_METADATA", 15));
    }
    flat_write_buffers(w, net, place[4]);
}

#endif
