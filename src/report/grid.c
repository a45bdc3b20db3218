#include "grid.h"

#include <string.h>

void grid_init(struct grid *t, const char *id, const char *title)
{
    memset(t, 0, sizeof *t);
    snprintf(t->id, sizeof t->id, "%s", id);
    snprintf(t->title, sizeof t->title, "%s", title);
}

void grid_column(struct grid *t, const char *head, const char *unit)
{
    BUG_IF(t->columns == GRID_MAX_COLUMNS || t->rows);
    snprintf(t->head[t->columns], GRID_HEAD, "%s", head);
    snprintf(t->unit[t->columns], sizeof t->unit[0], "%s", unit);
    t->columns++;
}

static char *at(const struct grid *t, int row, int column)
{
    BUG_IF(row < 0 || row >= t->rows || column < 0 || column >= t->columns);
    return t->cell[row * t->columns + column];
}

status grid_row(struct grid *t)
{
    if (t->rows == t->capacity) {
        int capacity = t->capacity ? 2 * t->capacity : 16;
        void *grown =
            mem_grow(t->cell, (size_t)t->rows * t->columns, (size_t)capacity * t->columns, GRID_CELL);

        if (!grown)
            return FAIL(ERR_MEMORY, "no memory for %d rows of %s", capacity, t->id);
        t->cell = grown;
        t->capacity = capacity;
    }
    t->rows++;
    return OK;
}

void grid_set(struct grid *t, int column, const char *format, ...)
{
    char *cell = at(t, t->rows - 1, column);
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(cell, GRID_CELL, format, args);
    va_end(args);
    text_make_printable(cell, "");
    if (n < GRID_CELL)
        return;
    /* Half a character at the cut would make the JSON and the CSV no UTF-8. */
    for (n = GRID_CELL - 1; n > 0 && (cell[n - 1] & 0xC0) == 0x80; n--)
        ;
    if (n > 0 && (cell[n - 1] & 0x80))
        cell[n - 1] = '\0';
}

void grid_note(struct grid *t, const char *format, ...)
{
    size_t used = strlen(t->note);
    va_list args;

    va_start(args, format);
    vsnprintf(t->note + used, sizeof t->note - used, format, args);
    va_end(args);
    text_make_printable(t->note + used, "\n");
}

const char *grid_cell(const struct grid *t, int row, int column)
{
    return at(t, row, column);
}

int grid_span(const struct grid *t, int column)
{
    int n = 1;

    while (column > 0 && column + n < t->columns &&
           (!t->head[column + n][0] || strcmp(t->head[column + n], t->head[column]) == 0))
        n++;
    return n;
}

void grid_release(struct grid *t)
{
    mem_free(t->cell);
    t->cell = NULL;
    t->rows = t->capacity = 0;
}

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
        if (width_of(at(t, r, c)) > width)
            width = width_of(at(t, r, c));
    return width;
}

/* Names are left-aligned, figures right-aligned. */
static status add_padded(struct text *out, const char *text, int width, int column, int name)
{
    int pad = width - width_of(text);

    if (name)
        return text_add(out, "%s%s%*s", column ? "  " : "", text, pad > 0 ? pad : 0, "");
    return text_add(out, "  %*s%s", pad > 0 ? pad : 0, "", text);
}

status grid_wrapped(const char *text, struct text *out)
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

/* Words, not figures, in every row: such columns at the left say what a row is. */
static int is_key(const struct grid *t, int c)
{
    for (int r = 0; r < t->rows; r++)
        if (strchr("+-.0123456789", at(t, r, c)[0]))
            return 0;
    return t->rows > 0;
}

/* How many columns at the left stand in every block of a table that is too wide: those that say what a row
 * is, as long as every other column has room beside them. */
static int keys_of(const struct grid *t, const int width[], int columns)
{
    int keys = 1, sum = width[0], widest = 0;

    for (int c = 1; c < t->columns; c++)
        widest = width[c] > widest && !is_key(t, c) ? width[c] : widest;
    while (keys < 3 && keys < t->columns - 1 && is_key(t, keys) &&
           sum + 2 + width[keys] + 2 + widest <= columns) {
        sum += 2 + width[keys];
        keys++;
    }
    return keys;
}

enum { ROW_HEAD = -2, ROW_UNIT = -1 };

static status add_line(const struct grid *t, int row, int keys, int first, int last, const int width[],
                       struct text *out)
{
    for (int c = 0; c < last; c++) {
        char unit[32];
        int left;

        if (c >= keys && c < first)
            continue;
        snprintf(unit, sizeof unit, t->unit[c][0] ? "(%s)" : "%s", t->unit[c]);
        left = c < keys || is_key(t, c);
        TRY(add_padded(out,
                       row == ROW_HEAD   ? t->head[c]
                       : row == ROW_UNIT ? unit
                                         : at(t, row, c),
                       left && c == last - 1 ? 0 : width[c], c, left));
    }
    return text_add(out, "\n");
}

status grid_terminal(const struct grid *t, int columns, struct text *out)
{
    int width[GRID_MAX_COLUMNS], units = 0, keys, key_width = -2;

    for (int c = 0; c < t->columns; c++) {
        width[c] = column_width(t, c);
        units |= t->unit[c][0] != '\0';
    }
    keys = keys_of(t, width, columns);
    for (int c = 0; c < keys; c++)
        key_width += 2 + width[c];
    TRY(text_add(out, "%s\n", t->title));
    for (int first = keys, last; first == keys || first < t->columns; first = last) {
        int sum = key_width;

        for (last = first; last < t->columns && (last == first || sum + 2 + width[last] <= columns); last++)
            sum += 2 + width[last];
        if (first > keys)
            TRY(text_add(out, "\n"));
        TRY(add_line(t, ROW_HEAD, keys, first, last, width, out));
        if (units)
            TRY(add_line(t, ROW_UNIT, keys, first, last, width, out));
        for (int r = 0; r < t->rows; r++)
            TRY(add_line(t, r, keys, first, last, width, out));
        if (last == first)
            break;
    }
    if (t->note[0])
        TRY(grid_wrapped(t->note, out));
    return text_add(out, "\n");
}

/* Names come from result files and job files: a bar would open a new column, a '<' markup. */
static status add_escaped(struct text *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|' || *text == '<' || *text == '\\')
            TRY(text_add(out, "\\"));
        TRY(text_add_bytes(out, text, 1));
    }
    return OK;
}

status grid_markdown(const struct grid *t, struct text *out)
{
    TRY(text_add(out, "### %s\n\n|", t->title));
    for (int c = 0; c < t->columns; c++) {
        TRY(text_add(out, " "));
        TRY(add_escaped(out, t->head[c]));
        TRY(text_add(out, t->unit[c][0] ? " (%s) |" : "%s |", t->unit[c]));
    }
    TRY(text_add(out, "\n|"));
    for (int c = 0; c < t->columns; c++)
        TRY(text_add(out, c ? "---:|" : "---|"));
    TRY(text_add(out, "\n"));
    for (int r = 0; r < t->rows; r++) {
        TRY(text_add(out, "|"));
        for (int c = 0; c < t->columns; c++) {
            TRY(text_add(out, " "));
            TRY(add_escaped(out, at(t, r, c)));
            TRY(text_add(out, " |"));
        }
        TRY(text_add(out, "\n"));
    }
    return text_add(out, t->note[0] ? "\n%s\n\n" : "\n%s", t->note);
}

static status add_csv(struct text *out, const char *text, int last)
{
    if (!strpbrk(text, ",\"\r\n"))
        return text_add(out, "%s%s", text, last ? "\r\n" : ",");
    TRY(text_add(out, "\""));
    for (; *text; text++)
        TRY(text_add(out, *text == '"' ? "\"\"" : "%c", *text));
    return text_add(out, "\"%s", last ? "\r\n" : ",");
}

status grid_csv(const struct grid *t, struct text *out)
{
    for (int c = 0; c < t->columns; c++) {
        char head[GRID_HEAD + 32];

        snprintf(head, sizeof head, t->unit[c][0] ? "%s (%s)" : "%s%s", t->head[c], t->unit[c]);
        TRY(add_csv(out, head, c == t->columns - 1));
    }
    for (int r = 0; r < t->rows; r++)
        for (int c = 0; c < t->columns; c++)
            TRY(add_csv(out, at(t, r, c), c == t->columns - 1));
    return OK;
}
