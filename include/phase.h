/* include/phase.h
 * phase: the job. Reads a job file, runs every picture through every network in every precision, selects,
 * explains, times, reduces, and leaves one result file. src/phase/run.c reads as the list of phases.
 *
 *     struct job *job = NULL;                                        // 900 KiB: not for the stack
 *     TRY(job_read(&c, argc, argv, &job, &words));      // collective: file and command line
 *     TRY(phase_run(&c, job, &start));                  // collective: one status for all ranks
 *     mem_free(job);
 *
 * A job's settings are plain bytes described by one option table. What can change the result (job_canonical)
 * is hashed with the content of models, weights and image list: a resume must have the same.
 */
#ifndef QUANTCAM_PHASE_H
#define QUANTCAM_PHASE_H

#include "base_option.h"
#include "cam.h"
#include "comm.h"
#include "deploy.h"
#include "engine.h"
#include "image.h"
#include "probe.h"
#include "quant.h"
#include "store.h"

/* ---- job: settings (job.c) ---------------------------------------------------------------------------- */

enum {
    JOB_MAX_NETWORKS = STORE_MAX_NETWORKS,
    JOB_MAX_PRECISIONS = STORE_MAX_PRECISIONS,
    JOB_MAX_GROUPS = STORE_MAX_GROUPS,
    /* of a network: its description, the precisions' checkpoints, their own descriptions */
    JOB_FILES = 1 + 2 * JOB_MAX_PRECISIONS
};

struct job_network {
    char name[OPTION_NAME];
    char model[OPTION_SIZE];                     /* the description, "" = every precision has its own */
    char input[OPTION_SIZE];                     /* in place of the description's pipeline, "" = that */
    int skip;                                    /* classes of a deployed file in front that are none: 1 + so
                                                    many, 0 = as the file suggests */
    struct model_reading all;                    /* of every precision that does not say otherwise */
    int engine;                                  /* enum engine_arithmetic, of stored codes: likewise */
    int published;                               /* beside it published numbers: 1 on, 2 off, 0 by its hash */
    int precisions;                              /* after job_settle in the order of the job's */
    struct job_precision_of {
        char name[OPTION_NAME];
        char from[OPTION_SIZE];                  /* a checkpoint, or "quantize" */
        int quantize;                            /* 1 = calibrated from the first precision's checkpoint */
        int deployed;                            /* enum deploy_kind: its checkpoint is its description */
        char model[OPTION_SIZE], input[OPTION_SIZE]; /* "" = as of the network */
        int skip;                                    /* 0 = as of the network */
        struct model_reading reading;            /* zeros = as of the network; allow_unused: 1, or 2 = not */
        int engine;                              /* 0 = as of the network */
    } precision[JOB_MAX_PRECISIONS];
};

/* A section [precision NAME]; 0 and "" = as the preset says. */
struct job_section {
    char name[OPTION_NAME], preset[OPTION_SIZE];
    int weights, activations, ends;              /* bits */
    int arithmetic;                              /* 1 = integer, 2 = rounded */
    int per;                                     /* 1 = channel, 2 = tensor */
    int observer;                                /* 1 + enum quant_observer */
};

/* A section [group NAME]: networks that differ in their random numbers alone, so that what they have in
 * common is told from chance. */
struct job_group {
    char name[OPTION_NAME], networks[OPTION_SIZE];
    uint32_t member;                             /* job_settle's: bit i, network i */
};

/* A precision of the job as its name, its preset and its section have it. */
struct job_precision {
    char name[OPTION_NAME];
    int stated;                                  /* 0 = nothing is said of its form: each file's own */
    enum precision_form form;
    int weights, activations, ends;              /* bits, 0 = as the file says */
    int per_channel;
    enum quant_observer observer;
};

struct job {
    char images[OPTION_SIZE], labels[OPTION_SIZE], synsets[OPTION_SIZE], boxes[OPTION_SIZE];
    int folders;                                 /* enum image_folders */
    int limit;                                   /* pictures taken; 0 = all */
    int sample;                                  /* the seed that draws them; 0 = spread over the list */
    double max_bad;                              /* per cent of bad pictures above which the run ends in 1 */
    int keep_bad;                                /* do not try bad pictures again at a resume */
    char resize[OPTION_SIZE];                    /* "model", "squash" or a short side */
    int filter;                                  /* 0 = as the descriptions say; 1 bilinear, 2 bicubic */
    int pillow;                                  /* 0 = 13 (cheaper pass first), 1 = 12 (horizontal first) */
    unsigned methods;                            /* bits of enum cam_method; eigen is one of them */
    int cam_class;                               /* enum probe_class: of methods with a class */
    int input_map;                               /* the input gradient's map of every picture */
    int input_removal;                           /* 0 = none; 1 + enum image_substrate: removed pixels */
    int sign, raw;                               /* of EigenCAM */
    char fraction[OPTION_SIZE];                  /* of the images selected, a decimal number's text */
    unsigned select_by;                          /* bits of "raw|resolved|aligned" */
    char select_of[OPTION_SIZE];                 /* names of precisions, "a,b"; "" = the second */
    unsigned selecting;                          /* job_settle's: bit p, precision p selects */
    int control_seed;
    int explain_steps;                           /* of deletion and insertion, 0 = no curves */
    int explain_deletion, explain_insertion;     /* enum image_substrate: what pixels become, come from */
    int explain_class;                           /* enum job_class */
    int explain_maps, explain_logits;            /* store full-size maps; logits of every step */
    struct attribution_how attribution;          /* picture-sized maps; its seed is explain_seed */
    int explain_road;                            /* ROAD of every map */
    int explain_randomise;                       /* layers whose weights are drawn, 0 = no check */
    int explain_seed;                            /* of random masks and ROAD's noise */
    int explain_cross;                           /* the first's map on each other network, theirs on its */
    int wsol_frame;                              /* enum job_frame */
    int winograd;                                /* 1: off */
    int saturate;                                /* numerics 2.4 */
    int saliency;                                /* maps are compared with what people see */
    char density[OPTION_SIZE];                   /* "auto", a predictor's name, or where densities are */
    char fixations[OPTION_SIZE], masks[OPTION_SIZE], suffix[OPTION_SIZE];
    int origin;                                  /* of fixations: the first pixel's number */
    double sigma;                                /* of the blur that makes a density of fixations */
    char saliency_seed[OPTION_SIZE];
    int compare_filter;                          /* of the resize of compared maps: 0 bilinear, 1 bicubic */
    int time_runs;                             /* runs timed alone, 0 = none */
    int activations;                             /* enum store_activations */
    char out[OPTION_SIZE];
    char from[OPTION_SIZE];                      /* a finished result that rows are taken from, or "" */
    int isa, log, dry_run, predict;
    int ranks, oversubscribe;                    /* -j: start so many under mpirun; 0 = as started */
    int schedule;                                /* enum job_schedule */
    double watchdog;                             /* seconds, comm_watch_start */
    int lock;                                    /* 0: store_plan.unlocked */
    char quantize_images[OPTION_SIZE];           /* calibration pictures */
    int quantize_limit, quantize_seed;
    int sensitivity; /* of the networks' layers to being quantized */
    int sensitivity_bits, sensitivity_pictures;
    int sections;
    struct job_section section[JOB_MAX_PRECISIONS];
    int precisions;                              /* job_settle's, as the list that follows */
    struct job_precision precision[JOB_MAX_PRECISIONS]; /* the first is what the others are compared with */
    int networks;
    struct job_network network[JOB_MAX_NETWORKS];
    int groups;
    struct job_group group[JOB_MAX_GROUPS];
};

/* Whose probability curves show: the precision's own answer to the clean picture; the true class (its own
 * where that is unknown); the first precision's answer for all. */
enum job_class { JOB_CLASS_OWN, JOB_CLASS_TRUE, JOB_CLASS_REFERENCE };

/* Where boxes are compared: true boxes cut at the crop; or left whole, the map counting as 0 outside. */
enum job_frame { JOB_FRAME_CROP, JOB_FRAME_FULL };

/* Each rank its cyclic share; or rank 0 serves blocks. The result is the same. */
enum job_schedule { JOB_STATIC, JOB_DYNAMIC };

/* The name of a chosen value: "auto" or an instruction set; "absmax". */
const char *job_isa(const struct job *job);
/* "on" or "off" where the job says so, else NULL. */
const char *job_published(const struct job_network *n, char name[OPTION_NAME]);
/* How precision p of a network is read and which arithmetic runs it, all keys considered. A precision of the
 * job's own may say a form; a built-in name is what its files are. */
struct model_reading job_reading(const struct job *job, int network, int p);
/* What precision p of a network is described by, all keys considered: a file, a deployed checkpoint itself
 * among them, what that leaves open, and a CAM layer, "" = its own. What is calibrated is described as the
 * first. */
struct job_description {
    const char *file, *layer;
    struct deploy_options open; /* its input also takes the place of a description's own */
    int own;                    /* the file is not the network's */
};
struct job_description job_description(const struct job *job, int network, int p);
enum engine_arithmetic job_engine(const struct job *job, int network, int p);

void job_defaults(struct job *job);
const struct option_table *job_table(void);
/* Local. The precisions of all networks, which must be the same ones, as the job's list, in the order of the
 * first network; what each is. ERR_USAGE, one sentence that names the key. */
MUST_USE status job_settle(struct job *job);
/* Local. What calibration is to make where a settled precision says quantize. ERR_USAGE: it has no bits, or
 * such as there are not. */
MUST_USE status job_quant_options(const struct job_precision *p, struct quant_options *out);
/* Local. Are the settings of a settled job complete, and does each have an effect? ERR_USAGE, one sentence
 * that names the key. file: the job as its file alone has it. */
MUST_USE status job_check(const struct job *job, const struct job *file);
/* Collective. Defaults, then the job file argv names, then the command line: rank 0 reads them, all get its
 * settings. words->help: nothing was read. *job from mem_alloc. ERR_USAGE, ERR_MISSING. */
MUST_USE status job_read(const struct comm *c, int argc, char **argv, struct job **job,
                         struct option_words *words);
/* Local, before MPI starts: the ranks to start (-j), 0 where the job does not say (a dry run predicts for
 * them instead) or cannot be read; job_read then says why. weight_bytes: of the checkpoints, which every rank
 * keeps. */
struct job_ranks {
    int ranks, oversubscribe;
    uint64_t weight_bytes;
};
struct job_ranks job_ranks(int argc, char **argv);
/* Local. The result rows of the table and the hashes of what they name: what /job stores. files:
 * (networks, JOB_FILES) of each network's; that of a description is zeros where there is none. */
MUST_USE status job_canonical(const struct job *job, const uint8_t list[HASH_SIZE],
                              const uint8_t (*files)[HASH_SIZE], struct text *out);
/* The kinds of values that a precision of a network has of a picture, and settings leave alone or not: of
 * /models/NET, of /models/NET/subset. A setting of the table that says nothing of them changes all. */
enum job_values { JOB_ROWS = 1, JOB_EXPLAINED = 2 };
/* Rises with every change of the bits that equal settings and files give; a line of job_canonical. 3: 3 x 3
 * layers of fp32 by Winograd's expression; numerics.winograd = off gives the bits of 2. */
enum { NUMERICS_VERSION = 3 };
/* The same of deployed files, each of which has the line network.NET.PRECISION.numerics. 2: constants of
 * codes are integers; absent in results before. */
enum { NUMERICS_DEPLOYED = 2 };
/* Local, pure. Do two texts of job_canonical agree in all that those values of a precision of a network
 * depend on? Pictures are compared apart; the first precision, which the others' signs are aligned to, by a
 * call of its own. A line that only one text has, or that no table knows, counts. why: "", or what differs:
 * "cam.sign is 'absmax' there, 'meanact' here". */
int job_same(const char *there, const char *here, const char *network, const char *precision,
             enum job_values of, char *why, size_t size);
/* Local, pure. round-half-up(fraction * n) in integers from the fraction's text, at least 1; 0 if n = 0. */
int64_t job_subset_size(const char *fraction, int64_t n);

/* ---- select: the largest of values spread over ranks (select.c) ---------------------------------------- */

/* Collective. Which of this rank's values are among the k largest of all ranks', ties to the lower place in
 * rank order? Radix histograms: no rank ever holds all values, and the answer depends on the values alone.
 *   key        (n) ordered keys of this rank's contiguous range, see select_key
 *   usable     (n) 0 = left out
 *   k          at most the number of usable values
 *   chosen     (n) out, 0 or 1
 *   threshold  out, the k-th largest key; 0 if k = 0
 * ERR_MEMORY alike on all ranks. Source: spec parallel-store 6. */
MUST_USE status select_largest(const struct comm *c, const uint32_t *key, const uint8_t *usable, int64_t n,
                               uint64_t k, uint8_t *chosen, uint32_t *threshold);
/* Floats in their order as u32; -0 counts as 0. Not for NaN. */
uint32_t select_key(float value);
float select_value(uint32_t key);

/* ---- descriptions (describe.c) ------------------------------------------------------------------------- */

/* Collective. A network's description, from its file or from a deployed one: rank 0 reads it, all parse the
 * same bytes. how: what a deployed file leaves open, or NULL; an input takes the place of a description's
 * own. deploy_description's and model_parse's errors, alike on all ranks; ERR_USAGE where a file of a
 * description has classes skipped. */
MUST_USE status describe_read(const struct comm *c, const char *path, const struct deploy_options *how,
                              struct model *out);

/* ---- run: the phases in order (run.c) ------------------------------------------------------------------ */

/* Collective. The whole job. OK also where OUT is finished already. ERR_FORMAT where more than max_bad of
 * the images were bad (OUT is in place and complete), ERR_STOPPED where a signal ended it, else what failed;
 * the same on all ranks, rank 0 has the sentence in error_last(). start: what is recorded in the log and
 * under /timing. */
struct phase_start { const char *command, *version, *libraries; };
MUST_USE status phase_run(const struct comm *c, const struct job *job, const struct phase_start *start);

/* ---- recheck: a finished result computed once more from its rows (recheck.c) --------------------------- */

/* Local. Selections, /summary and /gallery of a result that store_verify calls complete, from its own rows,
 * compared bit by bit; of /summary/histogram, whose activations are in no row, only the Dice coefficients
 * and the number of values. what: "" where all is as it should be, else one sentence. A failure is a machine
 * that cannot read. Memory: some 400 bytes an image; 50,000 images take seconds. */
MUST_USE status phase_recheck(const char *out, char *what, size_t size);

#endif
