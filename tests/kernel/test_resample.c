/* tests/kernel/test_resample.c: one axis by hand, and equal on every instruction set. Pillow's bytes are
 * tests/image/test_resize.c's. */
#include "kernel_test.h"

enum { MOST = 700, TAPS = 9 };

static int start[MOST], taps[MOST];
static int32_t weight[MOST * TAPS];

static struct kernel_resample axis(int count)
{
    return (struct kernel_resample){ count, TAPS, start, taps, weight };
}

/* Windows that climb along `in` inputs, with weights of either sign that leave 0..255 now and then. */
static struct kernel_resample random_axis(int in, int count)
{
    for (int i = 0; i < count; i++) {
        int left;

        start[i] = (int)((int64_t)i * in / count);
        left = in - start[i];
        taps[i] = test_between(1, left < TAPS ? left : TAPS);
        for (int t = 0; t < taps[i]; t++)
            weight[i * TAPS + t] = test_between(-(1 << 18), 900000);
    }
    taps[count - 1] = in - start[count - 1] < TAPS ? in - start[count - 1] : TAPS; /* to the very end */
    return axis(count);
}

static void test_hand(void)
{
    const uint8_t line[] = { 10, 20, 30, 21, 40, 60 };
    struct kernel_resample a = axis(1);
    uint8_t out[6];

    start[0] = 0;
    taps[0] = 2;
    weight[0] = weight[1] = 1 << 21; /* halves: 15.5 becomes 16 */
    kernel_select("ref")->resample_horizontal(&a, line, 6, 1, out, 3);
    CHECK(out[0] == 16 && out[1] == 30 && out[2] == 45);
    kernel_select("ref")->resample_vertical(&a, line, 3, 3, out, 3);
    CHECK(out[0] == 16 && out[1] == 30 && out[2] == 45);
    weight[0] = -(1 << 22); /* -10 and 31.5 - 10 */
    kernel_select("ref")->resample_horizontal(&a, line, 6, 1, out, 3);
    CHECK(out[0] == 1 && out[1] == 0 && out[2] == 0);
}

static void test_size(const struct kernel_table *ref, const struct kernel_table *k, int in, int count,
                      int rows)
{
    size_t bytes = (size_t)in * 3, most = (size_t)(count > in ? count : in) * 3 * (size_t)(rows + TAPS);
    /* Exactly what may be read: the sanitizer sees one byte more. */
    uint8_t *p = malloc(bytes * (size_t)rows), *columns = malloc((size_t)in * (size_t)rows);
    uint8_t *a = test_memory(most), *b = test_memory(most);
    struct kernel_resample axis;

    test_fill_u8(p, bytes * (size_t)rows, 0);
    axis = random_axis(in, count);
    ref->resample_horizontal(&axis, p, bytes, rows, a, (size_t)count * 3);
    k->resample_horizontal(&axis, p, bytes, rows, b, (size_t)count * 3);
    CHECK_MSG(memcmp(a, b, (size_t)count * 3 * (size_t)rows) == 0, "%s, %d -> %d, %d rows", k->isa, in, count,
              rows);
    test_fill_u8(columns, (size_t)in * (size_t)rows, 0); /* `in` lines of `rows` bytes */
    ref->resample_vertical(&axis, columns, (size_t)rows, (size_t)rows, a, (size_t)rows + 3);
    k->resample_vertical(&axis, columns, (size_t)rows, (size_t)rows, b, (size_t)rows + 3);
    for (int i = 0; i < count; i++)
        CHECK(memcmp(a + i * (rows + 3), b + i * (rows + 3), (size_t)rows) == 0);
    free(p);
    free(columns);
    free(a);
    free(b);
}

static void test_table(const struct kernel_table *ref, const struct kernel_table *k)
{
    for (int rows = 1; rows <= 70; rows += 1 + rows / 5)
        for (int in = 1; in < 60; in += 1 + in / 3)
            for (int count = 1; count < 90; count += 1 + count / 2)
                test_size(ref, k, in, count, rows);
    test_size(ref, k, 500, 341, 9);
}

int main(void)
{
    test_hand();
    test_every_isa(test_table);
    return check_result("kernel/resample");
}
