#include "folder.h"

static void good(const char *text, int count, const char *const *path, const int *class_index, int classes)
{
    struct image_source source = { .root = folder, .labels = folder_file("labels.txt", text) };
    struct image_manifest m;

    CHECK_MSG(image_manifest_read(&source, &m) == OK, "%s", error_last()->text);
    CHECK_MSG(m.count == count && m.classes == classes, "%d pictures, %d classes", m.count, m.classes);
    for (int i = 0; i < m.count && i < count; i++)
        CHECK_MSG(strcmp(m.entry[i].path, path[i]) == 0 && m.entry[i].class_index == class_index[i], "%s %d",
                  m.entry[i].path, m.entry[i].class_index);
    CHECK(m.class_name == NULL);
    image_manifest_free(&m);
}

static void bad(const char *text, status expected, const char *words)
{
    struct image_source source = { .root = folder, .labels = folder_file("labels.txt", text) };

    folder_refused(&source, expected, words);
}

static void plain(void)
{
    static const char *const two[] = { "b.jpg", "a.jpg" }, *const spaced[] = { "with blank.jpg", "d/e.png" };

    good("b.jpg,7\na.jpg,0\n", 2, two, (int[]){ 7, 0 }, 8);
    good("file,class_index,wnid,name\nb.jpg,7,n1,x y\n\na.jpg,0,n2,\"z, z\"\n", 2, two, (int[]){ 7, 0 }, 8);
    good("b.jpg 3\r\na.jpg\t4\r\n", 2, two, (int[]){ 3, 4 }, 5);
    good("\xef\xbb\xbf"
         "b.jpg,1\na.jpg,-1",
         2, two, (int[]){ 1, -1 }, 2);
    good("./b.jpg, 1 \n./a.jpg , 0\n", 2, two, (int[]){ 1, 0 }, 2);
    good("with blank.jpg 3\nd/e.png 2\n", 2, spaced, (int[]){ 3, 2 }, 4);
}

/* Headers name the columns; ids lack their extension; quotes hold commas. */
static void columns(void)
{
    static const char *const two[] = { "b.jpg", "a.jpg" }, *const comma[] = { "a, \"x\".jpg", "a.jpg" };

    good("class_index,path\n7,b.jpg\n0,a.jpg\n", 2, two, (int[]){ 7, 0 }, 8);
    good("name;label;ImageId\ncat;7;b\ndog;0;a\n", 2, two, (int[]){ 7, 0 }, 8);
    good("\"filename\",\"width\",\"height\",\"class\"\r\n\"b.jpg\",500,375,7\r\n\"a.jpg\",500,375,0\r\n", 2,
         two, (int[]){ 7, 0 }, 8);
    good(",path,class,class_index\n0,b.jpg,cat,7\n1,a.jpg,dog,0\n", 2, two, (int[]){ 7, 0 }, 8);
    good("image\tclass\tsynset\nb.jpg\tcat\tn02000000\na.jpg\tdog\tn01000000\n", 2, two, (int[]){ 1, 0 }, 2);
    good("b,7\na,0\n", 2, two, (int[]){ 7, 0 }, 8);
    good("\"a, \"\"x\"\".jpg\",3\na.jpg,4,x\n", 2, comma, (int[]){ 3, 4 }, 5);
    good("file,class_index,wnid,name\nb.jpg,7,n02000000,cat\na.jpg,0,n01000000,dog, hot\n", 2, two,
         (int[]){ 7, 0 }, 8);
    good("b.jpg\tn02000000\t0\t32\t44\t62\na.jpg\tn01000000\t1\t2\t3\t4\n", 2, two, (int[]){ 1, 0 }, 2);
    good("path,class,wnid\nb.jpg,7,n02000000\na.jpg,-1,n01000000\n", 2, two, (int[]){ 7, -1 }, 8);
    good("path,class,wnid\nb.jpg,7,n02000000\na.jpg,7,n02000000\nd/e.png,0,n01000000\n", 3,
         (const char *const[]){ "b.jpg", "a.jpg", "d/e.png" }, (int[]){ 7, 7, 0 }, 8);
    /* Numbers of another list than the synsets' order, one number for two synsets, two for one */
    bad("path,class,wnid\nb.jpg,0,n02000000\na.jpg,7,n01000000\n", ERR_MISMATCH,
        "labels.txt: n01000000 is class 7 there and n02000000 class 0, which is not the order of the "
        "synsets, as if the numbers were ILSVRC's own: give --synsets=LOC_synset_mapping.txt");
    bad("b.jpg,0,n02000000,cat\na.jpg,7,n01000000,dog\n", ERR_MISMATCH, "not the order of the synsets");
    bad("wnid;file;class_index\nn02000000;b.jpg;7\nn01000000;a.jpg;7\n", ERR_MISMATCH,
        "n01000000 is class 7 there and n02000000 class 7");
    bad("wnid;file;class_index\nn01000000;b.jpg;8\nn01000000;a.jpg;7\n", ERR_MISMATCH,
        "n01000000 is class 7 there and n01000000 class 8");
    bad("n01440764\nn01443537\n", ERR_FORMAT, "a bare list of class numbers or synsets");
    bad("a, x.jpg,3\na.jpg,4\n", ERR_FORMAT, "labels.txt:1: 'x.jpg' is no class index");
    bad("path,width,height\nb.jpg,500,375\n", ERR_FORMAT, "names no column of classes");
    bad("klasse,label,wnid\n3,7,n01000000\n", ERR_FORMAT, "names no column of pictures");
    bad("klasse,label\n3,7\n", ERR_FORMAT, "'label' is no class index");
    bad("bild,klasse\nb.jpg,7\n", ERR_FORMAT, "'klasse' is no class index");
    bad("path,class,label\nb.jpg,7,8\n", ERR_FORMAT,
        "two columns of its header mean the same, one is 'label'");
    bad("path,class\nb.jpg,cat\n", ERR_FORMAT, "labels.txt:2: 'cat' is no class index");
    bad("path,wnid\nb.jpg,cat\n", ERR_FORMAT, "labels.txt:2: 'cat' is not a synset id");
    bad("path,class\nb.jpg,7\na.jpg,\n", ERR_FORMAT, "labels.txt:3: '' is no class index");
    bad("path,class\nb.jpg,7.0\n", ERR_FORMAT, "'7.0' is no class index");
    bad("b.jpg,500,375\na.jpg,500,333\n", ERR_FORMAT, "labels.txt:1: several numbers behind the name");
    bad("b.jpg,10,20,300,200\n", ERR_FORMAT, "several numbers behind the name");
    bad("path,x0,y0,x1,y1\nb.jpg,10,20,300,200\n", ERR_FORMAT, "names no column of classes");
    bad("path,x,y,width,height\nb.jpg,10,20,300,200\n", ERR_FORMAT, "names no column of classes");
    bad("[{\"file\": \"b.jpg\"}]", ERR_FORMAT, "JSON");
}

/* What the labels say must be a network's classes. */
static void certain(void)
{
    char labels[128], synsets[128];
    struct image_source s = { .root = folder, .labels = labels, .classes = 8, .network = "net" };
    struct image_manifest m;

    snprintf(labels, sizeof labels, "%s", folder_file("labels.txt", "b.jpg,7\na.jpg,1\n"));
    CHECK(image_manifest_read(&s, &m) == OK && strcmp(m.decided, "data.classes = indices as listed\n") == 0);
    image_manifest_free(&m);
    s.classes = 7;
    folder_refused(&s, ERR_MISMATCH,
                   "b.jpg: its class is 7, but network net knows 0 to 6: the indices of the list count "
                   "from 1");
    s.classes = 6;
    folder_refused(&s, ERR_MISMATCH, "b.jpg: its class is 7, but network net knows 0 to 5");
    CHECK(!strstr(error_last()->text, "count from 1"));
    snprintf(synsets, sizeof synsets, "%s",
             folder_file("synsets", "n01000000 dog\nn02000000 cat\nn03000000 cup\n"));
    s.synsets = synsets;
    folder_refused(&s, ERR_USAGE, "it has class indices, so that --synsets=");
    s.classes = 3;
    folder_file("labels.txt", "b.jpg,n03000000\na.jpg,-1\n");
    CHECK_MSG(image_manifest_read(&s, &m) == OK && m.entry[0].class_index == 2 &&
                  m.entry[1].class_index == -1,
              "%s", error_last()->text);
    CHECK(m.classes == 3 && strcmp(m.class_name[2], "cup") == 0);
    image_manifest_free(&m);
    folder_file("labels.txt", "wnid,index,file\nn03000000,5,b.jpg\nn01000000,6,a.jpg\n");
    CHECK(image_manifest_read(&s, &m) == OK && m.entry[0].class_index == 2 && m.entry[1].class_index == 0);
    CHECK_MSG(strstr(m.decided, "data.labels.columns = path from 'file', class from 'wnid'\n"), "%s",
              m.decided);
    image_manifest_free(&m);
    folder_file("labels.txt", "path,class_index,wnid\nb.jpg,2,n03000000\na.jpg,1,n01000000\n");
    folder_refused(&s, ERR_MISMATCH, "labels.txt:3: class 1, but n01000000 is class 0 in");
    folder_file("labels.txt", "path,label\nb.jpg,cup\na.jpg,dog\n");
    folder_refused(&s, ERR_FORMAT, "labels.txt:2: 'cup' is no class index");
    folder_file("labels.txt", "path,class_index,wnid\nb.jpg,2,n03000000\na.jpg,1,n01000000\n");
    s.synsets = NULL;
    CHECK(image_manifest_read(&s, &m) == OK && m.entry[0].class_index == 2 && m.entry[1].class_index == 1);
    image_manifest_free(&m);
    folder_file("labels.txt", "b.jpg,n03000000\na.jpg,n01000000\n");
    folder_refused(&s, ERR_MISMATCH, "2 different synsets, but network net has 3 classes");
    s.classes = 2;
    CHECK(image_manifest_read(&s, &m) == OK && m.entry[0].class_index == 1 && m.entry[1].class_index == 0);
    image_manifest_free(&m);
    s.synsets = synsets;
    folder_refused(&s, ERR_MISMATCH, "3 names, but network net has 2 classes");
}

static void refused(void)
{
    bad("", ERR_FORMAT, "no pictures");
    bad("path,class_index\n", ERR_FORMAT, "no pictures");
    bad("65\n970\n230\n", ERR_FORMAT, "labels.txt:1: a bare list");
    bad("b.jpg,0\na.jpg\n", ERR_FORMAT, "labels.txt:2");
    bad("b.jpg,cat\n", ERR_FORMAT, "'cat' is no class index");
    bad("b.jpg,0\na.jpg,cat\n", ERR_FORMAT, "labels.txt:2: 'cat'");
    bad("b.jpg,-2\n", ERR_FORMAT, "'-2'");
    bad("b.jpg,1000000\n", ERR_FORMAT, "'1000000'");
    bad("b.jpg,0\na.jpg,1\n./b.jpg,2\n", ERR_FORMAT,
        "labels.txt:3: 'b.jpg' is listed twice (first on line 1)");
    bad("/etc/passwd,0\n", ERR_FORMAT, "absolute");
    bad("d/../../x.jpg,0\n", ERR_FORMAT, "'..'");
    bad("d//x.jpg,0\n", ERR_FORMAT, "empty part");
    bad("x\001.jpg,0\n", ERR_FORMAT, "control");
    bad("x\377.jpg,0\n", ERR_FORMAT, "UTF-8");
    bad("absent.jpg,0\nmissing.jpg,1\n", ERR_MISSING, "absent.jpg");
    folder_refused(&(struct image_source){ .root = folder, .labels = folder_path("no-labels") }, ERR_MISSING,
                   "no-labels");
    {
        char *text = mem_alloc(1200, 1);

        memset(text, 'x', 1100);
        strcpy(text + 1021, ".jpg,0\n"); /* 1,025 bytes */
        bad(text, ERR_FORMAT, "1,024 bytes");
        strcpy(text + 1020, ".jpg,0\n"); /* 1,024: it is no picture that is there */
        bad(text, ERR_MISSING, "is there (the first is 'xxx");
        mem_free(text);
    }
}

/* ILSVRC's own files: ids without an extension, classes by the mapping, several boxes a row, a trailing
 * blank. */
static void solution(void)
{
    static const char *const rows = "ImageId,PredictionString\n"
                                    "ILSVRC2012_val_2,n02000000 1 2 30 40 n02000000 5 6 7 8 \n"
                                    "ILSVRC2012_val_1,n01440764 0 0 9 9\n";
    struct image_source source = { .root = folder };
    struct image_manifest m;

    static const char *const quoted = "\"PredictionString\",\"ImageId\"\r\n"
                                      "\"n02000000 1 2 30 40 n02000000 5 6 7 8 \",\"ILSVRC2012_val_2\"\r\n"
                                      "\"n01440764 0 0 9 9\",ILSVRC2012_val_1\r\n";

    folder_file("ILSVRC2012_val_1.JPEG", "");
    folder_file("ILSVRC2012_val_2.JPEG", "");
    source.labels = source.boxes = folder_file("quoted.csv", quoted);
    CHECK_MSG(image_manifest_read(&source, &m) == OK, "%s", error_last()->text);
    CHECK(m.count == 2 && m.entry[0].class_index == 1 && m.entry[0].boxes == 2 && m.entry[1].boxes == 1);
    image_manifest_free(&m);
    source.labels = source.boxes = folder_file("LOC_val_solution.csv", rows);
    CHECK(image_manifest_read(&source, &m) == OK);
    CHECK(m.count == 2 && m.classes == 2 && m.boxes == 3 && m.boxes_unmatched == 0);
    CHECK(strcmp(m.entry[0].path, "ILSVRC2012_val_2.JPEG") == 0);
    CHECK(m.entry[0].class_index == 1 && m.entry[1].class_index == 0); /* sorted ids */
    CHECK(m.entry[0].boxes == 2 && m.box[m.entry[0].box_first + 1].x1 == 7);
    image_manifest_free(&m);
    source.synsets =
        folder_file("LOC_synset_mapping.txt", "n01440764 tench, Tinca tinca\nn01443537 goldfish\n"
                                              "n02000000 a bird\n");
    CHECK(image_manifest_read(&source, &m) == OK);
    CHECK(m.classes == 3 && m.entry[0].class_index == 2 && m.entry[1].class_index == 0);
    image_manifest_free(&m);
    source.synsets = folder_file("LOC_synset_mapping.txt", "n01440764 tench\n");
    folder_refused(&source, ERR_MISMATCH, "n02000000");
    source.synsets = folder_file("LOC_synset_mapping.txt", "tench\n");
    folder_refused(&source, ERR_FORMAT, "LOC_synset_mapping.txt:1");
    source = (struct image_source){ .root = folder };
    source.labels = folder_file("LOC_val_solution.csv", "x,n01440764 0 0 9\n");
    folder_refused(&source, ERR_FORMAT, "fewer than four");
    source.labels = folder_file("LOC_val_solution.csv", "x,n01440764 0 0 9 9 n02000000 1 1 2 2\n");
    folder_refused(&source, ERR_FORMAT, "two classes");
    source.labels = folder_file("LOC_val_solution.csv", "x,n01440764 0 0 9 9 cat 1 1 2 2\n");
    folder_refused(&source, ERR_FORMAT, "'cat'");
    source.labels = folder_file("LOC_val_solution.csv", "ImageId,PredictionString\nx,\n");
    folder_refused(&source, ERR_FORMAT, "no class");
}

int main(void)
{
    folder_open();
    folder_file("a.jpg", "");
    folder_file("b.jpg", "");
    folder_file("d/e.png", "");
    folder_file("a, \"x\".jpg", "");
    plain();
    columns();
    certain();
    refused();
    solution();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/labels");
}
