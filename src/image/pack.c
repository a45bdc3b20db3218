/* src/image/pack.c: a list of pictures in one block of memory: entries, names of classes, boxes, strings. Its
 * struct and the block behind it are what rank 0 broadcasts; they never leave the job: native byte order. */
#include <string.h>

#include "list.h"

void image_manifest_free(struct image_manifest *m)
{
    mem_free(m->arena);
    *m = (struct image_manifest){ 0 };
}

static size_t size_of_parts(const struct image_manifest *m, int names)
{
    return (size_t)m->count * sizeof *m->entry + (size_t)names * sizeof *m->class_name +
           (size_t)m->boxes * sizeof *m->box;
}

status image_manifest_alloc(struct image_manifest *m, int names, size_t strings)
{
    m->arena_size = size_of_parts(m, names) + strings;
    MEM_TRY(m->arena, m->arena_size, 1);
    m->entry = (void *)m->arena;
    m->class_name = names > 0 ? (void *)(m->entry + m->count) : NULL;
    m->box = m->boxes > 0 ? (void *)((char **)(void *)(m->entry + m->count) + names) : NULL;
    return OK;
}

status image_manifest_pack(const struct image_manifest *m, uint8_t **bytes, size_t *size)
{
    *bytes = NULL;
    *size = 0;
    MEM_TRY(*bytes, sizeof *m + m->arena_size, 1);
    memcpy(*bytes, m, sizeof *m);
    memcpy(*bytes + sizeof *m, m->arena, m->arena_size);
    *size = sizeof *m + m->arena_size;
    return OK;
}

static status damaged(void)
{
    return FAIL(ERR_FORMAT, "the packed image list is damaged");
}

/* Where a string of the block that was packed lies in this one; NULL where there is none. */
static char *moved(const struct image_manifest *m, const struct image_manifest *was, size_t strings,
                   const char *string)
{
    uintptr_t at = (uintptr_t)string - (uintptr_t)was->arena;

    return at >= m->arena_size - strings && at < m->arena_size ? m->arena + at : NULL;
}

/* All pointers of the block; 0 where one leads out of the block, or a picture's boxes do. */
static int move_all(struct image_manifest *m, const struct image_manifest *was, size_t strings, int names)
{
    int good;

    m->root = moved(m, was, strings, was->root);
    m->decided = moved(m, was, strings, was->decided);
    good = m->root && m->decided;
    for (int i = 0; i < m->count; i++) {
        struct image_entry *e = &m->entry[i];

        e->path = moved(m, was, strings, e->path);
        good &= e->path && e->class_index >= -1 && e->box_first >= 0 && e->boxes >= 0 &&
                e->boxes <= m->boxes - e->box_first;
    }
    for (int i = 0; i < names; i++) {
        m->class_name[i] = moved(m, was, strings, m->class_name[i]);
        good &= m->class_name[i] != NULL;
    }
    return good;
}

status image_manifest_unpack(const uint8_t *bytes, size_t size, struct image_manifest *out)
{
    struct image_manifest was, m;
    size_t parts;
    int names;

    *out = (struct image_manifest){ 0 };
    if (size < sizeof was)
        return damaged();
    memcpy(&was, bytes, sizeof was);
    if (was.count < 1 || was.classes < 0 || was.boxes < 0)
        return damaged();
    names = was.class_name ? was.classes : 0;
    parts = size_of_parts(&was, names);
    if (was.arena_size != size - sizeof was || parts >= was.arena_size || bytes[size - 1] != '\0')
        return damaged();
    m = was;
    TRY(image_manifest_alloc(&m, names, was.arena_size - parts));
    memcpy(m.arena, bytes + sizeof was, m.arena_size);
    if (!move_all(&m, &was, was.arena_size - parts, names)) {
        image_manifest_free(&m);
        return damaged();
    }
    *out = m;
    return OK;
}
