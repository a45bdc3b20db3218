/* src/quant/share.c: one outcome for all ranks; engines whose plan the ranks of a host have in common. */
#include "quant_parts.h"

#include <string.h>

status quant_agree(const struct quant_pictures *p, status mine)
{
    return p->agree ? p->agree(p->self, mine) : mine;
}

static status take_block(const struct quant_pictures *p, size_t bytes, struct quant_block *out)
{
    if (p->share)
        return p->share(p->self, bytes, out);
    MEM_TRY(out->at, bytes, 1);
    return OK;
}

void quant_publish(const struct quant_pictures *p, const struct quant_engine *e)
{
    if (p->share)
        p->publish(p->self, &e->block);
}

static status open(const struct quant_pictures *p, const struct model_binding *b,
                   const struct engine_options *options, const struct kernel_table *k,
                   struct quant_engine *out)
{
    size_t bytes = 0;

    TRY(quant_agree(p, p->follows ? OK : engine_plan_bytes(b, options, k, &bytes)));
    TRY(quant_agree(p, take_block(p, bytes, &out->block)));
    TRY(quant_agree(p, p->follows ? OK : engine_plan_into(b, options, k, out->block.at, &out->plan)));
    quant_publish(p, out);
    TRY(quant_agree(p, p->follows ? engine_plan_take(out->block.at, k, &out->plan) : OK));
    return quant_agree(p, engine_state_make(out->plan, &out->state));
}

status quant_open(const struct quant_pictures *p, const struct model_binding *b,
                  const struct engine_options *options, const struct kernel_table *k,
                  struct quant_engine *out)
{
    status result;

    *out = (struct quant_engine){ .plan = NULL };
    result = open(p, b, options, k, out);
    if (result != OK)
        quant_close(p, out);
    return result;
}

int quant_step_of(const struct engine_plan *plan, const char *name)
{
    int step = 0;

    while (strcmp(engine_step_name(plan, step), name) != 0)
        BUG_IF(++step >= engine_steps(plan));
    return step;
}

void quant_close(const struct quant_pictures *p, struct quant_engine *e)
{
    engine_state_free(e->state);
    engine_plan_free(e->plan);
    if (!p->share)
        mem_free(e->block.at);
    else if (e->block.handle)
        p->release(p->self, &e->block);
    *e = (struct quant_engine){ .plan = NULL };
}
