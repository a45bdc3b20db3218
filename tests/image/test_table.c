/* Rows and columns of lists: separators, RFC 4180's quotes, headers. */
#include "folder.h"

#include "image/table.h"

/* Every row as "a|b|c", rows ended by '/'; the header, if any, by '='. */
static void rows(const char *text, const char *expected)
{
    char got[512] = "";
    struct table t;
    int more = 0;
    status s = table_open(folder_file("list", text), "things", &t);

    if (s == OK && t.header)
        strcat(got, "=");
    for (s = s == OK ? table_next(&t, &more) : s; s == OK && more; s = table_next(&t, &more)) {
        for (int i = 0; i < t.fields; i++)
            sprintf(got + strlen(got), "%s%s", i ? "|" : "", t.field[i]);
        strcat(got, "/");
    }
    if (s != OK)
        snprintf(got + strlen(got), 200, "%s", strrchr(error_last()->text, '/'));
    CHECK_MSG(strcmp(got, expected) == 0, "'%s', wanted '%s'", got, expected);
    table_close(&t);
}

static void separators(void)
{
    rows("a.jpg,1\nb.jpg, 2 \n", "a.jpg|1/b.jpg|2/");
    rows("a.jpg;1\r\nb,c.jpg;2\r\n", "a.jpg|1/b,c.jpg|2/");
    rows("a.jpg\t1\nb c.jpg 2\n", "a.jpg|1/b c.jpg|2/");
    rows("a b.jpg\t1\t2\nc.jpg\t3\t4\n", "a b.jpg|1|2/c.jpg|3|4/");
    rows("a.jpg\t1\t\n\t2\t3\n", "a.jpg|1|/|2|3/");
    rows("a.jpg 3\t\n b.jpg 4 \r\n", "a.jpg|3/b.jpg|4/");
    rows("\tpath\tclass\n0\ta.jpg\t7\n", "=0|a.jpg|7/");
    rows("a.jpg,1\nb c.jpg 2\n", "a.jpg|1/b c.jpg|2/");
    rows("a.jpg,\n,1\n", "a.jpg|/|1/");
    rows("a.jpg\n", "a.jpg/");
}

static void quotes(void)
{
    rows("\"a,b.jpg\",1\n", "a,b.jpg|1/");
    rows("\"a;b.jpg\";1\n", "a;b.jpg|1/");
    rows("\"a \"\"b\"\".jpg\",\"1\"\r\n", "a \"b\".jpg|1/");
    rows(" \"a.jpg\" , \" x \" \n", "a.jpg| x /");
    rows("\"a b.jpg\" 1\n", "a b.jpg|1/");
    rows("\"\",1\n", "|1/");
    rows("a\"b\".jpg,1\n", "a\"b\".jpg|1/");
    rows("a.jpg,1\n\"b\nc.jpg\",2\n",
         "a.jpg|1//list:2: a field's quotes do not end where the field ends (\"\" is a quote within them)");
    rows("\"a\"b.jpg,1\n",
         "/list:1: a field's quotes do not end where the field ends (\"\" is a quote within them)");
    rows("\"a.jpg 1\n",
         "/list:1: a field's quotes do not end where the field ends (\"\" is a quote within them)");
}

static void headers(void)
{
    struct table t;
    int more;

    rows("path,class_index\na.jpg,1\n", "=a.jpg|1/");
    rows("Class Index;File-Name\n1;a.jpg\n", "=1|a.jpg/");
    rows("\"path\",\"label\"\na.jpg,1\n", "=a.jpg|1/");
    rows("path class_index\na b.jpg 1\n", "=a b.jpg|1/");
    rows("a,b.jpg,3\n", "a|b.jpg|3/");
    rows("image,b.jpg,3\n", "image|b.jpg|3/");
    rows("image,n01440764\n", "image|n01440764/");
    rows("bild,klasse\n", "bild|klasse/");
    rows("path,class,name\na.jpg,1,tench, Tinca tinca\n", "=a.jpg|1|tench|Tinca tinca/");
    rows("path,class\na.jpg,1,2\n",
         "=/list:2: 3 fields, but the header names 2 (a name with a comma in it stands in quotes)");
    rows("path,class,name\na.jpg,1\n",
         "=/list:2: 2 fields, but the header names 3 (a name with a comma in it stands in "
         "quotes)");
    CHECK(
        table_open(folder_file("list", "id,file,image,wnid,x,y,w,h,bbox_width\n1,a.jpg,b.jpg,n1,2,3,4,5,6\n"),
                   "things", &t) == OK);
    CHECK(table_next(&t, &more) == OK && more);
    CHECK(strcmp(table_field(&t, TABLE_PATH), "a.jpg") == 0 &&
          strcmp(table_field(&t, TABLE_SYNSET), "n1") == 0);
    CHECK(strcmp(table_field(&t, TABLE_LEFT), "2") == 0 && strcmp(table_field(&t, TABLE_TOP), "3") == 0);
    CHECK(strcmp(table_field(&t, TABLE_WIDTH), "6") == 0 && strcmp(table_field(&t, TABLE_HEIGHT), "5") == 0);
    CHECK(!table_field(&t, TABLE_RIGHT) && !table_has(&t, TABLE_INDEX) && table_check(&t, TABLE_PATH) == OK);
    table_close(&t);
    CHECK(table_open(folder_file("list", "file,filename,class\na,b,1\n"), "things", &t) == OK);
    CHECK(table_check(&t, TABLE_PATH) == ERR_FORMAT && strstr(error_last()->text, "'filename'"));
    table_close(&t);
}

static void others(void)
{
    rows("", "/list: no things are listed");
    rows("\n \n", "/list: no things are listed");
    rows("{\"images\": []}\n",
         "/list: JSON, as COCO's annotations are, is not read as things: give lines, the first of "
         "which names the columns");
    rows(
        "[\n{\n",
        "/list: JSON, as COCO's annotations are, is not read as things: give lines, the first of which names "
        "the columns");
    rows("<?xml version=\"1.0\"?>\n",
         "/list: XML is not read as things from one file: give lines, or as boxes the folder "
         "of ILSVRC's annotations");
    rows("[a].jpg,1\n{b}.jpg,2\n<c>.jpg,3\n", "[a].jpg|1/{b}.jpg|2/<c>.jpg|3/");
}

int main(void)
{
    folder_open();
    separators();
    quotes();
    headers();
    others();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/table");
}
