/* What store's own files share. */
#ifndef QUANTCAM_STORE_INTERNAL_H
#define QUANTCAM_STORE_INTERNAL_H

#include "h5.h"
#include "store.h"
#include "store_verify.h"

enum { STORE_FILE_NAME = 4096, STORE_LONGEST_TEXT = 16 << 20 }; /* bytes; text: of /job, of /provenance */

/* An open file and all its datasets, opened once. */
struct store_view {
    char path[STORE_FILE_NAME];
    struct store_schema schema;
    struct h5_file file;
    struct h5_set *set; /* (schema.count) */
};

struct store {
    const struct comm *c;
    char out[STORE_FILE_NAME];
    enum store_outcome outcome;
    struct store_layout layout;
    struct store_view view;
    struct store_lock lock; /* rank 0 */
    int fd;                 /* of the same file: fdatasync, checksums */
    int64_t committed;      /* rows, by this rank since store_begin */
    /* (datasets), used at a group's status: what store_count_rows found of this rank's range of the rows,
     * until store_missing has asked for it; has this rank written to the group since? */
    uint8_t **found, *changed;
    struct store_recheck *recheck; /* store_write compares: recheck.c */
};

/* ---- view.c ---------------------------------------------------------------------------------------- */

struct h5_type store_view_type(enum store_type type, size_t element);
/* Opens every dataset of view->schema in view->file; strict: checks type and shape against it, ERR_MISMATCH.
 */
MUST_USE status store_view_open(struct store_view *view, int strict);
void store_view_forget(struct store_view *view); /* closes the datasets and frees the schema; idempotent */
/* The same, and closes the file, whose failure is the only one. */
MUST_USE status store_view_close(struct store_view *view);
/* Rows of dataset number d; bytes as the schema's type says. */
MUST_USE status store_view_read(const struct store_view *view, int d, int64_t first, int64_t count,
                                void *out);
/* Numbers as another type, converted as C would. */
MUST_USE status store_view_read_as(const struct store_view *view, int d, enum store_type type, int64_t first,
                                   int64_t count, void *out);
MUST_USE status store_view_write(const struct store_view *view, int d, int64_t first, int64_t count,
                                 const void *data);
/* Adds the time since `start` (clock_s) to store_io_s. */
void store_io_since(double start);
/* Are type, size of an element and shape equal? */
int store_same_form(const struct store_dataset *a, const struct store_dataset *b);
/* Number of a dataset of the schema, -1 if there is none. */
int store_view_find(const struct store_view *view, const char *path);
/* Feeds all rows of dataset d to `each` in pieces of at most some MB. */
MUST_USE status store_view_scan(const struct store_view *view, int d,
                                status (*each)(void *user, int64_t first, int64_t count, const void *data),
                                void *user);

/* A text that a dataset carries as an attribute. */
struct store_note {
    const char *name, *text;
    int ascii; /* HDF5's Image and Palette conventions know texts that end with a zero byte alone */
};
enum { STORE_MOST_NOTES = 6 };
/* All of a dataset but what axes have; returns how many. */
int store_notes(const struct store_dataset *d, struct store_note out[STORE_MOST_NOTES]);

/* ---- file.c ---------------------------------------------------------------------------------------- */

/* Number of the dataset that is a row group's status. */
int store_group_status(const struct store *s, enum store_group group, int network);

/* ---- check.c: the rows of one group ---------------------------------------------------------------- */

/* Rows by their state; missing ones are to be computed, and damaged ones are counted among them. */
struct store_row_count {
    int64_t done, missing, damaged;
};
enum { STORE_ROW_DAMAGED = 255 }; /* claims to be done and is not */
/* Rows first .. first + count - 1 of a group, status and CRC: found (count) becomes each one's enum
 * store_status, or STORE_ROW_DAMAGED. */
MUST_USE status store_check_rows(const struct store_view *view, enum store_group group, int network,
                                 int64_t first, int64_t count, uint8_t *found);
/* Adds to sum the rows first .. first + count - 1 of the group whose statuses are in the dataset; errors as
 * store_check_rows. */
MUST_USE status store_check_range(const struct store_view *view, const struct store_dataset *rows_status,
                                  int64_t first, int64_t count, struct store_row_count *sum);
/* Adds the rows of `found` (count), store_check_rows' answer, to sum. */
void store_count_found(const uint8_t *found, int64_t count, struct store_row_count *sum);
/* All rows of all groups. */
MUST_USE status store_check_all(const struct store_view *view, struct store_row_count *sum, int64_t *all);
/* Has the group rows with a status and a CRC (images, models, subsets)? */
int store_is_row_group(enum store_group group);
/* Is the dataset the status of such a group? */
int store_is_row_status(const struct store_dataset *ds);
/* Numbers of a group's payload fields (in CRC order), of its crc and its status; returns how many fields.
 *   field   room for schema->count */
int store_group_fields(const struct store_schema *schema, enum store_group group, int network, int *field,
                       int *crc, int *row_status);
/* CRC-32 of a row: its number, then its payload fields follow by hash_crc32. */
uint32_t store_row_crc_start(int64_t index);

/* ---- rows.c ---------------------------------------------------------------------------------------- */

/* The dataset of payload field number `handle`; NULL behind the last. */
const struct store_dataset *store_rows_dataset(const struct store_rows *rows, int handle);

/* ---- create.c -------------------------------------------------------------------------------------- */

/* Serially: path.creating is made, filled, reserved, synced and renamed to path. Nothing is left of a
 * failure. */
MUST_USE status store_create(const char *path, const struct store_schema *schema,
                             const struct store_plan *plan);
/* Contents at creation of the datasets that store fills itself, in a new block (mem_free); *data NULL where
 * it is the caller's. plan NULL: without the texts. */
MUST_USE status store_own_contents(const struct store_layout *layout, const struct store_plan *plan,
                                   const struct store_dataset *d, void **data);
/* The plan's initial contents for a dataset, or NULL. */
const void *store_plan_contents(const struct store_plan *plan, const char *path);

/* ---- place.c --------------------------------------------------------------------------------------- */

enum place_extent { PLACE_DATA, PLACE_WHOLE }; /* what is synced: fdatasync, fsync */
/* ERR_IO; OK, said once in the log, on a file system that has no such call. */
MUST_USE status place_sync(const char *path, int fd, enum place_extent extent);
MUST_USE status place_sync_folder(const char *path); /* the folder that holds path */
/* Before anything is made: HDF5 1.10 does not survive a file system that cannot hold the file's size. Where
 * the disk says that nothing is free, a file of `bytes` bytes called `trial` is tried. ERR_IO, under a limit
 * of file sizes too. */
MUST_USE status place_check_room(const char *path, const char *trial, double bytes);
/* HDF5's early allocation leaves holes: takes the room now, so that no write fails for want of it later. */
MUST_USE status place_reserve(const char *path, int fd);

/* ---- compare.c ------------------------------------------------------------------------------------- */

/* Serially: is the file at `path` of this plan's job? ERR_MISMATCH says what differs. Fills the layout's text
 * lengths from the file. */
MUST_USE status store_compare(const char *path, const struct store_plan *plan, struct store_layout *layout);

/* ---- recheck.c ------------------------------------------------------------------------------------- */

/* store_write in a store of store_recheck_open: compares the rows with the file's and notes the first that
 * differs. */
MUST_USE status store_recheck_rows(struct store *s, int dataset, int64_t first, int64_t count,
                                   const void *data);

/* ---- form.c ---------------------------------------------------------------------------------------- */

/* Local. Is the file what the table makes of its layout: no dataset more, every attribute and axis, the sum
 * in /provenance? what: "" if it is, else what is not. A failure is want of memory. */
MUST_USE status store_check_form(struct store_reader *r, char *what, size_t size);
/* The text, its last line the CRC-32 of what is before it; freed by the caller. ERR_MEMORY. */
MUST_USE status store_seal_text(const char *text, char **sealed);

/* ---- list.c: the datasets of any file -------------------------------------------------------------- */

/* In path order, group STORE_SUMMARY, in the digest; ERR_FORMAT where a dataset is not of a bounded,
 * fixed-size type, or lies elsewhere. *out is freed by the caller, also after a failure. */
MUST_USE status store_list(const struct h5_file *file, struct store_schema *out);

/* ---- read.c ---------------------------------------------------------------------------------------- */

/* open.c fills it. */
struct store_reader {
    struct store_view view;
    struct store_layout layout;
    char problem[400];
    int complete, checked;
    uint8_t *good;   /* (datasets) 1 = compared with its checksum */
    char *checksums; /* (checksum_rows, checksum_bytes) */
    int64_t checksum_rows;
    size_t checksum_bytes;
};
/* store_open_read; *version: what the file says of its schema, ours where it says nothing. */
int store_reads_version(int version);
MUST_USE status store_open_version(const char *path, int checked, int *version, struct store_reader **out);
const struct store_view *store_reader_view(const struct store_reader *r);
/* What of the table is absent from the file or has another type or shape there: "" if nothing. */
const char *store_reader_problem(const struct store_reader *r);
/* Does a line of /checksums say, to the last bit, that the dataset has this hash? */
int store_reader_checksum_fits(const struct store_reader *r, const char *path, const uint8_t hash[HASH_SIZE]);
/* Element `index` of a string dataset, whole, with a NUL behind it (mem_free). */
MUST_USE status store_read_text(struct store_reader *r, const char *path, int64_t index, char **out);
/* ERR_MISMATCH where dataset d is not as /checksums has it. */
MUST_USE status store_reader_check(const struct store_reader *r, int d);
/* SHA-256 of the data of dataset d, C order, little-endian. */
MUST_USE status store_view_hash(const struct store_view *view, int d, uint8_t out[HASH_SIZE]);

#endif
