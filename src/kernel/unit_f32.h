/* src/kernel/unit_f32.h: inverted residual blocks in fp32. A block of expanded channels at a time passes over
 * the whole rectangle, row by row: new rows are expanded into a ring of planes (ring_f32.h), the
 * depthwise convolution makes a row of them, and the row's share of the projection is added to the output
 * map, whose floats are the sums between two blocks; or the row itself is the output. Channels come in
 * ascending order, so that the bits are those of whole layers. Ring and sums stay in the first-level cache.
 * Included by one file an instruction set, after its vector_f32.h, the sizes of sum_f32.h and UNIT_PANEL, the
 * vectors that an expansion sums together. Private to the room.
 */
#ifndef KERNEL_UNIT_F32_H
#define KERNEL_UNIT_F32_H

#include <string.h>

#include "function_f32.h"
#include "ring_f32.h"
#include "sum_f32.h"
#include "unit.h"

enum { UNIT_OUT = 2 }; /* vectors of outputs that a projection sums together */

/* Expanded channels of a block: its rows stay in the cache. */
static int block_channels(const struct kernel_unit *u)
{
    int width = u->part[KERNEL_UNIT_DEPTHWISE].iw;

    return width > 56 ? 32 : width > 28 ? 48 : 96;
}

/* ---- packed weights ------------------------------------------------------------------------------------
 * Expansion: for each panel, at most UNIT_PANEL vectors of a block, its biases, then its weights (kh, kw, ic,
 * vectors, VECTOR). Projection: all biases, then for each block, for each panel of outputs its weights
 * (channels of the block, vectors, VECTOR). */

static size_t expand_terms(const struct kernel_unit *u)
{
    const struct kernel_conv *s = &u->part[KERNEL_UNIT_EXPAND];

    return (size_t)s->kh * s->kw * s->ic;
}

static int expanded(const struct kernel_unit *u)
{
    return u->part[KERNEL_UNIT_DEPTHWISE].ic;
}

static size_t whole_vectors(int channels)
{
    return (size_t)tile_parts(channels, VECTOR) * VECTOR;
}

static size_t part_bytes(const struct kernel_unit *u, int part)
{
    size_t floats;

    if (part == KERNEL_UNIT_DEPTHWISE)
        return tile_round(ring_packed_bytes(&u->part[part]));
    if (part == KERNEL_UNIT_PROJECT)
        floats = (size_t)(1 + expanded(u)) * whole_vectors(u->part[part].oc);
    else
        floats = (1 + expand_terms(u)) * whole_vectors(expanded(u));
    return tile_round(floats * sizeof(float));
}

static const float *packed_part(const struct kernel_unit *u, int part, const void *packed)
{
    return (const float *)(const void *)((const char *)packed + unit_part_at(u, part, part_bytes));
}

static size_t packed_bytes(const struct kernel_unit *u)
{
    return unit_part_at(u, KERNEL_UNIT_PARTS, part_bytes);
}

/* `lanes` outputs from `first` on, those that exist: their weights of term i. */
static float *pack_term(const float *weight, size_t terms, size_t i, int first, int lanes, int oc, float *p)
{
    for (int c = first; c < first + lanes; c++)
        *p++ = weight && c < oc ? weight[(size_t)c * terms + i] : 0.0f;
    return p;
}

static void pack_expand(const struct kernel_unit *u, const float *weight, const float *bias, float *p)
{
    int oc = expanded(u), most = block_channels(u);
    size_t terms = expand_terms(u);

    for (int block = 0; block < oc; block += most)
        for (int c = block; c < tile_min(oc, block + most); c += UNIT_PANEL * VECTOR) {
            int lanes = tile_min(UNIT_PANEL * VECTOR, (int)whole_vectors(tile_min(oc, block + most) - c));

            p = pack_term(bias, 1, 0, c, lanes, oc, p);
            for (size_t i = 0; i < terms; i++)
                p = pack_term(weight, terms, i, c, lanes, oc, p);
        }
}

static void pack_project(const struct kernel_unit *u, const float *weight, const float *bias, float *p)
{
    int ic = expanded(u), oc = u->part[KERNEL_UNIT_PROJECT].oc, most = block_channels(u);
    int outs = (int)whole_vectors(oc);

    p = pack_term(bias, 1, 0, 0, outs, oc, p);
    for (int block = 0; block < ic; block += most)
        for (int c = 0; c < outs; c += UNIT_OUT * VECTOR)
            for (int i = block; i < tile_min(ic, block + most); i++)
                p = pack_term(weight, (size_t)ic, (size_t)i, c, tile_min(UNIT_OUT * VECTOR, outs - c), oc, p);
}

static void pack(const struct kernel_unit *u, enum kernel_unit_part part, const float *weight,
                 const float *bias, void *packed)
{
    void *to = (char *)packed + unit_part_at(u, part, part_bytes);

    if (part == KERNEL_UNIT_EXPAND)
        pack_expand(u, weight, bias, to);
    else if (part == KERNEL_UNIT_DEPTHWISE)
        ring_pack(&u->part[part], weight, bias, to);
    else
        pack_project(u, weight, bias, to);
}

/* ---- a call -------------------------------------------------------------------------------------------- */

static int block_planes(const struct kernel_unit *u)
{
    return tile_parts(block_channels(u), VECTOR);
}

/* Floats of one plane of the depthwise convolution's row. */
static size_t row_plane(int columns)
{
    return (size_t)(columns | 1) * VECTOR;
}

/* Floats of a row of input, for so many expanded positions, with what lies outside the picture; 0: the
 * expansion reads the input where it lies. */
static size_t border_floats(const struct kernel_unit *u, int positions)
{
    const struct kernel_conv *e = &u->part[KERNEL_UNIT_EXPAND];

    return u->expands && (e->stride > 1 || !kernel_is_direct(e))
               ? (size_t)(((positions - 1) * e->stride + e->kw) * e->ic)
               : 0;
}

static size_t scratch_bytes(const struct kernel_unit *u)
{
    const struct kernel_conv *d = &u->part[KERNEL_UNIT_DEPTHWISE];
    size_t floats = ring_floats(d, block_planes(u)) + (size_t)block_planes(u) * row_plane(d->ow);

    if (u->expands)
        floats += (size_t)u->part[KERNEL_UNIT_EXPAND].kh * border_floats(u, d->iw);
    return tile_round(floats * sizeof(float)) + TILE_SLACK;
}

struct unit {
    const struct kernel_unit *u;
    const struct kernel_unit_f32 *bounds;
    const float *in, *added; /* NULL: nothing is added */
    float *out;
    struct kernel_rect rect;
    struct ring ring;
    float *row, *border; /* of the depthwise convolution's outputs; of the input */
    size_t row_plane, border_row;
    /* The block in hand. */
    int first, channels;
    const float *expand, *depthwise, *bias, *project;
};

/* The rows of the picture that expanded row y reads, of the columns inside, zeros outside the picture. */
static void copy_border(const struct unit *n, int y)
{
    const struct kernel_conv *e = &n->u->part[KERNEL_UNIT_EXPAND];
    int left = (n->ring.left + n->ring.from) * e->stride - e->pad_x;
    int columns = (n->ring.to - n->ring.from - 1) * e->stride + e->kw;
    int a = tile_min(columns, tile_max(0, -left)), b = tile_max(a, tile_min(columns, e->iw - left));
    size_t ic = (size_t)e->ic;
    float *to = n->border;

    for (int iy = y * e->stride - e->pad_y; iy < y * e->stride - e->pad_y + e->kh;
         iy++, to += n->border_row) {
        const float *from = n->in + ((size_t)iy * e->iw + (size_t)(left + a)) * e->in_pitch;

        if (iy < 0 || iy >= e->ih || a == b) {
            memset(to, 0, (size_t)columns * ic * sizeof *to);
            continue;
        }
        memset(to, 0, (size_t)a * ic * sizeof *to);
        if (e->in_pitch == e->ic)
            memcpy(to + (size_t)a * ic, from, (size_t)(b - a) * ic * sizeof *to);
        else
            for (int x = a; x < b; x++, from += e->in_pitch)
                memcpy(to + (size_t)x * ic, from, ic * sizeof *to);
        memset(to + (size_t)b * ic, 0, (size_t)(columns - b) * ic * sizeof *to);
    }
}

/* A function of planes' positions, where one follows the part. */
static void follow(const struct unit *n, enum kernel_unit_part part, float *row, size_t plane, int positions)
{
    enum kernel_unit_function function = n->u->function[part];
    int values = positions * VECTOR;

    for (int i = 0; i < tile_parts(n->channels, VECTOR); i++, row += plane)
        if (function == KERNEL_UNIT_SILU)
            each(row, values, row, values, 1, values, silu);
        else if (function == KERNEL_UNIT_HARDSWISH)
            each(row, values, row, values, 1, values, hardswish);
}

static void expand_row(const struct unit *n, int y)
{
    const struct kernel_conv *e = &n->u->part[KERNEL_UNIT_EXPAND];
    const struct ring *r = &n->ring;
    size_t terms = expand_terms(n->u), place = (size_t)y * e->iw + (size_t)(r->left + r->from);
    const float *in = n->in + place * e->in_pitch, *w = n->expand;
    struct sum s = { .terms = (int)terms,
                     .run = e->kw * e->ic,
                     .step = n->border_row,
                     .in_step = (size_t)e->in_pitch,
                     .to_step = VECTOR,
                     .to_apart = r->plane,
                     .left = SUM_PANEL * VECTOR,
                     .clamps = 1,
                     .low = vector_set1(n->bounds->low[KERNEL_UNIT_EXPAND]),
                     .high = vector_set1(n->bounds->high[KERNEL_UNIT_EXPAND]) };

    if (n->border_row > 0) {
        copy_border(n, y);
        in = n->border;
        s.in_step = (size_t)e->stride * e->ic;
    }
    for (int c = 0; c < n->channels; c += UNIT_PANEL * VECTOR) {
        int nv = tile_min(UNIT_PANEL, tile_parts(n->channels - c, VECTOR));

        s.from = w;
        s.w = w + nv * VECTOR;
        s.to = ring_inside(r, y) + (size_t)(c / VECTOR) * r->plane;
        sum_row(&s, nv, in, r->to - r->from);
        w += (1 + terms) * (size_t)(nv * VECTOR);
    }
    follow(n, KERNEL_UNIT_EXPAND, ring_inside(r, y), r->plane, r->to - r->from);
}

/* Output row y of the depthwise convolution. */
static void convolve_row(const struct unit *n, int y)
{
    struct ring_out out = { .to = n->row,
                            .step = VECTOR,
                            .left = VECTOR,
                            .low = vector_set1(n->bounds->low[KERNEL_UNIT_DEPTHWISE]),
                            .high = vector_set1(n->bounds->high[KERNEL_UNIT_DEPTHWISE]) };
    const float *p = n->depthwise;

    for (int i = 0; i < tile_parts(n->channels, VECTOR); i++) {
        ring_sum(&n->ring, i, p, y, n->rect.x1 - n->rect.x0, &out);
        out.to += n->row_plane;
        p += ring_block_floats(n->ring.s);
    }
    follow(n, KERNEL_UNIT_DEPTHWISE, n->row, n->row_plane, n->rect.x1 - n->rect.x0);
}

/* The row is the block's share of the unit's output. */
static void put_row(const struct unit *n, int y)
{
    const struct kernel_conv *o = unit_last(n->u);
    size_t pitch = (size_t)o->out_pitch;
    float *to = n->out + ((size_t)y * (size_t)o->ow + (size_t)n->rect.x0) * pitch + n->first;

    for (int c = 0; c < n->channels; c += VECTOR)
        for (int x = 0; x < n->rect.x1 - n->rect.x0; x++)
            vector_store(to + (size_t)x * pitch + c, n->channels - c,
                         vector_load(n->row + (size_t)(c / VECTOR) * n->row_plane + x * VECTOR));
}

/* The row's share of the outputs. */
static void project_row(const struct unit *n, int y)
{
    const struct kernel_conv *o = &n->u->part[KERNEL_UNIT_PROJECT];
    size_t place = (size_t)y * o->ow + (size_t)n->rect.x0;
    const float *w = n->project;
    int outs = (int)whole_vectors(o->oc), last = n->first + n->channels == expanded(n->u);
    struct sum s = { .terms = n->channels,
                     .run = VECTOR,
                     .step = n->row_plane,
                     .in_step = VECTOR,
                     .from_step = n->first > 0 ? (size_t)o->out_pitch : 0,
                     .to_step = (size_t)o->out_pitch,
                     .to_apart = VECTOR,
                     .clamps = last,
                     .low = vector_set1(n->bounds->low[KERNEL_UNIT_PROJECT]),
                     .high = vector_set1(n->bounds->high[KERNEL_UNIT_PROJECT]) };

    for (int c = 0; c < outs; c += UNIT_OUT * VECTOR) {
        int nv = tile_min(UNIT_OUT, (outs - c) / VECTOR);

        s.w = w;
        s.to = n->out + place * o->out_pitch + c;
        s.from = n->first > 0 ? s.to : n->bias + c;
        s.left = o->oc - c;
        sum_row(&s, nv, n->row, n->rect.x1 - n->rect.x0);
        w += (size_t)n->channels * (size_t)(nv * VECTOR);
    }
}

static void add_row(const struct unit *n, int y)
{
    const struct kernel_conv *o = &n->u->part[KERNEL_UNIT_PROJECT];
    vector low = vector_set1(n->bounds->add_low), high = vector_set1(n->bounds->add_high);
    size_t place = (size_t)y * o->ow + (size_t)n->rect.x0;
    const float *added = n->added + place * n->u->added_pitch;
    float *to = n->out + place * o->out_pitch;

    for (int x = n->rect.x0; x < n->rect.x1; x++, to += o->out_pitch, added += n->u->added_pitch)
        for (int c = 0; c < o->oc; c += VECTOR)
            vector_store(to + c, o->oc - c,
                         vector_clamp(vector_add(vector_loadu(to + c), vector_loadu(added + c)), low, high));
}

/* The block in hand, over the whole rectangle. */
static void run_block(const struct unit *n)
{
    const struct ring *r = &n->ring;
    int next = tile_max(0, n->rect.y0 * r->s->stride - r->s->pad_y);

    for (int y = n->rect.y0; y < n->rect.y1; y++) {
        for (; next < ring_end(r, y) && r->from < r->to; next++)
            if (n->u->expands)
                expand_row(n, next);
            else
                ring_copy(r, n->in, next, n->first, tile_parts(n->channels, VECTOR));
        convolve_row(n, y);
        if (n->u->projects)
            project_row(n, y);
        else
            put_row(n, y);
        if (n->added && n->first + n->channels == expanded(n->u))
            add_row(n, y);
    }
}

static void unit_f32(const struct kernel_unit *u, const void *packed, const float *in, const float *added,
                     float *out, struct kernel_rect rect, const struct kernel_unit_f32 *bounds, void *scratch)
{
    const struct kernel_conv *d = &u->part[KERNEL_UNIT_DEPTHWISE];
    size_t outs = u->projects ? whole_vectors(u->part[KERNEL_UNIT_PROJECT].oc) : 0;
    int columns = rect.x1 - rect.x0;
    struct unit n = { .u = u,
                      .bounds = bounds,
                      .in = in,
                      .added = u->added_pitch > 0 ? added : NULL,
                      .out = out,
                      .rect = rect,
                      .row_plane = row_plane(columns),
                      .expand = packed_part(u, KERNEL_UNIT_EXPAND, packed),
                      .depthwise = packed_part(u, KERNEL_UNIT_DEPTHWISE, packed),
                      .bias = packed_part(u, KERNEL_UNIT_PROJECT, packed) };

    if (rect.y0 >= rect.y1 || columns < 1)
        return;
    n.ring = ring_of(d, rect, block_planes(u), scratch);
    n.row = (float *)scratch + ring_floats(d, block_planes(u));
    n.border = n.row + (size_t)block_planes(u) * n.row_plane;
    n.border_row = border_floats(u, n.ring.to - n.ring.from);
    n.project = n.bias + outs;
    for (; n.first < expanded(u); n.first += n.channels) {
        n.channels = tile_min(block_channels(u), expanded(u) - n.first);
        run_block(&n);
        n.expand += (1 + expand_terms(u)) * whole_vectors(n.channels);
        n.depthwise += ring_block_floats(d) * (size_t)tile_parts(n.channels, VECTOR);
        n.project += (size_t)n.channels * outs;
    }
}

/* On narrower maps the weights, which pass once a row, cost more than the maps that a unit does not write. */
static int pays(const struct kernel_unit *u)
{
    return u->part[KERNEL_UNIT_DEPTHWISE].iw >= UNIT_LEAST;
}

static void fill_unit_f32(struct kernel_table *t)
{
    t->unit_f32_pays = pays;
    t->unit_f32_packed_bytes = packed_bytes;
    t->unit_f32_pack = pack;
    t->unit_f32_scratch_bytes = scratch_bytes;
    t->unit_f32 = unit_f32;
}

#endif
