/* What the files of the weight room share: zip archives, pickles, torch's containers made of them, JSON,
 * safetensors and our HDF5 form. */
#ifndef QUANTCAM_WEIGHT_PARTS_H
#define QUANTCAM_WEIGHT_PARTS_H

#include "weight.h"

enum {
    WEIGHT_MAX_NAME = 512, WEIGHT_MAX_TENSORS = 65536, WEIGHT_MAX_CHANNELS = 1 << 20,
    WEIGHT_MAX_ALL_CHANNELS = 1 << 22, WEIGHT_MAX_NOTES = 1024, WEIGHT_MAX_NOTE = 60000
};
/* A little-endian number of 1 to 8 bytes. */
static inline uint64_t weight_number(const uint8_t *p, int bytes)
{
    uint64_t number = 0;

    while (bytes-- > 0)
        number = number << 8 | p[bytes];
    return number;
}
/* Those of t's extents, contiguous. ERR_FORMAT above 2^32 elements. */
MUST_USE status weight_set_strides(struct tensor *t);
/* Makes t quantized along `axis` (-1: per tensor), its parameters zeroed. *all counts the file's channels:
 * ERR_MEMORY above the bound. */
MUST_USE status weight_alloc_params(struct tensor *t, int axis, int64_t *all);
/* ERR_FORMAT for a zero point above 32 bits. */
MUST_USE status weight_set_params(struct tensor *t, int channel, double scale, double zero_point);

int weight_is_container(const uint8_t *head, size_t size); /* of the formats that hold tensors */
/* Reads one file's tensors, known by its content; its bytes are mapped. No sentence begins with the path. */
MUST_USE status weight_read(const char *path, const uint8_t *bytes, uint64_t size, const char *state,
                            struct tensor_table *out);

/* ---- names ------------------------------------------------------------------------------------------ */

/* As table_take, under the name that torchvision uses today; ERR_MEMORY above the bound. `name` has at most
 * WEIGHT_MAX_NAME + 63 bytes. */
MUST_USE status names_take(struct tensor_table *table, const char *name, struct tensor *t);
/* As table_add_absent, under that name. */
MUST_USE status names_leave(struct tensor_table *table, const char *name, const char *why, int is_tensor);
/* Whether the file's name says that it is one of several shards, as model-00001-of-00003.safetensors does,
 * and the name of their index, model.safetensors.index.json. */
int names_shard(const char *path, char *index, size_t size);
/* Whether the file's name ends in the first *digits of its SHA-256, at *hex: it does, or they may be a step's
 * or a date's, or another tool's (include/weight.h). */
enum names_hash { NAMES_NO_HASH, NAMES_PERHAPS_HASH, NAMES_HASH };
enum names_hash names_hash_prefix(const char *path, const char **hex, size_t *digits);

/* ---- zip: stored entries; compressed ones are only listed ------------------------------------------- */

enum { ZIP_MAX_ENTRIES = 65536 };
struct zip_entry {
    const char *name;       /* in the file, not terminated */
    int name_size;
    const uint8_t *data;    /* in the file */
    uint64_t size;
    uint32_t crc;
    int packed;             /* compressed or encrypted: data and size are those of what is stored */
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
/* Before the entry's bytes are looked at: ERR_FORMAT if they are compressed, or have another CRC-32 than the
 * directory says; 0 there means that none was taken. */
MUST_USE status zip_check(struct zip_entry *e);

/* ---- pickle: a tree of plain values; nothing is ever called ---------------------------------------- */

enum { PICKLE_MAX_BYTES = 64 << 20, PICKLE_MAX_ITEMS = 1 << 22 };
enum pickle_kind {
    PICKLE_NONE, PICKLE_BOOL, PICKLE_INT, PICKLE_REAL, PICKLE_TEXT,
    PICKLE_GLOBAL,        /* integer: its number in the reader's list; -1: items are its module and name */
    PICKLE_TUPLE, PICKLE_LIST,
    PICKLE_DICT,          /* items: key, value, key, value, ...; an OrderedDict too */
    PICKLE_OBJECT,        /* integer: the global; item 0: the tuple of its arguments; more: its states */
    PICKLE_PERSISTENT,    /* item 0: the id */
    PICKLE_OPAQUE         /* integer: what was called to make it, a value's number; items: its states. -1:
                             text says what it is */
};
struct pickle_value {
    enum pickle_kind kind;
    int size;             /* of text */
    union {
        int64_t integer;
        double real;
    };
    const char *text;     /* in the file, not terminated */
    int *item;            /* numbers of values */
    int count, capacity;
};
struct pickle {
    struct pickle_value *value;
    int count, capacity, root;
};
struct pickle_global { const char *module, *name; };    /* number 0 is collections OrderedDict */
/* Reads one pickle of protocol 0 to 5 from the front of `bytes`, which must outlive it; *used = its length.
 * Names that are not in the list, and what is made by calling them, are inert: a dict of an unknown class is
 * a dict, everything else opaque. ERR_FORMAT with the offset for an unknown opcode, a stack that does not
 * fit, truncation; ERR_MEMORY above a bound. */
MUST_USE status pickle_read(const uint8_t *bytes, uint64_t size, const struct pickle_global *known,
                            int globals, struct pickle *out, uint64_t *used);
void pickle_free(struct pickle *p);
/* Item i of a container; BUG if there is none. */
const struct pickle_value *pickle_item(const struct pickle *p, const struct pickle_value *container, int i);
int pickle_is_text(const struct pickle_value *v, const char *text);
/* Writes "argparse.Namespace" or "bytes" into out for an opaque value or an unknown name; returns out. */
char *pickle_object_name(const struct pickle *p, const struct pickle_value *v, char *out, size_t size);

/* ---- pth: torch's state dicts ---------------------------------------------------------------------- */

/* Adds a view of `bytes` for every tensor of the state dict `state` (weight_load), and says which. */
MUST_USE status pth_read_zip(const uint8_t *bytes, uint64_t size, const char *state,
                             struct tensor_table *out);
MUST_USE status pth_read_legacy(const uint8_t *bytes, uint64_t size, const char *state,
                                struct tensor_table *out);
/* As pickle_read, with what a state dict may name. */
MUST_USE status pth_pickle(const uint8_t *bytes, uint64_t size, struct pickle *out, uint64_t *used);
/* What a persistent id says of a storage; its data is not looked for. */
enum { PTH_KEY = 128 };
struct pth_storage {
    enum dtype dtype;
    int readable;           /* 0: of a type that tensors here do not have, `bytes` an element */
    int bytes;
    const char *type;       /* as torch calls it: FloatStorage */
    char key[PTH_KEY];
    int64_t whole;          /* elements */
    int64_t first, count;   /* of these, the part that is meant: some storages of 2017 lie in others */
    const uint8_t *data;    /* of the part */
};
MUST_USE status pth_storage_id(const struct pickle *p, const struct pickle_value *v, struct pth_storage *out);

/* ---- legacy: torch's form before 1.6: five pickles, then the storages one after the other ---------- */

enum { LEGACY_MAGIC_SIZE = 15 };
extern const char legacy_magic[LEGACY_MAGIC_SIZE + 1];    /* as torch.save writes it unless told otherwise */
/* The length of the first pickle, a number, if a file that begins so has the form, else 0; WEIGHT_HEAD bytes
 * tell. */
size_t legacy_begins(const uint8_t *head, size_t size);
/* Reads the pickles: *object is the state dict's, and `storages` gets a rank 1 view of each storage by its
 * key. The caller frees both, also after a failure. */
MUST_USE status legacy_index(const uint8_t *bytes, uint64_t size, struct pickle *object,
                             struct tensor_table *storages);

/* ---- foreign: what is no checkpoint ----------------------------------------------------------------- */

/* Each fails with ERR_FORMAT and a sentence that says what it is and what to do. */
MUST_USE status foreign_file(const uint8_t *bytes, uint64_t size);
MUST_USE status foreign_archive(const struct zip *z);
MUST_USE status foreign_folder(const char *path);
/* OK unless the archive is TorchScript's, which has a FOLDER/data.pkl too. */
MUST_USE status foreign_script(const struct zip *z);
/* Whether a file that begins so is of a known foreign kind, or a web page. */
int foreign_begins(const uint8_t *head, size_t size);

/* ---- shards: one checkpoint in many files ----------------------------------------------------------- */

/* Whether a file that begins so may be an index: JSON. */
int shards_begin(const uint8_t *head, size_t size);
/* Reads the index that is mapped in `out` and the shards beside it, which take its place there: sha256 and
 * file_bytes are of all of them. Every sentence names the shard, none the index. */
MUST_USE status shards_read(const char *path, struct tensor_table *out);

/* ---- json: a cursor; blanks before what is asked for are skipped ------------------------------------ */

struct json { const char *text; uint64_t size, at; };
int json_accept(struct json *j, char c);                      /* 1 if c comes next, which is then taken */
MUST_USE status json_expect(struct json *j, char c);
/* Replaces out's content, up to its max; ERR_FORMAT for zeros and what is not UTF-8. */
MUST_USE status json_text(struct json *j, struct text *out);
MUST_USE status json_whole(struct json *j, int64_t *out);     /* without sign */
/* An object of `least` members, 0 or 1, or more: calls `member` for each, its name in `key`, its value next.
 */
MUST_USE status json_members(struct json *j, int least, struct text *key, status (*member)(void *user),
                             void *user);
MUST_USE status json_skip(struct json *j);                    /* any value, to 64 brackets deep */
MUST_USE status json_end(struct json *j);

/* ---- packed: quantized tensors of safetensors ------------------------------------------------------- */

/* NAME.quantization in words: "per_channel 0 bits 4 shape 64,3,7,7", "per_tensor odd bits 2 shape 16",
 * "per_tensor bits 5 dense shape 16". */
struct packed_mark {
    int axis;                         /* -1: per tensor */
    int odd;
    int bits;                         /* 2..7; 0: all that the type has */
    int dense;                        /* without gaps */
    int rank;                         /* bits <= 4 or dense, packed: the shape that the row stands for */
    int64_t dim[TENSOR_MAX_RANK];
};
int packed_read_mark(const char *text, struct packed_mark *out);        /* 0: no mark */
MUST_USE status packed_write_mark(const struct tensor *t, struct text *out);
int packed_is(const struct tensor *t);                                  /* are its codes packed in a file? */
/* Unpacks t, a row of bytes, into owned codes of the mark's shape; other codes lie unpacked already.
 * ERR_FORMAT for another size and for codes that the bits do not hold. */
MUST_USE status packed_open(struct tensor *t, const struct packed_mark *m);
/* The row of bytes, for packed_is. */
MUST_USE status packed_close(const struct tensor *t, struct tensor *out);
/* (channels) f64 and s64; f32 and s32 of packed codes where these hold the same. */
MUST_USE status packed_params(const struct tensor *t, struct tensor *scale, struct tensor *zero_point);

/* ---- safetensors ------------------------------------------------------------------------------------ */

enum { SAFETENSORS_MAX_HEADER = 64 << 20 };
extern const char *const safetensors_types[DTYPE_COUNT];    /* "F32" */
/* Views of `bytes`. */
MUST_USE status safetensors_read(const uint8_t *bytes, uint64_t size, struct tensor_table *out);
MUST_USE status safetensors_write(FILE *f, const struct tensor_table *t, const struct weight_note *notes,
                                  int count);

/* ---- h5: our HDF5 form ------------------------------------------------------------------------------ */

#define WEIGHT_H5_MAGIC "quantcam weights 1"
enum { WEIGHT_H5_SEAL = 512 };
/* The user block of a file whose rest has this hash. */
void weight_h5_seal(const uint8_t sha256[HASH_SIZE], char out[WEIGHT_H5_SEAL]);
/* Views of `bytes`, which are the file's at `path`. */
MUST_USE status weight_h5_read(const char *path, const uint8_t *bytes, uint64_t size,
                               struct tensor_table *out);
MUST_USE status weight_h5_write(const char *path, const struct tensor_table *t,
                                const struct weight_note *notes, int count);

#endif
