/* src/train/sum.c: sums over chunks by the fixed tree, and maxima, across ranks: nodes travel, never a rank's
 * sum. Of few values every rank gets all nodes and adds them; of many, each rank adds its share of the
 * values, and the shares go to all. Both are the same tree. */
#include "train_parts.h"

#include <string.h>

enum { FEW_BYTES = 1 << 16, BLOCK_BYTES = 1 << 24 };

struct gradient_run sum_run(const struct comm *c, int rank, int total)
{
    int64_t first, count;

    partition_range(total, rank, c->size, &first, &count);
    return (struct gradient_run){ (int)first, (int)count, total };
}

/* All ranks' nodes, from left to right; (size) of each. */
static int all_nodes(const struct train_sum *s, int total, struct gradient_node *node)
{
    int nodes = 0;

    for (int r = 0; r < s->c->size; r++) {
        s->nodes[r] = gradient_run_nodes(sum_run(s->c, r, total), node + nodes);
        nodes += s->nodes[r];
    }
    return nodes;
}

static void join(const struct train_sum *s, int nodes, int total, int size, void *values, size_t count)
{
    memcpy(s->joined, s->node, (size_t)nodes * sizeof *s->node);
    if (size == 4)
        gradient_join_f32(s->joined, nodes, total, values, count);
    else
        gradient_join_f64(s->joined, nodes, total, values, count);
}

static void sum_few(struct train_sum *s, int nodes, int total, int size, char *values, size_t count)
{
    size_t row = count * (size_t)size, at = 0;

    for (int r = 0; r < s->c->size; r++) {
        s->bytes[r] = (size_t)s->nodes[r] * row;
        at += r < s->c->rank ? s->bytes[r] : 0;
    }
    memcpy(s->room + at, values, s->bytes[s->c->rank]);
    comm_all_gather(s->c, s->room, s->bytes);
    join(s, nodes, total, size, s->room, count);
    memcpy(values, s->room, row);
}

/* Values first .. first + count - 1 of rows of `width`. My nodes' shares are laid out rank by rank, what
 * comes in is (nodes, mine). */
static void sum_block(struct train_sum *s, int nodes, int total, int size, char *values, size_t width,
                      size_t first, size_t count)
{
    size_t wide = (size_t)size, at = 0, mine = 0, out = 0;
    char *packed = s->room, *in = s->room + s->room_bytes / 2;
    int here = s->nodes[s->c->rank];

    for (int r = 0; r < s->c->size; r++) {
        int64_t begin, n;

        partition_range((int64_t)count, r, s->c->size, &begin, &n);
        s->at[r] = at;
        s->bytes[r] = (size_t)here * (size_t)n * wide;
        for (int k = 0; k < here; k++) {
            memcpy(packed + at, values + ((size_t)k * width + first + (size_t)begin) * wide,
                   (size_t)n * wide);
            at += (size_t)n * wide;
        }
        if (r == s->c->rank) {
            mine = (size_t)n;
            out = (size_t)begin;
        }
    }
    for (int r = 0; r < s->c->size; r++)
        s->in_bytes[r] = (size_t)s->nodes[r] * mine * wide;
    comm_exchange(s->c, packed, s->bytes, s->at, in, s->in_bytes);
    if (mine > 0)
        join(s, nodes, total, size, in, mine);
    memcpy(values + (first + out) * wide, in, mine * wide);
    for (int r = 0; r < s->c->size; r++) {
        int64_t begin, n;

        partition_range((int64_t)count, r, s->c->size, &begin, &n);
        s->bytes[r] = (size_t)n * wide;
    }
    comm_all_gather(s->c, values + first * wide, s->bytes);
}

void sum_ranks(void *self, struct gradient_run run, int size, void *values, size_t count)
{
    struct train_sum *s = self;
    struct gradient_run mine = sum_run(s->c, s->c->rank, run.total);
    int nodes = all_nodes(s, run.total, s->node);
    size_t block = s->room_bytes / 2 / ((size_t)nodes * (size_t)size);

    BUG_IF(run.first != mine.first || run.count != mine.count || (size != 4 && size != 8));
    comm_alive();
    if (s->c->size == 1) {
        join(s, nodes, run.total, size, values, count);
        return;
    }
    if ((size_t)nodes * count * (size_t)size <= FEW_BYTES) {
        sum_few(s, nodes, run.total, size, values, count);
        return;
    }
    for (size_t first = 0; first < count; first += block)
        sum_block(s, nodes, run.total, size, values, count, first,
                  count - first < block ? count - first : block);
}

void sum_most(void *self, float *values, size_t count)
{
    struct train_sum *s = self;
    size_t row = count * sizeof *values;

    BUG_IF(row * (size_t)s->c->size > s->room_bytes);
    comm_alive();
    for (int r = 0; r < s->c->size; r++)
        s->bytes[r] = row;
    memcpy(s->room + (size_t)s->c->rank * row, values, row);
    comm_all_gather(s->c, s->room, s->bytes);
    for (int r = 0; r < s->c->size; r++)
        for (size_t i = 0; i < count; i++) {
            float other;

            memcpy(&other, s->room + (size_t)r * row + i * sizeof other, sizeof other);
            values[i] = other > values[i] ? other : values[i];
        }
}

status sum_open(const struct comm *c, struct train_sum *out)
{
    size_t ranks = (size_t)c->size;

    *out = (struct train_sum){ .c = c, .room_bytes = BLOCK_BYTES };
    MEM_TRY(out->room, out->room_bytes, 1);
    MEM_TRY(out->node, ranks * GRADIENT_MAX_NODES, sizeof *out->node);
    MEM_TRY(out->joined, ranks * GRADIENT_MAX_NODES, sizeof *out->joined);
    MEM_TRY(out->nodes, ranks, sizeof *out->nodes);
    MEM_TRY(out->bytes, ranks, sizeof *out->bytes);
    MEM_TRY(out->in_bytes, ranks, sizeof *out->in_bytes);
    MEM_TRY(out->at, ranks, sizeof *out->at);
    return OK;
}

void sum_close(struct train_sum *s)
{
    mem_free(s->room);
    mem_free(s->node);
    mem_free(s->joined);
    mem_free(s->nodes);
    mem_free(s->bytes);
    mem_free(s->in_bytes);
    mem_free(s->at);
    *s = (struct train_sum){ 0 };
}

void sum_chunks(struct train_sum *s, struct gradient_run run, double *chunk, int width, double *out)
{
    gradient_join_chunks(run, chunk, (size_t)width);
    sum_ranks(s, run, 8, chunk, (size_t)width);
    memcpy(out, chunk, (size_t)width * sizeof *out);
}
