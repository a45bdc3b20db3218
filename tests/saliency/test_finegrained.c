/* Centre-surround differences: three pixels by hand, a picture of noise by loops over every neighbour. */
#include "pictures.h"
#include "saliency/methods.h"

/* 0 0 255: blurred 0 64 128, then 32 64 96; means of the two others 80 64 48, so off 48 0 0 and on 0 0 48. */
static void by_hand(void)
{
    struct image im = picture(3, 1, 0);
    struct plane p;

    disc(&im, 2, 0, 0, 255, 255, 255);
    CHECK(finegrained(&im, &p) == OK && p.width == 3 && p.height == 1);
    CHECK(p.v[0] == 1 && p.v[1] == 0 && p.v[2] == 1);
    plane_free(&p);
    image_free(&im);
    im = picture(30, 20, 77);
    CHECK(finegrained(&im, &p) == OK && plane_max(&p) == 0);
    plane_free(&p);
    image_free(&im);
    im = picture(1, 1, 200);
    CHECK(finegrained(&im, &p) == OK && p.v[0] == 0);
    plane_free(&p);
    image_free(&im);
}

enum { W = 40, H = 30 };

static int at(const int *v, int x, int y)
{
    x = x < 0 ? -x : x >= W ? 2 * W - 2 - x : x;
    y = y < 0 ? -y : y >= H ? 2 * H - 2 - y : y;
    return v[y * W + x];
}

static void blur(int *v)
{
    int out[W * H];

    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            out[y * W + x] = (at(v, x - 1, y - 1) + at(v, x + 1, y - 1) + at(v, x - 1, y + 1) +
                              at(v, x + 1, y + 1) + 2 * (at(v, x, y - 1) + at(v, x, y + 1)) +
                              2 * (at(v, x - 1, y) + at(v, x + 1, y)) + 4 * at(v, x, y) + 8) /
                             16;
    for (int i = 0; i < W * H; i++)
        v[i] = out[i];
}

/* What a pixel is above or below its neighbours within n, whole greys, in on and off. */
static void add(const int *v, int x, int y, int n, int *on, int *off)
{
    double sum = 0, count = 0, difference;

    for (int j = y - n + 1; j <= y + n; j++)
        for (int i = x - n + 1; i <= x + n; i++)
            if (i >= 0 && i < W && j >= 0 && j < H && (i != x || j != y)) {
                sum += v[j * W + i];
                count++;
            }
    difference = v[y * W + x] - sum / count;
    *on += difference > 0 ? (int)difference : 0;
    *off += difference < 0 ? (int)-difference : 0;
}

static void by_loops(void)
{
    static const int sizes[] = { 12, 24, 48, 28, 56, 112 };
    struct image im = noise(W, H, 9);
    int v[W * H], on[W * H] = { 0 }, off[W * H] = { 0 }, most_on = 0, most_off = 0;
    struct plane p;

    for (int i = 0; i < W * H; i++)
        v[i] = plane_grey_of(im.rgb + 3 * i);
    blur(v);
    blur(v);
    for (int i = 0; i < W * H; i++) {
        for (int k = 0; k < 6; k++)
            add(v, i % W, i / W, sizes[k], &on[i], &off[i]);
        most_on = on[i] > most_on ? on[i] : most_on;
        most_off = off[i] > most_off ? off[i] : most_off;
    }
    CHECK(finegrained(&im, &p) == OK);
    for (int i = 0; i < W * H; i++)
        CHECK(p.v[i] == (double)(255 * on[i] / most_on + 255 * off[i] / most_off) / 255);
    plane_free(&p);
    image_free(&im);
}

int main(void)
{
    by_hand();
    by_loops();
    CHECK(mem_live() == 0);
    return check_result("saliency/finegrained");
}
