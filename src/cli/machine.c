/* src/cli/machine.c: how many ranks this machine can hold. */
#include "machine.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RANKS_A_CORE = 64, TEXT_BYTES = 1 << 16, PATH_BYTES = 4096 };
static const uint64_t rank_bytes = 32 << 20; /* a rank that holds no network yet */

/* sched_getaffinity knows 1,024 cores. */
static int cores(void)
{
    cpu_set_t set;

    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* The number behind `key` in a file of the system's, in bytes; UINT64_MAX where it does not say. */
static uint64_t number_in(const char *root, const char *path, const char *key, uint64_t unit)
{
    char name[PATH_BYTES], text[TEXT_BYTES] = "";
    const char *at;
    unsigned long long number;
    FILE *file;

    snprintf(name, sizeof name, "%s%s", root, path);
    file = fopen(name, "r");
    if (!file)
        return UINT64_MAX;
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    at = strstr(text, key);
    if (!at || sscanf(at + strlen(key), "%llu", &number) != 1 || number > UINT64_MAX / 2 / unit)
        return UINT64_MAX;
    return number * unit;
}

/* A container's control group, versions 2 and 1. Pages of files count as used; the kernel takes them back
 * when memory is wanted. */
static const struct group {
    const char *most, *used, *stat, *pages[2];
} groups[] = {
    { "/sys/fs/cgroup/memory.max",
      "/sys/fs/cgroup/memory.current",
      "/sys/fs/cgroup/memory.stat",
      { "\nactive_file ", "\ninactive_file " } },
    { "/sys/fs/cgroup/memory/memory.limit_in_bytes",
      "/sys/fs/cgroup/memory/memory.usage_in_bytes",
      "/sys/fs/cgroup/memory/memory.stat",
      { "\ntotal_active_file ", "\ntotal_inactive_file " } },
};

static uint64_t free_in_group(const char *root, const struct group *g)
{
    uint64_t most = number_in(root, g->most, "", 1), used = number_in(root, g->used, "", 1);

    if (most == UINT64_MAX || used == UINT64_MAX)
        return UINT64_MAX;
    for (size_t i = 0; i < COUNT_OF(g->pages); i++) {
        uint64_t pages = number_in(root, g->stat, g->pages[i], 1);

        used -= pages == UINT64_MAX ? 0 : pages < used ? pages : used;
    }
    return used < most ? most - used : 0;
}

uint64_t machine_free_bytes(const char *root)
{
    uint64_t least = number_in(root, "/proc/meminfo", "MemAvailable:", 1024);

    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        uint64_t here = free_in_group(root, &groups[i]);

        if (here < least)
            least = here;
    }
    return least;
}

status machine_refuses(int ranks, uint64_t bytes)
{
    const char *text = getenv("SLURM_JOB_NUM_NODES");
    uint64_t each = rank_bytes + bytes, most = machine_free_bytes("");
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
                    "--oversubscribe starts them all the same",
                    ranks, (double)ranks * (double)each / 1e9, (double)each / 1e6,
                    (double)most * (double)nodes / 1e9);
    return OK;
}
