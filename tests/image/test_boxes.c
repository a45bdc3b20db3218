#include "folder.h"

static struct image_source source;

static void good(const char *text, int boxes, int unmatched, struct image_manifest *m)
{
    source.boxes = folder_file("boxes.csv", text);
    CHECK_MSG(image_manifest_read(&source, m) == OK, "%s", error_last()->text);
    CHECK_MSG(m->boxes == boxes && m->boxes_unmatched == unmatched, "%d boxes, %d unmatched", m->boxes,
              m->boxes_unmatched);
}

static int is(const struct image_manifest *m, int entry, int number, int x0, int y0, int x1, int y1)
{
    const struct image_entry *e = &m->entry[entry];
    struct image_box b = number < e->boxes ? m->box[e->box_first + number] : (struct image_box){ 0 };

    return b.x0 == x0 && b.y0 == y0 && b.x1 == x1 && b.y1 == y1;
}

/* The list: a/1.jpg a/2.jpg b/1.jpg b/3.JPEG */
static void matched(void)
{
    struct image_manifest m;

    good("path,x0,y0,x1,y1\na/2.jpg,1,2,3,4\nb/1.jpg,5,6,7,8\na/2.jpg,-3,-1,0,9\n", 3, 0, &m);
    CHECK(m.entry[0].boxes == 0 && m.entry[1].boxes == 2 && m.entry[2].boxes == 1 && m.entry[3].boxes == 0);
    CHECK(is(&m, 1, 0, 1, 2, 3, 4) && is(&m, 1, 1, 0, 0, 0, 9)); /* in the order of the file; cut at 0 */
    CHECK(is(&m, 2, 0, 5, 6, 7, 8));
    image_manifest_free(&m);
    /* By name where the path is another: wsolevaluation's "val/..." on a folder of classes. */
    good("val/3.jpg,1,1,2,2\n./a/2.jpg, 0 , 0 , 5 , 5 \nval/77.jpg,1,1,2,2\n", 2, 1, &m);
    CHECK(is(&m, 3, 0, 1, 1, 2, 2) && is(&m, 1, 0, 0, 0, 5, 5));
    image_manifest_free(&m);
    good("ImageId,PredictionString\n3,n01440764 1 2 3 4 n01440764 5 6 7 8\n2,n01440764 1 1 1 1\n99,n01440764 "
         "1 1 1 1 \n",
         3, 1, &m);
    CHECK(is(&m, 3, 1, 5, 6, 7, 8) && is(&m, 1, 0, 1, 1, 1, 1));
    image_manifest_free(&m);
    /* A limit leaves boxes of pictures that are left out aside, without calling them unmatched. */
    source.limit = 2;
    good("a/1.jpg,1,1,2,2\na/2.jpg,1,1,3,3\nb/1.jpg,1,1,4,4\n", 2, 0, &m);
    CHECK(m.count == 2 && strcmp(m.entry[1].path, "b/1.jpg") == 0 && is(&m, 1, 0, 1, 1, 4, 4));
    image_manifest_free(&m);
    source.limit = 0;
}

static void bad(const char *text, const char *words)
{
    source.boxes = folder_file("boxes.csv", text);
    folder_refused(&source, ERR_FORMAT, words);
}

static void clamp(void)
{
    struct image_box b = { 0, 5, 600, 20 }, out = { 500, 0, 510, 3 };

    CHECK(image_box_clamp(&b, 500, 12) && b.x0 == 0 && b.y0 == 5 && b.x1 == 499 && b.y1 == 11);
    CHECK(!image_box_clamp(&out, 500, 12));
}

#define OBJECT(a, b, c, d)                                                                                   \
    "<object><name>n1</name><part><bndbox><xmin>9</xmin></bndbox></part><bndbox><xmin>" #a                   \
    "</xmin><ymin>" #b "</ymin>\n<xmax> " #c " </xmax><ymax>" #d "</ymax></bndbox></object>\n"
#define XML(objects)                                                                                         \
    "<?xml version=\"1.0\"?>\n<annotation><filename>other</filename><size><width>500</width></size>" objects \
    "</annotation>\n"

static void bad_xml(const char *text, const char *words)
{
    char path[128];

    folder_file("bad/2.xml", text);
    snprintf(path, sizeof path, "%s/bad", folder);
    source.boxes = path;
    folder_refused(&source, ERR_FORMAT, words);
}

static void annotations(void)
{
    struct image_manifest m;
    char path[128];

    folder_file("xml/b/1.xml", XML(OBJECT(1, 2, 3, 4) OBJECT(-5, 0, 6, 7)));
    folder_file("xml/2.XML", XML(OBJECT(0, 0, 499, 374)));
    folder_file("xml/3.xml", XML(""));
    folder_file("xml/77.xml", XML(OBJECT(1, 1, 2, 2)));
    folder_file("xml/notes.txt", "not read");
    snprintf(path, sizeof path, "%s/xml", folder);
    source.boxes = path;
    CHECK_MSG(image_manifest_read(&source, &m) == OK, "%s", error_last()->text);
    CHECK(m.boxes == 3 && m.boxes_unmatched == 1 && m.entry[0].boxes == 0 && m.entry[3].boxes == 0);
    CHECK(is(&m, 2, 0, 1, 2, 3, 4) && is(&m, 2, 1, 0, 0, 6, 7) && is(&m, 1, 0, 0, 0, 499, 374));
    image_manifest_free(&m);
    bad_xml(XML(OBJECT(4, 1, 3, 2)), "2.xml:3: the box 4,1,3,2 is empty");
    bad_xml(XML(OBJECT(1, 1, two, 2)), "two' is not a whole number");
    bad_xml(XML(OBJECT(1, 1, , 2)), "'  ' is not a whole number");
    bad_xml(XML("<object><bndbox><xmin>1</xmin></bndbox></object>"), "2.xml:2: a box needs");
    bad_xml("<!DOCTYPE a [<!ENTITY x \"y\">]><annotation>&x;</annotation>", "document type");
    bad_xml("<html/>", "<html> is no annotation");
    bad_xml("<annotation><object></annotation>", "mismatched tag");
    bad_xml("", "2.xml:1: no element found");
    bad_xml(XML(OBJECT(1, 1, 2222222222222222222222222222222222, 2)), "longer than a number");
    snprintf(path, sizeof path, "%s/data", folder);
    source.boxes = path;
    folder_refused(&source, ERR_MISSING, "no .xml annotations");
}

int main(void)
{
    folder_open();
    folder_file("data/a/1.jpg", "");
    folder_file("data/a/2.jpg", "");
    folder_file("data/b/1.jpg", "");
    folder_file("data/b/3.JPEG", "");
    char root[128];
    snprintf(root, sizeof root, "%s/data", folder);
    source.root = root;
    matched();
    bad("", "no boxes");
    bad("val/1.jpg,1,1,2,2\n", "fits several pictures");
    bad("a/1.jpg,1,1,2\n", "boxes.csv:1: `path,x0,y0,x1,y1` expected");
    bad("a/1.jpg,1,1,2,2,5\n", "expected");
    bad("a/1.jpg,1,1,2,2\na/1.jpg,4,1,3,2\n", "boxes.csv:2: the box 4,1,3,2 is empty");
    bad("a/1.jpg,1,1,2.5,2\n", "'2.5'");
    bad("a/1.jpg,one,1,2,2\n", "'one'");
    annotations();
    clamp();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/boxes");
}
