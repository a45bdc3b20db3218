/* src/image/table.c: rows and columns of a list, by their names where its first row has them. */
#include "table.h"

#include <ctype.h>
#include <string.h>

/* ---- names of columns ---------------------------------------------------------------------------------- */

/* Names without case, blanks, '_' and '-'. Of several columns of one role that of the lowest rank holds. */
static const struct known {
    const char *name;
    enum table_role role;
    int rank;
} known[] = {
    { "path", TABLE_PATH, 0 },
    { "filepath", TABLE_PATH, 0 },
    { "imagepath", TABLE_PATH, 0 },
    { "imgpath", TABLE_PATH, 0 },
    { "relativepath", TABLE_PATH, 0 },
    { "file", TABLE_PATH, 1 },
    { "filename", TABLE_PATH, 1 },
    { "imagefile", TABLE_PATH, 1 },
    { "imagefilename", TABLE_PATH, 1 },
    { "imagename", TABLE_PATH, 1 },
    { "image", TABLE_PATH, 2 },
    { "img", TABLE_PATH, 2 },
    { "picture", TABLE_PATH, 2 },
    { "photo", TABLE_PATH, 2 },
    { "imageid", TABLE_PATH, 3 },
    { "imgid", TABLE_PATH, 3 },
    { "id", TABLE_PATH, 4 },
    { "name", TABLE_PATH, 4 },
    { "classindex", TABLE_INDEX, 0 },
    { "classidx", TABLE_INDEX, 0 },
    { "classid", TABLE_INDEX, 0 },
    { "classnumber", TABLE_INDEX, 0 },
    { "labelindex", TABLE_INDEX, 0 },
    { "labelidx", TABLE_INDEX, 0 },
    { "labelid", TABLE_INDEX, 0 },
    { "class", TABLE_CLASS, 0 },
    { "label", TABLE_CLASS, 0 },
    { "labels", TABLE_CLASS, 0 },
    { "target", TABLE_CLASS, 0 },
    { "groundtruth", TABLE_CLASS, 0 },
    { "truth", TABLE_CLASS, 0 },
    { "category", TABLE_CLASS, 0 },
    { "wnid", TABLE_SYNSET, 0 },
    { "synset", TABLE_SYNSET, 0 },
    { "synsetid", TABLE_SYNSET, 0 },
    { "wordnetid", TABLE_SYNSET, 0 },
    { "predictionstring", TABLE_PREDICTION, 0 },
    { "x0", TABLE_LEFT, 0 },
    { "xmin", TABLE_LEFT, 0 },
    { "left", TABLE_LEFT, 0 },
    { "xtl", TABLE_LEFT, 0 },
    { "bboxxmin", TABLE_LEFT, 0 },
    { "bboxleft", TABLE_LEFT, 0 },
    { "x", TABLE_LEFT, 0 },
    { "bboxx", TABLE_LEFT, 0 },
    { "boxx", TABLE_LEFT, 0 },
    { "y0", TABLE_TOP, 0 },
    { "ymin", TABLE_TOP, 0 },
    { "top", TABLE_TOP, 0 },
    { "ytl", TABLE_TOP, 0 },
    { "bboxymin", TABLE_TOP, 0 },
    { "bboxtop", TABLE_TOP, 0 },
    { "y", TABLE_TOP, 0 },
    { "bboxy", TABLE_TOP, 0 },
    { "boxy", TABLE_TOP, 0 },
    { "x1", TABLE_X1, 0 },
    { "bboxx1", TABLE_X1, 0 },
    { "y1", TABLE_Y1, 0 },
    { "bboxy1", TABLE_Y1, 0 },
    { "x2", TABLE_RIGHT, 0 },
    { "xmax", TABLE_RIGHT, 0 },
    { "right", TABLE_RIGHT, 0 },
    { "xbr", TABLE_RIGHT, 0 },
    { "bboxxmax", TABLE_RIGHT, 0 },
    { "bboxright", TABLE_RIGHT, 0 },
    { "bboxx2", TABLE_RIGHT, 0 },
    { "y2", TABLE_BOTTOM, 0 },
    { "ymax", TABLE_BOTTOM, 0 },
    { "bottom", TABLE_BOTTOM, 0 },
    { "ybr", TABLE_BOTTOM, 0 },
    { "bboxymax", TABLE_BOTTOM, 0 },
    { "bboxbottom", TABLE_BOTTOM, 0 },
    { "bboxy2", TABLE_BOTTOM, 0 },
    { "bboxwidth", TABLE_WIDTH, 0 },
    { "boxwidth", TABLE_WIDTH, 0 },
    { "bboxw", TABLE_WIDTH, 0 },
    { "width", TABLE_WIDTH, 1 },
    { "w", TABLE_WIDTH, 1 },
    { "bboxheight", TABLE_HEIGHT, 0 },
    { "boxheight", TABLE_HEIGHT, 0 },
    { "bboxh", TABLE_HEIGHT, 0 },
    { "height", TABLE_HEIGHT, 1 },
    { "h", TABLE_HEIGHT, 1 },
};

static void plain_name(const char *field, char out[24])
{
    size_t n = 0;

    for (; *field && n < 23; field++)
        if (!strchr("_- .", *field))
            out[n++] = (char)tolower((unsigned char)*field);
    out[n] = '\0';
}

static void name_column(struct table *t, int rank[TABLE_ROLES], int at)
{
    char plain[24];

    plain_name(t->field[at], plain);
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        const struct known *k = &known[i];
        int held = t->column[k->role] >= 0;

        if (strcmp(k->name, plain) != 0 || (held && k->rank > rank[k->role]))
            continue;
        t->twice[k->role] = held && k->rank == rank[k->role];
        rank[k->role] = k->rank;
        t->column[k->role] = at;
        snprintf(t->name[k->role], sizeof t->name[0], "%s", t->field[at]);
        text_make_printable(t->name[k->role], "");
    }
}

/* A first row is a header where two of its fields are columns' names, or one is the pictures', and none is a
 * number, a synset or the name of a picture. */
static void find_header(struct table *t)
{
    int rank[TABLE_ROLES] = { 0 }, names = 0;

    for (int i = 0; i < TABLE_ROLES; i++)
        t->column[i] = -1;
    for (int i = 0; i < t->fields; i++) {
        double number;

        if (text_parse_real(t->field[i], &number) || image_list_is_picture(t->field[i]) ||
            image_is_wnid(t->field[i], strcspn(t->field[i], " ")))
            return;
    }
    for (int i = 0; i < t->fields; i++)
        name_column(t, rank, i);
    for (int i = 0; i < TABLE_ROLES; i++)
        names += t->column[i] >= 0;
    t->header = t->fields > 1 && (names > 1 || t->column[TABLE_PATH] >= 0);
    t->columns = t->fields;
    for (int i = 0; i < TABLE_ROLES && !t->header; i++)
        t->column[i] = -1;
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* Where the line's first field ends: at the separator, or at '\0'; *open = 1 where its quotes do not end. */
static char *field_end(char *from, char separator, int *open)
{
    char *c = from + strspn(from, separator == '\t' ? " " : " \t");

    *open = 0;
    if (*c != '"')
        return from + strcspn(from, (char[]){ separator, '\0' });
    for (c++; *c && !(*c == '"' && c[1] != '"'); c++)
        c += *c == '"';
    *open = !*c;
    return c + strcspn(c, (char[]){ separator, '\0' });
}

/* What a field says: trimmed, or what its quotes hold, "" within them as one. In place; 0 where something
 * stands behind the quotes. */
static int unquote(char **field)
{
    char *from = text_trim(*field), *to;

    *field = from;
    if (*from != '"')
        return 1;
    *field = to = from;
    for (from++; *from && !(*from == '"' && from[1] != '"'); from++) {
        from += *from == '"';
        *to++ = *from;
    }
    if (*from != '"' || from[1])
        return 0;
    *to = '\0';
    return 1;
}

static status bad_quotes(const struct table *t)
{
    return FAIL(ERR_FORMAT,
                "%s:%d: a field's quotes do not end where the field ends (\"\" is a quote within them)",
                t->lines.file, t->lines.line);
}

static status split(struct table *t, char *line)
{
    char *at = line;
    int open;

    t->fields = 0;
    while (at) {
        char *end = t->fields < TABLE_MAX_FIELDS - 1 ? field_end(at, t->separator, &open) : at + strlen(at);
        int last = !*end;

        if (t->fields < TABLE_MAX_FIELDS - 1 && open)
            return bad_quotes(t);
        *end = '\0';
        t->field[t->fields] = at;
        if (t->fields < TABLE_MAX_FIELDS - 1 && !unquote(&t->field[t->fields]))
            return bad_quotes(t);
        t->fields++;
        at = last ? NULL : end + 1;
    }
    return OK;
}

/* Two fields, cut at the last blank or tab; a quoted first one at its end. One field where there is none. */
static status split_blank(struct table *t, char *line)
{
    char *blank, *tab, *cut;
    int open = 0;

    line = text_trim(line);
    blank = strrchr(line, ' ');
    tab = strrchr(line, '\t');
    cut = blank > tab ? blank : tab;
    if (*line == '"') {
        cut = field_end(line, ' ', &open);
        cut = *cut ? cut : NULL;
    }
    t->field[0] = line;
    t->fields = 1;
    if (cut) {
        *cut = '\0';
        t->field[t->fields++] = cut + 1;
    }
    for (int i = 0; i < t->fields; i++)
        if (open || !unquote(&t->field[i]))
            return bad_quotes(t);
    return OK;
}

/* A list of commas may have lines without one, cut at their blank. */
static status split_line(struct table *t, char *line)
{
    if (t->separator == ' ' || (t->separator == ',' && !t->header && !strchr(line, ',')))
        return split_blank(t, line);
    return split(t, line);
}

/* Commas before semicolons, where both stand outside of quotes; one tab alone is as good as a blank. */
static char find_separator(const char *line)
{
    int commas = 0, semicolons = 0, tabs = 0, quoted = 0;

    for (const char *c = line; *c; c++) {
        quoted ^= *c == '"';
        commas += !quoted && *c == ',';
        semicolons += !quoted && *c == ';';
        tabs += !quoted && *c == '\t';
    }
    return commas ? ',' : semicolons ? ';' : tabs > 1 ? '\t' : ' ';
}

/* ---- the table ----------------------------------------------------------------------------------------- */

static status other_format(const char *file, const char *what, char first)
{
    if (first == '{' || first == '[')
        return FAIL(ERR_FORMAT,
                    "%s: JSON, as COCO's annotations are, is not read as %s: give lines, the first of which "
                    "names the columns",
                    file, what);
    return FAIL(ERR_FORMAT,
                "%s: XML is not read as %s from one file: give lines, or as boxes the folder of "
                "ILSVRC's annotations",
                file, what);
}

static int begins_as_json(const char *line)
{
    return strchr("{[", *line) && strchr("\"{[]}", line[1 + strspn(line + 1, " \t")]);
}

status table_open(const char *file, const char *what, struct table *out)
{
    char *line;

    *out = (struct table){ 0 };
    TRY(image_lines_open(file, &out->lines));
    line = image_lines_next(&out->lines);
    if (!line)
        return FAIL(ERR_FORMAT, "%s: no %s are listed", file, what);
    if (begins_as_json(line) || !strncmp(line, "<?", 2) || !strncmp(line, "<!", 2) ||
        !strncmp(line, "<annotation", 11))
        return other_format(file, what, *line);
    out->separator = find_separator(line);
    TRY(split_line(out, line));
    find_header(out);
    out->again = !out->header;
    return OK;
}

void table_close(struct table *t)
{
    image_lines_close(&t->lines);
}

status table_next(struct table *t, int *more)
{
    int last_needed = 0;
    char *line;

    *more = 1;
    if (t->again) {
        t->again = 0;
        return OK;
    }
    line = image_lines_next(&t->lines);
    *more = line != NULL;
    if (!line)
        return OK;
    TRY(split_line(t, line));
    for (int i = 0; i < TABLE_ROLES; i++)
        last_needed |= t->column[i] == t->columns - 1;
    if (t->header && (t->fields < t->columns || (t->fields > t->columns && last_needed)))
        return FAIL(ERR_FORMAT,
                    "%s:%d: %d fields, but the header names %d (a name with %s in it stands in quotes)",
                    t->lines.file, t->lines.line, t->fields, t->columns,
                    t->separator == '\t'  ? "a tab"
                    : t->separator == ' ' ? "a blank"
                    : t->separator == ';' ? "a semicolon"
                                          : "a comma");
    return OK;
}

const char *table_field(const struct table *t, enum table_role role)
{
    int at = t->column[role];

    return at >= 0 && at < t->fields ? t->field[at] : NULL;
}

int table_has(const struct table *t, enum table_role role)
{
    return t->column[role] >= 0;
}

status table_check(const struct table *t, enum table_role role)
{
    if (!t->twice[role])
        return OK;
    return FAIL(ERR_FORMAT, "%s: two columns of its header mean the same, one is '%s': take one of them out",
                t->lines.file, t->name[role]);
}
