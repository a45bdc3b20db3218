/* A job file's command line: read twice, argv as it was, and the sentences for files that are none. */
#include "base_option.h"
#include "check.h"

#include <string.h>
#include <unistd.h>

struct settings {
    int steps;
};
static const struct option_row rows[] = {
    { .name = "run.steps",
      .kind = OPTION_INT,
      .where = offsetof(struct settings, steps),
      .high = 9,
      .help = "h" },
};
static const struct option_table table = {
    .usage = "t JOB", .row = rows, .rows = COUNT_OF(rows), .words_low = 1, .words_high = 1
};

int main(void)
{
    char file[64], *argv[] = { "run", "--steps=7", file, NULL }, *far[] = { "run", NULL, NULL }, *text = NULL;
    char path[OPTION_SIZE], longest[OPTION_SIZE + 8];
    struct settings s = { 1 };
    size_t size = 0;
    FILE *f;

    snprintf(file, sizeof file, "/tmp/quantcam-option-job-%d", (int)getpid());
    CHECK(option_read_job(&table, 3, argv, path, &text, &size) == ERR_USAGE);
    CHECK_MSG(strstr(error_last()->text, file), "%s", error_last()->text);
    f = fopen(file, "w");
    CHECK(f && fputs("[run]\nsteps = 3\n", f) >= 0 && fclose(f) == 0);
    CHECK(option_read_job(&table, 3, argv, path, &text, &size) == OK);
    CHECK(strcmp(path, file) == 0 && size == 16 && strcmp(text, "[run]\nsteps = 3\n") == 0);
    CHECK(option_read_text(&table, &s, path, text, size) == OK && s.steps == 3);
    CHECK(option_read_line(&table, &s, 3, argv, path) == OK && s.steps == 7 && strcmp(path, file) == 0);
    CHECK(strcmp(argv[1], "--steps=7") == 0 && argv[2] == file); /* in the order in which they came */
    mem_free(text);
    argv[1] = "--step=7";
    CHECK(option_read_line(&table, &s, 3, argv, path) == ERR_USAGE);
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    far[1] = longest;
    CHECK(option_read_line(&table, NULL, 2, far, path) == ERR_USAGE);
    CHECK(strstr(error_last()->text, "the path is too long") != NULL);
    CHECK(unlink(file) == 0 && mem_live() == 0);
    return check_result("option_job");
}
