/* src/base/option_help.c: --help for the terminal. */
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

static void help_row(const struct option_row *r, const char *prefix, const void *defaults, FILE *out)
{
    char left[4 * OPTION_NAME], given[2 * OPTION_NAME], letter[6] = "", value[OPTION_SIZE] = "";
    char text[2 * OPTION_SIZE];

    if (r->letter)
        snprintf(letter, sizeof letter, "-%c, ", r->letter);
    option_value_wanted(r, given, sizeof given);
    snprintf(left, sizeof left, r->kind == OPTION_FLAG ? "%s--%s%s[=%s]" : "%s--%s%s=%s", letter, prefix,
             r->name, given);
    if (defaults)
        option_value_print(r, (const char *)defaults + r->where, value, sizeof value);
    snprintf(text, sizeof text, "%s%s%s%s", r->help, value[0] ? " [" : "", value, value[0] ? "]" : "");
    if (strlen(left) > HELP_COLUMN - 4)
        fprintf(out, "  %s\n%*s", left, HELP_COLUMN, "");
    else
        fprintf(out, "  %-*s", HELP_COLUMN - 2, left);
    help_text(text, HELP_COLUMN, out);
}

/* "--network.NAME.model=FILE"; of a part "--network.NAME.PRECISION=FILE", "--network.NAME.PRECISION.state=S".
 */
static void help_group(const struct option_group *g, const char *prefix, FILE *out)
{
    char inner[4 * OPTION_NAME];

    for (int i = 0; i < g->rows; i++) {
        snprintf(inner, sizeof inner, "%s%s", prefix, g->name && g->row[i].name[0] ? "." : "");
        help_row(&g->row[i], inner, NULL, out);
    }
    if (!g->part)
        return;
    snprintf(inner, sizeof inner, "%s%s", prefix, g->part->section);
    help_group(g->part, inner, out);
}

void option_help(const struct option_table *t, const void *defaults, enum option_form form, FILE *out)
{
    char prefix[2 * OPTION_NAME];

    if (form != OPTION_HELP) {
        option_man(t, defaults, form, out);
        return;
    }
    fprintf(out, "usage: %s\n\n", t->usage);
    if (t->about)
        help_text(t->about, 0, out);
    fprintf(out, "\nOptions [default]:\n");
    for (int i = 0; i < t->rows; i++)
        help_row(&t->row[i], "", defaults, out);
    for (int i = 0; i < t->groups; i++) {
        snprintf(prefix, sizeof prefix, "%s.NAME.", t->group[i].section);
        help_group(&t->group[i], prefix, out);
    }
    fprintf(out, "  %-*sthis text; %s\n", HELP_COLUMN - 2, "-h, --help",
            t->group ? "--help=man, --help=job: manual pages" : "--help=man: the manual page");
}
