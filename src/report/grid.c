/* src/report/grid.c: a table's cells, filled row by row. */
#include "grid.h"

#include <string.h>

void grid_init(struct grid *t, const char *id, const char *title, ...)
{
    va_list args;

    memset(t, 0, sizeof *t);
    snprintf(t->id, sizeof t->id, "%s", id);
    va_start(args, title);
    vsnprintf(t->title, sizeof t->title, title, args);
    va_end(args);
    text_make_printable(t->title, "");
}

void grid_column(struct grid *t, const char *head, const char *unit)
{
    BUG_IF(t->columns == GRID_MAX_COLUMNS || t->rows);
    snprintf(t->head[t->columns], GRID_HEAD, "%s", head);
    snprintf(t->unit[t->columns], GRID_UNIT, "%s", unit);
    t->columns++;
}

status grid_row(struct grid *t, struct grid_key key)
{
    if (t->rows == t->capacity) {
        int capacity = t->capacity ? 2 * t->capacity : 16;
        void *grown =
            mem_grow(t->cell, (size_t)t->rows * t->columns, (size_t)capacity * t->columns, sizeof *t->cell);

        if (!grown)
            return FAIL(ERR_MEMORY, "no memory for %d rows of %s", capacity, t->id);
        t->cell = grown;
        t->capacity = capacity;
    }
    t->rows++;
    t->next = 0;
    t->key = key;
    return OK;
}

void grid_set_key(struct grid *t, struct grid_key key)
{
    t->key = key;
}

static struct cell *next_cell(struct grid *t, enum cell_kind kind, const char *measure)
{
    struct cell *cell;

    BUG_IF(t->rows == 0 || t->next == t->columns);
    cell = &t->cell[(t->rows - 1) * t->columns + t->next++];
    cell->kind = kind;
    cell->key = t->key;
    snprintf(cell->measure, sizeof cell->measure, "%s", measure ? measure : "");
    return cell;
}

void grid_text(struct grid *t, const char *format, ...)
{
    char *text = next_cell(t, CELL_TEXT, NULL)->text;
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(text, GRID_CELL, format, args);
    va_end(args);
    text_make_printable(text, "");
    if (n < GRID_CELL)
        return;
    /* Half a character at the cut would make the JSON and the CSV no UTF-8. */
    for (n = GRID_CELL - 1; n > 0 && (text[n - 1] & 0xC0) == 0x80; n--)
        ;
    if (n > 0 && (text[n - 1] & 0x80))
        text[n - 1] = '\0';
}

void grid_missing(struct grid *t, const char *why)
{
    snprintf(next_cell(t, CELL_MISSING, NULL)->text, GRID_CELL, "%s", why);
}

void grid_count(struct grid *t, const char *measure, int64_t count)
{
    struct cell *cell = next_cell(t, CELL_COUNT, measure);

    cell->value = (double)count;
    snprintf(cell->text, GRID_CELL, "%lld", (long long)count);
}

void grid_number(struct grid *t, const char *measure, double value, int digits)
{
    struct cell *cell = next_cell(t, CELL_NUMBER, measure);

    cell->value = value;
    snprintf(cell->text, GRID_CELL, digits < 0 ? "%.*g" : "%.*f", digits < 0 ? -digits : digits, value);
}

void grid_signed(struct grid *t, const char *measure, double value, int digits)
{
    struct cell *cell = next_cell(t, CELL_NUMBER, measure);

    cell->value = value;
    snprintf(cell->text, GRID_CELL, "%+.*f", digits, value);
}

void grid_interval(struct grid *t, const char *measure, const double value[3], int digits, int is_signed)
{
    struct cell *cell = next_cell(t, CELL_INTERVAL, measure);

    cell->value = value[0];
    cell->low = value[1];
    cell->high = value[2];
    snprintf(cell->text, GRID_CELL, is_signed ? "%+.*f [%+.*f, %+.*f]" : "%.*f [%.*f, %.*f]", digits,
             value[0], digits, value[1], digits, value[2]);
}

void grid_remark(struct grid *t, const char *remark)
{
    char *text = t->cell[(t->rows - 1) * t->columns + t->next - 1].text;
    size_t used = strlen(text);

    snprintf(text + used, GRID_CELL - used, " [%s]", remark);
}

static const char spread[] = " +- ";

void grid_spread(struct grid *t, const char *measure, double value, double sd, int digits)
{
    struct cell *cell = next_cell(t, CELL_NUMBER, measure);

    cell->value = value;
    snprintf(cell->text, GRID_CELL, "%.*f%s%.*f", digits, value, spread, digits, sd);
}

int grid_parse(const char *text, double *value)
{
    const char *end = strstr(text, spread);
    char number[32];

    snprintf(number, sizeof number, "%.*s", end ? (int)(end - text) : (int)strlen(text), text);
    return text_parse_real(number, value);
}

void grid_quoted(struct grid *t, const char *measure, const char *text)
{
    struct cell *cell = next_cell(t, CELL_NUMBER, measure);

    if (!grid_parse(text, &cell->value))
        cell->kind = CELL_TEXT;
    snprintf(cell->text, GRID_CELL, "%s", text);
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

const struct cell *grid_cell(const struct grid *t, int row, int column)
{
    BUG_IF(row < 0 || row >= t->rows || column < 0 || column >= t->columns);
    return &t->cell[row * t->columns + column];
}

int grid_is_words(const struct grid *t, int column)
{
    for (int r = 0; r < t->rows; r++)
        if (grid_cell(t, r, column)->kind != CELL_TEXT)
            return 0;
    return t->rows > 0;
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
