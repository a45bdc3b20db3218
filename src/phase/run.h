/* What the phases of one run share: private to the room. Every function here is collective and returns the
 * same status on all ranks. */
#ifndef QUANTCAM_PHASE_RUN_H
#define QUANTCAM_PHASE_RUN_H

#include "gradient.h"
#include "metric_wsol.h"
#include "phase.h"

enum { RUN_TOP = 5, RUN_FILES = JOB_FILES };

/* In order, each a row of run_phase (run_phases.c). */
enum {
    RUN_PLAN, RUN_EVALUATE, RUN_SELECT, RUN_EXPLAIN, RUN_AVERAGE, RUN_SENSITIVITY, RUN_TIME, RUN_REDUCE,
    RUN_FINISH, RUN_PHASES
};

/* A precision with the last layers' weights drawn (explain.randomise); zeros where there is none. */
struct run_random {
    struct engine engine;
    struct gradient gradient; /* of the CAM layer, where a method needs it, as the head */
    struct comm_block block, gradient_block;
    struct model_head head;
};

struct run_network {
    struct model described[STORE_MAX_PRECISIONS]; /* of precisions that share no earlier one's description */
    const struct model *model[STORE_MAX_PRECISIONS];
    /* Of the pictures that a precision sees; the first's is the frame of all finished maps and boxes. */
    struct image_pipeline pipeline[STORE_MAX_PRECISIONS];
    int sees[STORE_MAX_PRECISIONS]; /* run_sight: the first with an equal pipeline, which sees the same bytes
                                     */
    struct engine engine[STORE_MAX_PRECISIONS];
    struct comm_block block[STORE_MAX_PRECISIONS]; /* where the node's plans lie */
    struct gradient gradient[STORE_MAX_PRECISIONS]; /* of the CAM layer, where a method of the job needs it */
    struct comm_block gradient_block[STORE_MAX_PRECISIONS];
    struct gradient by_input[STORE_MAX_PRECISIONS]; /* where a picture-sized map of the job needs it */
    struct comm_block by_input_block[STORE_MAX_PRECISIONS];
    struct model_head head[STORE_MAX_PRECISIONS]; /* where a method of the job needs it */
    struct run_random random[STORE_MAX_PRECISIONS];
    uint64_t file_bytes[STORE_MAX_PRECISIONS], parameters[STORE_MAX_PRECISIONS], macs[STORE_MAX_PRECISIONS];
    enum engine_arithmetic arithmetic[STORE_MAX_PRECISIONS]; /* where there are codes */
    int calibrated[STORE_MAX_PRECISIONS]; /* this start made or copied its checkpoint */
    struct engine_map map[STORE_MAX_PRECISIONS]; /* of the CAM layer: extents, and q of its stored integers */
};

/* What a job will take (predict.c); all 0 where nobody asked. */
struct prediction {
    int ranks;
    double phase_s[RUN_PHASES], total_s; /* plan is over by then: 0 */
    double spent_s;                      /* on the calibration */
    uint64_t bytes, memory;              /* of the file, without its metadata; of the largest rank */
};

/* What a prediction comes from: a small job of the same networks (predict.c), by a rank or the mean of all;
 * seconds. */
struct calibration {
    double phase_s[RUN_PHASES];
    double pictures;           /* that were evaluated */
    double controls_s;         /* of explain, that curves are no part of */
    double curves, curves_all; /* passes of both curves in the explained rows, and expected ones a row */
    double maps_spent_s, maps_whole_s; /* picture-sized maps: of runs that were made, of all that one needs */
    double bootstrap_row_s, hash_byte_s;
    uint64_t peak;
};

/* Seconds of a phase that a rank did not compute in. */
enum { RUN_IO, RUN_MESSAGE, RUN_WAIT, RUN_SPENT };

struct run {
    const struct comm *c;
    const struct job *job;
    const struct phase_start *start;
    const struct kernel_table *kernels;
    struct image_manifest list;
    struct text decided; /* of the networks' checkpoints: `network.N.P.decided = words`, a line each */
    unsigned truths;   /* bit k: maps are compared with truths of kind k (match.h) */
    char *truth_lines; /* what they are, for /job; NULL: maps are compared with none */
    const struct image_manifest *whole; /* of which list has pictures `place` alone: predict.c; else NULL */
    const int64_t *place;
    int networks, precisions;
    struct store_precision precision[STORE_MAX_PRECISIONS];
    struct calibration_pictures *calibration; /* calibrate_job.c's, from its first network to its last */
    int borrowed; /* the engines are another run's: predict.c */
    int sampled;  /* of a picture-sized map some runs of the network are made, to be timed: predict.c */
    double maps_spent_s, maps_whole_s; /* what these took, what all would have taken; this rank's */
    struct run_network network[JOB_MAX_NETWORKS];
    uint8_t file_hash[JOB_MAX_NETWORKS * RUN_FILES][HASH_SIZE]; /* as job_canonical has them */
    struct store_layout layout;
    struct store *store;
    int created; /* this start made the result file */
    struct from *from; /* what is taken from another result, or NULL */
    double controls_s; /* that ROAD took; this rank's */
    int64_t taken;     /* rows of this start that have values of it; this rank's */
    struct prediction prediction;
    int64_t rows_bad;   /* after evaluate: bad rows of the network that has most */
    int64_t images_bad; /* after evaluate: status BAD_IMAGE in /images */
    double threshold[JOB_MAX_NETWORKS][STORE_MAX_SELECTIONS]; /* rank 0, after select */
    int phases; /* that were entered */
    const char *phase_name[RUN_PHASES];
    double phase_s[RUN_PHASES], phase_began;
    double spent[RUN_PHASES][RUN_SPENT], spent_before[RUN_SPENT]; /* this rank's */
    size_t phase_pss[RUN_PHASES]; /* this rank's, as far as run_note_memory saw it */
};

/* The one table of phases. run NULL: run.c's own. Collective. */
struct run_phase {
    const char *name;
    status (*run)(struct run *r);
};
extern const struct run_phase run_phase[RUN_PHASES];
/* run_phases.c: phases `first` to `last`; a signal between two ends them. Collective. */
MUST_USE status run_phases(struct run *r, int first, int last);

/* run_share.c: the name of precision p; the first is what the others are compared with. */
const char *run_precision(const struct run *r, int p);
/* run_share.c: a probe of all the run's networks. Local. */
struct probe;
struct probe_how;
MUST_USE status run_probe(const struct run *r, const struct probe_how *how, struct probe **out);
/* A pipeline's number is that of network and precision. */
enum { RUN_SIGHTS = JOB_MAX_NETWORKS * STORE_MAX_PRECISIONS };
static inline int run_sight(int net, int p)
{
    return net * STORE_MAX_PRECISIONS + p;
}
/* run_share.c: the pipeline of that number. Local. */
const struct image_pipeline *run_pipeline(const struct run *r, int sight);
/* run_share.c: image number `image` as precision p of network `net` sees it: image_load. Local. */
MUST_USE status run_picture(const struct run *r, int net, int p, int64_t image, uint8_t *pixels);
/* run_share.c: bytes of a picture of the precision of the network that sees most. Local. */
size_t run_picture_bytes(const struct run *r, int net);
/* run_share.c: true boxes of an image in pixels of network `net`'s frame, cut there or not as the job says;
 * returns how many are left. truth: room for run_most_boxes. Local. */
int run_truth(const struct run *r, int net, int64_t image, int width, int height, struct wsol_box *truth);
int run_most_boxes(const struct run *r); /* of one image, at least 1; local */
/* run_share.c: `count` rows from row `first` of the network's dataset, /models/<net>/ and what `format`
 * makes. Local. store_fetch's errors. */
MUST_USE status run_fetch(const struct run *r, int net, int64_t first, int64_t count, void *out,
                          const char *format, ...) PRINTF_LIKE(6, 7);
/* run_share.c: store_write of the dataset whose path `format` makes. Local. */
MUST_USE status run_write(const struct run *r, int64_t first, int64_t count, const void *data,
                          const char *format, ...) PRINTF_LIKE(5, 6);
/* A network's whole row of one dataset. */
struct run_column {
    const char *name;
    const void *row;
};
/* run_share.c: row `net` of the datasets /summary/TABLE/NAME, or /summary/TABLE/PRECISION/NAME unless NULL.
 * Local. store_write's errors. */
MUST_USE status run_put(const struct run *r, int net, const char *table, const char *precision,
                        const struct run_column *column, size_t columns);
/* run_share.c: from here on the clock runs for the next phase, `name`. */
void run_enter(struct run *r, const char *name);
/* predict.c: what this job will take on `ranks` ranks, from a calibration on those that are there.
 * Times are linear: evaluate in the images of a rank, explain and average in its places, the union of
 * the selections being what chance makes it; curves counted twice as often as the raw sign is the other one;
 * reduce by its bootstrap, finish by the speed of SHA-256. bytes are exact, but for some 100 KB of metadata;
 * memory is the peak of the calibration, and what grows with the list. Every rank of the calibration works
 * in a folder of its own under $TMPDIR, and all at once. */
MUST_USE status predict_make(struct run *r, int ranks, struct prediction *out);
void predict_print(const struct run *r, const struct prediction *p);
/* After the last phase: beside what it took. Rank 0's log. */
void predict_compare(const struct run *r, const struct prediction *p, uint64_t peak);
/* Local, pure. The times of r's job on so many ranks; out->bytes is set. */
void predict_extrapolate(const struct run *r, const struct calibration *c, int ranks, struct prediction *out);

/* run_share.c: the rows of (n) flags that are missing: this rank's cyclic share, or all of them where rank 0
 * serves them (run.schedule). Local. */
MUST_USE status run_share(const struct run *r, const uint8_t *missing, int64_t n, int64_t **mine,
                          int64_t *count);
/* run_share.c: this rank's memory counts for the phase in hand (PSS). Local. */
void run_note_memory(struct run *r);
/* run_share.c: fills what loops over such a list have in common; name, total, todo, block, grain are set.
 * Collective. */
void run_loop(struct run *r, struct comm_loop *loop);
/* progress_file.c: OUT.progress.json on rank 0, rewritten by rename: the phase r is in; of a loop with its
 * counts. It is news, not a result: what cannot be written is left. Local. */
void progress_file_phase(struct run *r);
void progress_file_report(void *user, const struct comm_loop *loop, int64_t done, double rate, double left_s);
void progress_file_remove(const struct run *r);

/* calibrate_job.c: makes the checkpoint of a network in a precision (calibrate_job_file) where the job says
 * quantize, unless it is there, or beside store.from, and of the same fp32 file, calibration pictures and
 * settings. Adds lines to r->decided. ERR_USAGE: all pictures are evaluated too. */
MUST_USE status calibrate_job_make(struct run *r, int network, int precision);
/* calibrate_job.c: could calibrate_job_sensitivity begin? Said before any work. */
MUST_USE status calibrate_job_check(struct run *r, int network);
/* calibrate_job.c: what the options find out of a network's first precision, on the job's calibration
 * pictures. *out is freed by the caller. */
MUST_USE status calibrate_job_sensitivity(struct run *r, int network, const struct quant_options *options,
                                          struct quant_result *out);
/* Behind the last of both. Local, idempotent. */
void calibrate_job_end(struct run *r);
/* A dry run leaves nothing: removes what it made, once that is read. */
void calibrate_job_forget(const struct run *r, int network, int precision);

/* describe.c: a network's descriptions, the pipeline that each precision sees by, and whether all see one
 * part of a picture. */
MUST_USE status describe_network(struct run *r, int i);
/* describe.c, with the list. Precisions answer alike. The list's labels are of the first network's classes
 * (image.h): another network has the same ones only if it has as many. */
MUST_USE status describe_classes(const struct run *r, int i);
/* describe.c, with the engines: a line of r->decided for each thing that is not compared, or not as usual,
 * since precision p is of another description than the first. */
MUST_USE status describe_difference(struct run *r, int i, int p);
/* plan.c: reads and checks everything the job names; every rank ends with the list and ready engines. */
MUST_USE status plan_make(struct run *r);
/* shared.c: whether this rank reads checkpoints: the first one of a node. Local. */
int shared_reads(const struct run *r);
/* shared.c: the plan of a precision, its head and what is known of its checkpoint, from the ranks that read
 * it to the others. b, options: matter where shared_reads. decided: the length of r->decided before the
 * checkpoint was read. Let go by shared_free, after failures too. */
MUST_USE status shared_plan(struct run *r, int i, int p, const struct model_binding *b,
                            const struct engine_options *options, size_t decided);
/* The same of a binding that is randomised (model_randomise), behind shared_plan. */
MUST_USE status shared_random(struct run *r, int i, int p, const struct model_binding *b,
                              const struct engine_options *options);
/* shared.c: a gradient's plan, likewise, and a state. Collective. */
MUST_USE status shared_gradient(struct run *r, struct gradient_path path, const struct model_binding *b,
                                struct gradient *g, struct comm_block *block);
/* shared.c: bytes of a precision's plans and states, gradients and randomised weights included. Local. */
size_t shared_bytes(const struct run *r, int i, int p);
void shared_free(struct run *r, int i, int p);
/* plan.c: ranks, memory, sizes, on rank 0's stderr. */
void plan_print(const struct run *r);
void plan_free(struct run *r);
/* plan.c: what computes is let go, what tables say of it stays: reduce, whose columns grow with the list, has
 * its room. */
void plan_end_inference(struct run *r);
/* begin.c: the layout of the result file follows from plan and job. */
MUST_USE status begin_layout(struct run *r);
/* begin.c: creates the result file, or takes up the one that is there. */
MUST_USE status begin_store(struct run *r);
/* evaluate.c: the rows of every image and network that are missing. */
MUST_USE status evaluate_images(struct run *r);
/* subset.c: which images each selection holds: image and in_* of /models/<net>/subset, whose rows explain
 * then completes. */
MUST_USE status subset_select(struct run *r);
/* explain.c: the rows of /models/<net>/subset that are missing: curves, full-size maps, activations. */
MUST_USE status explain_subsets(struct run *r);
/* average.c: the mean activation tensor of each selection, its histogram and Dice: /summary/histogram. */
MUST_USE status average_activations(struct run *r);
/* sensitivity.c: /models/<net>/sensitivity, where the job asks for it. */
MUST_USE status sensitivity_networks(struct run *r);
/* How many outputs of a network have a scale of their own. Local. */
int sensitivity_layers(const struct model *m);
/* time.c: rank 0 alone, the others asleep: /timing/alone. */
MUST_USE status time_networks(struct run *r);

#endif
