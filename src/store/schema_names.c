/* src/store/schema_names.c: how types, row groups and kinds of measures are called in a file, and what may
 * be a name there. */
#include "schema_table.h"

#include <ctype.h>
#include <string.h>

const char *schema_type_name(enum store_type type)
{
    static const char *const names[] = { "u8", "s8", "s32", "u32", "s64", "f32", "f64", "str", "status" };

    return (unsigned)type < COUNT_OF(names) ? names[type] : "unknown";
}

size_t schema_type_size(enum store_type type)
{
    static const size_t sizes[] = { 1, 1, 4, 4, 8, 4, 8, 0, 1 };

    return (unsigned)type < COUNT_OF(sizes) ? sizes[type] : 0;
}

const char *schema_group_name(enum store_group group)
{
    static const char *const names[] = {
        "fixed", "image", "model", "subset", "summary", "timing", "closing"
    };

    return (unsigned)group < COUNT_OF(names) ? names[group] : "unknown";
}

const char *schema_kind_name(enum store_measure_kind kind)
{
    static const char *const names[STORE_MEASURE_KINDS] = {
        "one",      "one of codes", "pair",          "truth",            "answer", "map and truth",
        "baseline", "curve",        "crossed curve", "pair of selected", "road",   "randomised"
    };

    return (unsigned)kind < STORE_MEASURE_KINDS ? names[kind] : "unknown";
}

int schema_kind_find(const char *name, enum store_measure_kind *out)
{
    for (*out = 0; *out < STORE_MEASURE_KINDS; ++*out)
        if (!strcmp(name, schema_kind_name(*out)))
            return 1;
    return 0;
}

int schema_measured(const struct store_layout *layout, int m, int p)
{
    switch (layout->measure[m].kind) {
    case STORE_MEASURE_CODES:
        return layout->precision[p].form == PRECISION_CODES;
    case STORE_MEASURE_RANDOM:
        return layout->precision[p].form == PRECISION_REAL;
    case STORE_MEASURE_PAIR:
    case STORE_MEASURE_SELECTED:
        return p > 0;
    case STORE_MEASURE_BASELINE:
        return 0;
    default:
        return 1;
    }
}

int schema_name_good(const char *name)
{
    size_t n = strnlen(name, STORE_NAME);

    if (n == 0 || n >= STORE_NAME || name[0] == '.')
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
            return 0;
    return 1;
}
