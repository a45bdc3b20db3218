/* tests/cli/test_bench_phase.c: the parts of a picture's cost, in the order of a job, and what they sum up
 * to.
 */
#include "cli/bench.h"

#include <math.h>

#include "hand.h"

enum { SHARED = BENCH_SHARED, ALL = BENCH_ALL };

static const struct expected {
    const char *name;
    int precision;
    int sum; /* of "evaluate" or, behind it, of the first and the second "explain": 1, 2; of both: 3 */
} expected[] = {
    { "decode and preprocess", SHARED, 1 },
    { "network", 0, 1 },
    { "EigenCAM, 224 x 224 map", 0, 0 },
    { "EigenCAM, raw sign with it", 0, 1 },
    { "Grad-CAM++ with its gradient", 0, 0 },
    { "activation statistics", 0, 1 },
    { "localization", 0, 1 },
    { "network", 1, 1 },
    { "EigenCAM, 224 x 224 map", 1, 0 },
    { "EigenCAM, raw sign with it", 1, 1 },
    { "Grad-CAM++ with its gradient", 1, 0 },
    { "activation statistics", 1, 1 },
    { "localization", 1, 1 },
    { "RMSE of the maps", 1, 1 },
    { "further measures of the pair", 1, 1 },
    { "evaluate", ALL, 0 },
    { "picture and substrates", SHARED, 3 },
    { "both curves, every step whole", 0, 1 },
    { "both curves, every step whole", 1, 1 },
    { "both curves, what changed alone", 0, 2 },
    { "both curves, what changed alone", 1, 2 },
    { "explain, every step whole", ALL, 0 },
    { "explain", ALL, 0 },
};
enum { EVALUATE = 15, EXPLAIN_WHOLE = 21, EXPLAIN = 22 };

static double sum_of(const struct bench_parts *parts, int from, int to, int sum)
{
    double seconds = 0;

    for (int i = from; i < to; i++)
        seconds += expected[i].sum & sum ? parts->part[i].seconds : 0;
    return seconds;
}

static void check_sum(double is, double of, const char *name)
{
    CHECK_MSG(fabs(is - of) <= 1e-12 * of, "%s: %g, not %g", name, is, of);
}

static void check_parts(const struct bench_parts *parts, int count)
{
    CHECK_MSG(parts->count == count, "%d", parts->count);
    for (int i = 0; i < parts->count && i < count; i++) {
        const struct bench_part *p = &parts->part[i];

        CHECK_MSG(strcmp(p->name, expected[i].name) == 0 && p->precision == expected[i].precision, "%d: %s",
                  i, p->name);
        CHECK(p->seconds > 0);
    }
    check_sum(parts->part[EVALUATE].seconds, sum_of(parts, 0, EVALUATE, 1), "evaluate");
}

int main(void)
{
    const struct image image = { 2, 2, (uint8_t[12]){ 255, 255, 255, [9] = 255, 255, 255 } };
    struct network_set *set = mem_alloc(1, sizeof *set);
    struct bench_parts parts;
    struct hand hand;
    char picture[96];

    hand_make(&hand);
    snprintf(picture, sizeof picture, "%s/picture.png", hand.folder);
    hand_must(image_write_png(picture, &image));
    hand_open(&hand, 2, 1u << CAM_GRADCAMPP, 0, set);
    CHECK(bench_phase_run(set, picture, 3, 0, &parts) == OK);
    check_parts(&parts, EVALUATE + 1);
    CHECK(bench_phase_run(set, picture, 3, 1, &parts) == OK);
    check_parts(&parts, COUNT_OF(expected));
    check_sum(parts.part[EXPLAIN_WHOLE].seconds, sum_of(&parts, EVALUATE, EXPLAIN_WHOLE, 1),
              "explain, whole");
    check_sum(parts.part[EXPLAIN].seconds, sum_of(&parts, EVALUATE, EXPLAIN_WHOLE, 2), "explain");
    CHECK(bench_phase_run(set, "/nonexistent/picture.png", 1, 0, &parts) != OK && parts.count == 0);
    network_set_close(set);
    mem_free(set);
    unlink(picture);
    hand_remove(&hand);
    CHECK(mem_live() == 0);
    return check_result("cli/bench_phase");
}
