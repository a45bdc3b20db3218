/* include/tensor.h
 * tensor: typed, strided arrays with quantization parameters, and tables of named tensors (what a checkpoint
 * is). Knows nothing of files, networks or kernels.
 *
 *     struct tensor t = { 0 };
 *     TRY(tensor_alloc(&t, DTYPE_F32, 4, (int64_t[]){ 1, 3, 224, 224 }));
 *     float *x = t.data;                                    // contiguous, zeroed
 *     ...
 *     tensor_free(&t);
 *
 * A tensor either owns its data (tensor_alloc) or is a view of somebody's bytes (a mapped file): tensor_free
 * knows which. A view need not be aligned: read it through tensor_at and tensor_copy_*.
 */
#ifndef QUANTCAM_TENSOR_H
#define QUANTCAM_TENSOR_H

#include "base.h"

enum { TENSOR_MAX_RANK = 6 };

enum dtype {
    DTYPE_F32, DTYPE_F64, DTYPE_F16, DTYPE_BF16,
    DTYPE_U8, DTYPE_S8, DTYPE_S16, DTYPE_S32, DTYPE_S64, DTYPE_BOOL,
    DTYPE_COUNT
};
size_t dtype_size(enum dtype dtype);        /* bytes of one element */
const char *dtype_name(enum dtype dtype);   /* "f32", "u8", ... */

/* One real value is scale * (stored - zero_point); of a tensor with odd levels scale * (2 stored + 1).
 * Activations are per tensor. */
struct quant_params {
    double scale;    /* > 0; 0 = not quantized */
    int zero_point;
    int low, high;   /* the codes that exist: 0..255 of 8 bits, and of torch's 7 (numerics 1.1); 0..15 of 4 */
    int offset;      /* a deployed file's own code is ours less that: 128 where its codes are signed */
};
/* The same values of the same codes of ours. */
static inline int quant_params_same(struct quant_params a, struct quant_params b)
{
    return a.scale == b.scale && a.zero_point == b.zero_point && a.low == b.low && a.high == b.high;
}

/* What a network computes with: the numbers themselves; stored codes through the integer kernels (at most 8
 * bits); or real values of which every quantized output is rounded to its codes. */
enum precision_form { PRECISION_REAL, PRECISION_CODES, PRECISION_ROUNDED };
enum { PRECISION_REAL_BITS = 32 };    /* of a number of REAL */

enum tensor_quantization { TENSOR_REAL, TENSOR_PER_TENSOR, TENSOR_PER_CHANNEL };

struct tensor {
    enum dtype dtype;
    int rank;                          /* 0 = a scalar */
    int64_t dim[TENSOR_MAX_RANK];
    int64_t stride[TENSOR_MAX_RANK];   /* in elements */
    void *data;                        /* first element */
    int owned;                         /* data is freed by tensor_free */
    /* Quantized tensors (S8, U8, S16, S32 with parameters as stored in the checkpoint): */
    enum tensor_quantization quantization;
    int bits;                          /* of a code, 2..7; 0 = as many as the type has */
    int odd;                           /* codes stand for odd levels, without a zero */
    int dense;                         /* in a file 3, 5, 6 and 7 bits too lie without gaps */
    int axis;                          /* of the channels, PER_CHANNEL only */
    int channels;                      /* 1 if PER_TENSOR */
    double *scale;                     /* (channels), owned */
    int64_t *zero_point;               /* (channels), owned */
};

/* Contiguous and zeroed. ERR_RANGE if an extent is < 0 or the size overflows; ERR_MEMORY. */
MUST_USE status tensor_alloc(struct tensor *t, enum dtype dtype, int rank, const int64_t *dim);
void tensor_free(struct tensor *t);                    /* idempotent; zeroes */
int64_t tensor_count(const struct tensor *t);          /* elements; 1 for a scalar */
int tensor_is_contiguous(const struct tensor *t);
int tensor_bits(const struct tensor *t);               /* of an element, or of a code */
/* Bytes that so many codes take without gaps. */
static inline uint64_t tensor_packed_bytes(uint64_t count, int bits)
{
    return (count * (uint64_t)bits + 7) / 8;
}
/* Writes "(64, 3, 7, 7) f32" into out; returns out. */
char *tensor_describe(const struct tensor *t, char *out, size_t size);
/* Element number `flat` (row-major over dim, whatever the strides) as double; integers stay as stored. */
double tensor_at(const struct tensor *t, int64_t flat);
/* Copies all elements in row-major order over dim through the strides, converted to float (f16, bf16, f64,
 * integers as stored, not dequantized). `out` holds tensor_count(t) floats. */
void tensor_copy_f32(const struct tensor *t, float *out);
/* The same order for any type, elements unchanged; `out` holds tensor_count(t) * dtype_size bytes. */
void tensor_copy_raw(const struct tensor *t, void *out);
/* The same for one-byte tensors (U8, S8, BOOL). ERR_MISMATCH for other types. */
MUST_USE status tensor_copy_bytes(const struct tensor *t, void *out);

/* The least and the largest of count >= 1 values. */
void tensor_range(const float *values, int64_t count, float *low, float *high);

/* ---- quantize (spec numerics 2.1): all engines --------------------------------------------------------- */

/* clamp(rne(x * inv) + zero_point, low, high), inv = quantize_inverse(scale); NaN gives high, infinities the
 * ends. */
int quantize_value(float x, float inverse_scale, int zero_point, int low, int high);
float quantize_inverse(double scale);    /* f32(1 / f32(scale)) */
/* The code of x; many values take the inverse once and quantize_value. */
static inline int quantize_params_value(float x, struct quant_params q)
{
    return quantize_value(x, quantize_inverse(q.scale), q.zero_point, q.low, q.high);
}
/* f32(scale) * f32(stored - zero_point) */
static inline float dequantize_value(int stored, double scale, int zero_point)
{
    return (float)scale * (float)(stored - zero_point);
}

/* ---- table: named tensors ------------------------------------------------------------------------------ */

struct tensor_entry { char *name; struct tensor tensor; };
struct table_note { char *key, *value; };    /* what a file says of itself, as text */
struct table_absent { char *name, *why; int is_tensor; };    /* why: "is a sparse tensor; save ..." */
struct tensor_table {
    struct tensor_entry *entry;    /* in the order of the file */
    int count, capacity;
    int *slot, slots;              /* index by name: table.c's own */
    struct table_note *note;       /* in the order of the file */
    int notes, note_capacity;
    struct table_absent *absent;   /* values under a name that are no tensors, or none that can be read */
    int absents, absent_capacity;
    char *source;                  /* the path, for messages */
    char *state;                   /* the keys under which the file held these tensors; NULL: under none */
    char *other_states;            /* those of the state dicts beside it that were not read; NULL: none */
    char *remark;                  /* what a user should know of the file, without its path; or NULL */
    uint8_t sha256[HASH_SIZE];     /* of the whole file */
    uint64_t file_bytes;
    void *mapping;                 /* the mapped file that views point into, or NULL */
    size_t mapping_size;
};
/* Takes over name's copy and *t (which is zeroed). ERR_FORMAT if the name is there already, or is not
 * printable (text_is_printable): names are printed. */
MUST_USE status table_take(struct tensor_table *table, const char *name, struct tensor *t);
const struct tensor *table_find(const struct tensor_table *table, const char *name);     /* NULL if absent */
/* As table_find, name made by printf; ERR_MISSING says "SOURCE: no tensor NAME (the nearest is NEAR)", or
 * "SOURCE: NAME is a sparse tensor; ...". */
MUST_USE status table_get(const struct tensor_table *table, const struct tensor **out, const char *format,
                          ...) PRINTF_LIKE(3, 4);
/* Copies both. ERR_FORMAT if the key is there already. */
MUST_USE status table_add_note(struct tensor_table *table, const char *key, const char *value);
const char *table_note(const struct tensor_table *table, const char *key);               /* NULL if absent */
/* Copies both: the value called `name` is no tensor, or is one that cannot be read; table_get says why. */
MUST_USE status table_add_absent(struct tensor_table *table, const char *name, const char *why,
                                 int is_tensor);
/* Maps a whole file for tensors to be views of, and sets file_bytes. Errors of text_open_file; ERR_FORMAT
 * where it is empty, ERR_MEMORY above so many GiB, ERR_IO. */
MUST_USE status table_map(struct tensor_table *table, const char *path, int most_gib);
/* The mapped file's pages leave this process's memory; they come back when they are read. */
void table_rest(const struct tensor_table *table);
void table_free(struct tensor_table *table);                                             /* also unmaps */

#endif
