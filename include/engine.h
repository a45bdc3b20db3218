/* include/engine.h
 * engine: runs one network in one precision on one image. A plan holds the ops, the weights packed for one
 * instruction set and where every map lies. A plan that is shared never changes: many states may use it,
 * and many processes, since it is one block of memory without addresses. A state owns the maps of one user
 * and runs without allocating. Knows nothing of files, ranks or CAMs.
 *
 *     struct engine_plan *plan = NULL;
 *     struct engine_state *state = NULL;
 *     struct engine_options options = { .arithmetic = ENGINE_AUTO };
 *     TRY(engine_plan_make(&binding, &options, kernel_select("auto"), &plan));
 *                                                  // the binding and its checkpoint may be freed afterwards
 *     TRY(engine_state_make(plan, &state));        // engine_open does both
 *     engine_run(plan, state, pixels);         // (height, width, channels) u8, as preprocessing left them
 *     const float *logits = engine_logits(plan, state);    // (classes) real values
 *     struct engine_map a = engine_cam_map(plan, state);   // the CAM layer's activations
 *     engine_state_free(state);
 *     engine_plan_free(plan);
 *
 * Every form is bit-reproducible: every instruction set, any order of images (DESIGN 5). Every op takes
 * an output rectangle and is pure in its inputs. 3 x 3 layers of real values that kernel_winograd_side gives
 * tiles are computed by Winograd's expression, unless their values are rounded or `direct` is set. After
 * engine_keep maps stay from one run to the next, and engine_batch_changed recomputes only what changed
 * pixels reach (DESIGN 6). A chain of a dense, a depthwise and a 1 x 1 convolution, with what is added then,
 * is one step where kernels gain by that: a unit, with the bits of its layers. Its inner nodes have no maps:
 * where one of them is to be seen, there is no unit.
 *
 *     TRY(engine_keep(plan, state));
 *     engine_run_real(plan, state, picture);
 *     for each step of a curve:
 *         alter some pixels of picture;
 *         if (engine_batch_changed(plan, state, picture, altered, count) == ENGINE_BATCH || it is the last)
 *             const float *logits = engine_finish_batch(plan, state);     // of all steps that waited
 */
#ifndef QUANTCAM_ENGINE_H
#define QUANTCAM_ENGINE_H

#include "kernel.h"
#include "model.h"

/* AUTO: as the checkpoint notes, else fbgemm where any weight is per channel, else qnnpack; the choice is
 * engine_arithmetic_used(e). PACT, of trained low-bit networks and of these alone
 * (saliency-and-training 2.9): layers of a PACT's codes sum integers, others, as the first, real values;
 * behind a sum v = fma(f32(acc), m, b) and PACT's code rne(clamp(v, 0, n)). With the steps s_w of the
 * weights, s and s' of the PACTs before and behind, and batch normalisation's f = gamma / sigma and h, m =
 * f32(s_w s f / s') and b = f32(h / s'), in double and rounded once; s = 1 where real values are summed by
 * dequantized weights f32(level) f32(s_w), which carry s_w. An addition is fma(f32(code), f32(s_code / s'),
 * v), or the sum of two layers' v, before it is a code. Where no PACT is behind, s' = 1 and v is real. Of
 * codes of several PACTs side by side each one's channels are summed apart: v = v_0 + v_1 + ..., v_0 =
 * fma(f32(acc_0), m_0, b), v_p = f32(f32(acc_p) m_p), by the first channel of each. Behind a mean over the
 * map s is s / (H W) and acc, of 64 bits, sums levels times the sums of codes. Other ops are those of real
 * values, of f32(s) f32(code) where they read codes; a PACT behind them is rne(clamp(x f32(n / alpha), 0,
 * n)). */
enum engine_arithmetic {
    ENGINE_AUTO,
    ENGINE_FBGEMM,
    ENGINE_QNNPACK,
    /* Quantized deployed files (spec deployed-files 2 and 4), whose reading AUTO is the first of their
     * runtime's: TensorFlow Lite's reference kernels, its XNNPACK, ONNX Runtime with all that it fuses. */
    ENGINE_TFLITE,
    ENGINE_XNNPACK,
    ENGINE_ORT,
    ENGINE_PACT
};
/* "auto", "fbgemm", "qnnpack", "tflite-reference", "tflite-xnnpack", "onnxruntime", "pact" */
const char *engine_arithmetic_name(enum engine_arithmetic a);

/* fbgemm adds pairs of products in 16 bits: in all layers on CPUs without VNNI, else in depthwise ones; ONNX
 * Runtime there in dense layers of unsigned codes by signed weights. */
enum engine_saturation { ENGINE_EXACT, ENGINE_SATURATE_AVX2, ENGINE_SATURATE_VNNI, ENGINE_SATURATE_ORT };

int engine_saturates(enum engine_arithmetic a, enum engine_saturation how);

struct engine_options {
    enum engine_arithmetic arithmetic; /* codes only; of a low-bit network AUTO */
    enum engine_saturation saturate;   /* numerics.saturate; fbgemm and ONNX Runtime, each its own */
    int direct;                        /* numerics.winograd = off: no Winograd layers; real values only */
    int layers; /* every layer and every cat has a step of its own: no units, nothing written in place */
    int keep;                          /* every node keeps its own memory: engine_map works for all of them */
    const uint8_t *show;               /* (nodes) 1: this one does, too; NULL: the CAM layer alone */
    /* Of a real binding, (nodes) or NULL: what a node's values are rounded to; scale 0: they are not. (Of a
     * rounded one binding.q says it.) */
    const struct quant_params *round;
};

struct engine_plan;
struct engine_state;

/* Local. Copies what it needs. ERR_MISMATCH where the arithmetic is of another runtime's files or does not
 * exist for an op; ERR_RANGE where it does not for a scale; ERR_MEMORY. */
MUST_USE status engine_plan_make(const struct model_binding *b, const struct engine_options *options,
                                 const struct kernel_table *k, struct engine_plan **out);
/* The same into `block`: engine_plan_bytes of zeroed, 64-byte aligned memory that outlives the plan. Another
 * process that sees the same memory, wherever, takes the plan as it is there: ERR_MISMATCH where the plan was
 * made for another instruction set. */
MUST_USE status engine_plan_bytes(const struct model_binding *b, const struct engine_options *options,
                                  const struct kernel_table *k, size_t *bytes);
MUST_USE status engine_plan_into(const struct model_binding *b, const struct engine_options *options,
                                 const struct kernel_table *k, void *block, struct engine_plan **out);
MUST_USE status engine_plan_take(const void *block, const struct kernel_table *k, struct engine_plan **out);
void engine_plan_free(struct engine_plan *plan); /* after its states */

/* Memory for one user's runs. ERR_MEMORY. */
MUST_USE status engine_state_make(const struct engine_plan *plan, struct engine_state **out);
void engine_state_free(struct engine_state *state);

/* A plan of one's own and a state of it. */
struct engine {
    struct engine_plan *plan;
    struct engine_state *state;
};
MUST_USE status engine_open(const struct model_binding *b, const struct engine_options *options,
                            const struct kernel_table *k, struct engine *out);
void engine_close(struct engine *e); /* zeroed structs too; zeroes */

/* pixels: (height, width, channels) u8 of the model's input size. Never fails, never allocates. */
void engine_run(const struct engine_plan *plan, struct engine_state *state, const uint8_t *pixels);
/* The same from normalized values, (height, width, channels) f32: fp32 takes them as they are, int8 quantizes
 * each by numerics 2.1 (NaN becomes the highest code). Of image_normalize'd pixels it gives the bits of
 * engine_run. */
void engine_run_real(const struct engine_plan *plan, struct engine_state *state, const float *real);

/* From now on the maps of which a step of a curve leaves a part as it was have their own memory, as all have
 * with the option `keep`, and engine_batch_changed works. What the state held is gone: run it once. Again is
 * free. ERR_MEMORY (then only engine_state_free works). */
MUST_USE status engine_keep(const struct engine_plan *plan, struct engine_state *state);
/* Back to the small arena, which whole runs like better. What the state held is gone. ERR_MEMORY. */
MUST_USE status engine_let_go(const struct engine_plan *plan, struct engine_state *state);
/* After engine_keep and a run of a picture that differs from `real` at the `count` listed positions (y *
 * width + x) at most: computes only what they reach, and stops where an output came out as it was. The late
 * steps of the network, which hold most of its weights, wait until ENGINE_BATCH pictures are there or no more
 * come, and are computed together. Returns how many wait.
 * engine_finish_batch: their logits, (waiting, classes) real; then none waits. A whole run forgets who waits.
 * The bits of engine_run_real, in every node that can be seen where one picture waited; of more, late nodes
 * have the logits alone. Never fails, never allocates. */
enum { ENGINE_BATCH = 8 };
int engine_batch_changed(const struct engine_plan *plan, struct engine_state *state, const float *real,
                         const int32_t *changed, int count);
const float *engine_finish_batch(const struct engine_plan *plan, struct engine_state *state);

/* Pictures whose last dense layers, of one position each, run together, so that their weights pass through
 * the core once (src/engine/head.c). `most` places, 1 to 240; *out is NULL where it is not worth it: no such
 * layers, or with few weights. The state is one of the plan that keeps no maps.
 * _run: all before those layers, for the picture at place i, which is not run to the end until _finish.
 * _show: the state is as engine_run of that picture left it, bit for bit in logits and in every node that can
 * be seen; BUG_IF the place was not among those of the last _finish. ERR_MEMORY. */
struct engine_group;
MUST_USE status engine_group_make(const struct engine_plan *plan, int most, struct engine_group **out);
void engine_group_free(struct engine_group *g); /* NULL is fine */
void engine_group_run(struct engine_group *g, struct engine_state *state, int i, const uint8_t *pixels);
void engine_group_finish(struct engine_group *g);
void engine_group_show(const struct engine_group *g, struct engine_state *state, int i);

int engine_classes(const struct engine_plan *plan);
/* (classes) real; int8: dequantized */
const float *engine_logits(const struct engine_plan *plan, const struct engine_state *state);

/* A node's output after engine_run: NHWC, n = 1. */
struct engine_map {
    int c, h, w, pitch;    /* element (y, x, c) at [(y * w + x) * pitch + c] */
    const float *real;     /* fp32, and what has no codes in a network of integers; else NULL */
    const uint8_t *codes;  /* of integers, else NULL */
    struct quant_params q; /* of codes */
};
/* The description's CAM layer. */
struct engine_map engine_cam_map(const struct engine_plan *plan, const struct engine_state *state);
/* Any node; real and codes are NULL where the node was fused into a later one without being its alias, or its
 * memory was reused (no KEEP), or a low-bit network has sums there. A conv, add or mul fused with its relu
 * shows the fused result under both names. */
struct engine_map engine_node_map(const struct engine_plan *plan, const struct engine_state *state, int node);
/* Dequantizes (or copies) a map to (h * w, c) f32, contiguous. */
void engine_map_copy_real(const struct engine_map *m, float *out);

enum engine_arithmetic engine_arithmetic_used(const struct engine_plan *plan);
enum precision_form engine_form(const struct engine_plan *plan);
struct engine_memory {
    size_t weights, arena, scratch; /* weights: all of the plan, which others may share */
};
struct engine_memory engine_memory_used(const struct engine_plan *plan, const struct engine_state *state);

/* A picture step by step (src/engine/step.c), on a state that keeps no maps: steps begin .. end - 1, where
 * those before `begin` have run, or their live maps are loaded. */
void engine_step_run(const struct engine_plan *plan, struct engine_state *state, const uint8_t *pixels,
                     int begin, int end);
/* What the step that ran last has written; behind the last step there are engine_logits, too. */
struct engine_map engine_step_map(const struct engine_plan *plan, const struct engine_state *state, int step);
/* The maps that `step` and later ones read, and earlier ones wrote, with what can be seen after a run: their
 * bytes, out of the state, and back. */
size_t engine_step_live(const struct engine_plan *plan, int step);
void engine_step_save(const struct engine_plan *plan, const struct engine_state *state, int step, void *out);
void engine_step_load(const struct engine_plan *plan, struct engine_state *state, int step, const void *in);
/* Packs a layer once more, as the binding now has it: other real weights, another bias; of codes other
 * scales, another output. With engine_step_round the one change of a plan: in memory that the caller may
 * write, while nobody runs the plan. The step is the node's; it has no Winograd tiles. ERR_MEMORY,
 * ERR_NUMERIC. */
MUST_USE status engine_step_pack(struct engine_plan *plan, int step, const struct model_binding *b, int node);
/* What a step's real values are rounded to from now on, in a plan made with `layers` and `round` (which may
 * be all 0); scale 0: they are not. */
void engine_step_round(struct engine_plan *plan, int step, struct quant_params q);

/* ---- where maps lie ------------------------------------------------------------------------------------ */

/* first, last: numbers of ops, both included. */
struct engine_buffer {
    size_t bytes, offset;
    int first, last;
};
/* Gives every buffer its offset so that no two that live at the same time overlap; returns the arena's size,
 * which ends in 64 bytes that may be read. Largest first, each at the lowest free place. ERR_MEMORY. */
MUST_USE status engine_assign(struct engine_buffer *buffer, int count, size_t *bytes);

/* For bench: the steps of the plan. Times are the medians that engine_profile measured (seconds), one per
 * step. */
int engine_steps(const struct engine_plan *plan);
/* The node's name; a unit's: "FIRST to LAST", of its nodes. */
const char *engine_step_name(const struct engine_plan *plan, int step);
uint64_t engine_step_macs(const struct engine_plan *plan, int step); /* of the description */
/* Multiplications that are done: fewer than the description's where the layer is Winograd's. */
uint64_t engine_step_done(const struct engine_plan *plan, int step);
/* Runs `repeats` times (at least 1) and fills median_s (engine_steps). ERR_MEMORY. */
MUST_USE status engine_profile(const struct engine_plan *plan, struct engine_state *state,
                               const uint8_t *pixels, int repeats, double *median_s);

#endif
