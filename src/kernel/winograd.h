/* src/kernel/winograd.h: what every instruction set's Winograd layers share: packed weights, and how a list
 * of tiles is cut. Private to the room; kernel.h has the expression.
 *
 * Packed: for each panel of `nr` output channels its biases, then the transformed weights (element, panel,
 * channel, nr), which are read in this order: element outermost.
 */
#ifndef KERNEL_WINOGRAD_H
#define KERNEL_WINOGRAD_H

#include "tile.h"

enum {
    WINOGRAD_PATCH = 6, /* the longest side of a patch */
    WINOGRAD_ELEMENTS = WINOGRAD_PATCH * WINOGRAD_PATCH,
    WINOGRAD_LANE = 16, /* input channels come in multiples of it */
    /* Tiles of a block: of few channels, so that what a block holds stays in the second-level cache. */
    WINOGRAD_FEW_CHANNELS = 256,
    WINOGRAD_FEW_TILES = 28,
    WINOGRAD_TILES = 49
};

static inline int winograd_panels(const struct kernel_conv *s, int nr)
{
    return (s->oc + nr - 1) / nr;
}

static inline int winograd_elements(const struct kernel_conv *s)
{
    int patch = kernel_winograd_side(s) + 2;

    return patch * patch;
}

static inline size_t winograd_panel_floats(const struct kernel_conv *s, int nr)
{
    return (size_t)s->ic * (size_t)nr;
}

static inline size_t winograd_packed_bytes(const struct kernel_conv *s, int nr)
{
    size_t each = (size_t)nr + (size_t)winograd_elements(s) * winograd_panel_floats(s, nr);

    return (size_t)winograd_panels(s, nr) * each * sizeof(float);
}

/* G g G^T of one 3 x 3 kernel whose taps lie `step` apart: down, then along, in double, rounded once. */
static inline void winograd_weight(int side, const float *g, size_t step, float u[WINOGRAD_ELEMENTS])
{
    static const double four[6][3] = { { 1.0 / 4, 0, 0 },
                                       { -1.0 / 6, -1.0 / 6, -1.0 / 6 },
                                       { -1.0 / 6, 1.0 / 6, -1.0 / 6 },
                                       { 1.0 / 24, 1.0 / 12, 1.0 / 6 },
                                       { 1.0 / 24, -1.0 / 12, 1.0 / 6 },
                                       { 0, 0, 1 } };
    static const double two[4][3] = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };
    const double(*const G)[3] = side == 4 ? four : two;
    int patch = side + 2;

    for (int i = 0; i < patch; i++) {
        double down[3];

        for (int x = 0; x < 3; x++) {
            down[x] = 0.0;
            for (int k = 0; k < 3; k++)
                down[x] = down[x] + G[i][k] * (double)g[(size_t)(3 * k + x) * step];
        }
        for (int j = 0; j < patch; j++) {
            double sum = 0.0;

            for (int k = 0; k < 3; k++)
                sum = sum + down[k] * G[j][k];
            u[i * patch + j] = (float)sum;
        }
    }
}

/* Output channels first..first + count - 1; a panel's channels that are none are zeros. */
static inline void winograd_pack(const struct kernel_conv *s, int nr, int first, int count,
                                 const float *weight, const float *bias, float *packed)
{
    int side = kernel_winograd_side(s), elements = winograd_elements(s), panels = winograd_panels(s, nr);
    size_t panel = winograd_panel_floats(s, nr), ic = (size_t)s->ic;
    float *begin = packed + (size_t)panels * (size_t)nr, u[WINOGRAD_ELEMENTS] = { 0 };
    int end = first + count == s->oc ? panels * nr : first + count;

    for (int o = first; o < end; o++) {
        const float *g = weight + (size_t)(o - first) * 9 * ic;
        float *to = begin + (size_t)(o / nr) * panel + (size_t)(o % nr);

        packed[o] = bias && o < s->oc ? bias[o - first] : 0.0f;
        for (size_t c = 0; c < ic; c++) {
            if (o < s->oc)
                winograd_weight(side, g + c, ic, u);
            for (int e = 0; e < elements; e++)
                to[(size_t)e * (size_t)panels * panel + c * (size_t)nr] = o < s->oc ? u[e] : 0.0f;
        }
    }
}

/* ---- cuts ---------------------------------------------------------------------------------------------- */

static inline int winograd_usual_tiles(const struct kernel_conv *s)
{
    return s->ic + s->oc <= WINOGRAD_FEW_CHANNELS ? WINOGRAD_FEW_TILES : WINOGRAD_TILES;
}

/* The most tiles of a block: a list that is a little longer than usual is not cut. */
static inline int winograd_most_tiles(const struct kernel_conv *s)
{
    return winograd_usual_tiles(s) * 7 / 5;
}

static inline int winograd_blocks(const struct kernel_conv *s, int count)
{
    return count <= winograd_most_tiles(s) ? 1 : tile_parts(count, winograd_usual_tiles(s));
}

#endif
