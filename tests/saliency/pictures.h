/* tests/saliency/pictures.h: pictures that a test draws. */
#ifndef QUANTCAM_TEST_SALIENCY_PICTURES_H
#define QUANTCAM_TEST_SALIENCY_PICTURES_H

#include "check.h"
#include "saliency.h"

static inline struct image picture(int width, int height, int grey)
{
    struct image im = { width, height, mem_alloc((size_t)width * (size_t)height, 3) };

    for (int i = 0; i < width * height * 3; i++)
        im.rgb[i] = (uint8_t)grey;
    return im;
}

static inline void disc(struct image *im, int x, int y, int radius, int r, int g, int b)
{
    for (int i = 0; i < im->width * im->height; i++) {
        int dx = i % im->width - x, dy = i / im->width - y;

        if (dx * dx + dy * dy <= radius * radius) {
            im->rgb[3 * i] = (uint8_t)r;
            im->rgb[3 * i + 1] = (uint8_t)g;
            im->rgb[3 * i + 2] = (uint8_t)b;
        }
    }
}

/* A picture of numbers that are drawn. */
static inline struct image noise(int width, int height, uint64_t seed)
{
    struct image im = picture(width, height, 0);
    struct random r = { .seed = seed };

    for (int i = 0; i < width * height * 3; i++)
        im.rgb[i] = (uint8_t)random_below(&r, 256);
    return im;
}

#endif
