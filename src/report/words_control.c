/* src/report/words_control.c: sentences of the controls of a network's maps: ROAD and the randomisation
 * check. */
#include "words_control.h"

#include <stdio.h>
#include <string.h>

/* The maps of which a file has a measure whose name begins so; returns how many. */
static int find_maps(const struct store_layout *l, const char *measure, const char *map[], int most)
{
    size_t n = strlen(measure);
    int count = 0;

    for (int m = 0; m < l->measures && count < most; m++)
        if (strncmp(l->measure[m].name, measure, n) == 0)
            map[count++] = l->measure[m].name + n;
    return count;
}

enum { MAPS = STORE_MAX_METHODS + STORE_MAX_MAPS + 1 };

static status read_one(struct store_reader *r, int network, int p, const char *measure, const char *map,
                       int change, struct value *out)
{
    const struct store_layout *l = store_reader_layout(r);
    char name[2 * STORE_NAME];
    struct value_key key = { network, p, value_set(l, value_sampled, l->precision[p].name), name };

    snprintf(name, sizeof name, "%s%s", measure, map);
    return change ? value_difference(r, &key, out) : value_read(r, &key, out);
}

status words_road(struct store_reader *r, int network, int p, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    const char *map[MAPS];
    int maps = find_maps(l, "road_", map, MAPS);

    for (int i = 0, said = 0; i < maps; i++) {
        struct value first, own, d;

        TRY(read_one(r, network, 0, "road_", map[i], 0, &first));
        TRY(read_one(r, network, p, "road_", map[i], 0, &own));
        TRY(read_one(r, network, p, "road_", map[i], 1, &d));
        if (d.why)
            continue;
        if (!said++)
            TRY(text_add(out, "ROAD (higher: the map ranks what the score hangs on; %lld picture%s):",
                         (long long)d.images, d.images == 1 ? "" : "s"));
        TRY(text_add(out, " %s %.2f %% in %s, %.2f %% in %s", map[i], first.value, l->precision[0].name,
                     own.value, l->precision[p].name));
        if (d.images > 1)
            TRY(text_add(out, ": %+.2f points [%+.2f, %+.2f]", d.value, d.low, d.high));
        TRY(text_add(out, "."));
    }
    return OK;
}

/* ", longer 0.908": precisions of real numbers are the first one trained longer, or again. */
static status add_controls(struct store_reader *r, int network, int p, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    int said = 0;

    for (int c = 1; c < l->precisions; c++) {
        struct value v;

        if (c == p || !value_is_control(l, c))
            continue;
        TRY(value_read(r, &(struct value_key){ network, c, 0, "input_cc" }, &v));
        if (!v.why)
            TRY(text_add(out, "%s %s %.3f", said++ ? "," : " (controls:", l->precision[c].name, v.value));
    }
    return said ? text_add(out, ")") : OK;
}

/* What the map of p did beside that of control c: the less it agrees with the first's, the more it changed.
 */
static const char *moved(const struct value *own, const struct value *control)
{
    return !own->interval || !control->interval ? NULL
           : own->high < control->low           ? "more than"
           : own->low > control->high           ? "less than"
                                                : "about as much as";
}

status words_moved(struct store_reader *r, int network, int p, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct value own;
    int said = 0;

    TRY(value_read(r, &(struct value_key){ network, p, 0, "input_cc" }, &own));
    for (int c = 1; c < l->precisions && !own.why && !value_is_control(l, p); c++) {
        struct value control;
        const char *how;

        if (!value_is_control(l, c))
            continue;
        TRY(value_read(r, &(struct value_key){ network, c, 0, "input_cc" }, &control));
        how = control.why ? NULL : moved(&own, &control);
        if (how)
            TRY(text_add(out, "%s %s %s's", said++ ? "," : "; the input gradient's map changed", how,
                         l->precision[c].name));
    }
    return OK;
}

status words_input(struct store_reader *r, int network, int p, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct value cc, first, own;

    TRY(value_read(r, &(struct value_key){ network, p, 0, "input_cc" }, &cc));
    if (cc.why)
        return OK;
    TRY(text_add(out, "Maps of the input gradient: CC %.3f [%.3f, %.3f] with those of %s", cc.value, cc.low,
                 cc.high, l->precision[0].name));
    TRY(add_controls(r, network, p, out));
    TRY(value_read(r, &(struct value_key){ network, 0, 0, "removal" }, &first));
    TRY(value_read(r, &(struct value_key){ network, p, 0, "removal" }, &own));
    if (first.why || own.why)
        return text_add(out, ".");
    return text_add(out, "; mean accuracy while they remove 0-90 %% of the pixels: %.1f %% (%s %.1f %%).",
                    own.value, l->precision[0].name, first.value);
}

/* "the weights from fc on; ...": what the job noted of the network. */
static status drawn(struct store_reader *r, int network, char *out, size_t size)
{
    char key[STORE_NAME + 32], *provenance;

    snprintf(key, sizeof key, "network.%s.randomised", store_reader_layout(r)->network[network].name);
    TRY(value_text(r, "/provenance", &provenance));
    if (!provenance || !text_value(provenance, key, out, size))
        snprintf(out, size, "the last layers' weights");
    mem_free(provenance);
    return OK;
}

status words_random(struct store_reader *r, int network, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    const char *map[MAPS], *comma = "";
    int maps = find_maps(l, "random_stays_", map, MAPS), p = 0, said = 0;
    char what[400];

    while (p < l->precisions && l->precision[p].form != PRECISION_REAL)
        p++;
    if (maps == 0 || p == l->precisions)
        return OK;
    TRY(drawn(r, network, what, sizeof what));
    for (int i = 0; i < maps; i++) {
        struct value stays, alike;

        TRY(read_one(r, network, p, "random_stays_", map[i], 0, &stays));
        TRY(read_one(r, network, p, "random_correlation_", map[i], 0, &alike));
        if (stays.why)
            continue;
        if (!said++)
            TRY(text_add(out,
                         "Randomisation check (%s, %lld picture%s; drawn at random: %s). Maps that stay:",
                         l->precision[p].name, (long long)stays.images, stays.images == 1 ? "" : "s", what));
        TRY(text_add(out, "%s %s %.0f %%, mean |correlation| %.2f%s", comma, map[i], stays.value, alike.value,
                     stays.value >= 100 ? " (does not depend on these weights)" : ""));
        comma = ";";
    }
    return said ? text_add(out, ".") : OK;
}
