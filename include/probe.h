/* include/probe.h
 * probe: what one network, in each of its precisions, shows of one picture: answers, the CAM layer, maps,
 * how the maps of two precisions differ, boxes, deletion and insertion curves. Knows nothing of files, jobs
 * or ranks. `run`, `explain`, `infer` and `bench` all ask the probe.
 *
 *     struct probe_network n = { .model = { &model, &model }, .precisions = 2, .engine = { fp32, int8 } };
 *     struct probe_how how = { .sign = CAM_ABSMAX, .raw = 1, .curves = 1 };
 *     struct probe *p = NULL;
 *     TRY(probe_create(&n, 1, &how, kernels, &p));
 *     for (int i = 0; i < n.precisions; i++) {
 *         probe_run(p, i, pixels);                    // the network; pixels as precision i sees them
 *         TRY(probe_answer(p, i));                    // probe_shown(p, i)->logits, top, score
 *         TRY(probe_look(p, i));                      // ... layer, act, cam
 *     }
 *     double rmse = probe_measure(p, measure_find(measure_table, "rmse_raw"), 0, 1);
 *     TRY(probe_picture(p, pixels, IMAGE_SUBSTRATE_ZERO, IMAGE_SUBSTRATE_BLUR));
 *     probe_order(p, 0, probe_shown(p, 0)->cam.values);
 *     probe_curve_start(p, 0, PROBE_DELETION, class_index, curve, NULL);
 *     while (probe_curve_next(p) == PROBE_MORE)
 *         ;                                           // between two steps the caller may stop
 *     probe_free(p);
 *
 * A probe serves several networks, one at a time (probe_aim), with room for the largest. Networks, models,
 * heads and engines are the caller's. Every function is local; probe_create and functions called _picture
 * alone allocate.
 * Results are equal bits on every x86, but for raw signs, which are LAPACK's.
 */
#ifndef QUANTCAM_PROBE_H
#define QUANTCAM_PROBE_H

#include "cam_forward.h"
#include "gradient.h"
#include "image.h"
#include "metric_table.h"
#include "metric_wsol.h"

enum { PROBE_NETWORKS = 16, PROBE_PRECISIONS = 8, PROBE_TOP = 5 };

/* ---- what is probed ------------------------------------------------------------------------------------ */

/* One network: its precisions have the same classes (probe_create checks it), but each may be of a
 * description of its own, with another input and another CAM layer. Pairs compare precision i > 0 with
 * precision 0: all finished maps (H, W) are as large as precision 0's input, the frame; a projection of
 * another grid (h, w) than precision 0's is resized to that, where two projections are compared. */
struct probe_network {
    const struct model *model[PROBE_PRECISIONS];
    int precisions; /* 1 .. PROBE_PRECISIONS */
    struct engine engine[PROBE_PRECISIONS];     /* that show what the gradients read */
    struct gradient gradient[PROBE_PRECISIONS]; /* of the CAM layer; zeros where no method needs it */
    struct gradient by_input[PROBE_PRECISIONS]; /* zeros where no map of the picture's size needs it */
    const struct model_head *head[PROBE_PRECISIONS]; /* NULL where no method needs the classifier */
};
/* Maps of the picture's size (probe_attribution.h). */
enum attribution {
    ATTRIBUTION_SCORECAM,
    ATTRIBUTION_RISE,
    ATTRIBUTION_OCCLUSION,
    ATTRIBUTION_GRADIENT,
    ATTRIBUTION_SMOOTHGRAD,
    ATTRIBUTION_INTGRAD,
    ATTRIBUTIONS
};
struct attribution_how {
    unsigned methods;          /* bit m: enum attribution m */
    uint64_t seed;             /* of all random numbers */
    int channels;              /* scorecam: of largest energy, 0 = all */
    int masks, cells;          /* rise */
    double keep;
    int window, stride;        /* occlusion */
    enum image_substrate fill; /* what the window shows */
    int samples;               /* smoothgrad */
    double sigma;              /* the noise's deviation, of the range of the picture's normalized values */
    int steps;                 /* intgrad */
    enum image_substrate baseline;
};
/* Which class methods with a class explain in a precision: the first precision's answer, or its own; or the
 * true class, of pictures that have none the first precision's answer. */
enum probe_class { PROBE_CLASS_REFERENCE, PROBE_CLASS_OWN, PROBE_CLASS_TRUE };
#define PROBE_CLASS_NAMES "reference|own"
struct probe_how {
    enum cam_sign sign;
    int raw;          /* EigenCAM's raw sign, too */
    unsigned methods; /* bit m: enum cam_method m of probe_methods */
    enum probe_class of_class; /* of those methods */
    int method_raw;   /* the raw sign of those methods, too */
    int together;     /* pictures that probe_ahead takes, 0 = none */
    int curves;       /* steps of deletion and insertion, 0 = none: probe_picture and the curves want them */
    int road;         /* ROAD: probe_picture, probe_road_picture and probe_road_start want it */
    int whole;        /* curves and ROAD recompute every step as a whole: for comparison */
    struct attribution_how attribution;
    int input;        /* the input gradient's map: probe_input wants it */
    int removal;      /* probe_removal wants it */
    enum image_substrate removed; /* what removed pixels become */
};

/* What a description says of preprocessing; Pillow 13's order, kernels NULL. */
struct image_pipeline probe_pipeline(const struct model *m);

struct probe;
/* ERR_MISMATCH where precisions of a network have other classes; ERR_RANGE, ERR_MEMORY. */
MUST_USE status probe_create(const struct probe_network *network, int networks, const struct probe_how *how,
                             const struct kernel_table *k, struct probe **out);
void probe_free(struct probe *p); /* NULL is fine */
/* What it was created with: sign, raw and whole may be changed between two pictures. */
struct probe_how *probe_how_of(struct probe *p);
/* Which network the functions below are about; at first network 0. What was shown is forgotten, and pictures
 * are altered as precision 0 sees them. */
void probe_aim(struct probe *p, int network);
/* Do two precisions of the aimed network see the same of a picture, once it is preprocessed alike: extents,
 * mean and deviation? */
int probe_sees_as(const struct probe *p, int i, int other);
/* Pictures that are altered (probe_picture, probe_attribution_picture, probe_removal, and all that follows
 * them) are as precision i sees them from now on: curves, ROAD and maps of the picture's size may be asked of
 * precisions that see the same. */
void probe_see(struct probe *p, int i);

/* ---- one precision: answer, CAM layer, maps ------------------------------------------------------------ */

/* What precision i showed last. Pointers are the probe's; each stays until its function is called again for
 * the same precision, or the probe aims elsewhere; but act is that of the precision looked at last. */
struct probe_shown {
    int classes;
    float *logits;             /* (classes) real: probe_run */
    int tops;                  /* PROBE_TOP, or all classes where there are fewer: probe_answer */
    int32_t top[PROBE_TOP];    /* largest first; -1 behind `tops` */
    float score[PROBE_TOP];    /* softmax probabilities; 0 behind `tops` */
    struct engine_map layer;   /* the CAM layer, until the engine runs again: probe_run */
    const float *act;          /* (h * w, c) its real values, contiguous */
    struct cam_projection cam; /* EigenCAM's projection (h * w), un-ReLU'd, in the aligned sign */
    int own_sign;              /* +1 or -1: the sign by its own rule relative to cam; 0 = undefined */
    struct cam_projection method[CAM_METHODS]; /* of how.methods alone: probe_methods */
};
const struct probe_shown *probe_shown(const struct probe *p, int i);

/* Runs precision i: pixels (height, width, channels) u8 of its input, as preprocessing left them. */
void probe_run(struct probe *p, int i, const uint8_t *pixels);
/* The same where the engine has run the picture already, step by step. */
void probe_ran(struct probe *p, int i);
/* The same for several pictures, whose last layers are computed together where that saves time: probe_ahead
 * for each place k below how.together that is used, probe_ahead_finish, then probe_ahead_take in place of
 * probe_run, with the pixels that probe_ahead had. The bits of probe_run. */
void probe_ahead(struct probe *p, int i, int k, const uint8_t *pixels);
void probe_ahead_finish(struct probe *p, int i);
void probe_ahead_take(struct probe *p, int i, int k, const uint8_t *pixels);
/* The largest classes and their probabilities. ERR_NUMERIC where the logits are not finite. */
MUST_USE status probe_answer(struct probe *p, int i);
/* The CAM layer and EigenCAM's projection in the aligned sign (DESIGN 7.1): precision 0's by its own rule,
 * how.sign; every other's, to be looked at after precision 0, in the sign whose scalar product with precision
 * 0's is not negative. ERR_NUMERIC as cam_eigen. */
MUST_USE status probe_look(struct probe *p, int i);
/* The projections of how.methods, after probe_look of the same precision; class_index: what those with a
 * class explain. Errors as cam_take and cam_compute. */
MUST_USE status probe_methods(struct probe *p, int i, int class_index);
/* That class as how.of_class has it, after probe_answer of the precision and of the first. truth: the true
 * class, -1 = unknown. */
int probe_class(const struct probe *p, int i, int truth);
/* What a network needs for some methods (bit m: method m) of its CAM layer: which nodes its engine shows
 * (nodes), marked beside what is marked; its gradient's plan is of the path from the output to the CAM layer.
 * ERR_MISMATCH as gradient_check; ERR_MEMORY. */
MUST_USE status probe_shows(const struct model_binding *b, unsigned methods, uint8_t *show);
struct gradient_path probe_path(const struct model *m);
/* Each channel's mean, real values, (c); sums in raster order, of codes in integers. */
void probe_channel_means(const struct engine_map *layer, float *mean);
/* What precision i showed of the picture at another time, in place of probe_run, probe_answer and probe_look:
 * others are aligned to it and make pairs with it. There is no layer, so that probe_measure of the precision
 * alone must not be asked. */
struct probe_memory {
    const int32_t *top;  /* (PROBE_TOP) */
    const float *cam;    /* (h * w) */
    int raw_sign, own_sign;
    const float *method[CAM_METHODS]; /* (h * w) of how.methods */
};
void probe_recall(struct probe *p, int i, const struct probe_memory *m);
/* A layer as it is stored: (c, h, w), u8 codes of a layer that has codes, else f32. */
void probe_layer_copy(const struct engine_map *layer, void *out);

/* The finished map (H, W) in [0, 1] of precision i's projection, negative: of the projection's negative. Made
 * once after probe_look. */
const float *probe_map(struct probe *p, int i, int negative);
/* Maps as they are compared with what people see (saliency-and-training 1.8). The projection of a method,
 * CAM_EIGEN's in the aligned sign, with what is negative 0: (h, w), until the next call. */
const float *probe_positive(struct probe *p, int i, int method);
/* Of that, between 0 and 1: Pillow's resize to (height, width), between 0 and 1 once more; a constant one is
 * 0. ERR_MEMORY. */
MUST_USE status probe_compared(struct probe *p, int i, int method, enum image_filter filter, int width,
                               int height, float *out);
/* The box of precision i's map, or of its negative, at t = 0.2, first and last pixel x0 y0 x1 y1, -1 without
 * one; and how the map fits the true boxes (score may be NULL). */
void probe_box(struct probe *p, int i, int negative, const struct wsol_box *truth, int boxes,
               struct wsol_score *score, int32_t box[4]);

/* ---- the input gradient (metric_input.h) --------------------------------------------------------------- */

/* The map of precision i, which has just run the picture (probe_run); its measures may be asked from then on.
 * BUG_IF its input is not as large as the frame. ERR_NUMERIC where the gradient is not finite. */
MUST_USE status probe_input(struct probe *p, int i, int class_index);
const float *probe_input_map(const struct probe *p, int i); /* (H, W); stays until the next picture's */
/* Is class_index the answer while the largest pixels of that map are removed? At 0 %, too. pixels: the
 * picture. The engine's layer is another picture's afterwards. ERR_NUMERIC, ERR_MEMORY (the blur's). */
MUST_USE status probe_removal(struct probe *p, int i, const uint8_t *pixels, int class_index,
                              uint8_t right[REMOVAL_POINTS]);

/* ---- measures ------------------------------------------------------------------------------------------ */

/* The value of a measure of one precision, or of the pair that precision i is with precision 0: all looked
 * at, and probe_methods called where the measure is of a method. A layer's measures read act: they are asked
 * before another precision is looked at.
 *   m       of kind MEASURE_ONE or MEASURE_PAIR; those of codes want a layer with codes, those of the input
 *           gradient probe_input
 *   method  enum cam_method of a measure with MEASURE_METHOD, else ignored */
double probe_measure(struct probe *p, const struct measure *m, int method, int i);
/* Whether precision i, looked at, has the value without a method: codes are not everywhere. */
int probe_has_measure(const struct probe *p, const struct measure *m, int i);
/* What measures share is computed anew when the next one asks, as if nobody had asked: for timing. */
void probe_measure_again(struct probe *p, int i);

/* ---- deletion and insertion (explanations 3) ------------------------------------------------------------
 */

/* The engines of network `network` keep what runs of changed pixels start from (engine_keep); or let it go.
 * One network at a time: whole runs like the small arena better. ERR_MEMORY. */
MUST_USE status probe_keep(struct probe *p, int network);
MUST_USE status probe_let_go(struct probe *p, int network);

/* The picture that curves and ROAD alter: pixels (H, W, channels) u8, and what its pixels become. BUG_IF
 * how.curves and how.road are 0. ERR_MEMORY. */
MUST_USE status probe_picture(struct probe *p, const uint8_t *pixels, enum image_substrate deletion,
                              enum image_substrate insertion);
/* The order in which pixels are altered: a projection (h * w) of precision i, resized, largest first (DESIGN
 * 7.3). */
void probe_order(struct probe *p, int i, const float *projection);
/* The same of values (h * w) of another size than the CAM layer's. */
void probe_order_of(struct probe *p, const float *values, int h, int w);

enum probe_curve { PROBE_DELETION, PROBE_INSERTION };
/* MORE: call again; DONE: the curve is there; ODD: logits that are not finite, the curve is worthless. */
enum probe_state { PROBE_MORE, PROBE_DONE, PROBE_ODD };
/* One curve of precision i's network along the order. The engine is kept (probe_keep), and what
 * probe_picture was given has been run (probe_run).
 *   curve   out, (steps + 1) softmax probabilities of class_index
 *   logits  out, (steps + 1, classes), or NULL */
void probe_curve_start(struct probe *p, int i, enum probe_curve kind, int class_index, float *curve,
                       float *logits);
/* Some steps of the curve: a run of the network, or a batch of them. A curve may be left unfinished. */
enum probe_state probe_curve_next(struct probe *p);

/* ---- ROAD (explanations 3.4) --------------------------------------------------------------------------- */

/* The noise of the picture that probe_picture was given: image_road_draw. ERR_MEMORY. */
MUST_USE status probe_road_picture(struct probe *p, uint64_t seed, uint32_t picture);
/* Removes the first, then the last pixels of probe_order, ROAD's percentiles from the largest on, and asks
 * precision i's network. The engine is kept (probe_keep), the picture has been run (probe_run).
 *   change  out, (ROAD_CHANGES): the probability of class_index less that of the clean picture */
void probe_road_start(struct probe *p, int i, int class_index, float *change);
/* As probe_curve_next: one percentile. */
enum probe_state probe_road_next(struct probe *p);

#endif
