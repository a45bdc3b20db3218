/* src/probe/truth.c: what maps are compared with, one picture after the other: found, read, cut as a network
 * sees the picture. */
#include "probe_truth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct truth_set {
    struct truth_pictures list;
    struct truth_how how;
    struct saliency_source *source[TRUTH_KINDS];
    struct image_points points;
    int32_t *size;   /* (pictures, 2) width and height where there are fixations, else 0 */
    int32_t **pixel; /* (pictures) fixated pixels of the whole picture */
    int *pixels, *dropped;
    uint8_t *fixated; /* 1 where a picture has fixated pixels */
    struct kept {
        int picture;
        struct saliency_map map; /* that a picture before asked for */
    } kept[TRUTH_KINDS];
};

/* ---- the set ------------------------------------------------------------------------------------------- */

status truth_picture(const struct truth_pictures *list, int i, struct image *out)
{
    char path[4096];

    if (!list->root)
        return image_read(list->path[i], out);
    TRY(text_path(path, sizeof path, list->root, list->path[i]));
    return image_read(path, out);
}

static status open_fixations(struct truth_set *s)
{
    size_t count = (size_t)s->list.count;

    MEM_TRY(s->size, 2 * count, sizeof *s->size);
    MEM_TRY(s->pixel, count, sizeof *s->pixel);
    MEM_TRY(s->pixels, count, sizeof *s->pixels);
    MEM_TRY(s->dropped, count, sizeof *s->dropped);
    MEM_TRY(s->fixated, count, 1);
    return image_points_read(s->how.from[TRUTH_FIXATIONS], s->list.path, s->list.count, &s->points);
}

status truth_open(const struct truth_pictures *list, const struct truth_how *how, struct truth_set **out)
{
    struct truth_set *s;

    MEM_TRY(*out, 1, sizeof **out);
    s = *out;
    *s = (struct truth_set){ .list = *list, .how = *how };
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        struct saliency_source_how source = { .mask = kind == TRUTH_MASK, .suffix = how->suffix };

        if (how->from[kind] && kind != TRUTH_FIXATIONS)
            TRY(saliency_source_open(how->from[kind], &source, list->path, list->count, &s->source[kind]));
    }
    return how->from[TRUTH_FIXATIONS] ? open_fixations(s) : OK;
}

void truth_close(struct truth_set *s)
{
    if (!s)
        return;
    for (int i = 0; s->pixel && i < s->list.count; i++)
        mem_free(s->pixel[i]);
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        saliency_source_close(s->source[kind]);
        saliency_free(&s->kept[kind].map);
    }
    image_points_free(&s->points);
    mem_free(s->size);
    mem_free(s->pixel);
    mem_free(s->pixels);
    mem_free(s->dropped);
    mem_free(s->fixated);
    mem_free(s);
}

void truth_measure(struct truth_set *s, int i)
{
    struct image im;

    if (!s->size || s->points.first[i + 1] == s->points.first[i] || truth_picture(&s->list, i, &im) != OK)
        return; /* an unreadable picture is told when its turn comes */
    s->size[2 * i] = im.width;
    s->size[2 * i + 1] = im.height;
    image_free(&im);
}

int32_t *truth_sizes(struct truth_set *s)
{
    return s->size;
}

status truth_find(struct truth_set *s)
{
    for (int i = 0; i < s->list.count && s->size; i++) {
        int listed = s->points.first[i + 1] - s->points.first[i];

        if (listed == 0 || s->size[2 * i] == 0)
            continue;
        MEM_TRY(s->pixel[i], (size_t)listed, sizeof *s->pixel[i]);
        s->pixels[i] = saliency_fixated(&s->points, i, s->how.origin, s->size[2 * i], s->size[2 * i + 1],
                                        s->pixel[i], &s->dropped[i]);
        s->fixated[i] = s->pixels[i] > 0;
    }
    return OK;
}

int truth_dropped(const struct truth_set *s, int i)
{
    return s->dropped[i];
}

int truth_has(const struct truth_set *s, enum truth_kind kind)
{
    return s->how.from[kind] != NULL || (kind == TRUTH_DENSITY && s->how.predicted);
}

int truth_is_of(const struct truth_set *s, enum truth_kind kind, int i)
{
    if (kind == TRUTH_FIXATIONS)
        return s->fixated[i];
    return !s->source[kind] || saliency_source_has(s->source[kind], i);
}

unsigned truth_kinds(const struct truth_set *s)
{
    unsigned kinds = 0;

    for (int kind = 0; kind < TRUTH_KINDS; kind++)
        kinds |= (unsigned)truth_has(s, (enum truth_kind)kind) << kind;
    return kinds;
}

enum truth_kind truth_kind_of(unsigned kinds, const struct measure *m)
{
    return m->needs & MEASURE_FIXATIONS   ? TRUTH_FIXATIONS
           : m->needs & MEASURE_MASK      ? TRUTH_MASK
           : kinds >> TRUTH_DENSITY & 1   ? TRUTH_DENSITY
           : kinds >> TRUTH_FIXATIONS & 1 ? TRUTH_FIXATIONS
                                          : TRUTH_MASK;
}

int truth_next(const struct truth_set *s, enum truth_kind kind, int i)
{
    for (int step = 1; step < s->list.count; step++)
        if (truth_is_of(s, kind, (i + step) % s->list.count))
            return (i + step) % s->list.count;
    return -1;
}

/* ---- what they are, for a job's hash ------------------------------------------------------------------- */

static status hash_maps(const struct truth_set *s, enum truth_kind kind, struct hash *h)
{
    uint8_t one[HASH_SIZE];

    for (int i = 0; i < s->list.count; i++) {
        int64_t place = i;

        if (!saliency_source_has(s->source[kind], i))
            continue;
        TRY(hash_file(saliency_source_name(s->source[kind], i), one));
        hash_add(h, &place, sizeof place);
        hash_add(h, one, sizeof one);
    }
    return OK;
}

status truth_hash(const struct truth_set *s, enum truth_kind kind, uint8_t out[HASH_SIZE])
{
    const struct image_points *p = &s->points;
    struct stat st;
    struct hash h;
    status result = OK;

    if (kind != TRUTH_FIXATIONS && (stat(s->how.from[kind], &st) != 0 || !S_ISDIR(st.st_mode)))
        return hash_file(s->how.from[kind], out);
    hash_start(&h);
    if (kind != TRUTH_FIXATIONS)
        result = hash_maps(s, kind, &h);
    for (int64_t i = 0; kind == TRUTH_FIXATIONS && i < s->list.count; i++)
        for (int k = p->first[i]; k < p->first[i + 1]; k++) {
            hash_add(&h, &i, sizeof i);
            hash_add(&h, (double[]){ p->point[k].x, p->point[k].y }, 2 * sizeof(double));
        }
    hash_result(&h, out);
    return result;
}

/* ---- frames -------------------------------------------------------------------------------------------- */

/* What is left of a map of a picture: pixels x0 .. x1 - 1, y0 .. y1 - 1. */
struct window {
    int x0, y0, x1, y1;
};

static int edge_of(int at, int of, int n)
{
    return (int)rint((double)((int64_t)at * n) / of);
}

/* Of a map (height, width) of a picture of `size`, what the network sees: at least a pixel. */
static struct window window_of(const struct truth_set *s, const int32_t size[2], int width, int height)
{
    const struct image_pipeline *p = s->how.seen;
    int resized_w, resized_h, left, top;
    struct window w = { 0, 0, width, height };

    if (!p || p->resize == IMAGE_SQUASH)
        return w;
    image_geometry(size[0], size[1], p, &resized_w, &resized_h, &left, &top);
    w = (struct window){ edge_of(left, resized_w, width), edge_of(top, resized_h, height),
                         edge_of(left + p->width, resized_w, width),
                         edge_of(top + p->height, resized_h, height) };
    w.x0 -= w.x0 == width;
    w.y0 -= w.y0 == height;
    w.x1 += w.x1 == w.x0;
    w.y1 += w.y1 == w.y0;
    return w;
}

/* The window's part of a map, in its place. */
static void cut(struct saliency_map *m, const struct window *w)
{
    int width = w->x1 - w->x0, height = w->y1 - w->y0;

    for (int y = 0; y < height; y++)
        memmove(m->value + (size_t)y * (size_t)width,
                m->value + (size_t)(y + w->y0) * (size_t)m->width + w->x0, (size_t)width * sizeof *m->value);
    m->width = width;
    m->height = height;
}

/* Pixels of a frame of such a width that lie in the window, as pixels of the window; returns how many. */
static int cut_pixels(int32_t *pixel, int count, int width, const struct window *w)
{
    int kept = 0;

    for (int k = 0; k < count; k++) {
        int x = pixel[k] % width, y = pixel[k] / width;

        if (x >= w->x0 && x < w->x1 && y >= w->y0 && y < w->y1)
            pixel[kept++] = (y - w->y0) * (w->x1 - w->x0) + x - w->x0;
    }
    return kept;
}

/* ---- one picture: its map ------------------------------------------------------------------------------ */

/* A prediction, or the density of fixations: kept, where another picture is compared with it, until its own
 * turn. */
static status make_map(struct truth_set *s, enum truth_kind kind, int i, const struct image *picture,
                       int keep, struct saliency_map *out)
{
    struct kept *k = &s->kept[kind];
    const int32_t *size = s->size ? s->size + 2 * i : NULL;

    if (!k->map.value || k->picture != i) {
        saliency_free(&k->map);
        if (kind == TRUTH_FIXATIONS)
            TRY(saliency_density(s->pixel[i], s->pixels[i], size[0], size[1], s->how.sigma, &k->map));
        else
            TRY(saliency_predict(s->how.method, picture, &k->map));
        k->picture = i;
    }
    *out = k->map;
    if (keep) {
        size_t count = (size_t)out->width * (size_t)out->height;

        MEM_TRY(out->value, count, sizeof *out->value);
        memcpy(out->value, k->map.value, count * sizeof *out->value);
        return OK;
    }
    k->map = (struct saliency_map){ 0 };
    return OK;
}

static status read_map(struct truth_set *s, enum truth_kind kind, int i, const struct image *picture,
                       int keep, struct truth *t)
{
    int predicted = kind == TRUTH_DENSITY && s->how.predicted;
    struct window w;

    if (predicted || kind == TRUTH_FIXATIONS)
        TRY(make_map(s, kind, i, picture, keep, &t->map));
    else
        TRY(saliency_source_read(s->source[kind], i, &t->map));
    t->state = TRUTH_THERE;
    if (!picture)
        return OK;
    if (!predicted && (t->map.width != picture->width || t->map.height != picture->height))
        t->state = TRUTH_OTHER_SIZE;
    w = window_of(s, (int32_t[]){ picture->width, picture->height }, t->map.width, t->map.height);
    cut(&t->map, &w);
    return OK;
}

/* ---- one picture: fixations ---------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* The fixated pixels of some other pictures, brought to this one's frame, each once. */
static status draw_pooled(const struct truth_set *s, int i, const struct window *w, int pixels,
                          struct draws *out)
{
    int other[DRAWS_OTHERS], others = draws_others(s->how.seed, i, s->fixated, s->list.count, other);
    const int32_t *size = s->size + 2 * i;
    int count = 0, different = 0;
    int32_t *pool;
    status result = OK;

    for (int k = 0; k < others; k++)
        count += s->pixels[other[k]];
    if (count == 0)
        return OK;
    MEM_TRY(pool, (size_t)count, sizeof *pool);
    count = 0;
    for (int k = 0; k < others; k++)
        for (int p = 0; p < s->pixels[other[k]]; p++) {
            int from_w = s->size[2 * other[k]], from_h = s->size[2 * other[k] + 1],
                at = s->pixel[other[k]][p];
            int x = (int)((2 * (int64_t)(at % from_w) + 1) * size[0] / (2 * (int64_t)from_w)),
                y = (int)((2 * (int64_t)(at / from_w) + 1) * size[1] / (2 * (int64_t)from_h));

            pool[count++] = y * size[0] + x;
        }
    count = cut_pixels(pool, count, size[0], w);
    qsort(pool, (size_t)count, sizeof *pool, ascending);
    for (int k = 0; k < count; k++)
        if (k == 0 || pool[k] != pool[k - 1])
            pool[different++] = pool[k];
    if (different > 0)
        result = draws_pooled(s->how.seed, i, pool, different, pixels, out);
    mem_free(pool);
    return result;
}

static status read_fixations(struct truth_set *s, int i, struct truth *t)
{
    const int32_t *size = s->size + 2 * i;
    struct window w = window_of(s, size, size[0], size[1]);

    MEM_TRY(t->pixel, (size_t)s->pixels[i], sizeof *t->pixel);
    memcpy(t->pixel, s->pixel[i], (size_t)s->pixels[i] * sizeof *t->pixel);
    t->pixels = cut_pixels(t->pixel, s->pixels[i], size[0], &w);
    if (t->pixels == 0) {
        t->state = TRUTH_NONE;
        return OK;
    }
    TRY(saliency_center(size[0], size[1], &t->baseline));
    cut(&t->baseline, &w);
    TRY(draws_uniform(s->how.seed, i, (int64_t)t->map.width * t->map.height, t->pixels, &t->uniform));
    TRY(draw_pooled(s, i, &w, t->pixels, &t->pooled));
    MEM_TRY(t->room.value, (size_t)t->pixels, sizeof *t->room.value);
    MEM_TRY(t->room.reached, (size_t)t->pixels, sizeof *t->room.reached);
    return OK;
}

/* ---- one picture --------------------------------------------------------------------------------------- */

void truth_free(struct truth *t)
{
    saliency_free(&t->map);
    saliency_free(&t->baseline);
    draws_free(&t->uniform);
    draws_free(&t->pooled);
    mem_free(t->pixel);
    mem_free(t->room.value);
    mem_free(t->room.reached);
    *t = (struct truth){ 0 };
}

/* A density without any difference says nothing of a map; a mask may mark nothing, or all. */
static enum truth_state state_of(enum truth_kind kind, const struct truth *t)
{
    static const enum truth_state of[DENSITY_CAUSES] = { [DENSITY_ZERO] = TRUTH_ZERO,
                                                         [DENSITY_CONSTANT] = TRUTH_CONSTANT,
                                                         [DENSITY_NOT_FINITE] = TRUTH_NOT_FINITE };
    enum density_cause cause = density_look(t->map.value, (int64_t)t->map.width * t->map.height);

    return kind != TRUTH_DENSITY || cause == DENSITY_SOUND ? t->state : of[cause];
}

/* Pictures are asked for where a map is predicted from them, or cut as they are. */
static int needs_picture(const struct truth_set *s, enum truth_kind kind, int i)
{
    const struct kept *k = &s->kept[kind];
    int predicted = kind == TRUTH_DENSITY && s->how.predicted && !(k->map.value && k->picture == i);

    return predicted || (s->how.seen && s->how.seen->resize != IMAGE_SQUASH);
}

status truth_read(struct truth_set *s, enum truth_kind kind, int i, const struct image *picture,
                  struct truth *out)
{
    struct image own = { 0 };
    status result = OK;

    *out = (struct truth){ 0 };
    if (!truth_is_of(s, kind, i))
        return OK;
    if (!picture && needs_picture(s, kind, i))
        result = truth_picture(&s->list, i, &own);
    if (result == OK)
        result = read_map(s, kind, i, picture ? picture : own.rgb ? &own : NULL, !picture, out);
    image_free(&own);
    if (result == OK)
        out->state = state_of(kind, out);
    if (result == OK && picture && kind == TRUTH_FIXATIONS)
        result = read_fixations(s, i, out);
    if (result == OK)
        return OK;
    truth_free(out);
    out->state = TRUTH_UNREADABLE;
    return result;
}

status truth_center(const struct truth_set *s, const struct image *picture, const struct truth *t,
                    struct saliency_map *out)
{
    const struct image_pipeline *p = s->how.seen;
    struct saliency_map whole;
    struct window w;
    status result;

    if (!p || p->resize == IMAGE_SQUASH)
        return saliency_center(t->map.width, t->map.height, out);
    *out = (struct saliency_map){ 0 };
    TRY(saliency_center(picture->width, picture->height, &whole));
    w = window_of(s, (int32_t[]){ picture->width, picture->height }, whole.width, whole.height);
    cut(&whole, &w);
    result = saliency_resize(&whole, t->map.width, t->map.height, out);
    saliency_free(&whole);
    return result;
}

struct saliency_view truth_view(const struct truth *t, const float *map)
{
    return (struct saliency_view){ .map = map,
                                   .width = t->map.width,
                                   .height = t->map.height,
                                   .density = t->map.value,
                                   .mask = t->map.value,
                                   .pixel = t->pixel,
                                   .pixels = t->pixels,
                                   .baseline = t->baseline.value,
                                   .uniform = &t->uniform,
                                   .pooled = t->pooled.splits ? &t->pooled : NULL,
                                   .room = t->room };
}
