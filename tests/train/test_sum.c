/* Sums over chunks on any number of ranks are those of the tree by its definition, of few values and of many.
 */
#include <math.h>
#include "check.h"
#include "train/train_parts.h"

#include <stdlib.h>
#include <string.h>

static double chunk_value(int chunk, size_t i)
{
    return (double)(int64_t)random_u64(3, (uint64_t)chunk, i) * 0x1p-60;
}

/* node(0, c) = chunk c, node(l, j) = node(l-1, 2j) + node(l-1, 2j+1), or the left one alone. */
static double by_definition(int level, int place, int total, size_t i, int size)
{
    double left, right;

    if (level == 0)
        return size == 4 ? (double)(float)chunk_value(place, i) : chunk_value(place, i);
    left = by_definition(level - 1, 2 * place, total, i, size);
    if ((2 * place + 1) << (level - 1) >= total)
        return left;
    right = by_definition(level - 1, 2 * place + 1, total, i, size);
    return size == 4 ? (double)((float)left + (float)right) : left + right;
}

static int depth(int total)
{
    int level = 0;

    while (1 << level < total)
        level++;
    return level;
}

static void test_sum(struct train_sum *s, int total, size_t count, int size)
{
    struct gradient_run run = sum_run(s->c, s->c->rank, total);
    struct gradient_node node[GRADIENT_MAX_NODES];
    int nodes = gradient_run_nodes(run, node);
    double *wide = calloc((size_t)(nodes + 1) * count, sizeof *wide);
    float *narrow = (float *)wide;
    long wrong = 0;

    CHECK(wide != NULL);
    for (int k = 0; wide && k < nodes; k++)
        for (size_t i = 0; i < count; i++) {
            double v = by_definition(node[k].level, node[k].place, total, i, size);

            if (size == 4)
                narrow[(size_t)k * count + i] = (float)v;
            else
                wide[(size_t)k * count + i] = v;
        }
    sum_ranks(s, run, size, wide, count);
    for (size_t i = 0; wide && i < count; i += 1 + count / 500) {
        double want = by_definition(depth(total), 0, total, i, size);

        wrong += (size == 4 ? (double)narrow[i] : wide[i]) != want;
    }
    CHECK_MSG(wrong == 0, "%d chunks, %zu values of %d bytes", total, count, size);
    free(wide);
}

static void test_chunks(struct train_sum *s, int total)
{
    struct gradient_run run = sum_run(s->c, s->c->rank, total);
    double chunk[100 * 3], out[3];

    for (int k = 0; k < run.count; k++)
        for (size_t i = 0; i < 3; i++)
            chunk[3 * k + (int)i] = chunk_value(run.first + k, i);
    sum_chunks(s, run, chunk, 3, out);
    for (size_t i = 0; i < 3; i++)
        CHECK(out[i] == by_definition(depth(total), 0, total, i, 8));
}

/* The largest of all ranks', of each value. */
static void test_most(struct train_sum *s)
{
    float x[3] = { (float)s->c->rank, -(float)s->c->rank, s->c->rank == 0 ? -INFINITY : -5 };

    sum_most(s, x, 3);
    CHECK(x[0] == (float)(s->c->size - 1) && x[1] == 0 && x[2] == (s->c->size == 1 ? -INFINITY : -5));
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };
    struct train_sum s;

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    CHECK(sum_open(&c, &s) == OK);
    for (int total = 1; total <= 40; total++) {
        test_sum(&s, total, 5, 8);
        test_sum(&s, total, 3, 4);
        test_chunks(&s, total);
    }
    for (int total = 1; total < 20; total += 5) { /* shares, in one and in several blocks */
        test_sum(&s, total, 30011, 4);
        test_sum(&s, total, 900001, 8);
    }
    test_most(&s);
    sum_close(&s);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("train_sum");
}
