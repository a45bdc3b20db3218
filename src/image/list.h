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
struct list {
    struct text strings;
    struct list_entry *entry;
    int count, capacity;
    size_t *class_name;
    int class_names, class_capacity;
    int classes;
    struct image_box *box;          /* grouped by entry */
    int boxes, boxes_unmatched;
};
void image_list_free(struct list *l);
static inline const char *image_list_path(const struct list *l, int i)
{
    return l->strings.data + l->entry[i].path;
}

/* Grows an array (capacity doubles) so that element `count` exists. ERR_MEMORY. */
MUST_USE status image_list_grow(void **array, int count, int *capacity, size_t size);
/* Adds an entry after checking its name. `file` and `line` are for the message (line 0: none). */
MUST_USE status image_list_add(struct list *l, const char *file, int line, const char *path, int class_index);
MUST_USE status image_list_add_class(struct list *l, const char *name);
/* Absolute names, ".." and empty parts, control characters, not UTF-8, above 1,024 bytes: ERR_FORMAT. */
MUST_USE status image_list_check_name(const char *file, int line, const char *name);
/* 1 if the name ends in .jpg, .jpeg or .png, in any case. */
int image_list_is_picture(const char *name);

/* The lines of a text file without blank ones, trimmed. */
struct list_lines { const char *file; char *text, *next; int line; };
MUST_USE status image_lines_open(const char *file, struct list_lines *out);
char *image_lines_next(struct list_lines *l);      /* NULL at the end */
void image_lines_close(struct list_lines *l);

/* One row of LOC_val_solution.csv: `id,wnid x0 y0 x1 y1 ...`; line is cut in place and id points into it. On
 * entry *groups = NULL; the caller frees. */
struct list_loc { char wnid[16]; struct image_box box; };
/* 1 if this line (a header or a row) is of that kind. */
int image_loc_is(const char *line);
int image_loc_is_header(const char *line);
MUST_USE status image_loc_parse(const struct list_lines *at, char *line, char **id, struct list_loc **groups,
                                int *count, int *capacity);
/* Four integers `x0 y0 x1 y1`; negative ones become 0. ERR_FORMAT with file and line if one is no integer or
 * the box is empty. */
MUST_USE status image_box_parse(const struct list_lines *at, char *const word[4], struct image_box *out);

MUST_USE status image_list_read_folders(struct list *l, const char *root);
MUST_USE status image_list_read_labels(struct list *l, const struct image_source *source);
/* Fills box and every entry's box_first and boxes, from a file or a folder of XML annotations. */
MUST_USE status image_list_read_boxes(struct list *l, const char *file);
/* ERR_FORMAT, with both lines, if a path occurs twice. */
MUST_USE status image_list_check_duplicates(const struct list *l, const char *file);

#endif
