/* Options without effect: refused by name and value where they differ from the defaults. */
#include "base_option.h"
#include "check.h"

#include <string.h>

struct settings {
    int steps, on;
    char file[OPTION_SIZE];
};
static const struct option_row rows[] = {
    { .name = "steps", .kind = OPTION_INT, .where = offsetof(struct settings, steps), .help = "h" },
    { .name = "on", .kind = OPTION_FLAG, .where = offsetof(struct settings, on), .help = "h" },
    { .name = "file", .kind = OPTION_PATH, .where = offsetof(struct settings, file), .help = "h" },
};
static const struct option_table table = { .usage = "t", .row = rows, .rows = COUNT_OF(rows) };

/* Of one rule with several names, the first in its order; a name's front is another name. */
static void test_names(void)
{
    const struct settings usual = { .steps = 3, .on = 1 }, other = { .steps = 4, .on = 0 };
    const struct option_idle rule = { 1, "file on  steps", "d" }, off = { 0, "on steps", "d" };

    CHECK(option_idle_check(&table, &usual, &usual, &rule, 1) == OK);
    CHECK(option_idle_check(&table, &other, &usual, &off, 1) == OK);
    CHECK(option_idle_check(&table, &other, &usual, &rule, 1) == ERR_USAGE);
    CHECK(strcmp(error_last()->text, "on = off has no effect: d") == 0);
}

/* The sentence, or "" where nothing is idle. */
static const char *said(const struct settings *s, int steps, int on, int file)
{
    static const struct settings defaults = { .steps = 3, .on = 1 };
    const struct option_idle rules[] = {
        { steps, "steps", "a" },
        { on, "on", "b" },
        { file, "file", "c" },
    };
    status result = option_idle_check(&table, s, &defaults, rules, COUNT_OF(rules));

    CHECK(result == OK || result == ERR_USAGE);
    return result == OK ? "" : error_last()->text;
}

int main(void)
{
    const struct settings usual = { .steps = 3, .on = 1 }, other = { .steps = 0, .on = 0, .file = "x" };

    CHECK(strcmp(said(&usual, 1, 1, 1), "") == 0);
    CHECK(strcmp(said(&other, 0, 0, 0), "") == 0);
    CHECK(strcmp(said(&other, 1, 0, 0), "steps = 0 has no effect: a") == 0);
    CHECK(strcmp(said(&other, 0, 1, 1), "on = off has no effect: b") == 0);
    CHECK(strcmp(said(&other, 0, 0, 1), "file = x has no effect: c") == 0);
    test_names();
    return check_result("option_idle");
}
