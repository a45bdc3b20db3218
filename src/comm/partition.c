/* src/comm/partition.c: which rank does what, without a message. */
#include "comm.h"

status partition_cyclic(const uint8_t *missing, int64_t n, int rank, int size, int64_t **mine, int64_t *count)
{
    int64_t all = 0, own, next = 0;

    *mine = NULL;
    *count = 0;
    BUG_IF(n < 0 || size < 1 || rank < 0 || rank >= size);
    for (int64_t i = 0; i < n; i++)
        all += missing[i] != 0;
    own = all / size + (rank < all % size);
    if (own == 0)
        return OK;
    MEM_TRY(*mine, (size_t)own, sizeof **mine);
    for (int64_t i = 0, j = 0; i < n; i++)
        if (missing[i] && j++ % size == rank)
            (*mine)[next++] = i;
    BUG_IF(next != own);
    *count = own;
    return OK;
}

void partition_range(int64_t n, int rank, int size, int64_t *first, int64_t *count)
{
    int64_t base = n / size, rest = n % size;

    BUG_IF(n < 0 || size < 1 || rank < 0 || rank >= size);
    *first = base * rank + (rank < rest ? rank : rest);
    *count = base + (rank < rest);
}
