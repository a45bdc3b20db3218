/* src/quant/equalize.c: cross-layer equalization (Nagel et al. 2019, section 4.1).
 *
 * Where one layer alone reads another's output, channel i may be made s times smaller there and its weights
 * here s times larger: relu, maximum and average let a positive factor through. s = sqrt(r1 / r2) gives the
 * channel the same largest weight, sqrt(r1 r2), on both sides; sweeps are repeated because most layers stand
 * in two pairs.
 *
 * relu6 lets a factor through only below 6. A channel is scaled there only if no picture drives it above 6,
 * and at most so far that its largest value becomes 6: on the calibration pictures the fp32 network stays
 * what it was but for rounding. A channel that does reach 6 is left alone. Nothing is scaled across the CAM
 * layer: a map weighs its channels by their size.
 */
#include "quant_parts.h"

#include <math.h>
#include <string.h>

enum { SWEEPS = 20 };
static const float smallest = 1e-8f;

struct pair {
    int a, b;    /* layers */
    int clamped; /* relu6 between them */
};

/* The layer that alone reads node i's output, through what lets a factor pass; -1 = there is none. */
static int reader(const struct quant_work *w, int node, int *clamped)
{
    int cam = w->source->cam;

    *clamped = 0;
    while (node != cam && w->only[node] >= 0) {
        const struct model_node *next;

        node = w->only[node];
        next = &w->model.node[node];
        if (model_has_weights(next))
            return node;
        *clamped |= next->op == OP_RELU6;
        if (!model_is_relu(next->op) && !model_is_global_pool(next->op) && next->op != OP_MAXPOOL &&
            next->op != OP_AVGPOOL2D && next->op != OP_DROPOUT)
            return -1;
    }
    return -1;
}

/* The weights of a layer that read one channel of its input: in the rows first .. end-1 (row weights each)
 * number at, at + step, ... below `until`. */
struct readers {
    float *weights;
    size_t first, end, row, at, until, step;
};

static struct readers readers_of(struct quant_work *w, int b, int channel)
{
    const struct model_node *n = &w->model.node[b];
    size_t groups = n->op == OP_CONV ? (size_t)n->groups : 1;
    size_t ic = (size_t)w->model.node[n->input[0]].c / groups, oc = (size_t)n->c / groups;
    size_t group = (size_t)channel / ic, row = quant_row(w, b), each = row / ic;
    struct readers r = { .weights = quant_weights(w, b),
                         .first = group * oc,
                         .end = (group + 1) * oc,
                         .row = row,
                         .at = (size_t)channel % ic,
                         .until = row,
                         .step = ic };

    if (n->op == OP_LINEAR) { /* channel by channel */
        r.at *= each;
        r.until = r.at + each;
        r.step = 1;
    }
    return r;
}

static float largest_reader(struct quant_work *w, int b, int channel)
{
    struct readers r = readers_of(w, b, channel);
    float most = 0;

    for (size_t o = r.first; o < r.end; o++)
        for (size_t i = r.at; i < r.until; i += r.step)
            most = fmaxf(most, fabsf(r.weights[o * r.row + i]));
    return most;
}

static void scale_reader(struct quant_work *w, int b, int channel, float s)
{
    struct readers r = readers_of(w, b, channel);

    for (size_t o = r.first; o < r.end; o++)
        for (size_t i = r.at; i < r.until; i += r.step)
            r.weights[o * r.row + i] *= s;
}

static void scale_writer(struct quant_work *w, int a, int channel, float s)
{
    size_t row = quant_row(w, a), at = w->first[a] + (size_t)channel;
    float *weights = quant_weights(w, a) + (size_t)channel * row;

    for (size_t i = 0; i < row; i++)
        weights[i] /= s;
    quant_bias(w, a)[channel] /= s;
    w->low[at] /= s;
    w->high[at] /= s;
}

static float factor(struct quant_work *w, const struct pair *p, int channel)
{
    size_t row = quant_row(w, p->a);
    const float *weights = quant_weights(w, p->a) + (size_t)channel * row;
    float mine = 0, theirs = largest_reader(w, p->b, channel), s,
          most = w->high[w->first[p->a] + (size_t)channel];

    for (size_t i = 0; i < row; i++)
        mine = fmaxf(mine, fabsf(weights[i]));
    if (mine < smallest || theirs < smallest)
        return 1;
    s = sqrtf(mine / theirs);
    if (p->clamped && most > 6)
        return 1;
    return p->clamped && most > 6 * s ? most / 6 : s;
}

static float equalize_pair(struct quant_work *w, const struct pair *p)
{
    float change = 0;

    for (int c = 0; c < w->model.node[p->a].c; c++) {
        float s = factor(w, p, c);

        if (s == 1)
            continue;
        scale_writer(w, p->a, c, s);
        scale_reader(w, p->b, c, s);
        change = fmaxf(change, fabsf(s - 1));
    }
    return change;
}

status quant_equalize(struct quant_work *w, int *pairs)
{
    struct pair *pair;
    float change = 1;

    *pairs = 0;
    MEM_TRY(pair, (size_t)w->nodes, sizeof *pair);
    for (int i = 0; i < w->nodes; i++) {
        struct pair p = { .a = i };

        if (!model_has_weights(&w->model.node[i]))
            continue;
        p.b = reader(w, i, &p.clamped);
        if (p.b >= 0)
            pair[(*pairs)++] = p;
    }
    for (int sweep = 0; sweep < SWEEPS && change > 0.01f; sweep++) {
        change = 0;
        for (int i = 0; i < *pairs; i++)
            change = fmaxf(change, equalize_pair(w, &pair[i]));
    }
    mem_free(pair);
    return OK;
}
