/* src/quant/sensitivity.c: what each layer costs: alone quantized, and all but it. */
#include "quant_parts.h"

/* Each line in turn becomes what the others are not, and then as they are again. */
static status one_by_one(struct quant_trial *t, int alone, struct quant_line *line)
{
    for (int i = 0; i < t->lines; i++) {
        int bits = quant_trial_bits(t, i);

        TRY(quant_trial_set(t, i, alone ? bits : 0));
        TRY(quant_trial_run(t, i, alone ? &line[i].alone : &line[i].others));
        TRY(quant_trial_set(t, i, alone ? 0 : bits));
    }
    return OK;
}

status quant_sensitivity(struct quant_work *w, struct quant_result *out)
{
    struct quant_trial t;
    status result = OK;

    TRY_OUT(quant_trial_open(w, out->line, out->lines, &t));
    out->trials = t.pictures;
    TRY_OUT(one_by_one(&t, 1, out->line));
    for (int i = 0; i < t.lines; i++)
        TRY_OUT(quant_trial_set(&t, i, quant_trial_bits(&t, i)));
    result = one_by_one(&t, 0, out->line);
out:
    quant_trial_close(&t);
    return result;
}
