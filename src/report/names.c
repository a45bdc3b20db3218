/* src/report/names.c: names of the classes, from a list that the result does not hold. */
#include "names.h"

#include <string.h>

enum { TEXT_MAX = 4 << 20, MOST = 1 << 20 };

/* n01440764 tench, Tinca tinca: what stands behind the synset. */
static char *without_synset(char *line)
{
    return line[0] == 'n' && strspn(line + 1, "0123456789") == 8 && line[9] == ' ' ? text_trim(line + 10)
                                                                                   : line;
}

status report_names_read(const char *path, struct report_names *out)
{
    size_t size = 0;
    int lines = 1;

    memset(out, 0, sizeof *out);
    if (!path[0])
        return OK;
    TRY(text_read_plain(path, TEXT_MAX, &out->text, &size));
    text_make_printable(out->text, "\r\n");
    for (const char *p = out->text; *p; p++)
        lines += *p == '\n';
    if (lines > MOST)
        return FAIL(ERR_RANGE, "%s: %d names, more than %d", path, lines, MOST);
    MEM_TRY(out->line, (size_t)lines, sizeof *out->line);
    for (char *p = out->text; p && *p;) {
        char *end = strchr(p, '\n');

        if (end)
            *end = '\0';
        out->line[out->count++] = without_synset(text_trim(p));
        p = end ? end + 1 : NULL;
    }
    return OK;
}

void report_names_free(struct report_names *n)
{
    mem_free(n->text);
    mem_free(n->line);
    memset(n, 0, sizeof *n);
}

const char *report_name(const struct report_names *n, int class_index)
{
    return n && class_index >= 0 && class_index < n->count && n->line[class_index][0] ? n->line[class_index]
                                                                                      : NULL;
}

status names_class(struct store_reader *r, const struct report_names *n, int class_index, char *out,
                   size_t size)
{
    const char *name = report_name(n, class_index);

    if (class_index < 0)
        snprintf(out, size, "unknown");
    else if (name)
        snprintf(out, size, "%s", name);
    else if (class_index < store_reader_layout(r)->class_names && store_reader_find(r, "/images/class_name"))
        return store_read_string(r, "/images/class_name", class_index, out, size);
    else
        snprintf(out, size, "class %d", class_index);
    return OK;
}
