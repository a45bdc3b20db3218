/* tests/image/test_records.c: IDX and CIFAR-10 files, packed and not: their pixels and labels by hand, their
 * pictures by name, their lists; and those that are refused. */
#include <zlib.h>

#include "folder.h"
#include "image_records.h"

enum { WIDTH = 3, HEIGHT = 2, COUNT = 4, SIDE = 32, RECORD = 1 + 3 * SIDE * SIDE };

static char path[2048];

static const char *in_folder(const char *name)
{
    snprintf(path, sizeof path, "%s", folder_path(name));
    return path;
}

static void write_bytes(const char *name, const void *bytes, size_t size)
{
    FILE *f = fopen(in_folder(name), "wb");

    CHECK(f && fwrite(bytes, 1, size, f) == size);
    if (f)
        fclose(f);
}

static void write_packed(const char *name, const void *bytes, size_t size)
{
    gzFile f = gzopen(in_folder(name), "wb");

    CHECK(f && gzwrite(f, bytes, (unsigned)size) == (int)size);
    if (f)
        gzclose(f);
}

/* A sentence with `says` in it. */
static void refused(status s, status wanted, const char *says)
{
    CHECK_MSG(s == wanted && strstr(error_last()->text, says), "%s", error_last()->text);
}

static size_t make_pictures(uint8_t *to)
{
    static const uint8_t header[16] = { 0, 0, 8, 3, 0, 0, 0, COUNT, 0, 0, 0, HEIGHT, 0, 0, 0, WIDTH };
    size_t size = sizeof header + COUNT * HEIGHT * WIDTH;

    memcpy(to, header, sizeof header);
    for (size_t i = sizeof header; i < size; i++)
        to[i] = (uint8_t)(10 * (i - sizeof header));
    return size;
}

static void test_idx(void)
{
    static const uint8_t labels[8 + COUNT] = { 0, 0, 8, 1, 0, 0, 0, COUNT, 7, 0, 9, 3 };
    static const uint8_t fewer[8 + 3] = { 0, 0, 8, 1, 0, 0, 0, 3, 7, 0, 9 };
    struct image_records r;
    uint8_t bytes[64], hash[HASH_SIZE];
    size_t size = make_pictures(bytes);

    write_bytes("pictures", bytes, size);
    write_packed("pictures.gz", bytes, size);
    write_bytes("labels", labels, sizeof labels);
    write_packed("labels.gz", labels, sizeof labels);
    write_bytes("fewer", fewer, sizeof fewer);
    hash_bytes(bytes, size, hash);
    for (int packed = 0; packed < 2; packed++) {
        CHECK(image_records_read(in_folder(packed ? "pictures.gz" : "pictures"), &r) == OK);
        CHECK(r.count == COUNT && r.height == HEIGHT && r.width == WIDTH && r.channels == 1);
        CHECK(r.classes == 0 && image_record_label(&r, 1) == -1);
        CHECK(memcmp(r.sha256, hash, sizeof hash) == 0);
        CHECK(image_record(&r, 2)[4] == 160 && image_record(&r, 0)[0] == 0);
        refused(image_records_labels(in_folder("fewer"), &r), ERR_MISMATCH, "3 labels of 4 pictures");
        refused(image_records_labels(in_folder("pictures"), &r), ERR_FORMAT, "3 extents: labels have 1");
        CHECK(image_records_labels(in_folder(packed ? "labels.gz" : "labels"), &r) == OK);
        CHECK(r.classes == 10 && image_record_label(&r, 0) == 7 && image_record_label(&r, 3) == 3);
        refused(image_records_labels(in_folder("labels"), &r), ERR_MISMATCH, "labels of their own");
        image_records_free(&r);
    }
    refused(image_records_read(in_folder("labels"), &r), ERR_FORMAT, "IDX file of labels");
    write_bytes("cut", bytes, size - 1);
    refused(image_records_read(in_folder("cut"), &r), ERR_FORMAT, "23 values, but its header says 24: trunc");
    bytes[2] = 0x0d;
    write_bytes("floats", bytes, size);
    refused(image_records_read(in_folder("floats"), &r), ERR_FORMAT, "type 0x0d: unsigned bytes");
    bytes[2] = 8;
    bytes[4] = 0xff;
    write_bytes("huge", bytes, size);
    refused(image_records_read(in_folder("huge"), &r), ERR_FORMAT, "an extent of 4278190084");
    write_bytes("short", bytes, 9);
    refused(image_records_read(in_folder("short"), &r), ERR_FORMAT, "less than an IDX header");
    write_bytes("magic", "\x00\x01\x08\x03 and more", 12);
    refused(image_records_read(in_folder("magic"), &r), ERR_FORMAT, "neither an IDX file nor CIFAR's");
    write_bytes("empty", "", 0);
    refused(image_records_read(in_folder("empty"), &r), ERR_FORMAT, "empty");
    refused(image_records_read(in_folder("absent"), &r), ERR_MISSING, "absent");
}

static void test_packed(void)
{
    uint8_t bytes[64], packed[256];
    size_t size = make_pictures(bytes), n;
    struct image_records r;
    FILE *f;

    write_packed("whole.gz", bytes, size);
    f = fopen(in_folder("whole.gz"), "rb");
    n = f ? fread(packed, 1, sizeof packed, f) : 0;
    if (f)
        fclose(f);
    CHECK(n > 20 && n < sizeof packed);
    for (size_t cut = 3; cut < n; cut++) {
        write_bytes("part.gz", packed, cut);
        CHECK(image_records_read(in_folder("part.gz"), &r) == ERR_FORMAT);
    }
    refused(image_records_read(in_folder("part.gz"), &r), ERR_FORMAT, "end early: truncated?");
    packed[n - 6] ^= 1; /* the check sum */
    write_bytes("damaged.gz", packed, n);
    refused(image_records_read(in_folder("damaged.gz"), &r), ERR_FORMAT, "damaged");
}

static void test_cifar(void)
{
    static uint8_t bytes[3 * RECORD], hundred[3 * (RECORD + 1)];
    struct image_records r;
    struct image_info info;
    struct image im;
    uint8_t hash[HASH_SIZE];

    for (int i = 0; i < 3; i++) {
        bytes[i * RECORD] = (uint8_t)(3 * i);
        for (int k = 1; k < RECORD; k++)
            bytes[i * RECORD + k] = (uint8_t)(i + k * 7);
    }
    write_packed("cifar.bin.gz", bytes, sizeof bytes);
    CHECK(image_records_read(in_folder("cifar.bin.gz"), &r) == OK);
    CHECK(r.count == 3 && r.height == SIDE && r.width == SIDE && r.channels == 3 && r.classes == 10);
    CHECK(image_record_label(&r, 2) == 6 && image_record(&r, 1)[0] == bytes[RECORD + 1]);
    image_records_free(&r);
    CHECK(image_read_info(in_folder("cifar.bin.gz/00002"), &im, &info) == OK);
    CHECK(im.width == SIDE && im.height == SIDE && info.width == SIDE);
    for (int c = 0; c < 3; c++)
        CHECK(im.rgb[3 * 33 + c] == bytes[2 * RECORD + 1 + c * SIDE * SIDE + 33]);
    hash_bytes(bytes + 2 * RECORD + 1, RECORD - 1, hash);
    CHECK(memcmp(hash, info.sha256, sizeof hash) == 0);
    CHECK(image_content(path, info.sha256) == OK && memcmp(hash, info.sha256, sizeof hash) == 0);
    CHECK(image_bytes(path) == RECORD - 1);
    image_free(&im);
    bytes[RECORD] = 10;
    write_bytes("labels.bin", bytes, sizeof bytes);
    refused(image_records_read(in_folder("labels.bin"), &r), ERR_FORMAT, "record 1 has the label 10");
    write_bytes("cut.bin", bytes, sizeof bytes - 5);
    refused(image_records_read(in_folder("cut.bin"), &r), ERR_FORMAT, "not whole CIFAR-10 records");
    /* CIFAR-100: a coarse and a fine label; the fine one counts. */
    memset(hundred, 19, sizeof hundred);
    hundred[1] = 99;
    write_bytes("hundred.bin", hundred, sizeof hundred);
    CHECK(image_records_read(in_folder("hundred.bin"), &r) == OK && r.count == 3 && r.classes == 100);
    CHECK(image_record_label(&r, 0) == 99 && image_record_label(&r, 2) == 19 && image_record(&r, 0)[0] == 19);
    image_records_free(&r);
    /* A dark picture of class 0 that begins as IDX. */
    memset(bytes, 0, sizeof bytes);
    bytes[2] = 8;
    bytes[3] = 3;
    write_bytes("dark.bin", bytes, sizeof bytes);
    CHECK(image_records_read(in_folder("dark.bin"), &r) == OK && r.channels == 3);
    image_records_free(&r);
}

static void test_names(void)
{
    struct image_info info;
    struct image im;

    CHECK(image_read_info(in_folder("pictures.gz/00003"), &im, &info) == OK);
    CHECK(im.width == WIDTH && im.height == HEIGHT);
    CHECK(im.rgb[3 * 5] == (uint8_t)230 && im.rgb[3 * 5 + 1] == 230 && im.rgb[3 * 5 + 2] == 230);
    image_free(&im);
    refused(image_read_info(in_folder("pictures/00004"), &im, &info), ERR_MISSING, "4 pictures have no numb");
    refused(image_read_info(in_folder("pictures/3"), &im, &info), ERR_MISSING, "called 00003 there, not 3");
    refused(image_read_info(in_folder("magic/00000"), &im, &info), ERR_FORMAT, "neither an IDX file");
    CHECK(image_bytes(in_folder("magic/00000")) == 0);
    CHECK(image_bytes(in_folder("cut")) == 39);
    image_records_let_go();
}

/* A file that changes is read anew. */
static void test_changed(void)
{
    struct image_info info;
    uint8_t bytes[64];
    size_t size = make_pictures(bytes);
    struct image im;

    write_bytes("changing", bytes, size);
    CHECK(image_read_info(in_folder("changing/00000"), &im, &info) == OK && im.rgb[0] == 0);
    image_free(&im);
    bytes[16] = 77;
    unlink(in_folder("changing"));
    write_bytes("other", "", 0); /* takes the place that became free */
    write_bytes("changing", bytes, size);
    CHECK(image_read_info(in_folder("changing/00000"), &im, &info) == OK && im.rgb[0] == 77);
    image_free(&im);
    image_records_let_go();
}

static void test_list(void)
{
    char images[512], labels[512];
    struct image_source source = { .root = images, .labels = labels, .classes = 10, .network = "net" };
    struct image_manifest m;

    snprintf(images, sizeof images, "%s/pictures.gz", folder);
    snprintf(labels, sizeof labels, "%s/labels.gz", folder);
    CHECK(image_manifest_read(&source, &m) == OK);
    CHECK(m.count == COUNT && m.classes == 10 && strcmp(m.root, folder) == 0);
    CHECK(strcmp(m.entry[3].path, "pictures.gz/00003") == 0 && m.entry[3].class_index == 3);
    CHECK(m.decided && strstr(m.decided, "data.format = IDX"));
    image_manifest_free(&m);
    source.limit = 2;
    CHECK(image_manifest_read(&source, &m) == OK);
    CHECK(m.count == 2 && strcmp(m.entry[1].path, "pictures.gz/00002") == 0 && m.entry[1].class_index == 9);
    image_manifest_free(&m);
    source.limit = 0;
    source.classes = 9;
    refused(image_manifest_read(&source, &m), ERR_MISMATCH, "pictures.gz/00002: its class is 9, but network");
    source.classes = 10;
    source.labels = NULL;
    refused(image_manifest_read(&source, &m), ERR_USAGE, "labels in a file of their own");
    source.flat = 1;
    CHECK(image_manifest_read(&source, &m) == OK && m.classes == 0 && m.entry[0].class_index == -1);
    image_manifest_free(&m);
    source.flat = 0;
    source.synsets = labels;
    refused(image_manifest_read(&source, &m), ERR_USAGE, "leave out --synsets");
    source.synsets = NULL;
    snprintf(images, sizeof images, "%s/cifar.bin.gz", folder);
    CHECK(image_manifest_read(&source, &m) == OK && m.classes == 10 && m.entry[1].class_index == 3);
    image_manifest_free(&m);
    source.labels = labels;
    refused(image_manifest_read(&source, &m), ERR_MISMATCH, "labels of their own");
}

static void test_root(void)
{
    char root[512];

    image_root(in_folder("pictures"), root, sizeof root);
    CHECK(strcmp(root, folder) == 0);
    image_root(folder, root, sizeof root);
    CHECK(strcmp(root, folder) == 0);
    CHECK(chdir(folder) == 0);
    image_root("pictures", root, sizeof root);
    CHECK(strcmp(root, ".") == 0);
}

int main(void)
{
    folder_open();
    test_idx();
    test_packed();
    test_cifar();
    test_names();
    test_changed();
    test_list();
    test_root();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/records");
}
