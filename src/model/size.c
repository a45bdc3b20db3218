/* src/model/size.c: a description for pictures of another size. */
#include "model_parts.h"

/* Shapes behind the input, anew; no linear layer may come to have other weights. */
static status infer_again(struct model *m, int side)
{
    for (int i = 1; i < m->nodes; i++) {
        struct model_node *n = &m->node[i];
        const struct model_node *in = &m->node[n->input[0]];

        if (n->op == OP_LINEAR && in->h * in->w > 1)
            return FAIL(ERR_USAGE,
                        "network %s: %s reads a whole map: its weights are of %dx%d pictures alone, not of "
                        "%dx%d",
                        m->name, n->name, m->input.height, m->input.width, side, side);
        TRY(model_infer_shape(m, n));
    }
    return model_check_whole(m);
}

status model_choose_size(struct model *m, int side)
{
    struct model_input *in = &m->input;

    if (side == 0 || (side == in->height && side == in->width))
        return OK;
    if (in->height != in->width)
        return FAIL(ERR_USAGE, "network %s takes pictures of %dx%d: only square ones can have another size",
                    m->name, in->height, in->width);
    m->node[0].h = m->node[0].w = side;
    TRY(infer_again(m, side));
    in->resize = (2 * in->resize * side + in->height) / (2 * in->height);
    in->height = in->width = side;
    return OK;
}
