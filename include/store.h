/* include/store.h
 * store: the result file. One HDF5 file written by many ranks, any of which may be killed at any time (spec
 * parallel-store 1). Knows nothing of images or networks but their
 * names and extents. What is in the file is one table, src/store/schema.c: path, type, shape, unit, meaning,
 * row group, in CRC, in digest. Add a dataset there and nowhere else.
 *
 *     struct store_plan plan = { .layout = ..., .job = text, ... };      // layout equal on all ranks
 *     struct store *s = NULL;
 *     TRY(store_begin(&c, "results/x.h5", &plan, &s));      // collective: lock, create or compare, open
 *     if (store_outcome(s) == STORE_FINISHED)
 *         ...                                               // OUT is there already, from the same job
 *     TRY(store_missing(s, STORE_ROWS_MODEL, net, 1, missing, &damaged));     // collective: (N) flags
 *     struct store_rows *rows = NULL;
 *     TRY(store_rows_create(s, STORE_ROWS_MODEL, net, 32, &rows));
 *     int cam_at = store_rows_handle(rows, "int8/cam");     // once
 *     for (each image) {                                    // local from here on
 *         float *cam = store_rows_at(rows, cam_at);         // the row in hand: zeroed, (h, w)
 *         ...
 *         TRY(store_rows_add(rows, image, STORE_OK));       // CRC; commits by itself when full or after 5 s
 *     }
 *     TRY(store_rows_commit(rows));
 *     store_rows_free(rows);
 *
 *     TRY(store_write(s, "/summary/rows/ok", 0, networks, count));            // rank 0: reduce
 *     TRY(store_finish(s));                                 // collective: checksums, OUT.part -> OUT
 *     store_end(&s);                                        // collective: also after a failure
 *
 * Files. OUT: finished; its existence means done. OUT.part: being computed, always openable, by anybody.
 * OUT.part.creating: worthless. OUT.lock: the lock. OUT.log.jsonl: a line a start. Reading (show, report,
 * verify, inspect): store_open_read and store_read below; no MPI, every size bounded, nothing trusted.
 *
 * Type names in the table: u8 s8 s32 u32 s64 f32 f64, str (fixed length, UTF-8, NUL-padded), status (enum
 * u8).
 * Little-endian. Errors carry the file, the dataset and the top of HDF5's error stack.
 */
#ifndef QUANTCAM_STORE_H
#define QUANTCAM_STORE_H

#include "comm.h"
#include "tensor.h"

/* ---- schema: what is in the file (schema.c) -------------------------------------------------------- */

enum {
    STORE_MAX_NETWORKS = 16,
    STORE_MAX_GROUPS = 8,
    STORE_MAX_PRECISIONS = 8,
    STORE_READINGS = 3,   /* raw, resolved, aligned: what a selection goes by */
    STORE_MAX_SELECTIONS = STORE_READINGS * (STORE_MAX_PRECISIONS - 1) + 1,
    STORE_MAX_PICTURES = 64,
    STORE_MAX_METHODS = 16,
    STORE_MAX_MAPS = 16,
    STORE_MAX_MEASURES = 448,
    STORE_LAYER = 128, /* of a node of a description */
    STORE_NAME = 64,  /* of a network, precision, selection: letters, digits, '_', '-', '.', no '.' first */
    STORE_PATH = 192, /* of a dataset */
    STORE_MAX_RANK = 4,
    STORE_MAX_STEPS = 10000,
    STORE_STATISTICS = 4, /* median, q1, q3, mean: the order of the axis `statistic` */
    STORE_RULES = 5,      /* t0.15, t0.20, t0.50, otsu, best: the order of the axis `rule` */
    STORE_SIGNS = 2,      /* aligned, raw: the order of the axis `sign` */
    STORE_TRIVIALS = 3,   /* frame, centred, gauss: the order of the axis `trivial` */
    STORE_OPERANDS = 2,   /* weights, outputs: the order of the axis `operand` */
    STORE_EDGES = 4,      /* x0, y0, x1, y1: the order of the axis `edge` */
    STORE_REMOVED = 10,   /* 0, 10 .. 90 %: the axis `removed` */
    STORE_ORDERS = 2, STORE_PERCENTILES = 9,    /* axes of ROAD: most, least relevant; 10, 20 .. 90 */
    STORE_CRITERIA = 4,   /* single50, any30, any50, any70: the order of the axis `criterion` */
    STORE_TRUTHS = 3,     /* density, fixations, masks: kinds of what maps are compared with */
    STORE_STATES = 7,     /* none .. unreadable: the order of the axis `truth_state` */
    STORE_LEVELS = 256,   /* the axis `level` */
    STORE_ERROR = 160,    /* bytes of /images/error */
    STORE_COMMAND = 2048  /* bytes of /timing/command */
};
/* Files of any other version are neither read nor gone on with. 5: any precisions, measures as rows,
 * selections of a reading and a precision, maps in the aligned sign. */
#define STORE_SCHEMA_VERSION 5

enum store_type {
    STORE_U8, STORE_S8, STORE_S32, STORE_U32, STORE_S64, STORE_F32, STORE_F64,
    STORE_STRING, /* an element has `element` bytes */
    STORE_STATUS  /* enum store_status in a u8 */
};
enum store_status { STORE_MISSING = 0, STORE_OK = 1, STORE_BAD_IMAGE = 2, STORE_UNUSED = 3 };

enum store_group {
    STORE_FIXED,       /* written at creation: lists, labels, axes */
    STORE_ROWS_IMAGE,  /* /images: a row an image, by the rank that decodes it */
    STORE_ROWS_MODEL,  /* /models/<net>: a row an image, all precisions */
    STORE_ROWS_SUBSET, /* /models/<net>/subset: a row a place in the union of the selections */
    STORE_SUMMARY,     /* /summary, /gallery, sensitivity: rank 0, in reduce or before, always whole */
    STORE_TIMING,      /* /timing: no CRC, no digest */
    STORE_CLOSING      /* /checksums, /complete: store_finish */
};

/* Which activations of the CAM layer a file keeps: each channel's mean alone; the selected images' whole; all
 * images' whole (the selected ones' are not stored twice). */
enum store_activations { STORE_ACTIVATIONS_MEAN, STORE_ACTIVATIONS_SUBSET, STORE_ACTIVATIONS_FULL };

/* What a measure of the job is a measure of, and so which datasets it has. ONE has a row a picture of every
 * precision, CODES of those with stored codes, PAIR of every precision but the first; SELECTED is a PAIR of
 * maps that the selected pictures alone have, with a row a place. TRUTH has none: its values follow from
 * answers or boxes; those of an ANSWER are 0 or 100. MATCH, of a map and what people saw, has a row a picture
 * of every precision, BASELINE of the centre and of another picture's truth. CURVE has none: its values are
 * areas under curves of the selected pictures, or means of changes that ROAD has a row a place of; of CROSSED
 * there are areas on the other network, too. */
enum store_measure_kind {
    STORE_MEASURE_ONE, STORE_MEASURE_CODES, STORE_MEASURE_PAIR, STORE_MEASURE_TRUTH, STORE_MEASURE_ANSWER,
    STORE_MEASURE_MATCH, STORE_MEASURE_BASELINE, STORE_MEASURE_CURVE, STORE_MEASURE_CROSSED,
    STORE_MEASURE_SELECTED, STORE_MEASURE_ROAD, STORE_MEASURE_RANDOM, STORE_MEASURE_KINDS
};

/* What the job's file depends on. Zero-initialise; names are copied into it. The same on all ranks and at
 * every resume. */
struct store_layout {
    int64_t images;               /* N >= 1 */
    int64_t subset;               /* S >= 1: capacity of a network's union of selections */
    int64_t boxes;                /* B: true boxes of the list, 0 = none */
    int path_length;              /* bytes of the longest path in the list, 1 .. 1024 */
    int class_name_length;        /* bytes of the longest class name, 0 = no names, no dataset */
    int class_names;              /* how many */
    int pictures;                 /* G: gallery pictures a network and precision, min(16, S) or 0 */
    int steps;                    /* of deletion and insertion curves, 0 = none */
    int step_logits;              /* logits of every step too */
    int cross;                    /* curves of each map on the other network too */
    int road;                     /* measures of kind ROAD, and the class whose score they change */
    int removal;                  /* answers while pixels are removed by the input gradient's map */
    int sensitivity;              /* what each layer's quantization costs */
    unsigned truths;              /* bit k: maps are compared with truths of kind k, 0 = none; STORE_TRUTHS */
    int activations;              /* enum store_activations */
    int subset_maps;              /* /models/<net>/subset/<precision>/cam_u8 (S, H, W) exists */
    int networks, precisions, selections;
    struct store_network {
        char name[STORE_NAME];
        int classes, channels, h, w; /* of the logits and of the first precision's CAM layer */
        int input_h, input_w;        /* H, W: of full-size maps and of what the first precision sees */
        /* of the CAM layer's stored integers, from precision 1 on; a reader leaves it 0 */
        struct quant_params q[STORE_MAX_PRECISIONS];
        /* of the CAM layer of a precision whose layer has other extents than the first's; else zeros */
        struct store_layer { int channels, h, w; } other[STORE_MAX_PRECISIONS];
        int layers;                  /* with sensitivity: outputs with a scale of their own */
    } network[STORE_MAX_NETWORKS];
    /* [0] is what the others are compared with; all networks have the same */
    struct store_precision {
        char name[STORE_NAME];
        int form;                             /* enum precision_form */
        int weight_bits, activation_bits;     /* the fewest that any layer has; PRECISION_REAL_BITS of REAL */
    } precision[STORE_MAX_PRECISIONS];
    /* raw_int8, aligned_int8, control: the datasets in_<selection>; the axis `set` is all, then these */
    char selection[STORE_MAX_SELECTIONS][STORE_NAME];
    int methods;                          /* maps beside cam, each a dataset cam_<method>; 0 = none */
    char method[STORE_MAX_METHODS][STORE_NAME];
    int maps;                             /* of the selected pictures, each map_<name>; 0 = none */
    char map[STORE_MAX_MAPS][STORE_NAME];
    int groups;                           /* of networks, 0 = none */
    struct store_group_of {
        char name[STORE_NAME];
        uint32_t member;                  /* bit i: network i belongs to it */
    } group[STORE_MAX_GROUPS];
    int measures;                         /* what /measure names, in its order */
    struct store_measure {
        char name[STORE_NAME], unit[16], meaning[96];
        enum store_measure_kind kind;
    } measure[STORE_MAX_MEASURES];
    int job_length, provenance_length;    /* bytes of the texts: filled by store_begin, 0 from the caller */
    int version;                          /* of the schema, 0 = STORE_SCHEMA_VERSION: a reader fills it */
};

/* One dataset of one file: a line of the table, expanded. */
struct store_dataset {
    char path[STORE_PATH];
    const char *field;               /* into path: what is below its row group, "int8/cam"; or all */
    enum store_type type;
    size_t element;                  /* bytes of an element */
    int rank;                        /* 1 .. 4 */
    int64_t dim[STORE_MAX_RANK];     /* dim[0] = rows */
    char axis[STORE_MAX_RANK][STORE_PATH];    /* path of the dimension scale, or "" */
    size_t row_bytes;                /* of one row of axis 0 */
    enum store_group group;
    int network;                     /* or -1 */
    char unit[32];                   /* "1" if none, "" for indices, labels and texts */
    char long_name[160];
    int in_crc, in_digest;
    int initial;                     /* every element at creation, 0 or -1 */
    int scale;                       /* is a dimension scale itself */
    int picture;                     /* HDF5 Image with the palette /gallery/palette */
    double scale_factor;             /* attribute, 0 = none: real = stored * scale_factor */
};
/* In the table's order, which is CRC order. */
struct store_schema { struct store_dataset *dataset; int count; };

/* Local. ERR_RANGE for names or extents that the file cannot hold (sizes that overflow, N = 0, two equal
 * names, no precision). */
MUST_USE status schema_expand(const struct store_layout *layout, struct store_schema *out);
void schema_free(struct store_schema *schema);
/* NULL if there is none. */
const struct store_dataset *schema_find(const struct store_schema *schema, const char *path);
unsigned schema_truths(const struct store_schema *schema); /* as store_layout.truths */
/* Of all data: the file's expected size without its metadata (some 100 KB). */
uint64_t schema_bytes(const struct store_schema *schema);
const char *schema_type_name(enum store_type type);
size_t schema_type_size(enum store_type type);    /* 0 for STORE_STRING */
const char *schema_group_name(enum store_group group);
int schema_name_good(const char *name);    /* can a network, precision or selection be called so? */
const char *schema_kind_name(enum store_measure_kind kind); /* "pair": what /measures/kind says */
int schema_kind_find(const char *name, enum store_measure_kind *out); /* 0: none is called so */
int schema_grouped(enum store_measure_kind kind); /* is a measure reduced over groups of networks? */
/* Has precision p a value of measure m? A baseline is of none. */
int schema_measured(const struct store_layout *layout, int m, int p);

/* ---- precisions (precision.c): pure ------------------------------------------------------------------- */

const char *store_form_name(int form);              /* the word of /precision_form: "codes" */
int store_form_find(const char *name, int *out);    /* 0: none is called so */
/* Are there such bits in its form: 32 of REAL, 1 to 8 of CODES, 1 to 16 of ROUNDED? */
int store_precision_good(const struct store_precision *p);
enum { STORE_PRECISION_WORDS = STORE_NAME + 64 };
/* "w4a8 (weights 4, outputs 8 bits)" for people; returns out. */
const char *store_precision_words(const struct store_precision *p, char out[STORE_PRECISION_WORDS]);
/* The CAM layer of precision p; and whether it has the extents of precision q's, so that activations of the
 * two can be compared. */
struct store_layer store_layer(const struct store_layout *l, int network, int p);
int store_layers_alike(const struct store_layout *l, int network, int p, int q);
/* The first precision that a selection is of, else the second; 0 where there is one alone. The gallery is
 * ranked by its distance from the first. */
int store_selecting(const struct store_layout *l);

/* What is in the file, in short; schema.c's rows are the truth. {net} every network, {prec} every precision,
 * {other} every precision but the first, {sel} every selection. Sizes: N images, S places, K networks.
 *
 *   /job str (1)            canonical "key = value" lines, files by their hashes: what a resume must match
 *   /provenance str (1)     "key = value" lines, the last the CRC-32 of those before
 *   /complete u8 (1)        /checksums str (D): "<sha256>  <path>" of every other dataset
 *   /image s64 (N)  /top s32 (5)  /step s32 (steps + 1)  /bin /threshold_byte s32
 *   /precision_form str (P): real, codes, rounded;  /precision_bits s32 (P, operand): of weights, of
 *                           outputs, the fewest that any layer has; 32 of real numbers
 *   /group, /group_member u8 (group, network): 1 = it belongs to the group, where there are groups
 *   /network /precision /operand /set /measure /statistic /rule /sign /trivial /method /map /edge /criterion
 *                           str: dimension scales, filled by store; /set is all, then the selections. Every
 *                           dataset has one on each of its axes, or on none
 *   /measures/              of each measure: kind str (enum store_measure_kind), unit str, meaning str
 *   /images/                path str, class_index s32, box_first s64, box_count s32 (N): the caller's list
 *                           box s64 (max(1, B)), a scale;  boxes s32 (box, edge): x0 y0 x1 y1
 *                           class_name str, where there are names
 *                           error str, width s32, height s32, sha256 str, crc, status (N): rows IMAGE
 *   /images/saliency/       where maps are compared with what people see, of each kind of truth there is
 *                           (density, fixations, masks): state_{truth} u8 (N): its place in /truth_state,
 *                           next_{truth} s64 (N): the picture of `shuffled`, -1 = none; of fixations:
 *                           fixated, dropped s32 (N): pixels, and fixations outside of the picture
 *                           center/, shuffled/ every measure of kind "baseline" f32 (N); of masks: f_curve,
 *                           e_curve f32 (N, level)
 *   /models/{net}/          class, cam_y, cam_x, y, x, channel, subset/place s32: scales;  cam_y_P, cam_x_P,
 *                           channel_P of a precision P whose CAM layer has other extents than the first's:
 *                           (h, w) and C below are those of the precision's own layer
 *                           crc, status (N): rows MODEL, with all of
 *     {prec}/               top5 s32, score5 f32 (N, 5): softmax probabilities;  logits f32 (N, classes)
 *                           cam f32 (N, h, w), raw_sign, own_sign s8, constant u8 (N)
 *                           every measure of kind "one" f32 (N), and "one of codes" where there are codes
 *                           activation_mean f32 (N, C): of each of its channels, real values
 *                           where activations is full: activation (N, C, h, w), the layer itself: u8 codes
 *                           where there are codes, else f32
 *                           where there are codes: activation_scale f64, activation_zero_point s32 (1): a
 *                           code's real value is scale * (code - zero_point)
 *                           where pixels are removed by the input gradient: removal_right u8 (N, removed)
 *                           every measure of kind "map and truth" f32 (N): of pictures whose truth is there
 *                           or there in another size, else 0; of masks: f_curve_eigen, f_curve_{method},
 *                           e_curve_... f32 (N, level)
 *     {prec}/wsol/          iou, iou_raw f32 (N, rule), box, box_raw s32 (N, edge) at t = 0.2, right,
 *                           right_raw u8 (N, criterion, threshold_byte): a bit a threshold; _raw is that of
 *                           the map in the raw sign
 *     {other}/vs_<first>/   every measure of kind "pair" f32 (N)
 *     {prec}/cam_{method}   f32 (N, h, w), where there are methods beside cam: /method; with it
 *     {prec}/degenerate_{method} u8 and of gradcampp {prec}/undefined_gradcampp s32 (N)
 *   /models/{net}/subset/   image s64 (-1 = unused), in_{sel} u8, crc, status (S): rows SUBSET, with
 *     {prec}/               cam_u8 u8 (S, H, W), where subset_maps;  where steps or road: class s32 (S);
 *                           every measure of kind "road" f32 (S, relevant, percentile);  where steps:
 *                           deletion_curve, insertion_curve, deletion_curve_raw, insertion_curve_raw f32
 *                           (S, step);  where step_logits: deletion_logits, insertion_logits f32
 *                           (S, step, classes);  where activations is subset: activation (S, C, h, w)
 *                           of each name in /map: map_{map} u8 (S, H, W), degenerate_{map} u8 (S)
 *     {other}/vs_<first>/   every measure of kind "pair of selected" f32 (S)
 *     {other}/, <first>/    where cross: deletion_curve_on_P, insertion_curve_on_P f32 (S, step): this
 *                           precision's map in the aligned sign, scored by precision P (the first for
 *                           {other}'s, {other} for the first's); class and clean picture are P's;
 *                           where step_logits: deletion_logits_on_P, insertion_logits_on_P
 *   /models/{net}/sensitivity/  where the job asks for it, of /models/{net}/layer: name, op str, weights s64,
 *                           bits s32, alone_drift, alone_rmse, alone_sqnr f64, alone_changed s64: the layer
 *                           alone quantized; others_...: all but it; pictures s64 (1)
 *   /gallery/               palette u8 (256, 3);  {net}_top01_{prec} ... u8 (H, W)
 *   /summary/images/        total, ok, bad s64 (1)
 *   /summary/rows/          ok, bad s64 (K)
 *   /summary/subset/        count s64 (K, set), union s64 (K), threshold f64 (K, set)
 *   /summary/accuracy/{prec}/    images, labelled, top1_count, top5_count s64, top1, top5, top1_low,
 *                           top1_high f64 % (K, set); weights_bytes, parameters, macs s64, sha256 str (K)
 *   /summary/histogram/     images s64 (K, set);  {prec}/ own, common s64 (K, set, bin), low, high f64
 *                           (K, set);
 *                           {other}/ dice_own, dice_common f64 % (K, set)
 *   /summary/measures/{prec}/{measure}/, {other}/vs_<first>/{measure}/, {prec}/{measure}_on_P/
 *                           of each measure, of pairs, those of selected pictures too, of "crossed curves" on
 *                           the network of precision P: images s64 (those with a value), mean, low, high
 *                           (95 % interval of the mean), median, sd f64 (K, set)
 *   /summary/difference/{other}/{measure}/, {other}/{measure}_on_P/
 *                           {other} less the first: images s64, difference, low, high (95 % interval) f64
 *                           (K, set), p of McNemar's test where the measure is an "answer"; of all but pairs
 *                           and codes
 *   /summary/baselines/center/{measure}/, shuffled/{measure}/  the same of each measure of kind "baseline";
 *                           of masks: f_curve, e_curve f64 (K, set, level), f_max, e_max f64 (K, set)
 *   /summary/saliency/      state_{truth} s64 (K, set, truth_state), fixated, dropped s64 (K, set);
 *                           of masks: {prec}/ f_curve_{method}, e_curve_{method} f64 (K, set, level): means,
 *                           f_max_{method}, e_max_{method} f64 (K, set): the largest of a mean curve
 *   /summary/curves/{prec}/ where steps: images s64 (K, set); deletion_curve, insertion_curve f64 (K, set,
 *                           step): means
 *   /summary/wsol/{prec}/   images, without_box, no_foreground s64 (K, set); iou_mean, iou_sd f64 (K, set,
 *                           sign, rule); gt_known, top1_loc, top5_loc, max_box_acc, max_box_acc_at,
 *                           max_box_acc_v2 f64 (K, set, sign)
 *   /summary/wsol_trivial/  iou_mean, box_acc, max_box_acc, max_box_acc_v2 f64 (K, set, trivial)
 *   /summary/agreement/{other}/  images, labelled, same_top1, same_top5_set, both_right, only_first,
 *                           only_second, both_wrong s64 (K, set)
 *   /timing/loaded/         decode_s f32 (N);  {net}/{prec}/ inference_s, cam_s f32 (N): 0 where the row's
 *                           values were taken from another result
 *   /timing/alone/{prec}/   inference_s, cam_s, total_s f64 (K, statistic), images s64 (K)
 *   /timing/                phase str (8, with sensitivity 9), phase_s, io_s, message_s, wait_s, predicted_s
 *                           f64, ranks s64, command, finished str (1)
 */

/* ---- writing: begin, rows, finish (file.c, create.c, rows.c) --------------------------------------- */

/* Contents of one STORE_FIXED dataset, whole: rows * row_bytes bytes (strings padded with NULs to
 * `element`). */
struct store_initial { const char *path; const void *data; };

struct store_plan {
    struct store_layout layout;       /* all ranks */
    const char *title;                /* rank 0 from here on: root attribute */
    const char *version;              /* root attribute quantcam_version (not compared) */
    const char *job;                  /* canonical text, "key = value" lines: /job, compared at resume */
    const char *provenance;           /* free text: /provenance, not compared; its CRC-32 is put behind it */
    int unlocked;                     /* no lock is taken: the caller knows that nobody else is at work */
    const struct store_initial *initial; /* all STORE_FIXED datasets but axes and texts: compared at resume */
    int initials;
};
enum store_outcome { STORE_CREATED, STORE_RESUMED, STORE_FINISHED };

struct store;
/* Collective. An OUT that is a link is followed: its files lie beside the target. Rank 0 takes the lock
 * (ERR_BUSY if another job has it), then: OUT exists: same job -> STORE_FINISHED (nothing is opened; a lock
 * that cannot be had for want of rights, say in a read-only folder, is no matter), other -> ERR_MISMATCH
 * naming the line (or the version of the schema) that differs; OUT.part exists: the same comparison, and of
 * the initial contents, then STORE_RESUMED; neither: created as OUT.part.creating, reserved (ERR_IO where
 * the disk is too small; where the file system cannot reserve, what is free is compared and a line of the
 * log says so), synced, renamed.
 * Then all ranks open it. A truncated or foreign OUT.part is refused, never overwritten. */
MUST_USE status store_begin(const struct comm *c, const char *out, const struct store_plan *plan,
                            struct store **s);
enum store_outcome store_outcome(const struct store *s);
const char *store_out(const struct store *s); /* OUT, links followed */
const struct store_schema *store_schema(const struct store *s);
/* Collective. Closes the file, drops the lock (and removes OUT.lock); *s becomes NULL; NULL is fine.
 * Leaves error_last() as it is. */
void store_end(struct store **s);

/* Collective. missing (rows of the group) becomes 1 where the row must be computed: status MISSING, a CRC
 * that does not fit, or (retry_bad) BAD_IMAGE. The ranks check in parallel. network is ignored for
 * STORE_ROWS_IMAGE. *damaged (may be NULL): rows that claimed to be done and were not.
 * The rows are read, unless store_count_rows has read them and nobody has written to the group since. */
MUST_USE status store_missing(struct store *s, enum store_group group, int network, int retry_bad,
                              uint8_t *missing, int64_t *damaged);
/* Collective. Rows done (status OK or BAD_IMAGE, CRC good) over all row groups, and how many there are,
 * unused places included: what OUT.log.jsonl and `verify` count. */
MUST_USE status store_count_rows(struct store *s, int64_t *done, int64_t *all);

/* Local. Room for `capacity` rows (capacity * bytes of a row of memory); rows of one group come from one
 * rank at a time. */
struct store_rows;
MUST_USE status store_rows_create(struct store *s, enum store_group group, int network, int capacity,
                                  struct store_rows **out);
/* Number of a payload field, to be looked up once. BUG_IF there is no such field: the names are the
 * table's. */
int store_rows_handle(const struct store_rows *rows, const char *field);
/* The row in hand's payload of one field, zeroed after every add; strings have `element` bytes. */
void *store_rows_at(struct store_rows *rows, int handle);
/* The same by name, for what is not done at every picture. */
void *store_rows_field(struct store_rows *rows, const char *field);
/* Number of a dataset outside the group with an element for each of its rows, what a row took, say: written
 * with the rows, in neither their CRC nor the digest. Once, before the first row. ERR_MEMORY. */
MUST_USE status store_rows_beside(struct store_rows *rows, const char *path, int *handle);
/* Ends the row in hand as row `index` with this status (OK, BAD_IMAGE: payload is zeroed except /images'
 * own fields and a place's image and in_*; UNUSED: payload as given). Commits when the buffer is full or 5 s
 * old. */
MUST_USE status store_rows_add(struct store_rows *rows, int64_t index, enum store_status row_status);
/* Payload and CRC, fdatasync, then the status bytes; neighbours in one call. A row that was done with
 * another status becomes MISSING first. */
MUST_USE status store_rows_commit(struct store_rows *rows);
void store_rows_free(struct store_rows *rows);               /* drops uncommitted rows */
/* Local. Rows of all groups that this rank has committed since store_begin. */
int64_t store_rows_committed(const struct store *s);

/* Local, one rank. `count` rows of a SUMMARY, TIMING or row-group dataset (select's
 * /models/<net>/subset/image is a payload field: written by rows, or here before the rows) from row
 * `first`, in the table's type. Of a row group only what is not there already. Not synced: store_sync. */
MUST_USE status store_write(struct store *s, const char *path, int64_t first, int64_t count,
                            const void *data);
/* Local. `count` rows from row `first` of any dataset, in the table's type; out holds count * row_bytes. */
MUST_USE status store_fetch(struct store *s, const char *path, int64_t first, int64_t count, void *out);
MUST_USE status store_sync(struct store *s);      /* Local: fdatasync */
/* Local. Seconds that this process has spent since its start on reading, checking, writing and syncing rows
 * of result files (not on creating and finishing them). */
double store_io_s(void);

/* Collective. Closes the file on all ranks; the ranks hash the datasets in parallel; rank 0 writes
 * /checksums, syncs, /complete, syncs, renames OUT.part to OUT, syncs the folder. Afterwards only
 * store_end may be called. */
MUST_USE status store_finish(struct store *s);

/* ---- place, lock and log (place.c, lock.c, journal.c) ---------------------------------------------- */

/* Local. The file that a name stands for, which need not exist: what lies beside OUT lies beside this one, so
 * that two names give one lock. ERR_RANGE too long, ERR_IO links without end. */
MUST_USE status store_follow(const char *out, char *target, size_t size);
/* Local. Free for this user on the disk of the folder that holds path; -1 where the file system does not
 * tell; 0 where it is full, or does not count. */
double store_free_bytes(const char *path);

/* .fd = -1 when free; older: a POSIX lock */
struct store_lock {
    int fd, older;
    char path[4096];
};
/* Local. A lock on OUT.lock, gone with the process, however it ends; of the open file description or, where
 * the file system has none of those, of the process. The file holds host, process, batch job and start of the
 * owner. ERR_BUSY (its sentence says who); ERR_MISSING no folder; ERR_IO: no locks at all, or inodes that
 * change. */
MUST_USE status lock_take(const char *out, struct store_lock *lock);
void lock_release(struct store_lock *lock);          /* removes the file */

/* Local. Appends {"rows": ROWS, FIELDS} as one line to OUT.log.jsonl; `fields` is JSON text without
 * braces ("\"ranks\": 4, ..."), may be "". */
MUST_USE status store_log_append(const char *out, int64_t rows, const char *fields);
/* The row count of the last such line, -1 if there is none. */
int64_t store_log_last_rows(const char *out);

/* ---- reading (read.c, list.c) ---------------------------------------------------------------------- */

struct store_reader;
/* Local, no MPI needed. Opens a finished file or an OUT.part; every dataset's name, type and shape is
 * read and bounded (at most 16,384 datasets, rank 4, fixed-size types named above). checked: the first
 * store_read of a dataset compares its SHA-256 with /checksums: ERR_MISMATCH (an unfinished file has
 * none, and nothing is compared). h5_trouble() is why nothing can be said of the file that was opened last,
 * another version among the reasons; "" where it could be read: what failed then is the file's own fault. */
MUST_USE status store_open_read(const char *path, int checked, struct store_reader **out);
void store_close_read(struct store_reader *r);
const char *store_reader_path(const struct store_reader *r);
/* The table's datasets in the table's order, then others in path order (group SUMMARY, network -1). */
const struct store_schema *store_reader_schema(const struct store_reader *r);
/* As the file's own axes tell it (q: 0); networks = 0 for a file that no job wrote. */
const struct store_layout *store_reader_layout(const struct store_reader *r);
int store_reader_complete(const struct store_reader *r);    /* /complete is 1 */
/* NULL if absent. */
const struct store_dataset *store_reader_find(const struct store_reader *r, const char *path);
/* Rows first .. first + count - 1 as `type` (numbers are converted by HDF5 as C would; strings need
 * STORE_STRING), count * elements of a row * size of type bytes into out, which has out_bytes.
 * ERR_MISSING no such dataset; ERR_RANGE rows that are not there or out_bytes too small. */
MUST_USE status store_read(struct store_reader *r, const char *path, enum store_type type, int64_t first,
                           int64_t count, void *out, size_t out_bytes);
/* A whole dataset, allocated (mem_free), at most max_bytes (ERR_MEMORY above); *count = elements. */
MUST_USE status store_read_all(struct store_reader *r, const char *path, enum store_type type,
                               size_t max_bytes, void **out, int64_t *count);
/* Element `index` of a string dataset, always NUL-terminated in out (size bytes; cut if longer). */
MUST_USE status store_read_string(struct store_reader *r, const char *path, int64_t index, char *out,
                                  size_t size);

/* ---- rows of a finished result into those of another (take.c) ---------------------------------------- */

/* Collective. A finished result that rows may be taken from, opened by every rank. *id: the SHA-256 of its
 * /checksums. ERR_MISMATCH where it is not finished, or not the file that rank 0 sees, else as
 * store_open_read; alike on all ranks. */
MUST_USE status store_open_finished(const struct comm *c, const char *path, uint8_t id[HASH_SIZE],
                                    struct store_reader **out);
/* Collective. Its rows and lists are sound: the ranks share their checksums and CRCs, and read them whole.
 * ERR_MISMATCH names what is damaged. */
MUST_USE status store_check_finished(const struct comm *c, const struct store_reader *r);
/* Local. The first field below `prefix` ("int8/") of a row group that the other result does not have in the
 * same type and shape: its path; NULL: it has all of them. */
const char *store_take_lacks(const struct store_schema *schema, enum store_group group, int network,
                             const char *prefix, const struct store_reader *from);
/* Local. The fields of `rows` below `prefix`, from the datasets of their paths. BUG_IF one is lacking. */
struct store_take;
MUST_USE status store_take_create(struct store_rows *rows, const char *prefix, struct store_reader *from,
                                  struct store_take **out);
/* Local. Row `index` of the other result into the row in hand. */
MUST_USE status store_take_row(struct store_take *take, int64_t index);
void store_take_free(struct store_take *take); /* NULL is fine */

/* ---- pictures (palette.c) -------------------------------------------------------------------------- */

/* The colours of the gallery and of every map we draw: jet, 256 steps, as OpenCV's COLORMAP_JET and
 * pytorch-grad-cam's overlays. */
void palette_jet(uint8_t palette[256][3]);

#endif
