/* src/image/synset.c: which class a synset id is. */
#include "synset.h"

#include <stdlib.h>
#include <string.h>

static int by_wnid(const void *a, const void *b)
{
    return strcmp(((const struct synset *)a)->wnid, ((const struct synset *)b)->wnid);
}

void synset_free(struct synsets *s)
{
    mem_free(s->entry);
    *s = (struct synsets){ 0 };
}

static status fill(struct list *l, const char *file, const struct image_names *names, struct synsets *out)
{
    MEM_TRY(out->entry, (size_t)names->count, sizeof *out->entry);
    for (int i = 0; i < names->count; i++) {
        const char *wnid = names->line[i].wnid;

        if (!wnid[0])
            return FAIL(ERR_FORMAT, "%s:%d: a line begins with a synset id such as n01440764", file, i + 1);
        snprintf(out->entry[i].wnid, sizeof out->entry[i].wnid, "%s", wnid);
        out->entry[i].index = i;
        TRY(image_list_add_class(l, names->line[i].name));
    }
    out->count = names->count;
    qsort(out->entry, (size_t)out->count, sizeof *out->entry, by_wnid);
    for (int i = 1; i < out->count; i++)
        if (!strcmp(out->entry[i - 1].wnid, out->entry[i].wnid))
            return FAIL(ERR_FORMAT, "%s: %s stands there twice", file, out->entry[i].wnid);
    return OK;
}

status synset_read(struct list *l, const struct image_source *source, struct synsets *out)
{
    struct image_names names = { 0 };
    status result = OK;

    *out = (struct synsets){ 0 };
    TRY(image_names_read(source->synsets, &names));
    if (source->classes > 0)
        TRY_OUT(image_names_fit(&names, source->synsets, source->classes, source->network));
    l->class_names = 0;
    l->classes = names.count;
    result = fill(l, source->synsets, &names, out);
out:
    image_names_free(&names);
    if (result != OK)
        synset_free(out);
    return result;
}

status synset_sort(const struct synset *of_entry, int count, struct synsets *out)
{
    *out = (struct synsets){ 0 };
    MEM_TRY(out->entry, (size_t)count, sizeof *out->entry);
    memcpy(out->entry, of_entry, (size_t)count * sizeof *out->entry);
    qsort(out->entry, (size_t)count, sizeof *out->entry, by_wnid);
    for (int i = 0; i < count; i++) {
        const struct synset *s = &out->entry[i];

        if (!s->wnid[0] || (out->count > 0 && !strcmp(out->entry[out->count - 1].wnid, s->wnid)))
            continue;
        out->entry[out->count] = *s;
        out->entry[out->count].index = out->count;
        out->count++;
    }
    return OK;
}

static int by_wnid_and_index(const void *a, const void *b)
{
    const struct synset *x = a, *y = b;
    int order = by_wnid(a, b);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

status synset_check_order(struct synset *of_entry, int count, const char *file)
{
    const struct synset *last = NULL;

    if (count > 0)
        qsort(of_entry, (size_t)count, sizeof *of_entry, by_wnid_and_index);
    for (int i = 0; i < count; i++) {
        const struct synset *s = &of_entry[i];

        if (!s->wnid[0] || s->index < 0)
            continue;
        if (last && (strcmp(last->wnid, s->wnid) ? s->index <= last->index : s->index != last->index))
            return FAIL(ERR_MISMATCH,
                        "%s: %s is class %d there and %s class %d, which is not the order of the synsets, as "
                        "if the numbers were ILSVRC's own: give --synsets=LOC_synset_mapping.txt and take "
                        "the numbers out, or, if they are the network's classes, the synsets",
                        file, last->wnid, last->index, s->wnid, s->index);
        last = s;
    }
    return OK;
}

int synset_find(const struct synsets *s, const char *wnid)
{
    struct synset wanted = { .index = -1 };
    const struct synset *found;

    if (strlen(wnid) >= sizeof wanted.wnid)
        return -1;
    strcpy(wanted.wnid, wnid);
    found = s->count > 0 ? bsearch(&wanted, s->entry, (size_t)s->count, sizeof wanted, by_wnid) : NULL;
    return found ? found->index : -1;
}
