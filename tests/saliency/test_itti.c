/* Itti, Koch & Niebur's map: nothing where nothing differs, one thing above the many, each channel by itself.
 * (Every value against numpy: tests/oracles/compare_saliency.py.) */
#include "pictures.h"
#include "saliency/methods.h"

enum { W = 320, H = 240 };

/* Where the map is largest. */
static int peak(const struct image *im, int *x, int *y)
{
    struct plane p;
    int best = 0;

    CHECK(itti(im, &p) == OK && p.width == im->width && p.height == im->height);
    for (int i = 1; i < p.width * p.height; i++)
        best = p.v[i] > p.v[best] ? i : best;
    *x = best % p.width;
    *y = best / p.width;
    best = p.v[best] > 0;
    plane_free(&p);
    return best;
}

static int is_near(int x, int y, int to_x, int to_y)
{
    return abs(x - to_x) <= 24 && abs(y - to_y) <= 24;
}

static void flat(void)
{
    static const int size[][2] = { { W, H }, { 1, 1 }, { 5, 300 } };

    for (int k = 0; k < 3; k++) {
        struct image im = picture(size[k][0], size[k][1], 90);
        struct plane p;

        CHECK(itti(&im, &p) == OK && plane_max(&p) == 0);
        plane_free(&p);
        image_free(&im);
    }
}

/* A bright disc on grey; a red one of the same brightness among grey-green ones. */
static void stands_out(void)
{
    struct image im = picture(W, H, 60);
    int x, y;

    disc(&im, 220, 90, 14, 250, 250, 250);
    CHECK(peak(&im, &x, &y) && is_near(x, y, 220, 90));
    image_free(&im);
    im = picture(W, H, 0);
    for (int k = 0; k < 12; k++)
        disc(&im, 40 + k % 4 * 80, 40 + k / 4 * 80, 14, 40, 160, 100);
    disc(&im, 120, 120, 14, 160, 40, 100);
    CHECK(peak(&im, &x, &y) && is_near(x, y, 120, 120));
    image_free(&im);
}

/* Upright bars, one that lies. */
static void orientation(void)
{
    struct image im = picture(W, H, 20);
    int x, y;

    for (int k = 0; k < 12; k++)
        for (int i = -16; i <= 16; i++)
            for (int j = -3; j <= 3; j++) {
                int lies = k == 6, px = 40 + k % 4 * 80 + (lies ? i : j),
                    py = 40 + k / 4 * 80 + (lies ? j : i);

                for (int c = 0; c < 3; c++)
                    im.rgb[3 * (py * W + px) + c] = 200;
            }
    CHECK(peak(&im, &x, &y) && is_near(x, y, 200, 120));
    image_free(&im);
}

int main(void)
{
    flat();
    stands_out();
    orientation();
    CHECK(mem_live() == 0);
    return check_result("saliency/itti");
}
