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
/* ERR_FORMAT if the entry's bytes have another CRC-32 than the directory says; 0 there means that none was
 * taken. */
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

/* ---- pth: torch's state dicts ---------------------------------------------------------------------- */

/* Adds a view of `bytes` for every tensor of the state dict. */
MUST_USE status pth_read_zip(const uint8_t *bytes, uint64_t size, struct tensor_table *out);
MUST_USE status pth_read_legacy(const uint8_t *bytes, uint64_t size, struct tensor_table *out);
/* As pickle_read, with what a state dict may name. */
MUST_USE status pth_pickle(const uint8_t *bytes, uint64_t size, struct pickle *out, uint64_t *used);
/* What a persistent id says of a storage; its data is not looked for. */
enum { PTH_KEY = 128 };
struct pth_storage { enum dtype dtype; char key[PTH_KEY]; int64_t count; const uint8_t *data; };
MUST_USE status pth_storage_id(const struct pickle *p, const struct pickle_value *v, struct pth_storage *out);

/* ---- legacy: torch's form before 1.6: five pickles, then the storages one after the other ---------- */

enum { LEGACY_MAGIC_SIZE = 15 };
extern const char legacy_magic[LEGACY_MAGIC_SIZE + 1];
/* Reads the pickles: *object is the state dict's, and `storages` gets a rank 1 view of each storage by its
 * key. The caller frees both, also after a failure. */
MUST_USE status legacy_index(const uint8_t *bytes, uint64_t size, struct pickle *object,
                             struct tensor_table *storages);

#endif
