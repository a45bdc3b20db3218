/* src/store/place.c: where a result lies: the links of its name, its folder, the room on that disk. */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

enum {
    MOST_LINKS = 40,
    NOT_SUPPORTED_BY_NFS = 524 /* the kernel's ENOTSUPP, which some file systems let out */
};

static void folder_of(const char *path, char folder[STORE_FILE_NAME])
{
    const char *slash = strrchr(path, '/');

    snprintf(folder, STORE_FILE_NAME, "%.*s", slash ? (int)(slash - path) + (slash == path) : 1,
             slash ? path : ".");
}

/* ---- links ------------------------------------------------------------------------------------------- */

/* Links to folders on the way are the kernel's: two names of a folder are one folder. A name that cannot be
 * read as a link is left: whoever opens it says why. */
status store_follow(const char *out, char *target, size_t size)
{
    char link[STORE_FILE_NAME], folder[STORE_FILE_NAME];

    if (snprintf(target, size, "%s", out) >= (int)size)
        return FAIL(ERR_RANGE, "%.200s...: the path is too long", out);
    for (int links = 0;; links++) {
        ssize_t n = readlink(target, link, sizeof link - 1);
        if (n < 0)
            return OK;
        if (links == MOST_LINKS)
            return FAIL(ERR_IO, "%s: more than %d links, one behind the other", out, MOST_LINKS);
        link[n] = '\0';
        folder_of(target, folder);
        n = link[0] == '/' || !strchr(target, '/') ? snprintf(target, size, "%s", link)
                                                   : snprintf(target, size, "%s/%s", folder, link);
        if (n >= (int)size)
            return FAIL(ERR_RANGE, "%.200s: the path that this link names is too long", out);
    }
}

/* ---- sync -------------------------------------------------------------------------------------------- */

static int not_offered(int why)
{
    return why == EINVAL || why == ENOSYS || why == EOPNOTSUPP || why == NOT_SUPPORTED_BY_NFS;
}

/* A file system without this call writes when it likes: a power failure may cost rows, which their CRCs tell
 * at the next start. */
status place_sync(const char *path, int fd, enum place_extent extent)
{
    static int said;

    if ((extent == PLACE_WHOLE ? fsync(fd) : fdatasync(fd)) == 0)
        return OK;
    if (!not_offered(errno))
        return FAIL(ERR_IO, "%s: sync: %s", path, strerror(errno));
    if (!said++)
        log_info("%s: this file system has no sync: should the power fail, the last rows are computed again",
                 path);
    return OK;
}

status place_sync_folder(const char *path)
{
    char folder[STORE_FILE_NAME];
    int fd, failed;

    folder_of(path, folder);
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == EACCES) /* a folder that may be written and not be listed */
        return OK;
    failed = fd < 0 || fsync(fd) != 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    /* Some network file systems cannot sync a folder; their rename is durable or nothing is. */
    return failed && !not_offered(failed) ? FAIL(ERR_IO, "%s: sync: %s", folder, strerror(failed)) : OK;
}

/* ---- room -------------------------------------------------------------------------------------------- */

/* Of a folder that is still to be made, the nearest one above it. */
static int ask_disk(const char *path, struct statvfs *disk)
{
    char folder[STORE_FILE_NAME], above[STORE_FILE_NAME];

    folder_of(path, folder);
    while (statvfs(folder, disk) != 0) {
        if (errno != ENOENT || !strcmp(folder, ".") || !strcmp(folder, "/"))
            return 0;
        folder_of(folder, above);
        memcpy(folder, above, sizeof folder);
    }
    return 1;
}

double store_free_bytes(const char *path)
{
    struct statvfs disk;

    if (!ask_disk(path, &disk) || disk.f_blocks == 0 || disk.f_bavail > disk.f_blocks)
        return -1;
    return (double)disk.f_bavail * (double)disk.f_frsize;
}

static status no_room(const char *path, double bytes, double free_bytes)
{
    char need[32], room[32];

    return FAIL(ERR_IO, "%s: no room on the disk: %s bytes are needed, %s are free", path,
                text_thousands((int64_t)bytes, need, sizeof need),
                text_thousands((int64_t)free_bytes, room, sizeof room));
}

/* Does the disk take a file of so many bytes? Some disks report 0 bytes free and have room: a file called
 * `path` is reserved, or a page of it written, and removed again. */
static int takes(const char *path, double bytes)
{
    static const char page[4096];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666), good;

    if (fd < 0)
        return 0;
    good = fallocate(fd, 0, 0, (off_t)bytes) == 0 ||
           (not_offered(errno) && write(fd, page, sizeof page) == (ssize_t)sizeof page &&
            (fsync(fd) == 0 || not_offered(errno)));
    close(fd);
    unlink(path);
    return good;
}

status place_check_room(const char *path, const char *trial, double bytes)
{
    double room = store_free_bytes(path);
    struct rlimit limit;
    char need[32], most[32];

    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        (double)limit.rlim_cur < bytes)
        return FAIL(ERR_IO, "%s: %s bytes are needed, but files may have at most %s here (ulimit -f)", path,
                    text_thousands((int64_t)bytes, need, sizeof need),
                    text_thousands((int64_t)limit.rlim_cur, most, sizeof most));
    return room < 0 || room >= bytes || (room == 0 && takes(trial, bytes)) ? OK : no_room(path, bytes, room);
}

/* The disk refuses `size` bytes, less what the file holds already. */
static status short_of_room(const char *path, off_t size, int why)
{
    double left = store_free_bytes(path);
    char need[32], room[32] = "unknown how many";

    if (left >= 0)
        text_thousands((int64_t)left, room, sizeof room);
    return FAIL(ERR_IO, "%s: no room on the disk: %s bytes are needed in all, %s more are free: %s", path,
                text_thousands((int64_t)size, need, sizeof need), room, strerror(why));
}

/* fallocate and not posix_fallocate, which writes every page where the file system cannot reserve. There (NFS
 * before 4.2, Lustre before 2.14) what is free must do, which others may take. */
status place_reserve(const char *path, int fd)
{
    off_t size = lseek(fd, 0, SEEK_END);
    double needed, room;
    struct stat there;

    if (size < 0 || fstat(fd, &there) != 0)
        return FAIL(ERR_IO, "%s: %s", path, strerror(errno));
    if (fallocate(fd, 0, 0, size) == 0)
        return OK;
    if (errno == ENOSPC || errno == EDQUOT)
        return short_of_room(path, size, errno);
    if (!not_offered(errno) && errno != EPERM) /* a sandbox's answer */
        return FAIL(ERR_IO, "%s: its %lld bytes cannot be reserved: %s", path, (long long)size,
                    strerror(errno));
    log_info(
        "%s: this file system cannot reserve room: should others fill the disk, the job stops, resumably",
        path);
    needed = (double)size - 512.0 * (double)there.st_blocks;
    room = store_free_bytes(path);
    return room > 0 && room < needed ? no_room(path, needed, room) : OK;
}
