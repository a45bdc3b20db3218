/* src/cli/listing.c: facts and a table in three forms. */
#include "listing.h"

#include <stdlib.h>
#include <string.h>

enum { LEAST_CUT = 16, GAP = 2 };

void listing_init(struct listing *l, const char *rows_name, const struct listing_column *column, int columns)
{
    BUG_IF(columns > LISTING_COLUMNS);
    *l = (struct listing){ .rows_name = rows_name, .column = column, .columns = columns };
}

void listing_free(struct listing *l)
{
    for (int i = 0; i < l->rows * l->columns; i++)
        mem_free(l->cell[i]);
    for (int i = 0; i < l->facts; i++) {
        mem_free(l->fact[i].name);
        mem_free(l->fact[i].value);
    }
    mem_free(l->cell);
    *l = (struct listing){ 0 };
}

/* A text of its own from printf's arguments. */
static status format_text(char **out, const char *format, va_list args)
{
    char small[512];
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(small, sizeof small, format, args);
    *out = mem_alloc((size_t)n + 1, 1);
    if (*out)
        vsnprintf(*out, (size_t)n + 1, format, again);
    va_end(again);
    if (!*out)
        return FAIL(ERR_MEMORY, "no memory for a text of %d bytes", n);
    text_make_printable(*out, "");
    return OK;
}

status listing_fact(struct listing *l, enum listing_kind kind, const char *name, const char *format, ...)
{
    struct listing_fact *f = &l->fact[l->facts];
    va_list args;
    status result;

    if (l->facts == LISTING_FACTS)
        return OK;
    va_start(args, format);
    result = format_text(&f->value, format, args);
    va_end(args);
    TRY(result);
    f->name = mem_strdup(name);
    f->kind = kind;
    l->facts++;
    if (!f->name)
        return FAIL(ERR_MEMORY, "no memory for the name %s", name);
    text_make_printable(f->name, "");
    return OK;
}

status listing_row(struct listing *l)
{
    if (l->rows == l->capacity) {
        int more = l->capacity ? 2 * l->capacity : 64;
        size_t columns = (size_t)l->columns;
        char **grown = mem_grow(l->cell, (size_t)l->rows * columns, (size_t)more * columns, sizeof *grown);

        if (!grown)
            return FAIL(ERR_MEMORY, "no memory for %d rows", more);
        l->cell = grown;
        l->capacity = more;
    }
    l->rows++;
    return OK;
}

status listing_set(struct listing *l, int column, const char *format, ...)
{
    va_list args;
    status result;

    BUG_IF(l->rows == 0 || column < 0 || column >= l->columns);
    va_start(args, format);
    result = format_text(&l->cell[(l->rows - 1) * l->columns + column], format, args);
    va_end(args);
    return result;
}

status listing_set_real(struct listing *l, int column, double value)
{
    char text[40];

    snprintf(text, sizeof text, "%.9g", value);
    if (strtod(text, NULL) != value)
        snprintf(text, sizeof text, "%.17g", value);
    return listing_set(l, column, "%s", text);
}

static const char *cell_at(const struct listing *l, int row, int column)
{
    const char *cell = l->cell[row * l->columns + column];

    return cell ? cell : "";
}

/* ---- a terminal ------------------------------------------------------------------------------------- */

/* Columns of a terminal: UTF-8 continuation bytes take none. */
static int width_of(const char *text)
{
    int n = 0;

    for (; *text; text++)
        n += (*text & 0xC0) != 0x80;
    return n;
}

/* Bytes of the first n characters. */
static int bytes_of(const char *text, int n)
{
    const char *p = text;

    for (; *p; p++)
        if ((*p & 0xC0) != 0x80 && n-- == 0)
            break;
    return (int)(p - text);
}

/* As a terminal shows it; `small` holds a number's form. */
static const char *shown(enum listing_kind kind, const char *value, char small[48])
{
    int64_t count;
    double real;

    if (kind == LISTING_COUNT && text_parse_int(value, INT64_MIN, INT64_MAX, &count))
        return text_thousands(count, small, 48);
    if (kind == LISTING_REAL && text_parse_real(value, &real)) {
        snprintf(small, 48, "%.6g", real);
        return small;
    }
    return value;
}

/* Cut to `width` characters, ".." where something is missing: two thirds of what is left stand behind it in a
 * name, whose end tells more. */
static status add_cut(struct text *out, const char *text, int width, enum listing_cut cut)
{
    int length = width_of(text), tail = cut == LISTING_MIDDLE ? (width - 2) * 2 / 3 : 0;

    if (length <= width)
        return text_add(out, "%s", text);
    return text_add(out, "%.*s..%s", bytes_of(text, width - 2 - tail), text,
                    text + bytes_of(text, length - tail));
}

/* Each column's width; 0 = not there: it has no head, or no row has anything in it. */
static void measure(const struct listing *l, int *width)
{
    int over = -LISTING_WIDTH - GAP;
    char small[48];

    for (int c = 0; c < l->columns; c++) {
        const struct listing_column *column = &l->column[c];

        width[c] = 0;
        for (int r = 0; r < l->rows && column->head; r++) {
            int n = width_of(shown(column->kind, cell_at(l, r, c), small));

            width[c] = n > width[c] ? n : width[c];
        }
        if (width[c] > 0 && width[c] < width_of(column->head))
            width[c] = width_of(column->head);
        over += width[c] > 0 ? width[c] + GAP : 0;
    }
    for (int cut = LISTING_END; cut > LISTING_WHOLE; cut--)
        for (int c = 0; c < l->columns; c++) {
            int spare = width[c] - LEAST_CUT, less = over < spare ? over : spare;

            if ((int)l->column[c].cut != cut || less <= 0)
                continue;
            width[c] -= less;
            over -= less;
        }
}

/* Texts stand left, numbers right; nothing follows the last character of a line. */
static status add_line(const struct listing *l, const int *width, int row, struct text *out)
{
    int owed = 0; /* blanks before what comes next */
    char small[48];

    for (int c = 0; c < l->columns; c++) {
        const struct listing_column *column = &l->column[c];
        const char *text;
        int room;

        if (width[c] == 0)
            continue;
        text = row < 0 ? column->head : shown(column->kind, cell_at(l, row, c), small);
        room = width[c] - width_of(text);
        room = room > 0 ? room : 0;
        if (*text) {
            int before = owed + (column->kind == LISTING_TEXT ? 0 : room);

            TRY(text_add(out, "%*s", before, ""));
            TRY(add_cut(out, text, width[c], column->cut));
            owed = GAP + (column->kind == LISTING_TEXT ? room : 0);
        } else {
            owed += width[c] + GAP;
        }
    }
    return text_add(out, "\n");
}

static status print_terminal(const struct listing *l, struct text *out)
{
    int width[LISTING_COLUMNS], widest = 0;
    char small[48];

    for (int i = 0; i < l->facts; i++)
        widest = width_of(l->fact[i].name) > widest ? width_of(l->fact[i].name) : widest;
    widest = widest < LISTING_WIDTH / 3 ? widest : LISTING_WIDTH / 3;
    for (int i = 0; i < l->facts; i++) {
        const struct listing_fact *f = &l->fact[i];
        int pad = widest - width_of(f->name);

        TRY(add_cut(out, f->name, widest, LISTING_MIDDLE));
        TRY(text_add(out, "%*s", (pad > 0 ? pad : 0) + GAP, ""));
        TRY(add_cut(out, shown(f->kind, f->value, small), LISTING_WIDTH - widest - GAP, LISTING_END));
        TRY(text_add(out, "\n"));
    }
    measure(l, width);
    TRY(text_add(out, "\n"));
    for (int r = -1; r < l->rows; r++)
        TRY(add_line(l, width, r, out));
    return OK;
}

/* ---- CSV (RFC 4180) and JSON ------------------------------------------------------------------------ */

static status add_csv(struct text *out, const char *text)
{
    if (!strpbrk(text, "\",\r\n"))
        return text_add(out, "%s", text);
    TRY(text_add(out, "\""));
    for (; *text; text++)
        TRY(text_add(out, *text == '"' ? "\"\"" : "%c", *text));
    return text_add(out, "\"");
}

static int data_rows(const struct listing *l)
{
    return l->rows - (l->has_total ? 1 : 0);
}

static status print_csv(const struct listing *l, struct text *out)
{
    for (int r = -1; r < data_rows(l); r++) {
        const char *before = "";

        for (int c = 0; c < l->columns; c++) {
            if (!l->column[c].name)
                continue;
            TRY(text_add(out, "%s", before));
            TRY(add_csv(out, r < 0 ? l->column[c].name : cell_at(l, r, c)));
            before = ",";
        }
        TRY(text_add(out, "\r\n"));
    }
    return OK;
}

static status add_json(struct text *out, enum listing_kind kind, const char *text)
{
    double number;

    if (kind != LISTING_TEXT && text_parse_real(text, &number))
        return text_add(out, "%s", text);
    return text_add_quoted(out, text);
}

/* An object of the cells that are not empty; of a total its numbers. */
static status add_json_row(const struct listing *l, int row, struct text *out)
{
    const char *before = "{";
    int total = row >= data_rows(l);

    for (int c = 0; c < l->columns; c++) {
        const struct listing_column *column = &l->column[c];

        if (!column->name || !*cell_at(l, row, c) || (total && column->kind == LISTING_TEXT))
            continue;
        TRY(text_add(out, "%s\"%s\": ", before, column->name));
        TRY(add_json(out, column->kind, cell_at(l, row, c)));
        before = ", ";
    }
    return text_add(out, "%s", *before == '{' ? "{}" : "}");
}

static status print_json(const struct listing *l, struct text *out)
{
    TRY(text_add(out, "{\n"));
    for (int i = 0; i < l->facts; i++) {
        TRY(text_add(out, "  "));
        TRY(add_json(out, LISTING_TEXT, l->fact[i].name));
        TRY(text_add(out, ": "));
        TRY(add_json(out, l->fact[i].kind, l->fact[i].value));
        TRY(text_add(out, ",\n"));
    }
    if (l->has_total) {
        TRY(text_add(out, "  \"total\": "));
        TRY(add_json_row(l, l->rows - 1, out));
        TRY(text_add(out, ",\n"));
    }
    TRY(text_add(out, "  \"%s\": [", l->rows_name));
    for (int r = 0; r < data_rows(l); r++) {
        TRY(text_add(out, r ? ",\n    " : "\n    "));
        TRY(add_json_row(l, r, out));
    }
    return text_add(out, "\n  ]\n}\n");
}

status listing_print(const struct listing *l, enum listing_form form, struct text *out)
{
    switch (form) {
    case LISTING_CSV:
        return print_csv(l, out);
    case LISTING_JSON:
        return print_json(l, out);
    case LISTING_TERMINAL:
        break;
    }
    return print_terminal(l, out);
}
