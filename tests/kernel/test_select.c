/* tests/kernel/test_select.c: which instruction sets there are, and that no table has a hole. */
#include "kernel_test.h"

int main(void)
{
    const char *names[8];
    int usable[8], n = kernel_list(names, usable);
    const struct kernel_table *best = NULL;

    CHECK(n >= 1 && n <= 8);
    CHECK(!strcmp(names[0], "ref") && usable[0]);
    CHECK(kernel_select("sse9") == NULL);
    for (int i = 0; i < n; i++) {
        const struct kernel_table *k = kernel_select(names[i]);

        CHECK_MSG(!k == !usable[i], "%s", names[i]);
        if (!k)
            continue;
        best = k;
        CHECK(!strcmp(k->isa, names[i]));
        CHECK(kernel_select(names[i]) == k);
        /* After the name a table is nothing but pointers to functions. */
        for (size_t at = sizeof k->isa; at < sizeof *k; at += sizeof(void (*)(void))) {
            void (*entry)(void);

            memcpy(&entry, (const char *)k + at, sizeof entry);
            CHECK_MSG(entry, "%s: entry %zu is empty", names[i], at / sizeof entry - 1);
        }
    }
    CHECK(kernel_select("auto") == best);
    return check_result("kernel/select");
}
