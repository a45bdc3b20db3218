/* Masks against a sort, with ties, signs and zeros. */
#include "check.h"
#include "train/train_parts.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    float score;
    int i;
};

static int by_score(const void *a, const void *b)
{
    const struct pair *x = a, *y = b;

    return x->score < y->score ? -1 : x->score > y->score ? 1 : x->i - y->i;
}

int main(void)
{
    struct random r = { .seed = 4 };
    float g[3 * 300];
    uint32_t key[300];
    uint8_t masked[300], wanted[300];

    CHECK(mask_size(.5, 784) == 392 && mask_size(.29, 100) == 29 && mask_size(.1, 25) == 2);
    CHECK(mask_size(1, 9) == 9);
    CHECK(mask_score((float[]){ 3, -9, 0 }, 3, MASK_MAGNITUDE) == 2);
    CHECK(mask_score((float[]){ 3, -9, 0 }, 3, MASK_SIGNED) == -2);
    for (int turn = 0; turn < 400; turn++) {
        int pixels = 1 + (int)random_below(&r, 300), channels = 1 + (int)random_below(&r, 3);
        int n = (int)random_below(&r, (uint32_t)pixels + 1);
        enum mask_ranking ranking = turn % 4 < 2 ? MASK_MAGNITUDE : MASK_SIGNED;
        struct pair p[300];

        for (int i = 0; i < pixels * channels; i++) /* every other turn many ties */
            g[i] = turn % 2 ? (float)random_below(&r, 5) - 2 : (float)random_normal(&r) * 1e-5f;
        for (int i = 0; i < pixels; i++)
            p[i] = (struct pair){ mask_score(g + i * channels, channels, ranking), i };
        qsort(p, (size_t)pixels, sizeof *p, by_score);
        memset(wanted, 0, sizeof wanted);
        for (int i = 0; i < n; i++)
            wanted[p[i].i] = 1;
        mask_smallest(g, pixels, channels, ranking, n, key, masked);
        CHECK_MSG(!memcmp(masked, wanted, (size_t)pixels), "turn %d", turn);
    }
    /* -0 and 0 are equal: the lower index. */
    mask_smallest((float[]){ 1, 0.0f, -0.0f }, 3, 1, MASK_SIGNED, 1, key, masked);
    CHECK(!masked[0] && masked[1] && !masked[2]);
    return check_result("train_mask");
}
