/* src/image/synth_draw.c: draws shapes in whole numbers, so that every machine draws the same bytes. */
#include "synth_draw.h"

#include <string.h>

#define UNIT 1024 /* an item's radius in its own coordinates */

int synth_draw_sin(int degrees)
{
    int d = degrees % 360, sign = 1, p;

    if (d < 0)
        d += 360;
    if (d >= 180) {
        d -= 180;
        sign = -1;
    }
    p = d * (180 - d);
    return sign * (int)((int64_t)16384 * 4 * p / (40500 - p));
}

int synth_draw_root(int64_t value)
{
    int64_t root = 0;

    for (int64_t bit = (int64_t)1 << 30; bit; bit >>= 1)
        if ((root + bit) * (root + bit) <= value)
            root += bit;
    return (int)root;
}

static int clamp_byte(int v)
{
    return v < 0 ? 0 : v > 255 ? 255 : v;
}

/* How many of the half-planes n . p <= distance hold, for normals at equal angles. */
static int planes_inside(const int (*normal)[2], int count, int distance, int u, int v)
{
    int inside = 0;

    for (int k = 0; k < count; k++)
        inside += normal[k][0] * u + normal[k][1] * v <= distance * UNIT;
    return inside;
}

static int shape_has(enum synth_shape shape, int u, int v)
{
    static const int five[5][2] = {
        { 0, 1024 }, { -974, 316 }, { -602, -828 }, { 602, -828 }, { 974, 316 },
    };
    static const int three[3][2] = { { 0, 1024 }, { -887, -512 }, { 887, -512 } };
    int a = u < 0 ? -u : u, b = v < 0 ? -v : v, rr = u * u + v * v;

    switch (shape) {
    case SHAPE_RING:
        return rr < 1000 * 1000 && rr > 440 * 440;
    case SHAPE_STAR:    /* a pentagram is where four of five half-planes meet; its tips are cut round */
        return rr < 1060 * 1060 && planes_inside(five, 5, 400, u, v) >= 4;
    case SHAPE_CROSS:
        return (a < 370 && b < 1000) || (b < 370 && a < 1000);
    case SHAPE_TRIANGLE:
        return planes_inside(three, 3, 520, u, v) == 3;
    case SHAPE_DISC:
        return rr < UNIT * UNIT;
    case SHAPE_BLOCK:
        return a < 800 && b < 800;
    case SHAPE_BAR:
        return a < 1200 && b < 160;
    }
    return 0;
}

/* Which of the item's two colours. u and v lie within +- 4 UNIT: the offset keeps the divisions positive. */
static int texture_at(const struct synth_item *item, int u, int v)
{
    int p = item->period, s = (u + 8 * UNIT + item->phase) % p, t, a, b;

    switch (item->texture) {
    case TEXTURE_STRIPE:
        return 2 * s < p;
    case TEXTURE_CHECK:
        t = (v + 8 * UNIT + item->phase) % p;
        return (2 * s < p) ^ (2 * t < p);
    case TEXTURE_DOT:
        t = (v + 8 * UNIT + item->phase) % p;
        a = 2 * s - p;
        b = 2 * t - p;
        return 100 * (a * a + b * b) < 46 * p * p;
    case TEXTURE_CIRCLE:    /* put_pixel has a table for it */
    case TEXTURE_PLAIN:
        return 0;
    }
    return 0;
}

/* circle[(u * u + v * v) / 1024] = the colour there: saves a square root a pixel. */
#define CIRCLE_SIZE 4096
static void circle_table(const struct synth_item *item, uint8_t *circle)
{
    int root = 0;

    for (int i = 0; i < CIRCLE_SIZE; i++) {
        while ((root + 1) * (root + 1) <= i * UNIT)
            root++;
        circle[i] = 2 * ((root + item->phase) % item->period) < item->period;
    }
}

static void put_pixel(const struct synth_item *item, const uint8_t *circle, int u, int v, uint8_t *out)
{
    int rr = (u * u + v * v) / UNIT, which, light;

    if (item->texture == TEXTURE_CIRCLE)
        which = circle[rr < CIRCLE_SIZE ? rr : CIRCLE_SIZE - 1];
    else
        which = texture_at(item, u, v);
    light = 256 + (item->shade[0] * u + item->shade[1] * v) / UNIT;
    for (int c = 0; c < 3; c++)
        out[c] = (uint8_t)clamp_byte(item->colour[which][c] * light / 256);
}

static int at_least(int v, int low)
{
    return v < low ? low : v;
}

static int at_most(int v, int high)
{
    return v > high ? high : v;
}

void synth_draw_item(const struct image *im, const struct synth_item *item, struct image_box *box)
{
    uint8_t circle[CIRCLE_SIZE];
    int half = item->radius * 3 / 2 + 2;
    int64_t cosine = synth_draw_sin(item->angle + 90), sine = synth_draw_sin(item->angle);
    int64_t wide = (int64_t)item->radius * item->stretch[0], tall = (int64_t)item->radius * item->stretch[1];
    /* 1/65536 of a unit a pixel */
    int64_t ux = cosine * 4 * UNIT * 256 / wide, uy = sine * 4 * UNIT * 256 / wide;
    int64_t vx = -sine * 4 * UNIT * 256 / tall, vy = cosine * 4 * UNIT * 256 / tall;
    int x0 = at_least(item->x - half, 0), x1 = at_most(item->x + half, im->width - 1);
    int y0 = at_least(item->y - half, 0), y1 = at_most(item->y + half, im->height - 1);

    *box = (struct image_box){ im->width, im->height, -1, -1 };
    if (item->texture == TEXTURE_CIRCLE)
        circle_table(item, circle);
    for (int y = y0; y <= y1; y++) {
        int64_t u = (x0 - item->x) * ux + (y - item->y) * uy, v = (x0 - item->x) * vx + (y - item->y) * vy;

        for (int x = x0; x <= x1; x++, u += ux, v += vx) {
            int ui = (int)(u / 65536), vi = (int)(v / 65536);

            if (!shape_has(item->shape, ui, vi))
                continue;
            box->x0 = at_most(box->x0, x);
            box->x1 = at_least(box->x1, x);
            box->y0 = at_most(box->y0, y);
            box->y1 = y;
            if (im->rgb)
                put_pixel(item, circle, ui, vi, im->rgb + 3 * ((size_t)y * (size_t)im->width + (size_t)x));
        }
    }
}

#define CELL 48      /* pixels between the blotches' grid points */
#define GRID 24      /* enough for 1,100 pixels */

/* One row of the blotches: `value` gets width entries, -256 .. 256 or so, in 1/256 of `depth`. */
static void blotch_row(int (*grid)[GRID], int width, int y, int *value)
{
    int gy = y / CELL, fy = y % CELL, node[GRID];

    for (int i = 0; i < GRID; i++)
        node[i] = (grid[gy][i] * (CELL - fy) + grid[gy + 1][i] * fy) / CELL;
    for (int x = 0; x < width; x++) {
        int gx = x / CELL, fx = x % CELL;

        value[x] = (node[gx] * (CELL - fx) + node[gx + 1] * fx) / CELL;
    }
}

void synth_draw_ground(const struct image *im, const int top[3], const int bottom[3], int first_row,
                       int depth, struct random *r)
{
    int grid[GRID][GRID], value[GRID * CELL], rows = im->height - first_row;

    BUG_IF(im->width > (GRID - 1) * CELL || im->height > (GRID - 1) * CELL);
    for (int i = 0; i < GRID; i++)
        for (int j = 0; j < GRID; j++)
            grid[i][j] = (int)random_below(r, 513) - 256;
    for (int y = first_row; y < im->height; y++) {
        uint8_t *p = im->rgb + 3 * (size_t)y * (size_t)im->width;
        int base[3];

        for (int c = 0; c < 3; c++)
            base[c] = top[c] + (bottom[c] - top[c]) * (y - first_row) / rows;
        blotch_row(grid, im->width, y, value);
        for (int x = 0; x < im->width; x++, p += 3) {
            int add = value[x] * depth / 256;

            p[0] = (uint8_t)clamp_byte(base[0] + add);
            p[1] = (uint8_t)clamp_byte(base[1] + add);
            p[2] = (uint8_t)clamp_byte(base[2] + add);
        }
    }
}

void synth_draw_light(const struct image *im, int angle, int middle, int swing)
{
    int cosine = synth_draw_sin(angle + 90), sine = synth_draw_sin(angle);
    int span = (im->width + im->height) / 2;

    for (int y = 0; y < im->height; y++) {
        uint8_t *p = im->rgb + 3 * (size_t)y * (size_t)im->width;
        int along = (y - im->height / 2) * sine;

        for (int x = 0; x < im->width; x++, p += 3) {
            int light = middle + ((x - im->width / 2) * cosine + along) / 8192 * swing / span;

            for (int c = 0; c < 3; c++)
                p[c] = (uint8_t)at_most(p[c] * at_least(light, 0) / 256, 255);
        }
    }
}

static void blur_line(uint8_t *p, int count)
{
    int before[3] = { p[0], p[1], p[2] };

    for (int x = 0; x < count; x++, p += 3)
        for (int c = 0; c < 3; c++) {
            int here = p[c], next = x + 1 < count ? p[c + 3] : here;

            p[c] = (uint8_t)((before[c] + 2 * here + next + 2) / 4);
            before[c] = here;
        }
}

void synth_draw_blur(const struct image *im, uint8_t *row)
{
    size_t bytes = 3 * (size_t)im->width;
    uint8_t *before = row, *here = row + bytes;

    for (int y = 0; y < im->height; y++)
        blur_line(im->rgb + (size_t)y * bytes, im->width);
    memcpy(before, im->rgb, bytes);
    for (int y = 0; y < im->height; y++) {
        uint8_t *p = im->rgb + (size_t)y * bytes;
        const uint8_t *next = y + 1 < im->height ? p + bytes : p;

        memcpy(here, p, bytes);
        for (size_t i = 0; i < bytes; i++)
            p[i] = (uint8_t)((before[i] + 2 * here[i] + next[i] + 2) / 4);
        memcpy(before, here, bytes);
    }
}

void synth_draw_noise(const struct image *im, int amplitude, uint32_t seed)
{
    uint32_t s = seed | 1;
    uint8_t *p = im->rgb;
    int range = 2 * amplitude + 1, small = amplitude / 2, small_range = 2 * small + 1;

    for (size_t i = (size_t)im->width * (size_t)im->height; i > 0; i--, p += 3) {
        int common;

        s ^= s << 13;
        s ^= s >> 17;
        s ^= s << 5;
        common = (int)((s & 255) * (unsigned)range >> 8) - amplitude - small;
        p[0] = (uint8_t)clamp_byte(p[0] + common + (int)((s >> 8 & 255) * (unsigned)small_range >> 8));
        p[1] = (uint8_t)clamp_byte(p[1] + common + (int)((s >> 16 & 255) * (unsigned)small_range >> 8));
        p[2] = (uint8_t)clamp_byte(p[2] + common + (int)((s >> 24) * (unsigned)small_range >> 8));
    }
}

void synth_draw_grey(const struct image *im)
{
    uint8_t *p = im->rgb;

    for (size_t i = (size_t)im->width * (size_t)im->height; i > 0; i--, p += 3) {
        int grey = (299 * p[0] + 587 * p[1] + 114 * p[2] + 500) / 1000;

        p[0] = p[1] = p[2] = (uint8_t)grey;
    }
}
