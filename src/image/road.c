/* src/image/road.c: noisy linear imputation, what ROAD puts in the place of removed pixels (explanations 3.4,
 * DESIGN 7.16). */
#include <string.h>

#include "image.h"

/* A pixel is four numbers, whatever its channels, and the picture has a frame of zeros: the sum over
 * neighbours has no branch. */
enum { LANES = 4, SWEEPS = 200 };
static const double loudness = 0.01;

struct image_road {
    const struct kernel_table *kernels;
    int height, width, channels;
    double *value;          /* (height + 2, width + 2, LANES) */
    float *noise;           /* (height * width, channels) of deviation 1 */
    uint8_t *gone;          /* (height * width) */
    struct kernel_run *run; /* of removed pixels, in raster order, at most height * width */
    int runs;
};

status image_road_make(int height, int width, int channels, const struct kernel_table *k,
                       struct image_road **out)
{
    size_t pixels = (size_t)height * (size_t)width;
    struct image_road *r = NULL;
    status result = OK;

    *out = NULL;
    BUG_IF(height < 1 || width < 1 || (channels != 1 && channels != 3));
    MEM_TRY(r, 1, sizeof *r);
    *r = (struct image_road){ .kernels = k, .height = height, .width = width, .channels = channels };
    MEM_TRY_OUT(r->value, (size_t)(height + 2) * (size_t)(width + 2), LANES * sizeof *r->value);
    MEM_TRY_OUT(r->noise, pixels, (size_t)channels * sizeof *r->noise);
    MEM_TRY_OUT(r->gone, pixels, sizeof *r->gone);
    MEM_TRY_OUT(r->run, pixels, sizeof *r->run);
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
    mem_free(r->run);
    mem_free(r);
}

void image_road_draw(struct image_road *r, uint64_t seed, uint32_t picture)
{
    int pixels = r->height * r->width;

    for (int i = 0; i < pixels; i++)
        for (int c = 0; c < r->channels; c++) {
            struct random draw = { seed, random_stream(RANDOM_ROAD, c, picture), 2 * (uint64_t)i };

            r->noise[i * r->channels + c] = (float)random_normal(&draw);
        }
}

/* ---- the linear system --------------------------------------------------------------------------------- */

static int place_of(const struct image_road *r, int y, int x)
{
    return (y + 1) * (r->width + 2) + x + 1;
}

/* The share of the weights that lies within the picture. */
static double share_of(const struct image_road *r, int y, int x)
{
    int across = (x > 0) + (x < r->width - 1), along = (y > 0) + (y < r->height - 1);

    return across + along == 4 ? 1.0 : 1.0 / 6 * (across + along) + 1.0 / 12 * (across * along);
}

static void add_place(struct image_road *r, int place, double share)
{
    struct kernel_run *last = r->runs > 0 ? &r->run[r->runs - 1] : NULL;

    if (last && last->place + last->length == place && last->share == share)
        last->length++;
    else
        r->run[r->runs++] = (struct kernel_run){ place, 1, share };
}

/* Every pixel as it is; the runs of removed ones. Returns how many these are. */
static int take(struct image_road *r, const float *picture, const int32_t *gone, int count)
{
    int places = 0;

    memset(r->gone, 0, (size_t)r->height * (size_t)r->width);
    for (int i = 0; i < count; i++)
        r->gone[gone[i]] = 1;
    r->runs = 0;
    for (int y = 0, i = 0; y < r->height; y++)
        for (int x = 0; x < r->width; x++, i++) {
            int place = place_of(r, y, x);

            for (int c = 0; c < r->channels; c++)
                r->value[LANES * place + c] = (double)picture[i * r->channels + c];
            if (r->gone[i])
                add_place(r, place, share_of(r, y, x));
            places += r->gone[i];
        }
    return places;
}

/* The removed pixels begin as the mean colour of the others. */
static void begin(struct image_road *r, int kept)
{
    double mean[LANES] = { 0 };

    for (int y = 0, i = 0; y < r->height; y++)
        for (int x = 0; x < r->width; x++, i++)
            for (int c = 0; c < r->channels && !r->gone[i]; c++)
                mean[c] += r->value[LANES * place_of(r, y, x) + c];
    for (int c = 0; c < r->channels; c++)
        mean[c] /= kept;
    for (int k = 0; k < r->runs; k++)
        for (int i = 0; i < r->run[k].length; i++)
            memcpy(r->value + LANES * (r->run[k].place + i), mean, sizeof mean);
}

void image_road_fill(struct image_road *r, const float *picture, const int32_t *gone, int count, float *out)
{
    int pixels = r->height * r->width, channels = r->channels;

    BUG_IF(take(r, picture, gone, count) != count || count >= pixels);
    begin(r, pixels - count);
    for (int i = 0; i < SWEEPS; i++)
        r->kernels->relax_f64(r->value, r->width + 2, r->run, r->runs);
    memcpy(out, picture, (size_t)pixels * (size_t)channels * sizeof *out);
    for (int k = 0; k < count; k++) {
        const double *value = r->value + LANES * place_of(r, gone[k] / r->width, gone[k] % r->width);
        size_t at = (size_t)gone[k] * (size_t)channels;

        for (int c = 0; c < channels; c++)
            out[at + (size_t)c] = (float)(value[c] + loudness * (double)r->noise[at + (size_t)c]);
    }
}
