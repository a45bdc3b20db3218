/* src/cli/saliency_print.c: means over pictures as a table, and every picture's measures as CSV. */
#include "saliency_print.h"

#include <math.h>
#include <string.h>

enum column { MAP, MEASURE, SHOWN, MEAN, SD, PICTURES, MEANING, COLUMNS };

static const struct listing_column columns[COLUMNS] = {
    [MAP] = { "map", "map", LISTING_TEXT, LISTING_WHOLE },
    [MEASURE] = { "measure", "measure", LISTING_TEXT, LISTING_WHOLE },
    [SHOWN] = { NULL, "mean +- sd", LISTING_TEXT, LISTING_WHOLE },
    [MEAN] = { "mean", NULL, LISTING_REAL, LISTING_WHOLE },
    [SD] = { "sd", NULL, LISTING_REAL, LISTING_WHOLE },
    [PICTURES] = { "pictures", "pictures", LISTING_COUNT, LISTING_WHOLE },
    [MEANING] = { NULL, "what it is", LISTING_TEXT, LISTING_END },
};

struct mean {
    double mean, sd;
    int count;
};

static struct mean mean_of(const double *value, int pictures)
{
    struct mean m = { 0 };
    double squares = 0.0;

    for (int i = 0; i < pictures; i++)
        if (!isnan(value[i])) {
            m.mean += value[i];
            m.count++;
        }
    m.mean /= m.count ? m.count : 1;
    for (int i = 0; i < pictures; i++)
        if (!isnan(value[i]))
            squares += (value[i] - m.mean) * (value[i] - m.mean);
    m.sd = m.count > 1 ? sqrt(squares / (m.count - 1)) : 0.0;
    return m;
}

static status add_row(struct listing *l, int map, const char *measure, const char *meaning, int digits,
                      const struct mean *m)
{
    char name[48];

    TRY(listing_row(l));
    TRY(listing_set(l, MAP, "%s", score_map_name(map, name)));
    TRY(listing_set(l, MEASURE, "%s", measure));
    TRY(listing_set(l, MEANING, "%s", meaning));
    TRY(listing_set(l, PICTURES, "%d", m->count));
    TRY(listing_set_real(l, MEAN, m->mean));
    if (isnan(m->sd))
        return listing_set(l, SHOWN, "%.*f", digits, m->mean);
    TRY(listing_set_real(l, SD, m->sd));
    return listing_set(l, SHOWN, "%.*f +- %.*f", digits, m->mean, digits, m->sd);
}

/* The largest value of a curve that is averaged over pictures: of one threshold for all. */
static status add_curve(struct listing *l, const struct score *s, int map, const char *measure,
                        const char *meaning, const double *sum)
{
    struct mean m = { sum[0], NAN, s->curves[map] };

    for (int i = 1; i < OBJECT_LEVELS; i++)
        m.mean = sum[i] > m.mean ? sum[i] : m.mean;
    m.mean /= s->curves[map];
    return add_row(l, map, measure, meaning, 4, &m);
}

static status add_map(struct listing *l, const struct score *s, int map)
{
    for (int k = 0; k < s->measures; k++) {
        const struct measure *of = &saliency_measures[k];
        char measure[SALIENCY_MEASURE];
        struct mean m;

        if (!s->value[map][k])
            continue;
        m = mean_of(s->value[map][k], s->list.count);
        if (m.count > 0)
            TRY(add_row(l, map, saliency_measure(of, measure), of->meaning, of->digits, &m));
    }
    if (s->curves[map] == 0)
        return OK;
    TRY(add_curve(l, s, map, "f_max", "F-measure at the best threshold for all pictures", s->f[map]));
    return add_curve(l, s, map, "e_max", "enhanced-alignment measure at the best threshold for all",
                     s->e[map]);
}

/* ---- what was counted ---------------------------------------------------------------------------------- */

static status add_truths(struct listing *l, const struct score *s)
{
    static const char *const name[TRUTH_KINDS] = { "densities", "fixations", "masks" };

    for (int kind = 0; kind < TRUTH_KINDS; kind++) {
        char what[48];

        if (!s->how.truth.from[kind])
            continue;
        TRY(listing_fact(l, LISTING_TEXT, name[kind], "%s", s->how.truth.from[kind]));
        snprintf(what, sizeof what, "pictures with %s", name[kind]);
        TRY(listing_fact(l, LISTING_COUNT, what, "%d", s->scored[kind]));
        snprintf(what, sizeof what, "without %s", name[kind]);
        if (s->missing[kind] > 0)
            TRY(listing_fact(l, LISTING_TEXT, what, "%d, the first is %s", s->missing[kind],
                             s->list.path[s->first_missing[kind]]));
        if (s->flat[kind] > 0)
            TRY(listing_fact(l, LISTING_COUNT, "constant densities, left out", "%d", s->flat[kind]));
    }
    return OK;
}

/* Pictures of which --maps has none. */
static status add_unmapped(struct listing *l, const struct score *s)
{
    int missing = 0, first = 0;

    for (int i = s->list.count - 1; i >= 0 && s->file; i--)
        if (!saliency_source_has(s->file, i)) {
            missing++;
            first = i;
        }
    return missing ? listing_fact(l, LISTING_TEXT, "without a map of --maps", "%d, the first is %s", missing,
                                  s->list.path[first])
                   : OK;
}

static status add_degenerate(struct listing *l, const struct score *s)
{
    static const char *const cause[DENSITY_CAUSES] = { NULL, "all 0", "constant", "not finite" };

    for (int map = 0; map < SCORE_MAPS; map++)
        for (int c = DENSITY_ZERO; c < DENSITY_CAUSES; c++) {
            char what[80], name[48];

            snprintf(what, sizeof what, "%s: %s", score_map_name(map, name), cause[c]);
            if (s->degenerate[map][c] > 0)
                TRY(listing_fact(l, LISTING_COUNT, what, "%d", s->degenerate[map][c]));
        }
    return OK;
}

static status add_facts(struct listing *l, const struct score *s)
{
    TRY(listing_fact(l, LISTING_COUNT, "pictures", "%d", s->list.count));
    if (s->unreadable > 0)
        TRY(listing_fact(l, LISTING_COUNT, "unreadable", "%d", s->unreadable));
    TRY(add_truths(l, s));
    TRY(add_unmapped(l, s));
    if (s->how.truth.from[TRUTH_FIXATIONS]) {
        TRY(listing_fact(l, LISTING_COUNT, "fixated pixels", "%lld", (long long)s->fixated));
        TRY(listing_fact(l, LISTING_COUNT, "fixations outside", "%d", s->dropped));
        TRY(listing_fact(l, LISTING_COUNT, "seed", "%llu", (unsigned long long)s->how.truth.seed));
        if (!s->how.truth.from[TRUTH_DENSITY])
            TRY(listing_fact(l, LISTING_REAL, "density of fixations: sigma", "%.9g", s->how.truth.sigma));
    }
    if (s->other_size > 0)
        TRY(listing_fact(l, LISTING_COUNT, "truths of another size", "%d", s->other_size));
    return add_degenerate(l, s);
}

status saliency_print(const struct score *s, enum listing_form form, struct text *out)
{
    struct listing l;
    status result;

    listing_init(&l, "measures", columns, COLUMNS);
    TRY_OUT(add_facts(&l, s));
    for (int k = 0; k < SCORE_MAPS; k++)
        TRY_OUT(add_map(&l, s, score_order[k]));
    TRY_OUT(listing_print(&l, form, out));
out:
    listing_free(&l);
    return result;
}

/* ---- every picture ------------------------------------------------------------------------------------- */

/* RFC 4180: in quotes where a comma or quote is in the text. */
static status add_field(struct text *out, const char *text)
{
    if (!strpbrk(text, ",\"\r\n"))
        return text_add(out, "%s", text);
    TRY(text_add(out, "\""));
    for (; *text; text++)
        TRY(text_add(out, "%s%c", *text == '"' ? "\"" : "", *text));
    return text_add(out, "\"");
}

static status add_picture(const struct score *s, int i, int map, struct text *out)
{
    char name[48];

    TRY(add_field(out, s->list.path[i]));
    TRY(text_add(out, ",%s", score_map_name(map, name)));
    for (int k = 0; k < s->measures; k++) {
        double value = s->value[map][k] ? s->value[map][k][i] : NAN;

        if (score_has(s, k))
            TRY(isnan(value) ? text_add(out, ",") : text_add(out, ",%.9g", value));
    }
    return text_add(out, "\r\n");
}

status saliency_print_pictures(const struct score *s, struct text *out)
{
    char measure[SALIENCY_MEASURE];

    TRY(text_add(out, "image,map"));
    for (int k = 0; k < s->measures; k++)
        if (score_has(s, k))
            TRY(text_add(out, ",%s", saliency_measure(&saliency_measures[k], measure)));
    TRY(text_add(out, "\r\n"));
    for (int i = 0; i < s->list.count; i++)
        for (int k = 0; k < SCORE_MAPS; k++)
            if (score_order[k] == SCORE_SHUFFLED || s->how.maps >> score_order[k] & 1)
                TRY(add_picture(s, i, score_order[k], out));
    return OK;
}
