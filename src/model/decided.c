/* src/model/decided.c: what binding chose where a checkpoint leaves a choice, in words. */
#include "model_parts.h"

static status add_names(const struct model_binding *b, struct text *out)
{
    const struct tensor_table *w = b->weights;

    if (w->other_states)
        TRY(text_add(out, "state dict %s is read, beside it lie %s\n",
                     w->state ? w->state : "(the file itself)", w->other_states));
    if (b->prefix[0])
        TRY(text_add(out, "the prefix %s is taken off all names\n", b->prefix));
    if (b->ignored > 0)
        TRY(text_add(out, "tensors left out by the description's lines `ignore`: %d\n", b->ignored));
    if (b->unused > 0)
        TRY(text_add(out, "tensors that the network does not use, as unused = allow permits: %d\n",
                     b->unused));
    return OK;
}

static status add_relu6(const struct model_binding *b, struct text *out)
{
    const char *does = b->relu6_clamps ? "clamps at 6" : "runs as relu";

    if (b->how.relu6)
        return text_add(out, "relu6 %s, as relu6 = %s says\n", does, model_relu6_name(b->how.relu6));
    if (table_note(b->weights, "quantcam.relu6"))
        return text_add(out, "relu6 %s, as the checkpoint notes\n", does);
    return text_add(out,
                    "relu6 %s, as torch's own files want it; if the network was exported with a clamp, say "
                    "relu6 = clamp\n",
                    does);
}

status model_decided(const struct model_binding *b, struct text *out)
{
    TRY(add_names(b, out));
    if (b->folded)
        TRY(text_add(out, "batch normalisations are folded into the weights already\n"));
    if (b->precision == MODEL_INT8 && model_has_relu6(b->model))
        TRY(add_relu6(b, out));
    return OK;
}
