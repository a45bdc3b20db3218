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

/* Columns by their names, in any order; the list's pictures are a/1.jpg a/2.jpg b/1.jpg b/3.JPEG. */
static void columns(void)
{
    static const char *const forms[] = {
        "path,x,y,width,height\na/2.jpg,10,20,300,200\n",
        "path,box_x,box_y,box_width,box_height,width,height\na/2.jpg,10,20,300,200,500,375\n",
        "label_name,bbox_x,bbox_y,bbox_width,bbox_height,image_name,image_width,image_height\n"
        "cat,10,20,300,200,a/2.jpg,500,375\n",
        "filename,width,height,class,xmin,ymin,xmax,ymax\na/2.jpg,500,375,cat,10,20,309,219\n",
        "ImageId,xmin,xmax,ymin,ymax\n2,10,309,20,219\n",
        "x1,y1,x2,y2,file\n10,20,309,219,a/2.jpg\n",
        "file;x0;y0;x1;y1\na/2.jpg;10;20;309;219\n",
        "image\tleft\ttop\tright\tbottom\na/2.jpg\t10\t20\t309\t219\n",
        "left,top,width,height,path\n10,20,300,200,a/2.jpg\n",
        "\"path\",\"h\",\"w\",\"y\",\"x\"\r\n\"a/2.jpg\",\"200\",\"300\",\"20\",\"10\"\r\n",
        "path,class,x0,y0,width,ymax\na/2.jpg,\"a, b\",10,20,300,219\n",
        "a/2.jpg,9.5,19.5,309.49,2.18500e+02\n",
        "path,x,y,width,height\na/2.jpg,9.6,19.9,300.2,200.4\n",
    };
    struct image_manifest m;

    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        good(forms[i], 1, 0, &m);
        CHECK_MSG(m.entry[1].boxes == 1 && is(&m, 1, 0, 10, 20, 309, 219), "%s", forms[i]);
        image_manifest_free(&m);
    }
    good(forms[0], 1, 0, &m);
    CHECK_MSG(
        strstr(m.decided,
               "data.boxes.columns = path from 'path', x0 'x', y0 'y', x1 x0 - 1 + 'width', y1 y0 - 1 + "
               "'height'\n"),
        "%s", m.decided);
    image_manifest_free(&m);
    /* Half up, from what is written; width and height by the sum: 0.1 + 3.4 - 1 = 2.5. */
    good("a/2.jpg,0.5,1.49999999,2.5,7.4999\na/1.jpg,-0.5,-0.51,1,2.5\n", 2, 0, &m);
    CHECK(is(&m, 1, 0, 1, 1, 3, 7) && is(&m, 0, 0, 0, 0, 1, 3));
    image_manifest_free(&m);
    good("path,x,y,width,height\na/2.jpg,0.1,10,3.4,1\n", 1, 0, &m);
    CHECK(is(&m, 1, 0, 0, 10, 3, 10));
    image_manifest_free(&m);
    bad("path,x,y,x1,y1,x2\na/1.jpg,1,2,3,4,5\n", "left and right edges that is sure");
    bad("path,x1,y1,width,height\na/1.jpg,1,2,3,4\n", "left and right edges that is sure");
    bad("path,x_center,y_center,width,height\na/1.jpg,1,2,3,4\n", "left and right edges that is sure");
    bad("path,x0,y0,x1\na/1.jpg,1,2,3\n", "upper and lower edges that is sure");
    bad("x0,y0,x1,y1\n1,2,3,4\n", "names no column of pictures");
    bad("path,left,xmin,y0,x1,y1\na/1.jpg,1,1,2,3,4\n",
        "two columns of its header mean the same, one is 'xmin'");
    bad("path,xmin,ymin,xmax,ymax\na/1.jpg,0.1,0.2,0.5,0.9\n",
        "boxes.csv:2: the box 0.1,0.2,0.5,0.9 is in parts");
    bad("path,xmin,ymin,xmax,ymax\na/1.jpg,0.0,0.0,1.0,1.0\n", "is in parts of the picture");
    bad("path,x,y,width,height\na/1.jpg,10,20,0,5\n", "is empty");
    bad("path,x0,y0,x1,y1\na/1.jpg,-9,-9,-5,-5\n", "lies outside of its picture");
    bad("{\"annotations\": [{\"bbox\": [1, 2, 3, 4]}]}\n", "JSON, as COCO's");
    bad("<annotation>\n</annotation>\n", "XML is not read as boxes from one file");
    bad("a, b.jpg,1,2,3,4\n", "expected");
    bad("0 0.5 0.5 0.2 0.2\n", "expected");
    bad("path,x0,y0,x1,y1\n", "no boxes are listed");
    folder_refused(&(struct image_source){ .root = source.root,
                                           .boxes = folder_file("b", "x.jpg,1,2,3,4\ny.jpg,1,2,3,4\n") },
                   ERR_MISMATCH, "none of its 2 boxes is of a picture of the list, whose first is 'a/1.jpg'");
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

/* Elements nested so deep, and so many boxes, in one file: accepted; one more is not. */
static void xml_maxima(void)
{
    enum { MOST_BOXES = 4096, MOST_LEVELS = 64 };
    struct image_manifest m = { 0 };
    char path[128];

    snprintf(path, sizeof path, "%s/most", folder);
    for (int more = 0; more < 2; more++) {
        struct text t = { .max = 1 << 22 };

        CHECK(text_add(&t, "<annotation>") == OK);
        for (int i = 0; i < MOST_BOXES + more; i++)
            CHECK(text_add(&t, OBJECT(1, 1, 2, 2)) == OK);
        CHECK(text_add(&t, "</annotation>") == OK);
        folder_file("most/2.xml", t.data);
        source.boxes = path;
        if (more)
            folder_refused(&source, ERR_FORMAT, "more than 4096 boxes");
        else {
            CHECK_MSG(image_manifest_read(&source, &m) == OK, "%s", error_last()->text);
            CHECK(m.boxes == MOST_BOXES);
            image_manifest_free(&m);
        }
        text_free(&t);
        CHECK(text_add(&t, "<annotation>") == OK);
        for (int i = 1; i < MOST_LEVELS + more; i++)
            CHECK(text_add(&t, "<a>") == OK);
        for (int i = 1; i < MOST_LEVELS + more; i++)
            CHECK(text_add(&t, "</a>") == OK);
        CHECK(text_add(&t, OBJECT(1, 1, 2, 2) "</annotation>") == OK);
        folder_file("most/2.xml", t.data);
        if (more)
            folder_refused(&source, ERR_FORMAT, "more than 64 deep");
        else {
            CHECK_MSG(image_manifest_read(&source, &m) == OK, "%s", error_last()->text);
            CHECK(m.boxes == 1);
            image_manifest_free(&m);
        }
        text_free(&t);
    }
    source.boxes = NULL;
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
    bad_xml(XML(OBJECT(1, 1, two, 2)), "two ' is no number of pixels");
    bad_xml(XML(OBJECT(1, 1, , 2)), "'  ' is no number of pixels");
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
    bad("a/1.jpg,1,1,2\n", "boxes.csv:1: `path,x0,y0,x1,y1` expected, or a header");
    bad("a/1.jpg,1,1,2,2,5\n", "expected");
    bad("a/1.jpg,1,1,2,2\na/1.jpg,4,1,3,2\n", "boxes.csv:2: the box 4,1,3,2 is empty");
    columns();
    bad("a/1.jpg,one,1,2,2\n", "'one'");
    annotations();
    xml_maxima();
    clamp();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/boxes");
}
