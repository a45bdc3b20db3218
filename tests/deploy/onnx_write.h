/* tests/deploy/onnx_write.h: ONNX models, written node by node. */
#ifndef QUANTCAM_TEST_ONNX_WRITE_H
#define QUANTCAM_TEST_ONNX_WRITE_H

#include "deploy/onnx_parts.h"
#include "wire.h"

#include <stdarg.h>

/* A graph of the input x, (N, C, 5, 6) with C as asked, being written; nodes are added in order. */
static struct wire graph, attributes;

static inline void start(int channels)
{
    struct wire dim = { 0 }, shape = { 0 }, tensor = { 0 }, kind = { 0 }, info = { 0 };
    const int extents[] = { 1, channels, 5, 6 };

    graph.size = attributes.size = 0;
    for (int i = 0; i < 4; i++) {
        dim.size = 0;
        wire_whole(&dim, 1, extents[i]);
        wire_message(&shape, 1, &dim);
    }
    wire_whole(&tensor, 1, ONNX_F32);
    wire_message(&tensor, 2, &shape);
    wire_message(&kind, 1, &tensor);
    wire_text(&info, 1, "x");
    wire_message(&info, 2, &kind);
    wire_message(&graph, 11, &info);
}

/* A constant of whole numbers; count 0: a scalar. */
static inline void constant(const char *name, int count, ...)
{
    struct wire t = { 0 };
    va_list args;

    va_start(args, count);
    if (count)
        wire_whole(&t, 1, count);
    wire_whole(&t, 2, ONNX_S64);
    wire_text(&t, 8, name);
    for (int i = 0; i < (count ? count : 1); i++)
        wire_whole(&t, 7, va_arg(args, int64_t));
    va_end(args);
    wire_message(&graph, 5, &t);
}

/* Real numbers of up to four extents, 0 each. */
static inline void zeros(const char *name, int rank, ...)
{
    struct wire t = { 0 };
    int count = 1;
    va_list args;

    va_start(args, rank);
    for (int i = 0; i < rank; i++) {
        int extent = va_arg(args, int);

        wire_whole(&t, 1, extent);
        count *= extent;
    }
    va_end(args);
    wire_whole(&t, 2, ONNX_F32);
    wire_text(&t, 8, name);
    wire_varint(&t, 9 << 3 | 2);
    wire_varint(&t, 4 * (uint64_t)count);
    for (int i = 0; i < 4 * count; i++)
        wire_byte(&t, 0);
    wire_message(&graph, 5, &t);
}

/* Attributes of the next node. */
static inline void whole(const char *name, int64_t value)
{
    struct wire a = { 0 };

    wire_text(&a, 1, name);
    wire_whole(&a, 3, value);
    wire_message(&attributes, 5, &a);
}

static inline void wholes(const char *name, int count, ...)
{
    struct wire a = { 0 };
    va_list args;

    va_start(args, count);
    wire_text(&a, 1, name);
    for (int i = 0; i < count; i++)
        wire_whole(&a, 8, va_arg(args, int64_t));
    va_end(args);
    wire_message(&attributes, 5, &a);
}

static inline void words(const char *name, const char *text)
{
    struct wire a = { 0 };

    wire_text(&a, 1, name);
    wire_text(&a, 4, text);
    wire_message(&attributes, 5, &a);
}

/* Names with blanks between them. */
static inline void node(const char *op, const char *inputs, const char *outputs)
{
    struct wire n = { 0 };
    char copy[128], *at;

    for (int field = 1; field <= 2; field++) {
        snprintf(copy, sizeof copy, "%s", field == 1 ? inputs : outputs);
        at = copy;
        for (char *name; *copy && (name = strsep(&at, " "));)
            wire_text(&n, field, strcmp(name, "-") == 0 ? "" : name);
    }
    wire_text(&n, 3, "the node");
    wire_text(&n, 4, op);
    wire_raw(&n, attributes.bytes, attributes.size);
    attributes.size = 0;
    wire_message(&graph, 1, &n);
}

/* The model of that graph. */
static inline const struct wire *model_of(int opset)
{
    static struct wire model;
    struct wire set = { 0 };

    model.size = 0;
    wire_whole(&model, 1, 8);
    wire_message(&model, 7, &graph);
    wire_whole(&set, 2, opset);
    wire_message(&model, 8, &set);
    return &model;
}

/* The graph gives this value out. */
static inline void give(const char *name)
{
    struct wire info = { 0 };

    wire_text(&info, 1, name);
    wire_message(&graph, 12, &info);
}

#endif
