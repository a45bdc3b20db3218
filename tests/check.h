/* tests/check.h: the whole test framework. A test program prints one line with its count and exits 0 or 1;
 * 77 is "skipped, and why". */
#ifndef QUANTCAM_CHECK_H
#define QUANTCAM_CHECK_H

#include <stdio.h>
#include <stdlib.h>

static long check_count, check_failed;

#define CHECK(condition) CHECK_MSG(condition, "%s", "")
#define CHECK_MSG(condition, ...)                                                                            \
    do {                                                                                                     \
        check_count++;                                                                                       \
        if (!(condition) && ++check_failed <= 20) {                                                          \
            fprintf(stderr, "%s:%d: %s ", __FILE__, __LINE__, #condition);                                   \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            fputc('\n', stderr);                                                                             \
        }                                                                                                    \
    } while (0)

/* The last line of main. */
static inline int check_result(const char *name)
{
    printf("%s: %ld checks, %ld failed\n", name, check_count, check_failed);
    return check_failed || !check_count ? 1 : 0;
}

/* A part of a test that this machine cannot run: counted by tests/run.sh. */
static inline void check_skip(const char *what, const char *why)
{
    printf("skip: %s (%s)\n", what, why);
}

/* Shared data outside the repository, or NULL: tests that use it skip, saying so. */
static inline const char *check_shared(void)
{
    const char *dir = getenv("QUANTCAM_SHARED");
    FILE *f;
    static char path[4096];

    if (!dir)
        dir = "../shared";
    snprintf(path, sizeof path, "%s/data/README.md", dir);
    f = fopen(path, "r");
    if (!f)
        return NULL;
    fclose(f);
    return dir;
}

#endif
