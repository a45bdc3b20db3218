#include "folder.h"

static void read_list(int limit, const char *boxes, struct image_manifest *m)
{
    struct image_source source = {
        .root = folder, .labels = folder_path("labels.txt"), .boxes = boxes, .limit = limit
    };

    CHECK_MSG(image_manifest_read(&source, m) == OK, "%s", error_last()->text);
}

/* Number i * count / limit: spread evenly, the first always there. */
static void limits(void)
{
    static const int of_three[] = { 0, 3, 6 }, of_four[] = { 0, 2, 5, 7 };
    struct image_manifest m;

    read_list(3, NULL, &m);
    CHECK(m.count == 3);
    for (int i = 0; i < 3; i++)
        CHECK(m.entry[i].class_index == of_three[i]);
    image_manifest_free(&m);
    read_list(4, NULL, &m);
    CHECK(m.count == 4 && m.classes == 10);
    for (int i = 0; i < 4; i++)
        CHECK(m.entry[i].class_index == of_four[i]);
    image_manifest_free(&m);
    read_list(1000, NULL, &m);
    CHECK(m.count == 10);
    image_manifest_free(&m);
    folder_refused(&(struct image_source){ .root = folder, .limit = -1 }, ERR_RANGE, "-1");
}

/* Drawn by a seed: each picture once, in the list's order; another seed, others; each as often as another. */
static void samples(void)
{
    struct image_source source = { .root = folder, .labels = folder_path("labels.txt"), .limit = 3 };
    int drawn[10] = { 0 }, orders = 0;
    struct image_manifest m;
    uint8_t last[HASH_SIZE] = { 0 };

    for (source.sample = 1; source.sample <= 400; source.sample++) {
        CHECK(image_manifest_read(&source, &m) == OK && m.count == 3);
        for (int i = 0; i < m.count; i++) {
            CHECK(i == 0 || m.entry[i].class_index > m.entry[i - 1].class_index);
            drawn[m.entry[i].class_index]++;
        }
        orders += memcmp(last, m.sha256, HASH_SIZE) != 0;
        memcpy(last, m.sha256, HASH_SIZE);
        image_manifest_free(&m);
    }
    for (int i = 0; i < 10; i++)
        CHECK_MSG(drawn[i] > 75 && drawn[i] < 165, "picture %d was drawn %d times of 400", i, drawn[i]);
    CHECK(orders > 380);
    source.limit = 0;
    CHECK(image_manifest_read(&source, &m) == OK && m.count == 10);
    image_manifest_free(&m);
    folder_refused(&(struct image_source){ .root = folder, .sample = -2 }, ERR_RANGE, "-2");
}

/* The hash tells the content, not where it lies. */
static void hashes(void)
{
    struct image_manifest m[4];
    /* Python: hashlib.sha256(b"0.jpg\0" + struct.pack("<6i", 0, 1, 1, 2, 3, 4)) */
    static const char *const known = "9b3e4eaf652bb4c7df584fe5be317e5b8267ecf37ee1b23908d9c5045aea68d7";
    char hex[2 * HASH_SIZE + 1];

    read_list(0, NULL, &m[0]);
    read_list(0, NULL, &m[1]);
    read_list(9, NULL, &m[2]);
    read_list(0, folder_file("boxes.csv", "0.jpg,1,2,3,4\n"), &m[3]);
    CHECK(memcmp(m[0].sha256, m[1].sha256, HASH_SIZE) == 0);
    CHECK(memcmp(m[0].sha256, m[2].sha256, HASH_SIZE) != 0);
    CHECK(memcmp(m[0].sha256, m[3].sha256, HASH_SIZE) != 0);
    for (int i = 0; i < 4; i++)
        image_manifest_free(&m[i]);
    read_list(1, folder_path("boxes.csv"), &m[0]);
    CHECK_MSG(strcmp(hash_hex(m[0].sha256, hex), known) == 0, "%s", hex);
    image_manifest_free(&m[0]);
}

int main(void)
{
    folder_open();
    folder_file("0.jpg", "");
    folder_file("labels.txt",
                "0.jpg,0\n1.jpg,1\n2.jpg,2\n3.jpg,3\n4.jpg,4\n5.jpg,5\n6.jpg,6\n7.jpg,7\n8.jpg,8\n9.jpg,9\n");
    limits();
    samples();
    hashes();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/manifest");
}
