#include "check.h"
#include "comm.h"

/* Every rank asks for its part in turn; mpirun is not needed for that. */
static void check_cyclic(const uint8_t *missing, int64_t n, int size)
{
    int64_t seen = 0, all = 0, longest = 0, shortest = n + 1;
    int *owner = mem_alloc((size_t)n + 1, sizeof *owner);

    for (int64_t i = 0; i < n; i++) {
        owner[i] = -1;
        all += missing[i] != 0;
    }
    for (int r = 0; r < size; r++) {
        int64_t *mine, count;
        CHECK(partition_cyclic(missing, n, r, size, &mine, &count) == OK);
        for (int64_t i = 0; i < count; i++) {
            CHECK(missing[mine[i]] && owner[mine[i]] == -1);
            CHECK(i == 0 || mine[i] > mine[i - 1]);
            owner[mine[i]] = r;
        }
        seen += count;
        longest = count > longest ? count : longest;
        shortest = count < shortest ? count : shortest;
        mem_free(mine);
    }
    CHECK(seen == all && longest - shortest <= 1);
    mem_free(owner);
}

static void check_range(int64_t n, int size)
{
    int64_t next = 0;

    for (int r = 0; r < size; r++) {
        int64_t first, count;
        partition_range(n, r, size, &first, &count);
        CHECK(first == next && count >= n / size && count <= n / size + 1);
        next = first + count;
    }
    CHECK(next == n);
}

int main(void)
{
    const uint8_t missing[] = { 1, 0, 1, 1, 0, 0, 1, 1, 1 };
    int64_t *mine, count, first;

    /* By hand: the missing ones are 0 2 3 6 7 8; rank 1 of 2 has the 2nd, 4th and 6th of them. */
    CHECK(partition_cyclic(missing, 9, 1, 2, &mine, &count) == OK);
    CHECK(count == 3 && mine[0] == 2 && mine[1] == 6 && mine[2] == 8);
    mem_free(mine);
    CHECK(partition_cyclic(missing, 9, 6, 7, &mine, &count) == OK && count == 0 && !mine);
    CHECK(partition_cyclic(missing, 0, 0, 1, &mine, &count) == OK && count == 0 && !mine);
    for (int size = 1; size <= 8; size++)
        for (int64_t n = 0; n <= 9; n++) {
            check_cyclic(missing, n, size);
            check_range(n, size);
        }
    partition_range(10, 1, 4, &first, &count); /* 3 3 2 2 */
    CHECK(first == 3 && count == 3);
    CHECK(mem_live() == 0);
    return check_result("test_partition");
}
