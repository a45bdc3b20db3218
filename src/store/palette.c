/* src/store/palette.c: the colours of maps. */
#include "store.h"

/* One channel of jet: a trapezium of width 1/2 with slopes of width 1/4, centred at `centre` of 0 .. 1. */
static int channel(int i, int centre_in_eighths)
{
    /* In units of 1/8 of the range times 255, so that everything stays whole: distance from the centre. */
    int distance = 8 * i - centre_in_eighths * 255;

    if (distance < 0)
        distance = -distance;
    /* full up to 1/8, falling to 0 at 3/8 */
    int level = (3 * 255 - distance + 1) / 2;
    return level < 0 ? 0 : level > 255 ? 255 : level;
}

void palette_jet(uint8_t palette[256][3])
{
    for (int i = 0; i < 256; i++) {
        palette[i][0] = (uint8_t)channel(i, 6);
        palette[i][1] = (uint8_t)channel(i, 4);
        palette[i][2] = (uint8_t)channel(i, 2);
    }
}
