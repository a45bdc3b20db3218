/* include/gradient.h
 * gradient: how a class's logit, or any node's element, depends on another node's values: the backward pass
 * of a description, from the values that a forward run of the engine shows. Of real, rounded and integer
 * networks. Knows nothing of files, ranks or CAMs. gradient_train.h: networks that are trained.
 *
 *     struct gradient_path path = { .from = model.output, .to = model.cam };     // to = 0: the input
 *     uint8_t show[nodes] = { 0 };
 *     gradient_shows(&model, binding.form, path, show);
 *     struct engine_options options = { .show = show };          // what the backward pass reads stays
 *     TRY(engine_open(&binding, &options, kernels, &e));
 *     TRY(gradient_open(&binding, path, kernels, &g));           // binding and checkpoint may go afterwards
 *     engine_run(e.plan, e.state, pixels);
 *     gradient_run(g.plan, g.state, &e, class_index);
 *     const float *dy = gradient_map(g.plan, g.state);           // (h * w, c) of path.to, contiguous
 *
 * A plan never changes, is one block of memory without addresses and may be shared as engine plans are; a
 * state is one user's memory and runs without allocating. Only the nodes between `to` and `from` are walked,
 * and only their weights are kept: rows as they are where a layer's output is one position or is where the
 * walk begins, so that gradients of 0 cost nothing; else turned round, for the convolutions that stand.
 *
 * Definitions (DESIGN 7.13, saliency-and-training 1.6):
 *  - The gradient is that by the node's own stored values: `to` itself is not masked by its quantizer.
 *  - Quantizers pass the gradient where the stored code lies strictly between `low` and `high`; those of the
 *    node `from` do not count, nor of the nodes whose codes it only moves (a mean, a pool). In rounded and in
 *    integer networks alike. Weights are what their codes stand for, real activations' slopes those at what
 *    the input's codes stand for.
 *  - ReLU's slope is 1 where the output is above 0, ReLU6's where it is also below 6 (its code); hardswish's
 *    and hardsigmoid's corners have the outer slope. A leaky relu's slope at 0 is that below. A clip passes
 *    what lies strictly between its ends, as a relu6 does; conversions to codes and back pass all that the
 *    quantizer passes. A max pool sends to the first maximum of its window in raster order, an average g / n
 * to each position, n with the padding that counts.
 *  - All in f32, in one order, equal bits on every instruction set: a layer's sums are one accumulator a
 *    value from 0, terms by the output positions that it reaches in raster order, then output channels
 *    ascending, one fma each; a node with several users adds their parts from the last user to the first;
 *    what a row gets that all positions of a map were multiplied with is summed in double, raster order.
 */
#ifndef QUANTCAM_GRADIENT_H
#define QUANTCAM_GRADIENT_H

#include "engine.h"

/* Node numbers, to < from. */
struct gradient_path {
    int from, to;
};

/* Local. ERR_MISMATCH where nothing of `to` reaches `from`: all gradients would be 0. */
MUST_USE status gradient_check(const struct model *m, struct gradient_path path);
/* Marks the nodes whose values the backward pass reads: show (nodes) of engine_options; the others stay as
 * they are, so that several paths add up. ERR_MEMORY. */
MUST_USE status gradient_shows(const struct model *m, enum precision_form form, struct gradient_path path,
                               uint8_t *show);

struct gradient_plan;
struct gradient_state;

/* Local. As engine_plan_make, engine_plan_bytes, engine_plan_into, engine_plan_take: into a block of zeroed,
 * 64-byte aligned memory that others may take. ERR_MISMATCH as gradient_check; model_layer_load's errors. */
MUST_USE status gradient_plan_make(const struct model_binding *b, struct gradient_path path,
                                   const struct kernel_table *k, struct gradient_plan **out);
MUST_USE status gradient_plan_bytes(const struct model_binding *b, struct gradient_path path,
                                    const struct kernel_table *k, size_t *bytes);
MUST_USE status gradient_plan_into(const struct model_binding *b, struct gradient_path path,
                                   const struct kernel_table *k, void *block, struct gradient_plan **out);
MUST_USE status gradient_plan_take(const void *block, const struct kernel_table *k,
                                   struct gradient_plan **out);
void gradient_plan_free(struct gradient_plan *plan); /* after its states */

/* Memory for one user's backward passes. ERR_MEMORY. */
MUST_USE status gradient_state_make(const struct gradient_plan *plan, struct gradient_state **out);
void gradient_state_free(struct gradient_state *state);

/* A plan of one's own and a state of it. */
struct gradient {
    struct gradient_plan *plan;
    struct gradient_state *state;
};
MUST_USE status gradient_open(const struct model_binding *b, struct gradient_path path,
                              const struct kernel_table *k, struct gradient *out);
void gradient_close(struct gradient *g); /* zeroed structs too; zeroes */

/* The gradient of one element of path.from, (y * w + x) * c + channel, of the output a class. The engine has
 * run a picture with a plan of the same binding, whose options showed what gradient_shows marks; BUG_IF it
 * does not show that. Never fails, never allocates. */
void gradient_run(const struct gradient_plan *plan, struct gradient_state *state, const struct engine *e,
                  int element);
/* (h * w, c) of path.to, real values, until the next run; kernels may read a vector more. */
const float *gradient_map(const struct gradient_plan *plan, const struct gradient_state *state);
/* Bytes of the plan, which others may share, and of a state. */
size_t gradient_plan_size(const struct gradient_plan *plan);
size_t gradient_state_size(const struct gradient_plan *plan);

#endif
