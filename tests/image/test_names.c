/* Names of classes: lines, numbered lines, LOC_synset_mapping.txt, JSON. */
#include "folder.h"

static void good(const char *text, int count, const char *const *name)
{
    struct image_names n;
    status s = image_names_read(folder_file("names", text), &n);

    CHECK_MSG(s == OK, "%s", error_last()->text);
    CHECK_MSG(n.count == count, "%d names of '%s'", n.count, text);
    for (int i = 0; i < n.count && i < count; i++)
        CHECK_MSG(image_name(&n, i) ? name[i] && strcmp(image_name(&n, i), name[i]) == 0 : !name[i],
                  "%d: '%s'", i, n.line[i].name);
    CHECK(!image_name(&n, count) && !image_name(&n, -1));
    image_names_free(&n);
    image_names_free(&n);
}

static void bad(const char *text, status expected, const char *words)
{
    struct image_names n;
    status s = image_names_read(folder_file("names", text), &n);

    CHECK_MSG(s == expected && strstr(error_last()->text, words), "status %d, wanted '%s': %s", s, words,
              s == OK ? "" : error_last()->text);
    CHECK(n.count == 0 && !n.line && !n.text);
    image_names_free(&n);
}

static void lines(void)
{
    static const char *const two[] = { "tench", "gold fish" }, *const gap[] = { "a", NULL, "c" },
                             *const coins[] = { "1 cent", "2 cent", "5 cent" },
                             *const one[] = { "1: a", "2: b" },
                             *const wnid[] = { "tench, Tinca tinca", "n01443537" },
                             *const cars[] = { "2 cv", "4 l" };

    good("tench\ngold fish\n", 2, two);
    good("\xef\xbb\xbftench\r\ngold fish\r\n\r\n\n", 2, two);
    good("a\n\nc", 3, gap);
    good("n01440764 tench, Tinca tinca\nn01443537\n", 2, wnid);
    good("n01440764\ttench\nn01443537,gold fish\n", 2, two);
    good("0: tench\n1: gold fish\n", 2, two);
    good("1,gold fish\n0,tench\n", 2, two);
    good("0,n01440764,tench\n1,n01443537,gold fish\n", 2, two);
    good("1 cent\n2 cent\n5 cent\n", 3, coins);
    good("1: a\n2: b\n", 2, one);
    good("2 cv\n4 l\n", 2, cars);
    good("n01440764 1 tench\nn01443537 2 gold fish\n", 2, (const char *const[]){ "1 tench", "2 gold fish" });
    good("a\tb\033[2J\r\xc2\x9b\n", 1, (const char *const[]){ "a?b?[2J???" });
    bad("2: b\n1: a\n", ERR_FORMAT, "numbered 1 to 2, but not in that order");
    bad("n02119789 1 kit_fox\nn02100735 2 English_setter\n", ERR_FORMAT, "ILSVRC's own list");
    bad("n01440764 449 tench\nn01443537 450 goldfish\n", ERR_FORMAT, "ILSVRC's own list");
    bad("\n\n", ERR_FORMAT, "no names");
    bad("", ERR_FORMAT, "no names");
}

static void json(void)
{
    static const char *const two[] = { "tench", "gold fish" }, *const odd[] = { "a?b", "\xc3\xa9" };

    good("[\"tench\", \"gold fish\"]", 2, two);
    good(" {\"0\": \"tench\",\n \"1\": \"gold fish\"}\n", 2, two);
    good("{\"1\": [\"n01443537\", \"gold fish\"], \"0\": [\"n01440764\", \"tench\"]}", 2, two);
    good("[[\"n01440764\", \"tench\"], [\"n01443537\", \"gold fish\"]]", 2, two);
    good("{\"architectures\": [\"x\"], \"id2label\": {\"0\": \"tench\", \"1\": \"gold fish\"}}", 2, two);
    good("[\"a\\nb\", \"\\u00e9\"]", 2, odd);
    bad("{\"1\": \"a\", \"2\": \"b\"}", ERR_FORMAT, "'2' is no class of 0 to 1");
    bad("{\"0\": \"a\", \"01\": \"b\"}", ERR_FORMAT, "'01' is no class of 0 to 1");
    bad("{\"0\": \"a\", \"0\": \"b\"}", ERR_FORMAT, "class 0 has two names");
    bad("{\"tench\": 0, \"goldfish\": 1}", ERR_FORMAT, "'tench' is no class of 0 to 1");
    bad("[\"a\", 1]", ERR_FORMAT, "class 1 is neither");
    bad("[[\"tench\", \"n01440764\"]]", ERR_FORMAT, "class 0 is neither");
    bad("{0: 'tench', 1: 'goldfish'}", ERR_FORMAT, "begins as JSON does");
    bad("[\"a\", \"b\"", ERR_FORMAT, "begins as JSON does");
    bad("[]", ERR_RANGE, "0 names");
}

static void fit(void)
{
    struct image_names n;

    CHECK(image_names_read(folder_file("names", "background\na\nb\n"), &n) == OK);
    CHECK(image_names_fit(&n, "names", 3, "net") == OK);
    CHECK(image_names_fit(&n, "names", 2, "net") == ERR_MISMATCH &&
          strstr(error_last()->text, "names: 3 names, but network net has 2 classes") &&
          strstr(error_last()->text, "is the first one the background"));
    CHECK(image_names_fit(&n, "names", 4, "net") == ERR_MISMATCH &&
          strstr(error_last()->text, "is the network's class 0 the background"));
    CHECK(image_names_fit(&n, "names", 1000, "net") == ERR_MISMATCH &&
          !strstr(error_last()->text, "background"));
    image_names_free(&n);
    CHECK(image_names_read("", &n) == OK && n.count == 0 && image_names_fit(&n, "", 7, "net") == OK);
    CHECK(image_names_read(folder_path("absent"), &n) == ERR_MISSING);
}

int main(void)
{
    folder_open();
    lines();
    json();
    fit();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("image/names");
}
