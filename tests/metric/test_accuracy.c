#include "fixtures.h"

static void by_hand(void)
{
    static const float x[6] = { 1, 3, 3, -2, 3, 0 }, equal[3] = { 5, 5, 5 }, low[2] = { -INFINITY, -1e30f };
    static const float four[2] = { 0, 1.0986122886681098f }; /* ln 3: probabilities 1/4 and 3/4 */
    int32_t top[6];
    float score[6], p[6];

    accuracy_top(x, 6, 5, top, score);
    CHECK(top[0] == 1 && top[1] == 2 && top[2] == 4 && top[3] == 0 && top[4] == 5);
    CHECK(score[0] == 3 && score[3] == 1 && score[4] == 0);
    accuracy_top(x, 6, 6, top, score);
    CHECK(top[5] == 3 && score[5] == -2);
    accuracy_top(equal, 3, 2, top, score);
    CHECK(top[0] == 0 && top[1] == 1);
    accuracy_top(low, 2, 2, top, score);
    CHECK(top[0] == 1 && top[1] == 0);
    CHECK(accuracy_rank(top, 2, 0) == 1 && accuracy_rank(top, 2, 1) == 0 && accuracy_rank(top, 2, 7) == -1);
    CHECK(accuracy_rank(top, 2, -1) == -1);
    accuracy_softmax(four, 2, p);
    CHECK(fabsf(p[0] - 0.25f) < 1e-7f && fabsf(p[1] - 0.75f) < 1e-7f);
    accuracy_softmax(equal, 3, p);
    CHECK(p[0] == p[1] && fabsf(p[2] - 1.0f / 3) < 1e-7f);
    accuracy_softmax((const float[2]){ 3e38f, -3e38f }, 2, p);
    CHECK(p[0] == 1 && p[1] == 0);
    CHECK(accuracy_finite(x, 6) && !accuracy_finite(low, 2) && accuracy_finite(NULL, 0));
    CHECK(!accuracy_finite((const float[3]){ 1, NAN, 2 }, 3) &&
          !accuracy_finite((const float[1]){ INFINITY }, 1));
}

int main(void)
{
    FILE *f = fixture_open("tests/metric/data/logits.bin");
    int32_t head[3], top[8], expected[8];
    float x[256], p[256], score[8];
    double soft[256];

    by_hand();
    fixture_read(f, head, sizeof(int32_t), 3);
    for (int row = 0; row < head[0]; row++) {
        double sum = 0.0;

        fixture_read(f, x, sizeof(float), (size_t)head[1]);
        fixture_read(f, expected, sizeof(int32_t), (size_t)head[2]);
        fixture_read(f, soft, sizeof(double), (size_t)head[1]);
        accuracy_top(x, head[1], head[2], top, score);
        accuracy_softmax(x, head[1], p);
        CHECK_MSG(memcmp(top, expected, (size_t)head[2] * sizeof *top) == 0, "row %d", row);
        for (int k = 0; k < head[2]; k++)
            CHECK(score[k] == x[top[k]]);
        for (int c = 0; c < head[1]; c++) {
            CHECK_MSG(fabs(p[c] - soft[c]) <= 1.5e-7 * soft[c] + 1e-44, "row %d class %d: %g, not %g", row, c,
                      p[c], soft[c]);
            sum += p[c];
        }
        CHECK(fabs(sum - 1) < 1e-6);
    }
    fclose(f);
    return check_result("metric/accuracy");
}
