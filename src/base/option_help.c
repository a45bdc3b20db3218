/* src/base/option_help.c: what a table of options holds, row by row: --help for the terminal, and manual
 * pages. */
#include "base_option.h"
#include "option_value.h"

#include <string.h>

enum { HELP_COLUMN = 32, HELP_EDGE = 80 };

/* Words, as many a line as fit; every line but the first begins at `indent`. An empty line stays. */
static void help_text(const char *text, int indent, FILE *out)
{
    for (int column = indent; *text;) {
        int word = (int)strcspn(text, " \n");

        if (column > indent && column + 1 + word >= HELP_EDGE) {
            fprintf(out, "\n%*s", indent, "");
            column = indent;
        }
        column += fprintf(out, "%s%.*s", column > indent ? " " : "", word, text);
        text += word;
        if (strncmp(text, "\n\n", 2) == 0) {
            fprintf(out, "\n\n%*s", indent, "");
            column = indent;
        }
        text += strspn(text, " \n");
    }
    fputc('\n', out);
}

static void help_row(const struct option_row *r, const char *prefix, const char *usual, FILE *out)
{
    char left[4 * OPTION_NAME], given[2 * OPTION_NAME], letter[6] = "", text[2 * OPTION_SIZE];

    if (r->letter)
        snprintf(letter, sizeof letter, "-%c, ", r->letter);
    option_value_wanted(r, given, sizeof given);
    snprintf(left, sizeof left, r->kind == OPTION_FLAG ? "%s--%s%s[=%s]" : "%s--%s%s=%s", letter, prefix,
             r->name, given);
    snprintf(text, sizeof text, "%s%s%s%s", r->help, usual[0] ? " [" : "", usual, usual[0] ? "]" : "");
    if (strlen(left) > HELP_COLUMN - 4)
        fprintf(out, "  %s\n%*s", left, HELP_COLUMN, "");
    else
        fprintf(out, "  %-*s", HELP_COLUMN - 2, left);
    help_text(text, HELP_COLUMN, out);
}

static void show_row(const struct option_row *r, const char *prefix, const void *defaults,
                     enum option_form form, FILE *out)
{
    char usual[OPTION_SIZE] = "";

    if (defaults)
        option_value_print(r, (const char *)defaults + r->where, usual, sizeof usual);
    if (form == OPTION_HELP)
        help_row(r, prefix, usual, out);
    else
        option_man_row(r, prefix, usual, form, out);
}

/* A part's rows have its word before them: "PRECISION=FILE", "PRECISION.state=NAME". */
static void show_group(const struct option_group *g, const char *prefix, enum option_form form, FILE *out)
{
    char name[2 * OPTION_NAME];

    for (int i = 0; i < g->rows; i++) {
        struct option_row row = g->row[i];

        if (g->name) {
            snprintf(name, sizeof name, "%s%s%s", g->section, row.name[0] ? "." : "", row.name);
            row.name = name;
        }
        show_row(&row, prefix, NULL, form, out);
    }
    if (g->part)
        show_group(g->part, prefix, form, out);
}

void option_help(const struct option_table *t, const void *defaults, enum option_form form, FILE *out)
{
    char prefix[2 * OPTION_NAME];

    if (form == OPTION_HELP) {
        fprintf(out, "usage: %s\n\n", t->usage);
        if (t->about)
            help_text(t->about, 0, out);
        fprintf(out, "\nOptions [default]:\n");
    } else if (form == OPTION_MAN) {
        option_man_begin(t, out);
    }
    for (int i = 0; i < t->rows; i++) {
        size_t section = strcspn(t->row[i].name, ".");

        if (form != OPTION_HELP && t->group &&
            (i == 0 || strncmp(t->row[i - 1].name, t->row[i].name, section + 1) != 0))
            fprintf(out, ".SS [%.*s]\n", (int)section, t->row[i].name);
        show_row(&t->row[i], "", defaults, form, out);
    }
    for (int i = 0; i < t->groups; i++) {
        snprintf(prefix, sizeof prefix, "%s.NAME.", t->group[i].section);
        if (form != OPTION_HELP)
            fprintf(out, ".SS [%s NAME]\n", t->group[i].section);
        show_group(&t->group[i], prefix, form, out);
    }
    if (form == OPTION_HELP)
        fprintf(out, "  %-*sthis text; %s\n", HELP_COLUMN - 2, "-h, --help",
                t->group ? "--help=man, --help=job: manual pages" : "--help=man: the manual page");
    else if (form == OPTION_MAN)
        fputs(".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR[=man]\n"
              "the usage and these options for the terminal; or this page.\n",
              out);
}
