/* src/saliency/source.c: maps and masks that users bring: a folder with a file a picture, or an HDF5 file
 * with a dataset a picture. */
#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "h5.h"
#include "saliency.h"

enum { PATH = 4096, MOST_PIXELS = 64 << 20 };

struct saliency_source {
    const char *from, *suffix;
    int mask, pictures;
    struct h5_file file; /* open where it is one */
    char **name;         /* (pictures) of the file, or of the dataset; NULL: none */
    struct image_keys keys;
};

void saliency_source_close(struct saliency_source *s)
{
    if (!s)
        return;
    for (int i = 0; i < s->pictures; i++)
        mem_free(s->name[i]);
    mem_free(s->name);
    image_keys_free(&s->keys);
    if (h5_close(&s->file, OK) != OK)
        log_info("%s", error_last()->text);
    mem_free(s);
}

int saliency_source_has(const struct saliency_source *s, int i)
{
    return s->name[i] != NULL;
}

const char *saliency_source_name(const struct saliency_source *s, int i)
{
    return s->name[i];
}

static status take_name(struct saliency_source *s, int i, const char *picture, const char *name)
{
    if (s->name[i] && strcmp(s->name[i], name) != 0)
        return FAIL(ERR_MISMATCH, "%s: both %s and %s fit the picture %s: leave one of them", s->from,
                    s->name[i], name, picture);
    if (s->name[i])
        return OK;
    s->name[i] = mem_strdup(name);
    return s->name[i] ? OK : FAIL(ERR_MEMORY, "no memory for the name %s", name);
}

/* ---- a folder ------------------------------------------------------------------------------------------ */

/* The files FOLDER/stem SUFFIX .ending that there are. */
static status try_stem(struct saliency_source *s, int i, const char *picture, const char *stem, int size)
{
    static const char *const ending[] = { "png", "jpg", "jpeg", "pgm", "PNG", "JPG", "JPEG", "PGM" };

    for (size_t k = 0; k < COUNT_OF(ending); k++) {
        char path[PATH];
        int n = snprintf(path, sizeof path, "%s/%.*s%s.%s", s->from, size, stem, s->suffix, ending[k]);

        if (n >= 0 && n < (int)sizeof path && access(path, F_OK) == 0)
            TRY(take_name(s, i, picture, path));
    }
    return OK;
}

/* By the picture's path, else by its file name where no other picture has that. */
static status find_file(struct saliency_source *s, int i, const char *picture)
{
    size_t size;
    const char *stem = image_keys_stem(picture, &size);
    int whole = (int)(stem - picture) + (int)size;
    char name[PATH];

    if (picture[0] != '/' && !strstr(picture, ".."))
        TRY(try_stem(s, i, picture, picture, whole));
    snprintf(name, sizeof name, "%.*s", (int)size, stem);
    if (s->name[i] || image_keys_find(&s->keys, name) == IMAGE_KEY_SEVERAL)
        return OK;
    return try_stem(s, i, picture, stem, (int)size);
}

/* ---- an HDF5 file -------------------------------------------------------------------------------------- */

struct visit {
    struct saliency_source *source;
    const char *const *picture;
};

/* A dataset's name without the suffix says whose it is. */
static status take_dataset(void *user, const char *path)
{
    struct visit *v = user;
    struct saliency_source *s = v->source;
    size_t size, suffix = strlen(s->suffix);
    const char *stem = image_keys_stem(path, &size);
    char name[PATH];
    int i;

    if (strlen(path) >= sizeof name || size < suffix || memcmp(stem + size - suffix, s->suffix, suffix) != 0)
        return OK;
    snprintf(name, sizeof name, "%.*s%s", (int)(stem - path + (ptrdiff_t)(size - suffix)), path, stem + size);
    i = image_keys_find(&s->keys, name);
    if (i == IMAGE_KEY_SEVERAL)
        return FAIL(ERR_MISMATCH, "%s: the dataset %s fits several pictures by its name: call it by the path",
                    s->from, path);
    return i < 0 ? OK : take_name(s, i, v->picture[i], path);
}

/* ---- opening ------------------------------------------------------------------------------------------- */

static status find_maps(struct saliency_source *s, const char *const *picture)
{
    struct visit v = { s, picture };
    struct stat st;
    int found = 0;

    if (stat(s->from, &st) == 0 && S_ISDIR(st.st_mode)) {
        for (int i = 0; i < s->pictures; i++)
            TRY(find_file(s, i, picture[i]));
    } else {
        TRY(h5_open(s->from, s->from, H5_READ, &s->file));
        TRY(h5_visit(&s->file, take_dataset, &v));
    }
    for (int i = 0; i < s->pictures; i++)
        found += s->name[i] != NULL;
    if (!found)
        return FAIL(
            ERR_MISMATCH,
            "%s: none of the %d pictures has a map there, the first is '%.200s': a map is called as its "
            "picture is%s%s%s",
            s->from, s->pictures, s->pictures ? picture[0] : "", s->suffix[0] ? ", with '" : "", s->suffix,
            s->suffix[0] ? "' behind the name" : "");
    return OK;
}

status saliency_source_open(const char *from, const struct saliency_source_how *how,
                            const char *const *picture, int pictures, struct saliency_source **out)
{
    struct saliency_source *s;
    status result;

    *out = NULL;
    MEM_TRY(s, 1, sizeof *s);
    *s =
        (struct saliency_source){ .from = from, .suffix = how->suffix ? how->suffix : "", .mask = how->mask };
    TRY_OUT(image_keys_make(picture, pictures, &s->keys));
    MEM_TRY_OUT(s->name, (size_t)pictures + 1, sizeof *s->name);
    s->pictures = pictures;
    TRY_OUT(find_maps(s, picture));
    *out = s;
out:
    if (result != OK)
        saliency_source_close(s);
    return result;
}

/* ---- reading ------------------------------------------------------------------------------------------- */

static status read_dataset(const struct saliency_source *s, const char *name, struct image_grey *out)
{
    struct h5_set set = { 0 };
    status result;

    TRY(h5_set_open(&s->file, name, NULL, &set));
    if (set.rank != 2 || set.kind == H5_OTHER || set.kind == H5_TEXT)
        TRY_OUT(FAIL(ERR_FORMAT, "%s: %s is not (height, width) numbers", s->from, name));
    if (set.dim[0] < 1 || set.dim[1] < 1 || set.dim[0] > 65535 || set.dim[1] > 65535 ||
        set.dim[0] * set.dim[1] > MOST_PIXELS)
        TRY_OUT(FAIL(ERR_RANGE, "%s: %s has %lld x %lld values: extents are 1 to 65,535, 64 Mi in all",
                     s->from, name, (long long)set.dim[0], (long long)set.dim[1]));
    out->height = (int)set.dim[0];
    out->width = (int)set.dim[1];
    MEM_TRY_OUT(out->value, (size_t)out->width * (size_t)out->height, sizeof *out->value);
    TRY_OUT(h5_read_as(&set, H5_F32, 0, out->height, out->value));
out:
    h5_set_close(&set);
    if (result != OK)
        image_grey_free(out);
    return result;
}

/* The largest value, and whether all others are 0; ERR_FORMAT for a negative one. NaN is neither. */
static status look(const char *name, const struct image_grey *g, float *most, int *two_valued)
{
    int64_t count = (int64_t)g->width * g->height;

    *most = 0;
    *two_valued = 1;
    for (int64_t i = 0; i < count; i++) {
        if (g->value[i] < 0)
            return FAIL(ERR_FORMAT,
                        "%s: a negative value, %g, at pixel %d,%d: a density is wanted (of logarithms, their "
                        "exponentials)",
                        name, g->value[i], (int)(i % g->width), (int)(i / g->width));
        *most = g->value[i] > *most ? g->value[i] : *most;
    }
    for (int64_t i = 0; i < count; i++)
        *two_valued &= g->value[i] == 0 || g->value[i] == *most;
    return OK;
}

static status mark(const char *name, struct image_grey *g, float most, int two_valued)
{
    int whole = g->most ? g->most : most > 1 ? 255 : 1;

    if (!two_valued && (255 * (double)most <= 128.0 * whole || most > whole))
        return FAIL(
            ERR_FORMAT,
            "%s: no mask: it has more than two values, the largest %g of %d, and those above half are "
            "marked: give a mask of 0 and 255",
            name, most, whole);
    for (int64_t i = 0; i < (int64_t)g->width * g->height; i++)
        g->value[i] = two_valued ? g->value[i] > 0 : 255 * (double)g->value[i] > 128.0 * whole;
    return OK;
}

status saliency_source_read(struct saliency_source *s, int i, struct saliency_map *out)
{
    struct image_grey g = { 0 };
    int two_valued;
    float most;
    status result;

    *out = (struct saliency_map){ 0 };
    BUG_IF(i < 0 || i >= s->pictures);
    if (!s->name[i])
        return OK;
    TRY_OUT(s->file.id > 0 ? read_dataset(s, s->name[i], &g) : image_grey_read(s->name[i], &g));
    TRY_OUT(look(s->name[i], &g, &most, &two_valued));
    if (s->mask)
        TRY_OUT(mark(s->name[i], &g, most, two_valued));
    *out = (struct saliency_map){ g.width, g.height, g.value };
    g.value = NULL;
out:
    image_grey_free(&g);
    return result;
}
