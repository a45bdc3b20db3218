/* src/kernel/ref/unit_u8.c: a unit of codes, the definition: its layers one after another, their whole maps
 * in the scratch. */
#include "../unit.h"
#include "ref.h"

/* The reference's layers, of which a unit is made. */
static const struct kernel_table *layers(void)
{
    static struct kernel_table table;

    if (!table.conv_u8) {
        elementwise_u8_fill_ref(&table);
        depthwise_u8_fill_ref(&table);
        conv_u8_fill_ref(&table);
    }
    return &table;
}

static size_t part_bytes(const struct kernel_unit *u, int part)
{
    const struct kernel_table *k = layers();
    const struct kernel_conv *s = &u->part[part];

    return tile_round(part == KERNEL_UNIT_DEPTHWISE ? k->depthwise_u8_packed_bytes(s)
                                                    : k->conv_u8_packed_bytes(s));
}

static size_t packed_bytes(const struct kernel_unit *u)
{
    return unit_part_at(u, KERNEL_UNIT_PARTS, part_bytes);
}

static void pack(const struct kernel_unit *u, enum kernel_unit_part part, const int8_t *weight, void *packed)
{
    const struct kernel_table *k = layers();
    char *to = (char *)packed + unit_part_at(u, part, part_bytes);

    if (part == KERNEL_UNIT_DEPTHWISE)
        k->depthwise_u8_pack(&u->part[part], weight, to);
    else
        k->conv_u8_pack(&u->part[part], weight, to);
}

static size_t map_bytes(const struct kernel_conv *s)
{
    return tile_round((size_t)s->oh * (size_t)s->ow * (size_t)s->oc);
}

static size_t layer_bytes(const struct kernel_unit *u)
{
    const struct kernel_table *k = layers();
    size_t most = 0;

    for (int i = u->expands ? KERNEL_UNIT_EXPAND : KERNEL_UNIT_DEPTHWISE; i < KERNEL_UNIT_PARTS; i++) {
        size_t bytes = i == KERNEL_UNIT_DEPTHWISE ? k->depthwise_u8_scratch_bytes(&u->part[i])
                                                  : k->conv_u8_scratch_bytes(&u->part[i]);

        most = bytes > most ? bytes : most;
    }
    return tile_round(most);
}

/* What a layer needs, the expanded map, what the depthwise convolution makes of it. */
static size_t scratch_bytes(const struct kernel_unit *u)
{
    return layer_bytes(u) + (u->expands ? map_bytes(&u->part[KERNEL_UNIT_EXPAND]) : 0) +
           map_bytes(&u->part[KERNEL_UNIT_DEPTHWISE]);
}

static void unit_u8(const struct kernel_unit *u, const void *packed, const uint8_t *in, const uint8_t *added,
                    uint8_t *out, struct kernel_rect rect, const struct kernel_unit_u8 *how, void *scratch)
{
    const struct kernel_table *k = layers();
    struct kernel_conv expand = u->part[KERNEL_UNIT_EXPAND], depthwise = u->part[KERNEL_UNIT_DEPTHWISE],
                       project = u->part[KERNEL_UNIT_PROJECT];
    const char *weights[KERNEL_UNIT_PARTS];
    uint8_t *expanded = (uint8_t *)scratch + layer_bytes(u),
            *inner = expanded + (u->expands ? map_bytes(&expand) : 0);

    for (int i = 0; i < KERNEL_UNIT_PARTS; i++)
        weights[i] = (const char *)packed + unit_part_at(u, i, part_bytes);
    project.in_pitch = depthwise.out_pitch = depthwise.oc;
    if (u->expands) {
        depthwise.in_pitch = expand.out_pitch = expand.oc;
        k->conv_u8(&expand, weights[KERNEL_UNIT_EXPAND], in, expanded, unit_reads(&depthwise, rect),
                   &how->requant[KERNEL_UNIT_EXPAND], KERNEL_EXACT, scratch);
    }
    k->depthwise_u8(&depthwise, weights[KERNEL_UNIT_DEPTHWISE], u->expands ? expanded : in, inner, rect,
                    &how->requant[KERNEL_UNIT_DEPTHWISE], KERNEL_EXACT, scratch);
    k->conv_u8(&project, weights[KERNEL_UNIT_PROJECT], inner, out, rect, &how->requant[KERNEL_UNIT_PROJECT],
               KERNEL_EXACT, scratch);
    for (int y = rect.y0; y < rect.y1 && u->added_pitch > 0; y++) {
        size_t at = (size_t)y * (size_t)project.ow + (size_t)rect.x0;
        uint8_t *to = out + at * (size_t)project.out_pitch;

        k->add_u8(added + at * (size_t)u->added_pitch, u->added_pitch, to, project.out_pitch, to,
                  project.out_pitch, rect.x1 - rect.x0, project.oc, &how->add);
    }
}

/* Nothing is fast here: units are computed so that they can be compared. */
static int pays(const struct kernel_unit *u)
{
    (void)u;
    return 1;
}

void unit_u8_fill_ref(struct kernel_table *t)
{
    t->unit_u8_pays = pays;
    t->unit_u8_packed_bytes = packed_bytes;
    t->unit_u8_pack = pack;
    t->unit_u8_scratch_bytes = scratch_bytes;
    t->unit_u8 = unit_u8;
}
