/* src/phase/shared.c: one precision of one network on all ranks. The first rank of a node reads and packs its
 * weights; the others take the plan that lies in the node's shared memory. */
#include "probe.h"
#include "run.h"

#include <string.h>

/* The values of the head, whose extents every rank knows: this rank's own copy. */
static status share_head(const struct run *r, const struct comm *node, struct model_head *h)
{
    size_t classes = (size_t)h->classes, channels = (size_t)h->channels, hidden = (size_t)h->hidden;
    size_t counts[] = { classes * (hidden ? hidden : channels), classes, hidden * channels, hidden };
    float **parts[] = { &h->weight, &h->bias, &h->first_weight, &h->first_bias };
    status mine = OK;

    for (size_t k = 0; k < COUNT_OF(counts) && node->rank > 0; k++) {
        *parts[k] = counts[k] > 0 ? mem_alloc(counts[k], sizeof(float)) : NULL;
        if (counts[k] > 0 && !*parts[k])
            mine = FAIL(ERR_MEMORY, "no memory for %zu values of a classifier", counts[k]);
    }
    TRY(comm_agree(r->c, mine));
    for (size_t k = 0; k < COUNT_OF(counts); k++)
        comm_broadcast(node, *parts[k], counts[k] * sizeof(float));
    return OK;
}

/* What a rank that reads no checkpoint learns of it. decided: the length of r->decided before this
 * checkpoint, for its lines. */
static status share_facts(struct run *r, int i, int p, size_t decided)
{
    struct run_network *net = &r->network[i];
    struct model_head *head = &net->head[p];
    size_t length = r->decided.size - decided;
    const struct {
        void *at;
        size_t bytes;
    } facts[] = { { r->file_hash[i * RUN_FILES + 1 + p], HASH_SIZE },
                  { &net->file_bytes[p], sizeof net->file_bytes[p] },
                  { &net->parameters[p], sizeof net->parameters[p] },
                  { &net->macs[p], sizeof net->macs[p] },
                  { &r->precision[p], sizeof r->precision[p] },
                  { &head->classes, sizeof head->classes }, /* 0: there is none */
                  { &head->channels, sizeof head->channels },
                  { &head->hidden, sizeof head->hidden },
                  { &length, sizeof length } };
    struct comm node;
    char *lines;
    status mine = OK;

    comm_node(r->c, &node);
    for (size_t k = 0; k < COUNT_OF(facts); k++)
        comm_broadcast(&node, facts[k].at, facts[k].bytes);
    MEM_TRY(lines, length + 1, 1);
    if (node.rank == 0 && length > 0)
        memcpy(lines, r->decided.data + decided, length);
    comm_broadcast(&node, lines, length);
    if (node.rank > 0 && length > 0)
        mine = text_add(&r->decided, "%s", lines);
    mem_free(lines);
    TRY(comm_agree(r->c, mine));
    return share_head(r, &node, head);
}

static status share_plan(const struct run *r, const struct model_binding *b,
                         const struct engine_options *options, struct engine *e, struct comm_block *block)
{
    int reads = shared_reads(r);
    size_t bytes = 0;

    TRY(comm_agree(r->c, reads ? engine_plan_bytes(b, options, r->kernels, &bytes) : OK));
    TRY(comm_agree(r->c, comm_block_make(r->c, bytes, block)));
    TRY(comm_agree(r->c, reads ? engine_plan_into(b, options, r->kernels, block->at, &e->plan) : OK));
    comm_block_publish(r->c, block);
    return comm_agree(r->c, reads ? OK : engine_plan_take(block->at, r->kernels, &e->plan));
}

status shared_plan(struct run *r, int i, int p, const struct model_binding *b,
                   const struct engine_options *options, size_t decided)
{
    struct engine *e = &r->network[i].engine[p];

    TRY(share_plan(r, b, options, e, &r->network[i].block[p]));
    TRY(share_facts(r, i, p, decided));
    return comm_agree(r->c, engine_state_make(e->plan, &e->state));
}

status shared_random(struct run *r, int i, int p, const struct model_binding *b,
                     const struct engine_options *options)
{
    const struct model_head *head = &r->network[i].head[p];
    struct run_random *random = &r->network[i].random[p];
    struct comm node;

    TRY(share_plan(r, b, options, &random->engine, &random->block));
    TRY(comm_agree(r->c, engine_state_make(random->engine.plan, &random->engine.state)));
    if (head->classes == 0)
        return OK;
    TRY(comm_agree(r->c, shared_reads(r) ? model_head_load(b, &random->head) : OK));
    comm_node(r->c, &node);
    random->head.classes = head->classes;
    random->head.channels = head->channels;
    random->head.hidden = head->hidden;
    return share_head(r, &node, &random->head);
}

status shared_gradient(struct run *r, struct gradient_path path, const struct model_binding *b,
                       struct gradient *g, struct comm_block *block)
{
    int reads = shared_reads(r);
    size_t bytes = 0;

    TRY(comm_agree(r->c, reads ? gradient_plan_bytes(b, path, r->kernels, &bytes) : OK));
    TRY(comm_agree(r->c, comm_block_make(r->c, bytes, block)));
    TRY(comm_agree(r->c, reads ? gradient_plan_into(b, path, r->kernels, block->at, &g->plan) : OK));
    comm_block_publish(r->c, block);
    TRY(comm_agree(r->c, reads ? OK : gradient_plan_take(block->at, r->kernels, &g->plan)));
    return comm_agree(r->c, gradient_state_make(g->plan, &g->state));
}

int shared_reads(const struct run *r)
{
    return r->c->node_rank == 0;
}

static size_t engine_bytes(const struct engine *e)
{
    struct engine_memory m = { 0 };

    if (e->plan)
        m = engine_memory_used(e->plan, e->state);
    return m.weights + m.arena + m.scratch;
}

static size_t gradient_bytes(const struct gradient *g)
{
    return g->plan ? gradient_plan_size(g->plan) + gradient_state_size(g->plan) : 0;
}

size_t shared_bytes(const struct run *r, int i, int p)
{
    const struct run_network *net = &r->network[i];

    return engine_bytes(&net->engine[p]) + gradient_bytes(&net->gradient[p]) +
           gradient_bytes(&net->by_input[p]) + engine_bytes(&net->random[p].engine) +
           gradient_bytes(&net->random[p].gradient);
}

void shared_free(struct run *r, int i, int p)
{
    struct run_random *random = &r->network[i].random[p];

    gradient_close(&r->network[i].gradient[p]);
    comm_block_free(&r->network[i].gradient_block[p]);
    gradient_close(&r->network[i].by_input[p]);
    comm_block_free(&r->network[i].by_input_block[p]);
    engine_close(&r->network[i].engine[p]);
    comm_block_free(&r->network[i].block[p]);
    model_head_free(&r->network[i].head[p]);
    gradient_close(&random->gradient);
    comm_block_free(&random->gradient_block);
    engine_close(&random->engine);
    comm_block_free(&random->block);
    model_head_free(&random->head);
}
