/* src/kernel/tile.h: how the vector convolutions cut their work. Private to the room.
 *
 * The output rectangle is computed in chunks of whole rows, small enough that what they read stays in the
 * second-level cache while all output channels pass over it. A 1x1 convolution reads the map itself; any
 * other reads a copy of the chunk's input rows with the padding written out, channels packed tightly: then
 * the terms of one output are kh runs of kw * ic neighbours, in the order of the weights. Two lists name each
 * output position's first input and output.
 */
#ifndef KERNEL_TILE_H
#define KERNEL_TILE_H

#include <string.h>

#include "kernel.h"

enum { TILE_CHUNK_BYTES = 1 << 18, TILE_CHUNK_POSITIONS = 4096, TILE_SLACK = 64 };

static inline int tile_min(int a, int b) { return a < b ? a : b; }
static inline int tile_max(int a, int b) { return a > b ? a : b; }

/* An even cut: how many parts of `most` at most, and where part i begins; sizes differ by 1 at most. */
static inline int tile_parts(int count, int most) { return (count + most - 1) / most; }
static inline int tile_cut(int count, int parts, int i) { return (int)((long)count * i / parts); }

/* The same for short parts: the first `longer` of them have one more than `size`. */
struct cut { int parts, size, longer; };

static inline struct cut tile_even(int count, int most)
{
    int parts = tile_max(tile_parts(count, most), 1);

    return (struct cut){ .parts = parts, .size = count / parts, .longer = count % parts };
}

/* How far ahead part i of a block fetches weights of `element` bytes: the next block, which begins `next`
 * further on. Where one part is all, weights pass once, and are fetched just before they are used. */
static inline size_t tile_ahead(int i, int parts, size_t next, size_t element)
{
    enum { NEAR = 1 << 14 };
    size_t near = NEAR / element;

    return i > 0 ? 0 : parts == 1 && next > near ? near : next;
}

/* The cases of a switch by a tile's size, which call SIZE(1), SIZE(2), ..: it is a constant there, and every
 * loop over the tile is unrolled. */
#define TILE_1_TO_6   SIZE(1) SIZE(2) SIZE(3) SIZE(4) SIZE(5) SIZE(6)
#define TILE_8_TO_13  SIZE(8) SIZE(9) SIZE(10) SIZE(11) SIZE(12) SIZE(13)
#define TILE_15_TO_21 SIZE(15) SIZE(16) SIZE(17) SIZE(18) SIZE(19) SIZE(20) SIZE(21)
#define TILE_22_TO_28 SIZE(22) SIZE(23) SIZE(24) SIZE(25) SIZE(26) SIZE(27) SIZE(28)
#define TILE_1_TO_7   TILE_1_TO_6 SIZE(7)
#define TILE_7_TO_14  SIZE(7) TILE_8_TO_13 SIZE(14)
#define TILE_1_TO_14  TILE_1_TO_6 TILE_7_TO_14
#define TILE_14_TO_28 SIZE(14) TILE_15_TO_21 TILE_22_TO_28
#define TILE_1_TO_28  TILE_1_TO_6 SIZE(7) TILE_8_TO_13 TILE_14_TO_28

/* Output rows of a chunk. */
static inline int tile_rows(const struct kernel_conv *s, size_t element)
{
    size_t row = (size_t)s->iw * s->stride * s->ic * element;
    int rows = tile_min((int)(TILE_CHUNK_BYTES / row), TILE_CHUNK_POSITIONS / s->ow);

    return tile_max(tile_min(rows, s->oh), 1);
}

/* Stride within the copy: a 1x1 kernel's copy leaves out what it would step over. */
static inline int tile_copy_stride(const struct kernel_conv *s)
{
    return s->kh == 1 && s->kw == 1 ? 1 : s->stride;
}

/* Columns and rows of the copy for `columns` x `rows` output positions. */
static inline int tile_copy_columns(const struct kernel_conv *s, int columns)
{
    return (columns - 1) * tile_copy_stride(s) + s->kw;
}

static inline int tile_copy_rows(const struct kernel_conv *s, int rows)
{
    return (rows - 1) * tile_copy_stride(s) + s->kh;
}

static inline size_t tile_round(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

/* Scratch: the list of inputs, the list of outputs, the copy of elements of that size. */
static inline size_t tile_list_bytes(const struct kernel_conv *s, size_t element)
{
    return tile_round((size_t)tile_rows(s, element) * s->ow * sizeof(void *));
}

static inline size_t tile_scratch_bytes(const struct kernel_conv *s, size_t element)
{
    int rows = tile_rows(s, element);

    return 2 * tile_list_bytes(s, element) + TILE_SLACK +
           tile_round((size_t)tile_copy_rows(s, rows) * tile_copy_columns(s, s->ow) * s->ic * element);
}

/* A number of each position of a chunk. */
static inline size_t tile_sums_bytes(const struct kernel_conv *s, size_t element)
{
    return tile_round((size_t)tile_rows(s, element) * s->ow * sizeof(int32_t));
}

#endif
