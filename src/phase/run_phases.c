/* src/phase/run_phases.c: the phases between plan and finish, in order; a prediction runs them too. */
#include "run.h"

/* A signal between two phases; inside evaluate the loop looks itself. */
static status go_on(const struct run *r)
{
    return comm_agree(r->c, comm_signal_status());
}

status run_rows(struct run *r)
{
    run_enter(r, "evaluate");
    TRY(evaluate_images(r));
    run_note_memory(r);

    run_enter(r, "select");
    TRY(go_on(r));
    TRY(subset_select(r));

    run_enter(r, "explain");
    TRY(go_on(r));
    return explain_subsets(r);
}

status run_tables(struct run *r)
{
    run_enter(r, "average");
    TRY(go_on(r));
    TRY(average_activations(r));

    run_enter(r, "time");
    TRY(go_on(r));
    TRY(time_networks(r));

    run_enter(r, "reduce");
    TRY(go_on(r));
    plan_end_inference(r);
    TRY(reduce_summary(r));
    return pictures_write(r);
}
