#include "html_parts.h"

#include <string.h>

#include "markup.h"

static status add_heads(const struct grid *g, struct text *out)
{
    int units = 0;

    for (int c = 0; c < g->columns; c++)
        units |= g->unit[c][0] != '\0';
    TRY(text_add(out, "<thead><tr>"));
    for (int c = 0; c < g->columns; c += grid_span(g, c)) {
        int span = grid_span(g, c);

        TRY(text_add(out, span > 1 ? "<th scope=\"colgroup\" colspan=\"%d\">" : "<th scope=\"col\">", span));
        TRY(markup_html(out, g->head[c]));
        TRY(text_add(out, "</th>"));
    }
    TRY(text_add(out, "</tr>"));
    if (units) {
        TRY(text_add(out, "<tr class=\"unit\">"));
        for (int c = 0; c < g->columns; c++) {
            TRY(text_add(out, "<th scope=\"col\">"));
            TRY(markup_html(out, g->unit[c]));
            TRY(text_add(out, "</th>"));
        }
        TRY(text_add(out, "</tr>"));
    }
    return text_add(out, "</thead>\n");
}

enum { WIDE = 12 }; /* columns, from which on the type is smaller */

/* An interval stands in a line of its own, so that the column is narrow. */
static status add_cell(const char *cell, struct text *out)
{
    const char *interval = strstr(cell, " [");
    struct text value = { .max = 2 * GRID_CELL };
    status result = OK;

    if (!interval || cell[strlen(cell) - 1] != ']')
        return markup_html(out, cell);
    TRY_OUT(text_add_bytes(&value, cell, (size_t)(interval - cell)));
    TRY_OUT(markup_html(out, value.size ? value.data : ""));
    TRY_OUT(text_add(out, " <span class=\"note\">"));
    TRY_OUT(markup_html(out, interval + 1));
    TRY_OUT(text_add(out, "</span>"));
out:
    text_free(&value);
    return result;
}

status html_table(const struct grid *g, struct text *out)
{
    TRY(text_add(out, "<div class=\"scroll%s\" tabindex=\"0\" role=\"region\" aria-label=\"",
                 g->columns > WIDE ? " wide" : ""));
    TRY(markup_html(out, g->title));
    TRY(text_add(out, "\"><table id=\""));
    TRY(markup_html(out, g->id));
    TRY(text_add(out, "\"><caption>"));
    TRY(markup_html(out, g->title));
    TRY(text_add(out, "</caption>\n"));
    TRY(add_heads(g, out));
    TRY(text_add(out, "<tbody>\n"));
    for (int r = 0; r < g->rows; r++) {
        TRY(text_add(out, "<tr>"));
        for (int c = 0; c < g->columns; c++) {
            TRY(text_add(out, c ? "<td>" : "<th scope=\"row\">"));
            TRY(add_cell(grid_cell(g, r, c), out));
            TRY(text_add(out, c ? "</td>" : "</th>"));
        }
        TRY(text_add(out, "</tr>\n"));
    }
    TRY(text_add(out, "</tbody></table></div>\n"));
    if (!g->note[0])
        return OK;
    TRY(text_add(out, "<p class=\"note\">"));
    TRY(markup_html(out, g->note));
    return text_add(out, "</p>\n");
}
