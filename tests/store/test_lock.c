#include "store_fixture.h"

#include <signal.h>
#include <sys/wait.h>

/* A child holds the lock and waits; pipe: it has it. */
static pid_t hold_in_child(const char *out)
{
    int ready[2];
    char byte = 0;

    if (pipe(ready) != 0)
        exit(1);
    pid_t child = fork();
    if (child == 0) {
        struct store_lock lock;
        if (lock_take(out, &lock) != OK || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return child;
}

int main(void)
{
    const char *place = getenv("TMPDIR");
    char folder[512], out[600], path[700];
    char host[128] = "", value[256], said[1200], *text = NULL;
    struct store_lock a, b;
    size_t size;

    snprintf(folder, sizeof folder, "%s/quantcam-lock-XXXXXX", place ? place : P_tmpdir);
    if (!mkdtemp(folder))
        return 1;
    snprintf(out, sizeof out, "%s/x.h5", folder);
    snprintf(path, sizeof path, "%s.lock", out);

    /* Its text says who holds it. */
    setenv("SLURM_JOB_ID", "4711", 1);
    CHECK(lock_take(out, &a) == OK && a.fd >= 0 && fixture_exists(path));
    CHECK(text_read_file(path, 4096, &text, &size) == OK);
    CHECK(gethostname(host, sizeof host) == 0 &&
          !strcmp(text_value(text, "host", value, sizeof value), host));
    CHECK(atol(text_value(text, "pid", value, sizeof value)) == (long)getpid());
    CHECK(!strcmp(text_value(text, "job", value, sizeof value), "4711"));
    CHECK(strlen(text_value(text, "start", value, sizeof value)) == strlen("2026-01-31T12:34:56Z"));
    CHECK(lock_take(out, &b) == ERR_BUSY && b.fd == -1); /* not even this process twice */
    snprintf(said, sizeof said,
             "%s: another job is at work on this result: process %ld on %s, job 4711, since %s", out,
             (long)getpid(), host, text_value(text, "start", value, sizeof value));
    CHECK_MSG(!strcmp(error_last()->text, said), "%s", error_last()->text);
    mem_free(text);
    unsetenv("SLURM_JOB_ID");
    lock_release(&a);
    CHECK(!fixture_exists(path) && a.fd == -1);
    lock_release(&a);
    CHECK(lock_take(out, &b) == OK);
    lock_release(&b);

    /* kill -9 of the holder drops the lock, though its file stays. */
    pid_t child = hold_in_child(out);
    CHECK(lock_take(out, &a) == ERR_BUSY);
    snprintf(said, sizeof said, "result: process %ld on %s, since 2", (long)child, host);
    CHECK_MSG(strstr(error_last()->text, said), "%s", error_last()->text);
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    CHECK(fixture_exists(path));
    CHECK(lock_take(out, &a) == OK);
    CHECK(text_read_file(path, 4096, &text, &size) == OK);
    CHECK(atol(text_value(text, "pid", value, sizeof value)) == (long)getpid()); /* no longer the child's */
    mem_free(text);
    /* A holder that could not sign, or whose text is something else. */
    CHECK(truncate(path, 0) == 0 && lock_take(out, &b) == ERR_BUSY);
    snprintf(said, sizeof said, "%s: another job is at work on this result", out);
    CHECK_MSG(!strcmp(error_last()->text, said), "%s", error_last()->text);
    lock_release(&a);

    snprintf(out, sizeof out, "%s/absent/x.h5", folder);
    CHECK(lock_take(out, &a) == ERR_MISSING);
    rmdir(folder);
    return check_result("test_lock");
}
