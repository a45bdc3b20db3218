/* Three forms of one listing, letter by letter, and what a terminal takes away. */
#include "check.h"
#include "cli/listing.h"

#include <string.h>

static const struct listing_column columns[] = {
    { "name", "name", LISTING_TEXT, LISTING_MIDDLE },
    { NULL, "window", LISTING_TEXT, LISTING_WHOLE },
    { "side", NULL, LISTING_COUNT, LISTING_WHOLE },
    { "parameters", "parameters", LISTING_COUNT, LISTING_WHOLE },
    { "scale", "scale", LISTING_REAL, LISTING_WHOLE },
    { "meaning", "meaning", LISTING_TEXT, LISTING_END },
};
enum { NAME, WINDOW, SIDE, PARAMETERS, SCALE, MEANING };

static void must(status s)
{
    CHECK_MSG(s == OK, "%s", error_last()->text);
}

static void make(struct listing *l)
{
    listing_init(l, "nodes", columns, COUNT_OF(columns));
    must(listing_fact(l, LISTING_TEXT, "model", "a \"%s\"", "net"));
    must(listing_fact(l, LISTING_COUNT, "classes", "%d", 1000));
    must(listing_row(l));
    must(listing_set(l, NAME, "conv, one"));
    must(listing_set(l, WINDOW, "3x3/2"));
    must(listing_set(l, SIDE, "%d", 3));
    must(listing_set(l, PARAMETERS, "%d", 1234567));
    must(listing_set_real(l, SCALE, 0.1));
    must(listing_row(l));
    must(listing_set(l, NAME, "b\\\x1b"));
    must(listing_set_real(l, SCALE, 1.0 / 3));
    must(listing_set(l, PARAMETERS, "same"));
    must(listing_row(l));
    l->has_total = 1;
    must(listing_set(l, NAME, "total"));
    must(listing_set(l, PARAMETERS, "%d", 1234567));
}

static void check_form(enum listing_form form, const char *expected)
{
    struct listing l;
    struct text out = { .max = 1 << 16 };

    make(&l);
    must(listing_print(&l, form, &out));
    CHECK_MSG(strcmp(out.data, expected) == 0, "is\n%s\nshould be\n%s", out.data, expected);
    listing_free(&l);
    text_free(&out);
}

/* The empty column "meaning" is not there; no line ends in blanks. */
static void test_forms(void)
{
    check_form(LISTING_TERMINAL, "model    a \"net\"\n"
                                 "classes  1,000\n"
                                 "\n"
                                 "name       window  parameters     scale\n"
                                 "conv, one  3x3/2    1,234,567       0.1\n"
                                 "b\\?                      same  0.333333\n"
                                 "total               1,234,567\n");
    check_form(LISTING_CSV, "name,side,parameters,scale,meaning\r\n"
                            "\"conv, one\",3,1234567,0.1,\r\n"
                            "b\\?,,same,0.33333333333333331,\r\n");
    check_form(LISTING_JSON,
               "{\n  \"model\": \"a \\\"net\\\"\",\n  \"classes\": 1000,\n"
               "  \"total\": {\"parameters\": 1234567},\n"
               "  \"nodes\": [\n"
               "    {\"name\": \"conv, one\", \"side\": 3, \"parameters\": 1234567, \"scale\": 0.1},\n"
               "    {\"name\": \"b\\\\?\", \"parameters\": \"same\", \"scale\": 0.33333333333333331}\n"
               "  ]\n}\n");
}

/* Sentences give way before names; a name keeps its end, and both whole characters. */
static void test_width(void)
{
    struct listing l;
    struct text out = { .max = 1 << 16 };
    const char *line;

    listing_init(&l, "nodes", columns, COUNT_OF(columns));
    must(listing_row(&l));
    must(listing_set(&l, NAME, "%0120d.the_end", 7));
    must(listing_set(&l, WINDOW, "3x3/2"));
    must(listing_set(&l, MEANING, "\xc3\xa4\xc3\xa4%0100d", 0));
    must(listing_print(&l, LISTING_TERMINAL, &out));
    line = strchr(out.data + 1, '\n') + 1; /* no facts, an empty line, the heads */
    CHECK_MSG(strlen(line) == LISTING_WIDTH + 2 + 1, "%zu bytes: %s", strlen(line), line);
    CHECK(strstr(line, "00.."
                       "0000") &&
          strstr(line, "7.the_end  3x3/2   \xc3\xa4\xc3\xa4"
                       "000000000000..\n"));
    listing_free(&l);
    text_free(&out);

    listing_init(&l, "nodes", columns, COUNT_OF(columns));
    must(listing_fact(&l, LISTING_TEXT, "note", "%0200d", 0));
    must(listing_row(&l));
    must(listing_set(&l, NAME, "\xff\xfe"));
    must(listing_print(&l, LISTING_TERMINAL, &out));
    CHECK(strcspn(out.data, "\n") == LISTING_WIDTH && strstr(out.data, "00..\n") &&
          strstr(out.data, "\n??\n"));
    listing_free(&l);
    text_free(&out);
}

int main(void)
{
    struct listing empty = { 0 };

    test_forms();
    test_width();
    listing_free(&empty);
    CHECK(mem_live() == 0);
    return check_result("cli/listing");
}
