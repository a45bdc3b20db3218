/* src/cam/rise.c: random masks of the picture, and the map of what is answered to them. */
#include <math.h>
#include <string.h>

#include "cam_forward.h"

/* Where a line of the mask lies between two of the grid. */
struct between {
    int first, second;
    float part;
};

/* Half-pixel centres; what lies before the first cell's centre, or behind the last one's, is mirrored there.
 */
static struct between place(int i, int cells, int size)
{
    double at = (i + 0.5) * cells / size - 0.5;
    int first = (int)floor(at);
    struct between b = { .part = (float)(at - first) };

    b.first = first < 0 ? -first : first;
    b.second = first + 1 < cells ? first + 1 : 2 * (cells - 1) - first - 1;
    return b;
}

void rise_mask(const struct rise *r, int n, int height, int width, float *mask)
{
    struct random random = { .seed = r->seed, .stream = random_stream(RANDOM_RISE, n, r->key) };
    const int s = r->cells, cell_h = (height + s - 1) / s, cell_w = (width + s - 1) / s;
    float grid[RISE_MOST_CELLS * RISE_MOST_CELLS];
    struct between column[CAM_MAX_OUT];
    int down, right;

    BUG_IF(s < 2 || s > RISE_MOST_CELLS || width > CAM_MAX_OUT || n < 0 || n >= RISE_MOST_MASKS);
    for (int i = 0; i < s * s; i++)
        grid[i] = random_unit(&random) < r->keep ? 1.0f : 0.0f;
    down = (int)random_below(&random, (uint32_t)cell_h);
    right = (int)random_below(&random, (uint32_t)cell_w);
    for (int x = 0; x < width; x++)
        column[x] = place(x + right, s, (s + 1) * cell_w);
    for (int y = 0; y < height; y++) {
        const struct between row = place(y + down, s, (s + 1) * cell_h);
        const float *above = grid + row.first * s, *below = grid + row.second * s;
        float line[RISE_MOST_CELLS], *out = mask + (size_t)y * (size_t)width;

        for (int x = 0; x < s; x++)
            line[x] = above[x] * (1.0f - row.part) + below[x] * row.part;
        for (int x = 0; x < width; x++)
            out[x] =
                line[column[x].first] * (1.0f - column[x].part) + line[column[x].second] * column[x].part;
    }
}

void rise_map(const struct rise *r, int height, int width, const float *score, float *mask, double *sum,
              float *values)
{
    const int count = height * width;

    memset(sum, 0, (size_t)count * sizeof *sum);
    for (int n = 0; n < r->masks; n++) {
        rise_mask(r, n, height, width, mask);
        for (int i = 0; i < count; i++)
            sum[i] += (double)score[n] * mask[i];
    }
    for (int i = 0; i < count; i++)
        values[i] = (float)(sum[i] / (r->masks * r->keep));
}
