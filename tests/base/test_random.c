#include "base.h"
#include "check.h"

#include <math.h>

/* Box and Muller's by libm; moments of 100,000: sd of the mean 0.003, of the variance 0.0045. */
static void test_normal(void)
{
    struct random r = { .seed = 3, .stream = 4 }, again = r;
    double sum = 0, squares = 0;
    int within = 0;

    for (int i = 0; i < 100000; i++) {
        double u = random_unit(&again), v = random_unit(&again), z = random_normal(&r);

        CHECK(fabs(z - sqrt(-2 * log(1 - u)) * cos(6.28318530717958647693 * v)) < 1e-13);
        sum += z;
        squares += z * z;
        within += fabs(z) < 1;
    }
    CHECK(r.counter == 200000);
    CHECK(fabs(sum / 100000) < 0.02 && fabs(squares / 100000 - 1) < 0.03);
    CHECK(within > 67300 && within < 69300); /* 68.27 % */
}

int main(void)
{
    struct random r = { .seed = 1, .stream = 2 };
    long bins[10] = { 0 };
    double sum = 0;

    /* A sequence is random_u64 of its counter: any rank can take any part. */
    uint64_t first = random_next(&r), second = random_next(&r);
    CHECK(first == random_u64(1, 2, 0) && second == random_u64(1, 2, 1) && first != second);
    CHECK(random_u64(1, 2, 0) != random_u64(1, 3, 0) && random_u64(1, 2, 0) != random_u64(2, 2, 0));
    CHECK(random_u64(1, 2, 3) != random_u64(1, 3, 2));
    CHECK(random_stream(RANDOM_UNIFORM, 1, 2) == UINT64_C(0x2000000100000002));
    CHECK(random_stream(RANDOM_RISE, 0xFFFFFF, UINT32_MAX) == UINT64_C(0x80FFFFFFFFFFFFFF));
    for (int i = 0; i < 100000; i++) {
        uint32_t v = random_below(&r, 10);
        CHECK(v < 10);
        bins[v < 10 ? v : 0]++;
    }
    for (int i = 0; i < 10; i++) /* 10,000 each, sd 95: six of them */
        CHECK_MSG(bins[i] > 9430 && bins[i] < 10570, "bin %d has %ld", i, bins[i]);
    for (int i = 0; i < 100000; i++) {
        double u = random_unit(&r);
        CHECK(u >= 0 && u < 1);
        sum += u;
    }
    CHECK(sum > 49400 && sum < 50600);
    CHECK(random_below(&r, 1) == 0);
    /* All, none, and pairs of four: each of the six as often as another (1,000; sd 29). */
    int place[4], pair[16] = { 0 };
    random_sample(&r, 4, 4, place);
    for (int i = 0; i < 4; i++)
        CHECK(place[i] == i);
    place[0] = 7;
    random_sample(&r, 4, 0, place);
    CHECK(place[0] == 7);
    for (int i = 0; i < 6000; i++) {
        random_sample(&r, 4, 2, place);
        CHECK(place[0] >= 0 && place[0] < place[1] && place[1] < 4);
        pair[4 * place[0] + place[1]]++;
    }
    for (int a = 0; a < 3; a++)
        for (int b = a + 1; b < 4; b++)
            CHECK_MSG(pair[4 * a + b] > 820 && pair[4 * a + b] < 1180, "%d, %d: %d", a, b, pair[4 * a + b]);
    test_normal();
    return check_result("test_random");
}
