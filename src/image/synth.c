/* src/image/synth.c: writes the embedded data set: pictures, labels, boxes, masks. */
#include "image_synth.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "codec.h"

#define QUALITY        90
#define SPECIAL_STREAM UINT64_C(0x5350454349414c) /* not a picture's index */

const char *synth_class_name(int class_index)
{
    static const char *const names[SYNTH_CLASSES] = {
        "n00_ring_stripe_ember",      "n01_ring_check_beach",     "n02_ring_dot_lagoon",
        "n03_ring_circle_melon",      "n04_star_stripe_beach",    "n05_star_check_lagoon",
        "n06_star_dot_melon",         "n07_star_circle_ember",    "n08_cross_stripe_lagoon",
        "n09_cross_check_melon",      "n10_cross_dot_ember",      "n11_cross_circle_beach",
        "n12_triangle_stripe_melon",  "n13_triangle_check_ember", "n14_triangle_dot_beach",
        "n15_triangle_circle_lagoon",
    };

    BUG_IF(class_index < 0 || class_index >= SYNTH_CLASSES);
    return names[class_index];
}

void synth_special(uint64_t seed, int images, int *cmyk, int *truncated)
{
    *cmyk = *truncated = -1;
    if (images < SYNTH_MIN_SPECIAL)
        return;
    *cmyk = (int)(random_u64(seed, SPECIAL_STREAM, 0) % (uint64_t)images);
    *truncated = *cmyk + 1 + (int)(random_u64(seed, SPECIAL_STREAM, 1) % (uint64_t)(images - 1));
    *truncated %= images;
}

static status make_empty(const char *dir)
{
    DIR *d;
    const struct dirent *entry;
    int used = 0;

    TRY(text_make_folder(dir));
    d = opendir(dir);
    if (!d)
        return FAIL(errno == ENOTDIR ? ERR_USAGE : ERR_IO, "%s: cannot read the folder: %s", dir,
                    strerror(errno));
    while ((entry = readdir(d)))
        used |= strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(d);
    if (used)
        return FAIL(ERR_USAGE, "%s: the folder is not empty: give a new or an empty one", dir);
    return OK;
}

/* A folder in DIR would be taken for a class. */
static status make_masks(const char *dir, const char *masks)
{
    char set[PATH_MAX], real[PATH_MAX];
    size_t n;

    TRY(make_empty(masks));
    if (!realpath(dir, set) || !realpath(masks, real))
        return FAIL(ERR_IO, "%s: cannot be followed: %s", masks, strerror(errno));
    n = strlen(set);
    if (strncmp(real, set, n) != 0 || (real[n] != '/' && real[n] != '\0'))
        return OK;
    rmdir(masks);
    return FAIL(ERR_USAGE, "%s: the masks' folder lies in %s, where a folder is a class: give another", masks,
                dir);
}

static status make_folders(const char *dir, const char *masks)
{
    char path[4096];

    TRY(make_empty(dir));
    if (masks)
        TRY(make_masks(dir, masks));
    for (int k = 0; k < SYNTH_CLASSES; k++) {
        TRY(text_path(path, sizeof path, dir, synth_class_name(k)));
        TRY(text_make_folder(path));
    }
    return OK;
}

static status write_bytes(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    int bad;

    if (!f)
        return FAIL(ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    bad = fwrite(bytes, 1, size, f) != size;
    bad |= fclose(f) != 0;
    if (bad)
        return FAIL(ERR_IO, "%s: cannot write: %s", path, strerror(errno));
    return OK;
}

enum special { SPECIAL_NONE, SPECIAL_CMYK, SPECIAL_TRUNCATED };

static status write_picture(const char *dir, uint64_t seed, int index, enum special special,
                            struct text *boxes, struct text *labels)
{
    struct synth_scene scene = { 0 };
    char name[128], path[4096];
    uint8_t *bytes = NULL;
    size_t size = 0;
    struct image_jpeg_form form = { .quality = QUALITY };
    status result = OK;

    TRY_OUT(synth_scene_draw(seed, index, &scene));
    snprintf(name, sizeof name, "%s/img_%06d.JPEG", synth_class_name(scene.class_index), index);
    TRY_OUT(text_path(path, sizeof path, dir, name));
    form.components = special == SPECIAL_CMYK ? 4 : scene.grey ? 1 : 3;
    TRY_OUT(image_encode_jpeg_as(&scene.image, &form, &bytes, &size));
    if (special == SPECIAL_TRUNCATED)
        size = size * 3 / 5;
    TRY_OUT(write_bytes(path, bytes, size));
    TRY_OUT(
        text_add(boxes, "%s,%d,%d,%d,%d\n", name, scene.box.x0, scene.box.y0, scene.box.x1, scene.box.y1));
    TRY_OUT(text_add(labels, "%s,%d\n", name, scene.class_index));
out:
    mem_free(bytes);
    image_free(&scene.image);
    return result;
}

static status write_mask(const char *masks, uint64_t seed, int index)
{
    char name[32], path[4096];
    struct image mask;
    status result;

    TRY(synth_scene_mask(seed, index, &mask));
    snprintf(name, sizeof name, "img_%06d.png", index);
    TRY_OUT(text_path(path, sizeof path, masks, name));
    TRY_OUT(image_write_png(path, &mask));
out:
    image_free(&mask);
    return result;
}

static status write_lists(const char *dir, const struct text *boxes, const struct text *labels)
{
    char path[4096];

    TRY(text_path(path, sizeof path, dir, "boxes.csv"));
    TRY(text_write_file(path, boxes->data, boxes->size));
    TRY(text_path(path, sizeof path, dir, "labels.csv"));
    return text_write_file(path, labels->data, labels->size);
}

status synth_write(const char *dir, const struct synth_options *options)
{
    struct text boxes = { .max = (size_t)128 * SYNTH_MAX_IMAGES }, labels = boxes;
    int cmyk, truncated;
    status result = OK;

    if (options->images < 1 || options->images > SYNTH_MAX_IMAGES)
        return FAIL(ERR_USAGE, "images: %d is not 1 .. %d", options->images, SYNTH_MAX_IMAGES);
    if (options->first < 0 || options->first > SYNTH_MAX_IMAGES)
        return FAIL(ERR_USAGE, "first: %d is not 0 .. %d", options->first, SYNTH_MAX_IMAGES);
    TRY(make_folders(dir, options->masks));
    synth_special(options->seed, options->images, &cmyk, &truncated);
    for (int i = 0; i < options->images; i++) {
        enum special special = i == cmyk ? SPECIAL_CMYK : SPECIAL_NONE;

        if (i == truncated)
            special = SPECIAL_TRUNCATED;
        TRY_OUT(write_picture(dir, options->seed, options->first + i, special, &boxes, &labels));
        if (options->masks)
            TRY_OUT(write_mask(options->masks, options->seed, options->first + i));
    }
    TRY_OUT(write_lists(dir, &boxes, &labels));
out:
    text_free(&boxes);
    text_free(&labels);
    return result;
}
