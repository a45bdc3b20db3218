/* src/image/keys.c: pictures of a list by their paths and by their file names without extension. */
#include <stdlib.h>
#include <string.h>

#include "image_points.h"

struct image_key {
    const char *text;
    size_t size;
    int picture;
};

static int by_text(const void *a, const void *b)
{
    const struct image_key *x = a, *y = b;
    int order = memcmp(x->text, y->text, x->size < y->size ? x->size : y->size);

    return order ? order : (x->size > y->size) - (x->size < y->size);
}

const char *image_keys_stem(const char *path, size_t *size)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');

    *size = dot && dot != name ? (size_t)(dot - name) : strlen(name);
    return name;
}

static struct image_key stem_of(const char *path, int picture)
{
    struct image_key k = { .picture = picture };

    k.text = image_keys_stem(path, &k.size);
    return k;
}

status image_keys_make(const char *const *path, int count, struct image_keys *out)
{
    *out = (struct image_keys){ .count = count };
    MEM_TRY(out->path, (size_t)count + 1, sizeof *out->path);
    MEM_TRY(out->stem, (size_t)count + 1, sizeof *out->stem);
    for (int i = 0; i < count; i++) {
        out->path[i] = (struct image_key){ path[i], strlen(path[i]), i };
        out->stem[i] = stem_of(path[i], i);
    }
    qsort(out->path, (size_t)count, sizeof *out->path, by_text);
    qsort(out->stem, (size_t)count, sizeof *out->stem, by_text);
    return OK;
}

void image_keys_free(struct image_keys *k)
{
    mem_free(k->path);
    mem_free(k->stem);
    *k = (struct image_keys){ 0 };
}

int image_keys_find(const struct image_keys *keys, const char *name)
{
    struct image_key whole, stem;
    const struct image_key *k;
    size_t count = (size_t)keys->count;

    while (name[0] == '.' && name[1] == '/')
        name += 2;
    whole = (struct image_key){ name, strlen(name), 0 };
    stem = stem_of(name, 0);
    k = bsearch(&whole, keys->path, count, sizeof *k, by_text);
    if (k)
        return k->picture;
    k = bsearch(&stem, keys->stem, count, sizeof *k, by_text);
    if (!k)
        return IMAGE_KEY_NONE;
    if ((k > keys->stem && by_text(k - 1, k) == 0) || (k + 1 < keys->stem + count && by_text(k, k + 1) == 0))
        return IMAGE_KEY_SEVERAL;
    return k->picture;
}
