/* src/store/schema_expand.c: from the table of schema.c and a job's layout to the datasets of one file. */
#include "schema_table.h"

#include <string.h>

/* ---- expansion ------------------------------------------------------------------------------------- */

static int is_word(const char *word, size_t n, const char *known)
{
    return n == strlen(known) && !memcmp(word, known, n);
}

/* One value a picture, of every picture and of every precision that can have it. */
#define GROUPED                                                                                              \
    (1u << STORE_MEASURE_ONE | 1u << STORE_MEASURE_PAIR | 1u << STORE_MEASURE_TRUTH |                        \
     1u << STORE_MEASURE_ANSWER)

int schema_grouped(enum store_measure_kind kind)
{
    return GROUPED >> kind & 1;
}

/* The words of a row that stand for measures, and of which kinds. */
static const struct {
    const char *word;
    unsigned kinds;
} measure_words[] = {
    { "one", 1u << STORE_MEASURE_ONE },
    { "code", 1u << STORE_MEASURE_CODES },
    { "pair", 1u << STORE_MEASURE_PAIR },
    { "selected", 1u << STORE_MEASURE_SELECTED },
    { "answer", 1u << STORE_MEASURE_ANSWER },
    { "crossed", 1u << STORE_MEASURE_CROSSED },
    { "road", 1u << STORE_MEASURE_ROAD },
    { "random", 1u << STORE_MEASURE_RANDOM },
    { "match", 1u << STORE_MEASURE_MATCH },
    { "baseline", 1u << STORE_MEASURE_BASELINE },
    { "grouped", GROUPED },
    { "value", ~(1u << STORE_MEASURE_CODES | 1u << STORE_MEASURE_PAIR | 1u << STORE_MEASURE_SELECTED |
                 1u << STORE_MEASURE_BASELINE | 1u << STORE_MEASURE_RANDOM) },
};

/* The kinds of measures that a path stands for, 0 where it stands for none. */
static unsigned kinds_of(const char *path)
{
    char word[16];

    for (size_t i = 0; i < COUNT_OF(measure_words); i++) {
        snprintf(word, sizeof word, "{%s}", measure_words[i].word);
        if (strstr(path, word))
            return measure_words[i].kinds;
    }
    return 0;
}

static int is_measure_word(const char *word, size_t n)
{
    for (size_t i = 0; i < COUNT_OF(measure_words); i++)
        if (is_word(word, n, measure_words[i].word))
            return 1;
    return 0;
}

/* What a word stands for at a place. BUG where it is none of schema.c's. */
static const char *word_at(const struct store_layout *l, const struct schema_place *at, const char *word,
                           size_t n, char number[16])
{
    const struct store_measure *measure = &l->measure[at->measure];
    const char *precision = l->precision[at->prec].name;
    const struct {
        const char *word, *text;
    } known[] = {
        { "net", l->network[at->net].name },
        { "prec", precision },
        { "other", precision },
        { "coded", precision },
        { "real", precision },
        { "float", precision },
        { "odd", precision },
        { "base", l->precision[0].name },
        { "sel", l->selection[at->sel] },
        { "method", l->method[at->method] },
        { "unit", measure->unit },
        { "meaning", measure->meaning },
        { "pic", number },
        { "map", l->map[at->map] },
    };

    snprintf(number, 16, "%02d", at->pic + 1);
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (is_word(word, n, known[i].word))
            return known[i].text;
    if (!is_measure_word(word, n))
        error_bug(__FILE__, __LINE__, word);
    return measure->name;
}

int schema_expand_text(const struct store_layout *l, const struct schema_place *at, const char *template,
                       char *out, size_t size)
{
    char number[16];
    size_t n = 0;

    out[0] = '\0';
    while (*template) {
        int word = *template == '{';
        size_t length = strcspn(template, word ? "}" : "{");
        const char *text = word ? word_at(l, at, template + 1, length - 1, number) : template;
        int k = snprintf(out + n, size - n, "%.*s", word ? STORE_PATH : (int)length, text);

        if (k < 0 || (size_t)k >= size - n)
            return 0;
        n += (size_t)k;
        template += length + (size_t)word;
    }
    return 1;
}

static int64_t extent_of(const struct store_layout *l, const struct schema_place *at, enum extent e)
{
    const struct store_network *n = &l->network[at->net];
    const struct store_layer layer = store_layer(l, at->net, at->prec);
    const int64_t extents[D_COUNT] = {
        [D_ONE] = 1,
        [D_IMAGE] = l->images,
        [D_PLACE] = l->subset,
        [D_BOX] = l->boxes > 0 ? l->boxes : 1,
        [D_EDGE] = STORE_EDGES,
        [D_TOP] = 5,
        [D_CLASS] = n->classes,
        [D_CAM_Y] = layer.h,
        [D_CAM_X] = layer.w,
        [D_Y] = n->input_h,
        [D_X] = n->input_w,
        [D_NETWORK] = l->networks,
        [D_PRECISION] = l->precisions,
        [D_SET] = 1 + l->selections,
        [D_STATISTIC] = STORE_STATISTICS,
        [D_RULE] = STORE_RULES,
        [D_SIGN] = STORE_SIGNS,
        [D_MASK] = STORE_CRITERIA,
        [D_MASK_BYTE] = 13,
        [D_TRIVIAL] = STORE_TRIVIALS,
        [D_PHASE] = l->sensitivity ? 9 : 8,
        [D_CLASS_NAME] = l->class_names,
        [D_BIN] = 256,
        [D_COLOUR] = 256,
        [D_RGB] = 3,
        [D_STEP] = l->steps + 1,
        [D_METHOD] = l->methods,
        [D_MEASURE] = l->measures,
        [D_OPERAND] = STORE_OPERANDS,
        [D_MAP] = l->maps,
        [D_RELEVANT] = STORE_ORDERS,
        [D_PERCENTILE] = STORE_PERCENTILES,
        [D_LEVEL] = STORE_LEVELS,
        [D_STATE] = STORE_STATES,
        [D_REMOVED] = STORE_REMOVED,
        [D_GROUP] = l->groups,
        [D_LAYER] = n->layers,
        [D_CHANNEL] = layer.channels,
        [D_CHECKSUM] = 1, /* known at the end of the expansion */
    };
    return extents[e];
}

static size_t length_of(const struct store_layout *l, enum length length)
{
    switch (length) {
    case L_NAME: return STORE_NAME;
    case L_PATH: return (size_t)l->path_length;
    case L_CLASS: return (size_t)l->class_name_length;
    case L_ERROR: return STORE_ERROR;
    case L_COMMAND: return STORE_COMMAND;
    case L_TIME: return 20;
    case L_SHA: return 2 * HASH_SIZE;
    case L_JOB: return (size_t)(l->job_length > 0 ? l->job_length : 1);
    case L_PROVENANCE: return (size_t)(l->provenance_length > 0 ? l->provenance_length : 1);
    case L_LAYER:
        return STORE_LAYER;
    case L_UNIT: return sizeof l->measure[0].unit;
    case L_MEANING: return sizeof l->measure[0].meaning;
    case L_SUM: return 2 * HASH_SIZE + 2 + STORE_PATH;
    case L_NONE: break;
    }
    return 0;
}

static int64_t field_offset(const char *path, enum store_group group)
{
    const char *at = path;

    if (group == STORE_ROWS_IMAGE)
        return (int64_t)strlen("/images/");
    if (group != STORE_ROWS_MODEL && group != STORE_ROWS_SUBSET)
        return 0;
    at = strchr(path + strlen("/models/"), '/') + 1;
    return at - path + (group == STORE_ROWS_SUBSET ? (int64_t)strlen("subset/") : 0);
}

/* 2^55 bytes: no sum of 65,536 of them overflows, no file system holds one. */
static const double largest_dataset = 36028797018963968.0;

/* Of the layer's axes a precision may have its own. */
static int expand_axis(const struct store_layout *l, const struct schema_place *at, enum extent e, char *out)
{
    char template[STORE_PATH];
    int own =
        (e == D_CAM_Y || e == D_CAM_X || e == D_CHANNEL) && !store_layers_alike(l, at->net, at->prec, 0);

    snprintf(template, sizeof template, "%s%s", schema_axis[e], own ? "_{odd}" : "");
    return schema_expand_text(l, at, template, out, STORE_PATH);
}

/* Is an axis in the dataset's own group or in one above? netCDF's library finds no other. */
static int sees_axis(const struct store_dataset *d, const char *axis)
{
    return strncmp(d->path, axis, (size_t)(strrchr(axis, '/') - axis) + 1) == 0;
}

static status expand_one(const struct store_layout *l, const struct schema_row *r,
                         const struct schema_place *at, struct store_dataset *d)
{
    double bytes;

    if (!schema_expand_text(l, at, r->path, d->path, sizeof d->path))
        return FAIL(ERR_RANGE, "the path %s becomes longer than %d bytes", r->path, STORE_PATH - 1);
    if (!schema_expand_text(l, at, r->long_name, d->long_name, sizeof d->long_name))
        snprintf(d->long_name, sizeof d->long_name, "%s", r->long_name);
    if (!schema_expand_text(l, at, r->unit, d->unit, sizeof d->unit))
        return FAIL(ERR_RANGE, "%s: the unit is longer than %zu bytes", d->path, sizeof d->unit - 1);
    d->field = d->path + field_offset(d->path, r->group);
    d->type = r->type;
    d->element = r->type == STORE_STRING ? length_of(l, r->length) : schema_type_size(r->type);
    d->group = r->group;
    d->network = strstr(r->path, "{net}") ? at->net : -1;
    d->in_crc = (r->flags & CRC) != 0;
    d->in_digest = r->group != STORE_TIMING && !(r->flags & NO_DIGEST);
    d->initial = r->flags & MINUS ? -1 : 0;
    d->scale = (r->flags & SCALE) != 0;
    d->picture = (r->flags & PICTURE) != 0;
    d->scale_factor = r->flags & BYTE_MAP ? 1.0 / 255 : 0;
    bytes = (double)d->element;
    d->row_bytes = d->element;
    for (d->rank = 0; d->rank < STORE_MAX_RANK && r->extent[d->rank] != D_END; d->rank++) {
        enum extent e = r->extent[d->rank];
        d->dim[d->rank] = extent_of(l, at, e);
        if (d->dim[d->rank] < 1)
            return FAIL(ERR_RANGE, "%s: the extent %lld must be at least 1", d->path,
                        (long long)d->dim[d->rank]);
        bytes *= (double)d->dim[d->rank];
        if (bytes > largest_dataset)
            return FAIL(ERR_RANGE, "%s: %g bytes are more than one dataset may have", d->path, bytes);
        if (d->rank > 0)
            d->row_bytes *= (size_t)d->dim[d->rank];
        if (schema_axis[e] && !d->scale && !expand_axis(l, at, e, d->axis[d->rank]))
            return FAIL(ERR_RANGE, "%s: the name of an axis is too long", d->path);
        if (d->axis[d->rank][0] && !sees_axis(d, d->axis[d->rank]))
            d->axis[d->rank][0] = '\0';
    }
    return OK;
}

static int has_method(const struct store_layout *l, const char *name)
{
    for (int i = 0; i < l->methods; i++)
        if (strcmp(l->method[i], name) == 0)
            return 1;
    return 0;
}

/* Does the file have what a row's flags say of truths? */
static int has_truths(const struct store_layout *l, const struct schema_row *r)
{
    return !((r->flags & SALIENT) && !l->truths) && !((r->flags & DENSE) && !(l->truths & 1)) &&
           !((r->flags & FIXATED) && !(l->truths & 2)) && !((r->flags & MASKED) && !(l->truths & 4));
}

static int wanted(const struct store_layout *l, const struct schema_row *r)
{
    for (int i = 0; i < STORE_MAX_RANK && r->extent[i] != D_END; i++)
        if ((r->extent[i] == D_METHOD && l->methods < 1) || (r->extent[i] == D_MAP && l->maps < 1) ||
            (r->extent[i] == D_MEASURE && l->measures < 1) || (r->extent[i] == D_GROUP && l->groups < 1) ||
            (r->extent[i] == D_LAYER && !l->sensitivity))
            return 0;
    return !((r->flags & LAYERED) && !l->sensitivity) && !((r->flags & MAPS) && !l->subset_maps) &&
           !((r->flags & CURVE) && l->steps < 1) && !((r->flags & STEP_LOGITS) && !l->step_logits) &&
           !((r->flags & CROSS) && !l->cross) && !((r->flags & ROAD) && !l->road) &&
           !((r->flags & REMOVAL) && !l->removal) && !((r->flags & SCORED) && l->steps < 1 && !l->road) &&
           !((r->flags & PLUSPLUS) && !has_method(l, "gradcampp")) &&
           !((r->flags & WHOLE) && l->activations != STORE_ACTIVATIONS_FULL) &&
           !((r->flags & PART) && l->activations != STORE_ACTIVATIONS_SUBSET) &&
           !((r->flags & NAMED) && l->class_name_length < 1) && has_truths(l, r);
}

static int of_precisions(const struct schema_row *r)
{
    return strstr(r->path, "{prec}") || strstr(r->path, "{other}") || strstr(r->path, "{coded}") ||
           strstr(r->path, "{real}") || strstr(r->path, "{float}") || strstr(r->path, "{odd}");
}

/* Is there a dataset of this row for precision p of the network? */
static int holds_precision(const struct store_layout *l, const struct schema_row *r, int net, int p)
{
    int coded = l->precision[p].form == PRECISION_CODES;

    return !(strstr(r->path, "{other}") && p == 0) && !(strstr(r->path, "{coded}") && !coded) &&
           !(strstr(r->path, "{real}") && coded) &&
           !(strstr(r->path, "{odd}") && store_layers_alike(l, net, p, 0)) &&
           !(strstr(r->path, "{float}") && l->precision[p].form != PRECISION_REAL);
}

/* Is there a dataset of this row for measure m? A row that names no measure has one. */
static int holds_measure(const struct store_layout *l, const struct schema_row *r, int m)
{
    unsigned kinds = kinds_of(r->path);

    return kinds == 0 || (kinds >> l->measure[m].kind & 1);
}

static status expand_row(const struct store_layout *l, const struct schema_row *r, struct store_schema *s)
{
    int nets = strstr(r->path, "{net}") ? l->networks : 1,
        sels = strstr(r->path, "{sel}") ? l->selections : 1;
    int precs = of_precisions(r) ? l->precisions : 1, held = 0;
    int measures = kinds_of(r->path) ? l->measures : 1, held_measures = 0;
    int pics = strstr(r->path, "{pic}") ? l->pictures : 1;
    int methods = strstr(r->path, "{method}") ? l->methods : 1, maps = strstr(r->path, "{map}") ? l->maps : 1;
    int64_t more;
    struct store_dataset *grown;

    for (int i = 0; i < nets * precs; i++)
        held += holds_precision(l, r, i / precs, i % precs);
    for (int m = 0; m < measures; m++)
        held_measures += holds_measure(l, r, m);
    more = wanted(l, r) ? (int64_t)held * held_measures * sels * methods * maps * pics : 0;
    if (more < 1)
        return OK;
    grown = mem_grow(s->dataset, (size_t)s->count, (size_t)(s->count + more), sizeof *grown);
    if (!grown)
        return FAIL(ERR_MEMORY, "no memory for %lld datasets", (long long)(s->count + more));
    s->dataset = grown;
    for (struct schema_place at = { 0 }; at.net < nets; at.net++)
        for (at.prec = 0; at.prec < precs; at.prec++)
            for (at.sel = 0; at.sel < sels; at.sel++)
                for (at.method = 0; at.method < methods; at.method++)
                    for (at.map = 0; at.map < maps; at.map++)
                        for (at.measure = 0; at.measure < measures; at.measure++)
                            for (at.pic = 0; at.pic < pics; at.pic++)
                                if (holds_precision(l, r, at.net, at.prec) && holds_measure(l, r, at.measure))
                                    TRY(expand_one(l, r, &at, &s->dataset[s->count++]));
    return OK;
}

/* ---- checks ---------------------------------------------------------------------------------------- */

static status check_names(const char *kind, const char *names, size_t stride, int count, int least, int most)
{
    if (count < least || count > most)
        return FAIL(ERR_RANGE, "%d names of a %s: from %d to %d are possible", count, kind, least, most);
    for (int i = 0; i < count; i++) {
        const char *name = names + (size_t)i * stride;
        if (!schema_name_good(name))
            return FAIL(ERR_RANGE,
                        "'%.*s' cannot be the name of a %s: letters, digits, '_', '-' and '.', at most %d",
                        STORE_NAME, name, kind, STORE_NAME - 1);
        for (int j = 0; j < i; j++)
            if (!strcmp(name, names + (size_t)j * stride))
                return FAIL(ERR_RANGE, "two of the same name: %s '%s'", kind, name);
    }
    return OK;
}

static status check_measures(const struct store_layout *l)
{
    TRY(check_names("measure", l->measure[0].name, sizeof l->measure[0], l->measures, 0, STORE_MAX_MEASURES));
    for (int m = 0; m < l->measures; m++)
        if ((l->measure[m].kind == STORE_MEASURE_CURVE && l->steps < 1 && !l->road) ||
            (l->measure[m].kind == STORE_MEASURE_CROSSED && (l->steps < 1 || !l->cross)) ||
            (l->measure[m].kind == STORE_MEASURE_ROAD && !l->road))
            return FAIL(ERR_RANGE, "measure '%s' is of curves that the file does not have",
                        l->measure[m].name);
    for (int m = 0; m < l->measures; m++)
        if (!l->removal && !strcmp(l->measure[m].name, "removal"))
            return FAIL(ERR_RANGE, "measure 'removal' is of answers that the file does not have");
    for (int m = 0; m < l->measures; m++)
        if (!l->truths &&
            (l->measure[m].kind == STORE_MEASURE_MATCH || l->measure[m].kind == STORE_MEASURE_BASELINE))
            return FAIL(ERR_RANGE, "measure '%s' is of truths that the file does not have",
                        l->measure[m].name);
    return OK;
}

static status check_layout(const struct store_layout *l)
{
    TRY(check_names("network", l->network[0].name, sizeof l->network[0], l->networks, 1, STORE_MAX_NETWORKS));
    TRY(check_names("precision", l->precision[0].name, sizeof l->precision[0], l->precisions, 1,
                    STORE_MAX_PRECISIONS));
    for (int p = 0; p < l->precisions; p++)
        if (!store_precision_good(&l->precision[p]))
            return FAIL(ERR_RANGE,
                        "precision '%s': %d bits of weights and %d of outputs are not possible as %s",
                        l->precision[p].name, l->precision[p].weight_bits, l->precision[p].activation_bits,
                        store_form_name(l->precision[p].form));
    TRY(check_names("group", l->group[0].name, sizeof l->group[0], l->groups, 0, STORE_MAX_GROUPS));
    TRY(check_names("selection", l->selection[0], STORE_NAME, l->selections, 0, STORE_MAX_SELECTIONS));
    TRY(check_names("method", l->method[0], STORE_NAME, l->methods, 0, STORE_MAX_METHODS));
    TRY(check_names("map", l->map[0], STORE_NAME, l->maps, 0, STORE_MAX_MAPS));
    TRY(check_measures(l));
    if (l->images < 1)
        return FAIL(ERR_RANGE, "%lld images: at least one is needed", (long long)l->images);
    if (l->path_length < 1 || l->path_length > 1024)
        return FAIL(ERR_RANGE, "a path of %d bytes: from 1 to 1,024 are possible", l->path_length);
    if (l->steps < 0 || l->steps > STORE_MAX_STEPS)
        return FAIL(ERR_RANGE, "%d steps: from 0 to %d are possible", l->steps, STORE_MAX_STEPS);
    if (l->pictures < 0 || l->pictures > STORE_MAX_PICTURES)
        return FAIL(ERR_RANGE, "%d pictures: from 0 to %d are possible", l->pictures, STORE_MAX_PICTURES);
    return OK;
}

/* netCDF's library refuses a file with a dataset of which some axes have scales and others none. */
static int axes_agree(const struct store_dataset *d)
{
    int scales = 0;

    for (int k = 0; k < d->rank; k++)
        scales += d->axis[k][0] != '\0';
    return scales == 0 || scales == d->rank;
}

/* A precision called `subset` or `status` would take a dataset's place. */
static status check_paths(const struct store_schema *s)
{
    for (int i = 0; i < s->count; i++) {
        char part[STORE_PATH];
        const struct store_dataset *d = &s->dataset[i];
        if (schema_find(s, d->path) != d)
            return FAIL(ERR_RANGE, "two datasets would be called %s: choose another name", d->path);
        for (const char *slash = strchr(d->path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
            snprintf(part, sizeof part, "%.*s", (int)(slash - d->path), d->path);
            if (schema_find(s, part))
                return FAIL(ERR_RANGE, "%s would be a dataset and a group: choose another name", part);
        }
    }
    return OK;
}

status schema_expand(const struct store_layout *layout, struct store_schema *out)
{
    status result = OK;

    memset(out, 0, sizeof *out);
    TRY(check_layout(layout));
    for (int i = 0; i < schema_row_count; i++)
        TRY_OUT(expand_row(layout, &schema_rows[i], out));
    for (int i = 0; i < out->count; i++) {
        struct store_dataset *d = &out->dataset[i];
        d->field = d->path + field_offset(d->path, d->group); /* the array has moved since */
        if (!strcmp(d->path, "/checksums"))
            d->dim[0] = out->count - 2;
        BUG_IF(!axes_agree(d));
    }
    TRY_OUT(check_paths(out));
out:
    if (result != OK)
        schema_free(out);
    return result;
}
