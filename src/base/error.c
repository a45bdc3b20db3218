/* src/base/error.c: the process's one record of its last failure; bugs. */
#include "base.h"

#include <stdlib.h>
#include <string.h>

static struct error_record last = { .rank = -1 };
static void (*bug_hook)(void);

struct error_record *error_last(void)
{
    return &last;
}

void error_set(status code, const char *file, int line, const char *format, ...)
{
    const char *slash = strrchr(file, '/');
    char text[sizeof last.text]; /* the arguments may point into the record: error_last()->text */
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    text_make_printable(text, "");
    memcpy(last.text, text, sizeof text);
    snprintf(last.where, sizeof last.where, "%s:%d", slash ? slash + 1 : file, line);
    last.status = (int)code;
}

void error_put_before(const char *format, ...)
{
    char text[sizeof last.text + 2];
    va_list args;

    va_start(args, format);
    int n = vsnprintf(text, sizeof last.text, format, args);
    va_end(args);
    if (n < 0 || n >= (int)sizeof last.text)
        n = (int)sizeof last.text - 1;
    snprintf(text + n, sizeof text - (size_t)n, ": %s", last.text);
    memcpy(last.text, text, sizeof last.text);
    last.text[sizeof last.text - 1] = '\0';
    text_make_printable(last.text, "");
}

const char *error_name(status code)
{
    static const char *const names[] = { "ok", "usage", "range", "format", "io", "missing",
                                         "mismatch", "memory", "numeric", "busy", "stopped" };

    return (unsigned)code < COUNT_OF(names) ? names[code] : "unknown";
}

int error_exit_code(status code)
{
    return code == OK ? 0 : code == ERR_USAGE ? 2 : code == ERR_BUSY ? 4 : code == ERR_STOPPED ? 75 : 1;
}

void error_set_bug_hook(void (*hook)(void))
{
    bug_hook = hook;
}

_Noreturn void error_bug(const char *file, int line, const char *condition)
{
    fprintf(stderr, "quantcam: bug at %s:%d, rank %d: %s\n", file, line, last.rank, condition);
    if (bug_hook)
        bug_hook();
    abort();
}
