/* A block that the host's first rank fills, shared and as copies. */
#include "check.h"
#include "comm.h"

#include <stdlib.h>
#include <string.h>

enum { WORDS = 100001 };

static void check_block(const struct comm *c, int may_share)
{
    struct comm_block b = { .at = NULL };
    struct comm node;
    uint32_t *word;
    uint64_t shared;
    int wrong = 0;

    comm_node(c, &node);
    CHECK(node.rank == c->node_rank && node.size == c->node_size);
    CHECK(comm_block_make(c, c->node_rank == 0 ? WORDS * sizeof *word : 5, &b) == OK);
    CHECK(b.bytes == WORDS * sizeof *word && (uintptr_t)b.at % 64 == 0);
    CHECK(!b.shared || (may_share && c->node_size > 1));
    word = b.at;
    for (int i = 0; c->node_rank == 0 && i < WORDS; i++) {
        wrong += word[i] != 0;
        word[i] = (uint32_t)i * 2654435761u;
    }
    comm_block_publish(c, &b);
    for (int i = 0; i < WORDS; i++)
        wrong += word[i] != (uint32_t)i * 2654435761u;
    CHECK_MSG(wrong == 0, "%d of %d words are not the first rank's", wrong, WORDS);
    shared = (uint64_t)b.shared;
    comm_max_u64(c, &shared, 1);
    CHECK((int)shared == b.shared || c->nodes > 1);
    if (may_share && c->node_size > 1 && !b.shared)
        check_skip("shared memory", "MPI or /dev/shm has none");
    comm_block_free(&b);
    CHECK(!b.at && !b.shared);
    comm_block_free(&b);
}

static void check_memory(const struct comm *c)
{
    struct comm_memory m;

    comm_node_memory(c, 1000, &m);
    CHECK(m.node == 1000 * (size_t)c->node_size || c->nodes > 1);
    comm_node_memory(c, c->node_rank == 0 ? 1000 : 0, &m);
    CHECK(m.node == (c->node_size == 1 ? 1000 : 0) || c->nodes > 1);
    CHECK(m.rank >= mem_peak_resident() / 2);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };

    CHECK(comm_init(&argc, &argv, &c) == OK);
    check_block(&c, 1);
    CHECK(setenv("QUANTCAM_SHARE", "off", 1) == 0);
    check_block(&c, 0);
    check_memory(&c);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("comm/block");
}
