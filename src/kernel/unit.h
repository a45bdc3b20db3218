/* src/kernel/unit.h: where the parts of a unit lie, and what one layer of it reads of the one before. Private
 * to the room. */
#ifndef KERNEL_UNIT_H
#define KERNEL_UNIT_H

#include "tile.h"

static inline int unit_has(const struct kernel_unit *u, int part)
{
    return part == KERNEL_UNIT_DEPTHWISE || (part == KERNEL_UNIT_EXPAND ? u->expands : u->projects);
}

/* The part whose outputs are the unit's. */
static inline const struct kernel_conv *unit_last(const struct kernel_unit *u)
{
    return &u->part[u->projects ? KERNEL_UNIT_PROJECT : KERNEL_UNIT_DEPTHWISE];
}

/* Where a part of a unit's packed weights begins, KERNEL_UNIT_PARTS: where all end; each that it has, has its
 * bytes. */
static inline size_t unit_part_at(const struct kernel_unit *u, int part,
                                  size_t (*bytes)(const struct kernel_unit *u, int part))
{
    size_t at = 0;

    for (int i = 0; i < part; i++)
        at += unit_has(u, i) ? bytes(u, i) : 0;
    return at;
}

/* The inputs that outputs y0..y1 (half-open) of a window of `kernel` read, along one axis of `extent`. */
static inline void unit_axis(int y0, int y1, int stride, int pad, int kernel, int extent, int *from, int *to)
{
    *from = tile_min(tile_max(y0 * stride - pad, 0), extent);
    *to = tile_max(tile_min((y1 - 1) * stride - pad + kernel, extent), *from);
}

/* The inputs of layer s, inside the picture, that a rectangle of its outputs reads; empty of an empty one. */
static inline struct kernel_rect unit_reads(const struct kernel_conv *s, struct kernel_rect r)
{
    struct kernel_rect in = { 0, 0, 0, 0 };

    if (r.y0 >= r.y1 || r.x0 >= r.x1)
        return in;
    unit_axis(r.y0, r.y1, s->stride, s->pad_y, s->kh, s->ih, &in.y0, &in.y1);
    unit_axis(r.x0, r.x1, s->stride, s->pad_x, s->kw, s->iw, &in.x0, &in.x1);
    return in;
}

#endif
