/* src/image/pack.c: a manifest as one block of bytes, for rank 0's broadcast. The block never leaves the job:
 * native byte order. */
#include <string.h>

#include "image.h"

struct pack_head {
    char magic[8];
    uint64_t arena_size, root, decided;
    int32_t count, classes, names, boxes, boxes_unmatched, left_out;
    uint8_t sha256[HASH_SIZE];
};
struct pack_entry {
    uint64_t path;
    int32_t class_index, box_first, boxes, zero;
};
static const char magic[8] = "qmanif2";

status image_manifest_pack(const struct image_manifest *m, uint8_t **bytes, size_t *size)
{
    struct pack_head head = { .arena_size = m->arena_size,
                              .root = (uint64_t)(m->root - m->arena),
                              .decided = (uint64_t)(m->decided - m->arena),
                              .count = m->count,
                              .classes = m->classes,
                              .names = m->class_name ? m->classes : 0,
                              .boxes = m->boxes,
                              .boxes_unmatched = m->boxes_unmatched,
                              .left_out = m->left_out };
    size_t total = sizeof head + (size_t)m->count * sizeof(struct pack_entry) + (size_t)head.names * 8 +
                   (size_t)m->boxes * sizeof *m->box + m->arena_size;
    uint8_t *to;

    *bytes = NULL;
    *size = 0;
    MEM_TRY(*bytes, total, 1);
    memcpy(head.magic, magic, sizeof magic);
    memcpy(head.sha256, m->sha256, HASH_SIZE);
    to = *bytes;
    memcpy(to, &head, sizeof head);
    to += sizeof head;
    for (int i = 0; i < m->count; i++, to += sizeof(struct pack_entry)) {
        const struct image_entry *e = &m->entry[i];
        struct pack_entry p = { (uint64_t)(e->path - m->arena), e->class_index, e->box_first, e->boxes, 0 };
        memcpy(to, &p, sizeof p);
    }
    for (int i = 0; i < head.names; i++, to += 8)
        memcpy(to, &(uint64_t){ (uint64_t)(m->class_name[i] - m->arena) }, 8);
    if (m->boxes > 0)
        memcpy(to, m->box, (size_t)m->boxes * sizeof *m->box);
    to += (size_t)m->boxes * sizeof *m->box;
    memcpy(to, m->arena, m->arena_size);
    *size = total;
    return OK;
}

static status damaged(void)
{
    return FAIL(ERR_FORMAT, "the packed image list is damaged");
}

/* Entries, names and boxes from `from`; the arena is in place. */
static status unpack_parts(const struct pack_head *head, const uint8_t *from, struct image_manifest *out)
{
    MEM_TRY(out->entry, (size_t)head->count, sizeof *out->entry);
    if (head->names > 0)
        MEM_TRY(out->class_name, (size_t)head->names, sizeof *out->class_name);
    if (head->boxes > 0)
        MEM_TRY(out->box, (size_t)head->boxes, sizeof *out->box);
    for (int i = 0; i < head->count; i++, from += sizeof(struct pack_entry)) {
        struct pack_entry p;

        memcpy(&p, from, sizeof p);
        if (p.path >= head->arena_size || p.class_index < -1 || p.box_first < 0 || p.boxes < 0 ||
            p.boxes > head->boxes - p.box_first)
            return damaged();
        out->entry[i] = (struct image_entry){ out->arena + p.path, p.class_index, p.box_first, p.boxes };
    }
    for (int i = 0; i < head->names; i++, from += 8) {
        uint64_t at;

        memcpy(&at, from, sizeof at);
        if (at >= head->arena_size)
            return damaged();
        out->class_name[i] = out->arena + at;
    }
    if (head->boxes > 0)
        memcpy(out->box, from, (size_t)head->boxes * sizeof *out->box);
    return OK;
}

status image_manifest_unpack(const uint8_t *bytes, size_t size, struct image_manifest *out)
{
    struct pack_head head;
    uint64_t parts;
    status result;

    *out = (struct image_manifest){ 0 };
    if (size < sizeof head)
        return damaged();
    memcpy(&head, bytes, sizeof head);
    if (memcmp(head.magic, magic, sizeof magic) != 0 || head.count < 1 || head.classes < 0 ||
        head.boxes < 0 || head.names < 0 || (head.names > 0 && head.names != head.classes) ||
        head.root >= head.arena_size || head.decided >= head.arena_size)
        return damaged();
    parts = (uint64_t)head.count * sizeof(struct pack_entry) + (uint64_t)head.names * 8 +
            (uint64_t)head.boxes * sizeof(struct image_box);
    if (parts > size - sizeof head || head.arena_size != size - sizeof head - parts ||
        bytes[size - 1] != '\0')
        return damaged();
    MEM_TRY(out->arena, head.arena_size, 1);
    memcpy(out->arena, bytes + sizeof head + parts, head.arena_size);
    out->arena_size = head.arena_size;
    out->root = out->arena + head.root;
    out->decided = out->arena + head.decided;
    out->count = head.count;
    out->classes = head.classes;
    out->boxes = head.boxes;
    out->boxes_unmatched = head.boxes_unmatched;
    out->left_out = head.left_out;
    memcpy(out->sha256, head.sha256, HASH_SIZE);
    result = unpack_parts(&head, bytes + sizeof head, out);
    if (result != OK)
        image_manifest_free(out);
    return result;
}
