#include "folder.h"

static void same(const struct image_manifest *a, const struct image_manifest *b)
{
    CHECK(a->count == b->count && a->classes == b->classes && a->boxes == b->boxes);
    CHECK(a->boxes_unmatched == b->boxes_unmatched && strcmp(a->root, b->root) == 0);
    CHECK(a->left_out == b->left_out && strcmp(a->decided, b->decided) == 0 && a->decided[0]);
    CHECK(memcmp(a->sha256, b->sha256, HASH_SIZE) == 0);
    CHECK((a->class_name != NULL) == (b->class_name != NULL));
    for (int i = 0; i < a->count; i++) {
        CHECK(strcmp(a->entry[i].path, b->entry[i].path) == 0 &&
              a->entry[i].class_index == b->entry[i].class_index);
        CHECK(a->entry[i].box_first == b->entry[i].box_first && a->entry[i].boxes == b->entry[i].boxes);
    }
    for (int i = 0; a->class_name && i < a->classes; i++)
        CHECK(strcmp(a->class_name[i], b->class_name[i]) == 0);
    CHECK(a->boxes == 0 || memcmp(a->box, b->box, (size_t)a->boxes * sizeof *a->box) == 0);
}

static void round_trip(const struct image_source *source)
{
    struct image_manifest m, back;
    uint8_t *bytes = NULL;
    size_t size = 0;

    CHECK_MSG(image_manifest_read(source, &m) == OK, "%s", error_last()->text);
    CHECK(image_manifest_pack(&m, &bytes, &size) == OK);
    CHECK(image_manifest_unpack(bytes, size, &back) == OK);
    same(&m, &back);
    image_manifest_free(&back);
    /* Cut short, lengthened in its counts, or with any byte changed: refused or a list, never a crash. */
    for (size_t n = 0; n < size; n++)
        CHECK_MSG(image_manifest_unpack(bytes, n, &back) == ERR_FORMAT, "%zu of %zu bytes", n, size);
    for (size_t n = 0; n < size; n++) {
        status s;

        bytes[n] ^= 0x81;
        s = image_manifest_unpack(bytes, size, &back);
        CHECK_MSG(s == OK || s == ERR_FORMAT || s == ERR_MEMORY, "byte %zu: %d", n, s);
        for (int i = 0; s == OK && i < back.count; i++)
            CHECK(strlen(back.entry[i].path) < size);
        CHECK(s != OK || strlen(back.decided) < size);
        image_manifest_free(&back);
        bytes[n] ^= 0x81;
    }
    mem_free(bytes);
    image_manifest_free(&m);
}

int main(void)
{
    struct image_source source = { .root = folder };

    folder_open();
    folder_file("a/1.jpg", "");
    folder_file("a/2.jpg", "");
    folder_file("b/3.jpg", "");
    folder_file("b/4.webp", "");
    round_trip(&source);
    source.boxes =
        folder_file("boxes.csv", "a/2.jpg,1,2,3,4\nb/3.jpg,0,0,1,1\nb/3.jpg,5,5,6,6\nx.jpg,0,0,1,1\n");
    round_trip(&source);
    source.labels = folder_file("labels.csv", "a/2.jpg,1\nb/3.jpg,0\n");
    round_trip(&source);
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/pack");
}
