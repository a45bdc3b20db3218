/* src/base/option_write.c: settings as "name = value" lines, which their table reads again. */
#include "base_option.h"
#include "option_value.h"

static status write_rows(const struct option_row *row, int rows, const char *prefix, const void *base,
                         enum option_class effect, struct text *out)
{
    char value[OPTION_SIZE];

    for (int i = 0; i < rows; i++) {
        if (row[i].effect != effect || row[i].kind == OPTION_PATH)
            continue;
        option_value_print(&row[i], (const char *)base + row[i].where, value, sizeof value);
        TRY(text_add(out, "%s%s = %s\n", prefix, row[i].name, value));
    }
    return OK;
}

/* A group's elements in their order, each one's rows and then its part's. */
static status write_group(const struct option_group *g, const char *prefix, const void *base,
                          enum option_class effect, struct text *out)
{
    int count = *(const int *)((const char *)base + g->count_where);
    char inner[4 * OPTION_NAME];

    for (int i = 0; i < count; i++) {
        const char *element = (const char *)base + g->where + (size_t)i * g->stride;

        snprintf(inner, sizeof inner, "%s%s.", prefix, element + g->name_where);
        TRY(write_rows(g->row, g->rows, inner, element, effect, out));
        if (g->part)
            TRY(write_group(g->part, inner, element, effect, out));
    }
    return OK;
}

status option_write(const struct option_table *t, const void *settings, enum option_class effect,
                    struct text *out)
{
    char prefix[2 * OPTION_NAME];

    TRY(write_rows(t->row, t->rows, "", settings, effect, out));
    for (int i = 0; i < t->groups; i++) {
        snprintf(prefix, sizeof prefix, "%s.", t->group[i].section);
        TRY(write_group(&t->group[i], prefix, settings, effect, out));
    }
    return OK;
}
