#include "base.h"
#include "check.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void test_growing(void)
{
    struct text t = { .max = 600 };

    CHECK(text_add(&t, "%d-%s", 12, "ab") == OK && strcmp(t.data, "12-ab") == 0 && t.size == 5);
    for (int i = 0; i < 59; i++)
        CHECK(text_add(&t, "0123456789") == OK);
    CHECK(t.size == 595);
    CHECK(text_add_bytes(&t, "12345", 5) == OK && t.size == 600);
    CHECK(text_add(&t, "x") == ERR_MEMORY); /* the stated maximum */
    CHECK(t.size == 600);
    text_free(&t);
}

static void test_parsing(void)
{
    int64_t i = -1;
    double d = -1;

    CHECK(text_parse_int("42", 0, 100, &i) && i == 42);
    CHECK(text_parse_int("-7", -10, 0, &i) && i == -7);
    CHECK(!text_parse_int("101", 0, 100, &i) && !text_parse_int("", 0, 9, &i) &&
          !text_parse_int("3x", 0, 9, &i));
    CHECK(!text_parse_int(" 3", 0, 9, &i) && !text_parse_int("99999999999999999999", 0, INT64_MAX, &i));
    CHECK(text_parse_real("0.05", &d) && d == 0.05 && text_parse_real("-1e-3", &d) && d == -1e-3);
    CHECK(!text_parse_real("nan", &d) && !text_parse_real("inf", &d) && !text_parse_real("1e400", &d));
    CHECK(!text_parse_real("0x10", &d) && !text_parse_real("", &d) && !text_parse_real("1,5", &d));
}

static void test_words(void)
{
    char line[] = "  conv  conv1\timage \n";
    char blank[] = " \t\n";
    char trimmed[] = "\t a b \r\n";
    char *words[3];
    const char *ops[] = { "conv", "linear", "maxpool" };

    CHECK(text_split(line, words, 3) == 3 && strcmp(words[1], "conv1") == 0);
    CHECK(text_split(blank, words, 3) == 0);
    char four[] = "a b c d";
    CHECK(text_split(four, words, 3) == 4);
    CHECK(strcmp(text_trim(trimmed), "a b") == 0);
    CHECK(text_or_null("") == NULL && strcmp(text_or_null("a"), "a") == 0);
    CHECK(strcmp(text_nearest("convv", ops, 3), "conv") == 0);
    CHECK(strcmp(text_nearest("maxpol", ops, 3), "maxpool") == 0);
    CHECK(text_nearest("transformer", ops, 3) == NULL);
    CHECK(strcmp(text_suggest("convv", ops, 3, "--"), " (did you mean '--conv'?)") == 0);
    CHECK(strcmp(text_suggest("transformer", ops, 3, ""), "") == 0);
    CHECK(text_begins("conv1", 5, "conv") && !text_begins("con", 3, "conv") && text_begins("", 0, ""));
    CHECK(text_ends("conv1", 4, "conv") && !text_ends("conv1", 5, "conv") && !text_ends("v", 1, "conv"));
}

static void test_utf8(void)
{
    CHECK(text_is_utf8("gr\xC3\xBC\xC3\x9F", 6));
    CHECK(text_is_utf8("\xF0\x9F\x90\x88", 4));
    CHECK(!text_is_utf8("\xFF", 1) && !text_is_utf8("\xC3", 1) && !text_is_utf8("\xC0\x80", 2));
    CHECK(!text_is_utf8("\xED\xA0\x80", 3)); /* a surrogate */
    CHECK(text_is_printable("gr\xC3\xBC\xC3\x9F ~", 8) && text_is_printable("", 0));
    CHECK(!text_is_printable("\033[2J", 4) && !text_is_printable("a\n", 2) && !text_is_printable("\x7F", 1));
    CHECK(!text_is_printable("\xC2\x9B"
                             "2J",
                             4)); /* the one-character form of ESC [ */
    CHECK(!text_is_printable("a\xFF", 2));

    char harm[] = "a\033[2J\xC2\x9B"
                  "b\n\t\xE2\x82\xFF\xC3\xBC\x7F";
    text_make_printable(harm, "\n");
    CHECK_MSG(strcmp(harm, "a?[2J??b\n????\xC3\xBC?") == 0, "%s", harm);
    text_make_printable(harm, "");
    CHECK_MSG(strcmp(harm, "a?[2J??b?????\xC3\xBC?") == 0, "%s", harm);
    CHECK(FAIL(ERR_IO, "%s: no\r\n", "\033]0;title\007") == ERR_IO);
    CHECK_MSG(strcmp(error_last()->text, "?]0;title?: no??") == 0, "%s", error_last()->text);
}

static void test_files(void)
{
    char path[] = "/tmp/quantcam-text-XXXXXX";
    int fd = mkstemp(path);
    char *data = NULL;
    size_t size = 0;

    CHECK(fd >= 0);
    close(fd);
    CHECK(text_write_file(path, "hello", 5) == OK);
    CHECK(text_read_file(path, 5, &data, &size) == OK && size == 5 && strcmp(data, "hello") == 0);
    mem_free(data);
    CHECK(text_read_file(path, 4, &data, &size) == ERR_MEMORY && data == NULL);
    CHECK(text_read_file("/nonexistent/x", 4, &data, &size) == ERR_MISSING);
    CHECK(text_read_file("/tmp", 4, &data, &size) == ERR_IO); /* a directory */
    CHECK(text_write_file("/nonexistent/x", "a", 1) == ERR_IO);
    CHECK(text_make_folder("/tmp") == OK && text_make_folder("/nonexistent/x") == ERR_IO);
    unlink(path);
    CHECK(mkfifo(path, 0600) == 0);
    CHECK(text_read_file(path, 4, &data, &size) == ERR_IO); /* nobody writes into it: at once */
    unlink(path);
    char joined[16];
    CHECK(text_path(joined, sizeof joined, "a/", "b") == OK && strcmp(joined, "a/b") == 0);
    CHECK(text_path(joined, sizeof joined, "a", "b") == OK && strcmp(joined, "a/b") == 0);
    CHECK(text_path(joined, sizeof joined, "0123456789", "012345") == ERR_RANGE);
}

/* What the file holds, and what of it is read; NULL: refused. */
static void test_plain(void)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *expected;
    } cases[] = {
        { "", 0, "" },
        { "a\r\nb", 4, "a\r\nb" },
        { "\xEF\xBB\xBF[data]", 9, "[data]" },
        { "\xEF\xBB\xBF", 3, "" },
        { "\xEF\xBB", 2, "\xEF\xBB" }, /* no mark */
        { "a\xEF\xBB\xBF", 4, "a\xEF\xBB\xBF" },
        { "\xFF\xFE[\0d\0", 6, NULL },
        { "\xFE\xFF\0[\0d", 6, NULL },
        { "\xFF\xFE", 2, NULL },
        { "\0\0\xFE\xFF", 4, NULL },
        { "a\0b", 3, NULL },
    };
    char path[] = "/tmp/quantcam-text-XXXXXX", *data;
    int fd = mkstemp(path);
    size_t size;

    CHECK(fd >= 0);
    close(fd);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *expected = cases[i].expected;
        status result;

        CHECK(text_write_file(path, cases[i].bytes, cases[i].size) == OK);
        result = text_read_plain(path, 100, &data, &size);
        CHECK_MSG(result == (expected ? OK : ERR_FORMAT), "%zu", i);
        CHECK_MSG(expected ? size == strlen(expected) && strcmp(data, expected) == 0 : !data && size == 0,
                  "%zu", i);
        mem_free(data);
    }
    CHECK(text_write_file(path, "12345", 5) == OK);
    CHECK(text_read_plain(path, 4, &data, &size) == ERR_MEMORY && !data);
    unlink(path);
}

static void test_numbers(void)
{
    char out[32];

    CHECK(strcmp(text_thousands(1234567, out, sizeof out), "1,234,567") == 0);
    CHECK(strcmp(text_thousands(-1000, out, sizeof out), "-1,000") == 0);
    CHECK(strcmp(text_thousands(999, out, sizeof out), "999") == 0);
    CHECK(strcmp(text_duration(93785.2, out, sizeof out), "1d 02:03:05") == 0);
    CHECK(strcmp(text_duration(-1, out, sizeof out), "00:00:00") == 0);
}

static void test_value(void)
{
    const char *text = "a = 1\ndata.images = /x y/z\nlast = end";
    char value[16];

    CHECK(text_value(text, "data.images", value, sizeof value) && strcmp(value, "/x y/z") == 0);
    CHECK(text_value(text, "last", value, sizeof value) && strcmp(value, "end") == 0);
    CHECK(!text_value(text, "images", value, sizeof value));
    CHECK(!text_value(text, "data.images", value, 3)); /* does not fit */
    CHECK(!text_value("", "a", value, sizeof value));
}

static void test_quoted(void)
{
    struct text t = { .max = 64 };

    CHECK(text_add_quoted(&t, "a\"b\\c\n\x1f \xc3\xa4") == OK);
    CHECK(strcmp(t.data, "\"a\\\"b\\\\c\\u000a\\u001f \xc3\xa4\"") == 0);
    text_free(&t);
    CHECK(text_add_quoted(&t, "") == OK && strcmp(t.data, "\"\"") == 0);
    text_free(&t);
}

int main(void)
{
    test_growing();
    test_parsing();
    test_words();
    test_value();
    test_utf8();
    test_files();
    test_plain();
    test_numbers();
    CHECK(mem_live() == 0);
    test_quoted();
    return check_result("test_text");
}
