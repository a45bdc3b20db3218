/* tests/cli/test_machine.c: how much memory a machine and its container say is free; how many ranks that
 * holds. */
#include "cli/machine.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static char root[] = "/tmp/quantcam-machine-XXXXXX";

static void put(const char *name, const char *text)
{
    char path[200];

    snprintf(path, sizeof path, "%s%s", root, name);
    CHECK(text_write_file(path, text, strlen(text)) == OK);
}

static void make_folders(void)
{
    static const char *const folder[] = { "/proc", "/sys", "/sys/fs", "/sys/fs/cgroup",
                                          "/sys/fs/cgroup/memory" };
    char path[200];

    CHECK(mkdtemp(root) != NULL);
    for (size_t i = 0; i < COUNT_OF(folder); i++) {
        snprintf(path, sizeof path, "%s%s", root, folder[i]);
        CHECK(text_make_folder(path) == OK);
    }
}

static void test_free(void)
{
    CHECK(machine_free_bytes(root) == UINT64_MAX);
    put("/proc/meminfo", "MemTotal:       9000 kB\nMemFree:        10 kB\nMemAvailable:   3000 kB\n");
    CHECK(machine_free_bytes(root) == 3000 * 1024);
    /* Version 2 without a limit, then with one: 2,000,000 less 1,900,000, of which 1,100,000 are pages of
     * files. */
    put("/sys/fs/cgroup/memory.max", "max\n");
    put("/sys/fs/cgroup/memory.current", "1900000\n");
    CHECK(machine_free_bytes(root) == 3000 * 1024);
    put("/sys/fs/cgroup/memory.max", "2000000\n");
    CHECK(machine_free_bytes(root) == 100000);
    put("/sys/fs/cgroup/memory.stat",
        "anon 5\nfile 1300000\nshmem 200000\ninactive_file 1000000\nactive_file 100000\n");
    CHECK(machine_free_bytes(root) == 1200000);
    put("/sys/fs/cgroup/memory.current", "2100000\n");
    CHECK(machine_free_bytes(root) == 1000000);
    put("/sys/fs/cgroup/memory.current", "4100000\n");
    CHECK(machine_free_bytes(root) == 0);
    put("/sys/fs/cgroup/memory.current", "900000\n"); /* less than its pages: they were counted later */
    CHECK(machine_free_bytes(root) == 2000000);
    /* Version 1: 1,000,000 less 700,000, of which 400,000 are pages of files; the group's own are not asked.
     */
    put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "1000000\n");
    put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "700000\n");
    CHECK(machine_free_bytes(root) == 300000);
    put("/sys/fs/cgroup/memory/memory.stat",
        "cache 1\nactive_file 7\ninactive_file 8\ntotal_inactive_file 300000\ntotal_active_file 100000\n");
    CHECK(machine_free_bytes(root) == 700000);
}

int main(void)
{
    char command[200];

    make_folders();
    test_free();
    CHECK(machine_refuses(1, 0) == OK);
    CHECK(machine_refuses(1 << 30, 0) == ERR_USAGE &&
          strstr(error_last()->text, " are more than 64 for each of "));
    CHECK(machine_refuses(2, UINT64_MAX / 4) == ERR_USAGE &&
          strstr(error_last()->text, "2 ranks need at least "));
    snprintf(command, sizeof command, "rm -r %s", root);
    CHECK(system(command) == 0);
    return check_result("machine");
}
