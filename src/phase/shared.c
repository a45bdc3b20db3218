/* src/phase/shared.c: one precision of one network on all ranks. The first rank of a node reads and packs its
 * weights; the others take the plan that lies in the node's shared memory. */
#include "run.h"

#include <string.h>

/* What a rank that reads no checkpoint learns of it. */
struct facts {
    uint8_t hash[HASH_SIZE];
    uint64_t file_bytes, parameters, macs, decided;
    struct store_precision precision;
    int classes, channels, hidden; /* of the head; 0: there is none */
};

static struct facts facts_of(const struct run *r, int i, int p, size_t decided)
{
    const struct run_network *net = &r->network[i];
    struct facts f = { .file_bytes = net->file_bytes[p],
                       .parameters = net->parameters[p],
                       .macs = net->macs[p],
                       .decided = decided,
                       .precision = r->precision[p],
                       .classes = net->head[p].classes,
                       .channels = net->head[p].channels,
                       .hidden = net->head[p].hidden };

    memcpy(f.hash, r->file_hash[i * RUN_FILES + 1 + p], HASH_SIZE);
    return f;
}

static void keep_facts(struct run *r, int i, int p, const struct facts *f)
{
    struct run_network *net = &r->network[i];

    memcpy(r->file_hash[i * RUN_FILES + 1 + p], f->hash, HASH_SIZE);
    net->file_bytes[p] = f->file_bytes;
    net->parameters[p] = f->parameters;
    net->macs[p] = f->macs;
    r->precision[p] = f->precision;
    net->head[p].classes = f->classes;
    net->head[p].channels = f->channels;
    net->head[p].hidden = f->hidden;
}

/* The rest of the head: this rank's own copy. */
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

/* decided: the length of r->decided before this checkpoint, for its lines. */
static status share_facts(struct run *r, int i, int p, size_t decided)
{
    struct facts f = facts_of(r, i, p, r->decided.size - decided);
    struct comm node;
    char *lines;
    status mine = OK;

    comm_node(r->c, &node);
    comm_broadcast(&node, &f, sizeof f);
    keep_facts(r, i, p, &f);
    MEM_TRY(lines, (size_t)f.decided + 1, 1);
    if (node.rank == 0 && f.decided > 0)
        memcpy(lines, r->decided.data + decided, (size_t)f.decided);
    comm_broadcast(&node, lines, (size_t)f.decided);
    if (node.rank > 0 && f.decided > 0)
        mine = text_add(&r->decided, "%s", lines);
    mem_free(lines);
    TRY(comm_agree(r->c, mine));
    return share_head(r, &node, &r->network[i].head[p]);
}

status shared_plan(struct run *r, int i, int p, const struct model_binding *b,
                   const struct engine_options *options, size_t decided)
{
    struct engine *e = &r->network[i].engine[p];
    struct comm_block *block = &r->network[i].block[p];
    int reads = shared_reads(r);
    size_t bytes = 0;

    TRY(comm_agree(r->c, reads ? engine_plan_bytes(b, options, r->kernels, &bytes) : OK));
    TRY(comm_agree(r->c, comm_block_make(r->c, bytes, block)));
    TRY(comm_agree(r->c, reads ? engine_plan_into(b, options, r->kernels, block->at, &e->plan) : OK));
    comm_block_publish(r->c, block);
    TRY(comm_agree(r->c, reads ? OK : engine_plan_take(block->at, r->kernels, &e->plan)));
    TRY(share_facts(r, i, p, decided));
    return comm_agree(r->c, engine_state_make(e->plan, &e->state));
}

int shared_reads(const struct run *r)
{
    return r->c->node_rank == 0;
}

void shared_free(struct run *r, int i, int p)
{
    engine_close(&r->network[i].engine[p]);
    comm_block_free(&r->network[i].block[p]);
    model_head_free(&r->network[i].head[p]);
}
