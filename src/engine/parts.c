/* src/engine/parts.c: a low-bit network's layers that read codes of several PACTs side by side (engine.h,
 * ENGINE_PACT): the codes again of what they stand for, one PACT's beside the other's, and each PACT's own
 * sums.
 */
#include <math.h>
#include <string.h>

#include "draft.h"

/* Codes of 8 bits are far from the next one's half. */
enum { MOST_CODE = 255 };

/* ---- which channels are whose -------------------------------------------------------------------------- */

/* part (channels of the layer's input); *place: where the channel lies among all, part by part. */
static status find_parts(const struct model_binding *b, int node, int **part, int **place)
{
    int channels = b->model->node[b->model->node[node].input[0]].c, parts, at = 0;

    MEM_TRY(*part, 2 * (size_t)channels, sizeof **part);
    *place = *part + channels;
    parts = model_lowbit_parts(b, node, *part);
    for (int p = 0; p < parts; p++)
        for (int c = 0; c < channels; c++)
            if ((*part)[c] == p)
                (*place)[c] = at++;
    return OK;
}

/* ---- plans --------------------------------------------------------------------------------------------- */

static status plan_codes_of(struct draft *d, int node, struct engine_view *out)
{
    struct engine_op *op = place_codes(d, d->m->node[node].input[0], KIND_LOWBIT_CODES);
    struct engine_lowbit_codes a = { .lanes = plan_lanes((size_t)op->in[0].c) };

    a.constants = pack_take(&d->head, 3 * a.lanes * sizeof(float));
    place_scratch(d, plan_room((size_t)op->in[0].c * (size_t)op->in[0].w));
    place_job(d, node, KIND_LOWBIT_CODES);
    *out = op->out;
    return place_parameters(d, op, &a, sizeof a);
}

static void plan_part(struct draft *d, const int *part, int channels, int p, struct engine_lowbit_parts *a)
{
    const struct kernel_table *k = d->plan.kernels;
    struct engine_conv *c = &a->conv[p];
    size_t scratch;

    *c = (struct engine_conv){ .shape = a->shape, .groups = 1, .codes = 1 };
    c->shape.ic = 0;
    for (int i = 0; i < channels; i++)
        c->shape.ic += part[i] == p;
    c->shape.out_pitch = c->shape.oc;
    c->packed = pack_take(&d->head, k->conv_u8_packed_bytes(&c->shape));
    c->lanes = plan_lanes((size_t)c->shape.oc);
    c->constants = pack_take(&d->head, 2 * c->lanes * sizeof(float));
    scratch = plan_lanes(k->conv_u8_scratch_bytes(&c->shape));
    a->map = scratch > a->map ? scratch : a->map;
}

status parts_plan(struct draft *d, int node)
{
    const struct model_node *n = &d->m->node[node];
    int *part = NULL, *place, channels = d->m->node[n->input[0]].c;
    size_t map = plan_room((size_t)n->h * (size_t)n->w * (size_t)n->c * sizeof(float));
    struct engine_lowbit_parts a = { .high = d->b->q[node].high };
    struct engine_view codes;
    struct engine_op *op;
    status result = OK;

    TRY_OUT(find_parts(d->b, node, &part, &place));
    TRY_OUT(plan_codes_of(d, node, &codes));
    op = place_op(d, node, KIND_LOWBIT_PARTS);
    op->in[0] = codes;
    place_use(d, codes.buffer, d->head.ops - 1);
    a.shape = place_geometry(n, op, 1);
    op->macs = op->done = (uint64_t)n->h * (uint64_t)n->w * (uint64_t)n->c *
                          (uint64_t)(a.shape.kh * a.shape.kw) * (uint64_t)a.shape.ic;
    a.parts = model_lowbit_parts(d->b, node, part);
    for (int p = 0; p < a.parts; p++)
        plan_part(d, part, channels, p, &a);
    a.lanes = plan_lanes((size_t)n->c);
    a.ones = pack_take(&d->head, 2 * a.lanes * sizeof(float));
    a.other = a.map + map;
    place_scratch(d, a.other + map);
    place_job(d, node, KIND_LOWBIT_PARTS);
    result = place_parameters(d, op, &a, sizeof a);
out:
    mem_free(part);
    return result;
}

/* ---- constants ----------------------------------------------------------------------------------------- */

/* What gives the codes again, and where they go. */
status parts_pack_codes(const struct model_binding *b, int node, const struct engine_lowbit_codes *a,
                        uint8_t *weights)
{
    float *scale = (float *)(void *)(weights + a->constants);
    int32_t *to = (int32_t *)(void *)(scale + 2 * a->lanes);
    int *part, *place, in = b->model->node[node].input[0];

    TRY(find_parts(b, node, &part, &place));
    for (int c = 0; c < b->model->node[in].c; c++) {
        scale[c] = (float)(1.0 / model_lowbit_step(b, in, c));
        to[c] = place[c];
    }
    mem_free(part);
    return OK;
}

/* The levels of a part's channels; all have one form. */
static void pack_part(const struct engine_plan *p, const struct model_levels *l, const int *part, int number,
                      const struct engine_conv *c, int8_t *room, uint8_t *weights)
{
    size_t rows = (size_t)l->oc * (size_t)l->kh * (size_t)l->kw, at = 0;

    for (size_t i = 0; i < rows; i++)
        for (int j = 0; j < l->ic; j++)
            if (part[j] == number)
                room[at++] = l->code[i * (size_t)l->ic + (size_t)j];
    p->kernels->conv_u8_pack(&c->shape, room, weights + c->packed);
}

/* m and b of a part, whose codes have the step `before`; the first one's sum begins with b. */
static void set_part(const struct model_binding *b, int node, const struct model_levels *l, double before,
                     int first, const struct engine_conv *c, uint8_t *weights)
{
    int pact = model_lowbit_pact(b, node);
    double behind = pact >= 0 ? b->q[pact].scale : 1.0;
    float *multiplier = (float *)(void *)(weights + c->constants), *shift = multiplier + c->lanes;

    for (int o = 0; o < l->oc; o++) {
        multiplier[o] = (float)(l->step * before * l->factor[o] / behind);
        shift[o] = first ? (float)(l->shift[o] / behind) : 0;
    }
}

status parts_pack(const struct engine_plan *p, const struct model_binding *b, int node,
                  struct engine_lowbit_parts *a, uint8_t *weights)
{
    float *ones = (float *)(void *)(weights + a->ones);
    int in = b->model->node[node].input[0], channels = b->model->node[in].c, *part = NULL, *place, odd;
    struct model_levels l;
    int8_t *room = NULL;
    status result;

    TRY(model_levels_load(b, node, &l));
    TRY_OUT(find_parts(b, node, &part, &place));
    MEM_TRY_OUT(room, (size_t)l.oc * (size_t)l.kh * (size_t)l.kw * (size_t)l.ic, 1);
    odd = model_levels_narrow(&l);
    for (int i = 0; i < a->parts; i++) {
        int c = 0;

        while (c < channels - 1 && part[c] != i)
            c++;
        a->conv[i].requant = (struct kernel_requant){ .mode = REQUANT_REAL, .odd = odd };
        pack_part(p, &l, part, i, &a->conv[i], room, weights);
        set_part(b, node, &l, model_lowbit_step(b, in, c), i == 0, &a->conv[i], weights);
    }
    for (size_t i = 0; i < a->lanes; i++)
        ones[i] = 1;
    result = OK;
out:
    mem_free(room);
    mem_free(part);
    model_levels_free(&l);
    return result;
}

/* ---- runs ---------------------------------------------------------------------------------------------- */

static size_t place_of(const struct engine_view *v, int y, int x)
{
    return ((size_t)y * (size_t)v->w + (size_t)x) * (size_t)v->pitch;
}

void parts_run_codes(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_lowbit_codes *a = plan_parameters(p->plan, op);
    const float *scale = (const float *)(const void *)(p->plan->weights + a->constants);
    const int32_t *place = (const int32_t *)(const void *)(scale + 2 * a->lanes);
    const struct engine_view *in = &op->in[0], *out = &op->out;
    int c = in->c, width = rect.x1 - rect.x0;
    uint8_t *row = p->scratch;

    for (int y = rect.y0; y < rect.y1; y++) {
        uint8_t *to = pass_at(p, out) + place_of(out, y, rect.x0);

        p->plan->kernels->levels_u8((const float *)(const void *)pass_at(p, in) + place_of(in, y, rect.x0),
                                    in->pitch, row, c, width, c, scale, scale + a->lanes, MOST_CODE);
        for (int x = 0; x < width; x++, to += out->pitch)
            for (int i = 0; i < c; i++)
                to[place[i]] = row[(size_t)x * (size_t)c + (size_t)i];
    }
}

/* The first part's sums, then with the others' added. */
static void add_parts(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_lowbit_parts *a = plan_parameters(p->plan, op);
    const struct kernel_table *k = p->plan->kernels;
    uint8_t *first = (uint8_t *)p->scratch + a->map, *other = (uint8_t *)p->scratch + a->other;
    const uint8_t *in = pass_at(p, &op->in[0]);
    int oc = op->out.c;

    for (int i = 0; i < a->parts; in += a->conv[i++].shape.ic) {
        struct kernel_requant q = pack_requant(p->plan, &a->conv[i], 0);

        k->conv_u8(&a->conv[i].shape, p->plan->weights + a->conv[i].packed, in, i ? other : first, rect, &q,
                   KERNEL_EXACT, p->scratch);
        for (int y = rect.y0; i && y < rect.y1; y++) {
            size_t at = ((size_t)y * (size_t)op->out.w + (size_t)rect.x0) * (size_t)oc;
            float *sum = (float *)(void *)first + at;

            k->add_f32(sum, oc, (const float *)(const void *)other + at, oc, sum, oc, rect.x1 - rect.x0, oc,
                       -INFINITY, INFINITY);
        }
    }
}

void parts_run(const struct engine_pass *p, const struct engine_op *op, struct kernel_rect rect)
{
    const struct engine_lowbit_parts *a = plan_parameters(p->plan, op);
    const float *ones = (const float *)(const void *)(p->plan->weights + a->ones);
    const float *sums = (const float *)(const void *)((uint8_t *)p->scratch + a->map);
    const struct engine_view *out = &op->out;
    int width = rect.x1 - rect.x0;

    add_parts(p, op, rect);
    for (int y = rect.y0; y < rect.y1; y++) {
        const float *from = sums + ((size_t)y * (size_t)out->w + (size_t)rect.x0) * (size_t)out->c;
        uint8_t *to = pass_at(p, out) + place_of(out, y, rect.x0) * (size_t)out->element;

        if (out->element == 1)
            p->plan->kernels->levels_u8(from, out->c, to, out->pitch, width, out->c, ones, ones + a->lanes,
                                        a->high);
        else
            p->plan->kernels->copy_f32(from, out->c, (float *)(void *)to, out->pitch, width, out->c);
    }
}
