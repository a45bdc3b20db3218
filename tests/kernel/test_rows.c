/* tests/kernel/test_rows.c: the backward of a dense layer by its rows: by hand, and every instruction set
 * against ref. */
#include <stdlib.h>

#include "kernel_test.h"

enum { MOST_ROWS = 37, MOST_COLUMNS = 150 };

static void by_hand(const struct kernel_table *k)
{
    const float weight[] = { 1, 2, 3, 4, 5, 6 }, d[] = { 2, 0, -1 }, nothing[] = { 0, 0, 0 };
    const int8_t codes[] = { 1, 2, 3, 4, -128, 127 };
    float out[2] = { 9, 9 };

    k->rows_f32(weight, 3, 2, d, out);
    CHECK_MSG(out[0] == -3 && out[1] == -2, "%s: %g %g", k->isa, out[0], out[1]);
    k->rows_s8(codes, 3, 2, d, out);
    CHECK_MSG(out[0] == 130 && out[1] == -123, "%s: %g %g", k->isa, out[0], out[1]);
    k->rows_f32(weight, 3, 2, nothing, out);
    CHECK(out[0] == 0 && out[1] == 0);
}

static void one_size(const struct kernel_table *ref, const struct kernel_table *k, int rows, int columns)
{
    float weight[MOST_ROWS * MOST_COLUMNS], d[MOST_ROWS], out[MOST_COLUMNS + 1], expected[MOST_COLUMNS + 1];
    int8_t codes[MOST_ROWS * MOST_COLUMNS];

    test_fill_f32(weight, MOST_ROWS * MOST_COLUMNS, 0);
    test_fill_s8(codes, MOST_ROWS * MOST_COLUMNS, 0);
    for (int i = 0; i < rows; i++)
        d[i] = test_random() % 3 ? test_real() : 0.0f;
    out[columns] = 77;
    k->rows_f32(weight, rows, columns, d, out);
    ref->rows_f32(weight, rows, columns, d, expected);
    CHECK_MSG(test_differs_f32(out, expected, (size_t)columns) < 0 && out[columns] == 77, "%s f32 %d x %d",
              k->isa, rows, columns);
    k->rows_s8(codes, rows, columns, d, out);
    ref->rows_s8(codes, rows, columns, d, expected);
    CHECK_MSG(test_differs_f32(out, expected, (size_t)columns) < 0 && out[columns] == 77, "%s s8 %d x %d",
              k->isa, rows, columns);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    by_hand(k);
    for (int rows = 1; rows <= MOST_ROWS; rows += 3)
        for (int columns = 1; columns <= MOST_COLUMNS; columns++)
            one_size(ref, k, rows, columns);
}

int main(void)
{
    by_hand(kernel_select("ref"));
    test_every_isa(test_table);
    return check_result("kernel/rows");
}
