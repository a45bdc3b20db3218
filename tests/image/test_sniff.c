/* What a file of a class folder is: by its ending, else by its first bytes; and what is said of the others.
 */
#include "folder.h"

#include "image/list.h"

static void is(enum list_content expected, const char *name, const char *bytes, size_t size)
{
    const char *path = folder_path(name);

    CHECK(text_write_file(path, bytes, size) == OK);
    CHECK_MSG(image_list_content(folder, name) == expected, "%s: %d", name, image_list_content(folder, name));
    remove(path);
}
#define IS(expected, name, bytes) is(expected, name, bytes, sizeof bytes - 1)

static void contents(void)
{
    static const char jpeg[] = "\xff\xd8\xff\xe0..JFIF", png[] = "\x89PNG\r\n\x1a\n....",
                      webp[] = "RIFF\4\0\0\0WEBPVP8 ";

    IS(LIST_PICTURE, "a.jpg", "whatever it is: a bad picture");
    IS(LIST_PICTURE, "a.JPEG", webp);
    IS(LIST_PICTURE, "a.jfif", jpeg);
    IS(LIST_PICTURE, "a.JPE", jpeg);
    IS(LIST_PICTURE, "a", jpeg);
    IS(LIST_PICTURE, "a.bmp", jpeg);
    IS(LIST_PICTURE, "a.webp", png);
    IS(LIST_PICTURE, "a.txt", png);
    IS(LIST_OTHER_PICTURE, "a.webp", webp);
    IS(LIST_OTHER_PICTURE, "a", webp);
    IS(LIST_OTHER_PICTURE, "a.webp", "");
    IS(LIST_OTHER_PICTURE, "a.jfif", "");
    IS(LIST_OTHER_PICTURE, "a.dat", "BM\x36\0\0\0\0\0\0\0\x36\0\0\0");
    IS(LIST_OTHER_PICTURE, "a.dat", "II*\0\x08\0\0\0");
    IS(LIST_OTHER_PICTURE, "a.dat", "MM\0*\0\0\0\x08");
    IS(LIST_OTHER_PICTURE, "a.dat", "GIF89a\1\0");
    IS(LIST_OTHER_PICTURE, "a.dat",
       "\0\0\0\x1c"
       "ftypheic");
    IS(LIST_OTHER_PICTURE, "a.dat",
       "\0\0\0\x1c"
       "ftypavif");
    IS(LIST_OTHER_PICTURE, "a.PPM", "P6 1 1 255 abc");
    IS(LIST_NO_PICTURE, "a.txt", "BM is how a bitmap begins");
    IS(LIST_NO_PICTURE, "a.mp4",
       "\0\0\0\x1c"
       "ftypisom");
    IS(LIST_NO_PICTURE, "Thumbs.db", "\xd0\xcf\x11\xe0");
    IS(LIST_NO_PICTURE, "a.json", "{}");
    IS(LIST_NO_PICTURE, "a.xml", "<annotation/>");
    IS(LIST_NO_PICTURE, "a", "");
    IS(LIST_NO_PICTURE, "a.dat", "\xff\xd8");
    CHECK(image_list_content(folder, "absent.webp") == LIST_OTHER_PICTURE);
    CHECK(image_list_content(folder, "absent") == LIST_NO_PICTURE);
    CHECK(mkfifo(folder_path("pipe"), 0600) == 0 && image_list_content(folder, "pipe") == LIST_NO_PICTURE);
}

static void counted(void)
{
    char root[128];
    struct image_source source = { .root = root, .classes = 2, .network = "net" };
    struct image_manifest m;

    snprintf(root, sizeof root, "%s/tree", folder);
    folder_file("tree/a/1.jpg", "");
    folder_file("tree/a/2.webp", "");
    folder_file("tree/a/1.tiff", "");
    folder_file("tree/b/deep/x.gif", "GIF89a..");
    folder_file("tree/b/3.jfif", "\xff\xd8\xff\xe0");
    folder_file("tree/b/4\033[2J.bmp", "");
    folder_file("tree/b/notes.txt", "text");
    folder_file("tree/top.png", "");
    CHECK_MSG(image_manifest_read(&source, &m) == OK, "%s", error_last()->text);
    CHECK(m.count == 2 && strcmp(m.entry[1].path, "b/3.jfif") == 0 && m.entry[1].class_index == 1);
    CHECK(m.left_out == 4);
    CHECK_MSG(strstr(m.decided, "\ndata.left_out = 4 pictures neither JPEG nor PNG, such as a/1.tiff\n"),
              "%s", m.decided);
    CHECK_MSG(strstr(m.decided, "\ndata.by_content = 1 JPEG or PNG under other names, such as b/3.jfif\n"),
              "%s", m.decided);
    CHECK_MSG(strstr(m.decided,
                     "\ndata.beside_folders = 1 picture outside of the class folders left out, such as "
                     "top.png\n"),
              "%s", m.decided);
    image_manifest_free(&m);
    folder_file("others/a/1.webp", "");
    snprintf(root, sizeof root, "%s/others", folder);
    folder_refused(&source, ERR_MISSING,
                   "its 1 class folders hold no .jpg, .jpeg or .png files; 1 other picture such "
                   "as 'a/1.webp' (neither JPEG nor PNG)");
}

/* A flat folder where it is asked for. */
static void flat(void)
{
    char root[128];
    struct image_source source = { .root = root, .classes = 2, .network = "net", .flat = 1 };
    struct image_manifest m;

    snprintf(root, sizeof root, "%s/flat", folder);
    folder_file("flat/b.jpg", "");
    folder_file("flat/a.jpe", "\xff\xd8\xff\xe0");
    folder_file("flat/c.webp", "");
    folder_file("flat/empty_1/notes", "");
    CHECK_MSG(image_manifest_read(&source, &m) == OK, "%s", error_last()->text);
    CHECK(m.count == 2 && m.classes == 0 && !m.class_name && m.left_out == 1);
    CHECK(strcmp(m.entry[0].path, "a.jpe") == 0 && m.entry[0].class_index == -1 &&
          m.entry[1].class_index == -1);
    image_manifest_free(&m);
    source.synsets = folder_file("synsets", "n01440764 a\nn01440765 b\n");
    folder_refused(&source, ERR_USAGE, "a flat folder, whose pictures have no classes");
    source.synsets = NULL;
    folder_file("flat/cat/1.jpg", "");
    folder_refused(&source, ERR_MISMATCH, "2 pictures such as 'a.jpe' beside 2 folders with pictures (1)");
    source.folders = IMAGE_FOLDERS_TEXT; /* class folders are meant */
    CHECK_MSG(image_manifest_read(&source, &m) == OK && m.count == 1 && m.entry[0].class_index == 0, "%s",
              error_last()->text);
    CHECK_MSG(strstr(m.decided, "data.beside_folders = 2 pictures outside"), "%s", m.decided);
    image_manifest_free(&m);
    source.folders = IMAGE_FOLDERS_AUTO;
    source.flat = 0;
    folder_refused(&source, ERR_MISMATCH,
                   "2 class folders, network net has 2 classes ('empty_1' without pictures)");
}

int main(void)
{
    folder_open();
    contents();
    counted();
    flat();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/sniff");
}
