/* src/cli/score.c: maps against truths, one picture after the other. */
#include "score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base_option.h"

/* ---- what there is ------------------------------------------------------------------------------------- */

const int score_order[SCORE_MAPS] = { SALIENCY_SR,     SALIENCY_SR_OPENCV, SALIENCY_FINEGRAINED,
                                      SALIENCY_ITTI,   SALIENCY_SR_CENTER, SCORE_FILE,
                                      SALIENCY_CENTER, SCORE_SHUFFLED };

const char *score_map_name(int map, char out[48])
{
    char name[OPTION_NAME];

    if (map == SCORE_SHUFFLED)
        snprintf(out, 48, "shuffled");
    else if (map == SCORE_FILE)
        snprintf(out, 48, "file");
    else if (map == SALIENCY_CENTER)
        snprintf(out, 48, "center");
    else
        snprintf(out, 48, "predicted %s", option_choice(SALIENCY_METHOD_NAMES, map, name));
    return out;
}

/* Densities are the user's; else what fixations or masks make of them. */
static enum truth_kind density_kind(const struct score *s)
{
    return s->how.truth[TRUTH_DENSITY]     ? TRUTH_DENSITY
           : s->how.truth[TRUTH_FIXATIONS] ? TRUTH_FIXATIONS
                                           : TRUTH_MASK;
}

/* The truth that a measure compares with. */
static enum truth_kind kind_of(const struct score *s, const struct measure *m)
{
    return m->needs & MEASURE_FIXATIONS ? TRUTH_FIXATIONS
           : m->needs & MEASURE_MASK    ? TRUTH_MASK
                                        : density_kind(s);
}

int score_has(const struct score *s, int measure)
{
    return s->how.truth[kind_of(s, &saliency_measures[measure])] != NULL;
}

status score_read(const struct score_pictures *list, int i, struct image *out)
{
    char path[4096];

    if (!list->root)
        return image_read(list->path[i], out);
    TRY(text_path(path, sizeof path, list->root, list->path[i]));
    return image_read(path, out);
}

status score_file_map(struct score *s, int i, struct saliency_map *out)
{
    return saliency_source_read(s->file, i, out);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static status allocate(struct score *s)
{
    size_t count = (size_t)s->list.count;

    for (const struct measure *m = saliency_measures; m->name; m++)
        s->measures++;
    BUG_IF(s->measures > SCORE_MEASURES);
    for (int map = 0; map < SCORE_MAPS; map++)
        for (int k = 0; k < s->measures; k++) {
            if (!score_has(s, k) || !(map == SCORE_SHUFFLED || s->how.maps >> map & 1))
                continue;
            MEM_TRY(s->value[map][k], count, sizeof(double));
            for (int i = 0; i < s->list.count; i++)
                s->value[map][k][i] = NAN;
        }
    MEM_TRY(s->pixel, count, sizeof *s->pixel);
    MEM_TRY(s->pixels, count, sizeof *s->pixels);
    MEM_TRY(s->width, count, sizeof *s->width);
    MEM_TRY(s->height, count, sizeof *s->height);
    MEM_TRY(s->fixations, count, 1);
    return OK;
}

/* The fixated pixels of every picture, which its size says: another picture's are drawn from, too. */
static status find_pixels(struct score *s)
{
    TRY(image_points_read(s->how.truth[TRUTH_FIXATIONS], s->list.path, s->list.count, &s->points));
    for (int i = 0; i < s->list.count; i++) {
        int listed = s->points.first[i + 1] - s->points.first[i];
        struct image im;

        if (listed == 0 || score_read(&s->list, i, &im) != OK)
            continue; /* an unreadable picture is told when its turn comes */
        s->width[i] = im.width;
        s->height[i] = im.height;
        image_free(&im);
        MEM_TRY(s->pixel[i], (size_t)listed, sizeof *s->pixel[i]);
        s->pixels[i] = saliency_fixated(&s->points, i, s->how.origin, s->width[i], s->height[i], s->pixel[i],
                                        &s->dropped);
        s->fixations[i] = s->pixels[i] > 0;
    }
    return OK;
}

status score_open(const struct score_pictures *list, const struct score_how *how, struct score *out)
{
    *out = (struct score){ .list = *list, .how = *how };
    TRY(allocate(out));
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        struct saliency_source_how source = { .mask = kind == TRUTH_MASK, .suffix = how->suffix };

        if (how->truth[kind] && kind != TRUTH_FIXATIONS)
            TRY(saliency_source_open(how->truth[kind], &source, list->path, list->count, &out->source[kind]));
    }
    if (how->file)
        TRY(saliency_source_open(how->file, &(struct saliency_source_how){ 0 }, list->path, list->count,
                                 &out->file));
    return how->truth[TRUTH_FIXATIONS] ? find_pixels(out) : OK;
}

void score_close(struct score *s)
{
    for (int map = 0; map < SCORE_MAPS; map++)
        for (int k = 0; k < SCORE_MEASURES; k++)
            mem_free(s->value[map][k]);
    for (int i = 0; s->pixel && i < s->list.count; i++)
        mem_free(s->pixel[i]);
    for (int kind = 0; kind < TRUTH_KINDS; kind++)
        saliency_source_close(s->source[kind]);
    saliency_source_close(s->file);
    image_points_free(&s->points);
    mem_free(s->pixel);
    mem_free(s->pixels);
    mem_free(s->width);
    mem_free(s->height);
    mem_free(s->fixations);
    *s = (struct score){ 0 };
}

/* ---- truths -------------------------------------------------------------------------------------------- */

static void truth_free(struct score_truth *t)
{
    saliency_free(&t->map);
    saliency_free(&t->baseline);
    draws_free(&t->uniform);
    draws_free(&t->pooled);
    mem_free(t->room.value);
    mem_free(t->room.reached);
    *t = (struct score_truth){ 0 };
}

static int has_truth(const struct score *s, enum truth_kind kind, int i)
{
    return kind == TRUTH_FIXATIONS ? s->fixations[i] : saliency_source_has(s->source[kind], i);
}

/* The map of a truth alone: what other pictures are compared with, too. */
static status read_truth_map(struct score *s, enum truth_kind kind, int i, struct saliency_map *out)
{
    if (kind != TRUTH_FIXATIONS)
        return saliency_source_read(s->source[kind], i, out);
    return saliency_density(s->pixel[i], s->pixels[i], s->width[i], s->height[i], s->how.sigma, out);
}

static int ascending(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;

    return (x > y) - (x < y);
}

/* The fixated pixels of some other pictures, brought to this one's frame, each once. */
static status draw_pooled(const struct score *s, int i, struct draws *out)
{
    int other[DRAWS_OTHERS], others = draws_others(s->how.seed, i, s->fixations, s->list.count, other);
    int count = 0, different = 0;
    int32_t *pool;
    status result;

    for (int k = 0; k < others; k++)
        count += s->pixels[other[k]];
    if (count == 0)
        return OK;
    MEM_TRY(pool, (size_t)count, sizeof *pool);
    count = 0;
    for (int k = 0; k < others; k++)
        for (int p = 0; p < s->pixels[other[k]]; p++) {
            int from_w = s->width[other[k]], from_h = s->height[other[k]], at = s->pixel[other[k]][p];
            int x = (int)((2 * (int64_t)(at % from_w) + 1) * s->width[i] / (2 * (int64_t)from_w)),
                y = (int)((2 * (int64_t)(at / from_w) + 1) * s->height[i] / (2 * (int64_t)from_h));

            pool[count++] = y * s->width[i] + x;
        }
    qsort(pool, (size_t)count, sizeof *pool, ascending);
    for (int k = 0; k < count; k++)
        if (k == 0 || pool[k] != pool[k - 1])
            pool[different++] = pool[k];
    result = draws_pooled(s->how.seed, i, pool, different, s->pixels[i], out);
    mem_free(pool);
    return result;
}

static status read_truth(struct score *s, enum truth_kind kind, int i, struct score_truth *t)
{
    *t = (struct score_truth){ 0 };
    TRY(read_truth_map(s, kind, i, &t->map));
    if (kind != TRUTH_FIXATIONS)
        return OK;
    t->pixel = s->pixel[i];
    t->pixels = s->pixels[i];
    TRY(saliency_center(s->width[i], s->height[i], &t->baseline));
    TRY(draws_uniform(s->how.seed, i, (int64_t)s->width[i] * s->height[i], t->pixels, &t->uniform));
    TRY(draw_pooled(s, i, &t->pooled));
    MEM_TRY(t->room.value, (size_t)t->pixels, sizeof *t->room.value);
    MEM_TRY(t->room.reached, (size_t)t->pixels, sizeof *t->room.reached);
    return OK;
}

/* ---- one picture --------------------------------------------------------------------------------------- */

/* All measures of one map against one truth, in the truth's frame. */
static void measure(struct score *s, enum truth_kind kind, int i, int map, const struct score_truth *t,
                    const struct saliency_map *there)
{
    struct saliency_view v = { .map = there->value,
                               .width = there->width,
                               .height = there->height,
                               .density = t->map.value,
                               .mask = t->map.value,
                               .pixel = t->pixel,
                               .pixels = t->pixels,
                               .baseline = t->baseline.value,
                               .uniform = &t->uniform,
                               .pooled = t->pooled.splits ? &t->pooled : NULL,
                               .room = t->room };
    struct measure_view of = { .saliency = &v };

    for (int k = 0; k < s->measures; k++)
        if (kind_of(s, &saliency_measures[k]) == kind)
            s->value[map][k][i] = measure_value(&saliency_measures[k], NULL, &of);
    s->curves[map] += v.shared.have_object;
    for (int level = 0; v.shared.have_object && level < OBJECT_LEVELS; level++) {
        s->f[map][level] += v.shared.object.f[level];
        s->e[map][level] += v.shared.object.e[level];
    }
}

/* A map in the truth's frame; one with NaN or infinity is as good as none. */
static status compare_map(struct score *s, enum truth_kind kind, int i, int map, const struct score_truth *t,
                          const struct saliency_map *own)
{
    int64_t count = (int64_t)own->width * own->height;
    enum density_cause cause = density_look(own->value, count);
    struct saliency_map there = { 0 };

    if (cause == DENSITY_NOT_FINITE) {
        there = (struct saliency_map){ t->map.width, t->map.height, NULL };
        MEM_TRY(there.value, (size_t)there.width * (size_t)there.height, sizeof *there.value);
    } else {
        TRY(saliency_resize(own, t->map.width, t->map.height, &there));
    }
    s->degenerate[map][cause]++;
    measure(s, kind, i, map, t, &there);
    saliency_free(&there);
    return OK;
}

/* The next picture, cyclic, that has such a truth; -1: there is no other. */
static int next_with(const struct score *s, enum truth_kind kind, int i)
{
    for (int step = 1; step < s->list.count; step++)
        if (has_truth(s, kind, (i + step) % s->list.count))
            return (i + step) % s->list.count;
    return -1;
}

static status compare_shuffled(struct score *s, enum truth_kind kind, int i, const struct score_truth *t)
{
    int other = next_with(s, kind, i);
    struct saliency_map map = { 0 };
    status result;

    if (other < 0)
        return OK;
    TRY(read_truth_map(s, kind, other, &map));
    result = compare_map(s, kind, i, SCORE_SHUFFLED, t, &map);
    saliency_free(&map);
    return result;
}

/* A truth without any difference says nothing of a map, but that nothing, or all, is marked in a mask. */
static int is_flat(enum truth_kind kind, const struct saliency_map *truth)
{
    return kind == TRUTH_DENSITY &&
           density_look(truth->value, (int64_t)truth->width * truth->height) != DENSITY_SOUND;
}

static status compare_with(struct score *s, enum truth_kind kind, int i, const struct image *picture,
                           const struct saliency_map maps[SCORE_MAPS])
{
    struct score_truth t;
    status result;

    TRY_OUT(read_truth(s, kind, i, &t));
    if (is_flat(kind, &t.map)) {
        s->flat[kind]++;
        goto out;
    }
    s->scored[kind]++;
    s->fixated += t.pixels;
    s->other_size += t.map.width != picture->width || t.map.height != picture->height;
    for (int map = 0; map < SCORE_SHUFFLED; map++)
        if (maps[map].value)
            TRY_OUT(compare_map(s, kind, i, map, &t, &maps[map]));
    TRY_OUT(compare_shuffled(s, kind, i, &t));
out:
    truth_free(&t);
    return result;
}

status score_picture(struct score *s, int i, const struct image *picture,
                     const struct saliency_map maps[SCORE_MAPS])
{
    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        if (!s->how.truth[kind])
            continue;
        if (has_truth(s, kind, i)) {
            TRY(compare_with(s, kind, i, picture, maps));
            continue;
        }
        if (s->missing[kind]++ == 0)
            s->first_missing[kind] = i;
    }
    return OK;
}
