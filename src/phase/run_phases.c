/* src/phase/run_phases.c: the table of phases; a prediction runs them too. */
#include "local.h"

/* On rank 0; whatever computes is let go first, so that columns have its room. */
static status reduce(struct run *r)
{
    status mine = OK;

    plan_end_inference(r);
    if (r->c->rank == 0)
        mine = reduce_tables(r);
    if (r->c->rank == 0 && mine == OK)
        mine = pictures_draw(r);
    return comm_agree(r->c, mine);
}

const struct run_phase run_phase[RUN_PHASES] = {
    [RUN_PLAN] = { "plan", NULL },
    [RUN_EVALUATE] = { "evaluate", evaluate_images },
    [RUN_SELECT] = { "select", subset_select },
    [RUN_EXPLAIN] = { "explain", explain_subsets },
    [RUN_AVERAGE] = { "average", average_activations },
    [RUN_SENSITIVITY] = { "sensitivity", sensitivity_networks },
    [RUN_TIME] = { "time", time_networks },
    [RUN_REDUCE] = { "reduce", reduce },
    [RUN_FINISH] = { "finish", NULL },
};

/* Inside evaluate, which begins, the loop looks for signals itself. */
status run_phases(struct run *r, int first, int last)
{
    for (int k = first; k <= last; k++) {
        run_enter(r, run_phase[k].name);
        if (k != RUN_EVALUATE)
            TRY(comm_agree(r->c, comm_signal_status()));
        TRY(run_phase[k].run(r));
    }
    return OK;
}
