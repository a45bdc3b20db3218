/* src/engine/draft.h: a plan before it is a block: arrays that grow, and layers to be packed. Private to the
 * room. */
#ifndef ENGINE_DRAFT_H
#define ENGINE_DRAFT_H

#include "plan.h"

/* The nodes of a unit (unit.c); but depthwise, -1 where there is none. follows: the function behind a layer.
 * reads: whose values it takes; last: whose values are the unit's. */
struct draft_chain {
    int layer[KERNEL_UNIT_PARTS], follows[KERNEL_UNIT_PARTS], add, reads, last;
};

struct draft {
    struct engine_plan plan; /* a view of what follows, without weights */
    struct engine_head head;
    struct engine_op *op;     /* (nodes) at most */
    struct engine_node *node; /* (nodes) */
    struct engine_layout layout;
    uint8_t *parameters;
    size_t used, room; /* bytes of them */
    struct pack_job *job;
    int jobs;

    const struct model_binding *b;
    const struct model *m;
    const struct engine_options *options;
    const struct quant_params *round; /* (nodes) what real values are rounded to, or NULL */
    int *relu;                        /* (nodes) the relu that its op includes, or -1 */
    int *taken;                       /* (nodes) the cat whose buffer it is written into, or -1 */
    int *taken_at;                    /* (nodes) and the channel there */
    int *cat_buffer;                  /* (nodes) a cat's buffer once there is one, or -1 */
    int *unit;                        /* (nodes) the chain that it belongs to, or -1 */
    struct engine_view *real; /* (nodes) of codes: what they stand for, where an op reads that; .c 0 */
    struct draft_chain *chain; /* (nodes) of the last layer of each */
};

/* ---- place.c */

/* Which relus are fused, and which cats' inputs are written where the cat has them. */
void place_find(struct draft *d);
/* The node under whose name the op of `node` is seen. */
int place_shown(const struct draft *d, int node);
void place_use(struct draft *d, int buffer, int op);
/* The next op, with what every kind has; the caller adds its parameters, which are copied behind the others'.
 */
struct engine_op *place_op(struct draft *d, int node, enum engine_kind kind);
/* The same of one that reads the nodes of `input`. */
struct engine_op *place_op_of(struct draft *d, int node, enum engine_kind kind, const int *input, int inputs);
/* The sentence of a failure begins with the op. */
MUST_USE status place_named(const struct engine_op *op, status s);
MUST_USE status place_parameters(struct draft *d, struct engine_op *op, const void *parameters, size_t bytes);
/* Where values are quantized a relu6 clamps if the checkpoint says so. */
enum engine_relu place_relu(const struct model_binding *b, int node);
enum engine_relu place_fused_relu(const struct draft *d, int node);
/* The ends of a node's real values. */
float place_low(const struct draft *d, int node);
float place_high(const struct draft *d, int node);
/* Of a low-bit network: does the op take what the codes that it reads stand for? */
int place_reads_real(const struct model_binding *b, int node);
/* An op of its own that writes what a node's codes stand for. ERR_MEMORY. */
MUST_USE status place_dequantized(struct draft *d, int node, struct engine_view out);
/* The op just placed needs so much scratch; its parameters are packed later, as the node's. */
void place_scratch(struct draft *d, size_t bytes);
void place_job(struct draft *d, int node, enum engine_kind kind);
/* The next op, which writes codes of a node's real values, into a map of its own. */
struct engine_op *place_codes(struct draft *d, int node, enum engine_kind kind);
/* As place_dequantized, into a map of its own, once: d->real. */
MUST_USE status place_real(struct draft *d, int node);
/* Of everything that has windows. */
struct kernel_conv place_geometry(const struct model_node *n, const struct engine_op *op, int groups);
/* Has it codes, not real values? */
int place_is_coded(const struct draft *d, int node);
/* Of a node's codes, and of those of its input j; zeros where there are none. */
struct quant_params place_q(const struct draft *d, int node);
struct quant_params place_q_of_input(const struct draft *d, int node, int j);

/* What real values are rounded to. */
struct kernel_round place_round(struct quant_params q);

/* Does a layer whose input has `ic` channels imitate fbgemm's saturating pairs? */
int place_saturates(const struct draft *d, const struct model_node *n, int ic);

/* ---- unit.c */

/* Which nodes are units: d->unit. ERR_MEMORY. */
MUST_USE status unit_find(struct draft *d);
/* A node of a unit: the last one becomes the op, the others have no maps. ERR_RANGE, ERR_MEMORY. */
MUST_USE status unit_plan(struct draft *d, int node);

/* ---- cat.c */

MUST_USE status cat_plan(struct draft *d, int node);

/* ---- lowbit.c */

/* The op of a node where a low-bit network's is not what codes have; *is: it was. ERR_MEMORY. */
MUST_USE status lowbit_node(struct draft *d, int node, int *is);

/* ---- parts.c */

/* Of a low-bit network's layer that reads codes of several PACTs. ERR_MEMORY. */
MUST_USE status parts_plan(struct draft *d, int node);

/* ---- draft.c */

/* Everything of a plan but its weights. ERR_MISMATCH, ERR_RANGE, ERR_MEMORY; free it in any case. */
MUST_USE status draft_make(const struct model_binding *b, const struct engine_options *options,
                           const struct kernel_table *k, struct draft *out);
void draft_free(struct draft *d);

#endif
