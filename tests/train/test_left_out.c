/* Folders with pictures that cannot be read, on all ranks alike: what is left out, where it is too many. */
#include "check.h"
#include "train/train_parts.h"
#include "files.h"

#include <sys/stat.h>

enum { PICTURES = 10 };

/* Pictures 0 .. 9 of 2 x 2, all bytes their number; 2 and 7 are cut short. */
static void write_folder(const char *dir)
{
    uint8_t rgb[12];
    struct image im = { 2, 2, rgb };
    char path[128];

    CHECK(mkdir(dir, 0777) == 0);
    for (int i = 0; i < PICTURES; i++) {
        snprintf(path, sizeof path, "%s/%c", dir, i < 5 ? 'a' : 'b');
        CHECK(i % 5 > 0 || mkdir(path, 0777) == 0);
        snprintf(path, sizeof path, "%s/%c/%d.png", dir, i < 5 ? 'a' : 'b', i);
        memset(rgb, i, sizeof rgb);
        if (i == 2 || i == 7)
            write_bytes(path, "\x89PNG\r\n\x1a\n", 8);
        else
            CHECK(image_write_png(path, &im) == OK);
    }
}

static void test_folder(const struct comm *c, const char *dir)
{
    struct train_source s = { .key = "data.train",
                              .path = dir,
                              .labels = "",
                              .pipeline = { .height = 2, .width = 2, .channels = 3 },
                              .classes = 2,
                              .network = "tiny" };
    static const int left[] = { 0, 1, 3, 4, 5, 6, 8, 9 };
    uint8_t out[12], sum[HASH_SIZE];
    struct train_data d;

    CHECK(train_data_read(&s, &d) == OK && d.count == PICTURES);
    memcpy(sum, d.sha256, sizeof sum);
    CHECK(train_data_leave_out(c, "data.train", 0, &d) == OK && d.count == PICTURES); /* not asked for */
    CHECK(train_data_leave_out(c, "data.train", 19, &d) == ERR_FORMAT && d.count == PICTURES);
    CHECK_MSG(strstr(error_last()->text,
                     "data.train: 2 of 10 pictures cannot be read, more than data.max_bad = 19 % allows"),
              "%s", error_last()->text);
    CHECK(!memcmp(sum, d.sha256, sizeof sum));
    CHECK(train_data_leave_out(c, "data.train", 20, &d) == OK && d.count == 8 && d.left_out == 2);
    CHECK(memcmp(sum, d.sha256, sizeof sum) != 0);
    for (int i = 0; i < 8; i++)
        CHECK(train_data_picture(&d, i, out) == OK && out[0] == left[i] && out[11] == left[i] &&
              d.label[i] == (left[i] >= 5));
    train_data_free(&d);

    s.limit = 2; /* the bad ones are behind it */
    CHECK(train_data_read(&s, &d) == OK && train_data_leave_out(c, "data.train", 1, &d) == OK);
    CHECK(d.count == 2 && d.left_out == 0 && !memcmp(sum, d.sha256, sizeof sum));
    train_data_free(&d);
}

int main(int argc, char **argv)
{
    struct comm c = { 0 };
    char dir[64] = "/tmp/quantcam-train-left-out", command[128];

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    snprintf(dir, sizeof dir, "/tmp/quantcam-train-left-out-%d", (int)getpid());
    comm_broadcast(&c, dir, sizeof dir);
    if (c.rank == 0)
        write_folder(dir);
    CHECK(comm_agree(&c, OK) == OK);
    test_folder(&c, dir);
    CHECK(comm_agree(&c, OK) == OK);
    snprintf(command, sizeof command, "rm -rf %s", dir);
    CHECK(c.rank > 0 || system(command) == 0);
    CHECK(mem_live() == 0);
    comm_finish(&c);
    return check_result("train_left_out");
}
