/* src/image/manifest.c: the list of pictures of a job. */
#include <string.h>

#include "list.h"
#include "records.h"

enum { ROOT_MAX = 4096 };

/* Path, class and boxes of every picture in order, in one written form: 4-byte little-endian integers, paths
 * with their end. */
static void hash_manifest(struct image_manifest *m)
{
    struct hash h;

    hash_start(&h);
    for (int i = 0; i < m->count; i++) {
        const struct image_entry *e = &m->entry[i];

        hash_add(&h, e->path, strlen(e->path) + 1);
        for (int n = 0; n < 2 + 4 * e->boxes; n++) {
            const struct image_box *b = n < 2 ? NULL : &m->box[e->box_first + (n - 2) / 4];
            int of_box[4] = { b ? b->x0 : 0, b ? b->y0 : 0, b ? b->x1 : 0, b ? b->y1 : 0 };
            uint32_t v = (uint32_t)(n == 0 ? e->class_index : n == 1 ? e->boxes : of_box[(n - 2) % 4]);
            uint8_t bytes[4] = { (uint8_t)v, (uint8_t)(v >> 8), (uint8_t)(v >> 16), (uint8_t)(v >> 24) };
            hash_add(&h, bytes, sizeof bytes);
        }
    }
    hash_result(&h, m->sha256);
}

/* Copies a string to *to, which moves behind it. */
static char *keep_string(char **to, const char *s)
{
    size_t size = strlen(s) + 1;
    char *kept = memcpy(*to, s, size);

    *to += size;
    return kept;
}

void image_cut(struct random *r, int count, int keep, int *place)
{
    if (r->seed)
        random_sample(r, count, keep, place);
    for (int i = 0; i < keep && !r->seed; i++)
        place[i] = (int)((int64_t)i * count / keep);
}

/* Takes the `keep` entries at `place`, with their boxes. */
static status build(const struct list *l, const char *given, const int *place, int keep,
                    struct image_manifest *m)
{
    char root[ROOT_MAX], *to;
    size_t bytes;
    int boxes = 0;

    if (strlen(given) >= sizeof root)
        return FAIL(ERR_RANGE, "%.80s...: a path of %zu bytes", given, strlen(given));
    image_root(given, root, sizeof root);
    bytes = strlen(root) + 1 + l->decided.size + 1;
    *m = (struct image_manifest){ .count = keep,
                                  .classes = l->classes,
                                  .left_out = l->left_out.count,
                                  .boxes_unmatched = l->boxes_unmatched };
    for (int i = 0; i < keep; i++) {
        bytes += strlen(image_list_path(l, place[i])) + 1;
        m->boxes += l->entry[place[i]].boxes;
    }
    for (int i = 0; i < l->class_names; i++)
        bytes += strlen(l->strings.data + l->class_name[i]) + 1;
    TRY(image_manifest_alloc(m, l->class_names, bytes));
    to = m->arena + m->arena_size - bytes;
    m->root = keep_string(&to, root);
    m->decided = keep_string(&to, l->decided.data ? l->decided.data : "");
    for (int i = 0; i < l->class_names; i++)
        m->class_name[i] = keep_string(&to, l->strings.data + l->class_name[i]);
    for (int i = 0; i < keep; i++) {
        const struct list_entry *e = &l->entry[place[i]];

        m->entry[i] = (struct image_entry){ keep_string(&to, image_list_path(l, place[i])), e->class_index,
                                            boxes, e->boxes };
        if (e->boxes > 0)
            memcpy(m->box + boxes, l->box + e->box_first, (size_t)e->boxes * sizeof *m->box);
        boxes += e->boxes;
    }
    hash_manifest(m);
    return OK;
}

/* Options that would have no effect. */
static status check_source(const struct image_source *s)
{
    if (!s->root || !*s->root)
        return FAIL(ERR_USAGE, "no image folder is given");
    if (s->limit < 0)
        return FAIL(ERR_RANGE, "a limit of %d pictures: 0 means all", s->limit);
    if (s->sample < 0)
        return FAIL(ERR_RANGE, "a sample by seed %d: a seed is a whole number from 1", s->sample);
    if (s->labels && s->folders != IMAGE_FOLDERS_AUTO)
        return FAIL(ERR_USAGE,
                    "--folders says what class folders are, but --labels=%s says the classes: one of them",
                    s->labels);
    if (s->synsets && s->folders != IMAGE_FOLDERS_AUTO)
        return FAIL(ERR_USAGE,
                    "--folders says what class folders are, but --synsets=%s does already: one of them",
                    s->synsets);
    return OK;
}

/* Every class is one of the network's. */
static status check_indices(const struct list *l, const struct image_source *s)
{
    int least = s->classes, most = -1, at = 0;

    for (int i = 0; i < l->count; i++) {
        int index = l->entry[i].class_index;

        least = index >= 0 && index < least ? index : least;
        at = index > most ? i : at;
        most = index > most ? index : most;
    }
    if (most < s->classes)
        return OK;
    return FAIL(ERR_MISMATCH, "%s: its class is %d, but network %s knows 0 to %d%s", image_list_path(l, at),
                most, s->network, s->classes - 1,
                least == 1 && most == s->classes
                    ? ": the indices of the list count from 1, as ILSVRC's own ids do, "
                      "which are in another order than torchvision's"
                    : "");
}

static status read_list(struct list *l, const struct image_source *source)
{
    TRY(check_source(source));
    if (records_is_file(source->root))
        TRY(records_list(l, source));
    else if (source->labels)
        TRY(image_list_read_labels(l, source));
    else
        TRY(image_list_read_folders(l, source));
    if (source->classes > 0)
        TRY(check_indices(l, source));
    if (source->flat && l->classes == 0 && (source->synsets || source->folders))
        return FAIL(ERR_USAGE, "%s: a flat folder, whose pictures have no classes for --synsets or --folders",
                    source->root);
    if (source->boxes)
        TRY(image_list_read_boxes(l, source->boxes));
    return OK;
}

/* Of the list what the source's limit and sample take. */
static status take(const struct list *l, const struct image_source *source, struct image_manifest *out)
{
    int keep = source->limit > 0 && source->limit < l->count ? source->limit : l->count, *place;
    struct random r = { .seed = (uint64_t)source->sample, .stream = random_stream(RANDOM_SAMPLE, 0, 0) };
    status result;

    MEM_TRY(place, (size_t)keep + 1, sizeof *place);
    image_cut(&r, l->count, keep, place);
    result = build(l, source->root, place, keep, out);
    mem_free(place);
    return result;
}

status image_manifest_read(const struct image_source *source, struct image_manifest *out)
{
    struct image_source known = *source;
    struct list l = { 0 };
    status result;

    *out = (struct image_manifest){ 0 };
    known.network = source->network ? source->network : "";
    known.without = source->without ? source->without : ", -1 where a class is unknown";
    result = read_list(&l, &known);
    if (result == OK)
        result = take(&l, source, out);
    image_list_free(&l);
    if (result != OK)
        image_manifest_free(out);
    return result;
}

int image_box_clamp(struct image_box *b, int width, int height)
{
    b->x0 = b->x0 < 0 ? 0 : b->x0;
    b->y0 = b->y0 < 0 ? 0 : b->y0;
    b->x1 = b->x1 > width - 1 ? width - 1 : b->x1;
    b->y1 = b->y1 > height - 1 ? height - 1 : b->y1;
    return b->x0 <= b->x1 && b->y0 <= b->y1;
}
