/* include/h5.h
 * h5: HDF5 files. The only room that calls HDF5's C API; nobody else needs its header, its handles or its
 * error stack.
 *
 *     struct h5_file file;
 *     TRY(h5_create("a.h5", "a.h5", &(struct h5_form){ 0 }, &file));
 *     TRY(h5_add(&file, "maps/cam", H5_F32, 0, 3, (int64_t[]){ n, 7, 7 }));
 *     TRY(h5_put(&file, "maps/cam", i, map));       // row i
 *     TRY(h5_close(&file, OK));
 *
 * A set is an open dataset; its rows lie along the first axis, and a dataset without axes has one row. Types
 * are little-endian in the file and in memory. Every failure of HDF5's is ERR_IO and one sentence: the file,
 * the dataset, what failed, HDF5's outermost reason and its innermost one. Everything is local: where a file
 * is written through MPI-IO, every process opens it alone.
 */
#ifndef QUANTCAM_H5_H
#define QUANTCAM_H5_H

#include "base.h"

enum { H5_MOST_AXES = 6 };

enum h5_kind {
    H5_OTHER,        /* of a dataset: none of these */
    H5_U8, H5_S8, H5_S16, H5_S32, H5_U32, H5_S64,
    H5_F16, H5_BF16, H5_F32, H5_F64,
    H5_TEXT,         /* UTF-8 of a fixed size, zeros behind it */
    H5_TEXT_ENDED,   /* UTF-8 of a fixed size, a zero byte at the end */
    H5_ASCII_ENDED,  /* the same, called ASCII */
    H5_NAMES_U8, H5_NAMES_S8 /* a byte with a name for each of its first values */
};
struct h5_type {
    enum h5_kind kind;
    size_t size;              /* of a text, bytes */
    const char *const *names; /* of H5_NAMES_..., NULL behind the last */
};

/* ---- starting, failing (error.c) ----------------------------------------------------------------------- */

/* Before anything else of the process calls HDF5; opening and creating do it too. HDF5 prints nothing, closes
 * nothing at exit, and takes no locks unless HDF5_USE_FILE_LOCKING says so. */
void h5_start(void);
void h5_version(char out[32]); /* "1.10.8" */

/* From start to end HDF5's failures are looked at: was it the machine (rights, descriptors, memory, an I/O
 * error) that failed, and not the file? h5_trouble is the first such reason since the start, by the system's
 * words, or "". */
void h5_trouble_start(void);
void h5_trouble_end(void);
void h5_trouble_note(const char *why); /* a reason that HDF5 does not know of */
const char *h5_trouble(void);

/* ---- files (file.c) ------------------------------------------------------------------------------------ */

/* `name` is what sentences call the file; "" where the caller puts its name before them. Borrowed. */
struct h5_file {
    const char *name;
    int64_t id;  /* 0: not open; negative: opening or closing failed */
    int created; /* by h5_create */
};
struct h5_form {
    int64_t alignment; /* bytes, of datasets at least that large; 0: none */
    size_t user_block; /* bytes before HDF5's */
    int ordered;       /* links and attributes keep the order in which they were made */
};
enum h5_access { H5_READ, H5_WRITE };

/* H5_READ: ERR_MISSING, or ERR_IO for what is no regular file. H5_WRITE: of a file that others write too,
 * through MPI-IO, each its own rows; MPI is initialized. */
MUST_USE status h5_open(const char *path, const char *name, enum h5_access access, struct h5_file *out);
/* Replaces what is there. The superblock is of HDF5 1.8 without times, so equal contents give equal bytes. */
MUST_USE status h5_create(const char *path, const char *name, const struct h5_form *form,
                          struct h5_file *out);
/* Idempotent. A failure before it stays the one that is told. A created file whose bytes could not be written
 * keeps its handle: HDF5 1.10 crashes over it. */
MUST_USE status h5_close(struct h5_file *file, status before);

int64_t h5_links(const struct h5_file *file); /* of the root; -1 where HDF5 fails */
/* Name number i in the order of making; its length, negative where HDF5 fails. hard: not a link elsewhere. */
int64_t h5_link(const struct h5_file *file, int64_t i, char *name, size_t size, int *hard);
/* Calls `each` with every dataset's path, without the leading '/', in path order, until one fails. */
MUST_USE status h5_visit(const struct h5_file *file, status (*each)(void *user, const char *path),
                         void *user);

/* ---- datasets (set.c) ---------------------------------------------------------------------------------- */

struct h5_set {
    const char *file, *path; /* borrowed: for sentences */
    int64_t id, space, memory;
    enum h5_kind kind;       /* of the file; H5_NAMES_U8 for every enumeration of a byte */
    size_t element;          /* bytes */
    int rank;                /* negative where HDF5 fails; dim is set up to H5_MOST_AXES */
    int64_t dim[H5_MOST_AXES];
};
enum h5_fill { H5_UNFILLED, H5_ZEROS, H5_MINUS_ONES };

/* Rows are read and written as `as`, NULL: as the file's kind. */
MUST_USE status h5_set_open(const struct h5_file *file, const char *path, const struct h5_type *as,
                            struct h5_set *set);
/* Contiguous and allocated at once; the groups on its way are made. Minus ones: of S64. */
MUST_USE status h5_set_create(const struct h5_file *file, const char *path, const struct h5_type *type,
                              int rank, const int64_t *dim, enum h5_fill fill, struct h5_set *set);
void h5_set_close(struct h5_set *set); /* of a set that was read; idempotent */
/* Of one that was written; idempotent. A failure before it stays the one that is told. */
MUST_USE status h5_set_finish(struct h5_set *set, status before);
int h5_set_is(const struct h5_set *set, const struct h5_type *type); /* exactly */

/* Where the bytes lie: not in this file, in several pieces, in one piece that begins at `at`. */
struct h5_place {
    enum { H5_ELSEWHERE, H5_PIECES, H5_ONE_PIECE } how;
    uint64_t at, bytes; /* bytes: what is stored, less than the elements where it is packed or holes */
};
struct h5_place h5_set_place(const struct h5_set *set);

/* `count` rows from row `first` on. ERR_RANGE where they do not exist. */
MUST_USE status h5_read(const struct h5_set *set, int64_t first, int64_t count, void *out);
MUST_USE status h5_read_as(const struct h5_set *set, enum h5_kind kind, int64_t first, int64_t count,
                           void *out); /* numbers, converted as C would */
MUST_USE status h5_write(const struct h5_set *set, int64_t first, int64_t count, const void *data);

/* Of a dataset by its path, one call each: h5_put and h5_get do one row, or with `row` -1 all rows. `size`:
 * of a text. ERR_MISMATCH: another number of axes, numbers for text. */
MUST_USE status h5_add(const struct h5_file *file, const char *path, enum h5_kind kind, size_t size, int rank,
                       const int64_t *dim);
MUST_USE status h5_put(const struct h5_file *file, const char *path, int64_t row, const void *data);
MUST_USE status h5_put_text(const struct h5_file *file, const char *path, int64_t row, const char *text);
MUST_USE status h5_get(const struct h5_file *file, const char *path, enum h5_kind kind, int64_t row,
                       void *out);
MUST_USE status h5_shape(const struct h5_file *file, const char *path, int rank, int64_t dim[H5_MOST_AXES]);

/* ---- attributes and axes (attribute.c) ----------------------------------------------------------------- */

struct h5_set h5_root(const struct h5_file *file); /* for attributes alone; not closed */

int h5_has(const struct h5_set *set, const char *name);
int64_t h5_attributes(const struct h5_set *set); /* how many; -1 where HDF5 fails */
/* `count` values that have exactly this type; else ERR_FORMAT. */
MUST_USE status h5_attribute_read(const struct h5_set *set, const char *name, enum h5_kind kind,
                                  int64_t count, void *out);
/* One text of a fixed size below `size`; else ERR_FORMAT. */
MUST_USE status h5_attribute_text(const struct h5_set *set, const char *name, char *out, size_t size);
/* The name and the text of attribute number i in the order of making, below these sizes; else ERR_FORMAT. */
MUST_USE status h5_attribute_at(const struct h5_set *set, int64_t i, char *name, size_t name_size,
                                char *out, size_t size);
/* count 0: one value without an axis. */
MUST_USE status h5_attribute_write(const struct h5_set *set, const char *name, enum h5_kind kind,
                                   int64_t count, const void *values);
MUST_USE status h5_attribute_write_text(const struct h5_set *set, const char *name, enum h5_kind kind,
                                        const char *text);
/* A reference to an object. */
MUST_USE status h5_attribute_refer(const struct h5_set *set, const char *name, const struct h5_file *file,
                                   const char *path);

/* Makes the set a dimension scale, called by the last part of its path; hangs it on axis k of another. */
MUST_USE status h5_axis_make(const struct h5_set *set);
MUST_USE status h5_axis_attach(const struct h5_set *set, int k, const struct h5_file *file, const char *axis);

#endif
