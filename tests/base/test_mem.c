#include "base.h"
#include "check.h"

#include <string.h>

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
    CHECK(mem_live() == before);
    CHECK(mem_peak_resident() > 100 * 1024);
    CHECK(mem_proportional() == 0 ||
          (mem_proportional() > 10 * 1024 && mem_proportional() <= mem_peak_resident()));
    return check_result("test_mem");
}
