/* tests/faults/file_system.c: a library to be loaded before all others, through which a program sees a file
 * system that says no. gcc -shared -fPIC -o file_system.so file_system.c -ldl; then
 *     LD_PRELOAD=.../file_system.so FILE_SYSTEM="ofd=22 posix=37" quantcam ...
 * ofd, posix, flock, fallocate, fsync, fsync_dir, open, read = the errno of such a call; read_from=N: of
 * reads that reach byte N of the file or later; inode=1: a path's inode is never its descriptor's; free=N:
 * free blocks of the disk; blocks=N: all of its blocks; type=N: statfs's. FILE_SYSTEM_PATH: open, read and
 * inode only of names that hold this. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define REAL(type, name, ...)                                                                                \
    static type (*real)(__VA_ARGS__);                                                                        \
    if (!real)                                                                                               \
    *(void **)&real = dlsym(RTLD_NEXT, name)

/* The number behind NAME= in FILE_SYSTEM; -1 where it is not there. */
static long setting(const char *name)
{
    const char *text = getenv("FILE_SYSTEM");
    size_t n = strlen(name);

    for (; text && *text; text = strchr(text, ' ') ? strchr(text, ' ') + 1 : NULL)
        if (!strncmp(text, name, n) && text[n] == '=')
            return strtol(text + n + 1, NULL, 0);
    return -1;
}

static int is_refused(const char *name)
{
    if (setting(name) <= 0)
        return 0;
    errno = (int)setting(name);
    return 1;
}

static int is_meant(const char *path)
{
    const char *part = getenv("FILE_SYSTEM_PATH");

    return !part || strstr(path, part) != NULL;
}

static int is_meant_fd(int fd)
{
    char link[64], path[4096];

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    return n > 0 && is_meant(path);
}

static int lock_call(const char *name, int fd, int command, void *argument)
{
    static int (*real[2])(int, int, ...);
    int which = strcmp(name, "fcntl") != 0;

    if (!real[which])
        *(void **)&real[which] = dlsym(RTLD_NEXT, name);
    if ((command == F_OFD_SETLK || command == F_OFD_SETLKW) && is_refused("ofd"))
        return -1;
    if ((command == F_SETLK || command == F_SETLKW || command == F_GETLK) && is_refused("posix"))
        return -1;
    return real[which](fd, command, argument);
}

int fcntl(int fd, int command, ...)
{
    va_list args;

    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return lock_call("fcntl", fd, command, argument);
}

int fcntl64(int fd, int command, ...)
{
    va_list args;

    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    return lock_call("fcntl64", fd, command, argument);
}

int flock(int fd, int operation)
{
    REAL(int, "flock", int, int);
    return is_refused("flock") ? -1 : real(fd, operation);
}

int fallocate(int fd, int mode, off_t at, off_t size)
{
    REAL(int, "fallocate", int, int, off_t, off_t);
    return is_refused("fallocate") ? -1 : real(fd, mode, at, size);
}

int fallocate64(int fd, int mode, off64_t at, off64_t size)
{
    return fallocate(fd, mode, at, size);
}

int fsync(int fd)
{
    struct stat there;
    REAL(int, "fsync", int);

    if (fstat(fd, &there) == 0 && S_ISDIR(there.st_mode))
        return is_refused("fsync_dir") ? -1 : real(fd);
    return is_refused("fsync") ? -1 : real(fd);
}

int fdatasync(int fd)
{
    REAL(int, "fdatasync", int);
    return is_refused("fsync") ? -1 : real(fd);
}

int stat(const char *path, struct stat *out)
{
    REAL(int, "stat", const char *, struct stat *);
    int result = real(path, out);

    if (result == 0 && setting("inode") > 0 && is_meant(path))
        out->st_ino ^= 4096;
    return result;
}

int statfs(const char *path, struct statfs *out)
{
    REAL(int, "statfs", const char *, struct statfs *);
    int result = real(path, out);

    if (result == 0 && setting("type") >= 0)
        out->f_type = setting("type");
    return result;
}

int statfs64(const char *path, struct statfs64 *out)
{
    return statfs(path, (struct statfs *)out);
}

int statvfs(const char *path, struct statvfs *out)
{
    REAL(int, "statvfs", const char *, struct statvfs *);
    int result = real(path, out);

    if (result == 0 && setting("free") >= 0)
        out->f_bavail = out->f_bfree = (fsblkcnt_t)setting("free");
    if (result == 0 && setting("blocks") >= 0)
        out->f_blocks = (fsblkcnt_t)setting("blocks");
    return result;
}

int statvfs64(const char *path, struct statvfs64 *out)
{
    return statvfs(path, (struct statvfs *)out);
}

static int open_call(const char *name, const char *path, int flags, mode_t mode)
{
    static int (*real[2])(const char *, int, ...);
    int which = strcmp(name, "open") != 0;

    if (!real[which])
        *(void **)&real[which] = dlsym(RTLD_NEXT, name);
    return setting("open") > 0 && is_meant(path) && is_refused("open") ? -1 : real[which](path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_call("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    va_list args;

    va_start(args, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
    va_end(args);
    return open_call("open64", path, flags, mode);
}

static int is_read_refused(int fd, off_t end)
{
    return setting("read") > 0 && end > setting("read_from") && is_meant_fd(fd) && is_refused("read");
}

ssize_t pread(int fd, void *out, size_t size, off_t at)
{
    REAL(ssize_t, "pread", int, void *, size_t, off_t);
    return is_read_refused(fd, at + (off_t)size) ? -1 : real(fd, out, size, at);
}

ssize_t pread64(int fd, void *out, size_t size, off64_t at)
{
    return pread(fd, out, size, at);
}

ssize_t read(int fd, void *out, size_t size)
{
    REAL(ssize_t, "read", int, void *, size_t);
    return is_read_refused(fd, lseek(fd, 0, SEEK_CUR) + (off_t)size) ? -1 : real(fd, out, size);
}
