/* src/image/class_folders.h: the folders of a root that should be classes. Local. */
#ifndef QUANTCAM_IMAGE_CLASS_FOLDERS_H
#define QUANTCAM_IMAGE_CLASS_FOLDERS_H

#include "list.h"

enum { CLASS_FOLDER_SHOWN = 40 };      /* bytes of a name in a message */
/* By its name: n01440764; digits alone; anything else. */
enum class_folder_kind { CLASS_FOLDER_OTHER, CLASS_FOLDER_SYNSET, CLASS_FOLDER_NUMBER };

struct class_folder {
    size_t name;            /* offset into the list's strings, which move */
    enum class_folder_kind kind;
    int64_t number;
    int first, pictures;    /* entries, of it and of what is below */
    int direct;             /* of it */
};
struct class_folders {
    struct list *list;
    const struct image_source *source;
    struct class_folder *folder;
    int count, synsets, numbers;     /* how many of each kind */
    int64_t least, most;             /* numbers, once they were looked at */
    int all_numbers;                 /* every folder with pictures is one */
};
const char *class_folders_name(const struct class_folders *f, int i);
/* The sub-folder of its class folder that entry i lies in: *name and its length, 0 where there is none. */
size_t class_folders_below(const struct class_folders *f, int i, const char **name);
/* Parts of a data set, not classes: folders without pictures of their own that are called train and val, or
 * that have sub-folders of the same names. */
int class_folders_nested(const struct class_folders *f);
/* " ('__MACOSX' no class by its name)", or nothing: *found = how many. */
MUST_USE status class_folders_odd(const struct class_folders *f, struct text *out, int *found);
/* ERR_MISMATCH: places do not tell the classes; how many there are, which are odd, what to give. */
MUST_USE status class_folders_refuse(const struct class_folders *f);

#endif
