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
    }
    return &table;
}

static size_t part_bytes(const struct kernel_unit *u, int part)
{
    const struct kernel_table *k = layers();
    const struct kernel_conv *s = &u->part[part];

    if (part == KERNEL_UNIT_EXPAND && !u->expands)
        return 0;
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

static void unit_f32(const struct kernel_unit *u, const void *packed, const float *in, const float *added,
                     float *out, struct kernel_rect rect, const struct kernel_unit_f32 *bounds, void *scratch)
{
    const struct kernel_table *k = layers();
    struct kernel_conv expand = u->part[KERNEL_UNIT_EXPAND], depthwise = u->part[KERNEL_UNIT_DEPTHWISE],
                       project = u->part[KERNEL_UNIT_PROJECT];
    const char *weights[KERNEL_UNIT_PARTS];
    float *inner = scratch, *expanded = inner + map_floats(&depthwise);

    for (int i = 0; i < KERNEL_UNIT_PARTS; i++)
        weights[i] = (const char *)packed + unit_part_at(u, i, part_bytes);
    project.in_pitch = depthwise.out_pitch = depthwise.oc;
    if (u->expands) {
        depthwise.in_pitch = expand.out_pitch = expand.oc;
        k->conv_f32(&expand, weights[KERNEL_UNIT_EXPAND], in, expanded, unit_reads(&depthwise, rect),
                    bounds->low[KERNEL_UNIT_EXPAND], bounds->high[KERNEL_UNIT_EXPAND], NULL);
    }
    k->depthwise_f32(&depthwise, weights[KERNEL_UNIT_DEPTHWISE], u->expands ? expanded : in, inner, rect,
                     bounds->low[KERNEL_UNIT_DEPTHWISE], bounds->high[KERNEL_UNIT_DEPTHWISE], NULL);
    k->conv_f32(&project, weights[KERNEL_UNIT_PROJECT], inner, out, rect, bounds->low[KERNEL_UNIT_PROJECT],
                bounds->high[KERNEL_UNIT_PROJECT], NULL);
    for (int y = rect.y0; y < rect.y1 && u->added_pitch > 0; y++) {
        size_t at = (size_t)y * (size_t)project.ow + (size_t)rect.x0;
        float *to = out + at * (size_t)project.out_pitch;

        k->add_f32(to, project.out_pitch, added + at * (size_t)u->added_pitch, u->added_pitch, to,
                   project.out_pitch, rect.x1 - rect.x0, project.oc, bounds->add_low, bounds->add_high);
    }
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
