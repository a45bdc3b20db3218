/* src/gradient/train_tree.c: the fixed binary tree over a batch's chunks. */
#include "net.h"

/* The last node's place becomes its parent's while it has no right sibling, which does not exist. Returns 1
 * where the node before it is its left sibling. */
static int joins(struct gradient_node *node, int nodes, int total)
{
    struct gradient_node *last = &node[nodes - 1];

    while (last->place > 0 && last->place % 2 == 0 && ((int64_t)last->place + 1) << last->level >= total)
        *last = (struct gradient_node){ last->level + 1, last->place / 2 };
    return last->place % 2 && nodes > 1 && last[-1].level == last->level && last[-1].place == last->place - 1;
}

static void climb(struct gradient_node *last)
{
    *last = (struct gradient_node){ last->level + 1, last->place / 2 };
}

int train_tree_slots(struct gradient_run run, struct train_slot *slot)
{
    struct gradient_node node[GRADIENT_MAX_NODES];
    int nodes = 0, most = 1;

    for (int c = 0; c < run.count; c++) {
        BUG_IF(nodes == GRADIENT_MAX_NODES);
        slot[c] = (struct train_slot){ nodes, 0 };
        node[nodes++] = (struct gradient_node){ 0, run.first + c };
        most = nodes > most ? nodes : most;
        for (; joins(node, nodes, run.total); slot[c].joins++)
            climb(&node[--nodes - 1]);
    }
    return most;
}

/* Rows of `count` f32, or double where `wide`: row b is added to row a, or takes its place. */
static void combine(void *values, int wide, size_t count, int a, int b, int add)
{
    float *f = values;
    double *d = values;
    size_t to = (size_t)a * count, from = (size_t)b * count;

    for (size_t i = 0; wide && i < count; i++)
        d[to + i] = add ? d[to + i] + d[from + i] : d[from + i];
    for (size_t i = 0; !wide && i < count; i++)
        f[to + i] = add ? f[to + i] + f[from + i] : f[from + i];
}

/* Row `row` is node n, behind the `top` first ones; how many there are then. */
static int push(struct gradient_node *node, int top, struct gradient_node n, int row, int total, void *values,
                int wide, size_t count)
{
    if (top != row)
        combine(values, wide, count, top, row, 0);
    node[top++] = n;
    while (joins(node, top, total)) {
        top--;
        combine(values, wide, count, top - 1, top, 1);
        climb(&node[top - 1]);
    }
    return top;
}

/* How many nodes are left. */
static int reduce(struct gradient_node *node, int nodes, int total, void *values, int wide, size_t count)
{
    int top = 0;

    for (int i = 0; i < nodes; i++)
        top = push(node, top, node[i], i, total, values, wide, count);
    return top;
}

/* Of the run's chunks; values (run.count, count). How many nodes they become. */
static int reduce_run(struct gradient_run run, struct gradient_node node[GRADIENT_MAX_NODES], double *values,
                      size_t count)
{
    int nodes = 0;

    for (int c = 0; c < run.count; c++) {
        BUG_IF(nodes == GRADIENT_MAX_NODES);
        nodes = push(node, nodes, (struct gradient_node){ 0, run.first + c }, c, run.total, values, 1, count);
    }
    return nodes;
}

int gradient_run_nodes(struct gradient_run run, struct gradient_node node[GRADIENT_MAX_NODES])
{
    return reduce_run(run, node, NULL, 0);
}

int gradient_join_chunks(struct gradient_run run, double *values, size_t count)
{
    struct gradient_node node[GRADIENT_MAX_NODES];

    return reduce_run(run, node, values, count);
}

void gradient_join_f32(struct gradient_node *node, int nodes, int total, float *values, size_t count)
{
    BUG_IF(reduce(node, nodes, total, values, 0, count) != 1);
}

void gradient_join_f64(struct gradient_node *node, int nodes, int total, double *values, size_t count)
{
    BUG_IF(reduce(node, nodes, total, values, 1, count) != 1);
}

void train_tree_total(struct gradient_net *net, double *values, size_t count)
{
    int nodes = gradient_join_chunks(net->run, values, count);

    if (net->settings.sum)
        net->settings.sum(net->settings.context, net->run, (int)sizeof *values, values, count);
    else
        BUG_IF(nodes != 1);
}
