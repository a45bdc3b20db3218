/* What a folder's class is: by synset, by number, by place; and when it is not certain. */
#include "folder.h"

static char root[128];
static int roots;

/* A new root whose class folders are the words of `names`, with a picture in each; "name/" has none. */
static const char *tree(const char *names)
{
    char text[1024], path[512], *save = NULL;

    snprintf(root, sizeof root, "%s/%d", folder, roots++);
    snprintf(text, sizeof text, "%s", names);
    for (char *name = strtok_r(text, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
        int empty = name[strlen(name) - 1] == '/', deep = strchr(name, '/') && !empty;

        snprintf(path, sizeof path, "%s/%s%s", root + strlen(folder) + 1, name,
                 empty  ? "notes.txt"
                 : deep ? ""
                        : "/1.jpg");
        folder_file(path, "");
    }
    return root;
}

static struct image_source source_of(const char *names, int classes, enum image_folders folders,
                                     const char *synsets)
{
    return (struct image_source){
        .root = tree(names), .classes = classes, .network = "net", .folders = folders, .synsets = synsets
    };
}

/* The pictures' classes in the order of the list, and what they are said to be by. */
static void good(struct image_source source, const int *classes, int count, int of, const char *by)
{
    struct image_manifest m;
    status s = image_manifest_read(&source, &m);

    CHECK_MSG(s == OK, "%s", error_last()->text);
    if (s != OK)
        return;
    CHECK_MSG(m.count == count && m.classes == of, "%d pictures, %d classes", m.count, m.classes);
    for (int i = 0; i < m.count && i < count; i++)
        CHECK_MSG(m.entry[i].class_index == classes[i], "%s: %d", m.entry[i].path, m.entry[i].class_index);
    CHECK_MSG(strncmp(m.decided, "data.classes = ", 15) == 0 && strstr(m.decided, by), "%s", m.decided);
    image_manifest_free(&m);
}

static void bad(struct image_source source, const char *words)
{
    folder_refused(&source, ERR_MISMATCH, words);
}

static void places(void)
{
    good(source_of("bird cat dog", 3, 0, NULL), (int[]){ 0, 1, 2 }, 3, 3, "places");
    good(source_of("n01440764 n01443537/ n02000000", 3, 0, NULL), (int[]){ 0, 2 }, 2, 3, "places");
    good(source_of("cat/images/1.jpg dog/images/1.jpg", 2, 0, NULL), (int[]){ 0, 1 }, 2, 2, "places");
    good(source_of("animal/cat/1.jpg animal/dog/1.jpg thing/cup/1.jpg thing/car/1.jpg", 2, 0, NULL),
         (int[]){ 0, 0, 1, 1 }, 4, 2, "places");
    good(source_of("cat dog other/", 3, IMAGE_FOLDERS_TEXT, NULL), (int[]){ 0, 1 }, 2, 3, "places");
    bad(source_of("bird cat dog", 4, 0, NULL), "3 class folders, network net has 4 classes, so that");
    bad(source_of("bird cat dog", 2, 0, NULL), "3 class folders, network net has 2 classes, so that");
    bad(source_of("bird", 2, 0, NULL), "1 class folder, network net has 2 classes, so that");
    bad(source_of("n01440764 n02000000", 1000, 0, NULL),
        "2 class folders, network net has 1000 classes, so that the "
        "place of a folder does not tell its class: give --synsets=LOC_synset_mapping.txt");
    good(source_of("cat dog other/", 3, 0, NULL), (int[]){ 0, 1 }, 2, 3,
         "1 without pictures, such as other\n");
    good(source_of("n1_cat/ n2_dog n10_cup", 3, 0, NULL), (int[]){ 0, 2 }, 2, 3, "such as n1_cat\n");
    bad(source_of("cat dog new_folder/", 3, 0, NULL), "('new_folder' without pictures)");
    bad(source_of("cat dog x2/", 3, 0, NULL), "('x2' without pictures)");
    bad(source_of("__MACOSX cat dog", 3, 0, NULL), "('__MACOSX' no class by its name)");
    bad(source_of("__MACOSX/ cat dog", 2, 0, NULL),
        "3 class folders, network net has 2 classes ('__MACOSX' no class by its name), so that");
    bad(source_of("__MACOSX/ cat cup_1/ dog", 2, 0, NULL),
        "4 class folders, network net has 2 classes ('__MACOSX' no class by its name; 'cup_1' without "
        "pictures)");
    bad(source_of("n01440764 n02000000", 3, 0, NULL), "3 classes, one of which may be a background, so that");
    bad(source_of("n01440764 n02000000 n03000000 others", 4, 0, NULL),
        "('others' no synset as the others are)");
    bad(source_of("n01440764 n02000000 n03000000 n04000000x", 4, 0, NULL), "('n04000000x' no synset");
    bad(source_of("train/cat/1.jpg train/dog/1.jpg val/cat/1.jpg val/dog/1.jpg", 2, 0, NULL),
        "(folders of folders), so that the place of a folder does not tell its class: are the classes the "
        "folders "
        "below, as 'train/cat'? then give --images=");
    bad(source_of("a/cat/1.jpg a/dog/1.jpg b/cat/1.jpg b/dog/1.jpg", 2, 0, NULL), "folders of folders");
    bad(source_of("0/cat/1.jpg 0/dog/1.jpg 1/cat/1.jpg 1/dog/1.jpg", 2, 0, NULL), "folders of folders");
    bad(source_of("Train/n01440764/1.jpg VAL/n01440764/1.jpg", 1000, 0, NULL), "'Train/n01440764'");
    bad(source_of("cat dog", 3, IMAGE_FOLDERS_TEXT, NULL), "2 class folders, network net has 3 classes");
}

static void numbers(void)
{
    good(source_of("0 3 12", 1000, 0, NULL), (int[]){ 0, 12, 3 }, 3, 1000, "numbers; 3 of 1000");
    good(source_of("007 012 998", 1000, 0, NULL), (int[]){ 7, 12, 998 }, 3, 1000, "numbers");
    good(source_of("0 1 2", 3, 0, NULL), (int[]){ 0, 1, 2 }, 3, 3, "numbers");
    good(source_of("1 2 3", 3, 0, NULL), (int[]){ 0, 1, 2 }, 3, 3, "places");
    good(source_of("01 02 10", 3, 0, NULL), (int[]){ 0, 1, 2 }, 3, 3, "places");
    good(source_of("0 1 10 11 2 3 4 5 6 7 8 9", 12, IMAGE_FOLDERS_NUMBER, NULL),
         (int[]){ 0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9 }, 12, 12, "numbers");
    good(source_of("0 1 10 11 2 3 4 5 6 7 8 9", 12, IMAGE_FOLDERS_TEXT, NULL),
         (int[]){ 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 }, 12, 12, "places");
    good(source_of("0 1 10 2 3 4 5 6 7 8 9", 12, IMAGE_FOLDERS_NUMBER, NULL),
         (int[]){ 0, 1, 10, 2, 3, 4, 5, 6, 7, 8, 9 }, 11, 12, "numbers");
    /* One is missing, and both ends are there: nothing can be shifted. */
    good(source_of("0 1 11 2 3 4 5 6 7 8 9", 12, 0, NULL), (int[]){ 0, 1, 11, 2, 3, 4, 5, 6, 7, 8, 9 }, 11,
         12, "numbers");
    good(source_of("__MACOSX/ 0 3", 1000, 0, NULL), (int[]){ 0, 3 }, 2, 1000, "numbers");
    bad(source_of("0 1 10 11 2 3 4 5 6 7 8 9", 12, 0, NULL), "--folders=text if the network was trained so, "
                                                             "--folders=number if the number is the class");
    bad(source_of("1 10 11 12 2 3 4 5 6 7 8 9", 12, 0, NULL),
        "--folders=text if the network was trained so, else");
    bad(source_of("1 10 11 12 2 3 4 5 6 7 8 9", 12, IMAGE_FOLDERS_NUMBER, NULL), "they count from 1");
    bad(source_of("0 1 10 2 3 4 5 6 7 8 9", 12, 0, NULL),
        "11 folders named by numbers, network net has 12 classes; one "
        "class has no folder");
    bad(source_of("1 10 11 2 3 4 5 6 7 8 9", 12, 0, NULL), "one class has no folder");
    bad(source_of("0 12 1000", 1000, 0, NULL), "the largest is none of them");
    bad(source_of("0 1 2 3", 3, 0, NULL), "4 class folders, network net has 3 classes");
    bad(source_of("1 01 7", 1000, 0, NULL), "two folders are class 1 by their names");
    bad(source_of("1 01 7", 3, 0, NULL), "two folders are class 1 by their names");
    bad(source_of("1 +2 7", 1000, 0, NULL), "3 class folders, network net has 1000 classes ('+2' no number)");
    bad(source_of("1 2x 7", 1000, IMAGE_FOLDERS_NUMBER, NULL),
        "not all folders with pictures are named by digits");
    bad(source_of("cat dog", 2, IMAGE_FOLDERS_NUMBER, NULL),
        "not all folders with pictures are named by digits");
}

static void synsets(void)
{
    static const char *const lines = "n01440764 tench, Tinca tinca\nn01443537 goldfish\nn02000000 a bird\n";
    const char *file = folder_file("synsets.txt", lines);
    char kept[128];
    struct image_source s;
    struct image_manifest m;

    snprintf(kept, sizeof kept, "%s", file);
    s = source_of("n02000000 n01440764", 3, 0, kept);
    good(s, (int[]){ 0, 2 }, 2, 3, "2 of 3 have pictures");
    CHECK(image_manifest_read(&s, &m) == OK && strcmp(m.class_name[0], "tench, Tinca tinca") == 0 &&
          strcmp(m.class_name[2], "a bird") == 0);
    image_manifest_free(&m);
    good(source_of("__MACOSX/ n02000000", 3, 0, kept), (int[]){ 2 }, 1, 3, "synsets");
    good(source_of("n01440764 n01443537 n02000000", 0, 0, kept), (int[]){ 0, 1, 2 }, 3, 3, "synsets");
    bad(source_of("n02000000 n09999999", 3, 0, kept), "1 of its 2 folders is no synset of");
    bad(source_of("N02000000 n01440764", 3, 0, kept), "the first is 'N02000000'");
    bad(source_of("train/n02000000/1.jpg val/n02000000/1.jpg", 3, 0, kept),
        "2 of its 2 folders are no synset of");
    CHECK(strstr(error_last()->text,
                 "'train': are the classes the folders in it? then give --images=.../train"));
    bad(source_of("n02000000", 4, 0, kept),
        "3 names, but network net has 4 classes: a list has one name a class, in "
        "the order of the classes (is the network's class 0 the background");
    folder_file("twice.txt", "n01440764 a\nn01440764 b\nn02000000 c\n");
    snprintf(kept, sizeof kept, "%s/twice.txt", folder);
    s = source_of("n02000000", 3, 0, kept);
    folder_refused(&s, ERR_FORMAT, "n01440764 stands there twice");
    s.synsets = folder_path("none.txt");
    folder_refused(&s, ERR_MISSING, "none.txt");
    folder_file("index.json", "{\"0\": [\"n01440764\", \"tench\"], \"2\": [\"n02000000\", \"bird\"], \"1\": "
                              "[\"n01443537\", \"goldfish\"]}");
    snprintf(kept, sizeof kept, "%s/index.json", folder);
    good(source_of("n02000000 n01440764", 3, 0, kept), (int[]){ 0, 2 }, 2, 3, "synsets");
    s.folders = IMAGE_FOLDERS_NUMBER;
    folder_refused(&s, ERR_USAGE, "one of them");
    s = (struct image_source){ .root = root,
                               .labels = folder_file("l.csv", "n02000000/1.jpg,0\n"),
                               .folders = 1 };
    folder_refused(&s, ERR_USAGE, "one of them");
}

int main(void)
{
    folder_open();
    places();
    numbers();
    synsets();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/classes");
}
