/* src/base/text.c: growing texts, files that are read and written whole, and what texts say: numbers,
 * words, paths. */
#include "base.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static status text_reserve(struct text *t, size_t extra)
{
    size_t need = t->size + extra + 1;
    size_t capacity = t->capacity ? t->capacity : 256;
    char *grown;

    if (need - 1 > t->max)
        return FAIL(ERR_MEMORY, "text of %zu bytes is above its bound of %zu", need - 1, t->max);
    if (need <= t->capacity)
        return OK;
    while (capacity < need)
        capacity *= 2;
    grown = mem_grow(t->data, t->size, capacity, 1);
    if (!grown)
        return FAIL(ERR_MEMORY, "no memory for a text of %zu bytes", capacity);
    t->data = grown;
    t->capacity = capacity;
    return OK;
}

status text_add(struct text *t, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    BUG_IF(n < 0);
    TRY(text_reserve(t, (size_t)n));
    va_start(args, format);
    vsnprintf(t->data + t->size, (size_t)n + 1, format, args);
    va_end(args);
    t->size += (size_t)n;
    return OK;
}

status text_add_bytes(struct text *t, const void *bytes, size_t size)
{
    TRY(text_reserve(t, size));
    memcpy(t->data + t->size, bytes, size);
    t->size += size;
    t->data[t->size] = '\0';
    return OK;
}

status text_add_quoted(struct text *t, const char *value)
{
    TRY(text_add_bytes(t, "\"", 1));
    for (; *value; value++)
        if ((unsigned char)*value < 0x20)
            TRY(text_add(t, "\\u%04x", (unsigned)*value));
        else
            TRY(text_add(t, *value == '"' || *value == '\\' ? "\\%c" : "%c", *value));
    return text_add_bytes(t, "\"", 1);
}

void text_free(struct text *t)
{
    mem_free(t->data);
    t->data = NULL;
    t->size = t->capacity = 0;
}

status text_open_file(const char *path, int *fd, uint64_t *size)
{
    struct stat st;

    *fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*fd < 0)
        return FAIL(errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", path, strerror(errno));
    if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(*fd);
        *fd = -1;
        return FAIL(ERR_IO, "%s: not a regular file", path);
    }
    *size = (uint64_t)st.st_size;
    return OK;
}

status text_read_file(const char *path, size_t max_bytes, char **out, size_t *size)
{
    status result = OK;
    char *data = NULL;
    uint64_t bytes;
    size_t got = 0;
    int fd;

    *out = NULL;
    *size = 0;
    TRY(text_open_file(path, &fd, &bytes));
    if (bytes > max_bytes) {
        result = FAIL(ERR_MEMORY, "%s: %llu bytes, more than the %zu that are read", path,
                      (unsigned long long)bytes, max_bytes);
        goto out;
    }
    data = mem_alloc((size_t)bytes + 1, 1);
    if (!data) {
        result = FAIL(ERR_MEMORY, "%s: no memory for %llu bytes", path, (unsigned long long)bytes);
        goto out;
    }
    while (got < bytes) {
        ssize_t n = read(fd, data + got, (size_t)bytes - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            result = FAIL(ERR_IO, "%s: %s", path, strerror(errno));
            goto out;
        }
        if (n == 0)
            break; /* shrunk while being read: what is there is what there is */
        got += (size_t)n;
    }
    data[got] = '\0';
    *out = data;
    *size = got;
    data = NULL;
out:
    close(fd);
    mem_free(data);
    return result;
}

status text_read_plain(const char *path, size_t max_bytes, char **out, size_t *size)
{
    const char *zero;
    size_t mark;
    status result = OK;

    TRY(text_read_file(path, max_bytes, out, size));
    zero = memchr(*out, '\0', *size);
    mark = text_begins(*out, *size, "\xEF\xBB\xBF") ? 3 : 0;
    if (text_begins(*out, *size, "\xFF\xFE") || text_begins(*out, *size, "\xFE\xFF"))
        result = FAIL(ERR_FORMAT, "%s: the text is UTF-16 or UTF-32: save it as UTF-8", path);
    else if (zero)
        result = FAIL(ERR_FORMAT, "%s: a zero byte at byte %zu: a text in UTF-8 is wanted", path,
                      (size_t)(zero - *out));
    if (result != OK) {
        mem_free(*out);
        *out = NULL;
        *size = 0;
        return result;
    }
    *size -= mark;
    memmove(*out, *out + mark, *size + 1);
    return OK;
}

static status write_all(int fd, const char *path, const char *bytes, size_t size)
{
    while (size > 0) {
        ssize_t n = write(fd, bytes, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return FAIL(ERR_IO, "%s: %s", path, strerror(errno));
        bytes += n;
        size -= (size_t)n;
    }
    if (fsync(fd) != 0)
        return FAIL(ERR_IO, "%s: %s", path, strerror(errno));
    return OK;
}

status text_write_file(const char *path, const void *bytes, size_t size)
{
    char temporary[4096];
    status result;
    int fd;

    if (snprintf(temporary, sizeof temporary, "%s.tmp", path) >= (int)sizeof temporary)
        return FAIL(ERR_RANGE, "%s: the path is too long", path);
    fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return FAIL(ERR_IO, "%s: %s", temporary, strerror(errno));
    result = write_all(fd, temporary, bytes, size);
    if (close(fd) != 0 && result == OK)
        result = FAIL(ERR_IO, "%s: %s", temporary, strerror(errno));
    if (result == OK && rename(temporary, path) != 0)
        result = FAIL(ERR_IO, "%s: %s", path, strerror(errno));
    if (result != OK)
        unlink(temporary);
    return result;
}

status text_make_folder(const char *path)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return FAIL(ERR_IO, "%s: the folder cannot be made: %s", path, strerror(errno));
    return OK;
}

int text_parse_int(const char *text, int64_t low, int64_t high, int64_t *out)
{
    char *end;
    long long value;

    if (!*text || strspn(text, "+-0123456789") != strlen(text))
        return 0;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || *end || value < low || value > high)
        return 0;
    *out = value;
    return 1;
}

int text_parse_real(const char *text, double *out)
{
    char *end;
    double value;

    if (!*text || strspn(text, "+-.0123456789eE") != strlen(text))
        return 0;
    value = strtod(text, &end);
    if (*end || !isfinite(value))
        return 0;
    *out = value;
    return 1;
}

const char *text_value(const char *text, const char *key, char *value, size_t size)
{
    size_t length = strlen(key);

    for (const char *line = text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, key, length) != 0 || strncmp(line + length, " = ", 3) != 0)
            continue;
        line += length + 3;
        size_t n = strcspn(line, "\n");
        if (n >= size)
            return NULL;
        memcpy(value, line, n);
        value[n] = '\0';
        return value;
    }
    return NULL;
}

int text_split(char *line, char **words, int max)
{
    int n = 0;
    char *save = NULL;

    for (char *word = strtok_r(line, " \t\r\n", &save); word; word = strtok_r(NULL, " \t\r\n", &save)) {
        if (n == max)
            return max + 1;
        words[n++] = word;
    }
    return n;
}

const char *text_or_null(const char *text)
{
    return text[0] ? text : NULL;
}

char *text_trim(char *line)
{
    size_t size;

    line += strspn(line, " \t\r\n");
    size = strlen(line);
    while (size > 0 && strchr(" \t\r\n", line[size - 1]))
        line[--size] = '\0';
    return line;
}

/* Levenshtein's distance; words longer than 63 letters count as far. */
static int edit_distance(const char *a, const char *b)
{
    int row[64];
    int na = (int)strlen(a), nb = (int)strlen(b);

    if (na > 63 || nb > 63)
        return 64;
    for (int j = 0; j <= nb; j++)
        row[j] = j;
    for (int i = 1; i <= na; i++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            int best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            if (row[j] + 1 < best)
                best = row[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            row[j] = best;
        }
    }
    return row[nb];
}

const char *text_nearest(const char *word, const char *const *words, int count)
{
    const char *nearest = NULL;
    int least = 1 + (int)strlen(word) / 3; /* a third of the letters may be wrong */

    for (int i = 0; i < count; i++) {
        int distance = edit_distance(word, words[i]);
        if (distance <= least) {
            least = distance - 1;
            nearest = words[i];
        }
    }
    return nearest;
}

const char *text_suggest(const char *word, const char *const *words, int count, const char *dashes)
{
    static char text[256];
    const char *nearest = text_nearest(word, words, count);

    text[0] = '\0';
    if (nearest)
        snprintf(text, sizeof text, " (did you mean '%s%.200s'?)", dashes, nearest);
    return text;
}

int text_begins(const char *bytes, size_t size, const char *word)
{
    return size >= strlen(word) && memcmp(bytes, word, strlen(word)) == 0;
}

int text_ends(const char *bytes, size_t size, const char *word)
{
    return size >= strlen(word) && memcmp(bytes + size - strlen(word), word, strlen(word)) == 0;
}

status text_path(char *out, size_t size, const char *dir, const char *name)
{
    int n = snprintf(out, size, "%s%s%s", dir, *dir && dir[strlen(dir) - 1] != '/' ? "/" : "", name);

    if (n < 0 || (size_t)n >= size)
        return FAIL(ERR_RANGE, "the path %.100s.../%.100s... is longer than %zu bytes", dir, name, size - 1);
    return OK;
}

char *text_thousands(int64_t value, char *out, size_t size)
{
    char digits[32];
    int n = snprintf(digits, sizeof digits, "%lld", (long long)value);
    size_t used = 0;

    for (int i = 0; i < n && used + 2 < size; i++) {
        out[used++] = digits[i];
        if (digits[i] != '-' && i + 1 < n && (n - 1 - i) % 3 == 0)
            out[used++] = ',';
    }
    if (size > 0)
        out[used] = '\0';
    return out;
}

char *text_duration(double seconds, char *out, size_t size)
{
    long long s = seconds > 0 && seconds < 1e15 ? (long long)(seconds + 0.5) : 0;
    int n = 0;

    if (s >= 86400)
        n = snprintf(out, size, "%lldd ", s / 86400);
    snprintf(out + n, size - (size_t)n, "%02lld:%02lld:%02lld", s / 3600 % 24, s / 60 % 60, s % 60);
    return out;
}
