/* src/base/option_man.c: texts and options as man(7) has them. */
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
void option_man_begin(const struct option_table *t, FILE *out)
{
    const char *blank = strchr(t->usage, ' '), *second = blank ? strchr(blank + 1, ' ') : NULL;
    char typed[OPTION_NAME];

    snprintf(typed, sizeof typed, "%.*s", (int)(second ? (size_t)(second - t->usage) : strlen(t->usage)),
             t->usage);
    fputs(".SH SYNOPSIS\n\\fB", out);
    option_man_text(typed, out);
    fputs("\\fR", out);
    option_man_text(second ? second : "", out);
    fputs("\n.SH DESCRIPTION\n", out);
    option_man_text(t->about ? t->about : "", out);
    fputs("\n.SH OPTIONS\n", out);
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

void option_man_row(const struct option_row *r, const char *prefix, const char *usual, enum option_form form,
                    FILE *out)
{
    put_name(r, prefix, form, out);
    option_man_text(r->help, out);
    fputs(".\n", out);
    if (usual[0]) {
        fputs("Default: \\fB", out);
        option_man_text(usual, out);
        fputs("\\fR.\n", out);
    }
    if (form == OPTION_KEYS && r->effect == OPTION_RESULT)
        fputs("Decides the result.\n", out);
}
