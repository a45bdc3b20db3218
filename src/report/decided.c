/* src/report/decided.c: what the job decided, from the result's /provenance. */
#include "decided.h"

#include <string.h>

#include "value.h"

/* `key` is the front of a line, `size` long. Of `data` these are what was given, the others were decided. */
static int is_decision(const char *key, size_t size)
{
    static const char data[] = "data.", tail[] = ".decided";
    static const char *const given[] = { "images", "labels", "synsets", "boxes", "sha256" };
    size_t front = strlen(data), end = strlen(tail);

    if (size > end && memcmp(key + size - end, tail, end) == 0)
        return 1;
    if (size <= front || memcmp(key, data, front) != 0)
        return 0;
    for (size_t i = 0; i < COUNT_OF(given); i++)
        if (strlen(given[i]) == size - front && memcmp(key + front, given[i], size - front) == 0)
            return 0;
    return 1;
}

status decided_read(struct store_reader *r, struct text *out)
{
    char *text;
    status result = value_text(r, "/provenance", &text);

    for (const char *line = text; result == OK && line && *line;) {
        size_t size = strcspn(line, "\n"), key = strcspn(line, " \n");

        if (key < size && is_decision(line, key))
            result = text_add(out, "%.*s\n", (int)size, line);
        line += size + (line[size] == '\n');
    }
    mem_free(text);
    return result;
}

status decided_markdown(const char *lines, struct text *out)
{
    if (!lines)
        return OK;
    TRY(text_add(out, "## What was decided\n\n"));
    for (size_t size; *lines; lines += size + 1) {
        size = strcspn(lines, "\n");
        TRY(text_add(out, "    %.*s\n", (int)size, lines)); /* code: no letter of a path means anything */
    }
    return text_add(out, "\n");
}
