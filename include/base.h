/* include/base.h
 * base: what every room stands on. Errors, log, memory, text, clock, random numbers, hashes.
 * Knows nothing of MPI, files' formats or networks.
 *
 *     status read_it(const char *path)            // a function that can fail returns a status ...
 *     {
 *         char *text = NULL;
 *         size_t size = 0;
 *         TRY(text_read_file(path, 1 << 20, &text, &size));        // ... and hands a callee's on
 *         if (size == 0) {
 *             mem_free(text);
 *             return FAIL(ERR_FORMAT, "%s: the file is empty", path);
 *         }
 *         ...
 *
 * Three classes of error: a bug aborts (BUG_IF), a run failure is a status that travels up, a bad image is a
 * status in that image's row.
 */
#ifndef QUANTCAM_BASE_H
#define QUANTCAM_BASE_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(text_at, first_at) __attribute__((format(printf, text_at, first_at)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* A function that is compiled a second time for wider vectors. They run over elements, never along a sum, and
 * nothing is fused: the same bits. Lanes may compute what is not taken, as nobody reads the flags of that.
 * The sanitizers cannot start a program that has such functions. */
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define HOT_LOOP __attribute__((target_clones("avx2", "default"), optimize("O3", "no-trapping-math")))
#else
#define HOT_LOOP
#endif

/* ---- error ------------------------------------------------------------------------------------------- */

typedef enum {
    OK = 0,
    ERR_USAGE,    /* the command line or a job file: exit code 2 */
    ERR_RANGE,    /* a value outside what the function accepts */
    ERR_FORMAT,   /* bytes that are not what they should be */
    ERR_IO,       /* the operating system refused */
    ERR_MISSING,  /* a file, tensor, node or key that should exist */
    ERR_MISMATCH, /* two things that must agree do not */
    ERR_MEMORY,   /* no memory, or above a stated bound */
    ERR_NUMERIC,  /* NaN, infinity, or an algorithm that did not converge */
    ERR_BUSY,     /* another job holds the lock: exit code 4 */
    ERR_STOPPED   /* a signal asked for an early, resumable end: exit code 75 */
} status;

/* The process's one record of its last failure: plain bytes, so that comm can send it. */
struct error_record {
    int status;
    int rank;        /* -1 until comm knows */
    char where[64];  /* file:line */
    char text[960];  /* one sentence: the thing and the value */
};

struct error_record *error_last(void);
/* Fills the record. Use FAIL. */
void error_set(status code, const char *file, int line, const char *format, ...) PRINTF_LIKE(4, 5);
/* Puts "prefix: " before the record's sentence. Use error_prefix. */
void error_put_before(const char *format, ...) PRINTF_LIKE(1, 2);
const char *error_name(status code);
/* 0, 1, 2, 4 or 75 (DESIGN 1). */
int error_exit_code(status code);
/* Prints file, line and the condition, then calls the hook (MPI_Abort under MPI), else abort(). */
_Noreturn void error_bug(const char *file, int line, const char *condition);
void error_set_bug_hook(void (*hook)(void));

/* Fills the record with a sentence; its value is `code`.
 * A constant code stays one through the macro, so that the compiler sees that a callee's failure is never
 * OK. */
#define FAIL(code, ...)                                                                                      \
    __extension__({                                                                                          \
        status fail_code_ = (code);                                                                          \
        error_set(fail_code_, __FILE__, __LINE__, __VA_ARGS__);                                              \
        fail_code_;                                                                                          \
    })
/* Puts "prefix: " before the record's sentence (a path, a line number) unless `code` is OK; its value is
 * `code`. */
#define error_prefix(code, ...)                                                                              \
    __extension__({                                                                                          \
        status prefix_code_ = (code);                                                                        \
        if (prefix_code_ != OK)                                                                              \
            error_put_before(__VA_ARGS__);                                                                   \
        prefix_code_;                                                                                        \
    })
#define TRY(call)                                                                                            \
    do {                                                                                                     \
        status try_status_ = (call);                                                                         \
        if (try_status_ != OK)                                                                               \
            return try_status_;                                                                              \
    } while (0)
/* For functions with one `out:` label and a local `status result = OK;` */
#define TRY_OUT(call)                                                                                        \
    do {                                                                                                     \
        result = (call);                                                                                     \
        if (result != OK)                                                                                    \
            goto out;                                                                                        \
    } while (0)
#define BUG_IF(condition)                                                                                    \
    do {                                                                                                     \
        if (condition)                                                                                       \
            error_bug(__FILE__, __LINE__, #condition);                                                       \
    } while (0)

/* ---- log: stderr, rank 0 only unless said otherwise; one line each, text_make_printable'd ------------- */

enum log_level { LOG_QUIET, LOG_NORMAL, LOG_VERBOSE };
void log_init(enum log_level level, int rank, const char *host);
void log_info(const char *format, ...) PRINTF_LIKE(1, 2);    /* rank 0, from LOG_NORMAL on */
void log_detail(const char *format, ...) PRINTF_LIKE(1, 2);  /* rank 0, LOG_VERBOSE */
void log_lines(const char *before, const char *text);        /* log_info of each line, "before" before it */
void log_error(const char *format, ...) PRINTF_LIKE(1, 2);   /* rank 0, always */
void log_rank(const char *format, ...) PRINTF_LIKE(1, 2);    /* every rank, LOG_VERBOSE, "[rank host] ..." */
/* The end of a command: error_last()'s sentence where it failed, with the rank if that is not 0; the exit
 * code. */
int log_exit(status result);

/* ---- mem: counted allocations -------------------------------------------------------------------------- */

/* Zeroed, 64-byte aligned, in large pages where the system gives some. NULL only when count * size overflows
 * or the system has no memory: use MEM_TRY. */
void *mem_alloc(size_t count, size_t size);
/* Can 256 MiB not be had, which no sound file needs at once? Then a failure may be the machine's. */
int mem_is_short(void);
/* New elements are zeroed. On failure the old block stays valid and NULL is returned. */
void *mem_grow(void *block, size_t old_count, size_t new_count, size_t size);
/* Makes room for element `count` of an array that grows: `array` is the address of its pointer, *capacity,
 * the elements that it has room for, doubles. Elements of `size` bytes, new ones zeroed. ERR_MEMORY. */
MUST_USE status mem_room(void *array, int count, int *capacity, size_t size);
char *mem_strdup(const char *text);
/* Blocks that end together. Zero-initialise. */
struct mem_set {
    void *last; /* each knows the one before it */
};
/* mem_alloc's; mem_drop frees it, and nothing else does. */
void *mem_take(struct mem_set *set, size_t count, size_t size);
void mem_drop(struct mem_set *set); /* all of them; idempotent */
void mem_free(void *block);          /* NULL is fine */
long mem_live(void);                 /* blocks not yet freed: tests end at 0 */
size_t mem_peak_resident(void);      /* VmHWM, bytes */
size_t mem_proportional(void);       /* PSS now, bytes: a page of n processes counts 1/n; 0 = unknown */
/* To `out` on failure, where something is to be freed. */
#define MEM_TRY_OUT(pointer, count, size)                                                                    \
    do {                                                                                                     \
        (pointer) = mem_alloc((count), (size));                                                              \
        if (!(pointer))                                                                                      \
            TRY_OUT(FAIL(ERR_MEMORY, "no memory for %zu elements of %zu bytes", (size_t)(count),             \
                         (size_t)(size)));                                                                   \
    } while (0)
#define MEM_TRY(pointer, count, size)                                                                        \
    do {                                                                                                     \
        (pointer) = mem_alloc((count), (size));                                                              \
        if (!(pointer))                                                                                      \
            return FAIL(ERR_MEMORY, "no memory for %zu elements of %zu bytes", (size_t)(count),              \
                        (size_t)(size));                                                                     \
    } while (0)
#define MEM_TAKE(set, pointer, count, size)                                                                  \
    do {                                                                                                     \
        (pointer) = mem_take((set), (count), (size));                                                        \
        if (!(pointer))                                                                                      \
            return FAIL(ERR_MEMORY, "no memory for %zu elements of %zu bytes", (size_t)(count),              \
                        (size_t)(size));                                                                     \
    } while (0)

/* ---- text: bounded reading, parsing, growing strings --------------------------------------------------- */

/* A growing string with a stated maximum. Zero-initialise, set `max` (bytes), free with text_free. */
struct text {
    char *data; /* always NUL-terminated once non-NULL */
    size_t size, capacity, max;
};
MUST_USE status text_add(struct text *t, const char *format, ...) PRINTF_LIKE(2, 3);
MUST_USE status text_add_bytes(struct text *t, const void *bytes, size_t size);
/* As JSON writes a text: in quotation marks, what JSON does not take as it is escaped. */
MUST_USE status text_add_quoted(struct text *t, const char *value);
void text_free(struct text *t);

/* Opens a regular file for reading (close it); its size in bytes. ERR_MISSING; ERR_IO for anything else, a
 * pipe among it, for whose writer nobody should wait. */
MUST_USE status text_open_file(const char *path, int *fd, uint64_t *size);
/* Reads a whole file, at most max_bytes (ERR_MEMORY above); *out is NUL-terminated, freed with mem_free. */
MUST_USE status text_read_file(const char *path, size_t max_bytes, char **out, size_t *size);
/* The same of a text that people write: a UTF-8 byte order mark is left out. ERR_FORMAT for UTF-16, UTF-32
 * and a zero byte. */
MUST_USE status text_read_plain(const char *path, size_t max_bytes, char **out, size_t *size);
/* Writes to path.tmp, fsyncs and renames: a reader sees the old file or the new one. */
MUST_USE status text_write_file(const char *path, const void *bytes, size_t size);
/* One folder; that it is there already is fine. ERR_IO. */
MUST_USE status text_make_folder(const char *path);

/* Whole-string parsers: "12x", "", "1e400" and out-of-range values are refused. */
int text_parse_int(const char *text, int64_t low, int64_t high, int64_t *out); /* 1 = good */
int text_parse_real(const char *text, double *out);                            /* finite only; 1 = good */
/* Splits on blanks in place; returns the number of words, at most max (more: max + 1). */
int text_split(char *line, char **words, int max);
char *text_trim(char *line); /* in place, both ends */
const char *text_or_null(const char *text); /* NULL for "", an option that is not set */
/* Value of the line "KEY = value" in a text of such lines (option_write's); NULL if there is none or it does
 * not fit. */
const char *text_value(const char *text, const char *key, char *value, size_t size);
/* The nearest of `count` words by edit distance, or NULL if none is near. */
const char *text_nearest(const char *word, const char *const *words, int count);
/* " (did you mean 'DASHESWORD'?)" with the nearest word, or "": until the next call. */
const char *text_suggest(const char *word, const char *const *words, int count, const char *dashes);
/* Do `size` bytes begin, or end, with a word? */
int text_begins(const char *bytes, size_t size, const char *word);
int text_ends(const char *bytes, size_t size, const char *word);
int text_is_utf8(const char *bytes, size_t size);
/* UTF-8 without control characters (C0, DEL, C1): nothing that moves a terminal's cursor or ends a line. */
int text_is_printable(const char *bytes, size_t size);
/* In place: every byte of what text_is_printable refuses becomes '?', but those of `keep` ("\n"). Sentences
 * (FAIL) and log lines pass through here. */
void text_make_printable(char *text, const char *keep);
/* dir + "/" + name into a fixed buffer; ERR_RANGE if it does not fit. */
MUST_USE status text_path(char *out, size_t size, const char *dir, const char *name);
/* 1234567 -> "1,234,567" and 93785.2 s -> "1d 02:03:05"; both return `out`. */
char *text_thousands(int64_t value, char *out, size_t size);
char *text_duration(double seconds, char *out, size_t size);

/* ---- clock --------------------------------------------------------------------------------------------- */

double clock_s(void);                           /* monotonic, seconds */
void clock_iso8601(char *out, size_t size);     /* UTC, 2026-01-31T12:34:56Z: for logs and /timing only */

/* ---- math: equal bits on every machine ----------------------------------------------------------------- */

double math_exp(double x);            /* x <= 709 (BUG_IF), to about 1e-15 relative; 0 below -708 */
double math_log2(double x);           /* of normal, positive, finite x, to about 1e-15 */
double math_log(double x);            /* math_log2(x) * ln 2 */
double math_tanh(double x);           /* to about 1e-16 */
double math_cos_turns(double turns);  /* cos(2 pi turns), to about 1e-16; the sine is that of turns - 0.25 */

/* ---- random: counter-based, the same numbers for any number of ranks ----------------------------------- */

/* SplitMix64's finalizer of (seed, stream, counter): pure. */
uint64_t random_u64(uint64_t seed, uint64_t stream, uint64_t counter);
/* What they share: random_u64 is the finalizer of random_state + (counter + 1) * 0x9E3779B97F4A7C15. */
uint64_t random_state(uint64_t seed, uint64_t stream);
/* Those that have a part of the streams of their own (spec saliency-and-training 1.8). */
enum random_purpose {
    RANDOM_ORDER = 1, RANDOM_CROP = 2, RANDOM_FILL = 3, RANDOM_INITIAL = 4, RANDOM_HOLDOUT = 5,
    RANDOM_UNIFORM = 32, RANDOM_OTHERS = 33, RANDOM_POOLED = 34,
    RANDOM_DROPOUT = 64, /* + 2 layer + branch, below 128 */
    RANDOM_RISE = 128, RANDOM_SMOOTHGRAD = 129,
    RANDOM_ROAD = 130, RANDOM_WEIGHTS = 131, RANDOM_CALIBRATION = 132, RANDOM_SAMPLE = 133
};
/* The purpose's stream of item a below 2^24 and b. */
uint64_t random_stream(enum random_purpose purpose, int a, uint32_t b);
/* A sequence: .seed and .stream chosen by the caller, .counter steps. */
struct random { uint64_t seed, stream, counter; };
uint64_t random_next(struct random *r);
uint32_t random_below(struct random *r, uint32_t bound); /* 0 .. bound-1, unbiased; bound >= 1 */
double random_unit(struct random *r);                    /* [0, 1), 53 bits */
/* `keep` of the places 0 .. count-1, 0 <= keep <= count, each with the same chance, ascending. */
void random_sample(struct random *r, int count, int keep, int *place);
double random_normal(struct random *r);                  /* mean 0, deviation 1; takes two numbers */

/* ---- hash ---------------------------------------------------------------------------------------------- */

#define HASH_SIZE 32 /* SHA-256 */
struct hash { void *context; };
void hash_start(struct hash *h);
void hash_add(struct hash *h, const void *bytes, size_t size);
void hash_result(struct hash *h, uint8_t out[HASH_SIZE]); /* also releases the context */
void hash_bytes(const void *bytes, size_t size, uint8_t out[HASH_SIZE]);
MUST_USE status hash_file(const char *path, uint8_t out[HASH_SIZE]);
char *hash_hex(const uint8_t hash[HASH_SIZE], char out[2 * HASH_SIZE + 1]);
/* zlib's CRC-32; start with 0 and chain. */
uint32_t hash_crc32(uint32_t crc, const void *bytes, size_t size);

#endif
