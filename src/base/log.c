/* src/base/log.c: lines on stderr, rank 0's unless said otherwise. */
#include "base.h"

#include <string.h>

static struct {
    enum log_level level;
    int rank;
    const char *host;
} state = { LOG_NORMAL, 0, "" };

void log_init(enum log_level level, int rank, const char *host)
{
    state.level = level;
    state.rank = rank;
    state.host = host ? host : "";
}

/* One vfprintf to a line buffer, so that lines of several ranks do not mix. */
static void log_line(const char *prefix, const char *format, va_list args)
{
    char line[2048];
    int n = snprintf(line, sizeof line, "%s", prefix);

    vsnprintf(line + n, sizeof line - (size_t)n, format, args);
    text_make_printable(line, "");
    fprintf(stderr, "%s\n", line);
}

#define LOG_IF(condition, prefix)                                                                            \
    do {                                                                                                     \
        va_list args;                                                                                        \
        if (!(condition))                                                                                    \
            return;                                                                                          \
        va_start(args, format);                                                                              \
        log_line((prefix), format, args);                                                                    \
        va_end(args);                                                                                        \
    } while (0)

void log_info(const char *format, ...)
{
    LOG_IF(state.rank == 0 && state.level >= LOG_NORMAL, "");
}

void log_lines(const char *before, const char *text)
{
    for (size_t size; *text; text += size + (text[size] == '\n')) {
        size = strcspn(text, "\n");
        log_info("%s%.*s", before, (int)size, text);
    }
}

void log_detail(const char *format, ...)
{
    LOG_IF(state.rank == 0 && state.level >= LOG_VERBOSE, "");
}

void log_error(const char *format, ...)
{
    LOG_IF(state.rank == 0, "quantcam: ");
}

void log_rank(const char *format, ...)
{
    char prefix[300];

    snprintf(prefix, sizeof prefix, "[%d %s] ", state.rank, state.host);
    LOG_IF(state.level >= LOG_VERBOSE, prefix);
}

int log_exit(status result)
{
    if (result != OK && error_last()->rank > 0)
        log_error("%s (rank %d)", error_last()->text, error_last()->rank);
    else if (result != OK)
        log_error("%s", error_last()->text);
    return error_exit_code(result);
}
