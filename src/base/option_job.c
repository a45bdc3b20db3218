/* src/base/option_job.c: the command line of a command that takes a job file: JOB [options]. */
#include "base_option.h"

#include <stdio.h>
#include <string.h>

enum { JOB_FILE_MAX = 1 << 20 };

/* option_read_args permutes argv: each reading has its own copy. */
status option_read_line(const struct option_table *t, void *settings, int argc, char **argv,
                        char path[OPTION_SIZE])
{
    struct option_words words;
    char **copy;
    status result;

    MEM_TRY(copy, (size_t)argc + 1, sizeof *copy);
    memcpy(copy, argv, (size_t)argc * sizeof *copy);
    result = option_read_args(t, settings, argc, copy, &words);
    if (result == OK && !words.help && snprintf(path, OPTION_SIZE, "%s", words.word[0]) >= OPTION_SIZE)
        result = FAIL(ERR_USAGE, "%.100s...: the path is too long", words.word[0]);
    mem_free(copy);
    return result;
}

status option_read_job(const struct option_table *t, int argc, char **argv, char path[OPTION_SIZE],
                       char **text, size_t *size)
{
    TRY(option_read_line(t, NULL, argc, argv, path));
    if (text_read_plain(path, JOB_FILE_MAX, text, size) == OK)
        return OK;
    error_last()->status = ERR_USAGE; /* the command line names a file that cannot be read */
    return ERR_USAGE;
}
