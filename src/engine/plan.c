/* src/engine/plan.c: plans as blocks: made, laid into memory that the caller has, or taken as another process
 * made them. */
#include <string.h>

#include "draft.h"

/* Takes room for `bytes` in the block. */
static size_t section(struct engine_head *h, size_t bytes)
{
    size_t at = h->bytes;

    h->bytes = plan_lanes(at + bytes);
    return at;
}

static void set_sections(struct draft *d)
{
    struct engine_head *h = &d->head;
    size_t buffers = (size_t)h->buffers, each = sizeof *d->layout.buffer;

    h->bytes = 0;
    section(h, sizeof *h);
    h->op = section(h, (size_t)h->ops * sizeof *d->op);
    h->node = section(h, (size_t)h->nodes * sizeof *d->node);
    h->buffer = section(h, buffers * each);
    h->kept_buffer = section(h, buffers * each);
    h->late_buffer = section(h, buffers * each);
    h->use = section(h, buffers);
    h->mask = section(h, buffers * sizeof *d->layout.mask);
    h->parameters = section(h, d->used);
    h->weights = section(h, h->weight_bytes);
}

static struct engine_plan handle(const uint8_t *block, const struct kernel_table *k)
{
    const struct engine_head *h = (const void *)block;

    return (struct engine_plan){ .kernels = k,
                                 .reference = kernel_select("ref"),
                                 .head = h,
                                 .op = (const void *)(block + h->op),
                                 .node = (const void *)(block + h->node),
                                 .buffer = (const void *)(block + h->buffer),
                                 .kept = (const void *)(block + h->kept_buffer),
                                 .late = (const void *)(block + h->late_buffer),
                                 .use = block + h->use,
                                 .mask = (const void *)(block + h->mask),
                                 .parameters = block + h->parameters,
                                 .weights = block + h->weights };
}

/* Everything but the weights. */
static void copy_draft(const struct draft *d, uint8_t *block)
{
    const struct engine_head *h = &d->head;
    size_t each = sizeof *d->layout.buffer, buffers = (size_t)h->buffers * each;

    memcpy(block, h, sizeof *h);
    memcpy(block + h->op, d->op, (size_t)h->ops * sizeof *d->op);
    memcpy(block + h->node, d->node, (size_t)h->nodes * sizeof *d->node);
    memcpy(block + h->buffer, d->layout.buffer, buffers);
    memcpy(block + h->kept_buffer, d->layout.kept, buffers);
    memcpy(block + h->late_buffer, d->layout.late, buffers);
    memcpy(block + h->use, d->layout.use, (size_t)h->buffers);
    memcpy(block + h->mask, d->layout.mask, (size_t)h->buffers * sizeof *d->layout.mask);
    memcpy(block + h->parameters, d->parameters, d->used);
}

static status pack_all(const struct draft *d, const struct engine_plan *plan, uint8_t *block)
{
    for (int i = 0; i < d->jobs; i++) {
        const struct pack_job *job = &d->job[i];
        void *parameters = block + d->head.parameters + d->op[job->op].parameters;
        struct quant_params q;

        if (d->b->lowbit && (job->kind == KIND_CONV || job->kind == KIND_DEPTHWISE))
            TRY(lowbit_pack_layer(plan, d->b, job, parameters, block + d->head.weights));
        else if (job->kind == KIND_LOWBIT_REAL)
            TRY(lowbit_pack_real(plan, d->b, job->node, parameters, block + d->head.weights));
        else if (job->kind == KIND_LOWBIT_PACT)
            lowbit_pack_pact(parameters, block + d->head.weights);
        else if (job->kind == KIND_LOWBIT_CODES)
            TRY(parts_pack_codes(d->b, job->node, parameters, block + d->head.weights));
        else if (job->kind == KIND_LOWBIT_PARTS)
            TRY(parts_pack(plan, d->b, job->node, parameters, block + d->head.weights));
        else if (job->kind == KIND_LOWBIT_HEAD)
            TRY(lowbit_pack_head(d->b, job->node, parameters, block + d->head.weights));
        else if (job->kind == KIND_AFFINE)
            TRY(pack_affine(plan, d->b, job, parameters, block + d->head.weights));
        else if (job->kind == KIND_ADD || job->kind == KIND_MUL)
            TRY(model_constant_load(d->b, job->node, block + d->head.weights + job->constant, &q));
        else if (job->kind == KIND_UNIT)
            TRY(pack_unit(plan, d->b, job, parameters, block + d->head.weights));
        else
            TRY(pack_layer(plan, d->b, job, parameters, block + d->head.weights));
        table_rest(d->b->weights);
    }
    return OK;
}

static status lay_into(struct draft *d, const struct kernel_table *k, uint8_t *block,
                       struct engine_plan **out)
{
    struct engine_plan *plan;
    status result;

    MEM_TRY(plan, 1, sizeof *plan);
    copy_draft(d, block);
    *plan = handle(block, k);
    result = pack_all(d, plan, block);
    if (result == OK)
        *out = plan;
    else
        mem_free(plan);
    return result;
}

status engine_plan_bytes(const struct model_binding *b, const struct engine_options *options,
                         const struct kernel_table *k, size_t *bytes)
{
    struct draft d;
    status result = draft_make(b, options, k, &d);

    if (result == OK)
        set_sections(&d);
    *bytes = d.head.bytes;
    draft_free(&d);
    return result;
}

status engine_plan_into(const struct model_binding *b, const struct engine_options *options,
                        const struct kernel_table *k, void *block, struct engine_plan **out)
{
    struct draft d;
    status result = draft_make(b, options, k, &d);

    *out = NULL;
    if (result == OK) {
        set_sections(&d);
        result = lay_into(&d, k, block, out);
    }
    draft_free(&d);
    return result;
}

status engine_plan_make(const struct model_binding *b, const struct engine_options *options,
                        const struct kernel_table *k, struct engine_plan **out)
{
    size_t bytes;
    void *block;
    status result;

    *out = NULL;
    TRY(engine_plan_bytes(b, options, k, &bytes));
    MEM_TRY(block, bytes, 1);
    result = engine_plan_into(b, options, k, block, out);
    if (result == OK)
        (*out)->owned = block;
    else
        mem_free(block);
    return result;
}

status engine_plan_take(const void *block, const struct kernel_table *k, struct engine_plan **out)
{
    const struct engine_head *h = block;

    *out = NULL;
    if (strcmp(h->isa, k->isa) != 0)
        return FAIL(ERR_MISMATCH, "a plan for the instruction set %s cannot run on %s", h->isa, k->isa);
    MEM_TRY(*out, 1, sizeof **out);
    **out = handle(block, k);
    return OK;
}

void engine_plan_free(struct engine_plan *plan)
{
    if (!plan)
        return;
    mem_free(plan->owned);
    mem_free(plan);
}
