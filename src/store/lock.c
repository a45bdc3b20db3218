/* src/store/lock.c: OUT.lock, which one job holds while it works. The kernel drops the lock with the process,
 * however that ends, so the file alone means nothing; its text tells who holds it. */
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_TRIES = 20, PAUSE_US = 50000, LONGEST_TEXT = 1024 };

static const char go_on[] = "lay the result on another file system, or say --lock=off and see to it that no "
                            "other job works on it";

/* Locks of the older kind are the process's, and any close of the file in it drops them: what this process
 * holds in that way must not be opened once more. One job holds one. */
static struct {
    int held;
    dev_t dev;
    ino_t ino;
} own;

/* ---- who holds it -------------------------------------------------------------------------------------- */

static const char *batch_job(void)
{
    static const char *const names[] = { "SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID", "JOB_ID" };

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char *job = getenv(names[i]);
        if (job && *job)
            return job;
    }
    return "-";
}

/* For people: what cannot be written (a full disk) is left. */
static void sign(int fd, off_t old_size)
{
    char text[LONGEST_TEXT], host[128] = "", now[32];
    int n;

    gethostname(host, sizeof host - 1);
    clock_iso8601(now, sizeof now);
    n = snprintf(text, sizeof text, "host = %s\npid = %ld\njob = %.200s\nstart = %s\n", host, (long)getpid(),
                 batch_job(), now);
    text_make_printable(text, "\n");
    if (old_size > n && ftruncate(fd, n) != 0)
        log_detail("OUT.lock: %s", strerror(errno));
    if (pwrite(fd, text, (size_t)n, 0) != n)
        log_detail("OUT.lock: %s", strerror(errno));
}

static status busy(const char *out, int fd)
{
    char text[LONGEST_TEXT] = "", host[128], pid[32], job[256] = "-", start[64];
    ssize_t n = pread(fd, text, sizeof text - 1, 0);

    text[n > 0 ? n : 0] = '\0';
    if (!text_value(text, "host", host, sizeof host) || !text_value(text, "pid", pid, sizeof pid) ||
        !text_value(text, "start", start, sizeof start))
        return FAIL(ERR_BUSY, "%s: another job is at work on this result", out);
    text_value(text, "job", job, sizeof job);
    return FAIL(ERR_BUSY, "%s: another job is at work on this result: process %s on %s%s%s, since %s", out,
                pid, host, strcmp(job, "-") ? ", job " : "", strcmp(job, "-") ? job : "", start);
}

/* ---- taking it ----------------------------------------------------------------------------------------- */

static int held_by_others(int why)
{
    return why == EAGAIN || why == EACCES;
}

static int set_lock(int fd, int command)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    int failed;

    do
        failed = fcntl(fd, command, &whole) != 0;
    while (failed && errno == EINTR);
    return failed ? errno : 0;
}

/* An open-file-description lock; where there are none, one of the older kind: each sees the other. */
static status lock_file(const char *out, struct store_lock *lock, int fd)
{
    int why = set_lock(fd, F_OFD_SETLK), older;
    struct stat made;

    lock->older = why != 0 && !held_by_others(why);
    older = lock->older ? set_lock(fd, F_SETLK) : why;
    if (older == 0)
        return OK;
    if (held_by_others(older))
        return busy(out, fd);
    if (fstat(fd, &made) == 0 && made.st_size == 0) /* nobody has signed it */
        unlink(lock->path);
    return FAIL(ERR_IO, "%s: this file system has no locks (%s): %s", lock->path, strerror(older), go_on);
}

static int same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* *fd = -1 with OK: the former owner removed the file between our open and our lock, so that we hold nothing.
 */
static status try_once(const char *out, struct store_lock *lock, int *fd)
{
    struct stat held, named;
    status result;

    *fd = -1;
    if (own.held && stat(lock->path, &named) == 0 && named.st_dev == own.dev && named.st_ino == own.ino)
        return FAIL(ERR_BUSY, "%s: this process is at work on this result", out);
    *fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (*fd < 0)
        return FAIL(errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", lock->path,
                    errno == ENOENT ? "the folder of the result does not exist" : strerror(errno));
    result = lock_file(out, lock, *fd);
    if (result == OK && fstat(*fd, &held) == 0 && stat(lock->path, &named) == 0 && same_file(&held, &named)) {
        if (lock->older) {
            own.held = 1;
            own.dev = held.st_dev;
            own.ino = held.st_ino;
        }
        sign(*fd, held.st_size);
        return OK;
    }
    close(*fd);
    *fd = -1;
    return result;
}

status lock_take(const char *out, struct store_lock *lock)
{
    lock->fd = -1;
    if (snprintf(lock->path, sizeof lock->path, "%s.lock", out) >= (int)sizeof lock->path)
        return FAIL(ERR_RANGE, "%s: the path is too long", out);
    for (int i = 0; i < MOST_TRIES; i++) {
        int fd;
        TRY(try_once(out, lock, &fd));
        if (fd >= 0) {
            lock->fd = fd;
            return OK;
        }
        usleep(PAUSE_US);
    }
    return FAIL(ERR_IO,
                "%s: its inode number is another at every look, so that nobody can tell whose lock this "
                "is: %s",
                lock->path, go_on);
}

void lock_release(struct store_lock *lock)
{
    if (lock->fd < 0)
        return;
    unlink(lock->path);
    close(lock->fd);
    if (lock->older)
        own.held = 0;
    lock->fd = -1;
}
