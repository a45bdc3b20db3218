/* src/store/journal.c: OUT.log.jsonl, a line a start: {"rows": N, ...}. Only ever appended to, by one
 * write, so that a kill cuts at most the last line. */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { LONGEST_LOG = 64 << 20 };

static status log_path(const char *out, char *path, size_t size)
{
    char target[STORE_FILE_NAME];

    TRY(store_follow(out, target, sizeof target));
    if (snprintf(path, size, "%s.log.jsonl", target) >= (int)size)
        return FAIL(ERR_RANGE, "%s: the path is too long", out);
    return OK;
}

status store_log_append(const char *out, int64_t rows, const char *fields)
{
    char path[4096], last = '\n';
    struct text line = { .max = 1 << 20 };
    status result = OK;
    int fd = -1;

    TRY(log_path(out, path, sizeof path));
    fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0)
        return FAIL(ERR_IO, "%s: %s", path, strerror(errno));
    off_t end = lseek(fd, 0, SEEK_END);
    if (end > 0 && pread(fd, &last, 1, end - 1) != 1)
        last = '\n';
    TRY_OUT(text_add(&line, "%s{\"rows\": %lld%s%s}\n", last == '\n' ? "" : "\n", (long long)rows,
                     fields && fields[0] ? ", " : "", fields ? fields : ""));
    if (write(fd, line.data, line.size) != (ssize_t)line.size)
        result = FAIL(ERR_IO, "%s: %s", path, strerror(errno));
    else
        result = place_sync(path, fd, PLACE_DATA);
out:
    text_free(&line);
    close(fd);
    return result;
}

int64_t store_log_last_rows(const char *out)
{
    static const char start[] = "{\"rows\": ";
    char path[4096], number[32], *text = NULL;
    size_t size = 0;
    int64_t rows = -1;

    if (log_path(out, path, sizeof path) != OK || text_read_file(path, LONGEST_LOG, &text, &size) != OK)
        return -1;
    for (char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, start, strlen(start)))
            continue;
        const char *from = line + strlen(start);
        size_t n = strspn(from, "0123456789");
        if (n == 0 || n >= sizeof number)
            continue;
        snprintf(number, sizeof number, "%.*s", (int)n, from);
        if (!text_parse_int(number, 0, INT64_MAX, &rows))
            rows = -1;
    }
    mem_free(text);
    return rows;
}
