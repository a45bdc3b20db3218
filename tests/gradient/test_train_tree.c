/* tests/gradient/test_train_tree.c: the tree over chunks: by its definition, and any deal of chunks. */
#include <string.h>

#include "check.h"
#include "gradient/net.h"

enum { MOST = 37, WIDTH = 3 };

/* Node (level, place) of leaves 0 .. total - 1, by the definition. */
static float node_of(const float *leaf, int total, int level, int place, int j)
{
    if (level == 0)
        return leaf[place * WIDTH + j];
    if ((2 * place + 1) << (level - 1) >= total)
        return node_of(leaf, total, level - 1, 2 * place, j);
    return node_of(leaf, total, level - 1, 2 * place, j) + node_of(leaf, total, level - 1, 2 * place + 1, j);
}

static int levels(int total)
{
    int level = 0;

    while (1 << level < total)
        level++;
    return level;
}

/* Chunks dealt as evenly as may be, in runs. */
static void deal(const float *leaf, int total, int ranks)
{
    struct gradient_node all[MOST * 2];
    static float values[MOST * 2 * WIDTH];
    static double wide[MOST * 2 * WIDTH];
    int nodes = 0;

    for (int r = 0; r < ranks; r++) {
        struct gradient_run run = { .first = total * r / ranks, .total = total };
        int count;

        run.count = total * (r + 1) / ranks - run.first;
        count = gradient_run_nodes(run, all + nodes);
        for (int i = 0; i < count; i++)
            for (int j = 0; j < WIDTH; j++)
                values[(nodes + i) * WIDTH + j] =
                    node_of(leaf, total, all[nodes + i].level, all[nodes + i].place, j);
        nodes += count;
    }
    for (int i = 0; i < nodes * WIDTH; i++)
        wide[i] = (double)values[i];
    {
        struct gradient_node again[MOST * 2];

        memcpy(again, all, sizeof again);
        gradient_join_f64(again, nodes, total, wide, WIDTH);
    }
    gradient_join_f32(all, nodes, total, values, WIDTH);
    CHECK(all[0].place == 0 && all[0].level == levels(total));
    for (int j = 0; j < WIDTH; j++) {
        CHECK_MSG(values[j] == node_of(leaf, total, levels(total), 0, j), "%d chunks, %d ranks", total,
                  ranks);
        CHECK(fabs(wide[j] - (double)values[j]) < 1e-4);
    }
}

/* The stack ends with the run's nodes, and never has more than its slots. */
static void slots(int first, int count, int total)
{
    struct gradient_run run = { first, count, total };
    struct gradient_node node[GRADIENT_MAX_NODES];
    struct train_slot slot[MOST];
    int most = train_tree_slots(run, slot), nodes = gradient_run_nodes(run, node), depth = 0, chunks = 0;

    for (int c = 0; c < count; c++) {
        CHECK(slot[c].slot == depth && depth < most && slot[c].joins <= depth);
        depth += 1 - slot[c].joins;
    }
    CHECK_MSG(depth == nodes, "%d..+%d of %d: %d of %d", first, count, total, depth, nodes);
    for (int i = 0; i < nodes; i++) {
        int end = (node[i].place + 1) << node[i].level;

        CHECK(node[i].place << node[i].level == first + chunks);
        chunks = (end < total ? end : total) - first;
    }
    CHECK(chunks == count);
}

int main(void)
{
    float leaf[MOST * WIDTH];
    struct random r = { 1, 2, 0 };

    for (int i = 0; i < MOST * WIDTH; i++)
        leaf[i] = (float)(random_unit(&r) - 0.5);
    for (int total = 1; total <= MOST; total++) {
        for (int ranks = 1; ranks <= 9; ranks++)
            deal(leaf, total, ranks);
        for (int first = 0; first < total; first++)
            for (int count = 0; first + count <= total; count++)
                slots(first, count, total);
    }
    return check_result("gradient/train_tree");
}
