/* src/cli/machine.c: how many ranks this machine can hold. */
#include "machine.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { RANKS_A_CORE = 64, TEXT_BYTES = 1 << 16 };
static const uint64_t rank_bytes = 32 << 20; /* a rank that holds no network yet */

static int cores(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

/* The number behind `key` in a file of the system's, times `unit`; UINT64_MAX where it does not say. */
static uint64_t number_in(const char *path, const char *key, uint64_t unit)
{
    char text[TEXT_BYTES] = "";
    FILE *file = fopen(path, "r");
    const char *at;
    unsigned long long number;

    if (!file)
        return UINT64_MAX;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    at = strstr(text, key);
    if (!at || sscanf(at + strlen(key), "%llu", &number) != 1 || number > UINT64_MAX / 2 / unit)
        return UINT64_MAX;
    return number * unit;
}

/* Of the machine, and of the container's control group, versions 2 and 1. */
static uint64_t free_bytes(void)
{
    static const char *const group[][2] = {
        { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current" },
        { "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes" },
    };
    uint64_t least = number_in("/proc/meminfo", "MemAvailable:", 1024);

    for (size_t i = 0; i < COUNT_OF(group); i++) {
        uint64_t most = number_in(group[i][0], "", 1), used = number_in(group[i][1], "", 1);

        if (most != UINT64_MAX && used != UINT64_MAX && most - (used < most ? used : most) < least)
            least = most - (used < most ? used : most);
    }
    return least;
}

status machine_refuses(int ranks, uint64_t bytes)
{
    const char *text = getenv("SLURM_JOB_NUM_NODES");
    uint64_t each = rank_bytes + bytes, most = free_bytes();
    int64_t nodes = 1;

    if (!text || !text_parse_int(text, 1, 1 << 20, &nodes))
        nodes = 1;
    if (ranks > RANKS_A_CORE * cores() * nodes)
        return FAIL(
            ERR_USAGE,
            "%d ranks are more than %d for each of %d cores: --oversubscribe starts them all the same", ranks,
            RANKS_A_CORE, cores() * (int)nodes);
    if (most != UINT64_MAX && (double)ranks * (double)each > (double)most * (double)nodes)
        return FAIL(ERR_USAGE,
                    "%d ranks need at least %.1f GB of memory, %.0f MB each, and %.1f GB are free: "
                    "--oversubscribe starts "
                    "them all the same",
                    ranks, (double)ranks * (double)each / 1e9, (double)each / 1e6,
                    (double)most * (double)nodes / 1e9);
    return OK;
}
