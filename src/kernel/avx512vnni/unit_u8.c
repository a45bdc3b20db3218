/* src/kernel/avx512vnni/unit_u8.c: a unit of codes, two rows of its output at a time.
 *
 * Between the layers channels lie in planes of 32: (plane, column, 32). The expanded rows that a step reads
 * stand in a ring with the zero point beside them, so that each is computed once. A depthwise plane is first
 * interleaved, four rows of a channel side by side, two columns a vector; then vpdpbusd adds a column's taps
 * and a vector holds two positions. With stride 2 even columns come before odd ones, so that the neighbours
 * of a step are neighbours here too.
 */
#include "../isa.h"
#include "unit_depthwise.h"

enum { SPANS = 14 /* of a ring: rows, and with stride 2 their even and odd columns */ };

/* ---- packed weights ------------------------------------------------------------------------------------ */

static size_t part_bytes(const struct kernel_unit *u, int part)
{
    if (part == KERNEL_UNIT_DEPTHWISE)
        return depthwise_plane(&u->part[part]) * (size_t)planes(u->part[part].oc);
    return dense_block(dense_of(u, part)) * (size_t)planes(u->part[part].oc);
}

static size_t packed_bytes(const struct kernel_unit *u)
{
    return unit_part_at(u, KERNEL_UNIT_PARTS, part_bytes);
}

static void pack(const struct kernel_unit *u, enum kernel_unit_part part, const int8_t *weight, void *packed)
{
    char *to = (char *)packed + unit_part_at(u, part, part_bytes);

    memset(to, 0, part_bytes(u, part));
    if (part == KERNEL_UNIT_DEPTHWISE)
        pack_depthwise(&u->part[part], weight, to);
    else
        pack_dense(u, part, weight, to);
}

/* ---- what a call works on ------------------------------------------------------------------------------ */

/* Sizes for rectangles of `width` columns of the output. */
struct extent {
    int columns, slots;        /* of the depthwise input; with what a vector reads beyond */
    int even;                  /* slots of even columns; all of them with stride 1 */
    int ring;                  /* rows */
    size_t plane, row;         /* bytes of a plane's row and of a row in the ring */
    size_t output_plane, quad; /* of the depthwise output; of an interleaved quad's part */
    size_t copy_row, copy;     /* of the expansion's padded input */
};

/* No stride that is a multiple of 4 KB. */
static size_t off_pages(size_t bytes)
{
    bytes = tile_round(bytes);
    return bytes % 4096 == 0 ? bytes + LINE : bytes;
}

static struct extent extent_of(const struct kernel_unit *u, int width)
{
    const struct kernel_conv *e = &u->part[KERNEL_UNIT_EXPAND], *d = &u->part[KERNEL_UNIT_DEPTHWISE];
    struct extent x = { .columns = (width - 1) * d->stride + d->kw, .ring = d->kh + d->stride };

    x.even = d->stride == 1 ? x.columns : (x.columns + 1) / 2;
    x.slots = (x.columns + 3) / 2 * 2;
    x.plane = off_pages((size_t)x.slots * LANES + LINE);
    x.row = off_pages(x.plane * (size_t)planes(d->ic));
    x.output_plane = off_pages((size_t)(ROWS * width) * LANES + LINE);
    x.quad = off_pages((size_t)x.slots * LANES + LINE);
    x.copy_row = (size_t)(((x.columns - 1) * e->stride + e->kw) * e->ic);
    x.copy = (size_t)((x.ring - 1) * e->stride + e->kh) * x.copy_row;
    return x;
}

static int copies(const struct kernel_unit *u)
{
    const struct kernel_conv *e = &u->part[KERNEL_UNIT_EXPAND];

    return u->expands && (e->stride > 1 || !kernel_is_direct(e));
}

struct work {
    const struct kernel_unit *u;
    const struct kernel_unit_u8 *how;
    const char *packed[KERNEL_UNIT_PARTS];
    const uint8_t *in;
    uint8_t *out;
    struct kernel_rect rect;
    struct extent x;
    int left, inside, end; /* the first column; those that lie in the picture */
    uint8_t *ring, *zeros, *depthwise, *interleaved, *copy;
};

static uint8_t *take(uint8_t **at, size_t bytes)
{
    uint8_t *p = *at;

    *at += tile_round(bytes);
    return p;
}

/* Where everything lies in the scratch, whose size is returned. */
static size_t lay_out(struct work *w, uint8_t *scratch)
{
    const struct kernel_unit *u = w->u;
    const struct kernel_conv *d = &u->part[KERNEL_UNIT_DEPTHWISE];
    uint8_t *at = scratch;

    w->ring = take(&at, w->x.row * (size_t)w->x.ring);
    w->zeros = take(&at, w->x.plane);
    w->depthwise = take(&at, w->x.output_plane * (size_t)planes(d->oc));
    w->interleaved = take(&at, d->kh == 5 ? w->x.quad * 2 * PARTS : 0);
    w->copy = take(&at, copies(u) ? w->x.copy + LINE : 0);
    return (size_t)(at - scratch);
}

static size_t scratch_bytes(const struct kernel_unit *u)
{
    static uint8_t nowhere[LINE];
    struct work w = { .u = u, .x = extent_of(u, u->part[KERNEL_UNIT_DEPTHWISE].ow) };

    return lay_out(&w, nowhere);
}

/* Where column i of the depthwise input lies in a plane's row. */
static int slot(const struct work *w, int i)
{
    return w->u->part[KERNEL_UNIT_DEPTHWISE].stride == 1 ? i : i % 2 * w->x.even + i / 2;
}

static uint8_t *ring_row(const struct work *w, int y)
{
    return w->ring + (size_t)(y % w->x.ring) * w->x.row;
}

static struct tile tile_of(const struct work *w, int part, size_t run, size_t in_step, size_t out_step)
{
    const struct kernel_requant *q = &w->how->requant[part];

    return (struct tile){
        .d = dense_of(w->u, part), .run = run, .in_step = in_step, .out_step = out_step, .form = form_of(q)
    };
}

/* Block `block` of a layer's channels; in a plane all 32 may be written. */
static void block_run(const struct work *w, int part, struct tile *t, int block, const struct span *s,
                      int spans, size_t apart)
{
    int left = w->u->part[part].oc - block * LANES;

    t->packed = w->packed[part] + dense_block(t->d) * (size_t)block;
    requant_load(&t->requant, &w->how->requant[part], block * LANES, left);
    t->whole = t->out_step == LANES && (part == KERNEL_UNIT_EXPAND || left >= LANES);
    for (int i = 0; i < spans; i++)
        span_run(t, &s[i], (size_t)block * apart);
}

/* ---- the expanded rows --------------------------------------------------------------------------------- */

/* What outputs of an expansion's rows y0..y1 and of the columns inside read, the zero point outside. */
static void copy_input(const struct work *w, int y0, int y1)
{
    const struct kernel_conv *e = &w->u->part[KERNEL_UNIT_EXPAND];
    int left = (w->left + w->inside) * e->stride - e->pad_x, top = y0 * e->stride - e->pad_y;
    int columns = (w->end - w->inside - 1) * e->stride + e->kw;
    int a = tile_min(tile_max(-left, 0), columns), b = tile_max(tile_min(e->iw - left, columns), a);
    uint8_t *to = w->copy;

    for (int r = 0; r < (y1 - y0 - 1) * e->stride + e->kh; r++, to += w->x.copy_row) {
        int y = top + r, outside = y < 0 || y >= e->ih;
        const uint8_t *from = w->in + (size_t)(y * e->iw + left + a) * (size_t)e->in_pitch;

        memset(to, e->zero_point_in, w->x.copy_row);
        if (!outside && e->in_pitch == e->ic)
            memcpy(to + a * e->ic, from, (size_t)((b - a) * e->ic));
        else
            for (int i = a; i < b && !outside; i++, from += e->in_pitch)
                memcpy(to + i * e->ic, from, (size_t)e->ic);
    }
}

/* The spans of rows y0..y1 of the expanded map, all inside the picture; how many. */
static int expanded_spans(const struct work *w, int y0, int y1, struct span *s)
{
    const struct kernel_conv *e = &w->u->part[KERNEL_UNIT_EXPAND];
    int stride = w->u->part[KERNEL_UNIT_DEPTHWISE].stride, copied = copies(w->u), count = 0;

    for (int y = y0; y < y1; y++)
        for (int i = w->inside; i < w->end && i < w->inside + stride; i++)
            s[count++] = span_of(copied ? w->copy + (size_t)((y - y0) * e->stride) * w->x.copy_row +
                                              (size_t)((i - w->inside) * e->stride * e->ic)
                                        : w->in + (size_t)(y * e->iw + w->left + i) * (size_t)e->in_pitch,
                                 ring_row(w, y) + slot(w, i) * LANES, (w->end - i + stride - 1) / stride);
    return count;
}

/* Such rows of a plane where nothing is expanded. */
static void spread(const struct work *w, int y0, int y1, int plane)
{
    const struct kernel_conv *d = &w->u->part[KERNEL_UNIT_DEPTHWISE];

    for (int y = y0; y < y1; y++)
        for (int i = w->inside; i < w->end; i++) {
            const uint8_t *from = w->in + (size_t)(y * d->iw + w->left + i) * (size_t)d->in_pitch;

            memcpy(ring_row(w, y) + (size_t)plane * w->x.plane + slot(w, i) * LANES, from + plane * LANES,
                   (size_t)tile_min(LANES, d->ic - plane * LANES));
        }
}

/* ---- depthwise ----------------------------------------------------------------------------------------- */

/* All of a row's quads; columns past the last are filled up with any. */
static void interleave(const struct work *w, const uint8_t *const row[QUAD], uint8_t *to)
{
    for (size_t i = 0; i < (size_t)w->x.slots * LANES; i += LINE) {
        struct quad q = quad_of(row, i);

#pragma GCC unroll 4
        for (int part = 0; part < PARTS; part++)
            _mm512_storeu_si512(to + (size_t)part * w->x.quad + i, q.part[part]);
    }
}

static inline __attribute__((always_inline)) void plane_run(const struct work *w, const struct plane *p,
                                                            int form, int rows, const uint8_t *const *row,
                                                            uint8_t *out)
{
    const struct kernel_conv *d = &w->u->part[KERNEL_UNIT_DEPTHWISE];
    int width = w->rect.x1 - w->rect.x0;
    size_t odd = (size_t)w->x.even * LANES, column[5];

    if (d->kh == 3 && d->stride == 2) {
        three(p, form, 1, 2, row, odd, width, out);
    } else if (d->kh == 3 && rows == 2) {
        three(p, form, 2, 1, row, odd, width, out);
    } else if (d->kh == 3) {
        three(p, form, 1, 1, row, odd, width, out);
    } else {
        for (int q = 0; q < 2; q++)
            interleave(w, row + q * QUAD, w->interleaved + (size_t)(q * PARTS) * w->x.quad);
        for (int i = 0; i < 5; i++)
            column[i] = (size_t)slot(w, i) * LANES;
        if (rows == 2)
            five(p, form, 2, column, w->x.quad, w->interleaved, width, out);
        else
            five(p, form, 1, column, w->x.quad, w->interleaved, width, out);
    }
}

/* Output rows y and, of two, y + 1 of a plane, into the place of the step's row `place`. */
static void rows_run(const struct work *w, int y, int rows, int place, int plane)
{
    const struct kernel_conv *d = &w->u->part[KERNEL_UNIT_DEPTHWISE];
    int used = (rows - 1) * d->stride + d->kh;
    uint8_t *out = w->depthwise + (size_t)plane * w->x.output_plane +
                   (size_t)(place * (w->rect.x1 - w->rect.x0)) * LANES;
    struct plane p =
        plane_of(d, &w->how->requant[KERNEL_UNIT_DEPTHWISE], w->packed[KERNEL_UNIT_DEPTHWISE], plane);
    const uint8_t *row[2 * QUAD];

    for (int i = 0; i < quads(d) * QUAD; i++) {
        int iy = y * d->stride - d->pad_y + i;

        row[i] = i >= used || iy < 0 || iy >= d->ih ? w->zeros : ring_row(w, iy) + (size_t)plane * w->x.plane;
    }
    switch (p.form) {
    case 0:
        plane_run(w, &p, 0, rows, row, out);
        break;
    case FORM_REAL:
        plane_run(w, &p, FORM_REAL, rows, row, out);
        break;
    case FORM_PLAIN:
        plane_run(w, &p, FORM_PLAIN, rows, row, out);
        break;
    default:
        plane_run(w, &p, FORM_REAL | FORM_PLAIN, rows, row, out);
        break;
    }
}

/* Rows y.. of a plane; with stride 2 two rows share no quads. */
static void depthwise(const struct work *w, int y, int rows, int plane)
{
    int together = w->u->part[KERNEL_UNIT_DEPTHWISE].stride == 1 ? rows : 1;

    for (int place = 0; place < rows; place += together)
        rows_run(w, y + place, together, place, plane);
}

/* ---- a unit -------------------------------------------------------------------------------------------- */

/* Rows y0..y1 of the expanded map, which are not in the ring yet, and of each plane at once output rows y...
 */
static void expand(const struct work *w, int y0, int y1, int y, int rows)
{
    const struct kernel_conv *e = &w->u->part[KERNEL_UNIT_EXPAND], *d = &w->u->part[KERNEL_UNIT_DEPTHWISE];
    int copied = copies(w->u), some = y0 < y1 && w->inside < w->end, spans = 0;
    size_t step = copied ? (size_t)(e->stride * e->ic) : (size_t)e->in_pitch;
    struct tile t;
    struct span span[SPANS];

    if (some && w->u->expands) {
        if (copied)
            copy_input(w, y0, y1);
        t = tile_of(w, KERNEL_UNIT_EXPAND, w->x.copy_row, step * (size_t)d->stride, LANES);
        spans = expanded_spans(w, y0, y1, span);
    }
    for (int plane = 0; plane < planes(d->ic); plane++) {
        if (spans > 0)
            block_run(w, KERNEL_UNIT_EXPAND, &t, plane, span, spans, w->x.plane);
        else if (some)
            spread(w, y0, y1, plane);
        depthwise(w, y, rows, plane);
    }
}

static void project(const struct work *w, int y, int rows)
{
    const struct kernel_conv *s = &w->u->part[KERNEL_UNIT_PROJECT];
    int width = w->rect.x1 - w->rect.x0, joined = width == s->ow, spans = joined ? 1 : rows;
    struct tile t = tile_of(w, KERNEL_UNIT_PROJECT, w->x.output_plane, LANES, (size_t)s->out_pitch);
    struct span span[ROWS];

    for (int r = 0; r < spans; r++)
        span[r] = span_of(w->depthwise + (size_t)(r * width) * LANES,
                          w->out + (size_t)((y + r) * s->ow + w->rect.x0) * (size_t)s->out_pitch,
                          joined ? rows * width : width);
    for (int block = 0; block < planes(s->oc); block++)
        block_run(w, KERNEL_UNIT_PROJECT, &t, block, span, spans, LANES);
}

static void add(const struct work *w, const uint8_t *added, int y, int rows)
{
    static struct kernel_table table;
    const struct kernel_conv *s = &w->u->part[KERNEL_UNIT_PROJECT];

    if (!table.add_u8)
        elementwise_u8_fill_avx512vnni(&table);
    for (int r = 0; r < rows; r++) {
        size_t at = (size_t)((y + r) * s->ow + w->rect.x0);
        uint8_t *to = w->out + at * (size_t)s->out_pitch;

        table.add_u8(added + at * (size_t)w->u->added_pitch, w->u->added_pitch, to, s->out_pitch, to,
                     s->out_pitch, w->rect.x1 - w->rect.x0, s->oc, &w->how->add);
    }
}

/* The zero point beside the picture, in all rows of the ring, and in the row that stands for those outside.
 */
static void fill_outside(const struct work *w)
{
    const struct kernel_conv *d = &w->u->part[KERNEL_UNIT_DEPTHWISE];

    memset(w->zeros, d->zero_point_in, w->x.plane);
    for (int r = 0; r < w->x.ring; r++)
        for (int plane = 0; plane < planes(d->ic); plane++)
            for (int i = w->inside > 0 ? 0 : w->end; i < w->x.columns;
                 i = i + 1 == w->inside ? w->end : i + 1)
                memset(w->ring + (size_t)r * w->x.row + (size_t)plane * w->x.plane + slot(w, i) * LANES,
                       d->zero_point_in, LANES);
}

static void unit_u8(const struct kernel_unit *u, const void *packed, const uint8_t *in, const uint8_t *added,
                    uint8_t *out, struct kernel_rect rect, const struct kernel_unit_u8 *how, void *scratch)
{
    const struct kernel_conv *d = &u->part[KERNEL_UNIT_DEPTHWISE];
    struct work w = { .u = u, .how = how, .in = in, .out = out, .rect = rect };
    int next = 0; /* the first row that was not in the ring yet */

    if (rect.x0 >= rect.x1)
        return;
    w.x = extent_of(u, rect.x1 - rect.x0);
    w.left = rect.x0 * d->stride - d->pad_x;
    w.inside = tile_min(tile_max(-w.left, 0), w.x.columns);
    w.end = tile_max(tile_min(d->iw - w.left, w.x.columns), w.inside);
    for (int i = 0; i < KERNEL_UNIT_PARTS; i++)
        w.packed[i] = (const char *)packed + unit_part_at(u, i, part_bytes);
    lay_out(&w, scratch);
    fill_outside(&w);
    for (int y = rect.y0; y < rect.y1; y += ROWS) {
        int rows = tile_min(ROWS, rect.y1 - y);
        struct kernel_rect needs = unit_reads(d, (struct kernel_rect){ y, y + rows, rect.x0, rect.x1 });

        expand(&w, tile_max(needs.y0, next), needs.y1, y, rows);
        next = tile_max(next, needs.y1);
        project(&w, y, rows);
        if (u->added_pitch > 0)
            add(&w, added, y, rows);
    }
}

/* Below, its weights would pass through the core for a few positions a time, and tiles are cut badly. */
static int pays(const struct kernel_unit *u)
{
    const struct kernel_conv *p = &u->part[KERNEL_UNIT_PROJECT];

    return p->oh * p->ow >= 14 * 14;
}

void unit_u8_fill_avx512vnni(struct kernel_table *t)
{
    t->unit_u8_pays = pays;
    t->unit_u8_packed_bytes = packed_bytes;
    t->unit_u8_pack = pack;
    t->unit_u8_scratch_bytes = scratch_bytes;
    t->unit_u8 = unit_u8;
}
