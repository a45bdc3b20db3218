/* src/image/synset.h: classes by synset ids: from a mapping, or from the ids that are there. Local. */
#ifndef QUANTCAM_IMAGE_SYNSET_H
#define QUANTCAM_IMAGE_SYNSET_H

#include "list.h"

/* An id and its class index; "" = none. */
struct synset { char wnid[16]; int index; };
struct synsets { struct synset *entry; int count; };     /* sorted by id */
void synset_free(struct synsets *s);
/* LOC_synset_mapping.txt, or imagenet_class_index.json: a line's place is its class. Its names become the
 * list's. ERR_FORMAT (a line without an id, an id twice), ERR_MISMATCH where it has not source->classes,
 * errors of image_names_read. */
MUST_USE status synset_read(struct list *l, const struct image_source *source, struct synsets *out);
/* The different ids of (count) entries, in order. ERR_MEMORY. */
MUST_USE status synset_sort(const struct synset *of_entry, int count, struct synsets *out);
/* ERR_MISMATCH where indices (-1 = none) and ids of (count) entries are not in one order: numbers of ILSVRC's
 * own list, or another's. `file` is where they stand. Sorts the entries. */
MUST_USE status synset_check_order(struct synset *of_entry, int count, const char *file);
/* -1 where it is not there. */
int synset_find(const struct synsets *s, const char *wnid);

#endif
