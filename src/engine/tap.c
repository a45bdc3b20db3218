/* src/engine/tap.c: running a plan, and what can be seen of it afterwards. */
#include <stdlib.h>
#include <string.h>

#include "delta.h"

static void round_values(const struct engine_rounding *r)
{
    const struct engine_view *v = &r->view;
    float inverse = quantize_inverse(r->q.scale), real[256];

    for (int i = r->q.low; i <= r->q.high; i++)
        real[i] = dequantize_value(i, r->q.scale, r->q.zero_point);
    for (int i = 0; i < v->h * v->w; i++) {
        float *x = (float *)v->data + (size_t)i * (size_t)v->pitch;

        for (int c = 0; c < v->c; c++)
            x[c] = real[quantize_value(x[c], inverse, r->q.zero_point, r->q.low, r->q.high)];
    }
}

/* The step that makes a node's values: its own; for a cat whose inputs are written in place the last of
 * theirs; for a fused relu its producer's. */
static int step_of(const struct engine *e, const struct engine_view *v)
{
    int last = -1;

    for (int i = 0; i < e->steps; i++) {
        const struct engine_view *out = &e->step[i].out;

        if (out->buffer != v->buffer)
            continue;
        if (out->first == v->first && out->c == v->c)
            return i;
        last = i;
    }
    return last;
}

void engine_round_node(struct engine *e, int node, struct quant_params q)
{
    BUG_IF(e->form != PRECISION_REAL || !e->options.keep);
    e->rounding = (struct engine_rounding){ .step = step_of(e, &e->node[node].view),
                                            .view = e->node[node].view,
                                            .q = q };
}

/* An engine that keeps its maps has its late steps at the first picture's place. */
static void run_step(const struct engine *e, int step)
{
    const struct engine_step *s = &e->step[step];

    if (e->delta && step == e->delta->batch)
        batch_carry(e, 0);
    s->run(e, s, run_whole(s));
}

static void run_all(struct engine *e)
{
    if (e->delta)
        e->delta->waiting = 0;
    for (int i = 0; i < e->steps; i++) {
        run_step(e, i);
        if (e->rounding.q.scale > 0 && e->rounding.step == i)
            round_values(&e->rounding);
    }
    run_logits(e, e->node[e->output].view.data, e->logits);
}

void engine_run(struct engine *e, const uint8_t *pixels)
{
    e->pixels = pixels;
    run_all(e);
    e->pixels = NULL;
}

void engine_run_real(struct engine *e, const float *real)
{
    e->real = real;
    run_all(e);
    e->real = NULL;
}

const char *engine_arithmetic_name(enum engine_arithmetic a)
{
    static const char *const names[] = { "auto", "fbgemm", "qnnpack" };

    return names[a];
}

int engine_classes(const struct engine *e)
{
    return e->classes;
}

const float *engine_logits(const struct engine *e)
{
    return e->logits;
}

struct engine_map engine_node_map(const struct engine *e, int node)
{
    const struct engine_node *n = &e->node[node];
    struct engine_map m = {
        .c = n->view.c, .h = n->view.h, .w = n->view.w, .pitch = n->view.pitch, .q = n->q
    };

    if (e->buffer[n->view.buffer].last < ENGINE_FOREVER)
        return m;
    if (e->form == PRECISION_REAL)
        m.real = n->view.data;
    else
        m.codes = n->view.data;
    return m;
}

struct engine_map engine_cam_map(const struct engine *e)
{
    return engine_node_map(e, e->cam);
}

void engine_map_copy_real(const struct engine_map *m, float *out)
{
    float real[256];

    for (int i = 0; m->codes && i < 256; i++)
        real[i] = dequantize_value(i, m->q.scale, m->q.zero_point);
    for (int i = 0; i < m->h * m->w; i++, out += m->c) {
        size_t from = (size_t)i * (size_t)m->pitch;

        if (m->real) {
            memcpy(out, m->real + from, (size_t)m->c * sizeof *out);
            continue;
        }
        for (int c = 0; c < m->c; c++)
            out[c] = real[m->codes[from + (size_t)c]];
    }
}

enum engine_arithmetic engine_arithmetic_used(const struct engine *e)
{
    return e->arithmetic;
}

enum precision_form engine_form(const struct engine *e)
{
    return e->form;
}

struct engine_memory engine_memory_used(const struct engine *e)
{
    return (struct engine_memory){ .weights = e->weight_bytes,
                                   .arena = e->arena_bytes,
                                   .scratch = e->scratch_bytes };
}

int engine_steps(const struct engine *e)
{
    return e->steps;
}

const char *engine_step_name(const struct engine *e, int step)
{
    return e->step[step].name;
}

uint64_t engine_step_macs(const struct engine *e, int step)
{
    return e->step[step].macs;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

status engine_profile(struct engine *e, const uint8_t *pixels, int repeats, double *median_s)
{
    double *times;

    BUG_IF(repeats < 1);
    MEM_TRY(times, (size_t)repeats * (size_t)e->steps, sizeof *times);
    e->pixels = pixels;
    for (int r = 0; r < repeats; r++) {
        double from = clock_s();

        for (int i = 0; i < e->steps; i++) {
            double to;

            run_step(e, i);
            to = clock_s();
            times[i * repeats + r] = to - from;
            from = to;
        }
    }
    e->pixels = NULL;
    for (int i = 0; i < e->steps; i++) {
        qsort(times + i * repeats, (size_t)repeats, sizeof *times, ascending);
        median_s[i] = times[i * repeats + repeats / 2];
    }
    mem_free(times);
    return OK;
}
