/* src/image/classes.h: from folders to class indices. Local. */
#ifndef QUANTCAM_IMAGE_CLASSES_H
#define QUANTCAM_IMAGE_CLASSES_H

#include "list.h"

/* On entry an entry's class_index is its folder's place among the list's class names, sorted; on return
 * its class, with the classes' names where they have any. ERR_MISMATCH where it is not certain: how many
 * folders and classes there are, which are odd, what to give; errors of synset_read. */
MUST_USE status classes_of_folders(struct list *l, const struct image_source *source);

#endif
