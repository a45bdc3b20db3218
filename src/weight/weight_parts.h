/* What the files of the weight room share: zip archives, pickles, and torch's containers made of them. */
#ifndef QUANTCAM_WEIGHT_PARTS_H
#define QUANTCAM_WEIGHT_PARTS_H

#include "weight.h"

/* ---- zip: stored entries only ---------------------------------------------------------------------- */

enum { ZIP_MAX_ENTRIES = 65536 };
struct zip_entry {
    const char *name;       /* in the file, not terminated */
    int name_size;
    const uint8_t *data;    /* in the file */
    uint64_t size;
    uint32_t crc;
    int checked;            /* the CRC was found right */
};
struct zip {
    struct zip_entry *entry;    /* sorted by name */
    int count;
};
/* `bytes` must outlive the archive. ERR_FORMAT names the entry or what is wrong. */
MUST_USE status zip_open(const uint8_t *bytes, uint64_t size, struct zip *out);
void zip_close(struct zip *z);
struct zip_entry *zip_find(const struct zip *z, const char *name);    /* NULL if absent */
/* ERR_FORMAT if the entry's bytes have another CRC-32 than the directory says. */
MUST_USE status zip_check(struct zip_entry *e);

/* ---- pickle: a tree of plain values; nothing is ever called ---------------------------------------- */

enum { PICKLE_MAX_BYTES = 64 << 20, PICKLE_MAX_ITEMS = 1 << 20 };
enum pickle_kind {
    PICKLE_NONE, PICKLE_BOOL, PICKLE_INT, PICKLE_REAL, PICKLE_TEXT,
    PICKLE_GLOBAL,        /* integer: its number in the allow-list */
    PICKLE_TUPLE, PICKLE_LIST,
    PICKLE_DICT,          /* items: key, value, key, value, ...; an OrderedDict too */
    PICKLE_OBJECT,        /* integer: the global; item 0: the tuple of its arguments */
    PICKLE_PERSISTENT     /* item 0: the id */
};
struct pickle_value {
    enum pickle_kind kind;
    int64_t integer;
    double real;
    const char *text;     /* in the file, not terminated */
    int size;             /* of text */
    int *item;            /* numbers of values */
    int count, capacity;
};
struct pickle {
    struct pickle_value *value;
    int count, capacity, root;
};
struct pickle_global { const char *module, *name; };    /* number 0 is collections OrderedDict */
/* Reads one pickle from the front of `bytes`, which must outlive it; *used = its length. ERR_FORMAT with the
 * offset for an unknown opcode, a global that is not in the list, an LONG above 64 bits, truncation;
 * ERR_MEMORY above a bound. */
MUST_USE status pickle_read(const uint8_t *bytes, uint64_t size, const struct pickle_global *allowed,
                            int globals, struct pickle *out, uint64_t *used);
void pickle_free(struct pickle *p);
/* Item i of a container; BUG if there is none. */
const struct pickle_value *pickle_item(const struct pickle *p, const struct pickle_value *container, int i);
int pickle_is_text(const struct pickle_value *v, const char *text);

/* ---- pth: torch's zip form ------------------------------------------------------------------------- */

MUST_USE status pth_read_zip(const uint8_t *bytes, uint64_t size, struct tensor_table *out);

#endif
