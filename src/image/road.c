/* src/image/road.c: noisy linear imputation, what ROAD puts in the place of removed pixels (explanations 3.4,
 * DESIGN 7.16). */
#include <string.h>

#include "image.h"

/* A pixel is a vector of four numbers, whatever its channels, and the picture has a frame of zeros: the sum
 * over neighbours has no branch. */
enum { LANES = 4, SWEEPS = 200, PURPOSE = 130 };
typedef double vector __attribute__((vector_size(LANES * sizeof(double))));
static const double straight = 1.0 / 6, diagonal = 1.0 / 12, loudness = 0.01;

struct image_road {
    int height, width, channels;
    vector *value;  /* (height + 2, width + 2) */
    float *noise;   /* (height * width, channels) of deviation 1 */
    uint8_t *gone;  /* (height * width) */
    int32_t *place; /* (height * width) where the removed pixels are in `value`, ascending */
};

status image_road_make(int height, int width, int channels, struct image_road **out)
{
    size_t pixels = (size_t)height * (size_t)width;
    struct image_road *r = NULL;
    status result = OK;

    *out = NULL;
    BUG_IF(height < 1 || width < 1 || (channels != 1 && channels != 3));
    MEM_TRY(r, 1, sizeof *r);
    *r = (struct image_road){ .height = height, .width = width, .channels = channels };
    MEM_TRY_OUT(r->value, (size_t)(height + 2) * (size_t)(width + 2), sizeof *r->value);
    MEM_TRY_OUT(r->noise, pixels, (size_t)channels * sizeof *r->noise);
    MEM_TRY_OUT(r->gone, pixels, sizeof *r->gone);
    MEM_TRY_OUT(r->place, pixels, sizeof *r->place);
    *out = r;
    return OK;
out:
    image_road_free(r);
    return result;
}

void image_road_free(struct image_road *r)
{
    if (!r)
        return;
    mem_free(r->value);
    mem_free(r->noise);
    mem_free(r->gone);
    mem_free(r->place);
    mem_free(r);
}

void image_road_draw(struct image_road *r, uint64_t seed, uint32_t picture)
{
    int pixels = r->height * r->width;

    for (int i = 0; i < pixels; i++)
        for (int c = 0; c < r->channels; c++) {
            uint64_t stream = (uint64_t)PURPOSE << 56 | (uint64_t)c << 32 | picture;
            struct random draw = { seed, stream, 2 * (uint64_t)i };

            r->noise[i * r->channels + c] = (float)random_normal(&draw);
        }
}

/* ---- the linear system --------------------------------------------------------------------------------- */

static int line_of(const struct image_road *r)
{
    return r->width + 2;
}

/* Every pixel as it is, the removed ones the mean colour of the others. */
static void begin(struct image_road *r, const float *picture, const int32_t *gone, int count)
{
    int pixels = r->height * r->width, channels = r->channels, places = 0;
    vector mean = { 0 };

    memset(r->gone, 0, (size_t)pixels);
    for (int i = 0; i < count; i++)
        r->gone[gone[i]] = 1;
    for (int y = 0, i = 0; y < r->height; y++)
        for (int x = 0; x < r->width; x++, i++) {
            int place = (y + 1) * line_of(r) + x + 1;
            vector value = { 0 };

            for (int c = 0; c < channels; c++)
                value[c] = (double)picture[i * channels + c];
            r->value[place] = value;
            if (r->gone[i])
                r->place[places++] = place;
            else
                mean += value;
        }
    BUG_IF(places != count || count >= pixels);
    mean /= (double)(pixels - count);
    for (int i = 0; i < places; i++)
        r->value[r->place[i]] = mean;
}

/* The share of the weights that lies within the picture. */
static double weight_within(const struct image_road *r, int y, int x)
{
    int across = (x > 0) + (x < r->width - 1), along = (y > 0) + (y < r->height - 1);

    return straight * (across + along) + diagonal * (across * along);
}

/* A sweep of Gauss-Seidel: in raster order each removed pixel becomes the weighted mean of its neighbours as
 * they are by then. */
static void sweep(struct image_road *r, int count)
{
    const int line = line_of(r);
    vector left = { 0 };

    for (int i = 0; i < count; i++) {
        int place = r->place[i], y = place / line - 1, x = place - (y + 1) * line - 1;
        const vector *v = r->value + place, *up = v - line, *down = v + line;
        vector sum =
            ((up[0] + down[0]) + v[1]) * straight + ((up[-1] + up[1]) + (down[-1] + down[1])) * diagonal;

        /* The pixel before is in a register where it was removed too: every sum waits for the one before it.
         */
        if (i == 0 || r->place[i - 1] != place - 1)
            left = v[-1];
        left = sum + left * straight;
        if (x == 0 || y == 0 || x == r->width - 1 || y == r->height - 1)
            left /= weight_within(r, y, x);
        r->value[place] = left;
    }
}

void image_road_fill(struct image_road *r, const float *picture, const int32_t *gone, int count, float *out)
{
    int channels = r->channels;

    begin(r, picture, gone, count);
    for (int i = 0; i < SWEEPS; i++)
        sweep(r, count);
    memcpy(out, picture, (size_t)r->height * (size_t)r->width * (size_t)channels * sizeof *out);
    for (int k = 0; k < count; k++) {
        int i = gone[k], place = (i / r->width + 1) * line_of(r) + i % r->width + 1;

        for (int c = 0; c < channels; c++)
            out[i * channels + c] =
                (float)(r->value[place][c] + loudness * (double)r->noise[i * channels + c]);
    }
}
