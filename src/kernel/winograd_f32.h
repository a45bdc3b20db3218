/* src/kernel/winograd_f32.h: what the vector Winograd layers in fp32 share. Included by one file an
 * instruction set, after its vector_f32.h and MR, the tiles of a product, 14 at most. Private to the room.
 *
 * A block of tiles passes through three steps: its patches are transformed into V; each element's V times its
 * weights is M, a dense layer over the block's tiles; M is transformed into outputs. V: for each element, for
 * each part of MR tiles at most, (16 channels, tile, 16): one pointer reaches every tile of a product. M:
 * (element, tile, output channel).
 */
#ifndef KERNEL_WINOGRAD_F32_H
#define KERNEL_WINOGRAD_F32_H

#include "isa.h"
#include "winograd.h"

#define WINOGRAD_INLINE static inline __attribute__((always_inline))

enum { NR = 2 * VECTOR };

/* A block of tiles on its way. Lengths in floats. */
struct block {
    const struct kernel_conv *s;
    const struct kernel_tile *tile;
    int count, parts;
    const float *bias, *u, *zeros;
    float *v, *m;
    size_t v_plane, m_plane; /* from one element to the next */
    size_t row;              /* of M: output channels of whole panels */
    vector low, high;
};

/* An odd number of lines: planes at a stride that 4 KB divide would share few sets of the cache. */
static size_t plane(size_t floats)
{
    size_t lines = (floats + 15) / 16;

    return (lines | 1) * 16;
}

static size_t packed_bytes(const struct kernel_conv *s)
{
    return winograd_packed_bytes(s, NR);
}

static void pack(const struct kernel_conv *s, int first, int count, const float *weight, const float *bias,
                 void *packed)
{
    winograd_pack(s, NR, first, count, weight, bias, packed);
}

static size_t row_floats(const struct kernel_conv *s)
{
    return (size_t)winograd_panels(s, NR) * NR;
}

static size_t scratch_bytes(const struct kernel_conv *s)
{
    size_t tiles = (size_t)winograd_most_tiles(s);
    size_t each = plane(tiles * (size_t)s->ic) + plane(tiles * row_floats(s));

    return ((size_t)s->ic + (size_t)winograd_elements(s) * each) * sizeof(float);
}

/* ---- patches to V -------------------------------------------------------------------------------------- */

/* A column or row of a patch: values `step` apart, written over. */
WINOGRAD_INLINE void input_line(int side, vector *p, int step)
{
    vector d0 = p[0], d1 = p[step], d2 = p[2 * step], d3 = p[3 * step];

    if (side == 4) {
        const vector four = vector_set1(4.0f), minus_four = vector_set1(-4.0f), five = vector_set1(-5.0f);
        vector d4 = p[4 * step], d5 = p[5 * step];
        vector a = vector_fma(minus_four, d1, d3), b = vector_fma(minus_four, d2, d4);
        vector c = vector_sub(d4, d2), e = vector_sub(d3, d1);

        p[0] = vector_fma(four, d0, vector_fma(five, d2, d4));
        p[step] = vector_add(b, a);
        p[2 * step] = vector_sub(b, a);
        p[3 * step] = vector_fma(vector_set1(2.0f), e, c);
        p[4 * step] = vector_fma(vector_set1(-2.0f), e, c);
        p[5 * step] = vector_fma(four, d1, vector_fma(five, d3, d5));
    } else {
        p[0] = vector_sub(d0, d2);
        p[step] = vector_add(d1, d2);
        p[2 * step] = vector_sub(d2, d1);
        p[3 * step] = vector_sub(d1, d3);
    }
}

/* Where a tile's patch lies: the picture, or zeros outside. */
WINOGRAD_INLINE void find_patch(int side, const struct block *b, const struct kernel_tile *t,
                                const float *d[WINOGRAD_ELEMENTS])
{
    const struct kernel_conv *s = b->s;
    int patch = side + 2, y = t->y * side - 1, x = t->x * side - 1;

    for (int i = 0; i < patch; i++)
        for (int j = 0; j < patch; j++) {
            int inside = y + i >= 0 && y + i < s->ih && x + j >= 0 && x + j < s->iw;

            d[i * patch + j] =
                inside ? t->in + ((size_t)(y + i) * s->iw + (size_t)(x + j)) * s->in_pitch : b->zeros;
        }
}

/* One patch: to v at strides of 16 channels and of an element. */
WINOGRAD_INLINE void transform_patch(int side, const struct block *b, const float *const *d, float *v,
                                     size_t lane_step)
{
    enum { LANE = WINOGRAD_LANE };
    int patch = side + 2;

    for (int c = 0; c < b->s->ic; c += VECTOR) {
        float *to = v + (size_t)(c / LANE) * lane_step + (size_t)(c % LANE);
        vector w[WINOGRAD_ELEMENTS];

#pragma GCC unroll 6
        for (int j = 0; j < patch; j++) {
#pragma GCC unroll 6
            for (int i = 0; i < patch; i++)
                w[i * patch + j] = vector_loadu(d[i * patch + j] + c);
            input_line(side, w + j, patch);
        }
#pragma GCC unroll 6
        for (int i = 0; i < patch; i++) {
            input_line(side, w + i * patch, 1);
#pragma GCC unroll 6
            for (int j = 0; j < patch; j++)
                vector_store(to + (size_t)(i * patch + j) * b->v_plane, VECTOR, w[i * patch + j]);
        }
    }
}

WINOGRAD_INLINE void transform_input(int side, const struct block *b)
{
    const float *d[WINOGRAD_ELEMENTS];

    for (int part = 0; part < b->parts; part++) {
        int first = tile_cut(b->count, b->parts, part);
        int end = tile_cut(b->count, b->parts, part + 1);
        float *v = b->v + (size_t)first * (size_t)b->s->ic;

        for (int i = first; i < end; i++, v += WINOGRAD_LANE) {
            find_patch(side, b, &b->tile[i], d);
            transform_patch(side, b, d, v, (size_t)(end - first) * WINOGRAD_LANE);
        }
    }
}

/* ---- products ------------------------------------------------------------------------------------------ */

/* What a product needs besides its size. ahead: what is fetched meanwhile, a panel long. */
struct product {
    const float *v, *u, *start, *ahead;
    float *m;
    size_t row;
    int lanes; /* of input channels */
};

/* mr tiles by nv vectors of output channels. */
WINOGRAD_INLINE void multiply(const struct product *p, int mr, int nv)
{
    const float *v = p->v, *u = p->u, *ahead = p->ahead;
    vector acc[MR][2];

#pragma GCC unroll 14
    for (int t = 0; t < mr; t++)
#pragma GCC unroll 2
        for (int k = 0; k < nv; k++)
            acc[t][k] = vector_load(p->start + k * VECTOR);
    for (int lane = 0; lane < p->lanes; lane++, v += mr * WINOGRAD_LANE)
        for (int c = 0; c < WINOGRAD_LANE; c++, u += NR, ahead += NR) {
            vector w[2];

#pragma GCC unroll 2
            for (int k = 0; k < nv; k++)
                w[k] = vector_load(u + k * VECTOR);
            _mm_prefetch((const char *)ahead, _MM_HINT_T1);
            if (NR > 16)
                _mm_prefetch((const char *)(ahead + 16), _MM_HINT_T1);
#pragma GCC unroll 14
            for (int t = 0; t < mr; t++) {
                vector x = vector_set1(v[t * WINOGRAD_LANE + c]);

#pragma GCC unroll 2
                for (int k = 0; k < nv; k++)
                    acc[t][k] = vector_fma(x, w[k], acc[t][k]);
            }
        }
#pragma GCC unroll 14
    for (int t = 0; t < mr; t++)
#pragma GCC unroll 2
        for (int k = 0; k < nv; k++)
            vector_store(p->m + (size_t)t * p->row + k * VECTOR, VECTOR, acc[t][k]);
}

/* multiply of every size up to MR. */
static void multiply_tiles(const struct product *p, int tiles, int nv)
{
#define SIZE(mr)                                                                                             \
    case mr:                                                                                                 \
        if (mr <= MR && nv == 2)                                                                             \
            multiply(p, mr, 2);                                                                              \
        else if (mr <= MR)                                                                                   \
            multiply(p, mr, 1);                                                                              \
        break;

    switch (tiles) {
        TILE_1_TO_14
    }
#undef SIZE
}

/* The first part of a panel's tiles fetches the next panel, which is the next element's first after the last.
 */
static void multiply_element(const struct block *b, int element, int is_bias)
{
    static const _Alignas(64) float none[NR];
    const struct kernel_conv *s = b->s;
    int panels = winograd_panels(s, NR);
    size_t panel = winograd_panel_floats(s, NR);
    struct product p = { .u = b->u + (size_t)element * (size_t)panels * panel,
                         .row = b->row,
                         .lanes = s->ic / WINOGRAD_LANE };

    for (int k = 0; k < panels; k++, p.u += panel) {
        int last = element == winograd_elements(s) - 1 && k == panels - 1;

        p.start = is_bias ? b->bias + k * NR : none;
        for (int part = 0; part < b->parts; part++) {
            int first = tile_cut(b->count, b->parts, part);

            p.v = b->v + (size_t)element * b->v_plane + (size_t)first * (size_t)s->ic;
            p.m = b->m + (size_t)element * b->m_plane + (size_t)first * b->row + (size_t)k * NR;
            p.ahead = part == 0 && !last ? p.u + panel : p.u;
            multiply_tiles(&p, tile_cut(b->count, b->parts, part + 1) - first,
                           s->oc - k * NR > VECTOR ? 2 : 1);
        }
    }
}

/* ---- M to outputs -------------------------------------------------------------------------------------- */

/* A column or row of sums: the first `side` values become outputs. */
WINOGRAD_INLINE void output_line(int side, vector *p, int step)
{
    vector m0 = p[0], m1 = p[step], m2 = p[2 * step], m3 = p[3 * step];

    if (side == 4) {
        vector m4 = p[4 * step], m5 = p[5 * step];
        vector a = vector_add(m1, m2), b = vector_sub(m1, m2), c = vector_add(m3, m4), d = vector_sub(m3, m4);

        p[0] = vector_add(vector_add(m0, a), c);
        p[step] = vector_fma(vector_set1(2.0f), d, b);
        p[2 * step] = vector_fma(vector_set1(4.0f), c, a);
        p[3 * step] = vector_add(vector_fma(vector_set1(8.0f), d, b), m5);
    } else {
        p[0] = vector_add(vector_add(m0, m1), m2);
        p[step] = vector_sub(vector_sub(m1, m2), m3);
    }
}

/* Output channels from k on of one tile. */
WINOGRAD_INLINE void transform_sums(int side, const struct block *b, int tile, int k)
{
    const struct kernel_conv *s = b->s;
    const struct kernel_tile *t = &b->tile[tile];
    const float *m = b->m + (size_t)tile * b->row + (size_t)k;
    int patch = side + 2, rows = tile_min(side, s->oh - t->y * side);
    int columns = tile_min(side, s->ow - t->x * side);
    size_t line = (size_t)s->ow * s->out_pitch;
    float *out = t->out + ((size_t)t->y * side * s->ow + (size_t)t->x * side) * s->out_pitch + k;
    vector w[WINOGRAD_ELEMENTS];

#pragma GCC unroll 6
    for (int j = 0; j < patch; j++) {
#pragma GCC unroll 6
        for (int i = 0; i < patch; i++)
            w[i * patch + j] = vector_load(m + (size_t)(i * patch + j) * b->m_plane);
        output_line(side, w + j, patch);
    }
#pragma GCC unroll 4
    for (int i = 0; i < side; i++) {
        output_line(side, w + i * patch, 1);
#pragma GCC unroll 4
        for (int j = 0; j < side; j++)
            if (i < rows && j < columns)
                vector_store(out + (size_t)i * line + (size_t)(j * s->out_pitch), s->oc - k,
                             vector_clamp(w[i * patch + j], b->low, b->high));
    }
}

WINOGRAD_INLINE void transform_output(int side, const struct block *b)
{
    for (int i = 0; i < b->count; i++)
        for (int k = 0; k < b->s->oc; k += VECTOR)
            transform_sums(side, b, i, k);
}

/* ---- the layer ----------------------------------------------------------------------------------------- */

static void run_block(const struct block *b)
{
    int side = kernel_winograd_side(b->s), elements = winograd_elements(b->s);

    if (side == 4)
        transform_input(4, b);
    else
        transform_input(2, b);
    for (int e = 0; e < elements; e++)
        multiply_element(b, e, e == side + 3);
    if (side == 4)
        transform_output(4, b);
    else
        transform_output(2, b);
}

static void winograd_f32(const struct kernel_conv *s, const void *packed, const struct kernel_tile *tile,
                         int count, float low, float high, void *scratch)
{
    int blocks = winograd_blocks(s, count);
    struct block b = { .s = s,
                       .bias = packed,
                       .u = (const float *)packed + row_floats(s),
                       .zeros = scratch,
                       .v = (float *)scratch + s->ic,
                       .row = row_floats(s),
                       .low = vector_set1(low),
                       .high = vector_set1(high) };

    memset(scratch, 0, (size_t)s->ic * sizeof(float));
    for (int i = 0; i < blocks; i++) {
        int first = tile_cut(count, blocks, i);

        b.tile = tile + first;
        b.count = tile_cut(count, blocks, i + 1) - first;
        b.parts = tile_parts(b.count, MR);
        b.v_plane = plane((size_t)b.count * (size_t)s->ic);
        b.m_plane = plane((size_t)b.count * b.row);
        b.m = b.v + (size_t)winograd_elements(s) * b.v_plane;
        run_block(&b);
    }
}

static void fill_winograd_f32(struct kernel_table *t)
{
    t->winograd_f32_packed_bytes = packed_bytes;
    t->winograd_f32_pack = pack;
    t->winograd_f32_scratch_bytes = scratch_bytes;
    t->winograd_f32 = winograd_f32;
}

#endif
