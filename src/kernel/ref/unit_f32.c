/* src/kernel/ref/unit_f32.c: a unit of real values, the definition: its layers one after another, their whole
 * maps in the scratch. */
#include "../unit.h"
#include "ref.h"

/* The reference's layers, of which a unit is made. */
static const struct kernel_table *layers(void)
{
    static struct kernel_table table;

    if (!table.conv_f32) {
        elementwise_f32_fill_ref(&table);
        depthwise_f32_fill_ref(&table);
        conv_f32_fill_ref(&table);
        activation_f32_fill_ref(&table);
    }
    return &table;
}

static size_t part_bytes(const struct kernel_unit *u, int part)
{
    const struct kernel_table *k = layers();
    const struct kernel_conv *s = &u->part[part];

    return tile_round(part == KERNEL_UNIT_DEPTHWISE ? k->depthwise_f32_packed_bytes(s)
                                                    : k->conv_f32_packed_bytes(s));
}

static size_t packed_bytes(const struct kernel_unit *u)
{
    return unit_part_at(u, KERNEL_UNIT_PARTS, part_bytes);
}

static void pack(const struct kernel_unit *u, enum kernel_unit_part part, const float *weight,
                 const float *bias, void *packed)
{
    const struct kernel_table *k = layers();
    char *to = (char *)packed + unit_part_at(u, part, part_bytes);

    if (part == KERNEL_UNIT_DEPTHWISE)
        k->depthwise_f32_pack(&u->part[part], weight, bias, to);
    else
        k->conv_f32_pack(&u->part[part], weight, bias, to);
}

static size_t map_floats(const struct kernel_conv *s)
{
    return (size_t)s->oh * (size_t)s->ow * (size_t)s->oc;
}

/* The expanded map, what the depthwise convolution makes of it. */
static size_t scratch_bytes(const struct kernel_unit *u)
{
    size_t floats = map_floats(&u->part[KERNEL_UNIT_DEPTHWISE]);

    if (u->expands)
        floats += map_floats(&u->part[KERNEL_UNIT_EXPAND]);
    return floats * sizeof(float);
}

/* What follows a part, over the rectangle of its outputs. */
static void follow(const struct kernel_unit *u, enum kernel_unit_part part, float *map, int pitch,
                   struct kernel_rect r)
{
    const struct kernel_table *k = layers();
    const struct kernel_conv *s = &u->part[part];
    kernel_map_f32 *function = u->function[part] == KERNEL_UNIT_SILU ? k->silu_f32 : k->hardswish_f32;

    if (u->function[part] == KERNEL_UNIT_NONE)
        return;
    for (int y = r.y0; y < r.y1; y++) {
        float *row = map + ((size_t)y * (size_t)s->ow + (size_t)r.x0) * (size_t)pitch;

        function(row, pitch, row, pitch, r.x1 - r.x0, s->oc);
    }
}

static void add(const struct kernel_unit *u, const float *added, float *out, struct kernel_rect rect,
                const struct kernel_unit_f32 *bounds)
{
    const struct kernel_conv *o = unit_last(u);

    for (int y = rect.y0; y < rect.y1; y++) {
        size_t at = (size_t)y * (size_t)o->ow + (size_t)rect.x0;
        float *to = out + at * (size_t)o->out_pitch;

        layers()->add_f32(to, o->out_pitch, added + at * (size_t)u->added_pitch, u->added_pitch, to,
                          o->out_pitch, rect.x1 - rect.x0, o->oc, bounds->add_low, bounds->add_high);
    }
}

static void unit_f32(const struct kernel_unit *u, const void *packed, const float *in, const float *added,
                     float *out, struct kernel_rect rect, const struct kernel_unit_f32 *bounds, void *scratch)
{
    const struct kernel_table *k = layers();
    struct kernel_conv expand = u->part[KERNEL_UNIT_EXPAND], depthwise = u->part[KERNEL_UNIT_DEPTHWISE],
                       project = u->part[KERNEL_UNIT_PROJECT];
    const char *weights[KERNEL_UNIT_PARTS];
    float *inner = u->projects ? scratch : out, *expanded = (float *)scratch + map_floats(&depthwise);
    struct kernel_rect reads = unit_reads(&depthwise, rect);

    for (int i = 0; i < KERNEL_UNIT_PARTS; i++)
        weights[i] = (const char *)packed + unit_part_at(u, i, part_bytes);
    if (u->projects)
        project.in_pitch = depthwise.out_pitch = depthwise.oc;
    if (u->expands) {
        depthwise.in_pitch = expand.out_pitch = expand.oc;
        k->conv_f32(&expand, weights[KERNEL_UNIT_EXPAND], in, expanded, reads,
                    bounds->low[KERNEL_UNIT_EXPAND], bounds->high[KERNEL_UNIT_EXPAND], NULL);
        follow(u, KERNEL_UNIT_EXPAND, expanded, expand.out_pitch, reads);
    }
    k->depthwise_f32(&depthwise, weights[KERNEL_UNIT_DEPTHWISE], u->expands ? expanded : in, inner, rect,
                     bounds->low[KERNEL_UNIT_DEPTHWISE], bounds->high[KERNEL_UNIT_DEPTHWISE], NULL);
    follow(u, KERNEL_UNIT_DEPTHWISE, inner, depthwise.out_pitch, rect);
    if (u->projects)
        k->conv_f32(&project, weights[KERNEL_UNIT_PROJECT], inner, out, rect,
                    bounds->low[KERNEL_UNIT_PROJECT], bounds->high[KERNEL_UNIT_PROJECT], NULL);
    if (u->added_pitch > 0)
        add(u, added, out, rect, bounds);
}

/* Nothing is fast here: units are computed so that they can be compared. */
static int pays(const struct kernel_unit *u)
{
    (void)u;
    return 1;
}

void unit_f32_fill_ref(struct kernel_table *t)
{
    t->unit_f32_pays = pays;
    t->unit_f32_packed_bytes = packed_bytes;
    t->unit_f32_pack = pack;
    t->unit_f32_scratch_bytes = scratch_bytes;
    t->unit_f32 = unit_f32;
}
