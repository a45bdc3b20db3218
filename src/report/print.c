/* src/report/print.c: grids as text, CSV, Markdown, LaTeX, HTML and JSON by one walk. */
#include "print.h"

#include <string.h>

#include "markup.h"

enum { ROW_HEAD = -2, ROW_UNIT = -1, PAGE_ROWS = 40, WIDE = 12 };

/* The cells in hand: rows first .. last - 1, the columns that name a row and columns from .. to - 1. */
struct block {
    int first, last, keys, from, to;
    int width[GRID_MAX_COLUMNS];
};
/* One cell: its text, the columns that it spans, its place. cell NULL: a head or a unit. */
struct spot {
    const struct cell *cell;
    const char *text;
    int row, column, span, width, left;
};
struct form {
    status (*open)(const struct grid *t, const struct block *b, struct text *out);
    status (*heads)(const struct grid *t, struct text *out); /* behind the heads */
    status (*rule)(const struct grid *t, struct text *out);  /* before the rows */
    status (*put)(const struct spot *s, struct text *out);
    status (*close)(const struct grid *t, const struct block *b, struct text *out);
    const char *row, *between, *row_end;
    int page;   /* rows of a block; 0 = all */
    int joined; /* equal heads are one */
    int units;  /* units stand in a line of their own, not behind their heads */
};

/* ---- terminal ------------------------------------------------------------------------------------------ */

/* Columns on a terminal: UTF-8 continuation bytes take none. */
static int width_of(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += (*text & 0xC0) != 0x80;
    return n;
}

static int column_width(const struct grid *t, int c)
{
    int width = width_of(t->head[c]);
    int unit = t->unit[c][0] ? width_of(t->unit[c]) + 2 : 0;

    width = unit > width ? unit : width;
    for (int r = 0; r < t->rows; r++)
        if (width_of(grid_cell(t, r, c)->text) > width)
            width = width_of(grid_cell(t, r, c)->text);
    return width;
}

/* How many columns at the left stand in every block of a table that is too wide: those that say what a row
 * is, as long as every other column has room beside them. */
static int keys_of(const struct grid *t, const int width[], int columns)
{
    int keys = 1, sum = width[0], widest = 0;

    for (int c = 1; c < t->columns; c++)
        widest = width[c] > widest && !grid_is_words(t, c) ? width[c] : widest;
    while (keys < 4 && keys < t->columns - 1 && grid_is_words(t, keys) &&
           sum + 2 + width[keys] + 2 + widest <= columns) {
        sum += 2 + width[keys];
        keys++;
    }
    return keys;
}

status print_wrapped(const char *text, struct text *out)
{
    int column = 0;

    while (*text) {
        int length = (int)strcspn(text, " ");

        if (column && column + 1 + length > 78) {
            TRY(text_add(out, "\n"));
            column = 0;
        }
        TRY(text_add(out, "%s%.*s", column ? " " : "  ", length, text));
        column += length + (column ? 1 : 2);
        text += length;
        text += strspn(text, " ");
    }
    return text_add(out, "\n");
}

static status open_terminal(const struct grid *t, const struct block *b, struct text *out)
{
    return b->from == b->keys ? text_add(out, "%s\n", t->title) : text_add(out, "\n");
}

/* Names are left-aligned, figures right-aligned. */
static status put_terminal(const struct spot *s, struct text *out)
{
    char text[GRID_CELL + 4];
    int pad;

    snprintf(text, sizeof text, s->row == ROW_UNIT && s->text[0] ? "(%s)" : "%s", s->text);
    pad = s->width > width_of(text) ? s->width - width_of(text) : 0;
    return text_add(out, "%s%*s%s%*s", s->column ? "  " : "", s->left ? 0 : pad, "", text, s->left ? pad : 0,
                    "");
}

static status close_terminal(const struct grid *t, const struct block *b, struct text *out)
{
    if (b->to < t->columns)
        return OK;
    if (t->note[0])
        TRY(print_wrapped(t->note, out));
    return text_add(out, "\n");
}

/* ---- CSV, Markdown, JSON ------------------------------------------------------------------------------- */

static status put_csv(const struct spot *s, struct text *out)
{
    if (!strpbrk(s->text, ",\"\r\n"))
        return text_add(out, "%s", s->text);
    TRY(text_add(out, "\""));
    for (const char *p = s->text; *p; p++)
        TRY(text_add(out, *p == '"' ? "\"\"" : "%c", *p));
    return text_add(out, "\"");
}

static status open_markdown(const struct grid *t, const struct block *b, struct text *out)
{
    return text_add(out, "### %s\n\n", t->title);
}

static status rule_markdown(const struct grid *t, struct text *out)
{
    TRY(text_add(out, "|"));
    for (int c = 0; c < t->columns; c++)
        TRY(text_add(out, c ? "---:|" : "---|"));
    return text_add(out, "\n");
}

/* Names come from result files and job files: a bar would open a new column, a '<' markup. */
static status put_markdown(const struct spot *s, struct text *out)
{
    for (const char *p = s->text; *p; p++) {
        if (*p == '|' || *p == '<' || *p == '\\')
            TRY(text_add(out, "\\"));
        TRY(text_add_bytes(out, p, 1));
    }
    return OK;
}

static status close_markdown(const struct grid *t, const struct block *b, struct text *out)
{
    return text_add(out, t->note[0] ? "\n%s\n\n" : "\n%s", t->note);
}

static status open_json(const struct grid *t, const struct block *b, struct text *out)
{
    TRY(markup_json(out, "{\"id\": %s, \"title\": %s, \"note\": %s, \"columns\": [", t->id, t->title,
                    t->note));
    for (int c = 0; c < t->columns; c++) {
        TRY(text_add(out, c ? ", " : ""));
        TRY(markup_json(out, "{\"name\": %s, \"unit\": %s}", t->head[c], t->unit[c]));
    }
    return text_add(out, "],\n\"rows\": [");
}

/* Is the text a number as JSON writes one? A plus is none of its signs. */
static int is_json(const char *text)
{
    text += *text == '-';
    return *text && strspn(text, "0123456789.") == strlen(text);
}

static status put_json(const struct spot *s, struct text *out)
{
    const char *text = s->text + (s->text[0] == '+');

    if (!s->cell)
        return OK;
    if (s->cell->kind == CELL_INTERVAL)
        return text_add(out, "{\"value\": %.9g, \"low\": %.9g, \"high\": %.9g, \"text\": \"%s\"}",
                        s->cell->value, s->cell->low, s->cell->high, s->text);
    if (s->cell->kind == CELL_NUMBER || s->cell->kind == CELL_COUNT)
        return is_json(text) ? text_add(out, "%s", text) : text_add(out, "%.9g", s->cell->value);
    return text_add_quoted(out, s->text);
}

static status close_json(const struct grid *t, const struct block *b, struct text *out)
{
    return text_add(out, "]}");
}

/* ---- LaTeX --------------------------------------------------------------------------------------------- */

/* "Table 3. RMSE ..." is "RMSE ... (the study's Table 3)": LaTeX numbers tables itself. */
static status add_caption(const struct grid *t, struct text *out)
{
    const char *end = strstr(t->title, ". ");
    char number[sizeof t->title];

    if (!end || (strncmp(t->title, "Table ", 6) != 0 && strncmp(t->title, "Figure ", 7) != 0))
        return markup_latex(out, t->title);
    snprintf(number, sizeof number, "%.*s", (int)(end - t->title), t->title);
    TRY(markup_latex(out, end + 2));
    TRY(text_add(out, " (the study's "));
    TRY(markup_latex(out, number));
    return text_add(out, ")");
}

static status open_latex(const struct grid *t, const struct block *b, struct text *out)
{
    TRY(text_add(out, "\\begin{table}[p]\n\\centering\n\\caption{"));
    TRY(add_caption(t, out));
    TRY(text_add(out, b->first ? " (continued)}\n" : "}\n"));
    TRY(text_add(out, "\\begin{lrbox}{\\fitbox}\n\\begin{tabular}{l"));
    for (int c = 1; c < t->columns; c++)
        TRY(text_add(out, "r"));
    return text_add(out, "}\n\\toprule\n");
}

/* {}: what begins with a bracket would be taken for the argument of the line break before it. */
static status put_latex(const struct spot *s, struct text *out)
{
    TRY(text_add(out, s->column ? "" : "{}"));
    if (s->span > 1)
        TRY(text_add(out, "\\multicolumn{%d}{c}{", s->span));
    TRY(markup_latex(out, s->text));
    return text_add(out, s->span > 1 ? "}" : "");
}

/* Joined heads stand over a rule of their own. */
static status heads_latex(const struct grid *t, struct text *out)
{
    for (int c = 0; c < t->columns; c += grid_span(t, c))
        if (grid_span(t, c) > 1)
            TRY(text_add(out, "\\cmidrule(lr){%d-%d}", c + 1, c + grid_span(t, c)));
    return text_add(out, "\n");
}

static status rule_latex(const struct grid *t, struct text *out)
{
    return text_add(out, "\\midrule\n");
}

static status close_latex(const struct grid *t, const struct block *b, struct text *out)
{
    TRY(text_add(out, "\\bottomrule\n\\end{tabular}\n\\end{lrbox}\n"
                      "\\ifdim\\wd\\fitbox>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox{\\fitbox}}"
                      "\\else\\usebox{\\fitbox}\\fi\n"));
    if (t->note[0] && b->last == t->rows) {
        TRY(text_add(out, "\\par\\medskip\\footnotesize\\raggedright "));
        TRY(markup_latex(out, t->note));
        TRY(text_add(out, "\n"));
    }
    return text_add(out, "\\end{table}\n\\clearpage\n");
}

/* ---- HTML ---------------------------------------------------------------------------------------------- */

static status open_html(const struct grid *t, const struct block *b, struct text *out)
{
    return markup_add(
        out,
        "<div class=\"scroll%s\" tabindex=\"0\" role=\"region\" aria-label=\"%s\"><table id=\"%s\">"
        "<caption>%s</caption>\n<thead>\n",
        t->columns > WIDE ? " wide" : "", t->title, t->id, t->title);
}

/* An interval stands in a line of its own, so that the column is narrow. */
static status put_html(const struct spot *s, struct text *out)
{
    const char *interval = s->cell && s->cell->kind == CELL_INTERVAL ? strstr(s->text, " [") : NULL;

    if (!s->cell) {
        TRY(s->span > 1 ? text_add(out, "<th scope=\"colgroup\" colspan=\"%d\">", s->span)
                        : text_add(out, s->row == ROW_UNIT ? "<th scope=\"col\" class=\"unit\">"
                                                           : "<th scope=\"col\">"));
        return markup_add(out, "%s</th>", s->text);
    }
    TRY(text_add(out, s->column == 0 ? "<th scope=\"row\">" : s->left ? "<td class=\"word\">" : "<td>"));
    if (interval) {
        TRY(text_add_bytes(out, s->text, (size_t)(interval - s->text)));
        TRY(text_add(out, " <span class=\"note\">%s</span>", interval + 1));
    } else {
        TRY(markup_html(out, s->text));
    }
    return text_add(out, s->column ? "</td>" : "</th>");
}

static status rule_html(const struct grid *t, struct text *out)
{
    return text_add(out, "</thead>\n<tbody>\n");
}

static status close_html(const struct grid *t, const struct block *b, struct text *out)
{
    TRY(text_add(out, "</tbody></table></div>\n"));
    if (!t->note[0])
        return OK;
    return markup_add(out, "<p class=\"note\">%s</p>\n", t->note);
}

/* ---- the walk ------------------------------------------------------------------------------------------ */

static const struct form forms[] = {
    [PRINT_TERMINAL] = { open_terminal, NULL, NULL, put_terminal, close_terminal, "", "", "\n", .units = 1 },
    [PRINT_CSV] = { NULL, NULL, NULL, put_csv, NULL, "", ",", "\r\n" },
    [PRINT_MARKDOWN] = { open_markdown, NULL, rule_markdown, put_markdown, close_markdown, "| ", " | ",
                         " |\n" },
    [PRINT_LATEX] = { open_latex, heads_latex, rule_latex, put_latex, close_latex, "", " & ", " \\\\\n",
                      .page = PAGE_ROWS, .joined = 1, .units = 1 },
    [PRINT_HTML] = { open_html, NULL, rule_html, put_html, close_html, "<tr>", "", "</tr>\n", .joined = 1,
                     .units = 1 },
    [PRINT_JSON] = { open_json, NULL, NULL, put_json, close_json, "[", ", ", "]" },
};

/* One line: the heads, the units or a row. */
static status add_line(const struct grid *t, const struct form *f, const struct block *b, int row,
                       struct text *out)
{
    char head[GRID_HEAD + GRID_UNIT + 4];
    int span;

    TRY(text_add(out, "%s", f->row));
    for (int c = 0; c < b->to; c += span) {
        struct spot s = { .row = row, .column = c, .width = b->width[c] };

        span = 1;
        if (c >= b->keys && c < b->from)
            continue;
        if (row == ROW_HEAD && f->joined)
            span = grid_span(t, c);
        s.span = span;
        s.left = c < b->keys || grid_is_words(t, c);
        s.cell = row < 0 ? NULL : grid_cell(t, row, c);
        snprintf(head, sizeof head, row == ROW_HEAD && !f->units && t->unit[c][0] ? "%s (%s)" : "%s",
                 t->head[c], t->unit[c]);
        s.text = row == ROW_HEAD ? head : row == ROW_UNIT ? t->unit[c] : s.cell->text;
        if (s.left && c == b->to - 1)
            s.width = 0;
        TRY(text_add(out, "%s", c ? f->between : ""));
        TRY(f->put(&s, out));
    }
    return text_add(out, "%s", f->row_end);
}

static status add_block(const struct grid *t, const struct form *f, const struct block *b, struct text *out)
{
    int units = 0, json = f->put == put_json;

    for (int c = 0; c < b->to; c++)
        units |= (c < b->keys || c >= b->from) && t->unit[c][0] != '\0';
    if (f->open)
        TRY(f->open(t, b, out));
    if (!json)
        TRY(add_line(t, f, b, ROW_HEAD, out));
    if (f->heads)
        TRY(f->heads(t, out));
    if (f->units && units)
        TRY(add_line(t, f, b, ROW_UNIT, out));
    if (f->rule)
        TRY(f->rule(t, out));
    for (int r = b->first; r < b->last; r++) {
        TRY(text_add(out, json && r > b->first ? ",\n" : ""));
        TRY(add_line(t, f, b, r, out));
    }
    return f->close ? f->close(t, b, out) : OK;
}

status print_grid(const struct grid *t, enum print_form form, int columns, struct text *out)
{
    const struct form *f = &forms[form];
    struct block b = { .to = t->columns, .last = t->rows };
    int key_width = -2;

    if (form != PRINT_TERMINAL) {
        for (b.first = 0; b.first == 0 || b.first < t->rows; b.first = b.last) {
            b.last = f->page && b.first + f->page < t->rows ? b.first + f->page : t->rows;
            TRY(add_block(t, f, &b, out));
            if (b.last == b.first)
                break;
        }
        return OK;
    }
    for (int c = 0; c < t->columns; c++)
        b.width[c] = column_width(t, c);
    b.keys = keys_of(t, b.width, columns);
    for (int c = 0; c < b.keys; c++)
        key_width += 2 + b.width[c];
    for (b.from = b.keys; b.from == b.keys || b.from < t->columns; b.from = b.to) {
        int sum = key_width;

        for (b.to = b.from; b.to < t->columns && (b.to == b.from || sum + 2 + b.width[b.to] <= columns);)
            sum += 2 + b.width[b.to++];
        TRY(add_block(t, f, &b, out));
        if (b.to == b.from)
            break;
    }
    return OK;
}

/* ---- values -------------------------------------------------------------------------------------------- */

status print_values_head(struct text *out)
{
    return text_add(out, "table,network,precision,measure,set,value,low,high\r\n");
}

static int same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Has an earlier cell the same key? It is the same number then, as the first precision's in the row of each
 * other.
 */
static int stands_before(const struct grid *t, int i)
{
    const struct cell *cell = &t->cell[i];

    for (const struct cell *c = t->cell; c < cell; c++)
        if (c->kind >= CELL_COUNT && strcmp(c->measure, cell->measure) == 0 &&
            same_text(c->key.network, cell->key.network) &&
            same_text(c->key.precision, cell->key.precision) && same_text(c->key.set, cell->key.set))
            return 1;
    return 0;
}

status print_values(const struct grid *t, struct text *out)
{
    for (int i = 0; i < t->rows * t->columns; i++) {
        const struct cell *cell = &t->cell[i];
        const char *const key[] = { t->id, cell->key.network, cell->key.precision, cell->measure,
                                    cell->key.set };

        if (cell->kind < CELL_COUNT || !cell->measure[0] || stands_before(t, i))
            continue;
        for (size_t k = 0; k < COUNT_OF(key); k++) {
            TRY(put_csv(&(struct spot){ .text = key[k] ? key[k] : "" }, out));
            TRY(text_add(out, ","));
        }
        TRY(text_add(out, cell->kind == CELL_INTERVAL ? "%.9g,%.9g,%.9g\r\n" : "%.9g,,\r\n", cell->value,
                     cell->low, cell->high));
    }
    return OK;
}
