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

int score_has(const struct score *s, int measure)
{
    return saliency_measures[measure].of == MEASURE_MATCH &&
           truth_has(s->truth, truth_kind_of(truth_kinds(s->truth), &saliency_measures[measure]));
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
    return OK;
}

status score_open(const struct truth_pictures *list, const struct score_how *how, struct score *out)
{
    *out = (struct score){ .list = *list, .how = *how };
    TRY(truth_open(list, &how->truth, &out->truth));
    TRY(allocate(out));
    if (how->file)
        TRY(saliency_source_open(how->file, &(struct saliency_source_how){ 0 }, list->path, list->count,
                                 &out->file));
    for (int i = 0; i < list->count; i++)
        truth_measure(out->truth, i);
    TRY(truth_find(out->truth));
    for (int i = 0; i < list->count && truth_has(out->truth, TRUTH_FIXATIONS); i++)
        out->dropped += truth_dropped(out->truth, i);
    return OK;
}

void score_close(struct score *s)
{
    for (int map = 0; map < SCORE_MAPS; map++)
        for (int k = 0; k < SCORE_MEASURES; k++)
            mem_free(s->value[map][k]);
    truth_close(s->truth);
    saliency_source_close(s->file);
    *s = (struct score){ 0 };
}

/* ---- one picture --------------------------------------------------------------------------------------- */

/* All measures of one map against one truth, in the truth's frame. */
static void measure(struct score *s, enum truth_kind kind, int i, int map, const struct truth *t,
                    const struct saliency_map *there)
{
    struct saliency_view v = truth_view(t, there->value);
    struct measure_view of = { .saliency = &v };

    for (int k = 0; k < s->measures; k++)
        if (s->value[map][k] && truth_kind_of(truth_kinds(s->truth), &saliency_measures[k]) == kind)
            s->value[map][k][i] = measure_value(&saliency_measures[k], NULL, &of);
    s->curves[map] += v.shared.have_object;
    for (int level = 0; v.shared.have_object && level < OBJECT_LEVELS; level++) {
        s->f[map][level] += v.shared.object.f[level];
        s->e[map][level] += v.shared.object.e[level];
    }
}

/* A map in the truth's frame; one with NaN or infinity is as good as none. */
static status compare_map(struct score *s, enum truth_kind kind, int i, int map, const struct truth *t,
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

static status compare_shuffled(struct score *s, enum truth_kind kind, int i, const struct truth *t)
{
    int other = truth_next(s->truth, kind, i);
    struct truth its;
    status result;

    if (other < 0)
        return OK;
    TRY(truth_read(s->truth, kind, other, NULL, &its));
    result = compare_map(s, kind, i, SCORE_SHUFFLED, t, &its.map);
    truth_free(&its);
    return result;
}

static status compare_with(struct score *s, enum truth_kind kind, int i, const struct image *picture,
                           const struct saliency_map maps[SCORE_MAPS])
{
    struct truth t;
    status result;

    TRY(truth_read(s->truth, kind, i, picture, &t));
    result = OK;
    if (!truth_is_there(t.state)) {
        s->flat[kind]++;
        goto out;
    }
    s->scored[kind]++;
    s->fixated += t.pixels;
    s->other_size += t.state == TRUTH_OTHER_SIZE;
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
        if (!truth_has(s->truth, kind))
            continue;
        if (truth_is_of(s->truth, kind, i)) {
            TRY(compare_with(s, kind, i, picture, maps));
            continue;
        }
        if (s->missing[kind]++ == 0)
            s->first_missing[kind] = i;
    }
    return OK;
}
