/* Data sets of every kind by hand, and the sentences for those that are wrong: IDX, CIFAR's records, folders.
 */
#include "check.h"
#include "train/train_parts.h"
#include "files.h"

#include <sys/stat.h>

static char dir[64];

static const char *at(const char *file)
{
    static char path[4][128];
    static int next;

    next = (next + 1) % 4;
    snprintf(path[next], sizeof path[next], "%s/%s", dir, file);
    return path[next];
}

static struct train_source source(const char *file, int side, int channels, int classes)
{
    static char path[128];

    snprintf(path, sizeof path, "%s", at(file));
    return (struct train_source){ .key = "data.train",
                                  .path = path,
                                  .labels = "",
                                  .pipeline = { .height = side, .width = side, .channels = channels },
                                  .classes = classes,
                                  .network = "tiny" };
}

static void refused(const struct train_source *s, status wanted, const char *says)
{
    struct train_data d;
    status got = train_data_read(s, &d);

    CHECK_MSG(got == wanted, "%d: %s", (int)got, error_last()->text);
    CHECK_MSG(strstr(error_last()->text, says), "%s", error_last()->text);
    CHECK(!d.pixels && !d.label);
}

static void test_idx(void)
{
    uint8_t head[16 + 8] = { 0 }, labels[8 + 2] = { 0, 0, 8, 1, 0, 0, 0, 2, 3, 9 }, out[4];
    struct train_source s = source("images-idx3-ubyte", 2, 1, 10);
    struct train_data d;
    char other[128];

    put_u32(head, 0x803);
    put_u32(head + 4, 2);
    put_u32(head + 8, 2);
    put_u32(head + 12, 2);
    for (int i = 0; i < 8; i++)
        head[16 + i] = (uint8_t)(10 * i);
    write_bytes(s.path, head, sizeof head);
    write_gzip(at("labels-idx1-ubyte"), "wb", labels, sizeof labels);
    CHECK(train_data_read(&s, &d) == OK && d.count == 2 && d.label[0] == 3 && d.label[1] == 9);
    CHECK(train_data_picture(&d, 1, out) == OK && out[0] == 40 && out[3] == 70);
    train_data_free(&d);
    s.limit = 1;
    CHECK(train_data_read(&s, &d) == OK && d.count == 1);
    train_data_free(&d);
    s.limit = 0;

    s.classes = 9;
    refused(&s, ERR_MISMATCH, "picture 1 has label 9, network tiny has the classes 0 to 8");
    s.classes = 10;
    s.pipeline.width = 3;
    refused(&s, ERR_MISMATCH, "its pictures are 2 x 2 x 1, network tiny takes 2 x 3 x 1");
    s.pipeline.width = 2;
    s.labels = s.path;
    refused(&s, ERR_FORMAT, "an IDX file of 3 extents: labels have 1");
    s.labels = "";
    write_bytes(s.path, labels, sizeof labels);
    refused(&s, ERR_FORMAT, "an IDX file of labels");
    write_bytes(s.path, head, sizeof head - 1);
    refused(&s, ERR_FORMAT, "truncated?");
    head[3] = 4;
    write_bytes(s.path, head, sizeof head);
    refused(&s, ERR_FORMAT, "an IDX file of 4 extents: pictures have 3");
    head[3] = 3;
    head[8] = 255;
    write_bytes(s.path, head, sizeof head);
    refused(&s, ERR_FORMAT, "an extent of");
    head[8] = 0;
    head[7] = 1;
    write_bytes(s.path, head, sizeof head);
    refused(&s, ERR_FORMAT, "8 values, but its header says 4");
    write_bytes(s.path, head, 20);
    refused(&s, ERR_MISMATCH, "2 labels of 1 pictures");
    labels[3] = 2;
    snprintf(other, sizeof other, "%s", at("other"));
    write_bytes(other, labels, sizeof labels);
    s.labels = other;
    refused(&s, ERR_FORMAT, "an IDX file of 2 extents: labels have 1");
    s = source("pictures", 2, 1, 10);
    write_bytes(s.path, head, 20);
    refused(&s, ERR_USAGE, "name it by data.train.labels");
    s = source("nothing", 2, 1, 10);
    refused(&s, ERR_MISSING, "nothing");
}

static void test_cifar(void)
{
    enum { RECORD = 3073 };
    static uint8_t bytes[3 * 3074], out[3072];
    struct train_source s = source("cifar.bin", 32, 3, 10);
    struct train_data d;
    int wrong = 0;

    for (int i = 0; i < 2 * RECORD; i++)
        bytes[i] = (uint8_t)(i % RECORD / 13);
    bytes[0] = 7;
    bytes[RECORD] = 1;
    write_bytes(s.path, bytes, 2 * RECORD);
    CHECK(train_data_read(&s, &d) == OK && d.count == 2 && d.label[0] == 7 && d.label[1] == 1);
    CHECK(train_data_picture(&d, 0, out) == OK);
    for (int p = 0; p < 1024; p++) /* planes become channels */
        for (int c = 0; c < 3; c++)
            wrong += out[3 * p + c] != bytes[1 + 1024 * c + p];
    CHECK(wrong == 0);
    train_data_free(&d);
    s.labels = s.path;
    refused(&s, ERR_USAGE, "data.train.labels has no effect");
    s.labels = "";
    write_bytes(s.path, bytes, 2 * RECORD - 1);
    refused(&s, ERR_FORMAT, "not whole CIFAR-10 records");
    bytes[RECORD] = 10;
    write_bytes(s.path, bytes, 2 * RECORD);
    refused(&s, ERR_FORMAT, "record 1 has the label 10");
    write_bytes(s.path, bytes, 0);
    refused(&s, ERR_FORMAT, "empty");
    /* A coarse and a fine label: the fine one. */
    memset(bytes, 19, sizeof bytes);
    bytes[1] = 99;
    write_bytes(s.path, bytes, 3 * 3074);
    s.classes = 100;
    CHECK(train_data_read(&s, &d) == OK && d.count == 3 && d.label[0] == 99 && d.label[2] == 19);
    train_data_free(&d);
}

static void test_folder(void)
{
    uint8_t rgb[2 * 2 * 3] = { 9, 8, 7, 9, 8, 7, 9, 8, 7, 9, 8, 7 }, out[12];
    struct image im = { 2, 2, rgb };
    struct train_source s = source("folder", 2, 3, 2);
    struct train_data d;

    CHECK(mkdir(at("folder"), 0777) == 0 && mkdir(at("folder/a"), 0777) == 0 &&
          mkdir(at("folder/b"), 0777) == 0);
    CHECK(image_write_png(at("folder/a/1.png"), &im) == OK);
    rgb[0] = 200;
    CHECK(image_write_png(at("folder/b/2.png"), &im) == OK);
    write_bytes(at("folder/b/3.png"), "\x89PNG\r\n\x1a\n", 8);
    CHECK(train_data_read(&s, &d) == OK && d.count == 3 && d.label[0] == 0 && d.label[1] == 1);
    CHECK(train_data_picture(&d, 1, out) == OK && out[0] == 200 && out[4] == 8);
    CHECK(train_data_picture(&d, 1, out) == OK && out[0] == 200); /* the kept one */
    CHECK(train_data_picture(&d, 2, out) != OK && strstr(error_last()->text, "b/3.png"));
    train_data_free(&d);
}

/* A picture of 8 x 4 is resized to 8 x 4: a crop of 2 x 2 with a margin of 1 would not have its middle. */
static void test_margin(void)
{
    uint8_t rgb[8 * 4 * 3], out[4 * 4 * 3];
    struct image im = { 8, 4, rgb };
    struct train_source s = source("wide", 2, 3, 1);
    struct train_data d;

    for (int i = 0; i < 8 * 4; i++)
        rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = (uint8_t)i;
    CHECK(mkdir(at("wide"), 0777) == 0 && mkdir(at("wide/a"), 0777) == 0);
    CHECK(image_write_png(at("wide/a/1.png"), &im) == OK);
    s.pipeline.resize = 4;
    CHECK(train_data_read(&s, &d) == OK && train_data_bytes(&d) == 12);
    CHECK(train_data_picture(&d, 0, out) == OK && out[0] == 11 && out[3] == 12 && out[9] == 20);
    train_data_free(&d);
    s.margin = 1;
    CHECK(train_data_read(&s, &d) == OK && d.height == 2 && d.width == 2 && train_data_bytes(&d) == 48);
    CHECK(train_data_picture(&d, 0, out) == OK && out[0] == 2 && out[15] == 11 && out[45] == 29);
    train_data_free(&d);
    s.margin = 2;
    refused(&s, ERR_USAGE, "data.crop.margin = 2: ");
    s = source("images-idx3-ubyte", 2, 1, 10);
    s.margin = 2;
    refused(&s, ERR_USAGE, "has no such pixels beside the 2 x 2 that network tiny takes");
}

int main(void)
{
    char command[128];

    snprintf(dir, sizeof dir, "/tmp/quantcam-train-data-%d", (int)getpid());
    if (mkdir(dir, 0777) != 0)
        return 1;
    test_idx();
    test_cifar();
    test_folder();
    test_margin();
    snprintf(command, sizeof command, "rm -rf %s", dir);
    CHECK(system(command) == 0);
    CHECK(mem_live() == 0);
    return check_result("train_data");
}
