#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

status lock_take(const char *out, struct store_lock *lock)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    struct stat held, named;

    lock->fd = -1;
    if (snprintf(lock->path, sizeof lock->path, "%s.lock", out) >= (int)sizeof lock->path)
        return FAIL(ERR_RANGE, "%s: the path is too long", out);
    for (;;) {
        int fd = open(lock->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (fd < 0)
            return FAIL(errno == ENOENT ? ERR_MISSING : ERR_IO, "%s: %s", lock->path,
                        errno == ENOENT ? "the folder of the result does not exist" : strerror(errno));
        if (fcntl(fd, F_OFD_SETLK, &whole) != 0) {
            int failed = errno;
            close(fd);
            if (failed == EAGAIN || failed == EACCES)
                return FAIL(ERR_BUSY, "%s: another job is at work on this result", out);
            return FAIL(ERR_IO, "%s: no lock: %s", lock->path, strerror(failed));
        }
        /* The former owner may have removed the file between our open and our lock: then we hold nothing. */
        if (fstat(fd, &held) == 0 && stat(lock->path, &named) == 0 && held.st_ino == named.st_ino &&
            held.st_dev == named.st_dev) {
            lock->fd = fd;
            return OK;
        }
        close(fd);
    }
}

void lock_release(struct store_lock *lock)
{
    if (lock->fd < 0)
        return;
    unlink(lock->path);
    close(lock->fd);
    lock->fd = -1;
}
