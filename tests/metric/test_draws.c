/* Drawn pixels by the rule of saliency-and-training 1.8, written here once more. */
#include <stdlib.h>

#include "check.h"
#include "metric_saliency.h"

static uint64_t number(int purpose, int a, int b, int64_t counter)
{
    return random_u64(7, ((uint64_t)purpose << 56) + ((uint64_t)a << 32) + (uint64_t)b, (uint64_t)counter);
}

static void uniform(void)
{
    struct draws d;
    int64_t count = 480000;

    CHECK(draws_uniform(7, 5, count, 30, &d) == OK && d.splits == 100 && d.each == 30);
    for (int split = 0; split < 100; split++)
        for (int k = 0; k < 30; k++) {
            uint64_t u = number(32, split, 5, k);
            /* floor(u count / 2^64) by halves of u */
            uint64_t low = (u & 0xffffffffu) * (uint64_t)count,
                     high = (u >> 32) * (uint64_t)count + (low >> 32);

            CHECK(d.pixel[split * 30 + k] == (int32_t)(high >> 32) && d.pixel[split * 30 + k] < count);
        }
    draws_free(&d);
    draws_free(&d);
}

/* Chosen are those whose number is among the smallest, each once. */
static void pooled(void)
{
    static const int32_t pool[] = { 3, 4, 10, 77, 500, 501, 900 };
    struct draws d;

    CHECK(draws_pooled(7, 2, pool, 7, 3, &d) == OK && d.splits == 100 && d.each == 3);
    for (int split = 0; split < 100; split++)
        for (int p = 0; p < 7; p++) {
            int smaller = 0, times = 0;

            for (int q = 0; q < 7; q++)
                smaller += number(34, split, 2, pool[q]) < number(34, split, 2, pool[p]);
            for (int k = 0; k < 3; k++)
                times += d.pixel[split * 3 + k] == pool[p];
            CHECK(times == (smaller < 3));
        }
    draws_free(&d);
    CHECK(draws_pooled(7, 2, pool, 2, 3, &d) == OK && d.each == 2);
    CHECK(d.pixel[0] + d.pixel[1] == 7);
    draws_free(&d);
}

static void others(void)
{
    uint8_t usable[40];
    int other[DRAWS_OTHERS], count;

    for (int i = 0; i < 40; i++)
        usable[i] = i % 5 != 0;
    count = draws_others(7, 11, usable, 40, other);
    CHECK(count == 10);
    for (int i = 0; i < 40; i++) {
        int smaller = 0, times = 0;

        for (int j = 0; j < 40; j++)
            smaller += usable[j] && j != 11 && number(33, 0, 11, j) < number(33, 0, 11, i);
        for (int k = 0; k < count; k++)
            times += other[k] == i;
        CHECK(times == (usable[i] && i != 11 && smaller < 10));
    }
    for (int k = 1; k < count; k++)
        CHECK(number(33, 0, 11, other[k - 1]) < number(33, 0, 11, other[k]));
    CHECK(draws_others(7, 1, usable, 4, other) == 2 && other[0] + other[1] == 5);
    CHECK(draws_others(7, 0, usable, 1, other) == 0);
}

int main(void)
{
    uniform();
    pooled();
    others();
    CHECK(mem_live() == 0);
    return check_result("metric/draws");
}
