/* src/saliency/itti.c: saliency as Itti, Koch & Niebur 1998 have it: intensity, colours and orientations in
 * pyramids, centres against surrounds, maps with one peak above those with many. What the paper leaves open:
 *  - a level of a pyramid is 1 4 6 4 1 of the one before, mirrored at the edge, every second pixel;
 *  - orientations are Walther & Koch's Gabor pairs (SaliencyToolbox): 9 x 9, period 7, deviation 7/3, without
 * mean, absolute taps' sum 1, the absolute even and odd answers added;
 *  - a local maximum is positive and not below any of its 8 neighbours; the first largest one is not among
 * the others; maps are brought to level 4, and surrounds to their centres, bilinearly. */
#include <math.h>

#include "methods.h"

enum { LEVELS = 9, TO_LEVEL = 4, COLOURS = 4, ORIENTATIONS = 4, TAPS = 9 };
enum { RED, GREEN, BLUE, YELLOW };

struct pyramid {
    struct plane level[LEVELS];
};

static void pyramid_free(struct pyramid *p)
{
    for (int i = 0; i < LEVELS; i++)
        plane_free(&p->level[i]);
}

/* Levels 1 and on from level 0. */
static status pyramid_grow(struct pyramid *p)
{
    static const double tap[5] = { 0.0625, 0.25, 0.375, 0.25, 0.0625 };

    for (int i = 1; i < LEVELS; i++) {
        struct plane *out = &p->level[i], whole;
        const struct plane *in = &p->level[i - 1];
        status result;

        TRY(plane_alloc(in->width, in->height, &whole));
        for (int64_t k = 0; k < (int64_t)in->width * in->height; k++)
            whole.v[k] = in->v[k];
        result = plane_blur(&whole, tap, 2, PLANE_MIRROR);
        if (result == OK)
            result = plane_alloc((in->width + 1) / 2, (in->height + 1) / 2, out);
        for (int y = 0; result == OK && y < out->height; y++)
            for (int x = 0; x < out->width; x++)
                out->v[(int64_t)y * out->width + x] = whole.v[2 * ((int64_t)y * in->width + x)];
        plane_free(&whole);
        TRY(result);
    }
    return OK;
}

/* ---- maps with one peak -------------------------------------------------------------------------------- */

static int is_peak(const struct plane *p, int x, int y)
{
    double v = p->v[(int64_t)y * p->width + x];

    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++)
            if (x + dx >= 0 && x + dx < p->width && y + dy >= 0 && y + dy < p->height &&
                p->v[(int64_t)(y + dy) * p->width + x + dx] > v)
                return 0;
    return v > 0.0;
}

/* N(.): scaled to [0, 1], times (1 - mean of the other local maxima)^2; a constant map is 0. */
static void normalize(struct plane *p)
{
    int64_t count = (int64_t)p->width * p->height;
    double least = p->v[0], most = plane_max(p), sum = 0.0, factor;
    int peaks = 0, seen_most = 0;

    for (int64_t i = 1; i < count; i++)
        least = p->v[i] < least ? p->v[i] : least;
    for (int64_t i = 0; i < count; i++)
        p->v[i] = most > least ? (p->v[i] - least) / (most - least) : 0.0;
    for (int64_t i = 0; i < count; i++) {
        if (!is_peak(p, (int)(i % p->width), (int)(i / p->width)))
            continue;
        if (p->v[i] == 1.0 && !seen_most) {
            seen_most = 1;
            continue;
        }
        sum += p->v[i];
        peaks++;
    }
    factor = 1.0 - (peaks ? sum / peaks : 0.0);
    for (int64_t i = 0; i < count; i++)
        p->v[i] *= factor * factor;
}

/* Adds N(map), brought to sum's size. */
static status add_normalized(struct plane *map, struct plane *sum)
{
    struct plane at = { 0 };

    normalize(map);
    TRY(plane_resize(map, sum->width, sum->height, &at));
    for (int64_t i = 0; i < (int64_t)at.width * at.height; i++)
        sum->v[i] += at.v[i];
    plane_free(&at);
    return OK;
}

/* Adds N(|first(c) - second(s)|) for centres c = 2, 3, 4 and surrounds s = c + 3, c + 4. */
static status add_differences(const struct pyramid *first, const struct pyramid *second, struct plane *sum)
{
    for (int c = 2; c <= 4; c++)
        for (int s = c + 3; s <= c + 4; s++) {
            const struct plane *centre = &first->level[c];
            struct plane map;
            status result;

            TRY(plane_resize(&second->level[s], centre->width, centre->height, &map));
            for (int64_t i = 0; i < (int64_t)map.width * map.height; i++)
                map.v[i] = fabs(centre->v[i] - map.v[i]);
            result = add_normalized(&map, sum);
            plane_free(&map);
            TRY(result);
        }
    return OK;
}

/* ---- channels ------------------------------------------------------------------------------------------ */

static status start(const struct image *frame, struct pyramid *intensity, struct pyramid colour[COLOURS])
{
    int64_t count = (int64_t)frame->width * frame->height;
    double most;

    TRY(plane_alloc(frame->width, frame->height, &intensity->level[0]));
    for (int64_t i = 0; i < count; i++)
        intensity->level[0].v[i] = (frame->rgb[3 * i] + frame->rgb[3 * i + 1] + frame->rgb[3 * i + 2]) / 3.0;
    most = plane_max(&intensity->level[0]);
    for (int k = 0; k < COLOURS; k++)
        TRY(plane_alloc(frame->width, frame->height, &colour[k].level[0]));
    for (int64_t i = 0; i < count; i++) {
        double light = intensity->level[0].v[i], share = light > most / 10 ? 1 / light : 0.0;
        double r = frame->rgb[3 * i] * share, g = frame->rgb[3 * i + 1] * share,
               b = frame->rgb[3 * i + 2] * share;
        const double v[COLOURS] = { r - (g + b) / 2, g - (r + b) / 2, b - (r + g) / 2,
                                    (r + g) / 2 - fabs(r - g) / 2 - b };

        for (int k = 0; k < COLOURS; k++)
            colour[k].level[0].v[i] = v[k] > 0 ? v[k] : 0.0;
    }
    TRY(pyramid_grow(intensity));
    for (int k = 0; k < COLOURS; k++)
        TRY(pyramid_grow(&colour[k]));
    return OK;
}

/* Opponents: level by level first - second into `first`, second - first into `second`. */
static void oppose(struct pyramid *first, struct pyramid *second)
{
    for (int k = 0; k < LEVELS; k++)
        for (int64_t i = 0; i < (int64_t)first->level[k].width * first->level[k].height; i++) {
            double difference = first->level[k].v[i] - second->level[k].v[i];

            first->level[k].v[i] = difference;
            second->level[k].v[i] = -difference;
        }
}

/* The pair of filters of one orientation, k eighths of a turn. */
static void make_gabor(int k, double filter[2][TAPS * TAPS])
{
    const double c = math_cos_turns(k / 8.0), s = math_cos_turns(k / 8.0 - 0.25), deviation = 7.0 / 3;

    for (int part = 0; part < 2; part++) {
        double mean = 0.0, sum = 0.0;

        for (int i = 0; i < TAPS * TAPS; i++) {
            double x = i % TAPS - TAPS / 2, y = i / TAPS - TAPS / 2;

            filter[part][i] = math_exp(-(x * x + y * y) / (2 * deviation * deviation)) *
                              math_cos_turns((x * c + y * s) / 7 - 0.25 * part);
            mean += filter[part][i] / (TAPS * TAPS);
        }
        for (int i = 0; i < TAPS * TAPS; i++)
            sum += fabs(filter[part][i] -= mean);
        for (int i = 0; i < TAPS * TAPS; i++)
            filter[part][i] /= sum;
    }
}

static double answer(const struct plane *in, int x, int y, const double filter[2][TAPS * TAPS])
{
    double even = 0.0, odd = 0.0;

    for (int i = 0; i < TAPS * TAPS; i++) {
        int at_y = plane_mirror(y + i / TAPS - TAPS / 2, in->height),
            at_x = plane_mirror(x + i % TAPS - TAPS / 2, in->width);
        double v = in->v[(int64_t)at_y * in->width + at_x];

        even += filter[0][i] * v;
        odd += filter[1][i] * v;
    }
    return fabs(even) + fabs(odd);
}

/* How much of one orientation there is at each level; level 0 and 1 are nobody's. */
static status orient(const struct pyramid *intensity, int k, struct pyramid *out)
{
    double filter[2][TAPS * TAPS];

    make_gabor(k, filter);
    for (int i = 2; i < LEVELS; i++) {
        const struct plane *in = &intensity->level[i];

        TRY(plane_alloc(in->width, in->height, &out->level[i]));
        for (int y = 0; y < in->height; y++)
            for (int x = 0; x < in->width; x++)
                out->level[i].v[(int64_t)y * in->width + x] = answer(in, x, y, filter);
    }
    return OK;
}

/* ---- the map ------------------------------------------------------------------------------------------- */

/* Each orientation's maps become one, of which N is added, too. */
static status add_orientation(const struct pyramid *intensity, int k, struct plane *sum)
{
    struct pyramid oriented = { 0 };
    struct plane one = { 0 };
    status result;

    TRY_OUT(orient(intensity, k, &oriented));
    TRY_OUT(plane_alloc(sum->width, sum->height, &one));
    TRY_OUT(add_differences(&oriented, &oriented, &one));
    TRY_OUT(add_normalized(&one, sum));
out:
    pyramid_free(&oriented);
    plane_free(&one);
    return result;
}

status itti(const struct image *frame, struct plane *out)
{
    struct pyramid intensity = { 0 }, colour[COLOURS] = { 0 };
    struct plane kind[3] = { 0 }, all = { 0 };
    status result;

    *out = (struct plane){ 0 };
    TRY_OUT(start(frame, &intensity, colour));
    for (int k = 0; k < 3; k++)
        TRY_OUT(plane_alloc(intensity.level[TO_LEVEL].width, intensity.level[TO_LEVEL].height, &kind[k]));
    TRY_OUT(plane_alloc(kind[0].width, kind[0].height, &all));
    TRY_OUT(add_differences(&intensity, &intensity, &kind[0]));
    oppose(&colour[RED], &colour[GREEN]);
    oppose(&colour[BLUE], &colour[YELLOW]);
    TRY_OUT(add_differences(&colour[RED], &colour[GREEN], &kind[1]));
    TRY_OUT(add_differences(&colour[BLUE], &colour[YELLOW], &kind[1]));
    for (int k = 0; k < ORIENTATIONS; k++)
        TRY_OUT(add_orientation(&intensity, k, &kind[2]));
    for (int k = 0; k < 3; k++)
        TRY_OUT(add_normalized(&kind[k], &all));
    for (int64_t i = 0; i < (int64_t)all.width * all.height; i++)
        all.v[i] /= 3;
    TRY_OUT(plane_resize(&all, frame->width, frame->height, out));
out:
    pyramid_free(&intensity);
    for (int k = 0; k < COLOURS; k++)
        pyramid_free(&colour[k]);
    for (int k = 0; k < 3; k++)
        plane_free(&kind[k]);
    plane_free(&all);
    return result;
}
