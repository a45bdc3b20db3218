#include "check.h"
#include "weight/weight_parts.h"

#include <string.h>

static struct json cursor(const char *text)
{
    return (struct json){ .text = text, .size = strlen(text) };
}

static void test_structure(void)
{
    struct json j = cursor(" { \"a\" : [1,\t20 ,\n9223372036854775807], \"b\":\"\"} ");
    struct text word = { .max = 100 };
    int64_t n;

    CHECK(json_expect(&j, '{') == OK && json_text(&j, &word) == OK && strcmp(word.data, "a") == 0);
    CHECK(json_expect(&j, ':') == OK && json_expect(&j, '[') == OK);
    CHECK(json_whole(&j, &n) == OK && n == 1 && json_accept(&j, ',') && !json_accept(&j, ','));
    CHECK(json_whole(&j, &n) == OK && n == 20 && json_accept(&j, ','));
    CHECK(json_whole(&j, &n) == OK && n == INT64_MAX && json_expect(&j, ']') == OK);
    CHECK(json_end(&j) == ERR_FORMAT && strstr(error_last()->text, "something follows"));
    CHECK(json_accept(&j, ',') && json_text(&j, &word) == OK && strcmp(word.data, "b") == 0);
    CHECK(json_expect(&j, '}') == ERR_FORMAT && strstr(error_last()->text, "'}' is missing"));
    CHECK(json_accept(&j, ':') && json_text(&j, &word) == OK && word.size == 0 && word.data[0] == 0);
    CHECK(json_accept(&j, '}') && json_end(&j) == OK);
    text_free(&word);
}

static void check_text(const char *json, const char *expected)
{
    struct json j = cursor(json);
    struct text word = { .max = 100 }, again = { .max = 100 };

    CHECK_MSG(json_text(&j, &word) == OK && strcmp(word.data, expected) == 0, "%s", json);
    CHECK(json_end(&j) == OK);
    CHECK(text_add_quoted(&again, word.data) == OK);
    j = (struct json){ .text = again.data, .size = again.size };
    CHECK(json_text(&j, &word) == OK && strcmp(word.data, expected) == 0);
    text_free(&word);
    text_free(&again);
}

static void check_refused(const char *json, const char *words)
{
    struct json j = cursor(json);
    struct text word = { .max = 100 };

    CHECK_MSG(json_text(&j, &word) != OK && strstr(error_last()->text, words), "%s: %s", json,
              error_last()->text);
    text_free(&word);
}

static void test_texts(void)
{
    struct json j;
    int64_t n;

    check_text("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t");
    /* U+0041, U+00E9, U+20AC, U+1D11E (as RFC 8259 writes it) */
    check_text("\"\\u0041\\u00e9\\u20AC\\uD834\\uDD1E\"", "A\xc3\xa9\xe2\x82\xac\xf0\x9d\x84\x9e");
    check_text("\"\xc3\xa9\"", "\xc3\xa9");
    check_refused("\"abc", "does not end");
    check_refused("\"a\nb\"", "does not end");
    check_refused("\"\\", "unknown escape");
    check_refused("\"\\x\"", "unknown escape");
    check_refused("\"\\u12\"", "four digits");
    check_refused("\"\\u0000\"", "holds a zero");
    check_refused("\"\\uD834x\"", "surrogate");
    check_refused("\"\\uD834\\u0041\"", "surrogate");
    check_refused("\"\\uDD1E\"", "surrogate");
    check_refused("\"\xff\"", "not UTF-8");
    check_refused("1", "'\"' is missing");
    check_refused("\"0123456789012345678901234567890123456789012345678901234567890123456789"
                  "0123456789012345678901234567890123456789\"",
                  "100");
    for (int i = 0; i < 4; i++) {
        static const char *const bad[] = { "-1", "", "9223372036854775808", "x" };
        j = cursor(bad[i]);
        CHECK_MSG(json_whole(&j, &n) == ERR_FORMAT, "%s", bad[i]);
    }
}

/* Any value is passed over whole, and the cursor stands behind it. */
static void test_skip(void)
{
    static const char *const good[] = { "1",
                                        "-2.5e+10",
                                        "true",
                                        "null",
                                        "\"a]}\\\"\"",
                                        "[]",
                                        "{}",
                                        "[1, [2], {\"a\": [null]}]",
                                        "{\"a\": {\"b\": \"}\"}, \"c\": []}" };
    static const char *const bad[] = { "", "[", "{\"a\": ", "[1, ", "\"a", "[}", "{]", "\x01", "[\"\\q\"]" };
    char text[256];

    for (size_t i = 0; i < COUNT_OF(good); i++) {
        snprintf(text, sizeof text, " %s !", good[i]);
        struct json j = cursor(text);
        CHECK_MSG(json_skip(&j) == OK && json_expect(&j, '!') == OK && json_end(&j) == OK, "%s", good[i]);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        struct json j = cursor(bad[i]);
        CHECK_MSG(json_skip(&j) == ERR_FORMAT, "%s", bad[i]);
    }
    memset(text, '[', 65);
    text[65] = 0;
    struct json j = cursor(text);
    CHECK(json_skip(&j) == ERR_FORMAT && strstr(error_last()->text, "more than 64 brackets"));
    memset(text + 64, ']', 64);
    text[128] = 0;
    j = cursor(text);
    CHECK(json_skip(&j) == OK && json_end(&j) == OK);
}

int main(void)
{
    test_structure();
    test_texts();
    test_skip();
    CHECK(mem_live() == 0);
    return check_result("weight/json");
}
