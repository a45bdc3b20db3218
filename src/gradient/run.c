/* src/gradient/run.c: the walk: each op's gradient to its inputs. */
#include <math.h>
#include <string.h>

#include "plan.h"

/* One step under way. */
struct walk {
    const struct gradient_plan *plan;
    struct gradient_state *state;
    const struct engine *engine;
    const struct gradient_step *step;
    float *g; /* by the node's output, masked, contiguous */
};

/* Values that the forward run shows: element (i, c) at [i * pitch + c]. */
struct seen {
    const float *at;
    size_t pitch;
};

static struct seen see(const struct walk *w, int node, float *room)
{
    struct engine_map m = engine_node_map(w->engine->plan, w->engine->state, node);

    BUG_IF(!m.real && !m.codes);
    if (m.real)
        return (struct seen){ m.real, (size_t)m.pitch };
    engine_map_copy_real(&m, room);
    return (struct seen){ room, (size_t)m.c };
}

static struct seen see_input(const struct walk *w, int j)
{
    return see(w, w->step->node.input[j], w->state->seen[j]);
}

static const struct gradient_value *value_of(const struct walk *w, int node)
{
    return &w->plan->value[node];
}

static const struct gradient_value *input_value(const struct walk *w, int j)
{
    return value_of(w, w->step->node.input[j]);
}

static int passes(const struct gradient_step *s, float value)
{
    return value > s->low && value < s->high;
}

/* ---- parts of an input's gradient ---------------------------------------------------------------------- */

/* Where input j's part is to be written, as a whole; finish adds it to what is there. */
static float *begin(const struct walk *w, int j)
{
    int node = w->step->node.input[j];

    return w->state->written[node] ? w->state->other : state_gradient(w->plan, w->state, node);
}

static void finish(const struct walk *w, int j)
{
    int node = w->step->node.input[j];
    float *sum = state_gradient(w->plan, w->state, node);
    size_t count = value_count(input_value(w, j));

    for (size_t i = 0; w->state->written[node] && i < count; i++)
        sum[i] += w->state->other[i];
    w->state->written[node] = 1;
}

static float *begin_zeros(const struct walk *w, int j)
{
    float *to = begin(w, j);

    return memset(to, 0, value_count(input_value(w, j)) * sizeof *to);
}

/* ---- ops ----------------------------------------------------------------------------------------------- */

static void walk_same(const struct walk *w)
{
    size_t bytes = value_count(input_value(w, 0)) * sizeof(float);

    for (int j = 0; j < w->step->node.inputs; j++) {
        if (!w->step->wanted[j])
            continue;
        memcpy(begin(w, j), w->g, bytes);
        finish(w, j);
    }
}

static void walk_less(const struct walk *w)
{
    size_t count = value_count(input_value(w, 0));

    for (int j = 0; j < w->step->node.inputs; j++) {
        float *to;

        if (!w->step->wanted[j])
            continue;
        to = begin(w, j);
        for (size_t i = 0; i < count; i++)
            to[i] = j ? -w->g[i] : w->g[i];
        finish(w, j);
    }
}

/* Of one live channel its row alone. */
static void walk_rows(const struct walk *w)
{
    const struct gradient_layer *l = &w->step->layer;
    const struct model_node *n = &w->step->node;
    const int first = w->state->live < 0 ? 0 : w->state->live, rows = w->state->live < 0 ? l->rows : 1;
    const uint8_t *weights = w->plan->weights + l->weights;
    const float *scale = (const float *)(const void *)(w->plan->weights + l->scales) + first;
    size_t skipped = (size_t)first * (size_t)l->columns;
    float *to = begin(w, 0), *g = w->g + first;

    for (int i = 0; i < n->h * n->w; i++, g += l->rows, to += l->columns) {
        for (int r = 0; l->codes && r < rows; r++)
            g[r] *= scale[r];
        if (l->codes)
            w->plan->kernels->rows_s8((const int8_t *)weights + skipped, rows, l->columns, g, to);
        else
            w->plan->kernels->rows_f32((const float *)(const void *)weights + skipped, rows, l->columns, g,
                                       to);
    }
    w->state->live = -1;
    finish(w, 0);
}

static void walk_turned(const struct walk *w)
{
    const struct gradient_layer *l = &w->step->layer;
    const struct kernel_table *k = w->plan->kernels;
    const struct kernel_rect whole = { .y1 = l->turned.oh, .x1 = l->turned.ow };
    const float *from = l->spread ? layer_spread(&w->step->node, &l->turned, w->g, w->state->spread) : w->g;
    const uint8_t *packed = w->plan->weights + l->weights;
    float *to = begin(w, 0);

    if (l->form == GRADIENT_DEPTHWISE)
        k->depthwise_f32(&l->turned, packed, from, to, whole, -INFINITY, INFINITY, w->state->scratch);
    for (int g = 0; l->form == GRADIENT_TURNED && g < l->groups; g++, packed += l->each)
        k->conv_f32(&l->turned, packed, from + g * l->turned.ic, to + g * l->turned.oc, whole, -INFINITY,
                    INFINITY, w->state->scratch);
    finish(w, 0);
}

static void walk_layer(const struct walk *w)
{
    if (w->step->layer.form == GRADIENT_ROWS)
        walk_rows(w);
    else
        walk_turned(w);
}

/* A batch normalisation, or a product with a constant. */
static void walk_scaled(const struct walk *w)
{
    const float *scale = (const float *)(const void *)(w->plan->weights + w->step->layer.weights);
    size_t count = value_count(input_value(w, 0)), channels = (size_t)w->step->node.c;
    float *to = begin(w, 0);

    for (size_t i = 0; i < count; i += channels)
        for (size_t c = 0; c < channels; c++)
            to[i + c] = w->g[i + c] * scale[c];
    finish(w, 0);
}

static void walk_layernorm(const struct walk *w)
{
    const float *scale = (const float *)(const void *)(w->plan->weights + w->step->layer.weights);
    const struct model_node *n = &w->step->node;
    struct seen x = see_input(w, 0);
    float *to = begin(w, 0), *g = w->g;

    for (int i = 0; i < n->h * n->w; i++, x.at += x.pitch, g += n->c, to += n->c)
        slope_layernorm(x.at, scale, g, n->c, (float)n->bn_eps, to);
    finish(w, 0);
}

static void walk_activation(const struct walk *w)
{
    const struct model_node *n = &w->step->node;
    struct seen x = see_input(w, 0);
    float *to = begin(w, 0);

    for (int i = 0; i < n->h * n->w; i++) {
        size_t at = (size_t)i * (size_t)n->c;

        slope_activation(n, w->plan->kernels, x.at + (size_t)i * x.pitch, w->state->seen[1], w->g + at, n->c,
                         to + at);
    }
    finish(w, 0);
}

/* The first maximum of a window: a later value must be above it. */
static void walk_maxpool(const struct walk *w)
{
    const struct model_node *n = &w->step->node;
    const struct gradient_value *in = input_value(w, 0);
    struct seen x = see_input(w, 0);
    float *to = begin_zeros(w, 0), *g = w->g;

    for (int y = 0; y < n->h; y++)
        for (int xo = 0; xo < n->w; xo++)
            for (int c = 0; c < n->c; c++, g++) {
                int best = -1;

                for (int ky = 0; ky < n->kh; ky++)
                    for (int kx = 0; kx < n->kw; kx++) {
                        int iy = y * n->stride - n->pad_y + ky, ix = xo * n->stride - n->pad_x + kx, at;

                        if (iy < 0 || iy >= in->h || ix < 0 || ix >= in->w)
                            continue;
                        at = iy * in->w + ix;
                        if (best < 0 ||
                            x.at[(size_t)at * x.pitch + (size_t)c] > x.at[(size_t)best * x.pitch + (size_t)c])
                            best = at;
                    }
                to[(size_t)best * (size_t)n->c + (size_t)c] += *g;
            }
    finish(w, 0);
}

static void walk_window_average(const struct walk *w)
{
    const struct model_node *n = &w->step->node;
    const struct gradient_value *in = input_value(w, 0);
    const struct kernel_conv window = { .ih = in->h,
                                        .iw = in->w,
                                        .ic = n->c,
                                        .oh = n->h,
                                        .ow = n->w,
                                        .oc = n->c,
                                        .kh = n->kh,
                                        .kw = n->kw,
                                        .stride = n->stride,
                                        .pad_y = n->pad_y,
                                        .pad_x = n->pad_x };

    slope_average(n, &window, w->g, begin_zeros(w, 0));
    finish(w, 0);
}

static void walk_average(const struct walk *w)
{
    const struct gradient_value *in = input_value(w, 0);
    const int first = w->state->live < 0 ? 0 : w->state->live, count = w->state->live < 0 ? in->c : 1;
    float *to = begin(w, 0) + first, taps = (float)(in->h * in->w);

    for (int c = 0; c < count; c++)
        to[c] = w->g[first + c] / taps;
    for (int i = 1; i < in->h * in->w; i++)
        memcpy(to + (size_t)i * (size_t)in->c, to, (size_t)count * sizeof *to);
    finish(w, 0);
}

/* By a map: g times the other. The row that all positions were multiplied with: the sum of that. */
static void multiply(const struct walk *w, int j, struct seen other, const struct gradient_value *by)
{
    const struct gradient_value *in = input_value(w, j);
    const struct model_node *n = &w->step->node;
    float *to = begin(w, j);

    if (in->h * in->w < n->h * n->w)
        slope_row(w->g, other.at, other.pitch, n->h * n->w, n->c, to);
    for (int i = 0; i < n->h * n->w && in->h * in->w == n->h * n->w; i++) {
        const float *row = other.at + (by->h * by->w == 1 ? 0 : (size_t)i * other.pitch);
        size_t at = (size_t)i * (size_t)n->c;

        for (int c = 0; c < n->c; c++)
            to[at + (size_t)c] = w->g[at + (size_t)c] * row[c];
    }
    finish(w, j);
}

static void walk_mul(const struct walk *w)
{
    struct seen a, b;

    if (w->step->node.inputs == 1) {
        walk_scaled(w);
        return;
    }
    a = see_input(w, 0);
    b = see_input(w, 1);
    if (w->step->wanted[0])
        multiply(w, 0, b, input_value(w, 1));
    if (w->step->wanted[1])
        multiply(w, 1, a, input_value(w, 0));
}

/* Input j has the cat's channels from `first` on. Its codes may have been made anew. */
static void cut(const struct walk *w, int j, int first)
{
    const struct gradient_value *in = input_value(w, j);
    const struct gradient_step *s = w->step;
    struct seen x = { 0 };
    float *to = begin(w, j);

    if (!s->moved[j])
        x = see(w, s->number, w->state->seen[0]);
    for (int i = 0; i < in->h * in->w; i++)
        for (int c = 0; c < in->c; c++, to++) {
            *to = w->g[(size_t)i * (size_t)s->node.c + (size_t)(first + c)];
            if (x.at) {
                float v = x.at[(size_t)i * x.pitch + (size_t)(first + c)];

                *to = passes(s, v) ? *to : 0.0f;
            }
        }
    finish(w, j);
}

static void walk_cat(const struct walk *w)
{
    for (int j = 0, first = 0; j < w->step->node.inputs; first += input_value(w, j)->c, j++)
        if (w->step->wanted[j])
            cut(w, j, first);
}

/* Channels of the input's positions, every stride-th of both sides, from and to: a slice's or a shortcut's.
 */
static void walk_slice(const struct walk *w)
{
    const struct model_node *n = &w->step->node;
    const struct gradient_value *in = input_value(w, 0);
    float *to = begin_zeros(w, 0);

    for (int i = 0; i < n->h * n->w; i++)
        memcpy(to + (size_t)i * (size_t)in->c + (size_t)n->begin, w->g + (size_t)i * (size_t)n->c,
               (size_t)n->c * sizeof *to);
    finish(w, 0);
}

static void walk_shortcut(const struct walk *w)
{
    const struct model_node *n = &w->step->node;
    const struct gradient_value *in = input_value(w, 0);
    float *to = begin_zeros(w, 0);

    for (int y = 0; y < n->h; y++)
        for (int x = 0; x < n->w; x++)
            memcpy(to + (size_t)(y * n->stride * in->w + x * n->stride) * (size_t)in->c,
                   w->g + (size_t)(y * n->w + x) * (size_t)n->c + (size_t)n->begin,
                   (size_t)in->c * sizeof *to);
    finish(w, 0);
}

/* What stands around the map goes; what was taken off it has none. */
static void walk_pad(const struct walk *w)
{
    const struct model_node *n = &w->step->node;
    const struct gradient_value *in = input_value(w, 0);
    int left = n->pad_x < 0 ? -n->pad_x : 0, right = in->w + (n->end_x < 0 ? n->end_x : 0);
    float *to = begin_zeros(w, 0);

    for (int y = 0; y < in->h; y++)
        if (y + n->pad_y >= 0 && y + n->pad_y < n->h)
            memcpy(to + ((size_t)y * (size_t)in->w + (size_t)left) * (size_t)in->c,
                   w->g + ((size_t)(y + n->pad_y) * (size_t)n->w + (size_t)(left + n->pad_x)) * (size_t)n->c,
                   (size_t)(right - left) * (size_t)in->c * sizeof *to);
    finish(w, 0);
}

static void walk_shuffle(const struct walk *w)
{
    const struct model_node *n = &w->step->node;
    int each = n->c / n->groups;
    float *to = begin(w, 0), *g = w->g;

    for (int i = 0; i < n->h * n->w; i++, to += n->c, g += n->c)
        for (int k = 0; k < each; k++)
            for (int j = 0; j < n->groups; j++)
                to[j * each + k] = g[k * n->groups + j];
    finish(w, 0);
}

/* ---- the walk ------------------------------------------------------------------------------------------ */

static void (*const rows[OP_COUNT])(const struct walk *w) = {
    [OP_CONV] = walk_layer,
    [OP_LINEAR] = walk_layer,
    [OP_BATCHNORM] = walk_scaled,
    [OP_LAYERNORM] = walk_layernorm,
    [OP_SCALE] = walk_scaled,
    [OP_RELU] = walk_same,
    [OP_RELU6] = walk_same,
    [OP_HARDSWISH] = walk_activation,
    [OP_HARDSIGMOID] = walk_activation,
    [OP_SILU] = walk_activation,
    [OP_SIGMOID] = walk_activation,
    [OP_TANH] = walk_activation,
    [OP_GELU] = walk_activation,
    [OP_MAXPOOL] = walk_maxpool,
    [OP_AVGPOOL2D] = walk_window_average,
    [OP_AVGPOOL] = walk_average,
    [OP_MEAN] = walk_average,
    [OP_ADD] = walk_same,
    [OP_SUB] = walk_less,
    [OP_MUL] = walk_mul,
    [OP_CAT] = walk_cat,
    [OP_SLICE] = walk_slice,
    [OP_SHORTCUT] = walk_shortcut,
    [OP_SHUFFLE] = walk_shuffle,
    [OP_CLIP] = walk_same,
    [OP_LEAKYRELU] = walk_activation,
    [OP_PAD] = walk_pad,
    [OP_QUANTIZE] = walk_same,
    [OP_DEQUANTIZE] = walk_same,
    [OP_DROPOUT] = walk_same,
};

/* Of the one live channel, whose values alone are looked at. */
static void mask_live(const struct walk *w)
{
    const struct gradient_step *s = w->step;
    struct engine_map m = engine_node_map(w->engine->plan, w->engine->state, s->shown);
    size_t live = (size_t)w->state->live;

    BUG_IF(!m.real && !m.codes);
    for (size_t i = 0; i < (size_t)m.h * (size_t)m.w; i++) {
        size_t at = i * (size_t)m.pitch + live;
        float v = m.real ? m.real[at] : dequantize_value(m.codes[at], m.q.scale, m.q.zero_point);
        float *g = &w->g[i * (size_t)s->node.c + live];

        *g = passes(s, v) ? *g : 0.0f;
    }
}

/* What relu and quantizer let through. A cat masks its parts one by one. */
static void mask(const struct walk *w)
{
    const struct gradient_step *s = w->step;
    struct seen x;

    if (!s->masked || s->node.op == OP_CAT)
        return;
    if (w->state->live >= 0) {
        mask_live(w);
        return;
    }
    x = see(w, s->shown, w->state->seen[0]);
    for (int i = 0; i < s->node.h * s->node.w; i++) {
        const float *v = x.at + (size_t)i * x.pitch;
        float *g = w->g + (size_t)i * (size_t)s->node.c;

        for (int c = 0; c < s->node.c; c++)
            g[c] = passes(s, v[c]) ? g[c] : 0.0f;
    }
}

/* Before an op that reads all channels. */
static void fill_others(const struct walk *w)
{
    const struct model_node *n = &w->step->node;
    const int takes_one =
        w->step->layer.form == GRADIENT_ROWS || model_is_global_pool(n->op) || model_is_relu(n->op);
    int live = w->state->live;

    if (live < 0 || takes_one)
        return;
    for (int i = 0; i < n->h * n->w; i++) {
        float *g = w->g + (size_t)i * (size_t)n->c, kept = g[live];

        memset(g, 0, (size_t)n->c * sizeof *g);
        g[live] = kept;
    }
    w->state->live = -1;
}

void gradient_run(const struct gradient_plan *plan, struct gradient_state *state, const struct engine *e,
                  int element)
{
    struct gradient_path path = plan->head->path;
    float *from = state_gradient(plan, state, path.from);
    size_t count = value_count(&plan->value[path.from]);

    BUG_IF(element < 0 || (size_t)element >= count);
    memset(state->written, 0, (size_t)plan->head->nodes);
    memset(from, 0, count * sizeof *from);
    from[element] = 1.0f;
    state->live = element % plan->value[path.from].c;
    for (int i = 0; i < plan->head->steps; i++) {
        struct walk w = { plan, state, e, &plan->step[i], state_gradient(plan, state, plan->step[i].shown) };

        fill_others(&w);
        mask(&w);
        rows[w.step->node.op](&w);
    }
}

const float *gradient_map(const struct gradient_plan *plan, const struct gradient_state *state)
{
    return state_gradient(plan, state, plan->head->path.to);
}
