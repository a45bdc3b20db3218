#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "metric.h"

/* By hand: ties by the lower place, -0 equal to 0. */
static void test_order(void)
{
    const float map[] = { 0.0f, 2.0f, -0.0f, -1.0f, 2.0f, 3.0f, -INFINITY, 1e-42f, INFINITY, -1e-42f };
    const int32_t right[] = { 8, 5, 1, 4, 7, 0, 2, 9, 3, 6 };
    int32_t order[10], scratch[10];

    curve_order(map, 10, order, scratch);
    for (int i = 0; i < 10; i++)
        CHECK_MSG(order[i] == right[i], "%d: %d", i, order[i]);
    curve_order(map, 1, order, scratch);
    CHECK(order[0] == 0);
}

static const float *compared;
static int before(const void *a, const void *b)
{
    int32_t i = *(const int32_t *)a, j = *(const int32_t *)b;

    return compared[i] != compared[j] ? (compared[i] < compared[j]) - (compared[i] > compared[j])
                                      : (i > j) - (i < j);
}

/* Against qsort with the tie rule written out. */
static void test_order_random(void)
{
    enum { COUNT = 50176 };
    float *map = mem_alloc(COUNT, sizeof *map);
    int32_t *order = mem_alloc(COUNT, sizeof *order), *sorted = mem_alloc(COUNT, sizeof *sorted);
    int32_t *scratch = mem_alloc(COUNT, sizeof *scratch);
    struct random r = { .seed = 9 };

    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < COUNT; i++) {
            map[i] = kind == 0   ? (float)(random_unit(&r) - 0.5)
                     : kind == 1 ? (float)random_below(&r, 7) - 3
                                 : 1.0f;
            sorted[i] = i;
        }
        compared = map;
        qsort(sorted, COUNT, sizeof *sorted, before);
        curve_order(map, COUNT, order, scratch);
        CHECK_MSG(memcmp(order, sorted, COUNT * sizeof *order) == 0, "kind %d", kind);
    }
    mem_free(map);
    mem_free(order);
    mem_free(sorted);
    mem_free(scratch);
}

/* 50,176 pixels in 100 steps of 501.76: the last step ends at the last pixel. */
static void test_pixels(void)
{
    CHECK(curve_pixels(0, 100, 50176) == 0 && curve_pixels(100, 100, 50176) == 50176);
    CHECK(curve_pixels(1, 100, 50176) == 502 && curve_pixels(2, 100, 50176) == 1004);
    CHECK(curve_pixels(3, 100, 50176) == 1505 && curve_pixels(50, 100, 50176) == 25088);
    CHECK(curve_pixels(1, 2, 5) == 3 && curve_pixels(1, 10, 4) == 0 && curve_pixels(2, 10, 4) == 1);
}

/* A straight line from 1 to 0 has 1/2; n is the number of intervals; one step is the mean of its ends. */
static void test_auc(void)
{
    const float line[] = { 1, 0.75f, 0.5f, 0.25f, 0 }, step[] = { 1, 0, 0, 0, 0 }, flat[] = { 0.25f, 0.25f };

    CHECK(curve_auc(line, 4) == 0.5 && curve_auc(step, 4) == 0.125 && curve_auc(flat, 1) == 0.25);
}

int main(void)
{
    test_order();
    test_order_random();
    test_pixels();
    test_auc();
    CHECK(mem_live() == 0);
    return check_result("metric/curve");
}
