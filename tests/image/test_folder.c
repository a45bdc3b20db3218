#include "folder.h"

static void sorted(void)
{
    /* Byte order: B before a; "a-b" and "a" are classes in that order of their names, not of their paths. */
    static const char *const path[] = { "B/2.jpg", "a/1.JPEG",        "a/10.jpg",
                                        "a/9.png", "a/deeper/0.jpeg", "a-b/x.PNG" };
    static const int class_index[] = { 0, 1, 1, 1, 1, 2 };
    struct image_manifest m;

    folder_file("a/10.jpg", "");
    folder_file("a/9.png", "");
    folder_file("a/1.JPEG", "");
    folder_file("a/deeper/0.jpeg", "");
    folder_file("a/notes.txt", "");
    folder_file("a/.hidden.jpg", "");
    folder_file("a-b/x.PNG", "");
    folder_file("B/2.jpg", "");
    folder_file(".cache/3.jpg", "");
    folder_file("boxes.csv", "");
    folder_file("top.jpg", "");
    CHECK(image_manifest_read(&(struct image_source){ .root = folder }, &m) == OK);
    CHECK(m.count == 6 && m.classes == 3);
    for (int i = 0; i < m.count && i < 6; i++)
        CHECK_MSG(strcmp(m.entry[i].path, path[i]) == 0 && m.entry[i].class_index == class_index[i], "%s %d",
                  m.entry[i].path, m.entry[i].class_index);
    CHECK(strcmp(m.class_name[0], "B") == 0 && strcmp(m.class_name[1], "a") == 0 &&
          strcmp(m.class_name[2], "a-b") == 0);
    CHECK(strcmp(m.root, folder) == 0);
    image_manifest_free(&m);
    image_manifest_free(&m);
}

static void refused(void)
{
    struct image_source source = { .root = folder_path("nowhere") };

    folder_refused(&source, ERR_MISSING, "nowhere");
    folder_refused(&(struct image_source){ .root = NULL }, ERR_USAGE, "no image folder");
    folder_refused(&(struct image_source){ .root = folder_path("a/deeper") }, ERR_MISSING, "label file");
    folder_file("empty/class/readme", "");
    folder_refused(&(struct image_source){ .root = folder_path("empty") }, ERR_MISSING, "hold no .jpg");
    folder_refused(&(struct image_source){ .root = folder_path("empty/class") }, ERR_MISSING,
                   "no class folders");
    folder_file("bad/c/new\nline.jpg", "");
    folder_refused(&(struct image_source){ .root = folder_path("bad") }, ERR_FORMAT, "control character");
    folder_file("bytes/c/\xff\xfe.jpg", "");
    folder_refused(&(struct image_source){ .root = folder_path("bytes") }, ERR_FORMAT, "UTF-8");
    CHECK(symlink(".", folder_path("bad/c/loop")) == 0);
    CHECK(remove(folder_path("bad/c/new\nline.jpg")) == 0);
    folder_refused(&(struct image_source){ .root = folder_path("bad") }, ERR_FORMAT, "deep");
}

int main(void)
{
    folder_open();
    sorted();
    refused();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/folder");
}
