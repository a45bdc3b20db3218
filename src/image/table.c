/* src/image/table.c: rows and columns of a list, by their names where its first row has them. */
#include "table.h"

#include <ctype.h>
#include <string.h>

/* ---- names of columns ---------------------------------------------------------------------------------- */

/* Names without case, blanks, '_' and '-'; behind a '|' those of the next rank. Of several columns of one
 * role that of the lowest rank holds. */
static const char *const known[TABLE_ROLES] = {
    [TABLE_PATH] = "path filepath imagepath imgpath relativepath | "
                   "file filename imagefile imagefilename imagename | "
                   "image img picture photo | imageid imgid | id name",
    [TABLE_INDEX] = "classindex classidx classid classnumber labelindex labelidx labelid",
    [TABLE_CLASS] = "class label labels target groundtruth truth category",
    [TABLE_SYNSET] = "wnid synset synsetid wordnetid",
    [TABLE_PREDICTION] = "predictionstring",
    [TABLE_LEFT] = "x0 xmin left xtl bboxxmin bboxleft x bboxx boxx",
    [TABLE_TOP] = "y0 ymin top ytl bboxymin bboxtop y bboxy boxy",
    [TABLE_X1] = "x1 bboxx1",
    [TABLE_Y1] = "y1 bboxy1",
    [TABLE_RIGHT] = "x2 xmax right xbr bboxxmax bboxright bboxx2",
    [TABLE_BOTTOM] = "y2 ymax bottom ybr bboxymax bboxbottom bboxy2",
    [TABLE_WIDTH] = "bboxwidth boxwidth bboxw | width w",
    [TABLE_HEIGHT] = "bboxheight boxheight bboxh | height h",
};

/* -1 where the name is none of a role's. */
static int rank_of(const char *names, const char *name)
{
    int rank = 0;

    for (size_t size; *names; names += size + strspn(names + size, " ")) {
        size = strcspn(names, " ");
        if (*names == '|')
            rank++;
        else if (size == strlen(name) && memcmp(names, name, size) == 0)
            return rank;
    }
    return -1;
}

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
    for (int role = 0; role < TABLE_ROLES; role++) {
        int held = t->column[role] >= 0, is = rank_of(known[role], plain);

        if (is < 0 || (held && is > rank[role]))
            continue;
        t->twice[role] = held && is == rank[role];
        rank[role] = is;
        t->column[role] = at;
        snprintf(t->name[role], sizeof t->name[0], "%s", t->field[at]);
        text_make_printable(t->name[role], "");
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
    return LIST_BAD(&t->at, "a field's quotes do not end where the field ends (\"\" is a quote within them)");
}

static status split(struct table *t, char *line)
{
    char *at = line;
    int open = 0;

    t->fields = 0;
    while (at) {
        int rest = t->fields == TABLE_MAX_FIELDS - 1, last;
        char *end = rest ? at + strlen(at) : field_end(at, t->separator, &open);

        last = !*end;
        *end = '\0';
        t->field[t->fields] = at;
        if (!rest && (open || !unquote(&t->field[t->fields])))
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

/* The next line that is not blank, trimmed but for tabs, which may end an empty field; NULL at the end. */
static char *next_line(struct table *t)
{
    for (char *line; (line = strsep(&t->next, "\n"));) {
        t->at.line++;
        line += strspn(line, " ");
        for (size_t n = strlen(line); n > 0 && strchr(" \r", line[n - 1]); n--)
            line[n - 1] = '\0';
        if (line[strspn(line, " \t\r")])
            return line;
    }
    return NULL;
}

status table_open(const char *file, const char *what, struct table *out)
{
    size_t size;
    char *line;

    *out = (struct table){ .at.file = file };
    TRY(text_read_plain(file, (size_t)512 << 20, &out->text, &size));
    out->next = out->text;
    line = next_line(out);
    if (!line)
        return FAIL(ERR_FORMAT, "%s: no %s are listed", file, what);
    if (strchr("{[", *line) && strchr("\"{[]}", line[1 + strspn(line + 1, " \t")]))
        return FAIL(ERR_FORMAT,
                    "%s: JSON, as COCO's annotations are, is not read as %s: give lines, the first of which "
                    "names the columns",
                    file, what);
    if (!strncmp(line, "<?", 2) || !strncmp(line, "<!", 2) || !strncmp(line, "<annotation", 11))
        return FAIL(ERR_FORMAT,
                    "%s: XML is not read as %s from one file: give lines, or as boxes the folder of "
                    "ILSVRC's annotations",
                    file, what);
    out->separator = find_separator(line);
    TRY(split_line(out, line));
    find_header(out);
    out->again = !out->header;
    return OK;
}

void table_close(struct table *t)
{
    mem_free(t->text);
    *t = (struct table){ 0 };
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
    line = next_line(t);
    *more = line != NULL;
    if (!line)
        return OK;
    TRY(split_line(t, line));
    for (int i = 0; i < TABLE_ROLES; i++)
        last_needed |= t->column[i] == t->columns - 1;
    if (t->header && (t->fields < t->columns || (t->fields > t->columns && last_needed)))
        return LIST_BAD(&t->at, "%d fields, but the header names %d (a name with %s in it stands in quotes)",
                        t->fields, t->columns,
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
                t->at.file, t->name[role]);
}
