/* tests/image/folder.h: a folder of files that a test makes and removes. */
#ifndef QUANTCAM_TEST_IMAGE_FOLDER_H
#define QUANTCAM_TEST_IMAGE_FOLDER_H

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"
#include "image.h"

static char folder[64];

static inline void folder_open(void)
{
    strcpy(folder, "/tmp/quantcam-image-XXXXXX");
    if (!mkdtemp(folder))
        exit(1);
}

static inline int folder_remove_one(const char *path, const struct stat *st, int kind, struct FTW *at)
{ return remove(path); }

static inline void folder_close(void)
{ nftw(folder, folder_remove_one, 8, FTW_DEPTH | FTW_PHYS); }

/* The path of `name` in the folder, in one of a few buffers. */
static inline const char *folder_path(const char *name)
{
    static char path[4][2048];
    static int turn;
    char *out = path[turn++ & 3];

    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

/* Writes a file, making the folders above it. */
static inline const char *folder_file(const char *name, const char *text)
{
    const char *path = folder_path(name);
    char above[2048];
    FILE *f;

    snprintf(above, sizeof above, "%s", path);
    for (char *c = above + strlen(folder) + 1; (c = strchr(c, '/')); *c++ = '/') {
        *c = '\0';
        mkdir(above, 0777);
    }
    f = fopen(path, "w");
    CHECK_MSG(f, "%s", path);
    if (f) {
        fputs(text, f);
        fclose(f);
    }
    return path;
}

/* Reads a list that must be refused, and looks for the words in the sentence. */
static inline void folder_refused(const struct image_source *source, status expected, const char *words)
{
    struct image_manifest m;
    status s = image_manifest_read(source, &m);

    CHECK_MSG(s == expected && strstr(error_last()->text, words), "status %d, wanted %d '%s': %s", s,
              expected, words, s == OK ? "" : error_last()->text);
    CHECK(m.count == 0 && m.arena == NULL && m.entry == NULL);
    image_manifest_free(&m);
}

#endif
