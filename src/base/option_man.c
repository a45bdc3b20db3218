/* src/base/option_man.c: a table of options as a manual page. */
#include "option_value.h"

#include <string.h>

void option_man_text(const char *text, FILE *out)
{
    int bold = 0;

    for (char last = '\n'; *text; last = *text++) {
        if (last == '\n' && (*text == '.' || *text == '\''))
            fputs("\\&", out); /* else the line would be a request */
        if (*text == '`')
            fputs((bold = !bold) ? "\\fB" : "\\fR", out);
        else if (*text == '\\')
            fputs("\\e", out);
        else if (*text == '-')
            fputs("\\-", out); /* a hyphen to type */
        else if (*text == '\n' && text[1] == '\n')
            fputs("\n.PP", out);
        else
            fputc(*text, out);
    }
}

/* "a|b|c" may be broken between its choices. */
static void put_choices(const char *values, FILE *out)
{
    for (; *values; values++) {
        char one[2] = { *values, '\0' };

        option_man_text(one, out);
        if (*values == '|' || *values == ',')
            fputs("\\:", out);
    }
}

/* "quantcam run JOB.conf [options]": the first two words are what to type. */
static void put_synopsis(const char *usage, FILE *out)
{
    const char *blank = strchr(usage, ' '), *second = blank ? strchr(blank + 1, ' ') : NULL;
    char typed[OPTION_NAME];

    snprintf(typed, sizeof typed, "%.*s", (int)(second ? (size_t)(second - usage) : strlen(usage)), usage);
    fputs(".SH SYNOPSIS\n\\fB", out);
    option_man_text(typed, out);
    fputs("\\fR", out);
    option_man_text(second ? second : "", out);
    fputc('\n', out);
}

/* "--data.limit=N", "--csv[=on|off]"; of a job file "limit = N". A group's rows (prefix) have no section in
 * their names. */
static void put_name(const struct option_row *r, const char *prefix, enum option_form form, FILE *out)
{
    const char *dot = strchr(r->name, '.');
    char given[2 * OPTION_NAME];
    int keys = form == OPTION_KEYS, flag = !keys && r->kind == OPTION_FLAG;

    option_value_wanted(r, given, sizeof given);
    fputs(".TP\n", out);
    if (r->letter && !keys)
        fprintf(out, "\\fB\\-%c\\fR, ", r->letter);
    fputs("\\fB", out);
    option_man_text(keys ? "" : "--", out);
    option_man_text(keys ? "" : prefix, out);
    option_man_text(keys && dot && !prefix[0] ? dot + 1 : r->name, out);
    fputs(keys ? "\\fR = \\fI" : flag ? "\\fR[=\\fI" : "\\fR=\\fI", out);
    put_choices(given, out);
    fputs(flag ? "\\fR]\n" : "\\fR\n", out);
}

static void put_row(const struct option_row *r, const char *prefix, const void *defaults,
                    enum option_form form, FILE *out)
{
    char value[OPTION_SIZE] = "";

    if (defaults)
        option_value_print(r, (const char *)defaults + r->where, value, sizeof value);
    put_name(r, prefix, form, out);
    option_man_text(r->help, out);
    fputs(".\n", out);
    if (value[0]) {
        fputs("Default: \\fB", out);
        option_man_text(value, out);
        fputs("\\fR.\n", out);
    }
    if (form == OPTION_KEYS && r->effect == OPTION_RESULT)
        fputs("Decides the result.\n", out);
}

/* A heading where a new section of job files begins. */
static void put_section(const struct option_row *r, const struct option_row *before, FILE *out)
{
    size_t length = strcspn(r->name, ".");

    if (!before || strncmp(before->name, r->name, length + 1) != 0)
        fprintf(out, ".SS [%.*s]\n", (int)length, r->name);
}

/* A part's rows are written after its word: "PRECISION = FILE", "PRECISION.state = NAME". */
static void put_group(const struct option_group *g, const char *prefix, enum option_form form, FILE *out)
{
    char name[2 * OPTION_NAME];

    for (int i = 0; i < g->rows; i++) {
        struct option_row row = g->row[i];

        if (g->name) {
            snprintf(name, sizeof name, "%s%s%s", g->section, row.name[0] ? "." : "", row.name);
            row.name = name;
        }
        put_row(&row, prefix, NULL, form, out);
    }
    if (g->part)
        put_group(g->part, prefix, form, out);
}

void option_man(const struct option_table *t, const void *defaults, enum option_form form, FILE *out)
{
    char prefix[2 * OPTION_NAME];

    if (form == OPTION_MAN) {
        put_synopsis(t->usage, out);
        fputs(".SH DESCRIPTION\n", out);
        option_man_text(t->about ? t->about : "", out);
        fputs("\n.SH OPTIONS\n", out);
    }
    for (int i = 0; i < t->rows; i++) {
        if (t->group)
            put_section(&t->row[i], i ? &t->row[i - 1] : NULL, out);
        put_row(&t->row[i], "", defaults, form, out);
    }
    for (int i = 0; i < t->groups; i++) {
        snprintf(prefix, sizeof prefix, "%s.NAME.", t->group[i].section);
        fprintf(out, ".SS [%s NAME]\n", t->group[i].section);
        put_group(&t->group[i], prefix, form, out);
    }
    if (form == OPTION_MAN)
        fputs(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR[=man]\n"
              "the usage and these options for the terminal; or this page.\n",
              out);
}
