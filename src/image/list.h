/* src/image/list.h: a list of pictures while it is being read: strings as offsets into one growing block.
 * Local. */
#ifndef QUANTCAM_IMAGE_LIST_H
#define QUANTCAM_IMAGE_LIST_H

#include "image.h"

enum { LIST_MAX_NAME = 1024, LIST_MAX_CLASS = 99999 };

struct list_entry {
    size_t path;           /* offset into strings */
    int class_index;       /* -1 unknown */
    int line;              /* of the label file, 0 from a folder */
    int box_first, boxes;  /* into list.box, after image_list_read_boxes */
};
/* How many files there are of a kind, and the name of one (the least by bytes), printable. */
struct list_some { int count; char name[256]; };
struct list {
    struct text strings;
    struct list_entry *entry;
    int count, capacity;
    size_t *class_name;
    int class_names, class_capacity;
    int classes;
    struct text decided;            /* see image_manifest.decided */
    struct list_some left_out;      /* pictures that are neither JPEG nor PNG */
    struct list_some renamed;       /* JPEGs and PNGs under other names */
    struct list_some loose;         /* pictures beside class folders */
    struct image_box *box;          /* grouped by entry */
    int boxes, boxes_unmatched;
};
void image_list_free(struct list *l);
static inline const char *image_list_path(const struct list *l, int i)
{
    return l->strings.data + l->entry[i].path;
}

/* Adds an entry after checking its name. `file` and `line` are for the message (line 0: none). */
MUST_USE status image_list_add(struct list *l, const char *file, int line, const char *path, int class_index);
MUST_USE status image_list_add_class(struct list *l, const char *name);
/* Absolute names, ".." and empty parts, control characters, not UTF-8, above 1,024 bytes: ERR_FORMAT. */
MUST_USE status image_list_check_name(const char *file, int line, const char *name);
/* 1 if the name ends in .jpg, .jpeg or .png, in any case. */
int image_list_is_picture(const char *name);
/* A picture by its name, or by its first bytes where its name ends otherwise; a picture of a kind that is not
 * decoded here; none. */
enum list_content { LIST_NO_PICTURE, LIST_PICTURE, LIST_OTHER_PICTURE };
enum list_content image_list_content(const char *folder, const char *name);
/* One more, by its path in the root. */
MUST_USE status image_list_count(struct list_some *some, const char *path);
/* 1 if a file that begins so is a JPEG or PNG. */
int image_is_decodable(const uint8_t *head, size_t size);

/* Where something stands, for messages: ERR_FORMAT, "FILE:LINE: ...". */
struct list_at { const char *file; int line; };
#define LIST_BAD(at, ...) error_prefix(FAIL(ERR_FORMAT, __VA_ARGS__), "%s:%d", (at)->file, (at)->line)

/* 1 if these bytes are a synset id such as n01440764. */
int image_is_wnid(const char *s, size_t size);

/* Four numbers as written: x0, y0, and x1 and y1, or in their place a width or height (x1 = x0 + width -
 * 1). Decimals are rounded half up; negative x0 and y0 become 0. ERR_FORMAT with file and line: no number,
 * an empty box, one that lies outside, parts of the picture (0.25) in place of pixels. */
enum { BOX_WIDTH = 1, BOX_HEIGHT = 2 };
MUST_USE status image_box_parse(const struct list_at *at, const char *const word[4], int sizes,
                                struct image_box *out);

/* The one block of m->count entries, m->boxes boxes, `names` and, at its end, `strings` bytes of strings.
 * ERR_MEMORY. */
MUST_USE status image_manifest_alloc(struct image_manifest *m, int names, size_t strings);

/* A line of what was decided, `data.KEY = ...`, printable. */
MUST_USE status image_list_decide(struct list *l, const char *format, ...) PRINTF_LIKE(2, 3);

/* Calls `each` for what is in root/relative, "" for the root itself, hidden names left out: `folder` is the
 * path of the folder around, `name` the path in the root. *enter is 1 for a folder (symbolic links are
 * followed); `each` leaves 1 where the folder's own files are wanted, too, at most 8 folders deep. */
struct list_walk {
    const char *root;
    status (*each)(void *user, const char *folder, const char *name, int *enter);
    void *user;
};
MUST_USE status image_list_walk(const struct list_walk *w, const char *relative);
MUST_USE status image_list_read_folders(struct list *l, const struct image_source *source);
/* On entry an entry's class_index is its folder's place among the class names, sorted; on return its class,
 * with the classes' names where they have any. ERR_MISMATCH where it is not certain: how many folders and
 * classes there are, which are odd, what to give; errors of synset_read. */
MUST_USE status classes_of_folders(struct list *l, const struct image_source *source);
MUST_USE status image_list_read_labels(struct list *l, const struct image_source *source);
/* Fills box and every entry's box_first and boxes, from a file or a folder of XML annotations. */
MUST_USE status image_list_read_boxes(struct list *l, const char *file);
/* ERR_FORMAT, with both lines, if a path occurs twice. */
MUST_USE status image_list_check_duplicates(const struct list *l, const char *file);

#endif
