/* src/engine/engine.c: running a plan, and what can be seen of it afterwards. */
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* ---- whole runs ---------------------------------------------------------------------------------------- */

/* A state that keeps its maps has its late ops at the first picture's place. */
static void run_next(struct engine_pass *pass, const struct engine_state *s, int op)
{
    const struct engine_plan *plan = pass->plan;

    if (s->delta && op == plan->head->kept.batch) {
        batch_carry(plan, s, 0);
        *pass = state_late_pass(plan, s, 0);
    }
    run_op(pass, &plan->op[op], run_whole(&plan->op[op]));
}

static void run_all(struct engine_pass pass, struct engine_state *s)
{
    const struct engine_plan *plan = pass.plan;

    if (s->delta)
        s->delta->waiting = 0;
    for (int i = 0; i < plan->head->ops; i++)
        run_next(&pass, s, i);
    run_logits(plan, pass_at(&pass, &plan->node[plan->head->output].view), s->logits);
}

void engine_run(const struct engine_plan *plan, struct engine_state *state, const uint8_t *pixels)
{
    struct engine_pass pass = state_pass(plan, state);

    pass.pixels = pixels;
    run_all(pass, state);
}

void engine_run_real(const struct engine_plan *plan, struct engine_state *state, const float *real)
{
    struct engine_pass pass = state_pass(plan, state);

    pass.real = real;
    run_all(pass, state);
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

status engine_profile(const struct engine_plan *plan, struct engine_state *state, const uint8_t *pixels,
                      int repeats, double *median_s)
{
    int ops = plan->head->ops;
    double *times;

    BUG_IF(repeats < 1);
    MEM_TRY(times, (size_t)repeats * (size_t)ops, sizeof *times);
    for (int r = 0; r < repeats; r++) {
        struct engine_pass pass = state_pass(plan, state);
        double from = clock_s();

        pass.pixels = pixels;
        for (int i = 0; i < ops; i++) {
            double to;

            run_next(&pass, state, i);
            to = clock_s();
            times[i * repeats + r] = to - from;
            from = to;
        }
    }
    for (int i = 0; i < ops; i++) {
        qsort(times + i * repeats, (size_t)repeats, sizeof *times, ascending);
        median_s[i] = times[i * repeats + repeats / 2];
    }
    mem_free(times);
    return OK;
}

/* ---- what can be seen ---------------------------------------------------------------------------------- */

int engine_classes(const struct engine_plan *plan)
{
    return plan->head->classes;
}

enum engine_arithmetic engine_arithmetic_used(const struct engine_plan *plan)
{
    return plan->head->arithmetic;
}

enum precision_form engine_form(const struct engine_plan *plan)
{
    return plan->head->form;
}

struct engine_memory engine_memory_used(const struct engine_plan *plan, const struct engine_state *state)
{
    return (struct engine_memory){ .weights = plan->head->bytes,
                                   .arena = state->arena_bytes,
                                   .scratch = state->scratch_bytes };
}

int engine_steps(const struct engine_plan *plan)
{
    return plan->head->ops;
}

const char *engine_step_name(const struct engine_plan *plan, int step)
{
    return plan->op[step].name;
}

uint64_t engine_step_macs(const struct engine_plan *plan, int step)
{
    return plan->op[step].macs;
}

uint64_t engine_step_done(const struct engine_plan *plan, int step)
{
    return plan->op[step].done;
}

const float *engine_logits(const struct engine_plan *plan, const struct engine_state *state)
{
    (void)plan;
    return state->logits;
}

struct engine_map engine_node_map(const struct engine_plan *plan, const struct engine_state *state, int node)
{
    const struct engine_view *v = &plan->node[node].view;
    struct engine_pass pass = state_pass(plan, state);
    struct engine_map m = { .c = v->c, .h = v->h, .w = v->w, .pitch = v->pitch, .q = plan->node[node].q };

    if (v->buffer < 0 || plan->node[node].hidden || pass.buffer[v->buffer].last < ENGINE_FOREVER)
        return m;
    if (state->delta && plan->use[v->buffer] & BATCH_WRITES)
        pass = state_late_pass(plan, state, 0);
    if (v->element == 1)
        m.codes = pass_at(&pass, v);
    else
        m.real = (const float *)(const void *)pass_at(&pass, v);
    return m;
}

struct engine_map engine_cam_map(const struct engine_plan *plan, const struct engine_state *state)
{
    return engine_node_map(plan, state, plan->head->cam);
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
