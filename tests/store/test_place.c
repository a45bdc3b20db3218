/* tests/store/test_place.c: links, the room on a disk, syncing. */
#include "store_fixture.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

#include "store/store_internal.h"

static char folder[512];

static const char *in_folder(const char *name)
{
    static char path[4][1024];
    static int at;

    at = (at + 1) % 4;
    snprintf(path[at], sizeof path[at], "%s/%s", folder, name);
    return path[at];
}

static void expect(const char *out, const char *target)
{
    char found[4096];

    CHECK(store_follow(out, found, sizeof found) == OK);
    CHECK_MSG(!strcmp(found, target), "%s: %s, not %s", out, found, target);
}

static void check_links(void)
{
    char found[4096], tight[8];

    expect(in_folder("none.h5"), in_folder("none.h5"));
    expect("none.h5", "none.h5");
    CHECK(symlink("b.h5", in_folder("a.h5")) == 0 && symlink("sub/c.h5", in_folder("b.h5")) == 0);
    expect(in_folder("a.h5"), in_folder("sub/c.h5")); /* which does not exist, nor its folder */
    CHECK(mkdir(in_folder("sub"), 0777) == 0 && symlink(in_folder("d.h5"), in_folder("sub/c.h5")) == 0);
    expect(in_folder("b.h5"), in_folder("d.h5"));
    CHECK(symlink("../e.h5", in_folder("sub/up.h5")) == 0);
    expect(in_folder("sub/up.h5"), in_folder("sub/../e.h5"));
    CHECK(chdir(folder) == 0);
    expect("a.h5", in_folder("d.h5"));
    CHECK(chdir("/") == 0);
    CHECK(symlink("round2.h5", in_folder("round.h5")) == 0 &&
          symlink("round.h5", in_folder("round2.h5")) == 0);
    CHECK(store_follow(in_folder("round.h5"), found, sizeof found) == ERR_IO &&
          strstr(error_last()->text, "more than 40 links"));
    CHECK(store_follow(in_folder("none.h5"), tight, sizeof tight) == ERR_RANGE);
    CHECK(store_follow(in_folder("b.h5"), found, strlen(in_folder("b.h5")) + 1) == ERR_RANGE);
}

static void check_room(void)
{
    struct statvfs disk;
    double room = store_free_bytes(in_folder("x.h5"));
    struct rlimit limit;
    struct stat there;
    int fd;

    CHECK(statvfs(folder, &disk) == 0 && room > 0 && room <= (double)disk.f_blocks * (double)disk.f_frsize);
    CHECK(store_free_bytes(in_folder("new/and/newer/x.h5")) > 0); /* of the folder above that is there */
    CHECK(store_free_bytes("/proc/x.h5") == -1);                  /* no blocks: it does not tell */
    CHECK(place_check_room("/proc/x.h5", in_folder("trial"), 1e18) == OK);
    CHECK(place_check_room(in_folder("x.h5"), in_folder("trial"), 1e6) == OK);
    CHECK(place_check_room(in_folder("x.h5"), in_folder("trial"), 1e18) == ERR_IO &&
          strstr(error_last()->text, "no room on the disk: 1,000,000,000,000,000,000 bytes are needed"));
    CHECK(!fixture_exists(in_folder("trial")));
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0 &&
          setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 1 << 20, limit.rlim_max }) == 0);
    CHECK(place_check_room(in_folder("x.h5"), in_folder("trial"), (1 << 20) + 1) == ERR_IO &&
          strstr(error_last()->text,
                 "1,048,577 bytes are needed, but files may have at most 1,048,576 here (ulimit -f)"));
    CHECK(place_check_room(in_folder("x.h5"), in_folder("trial"), 1 << 20) == OK &&
          setrlimit(RLIMIT_FSIZE, &limit) == 0);

    fd = open(in_folder("x.h5"), O_RDWR | O_CREAT, 0666);
    CHECK(fd >= 0 && ftruncate(fd, 100000) == 0 && fstat(fd, &there) == 0 && there.st_blocks == 0);
    CHECK(place_reserve(in_folder("x.h5"), fd) == OK && fstat(fd, &there) == 0 && there.st_size == 100000 &&
          there.st_blocks * 512 >= 100000);
    CHECK(place_sync(in_folder("x.h5"), fd, PLACE_DATA) == OK &&
          place_sync(in_folder("x.h5"), fd, PLACE_WHOLE) == OK);
    CHECK(place_sync_folder(in_folder("x.h5")) == OK && place_sync_folder("x.h5") == OK);
    CHECK(place_sync_folder(in_folder("none/x.h5")) == ERR_IO);
    close(fd);
    CHECK(place_sync(in_folder("x.h5"), fd, PLACE_DATA) == ERR_IO); /* a descriptor that is closed */
}

int main(void)
{
    const char *place = getenv("TMPDIR");
    char command[600];

    snprintf(folder, sizeof folder, "%s/quantcam-place-XXXXXX", place ? place : P_tmpdir);
    if (!mkdtemp(folder))
        return 1;
    log_init(LOG_QUIET, 0, "");
    check_links();
    check_room();
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    CHECK(system(command) == 0);
    return check_result("test_place");
}
