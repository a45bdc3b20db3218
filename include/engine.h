/* include/engine.h
 * engine: runs one network in one precision on one image. Plans once (one arena, weights packed for one
 * instruction set), then runs without allocating. Knows nothing of files, ranks or CAMs.
 *
 *     struct engine *e = NULL;
 *     struct engine_options options = { .arithmetic = ENGINE_AUTO };
 *     TRY(engine_plan(&binding, &options, kernel_select("auto"), &e));
 *                                                  // the binding and its checkpoint may be freed afterwards
 *     engine_run(e, pixels);                     // (height, width, channels) u8, as preprocessing left them
 *     const float *logits = engine_logits(e);      // (classes) real values
 *     struct engine_map a = engine_cam_map(e);     // the CAM layer's activations
 *     engine_free(e);
 *
 * fp32 and int8 are bit-reproducible: every instruction set, any order of images (DESIGN 5). Every op takes
 * an output rectangle and is pure in its inputs. After engine_keep maps stay from one run to the next, and
 * engine_run_changed recomputes only what changed pixels reach (DESIGN 6):
 *
 *     TRY(engine_keep(e));
 *     engine_run_real(e, picture);
 *     for each step of a curve:
 *         alter some pixels of picture; engine_run_changed(e, picture, altered, count);
 */
#ifndef QUANTCAM_ENGINE_H
#define QUANTCAM_ENGINE_H

#include "kernel.h"
#include "model.h"

/* AUTO: as the checkpoint notes, else fbgemm where any weight is per channel, else qnnpack; the choice is
 * engine_arithmetic_used(e). */
enum engine_arithmetic { ENGINE_AUTO, ENGINE_FBGEMM, ENGINE_QNNPACK };
const char *engine_arithmetic_name(enum engine_arithmetic a); /* "auto", "fbgemm", "qnnpack" */

/* fbgemm adds pairs of products in 16 bits: in all layers on CPUs without VNNI, else in depthwise ones. */
enum engine_saturation { ENGINE_EXACT, ENGINE_SATURATE_AVX2, ENGINE_SATURATE_VNNI };

struct engine_options {
    enum engine_arithmetic arithmetic; /* int8 only */
    enum engine_saturation saturate;   /* numerics.saturate; fbgemm only */
    int keep;                          /* every node keeps its own memory: engine_map works for all of them */
};

struct engine;

/* Local. Copies what it needs. ERR_MISMATCH where the arithmetic does not exist for an op; ERR_MEMORY. */
MUST_USE status engine_plan(const struct model_binding *b, const struct engine_options *options,
                            const struct kernel_table *k, struct engine **out);
void engine_free(struct engine *e);

/* pixels: (height, width, channels) u8 of the model's input size. Never fails, never allocates. */
void engine_run(struct engine *e, const uint8_t *pixels);
/* The same from normalized values, (height, width, channels) f32: fp32 takes them as they are, int8 quantizes
 * each by numerics 2.1 (NaN becomes the highest code). Of image_normalize'd pixels it gives the bits of
 * engine_run. */
void engine_run_real(struct engine *e, const float *real);

/* From now on the maps of which a step of a curve leaves a part as it was have their own memory, as all have
 * with the option `keep`, and engine_run_changed works. What the engine held is gone: run it once. Again is
 * free. ERR_MEMORY (then only engine_free works). */
MUST_USE status engine_keep(struct engine *e);
/* Back to the small arena, which whole runs like better. What the engine held is gone. ERR_MEMORY. */
MUST_USE status engine_let_go(struct engine *e);
/* After engine_keep and a run of a picture that differs from `real` at the `count` listed positions (y *
 * width + x) at most: computes only what they reach, and stops where an output came out as it was. The bits
 * of engine_run_real(e, real), in every node that can be seen. Never fails, never allocates. */
void engine_run_changed(struct engine *e, const float *real, const int32_t *changed, int count);
/* The same for several steps of a curve: the late steps of the network, which hold most of its weights, wait
 * until ENGINE_BATCH pictures are there or no more come, and are computed together. Returns how many wait.
 * engine_finish_batch: their logits, (waiting, classes) real; then none waits. A whole run forgets who waits.
 * Of late nodes only the logits are to be had.
 *
 *     waiting = engine_batch_changed(e, real, changed, count);
 *     if (waiting == ENGINE_BATCH || it was the last) logits = engine_finish_batch(e);
 */
enum { ENGINE_BATCH = 8 };
int engine_batch_changed(struct engine *e, const float *real, const int32_t *changed, int count);
const float *engine_finish_batch(struct engine *e);
/* fp32 with KEEP: from now on every run rounds this node's values to what codes of `q` stand for before
 * anything reads them: one quantized output in an fp32 network. A second call takes the place of the first;
 * scale 0 ends it. */
void engine_round_node(struct engine *e, int node, struct quant_params q);

int engine_classes(const struct engine *e);
const float *engine_logits(const struct engine *e); /* (classes) real; int8: dequantized */

/* A node's output after engine_run: NHWC, n = 1. */
struct engine_map {
    int c, h, w, pitch;    /* element (y, x, c) at [(y * w + x) * pitch + c] */
    const float *real;     /* fp32, else NULL */
    const uint8_t *codes;  /* int8, else NULL */
    struct quant_params q; /* of codes */
};
struct engine_map engine_cam_map(const struct engine *e); /* the description's CAM layer */
/* Any node; real and codes are NULL where the node was fused into a later one without being its alias, or its
 * memory was reused (no KEEP). A conv, add or mul fused with its relu shows the fused result under both
 * names. */
struct engine_map engine_node_map(const struct engine *e, int node);
/* Dequantizes (or copies) a map to (h * w, c) f32, contiguous. */
void engine_map_copy_real(const struct engine_map *m, float *out);

enum engine_arithmetic engine_arithmetic_used(const struct engine *e);
enum precision_form engine_form(const struct engine *e);
struct engine_memory {
    size_t weights, arena, scratch;
};
struct engine_memory engine_memory_used(const struct engine *e);

/* For bench: the steps of the plan. Times are the medians that engine_profile measured (seconds), one per
 * step. */
int engine_steps(const struct engine *e);
const char *engine_step_name(const struct engine *e, int step); /* the node's name */
uint64_t engine_step_macs(const struct engine *e, int step);
/* Runs `repeats` times (at least 1) and fills median_s (engine_steps). ERR_MEMORY. */
MUST_USE status engine_profile(struct engine *e, const uint8_t *pixels, int repeats, double *median_s);

#endif
