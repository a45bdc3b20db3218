/* What is drawn, by keys written out; crops and flips by hand; moments of what is drawn. */
#include "check.h"
#include "train/train_parts.h"

#include <math.h>
#include <string.h>

static double unit(uint64_t seed, uint64_t key, uint64_t counter)
{
    return ldexp((double)(random_u64(seed, key, counter) >> 11), -53);
}

static void test_order(void)
{
    uint32_t sample[100], order[100], seen[200] = { 0 };
    uint64_t key = UINT64_C(1) << 56 | UINT64_C(3) << 32;

    for (uint32_t i = 0; i < 100; i++)
        sample[i] = 2 * i;
    CHECK(draw_order(5, 3, sample, 100, order) == OK);
    for (int i = 0; i < 100; i++) {
        seen[order[i]]++;
        CHECK(i == 0 || random_u64(5, key, order[i - 1]) < random_u64(5, key, order[i]));
    }
    for (int i = 0; i < 200; i++)
        CHECK(seen[i] == (i % 2 == 0));
    /* In place of itself, too; another epoch, another order. */
    CHECK(draw_order(5, 3, sample, 100, sample) == OK && !memcmp(sample, order, sizeof order));
    CHECK(draw_order(5, 4, sample, 100, sample) == OK && memcmp(sample, order, sizeof order));

    CHECK(draw_holdout(5, 100, 30, sample) == OK);
    for (int i = 1; i < 100; i++)
        CHECK(i == 30 || sample[i] > sample[i - 1]);
    key = UINT64_C(5) << 56;
    for (int i = 0; i < 30; i++) /* the smallest draws */
        for (int j = 30; j < 100; j++)
            CHECK(random_u64(5, key, sample[i]) < random_u64(5, key, sample[j]));
    CHECK(draw_holdout(5, 100, 0, sample) == OK && sample[99] == 99 && sample[0] == 0);
}

static void test_shift(void)
{
    const struct draw_moves both = { .reach = 4, .flip = 1 }, crops = { .reach = 4 }, flips = { .flip = 1 };
    const struct draw_moves all = { .reach = 16, .flip = 1, .turn = 1 };
    const uint8_t in[] = { 1, 2, 3, 4, 5, 6 }; /* 2 x 3 */
    uint8_t out[6];
    int mirrors = 0, x[9] = { 0 };

    draw_shifted(in, 2, 3, 1, 0, (struct draw_shift){ 0 }, out);
    CHECK(!memcmp(out, in, 6));
    draw_shifted(in, 2, 3, 1, 0, (struct draw_shift){ .mirror = 1 }, out);
    CHECK(!memcmp(out, "\3\2\1\6\5\4", 6));
    draw_shifted(in, 2, 3, 1, 0, (struct draw_shift){ .x = 1, .y = -1 }, out); /* zeros above, to the right */
    CHECK(!memcmp(out, "\0\0\0\2\3\0", 6));
    draw_shifted(in, 2, 3, 1, 0, (struct draw_shift){ .mirror = 1, .x = 1 }, out); /* mirrored, then cut */
    CHECK(!memcmp(out, "\2\1\0\5\4\0", 6));
    for (uint32_t i = 0; i < 9000; i++) {
        struct draw_shift s = draw_shift(&both, 1, 2, i), crop = draw_shift(&crops, 1, 2, i);
        uint64_t key = UINT64_C(2) << 56 | UINT64_C(2) << 32 | i;

        CHECK(s.mirror == (int)(random_u64(1, key, 0) >> 63));
        CHECK(s.x == (int)floor(unit(1, key, 1) * 9) - 4 && s.y == (int)floor(unit(1, key, 2) * 9) - 4);
        CHECK(crop.x == s.x && !crop.mirror);
        mirrors += s.mirror;
        x[s.x + 4]++;
    }
    CHECK(mirrors > 4300 && mirrors < 4700);
    for (int i = 0; i < 9; i++)
        CHECK(x[i] > 850 && x[i] < 1150);
    CHECK(draw_shift(&flips, 1, 2, 3).x == 0);
    for (uint32_t i = 0; i < 1000; i++) {
        struct draw_shift s = draw_shift(&all, 1, 2, i);
        uint64_t key = UINT64_C(2) << 56 | UINT64_C(2) << 32 | i;

        CHECK(s.mirror == draw_shift(&both, 1, 2, i).mirror && s.turns == (int)(unit(1, key, 3) * 4));
        CHECK(s.x == (int)floor(unit(1, key, 1) * 33) - 16 && s.y == (int)floor(unit(1, key, 2) * 33) - 16);
    }
}

/* Out of 4 x 4, the middle 2 x 2 being 6 7 10 11; turns are numpy.rot90's. */
static void test_margin_and_turn(void)
{
    static const char *const turned[] = { "\6\7\12\13", "\7\13\6\12", "\13\12\7\6", "\12\6\13\7" };
    uint8_t in[16], out[4];

    for (int i = 0; i < 16; i++)
        in[i] = (uint8_t)(i + 1);
    for (int k = 0; k < 4; k++) {
        draw_shifted(in, 2, 2, 1, 1, (struct draw_shift){ .turns = k }, out);
        CHECK_MSG(!memcmp(out, turned[k], 4), "%d turns: %d %d %d %d", k, out[0], out[1], out[2], out[3]);
    }
    draw_shifted(in, 2, 2, 1, 1, (struct draw_shift){ .x = 1, .y = -1 }, out);
    CHECK(!memcmp(out, "\3\4\7\10", 4));
    draw_shifted(in, 2, 2, 1, 1, (struct draw_shift){ .mirror = 1, .x = 1, .y = -1, .turns = 1 }, out);
    CHECK(!memcmp(out, "\1\5\2\6", 4));                               /* 2 1 above 6 5, turned to the left */
    draw_shifted(in, 2, 2, 1, 1, (struct draw_shift){ .x = 2 }, out); /* zeros beyond the margin */
    CHECK(!memcmp(out, "\10\0\14\0", 4));
}

static void test_fill(void)
{
    const uint8_t masked[] = { 1, 0, 0, 1 };
    float x[8] = { 1, -1, 5, 0, 3, 2, 7, -3 }, mean[8];
    uint64_t key = UINT64_C(3) << 56 | UINT64_C(6) << 32 | 77;

    memcpy(mean, x, sizeof x);
    draw_fill(2, 6, 77, DRAW_FILL_UNIFORM, masked, 4, 2, x);
    CHECK(x[2] == 5 && x[3] == 0 && x[4] == 3 && x[5] == 2);
    CHECK(x[0] == (float)(1 + 6 * unit(2, key, 0)) && x[6] == (float)(1 + 6 * unit(2, key, 3)));
    CHECK(x[1] == (float)(-3 + 5 * unit(2, key, 4)) && x[7] == (float)(-3 + 5 * unit(2, key, 7)));
    draw_fill(2, 6, 77, DRAW_FILL_MEAN, masked, 4, 2, mean);
    CHECK(mean[0] == 4 && mean[6] == 4 && mean[1] == -.5f && mean[7] == -.5f && mean[2] == 5);
}

static void test_initial(void)
{
    static float w[20000];
    double squares = 0;

    draw_initial(3, 8, DRAW_UNIFORM, 25, 20000, w);
    for (int i = 0; i < 20000; i++) {
        CHECK(w[i] == (float)((2 * unit(3, UINT64_C(4) << 56 | 8, 2 * (uint64_t)i) - 1) * (1 / 5.)));
        squares += (double)w[i] * w[i];
    }
    CHECK(fabs(squares / 20000 - 1.0 / 75) < 3e-4);
    draw_initial(3, 8, DRAW_NORMAL, 50, 20000, w);
    squares = 0;
    for (int i = 0; i < 20000; i++)
        squares += (double)w[i] * w[i];
    CHECK(fabs(squares / 20000 - 2.0 / 50) < 2e-3);
}

int main(void)
{
    test_order();
    test_shift();
    test_margin_and_turn();
    test_fill();
    test_initial();
    CHECK(mem_live() == 0);
    return check_result("train_draw");
}
