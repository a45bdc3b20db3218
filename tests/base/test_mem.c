#include "base.h"
#include "check.h"

#include <string.h>
#include <sys/resource.h>

static void check_room(void)
{
    int *number = NULL, capacity = 0;

    for (int i = 0; i < 100; i++) {
        CHECK(mem_room(&number, i, &capacity, sizeof *number) == OK && capacity > i && number[i] == 0);
        number[i] = i;
    }
    CHECK(capacity == 128 && number[0] == 0 && number[63] == 63 && number[99] == 99);
    capacity = 1 << 30;
    CHECK(mem_room(&number, 1 << 30, &capacity, sizeof *number) == ERR_MEMORY && number[99] == 99);
    mem_free(number);
}

/* Short where a limit leaves less than 256 MiB. */
static void check_short(void)
{
    struct rlimit before, tight;

    CHECK(!mem_is_short());
    CHECK(getrlimit(RLIMIT_AS, &before) == 0);
    tight = before;
    tight.rlim_cur = 1 << 20; /* less than there is already: nothing more is to be had */
    CHECK(setrlimit(RLIMIT_AS, &tight) == 0 && mem_is_short());
    CHECK(setrlimit(RLIMIT_AS, &before) == 0 && !mem_is_short());
}

/* Blocks of every size, zeroed and apart from each other, end together; a second time there are none. */
static void check_set(void)
{
    long before = mem_live();
    struct mem_set set = { 0 };
    char *block[5];

    for (int i = 0; i < 5; i++) {
        size_t bytes = (size_t)i * 100;

        block[i] = mem_take(&set, (size_t)i, 100);
        CHECK(block[i] && (uintptr_t)block[i] % 64 == 0);
        for (size_t k = 0; k < bytes; k++)
            CHECK(block[i][k] == 0);
        memset(block[i], 1 + i, bytes);
    }
    for (int i = 1; i < 5; i++)
        CHECK(block[i][0] == 1 + i && block[i][i * 100 - 1] == 1 + i);
    CHECK(mem_live() == before + 5);
    CHECK(mem_take(&set, SIZE_MAX / 2, 3) == NULL && mem_take(&set, SIZE_MAX - 80, 1) == NULL);
    mem_drop(&set);
    CHECK(mem_live() == before && set.last == NULL);
    mem_drop(&set);
    CHECK(mem_live() == before);
}

int main(void)
{
    long before = mem_live();
    char *a = mem_alloc(100, 3), *b;

    CHECK(a && (uintptr_t)a % 64 == 0);
    for (int i = 0; i < 300; i++)
        CHECK(a[i] == 0);
    memset(a, 7, 300);
    b = mem_grow(a, 300, 1000, 1);
    CHECK(b && b[299] == 7 && b[300] == 0 && b[999] == 0);
    CHECK(mem_live() == before + 1);
    CHECK(mem_alloc(SIZE_MAX / 2, 3) == NULL); /* the product overflows */
    CHECK(mem_grow(b, 1000, SIZE_MAX, 2) == NULL && b[299] == 7);
    mem_free(b);
    mem_free(NULL);
    char *copy = mem_strdup("abc");
    CHECK(copy && strcmp(copy, "abc") == 0);
    mem_free(copy);
    check_room();
    check_set();
    check_short();
    CHECK(mem_live() == before);
    CHECK(mem_peak_resident() > 100 * 1024);
    CHECK(mem_proportional() == 0 ||
          (mem_proportional() > 10 * 1024 && mem_proportional() <= mem_peak_resident()));
    return check_result("test_mem");
}
