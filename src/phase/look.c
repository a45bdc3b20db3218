/* src/phase/look.c: a network's maps while it is quantized: EigenCAM's of the CAM layer, each picture's
 * against fp32's of the same picture. A picture whose fp32 map is constant shows no drift. */
#include "look.h"

#include "comm.h"

#include <string.h>

static status start(void *self, const struct engine *real, const struct engine *now)
{
    struct look *l = self;
    const struct probe_network n = { .model = { l->model, l->model },
                                     .precisions = 2,
                                     .engine = { *real, *now } };
    const struct probe_how how = { .sign = CAM_ABSMAX };

    probe_free(l->probe);
    l->probe = NULL;
    return probe_create(&n, 1, &how, l->kernels, &l->probe);
}

static status see_real(void *self, int picture)
{
    struct look *l = self;
    struct look_picture *p = &l->picture[picture];
    const struct probe_shown *s = probe_shown(l->probe, 0);
    size_t cells;

    comm_alive();
    probe_ran(l->probe, 0);
    TRY(probe_answer(l->probe, 0));
    TRY(probe_look(l->probe, 0));
    cells = (size_t)s->layer.h * (size_t)s->layer.w;
    if (!p->cam)
        MEM_TRY(p->cam, cells, sizeof *p->cam);
    memcpy(p->cam, s->cam.values, cells * sizeof *p->cam);
    memcpy(p->top, s->top, sizeof p->top);
    p->own_sign = s->own_sign;
    p->constant = s->cam.constant;
    return OK;
}

static status see_now(void *self, int picture, double *drift, double *rmse)
{
    struct look *l = self;
    const struct look_picture *p = &l->picture[picture];
    const struct probe_memory real = { .top = p->top, .cam = p->cam, .own_sign = p->own_sign };

    comm_alive();
    *drift = *rmse = 0;
    if (p->constant)
        return OK;
    probe_recall(l->probe, 0, &real);
    probe_ran(l->probe, 1);
    TRY(probe_answer(l->probe, 1));
    TRY(probe_look(l->probe, 1));
    *drift = 1 - probe_measure(l->probe, l->correlation, 0, 1);
    *rmse = probe_measure(l->probe, l->rmse, 0, 1);
    return OK;
}

status look_make(const struct model *m, const struct kernel_table *k, int count, struct look *out)
{
    *out = (struct look){ .quant = { .start = start, .real = see_real, .now = see_now, .self = out },
                          .model = m,
                          .kernels = k,
                          .correlation = measure_find(measure_table, "correlation"),
                          .rmse = measure_find(measure_table, "rmse_aligned"),
                          .count = count };
    MEM_TRY(out->picture, (size_t)count, sizeof *out->picture);
    return OK;
}

void look_free(struct look *l)
{
    for (int i = 0; i < l->count && l->picture; i++)
        mem_free(l->picture[i].cam);
    mem_free(l->picture);
    probe_free(l->probe);
    *l = (struct look){ .count = 0 };
}
