/* src/probe/size.c: what precisions of one network see, and the grids of their projections, where these
 * differ. */
#include "probe_parts.h"

#include <string.h>

int probe_sees_as(const struct probe *p, int i, int other)
{
    const struct model_input *a = &p->network[p->aim].model[i]->input,
                             *b = &p->network[p->aim].model[other]->input;
    size_t numbers = (size_t)a->channels * sizeof a->mean[0];

    return a->height == b->height && a->width == b->width && a->channels == b->channels &&
           memcmp(a->mean, b->mean, numbers) == 0 && memcmp(a->std, b->std, numbers) == 0;
}

void probe_see(struct probe *p, int i)
{
    BUG_IF(i < 0 || i >= p->network[p->aim].precisions);
    p->seen = i;
    p->height = p->size[i].height;
    p->width = p->size[i].width;
    p->channels = p->size[i].channels;
}

int probe_one_grid(const struct probe *p, int i)
{
    return p->size[i].h == p->size[0].h && p->size[i].w == p->size[0].w;
}

void probe_to_grid(struct measure_view *v, int h, int w, float *values)
{
    cam_resize(v->projection, v->h, v->w, h, w, values);
    v->projection = values;
    v->h = h;
    v->w = w;
}
