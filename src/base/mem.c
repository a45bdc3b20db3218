/* src/base/mem.c: counted, zeroed, aligned memory. */
#include "base.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { ALIGNMENT = 64, LARGE_PAGE = 2 << 20 };

/* One process computes in one thread; a service thread counts too, hence atomic. */
static _Atomic long live;

/* Weights and maps are read through faster in large pages (spec/speed.md 1): whole ones within the block,
 * where the system gives some, before a page of them is touched. */
static void ask_for_large_pages(void *block, size_t bytes)
{
    uintptr_t from = ((uintptr_t)block + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE,
              to = ((uintptr_t)block + bytes) / LARGE_PAGE * LARGE_PAGE;

    if (to > from)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

void *mem_alloc(size_t count, size_t size)
{
    size_t bytes;
    void *block;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ALIGNMENT)
        return NULL;
    bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    if (bytes == 0)
        bytes = ALIGNMENT;
    block = aligned_alloc(ALIGNMENT, bytes);
    if (!block)
        return NULL;
    ask_for_large_pages(block, bytes);
    memset(block, 0, bytes);
    live++;
    return block;
}

void *mem_grow(void *block, size_t old_count, size_t new_count, size_t size)
{
    void *grown = mem_alloc(new_count, size);

    if (!grown)
        return NULL;
    if (block)
        memcpy(grown, block, (old_count < new_count ? old_count : new_count) * size);
    mem_free(block);
    return grown;
}

int mem_is_short(void)
{
    const size_t bytes = (size_t)256 << 20;
    void *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (block == MAP_FAILED)
        return 1;
    munmap(block, bytes);
    return 0;
}

status mem_room(void *array, int count, int *capacity, size_t size)
{
    void *grown;
    int more;

    if (count < *capacity)
        return OK;
    if (*capacity > 1 << 29)
        return FAIL(ERR_MEMORY, "more than %d elements", *capacity);
    more = *capacity < 8 ? 8 : *capacity * 2;
    memcpy(&grown, array, sizeof grown); /* whatever it points to */
    grown = mem_grow(grown, (size_t)*capacity, (size_t)more, size);
    if (!grown)
        return FAIL(ERR_MEMORY, "no memory for %d elements of %zu bytes", more, size);
    memcpy(array, &grown, sizeof grown);
    *capacity = more;
    return OK;
}

char *mem_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = mem_alloc(size, 1);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}

void mem_free(void *block)
{
    if (!block)
        return;
    live--;
    free(block);
}

/* The address of the block before lies in front of a block. */
void *mem_take(struct mem_set *set, size_t count, size_t size)
{
    size_t bytes;
    void *block;

    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX - ALIGNMENT)
        return NULL;
    block = mem_alloc(bytes + ALIGNMENT, 1);
    if (!block)
        return NULL;
    memcpy(block, &set->last, sizeof set->last);
    set->last = block;
    return (char *)block + ALIGNMENT;
}

void mem_drop(struct mem_set *set)
{
    while (set->last) {
        void *block = set->last;

        memcpy(&set->last, block, sizeof set->last);
        mem_free(block);
    }
}

long mem_live(void)
{
    return live;
}

/* Of a file of lines "NAME: N kB"; 0 where there is none. */
static size_t kib_of(const char *path, const char *format)
{
    FILE *f = fopen(path, "r");
    char line[256];
    size_t kib = 0;

    if (!f)
        return 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, format, &kib) == 1)
            break;
    fclose(f);
    return kib * 1024;
}

size_t mem_peak_resident(void)
{
    return kib_of("/proc/self/status", "VmHWM: %zu kB");
}

size_t mem_proportional(void)
{
    return kib_of("/proc/self/smaps_rollup", "Pss: %zu kB");
}
