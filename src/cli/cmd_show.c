#include "base_option.h"
#include "cmd.h"
#include "report.h"

struct settings {
    int checked;
};

static const struct option_row rows[] = {
    { .name = "checked",
      .kind = OPTION_FLAG,
      .where = offsetof(struct settings, checked),
      .help = "compare what is read with the checksums in the file" },
};
static const struct option_table table = {
    .usage = "quantcam show RESULT.h5",
    .about = "Prints the tables of a finished result beside the published ones.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

static status show(const struct settings *set, const char *path)
{
    struct text out = { .max = 64 << 20 };
    struct store_reader *r = NULL;
    status result = OK;

    TRY(store_open_read(path, set->checked, &r));
    TRY_OUT(report_show(r, &out));
    fputs(out.data, stdout);
    if (fflush(stdout) != 0)
        result = FAIL(ERR_IO, "stdout: could not be written");
out:
    text_free(&out);
    store_close_read(r);
    return result;
}

int cmd_show(int argc, char **argv)
{
    struct settings set = { .checked = 1 };
    struct option_words words = { 0 };
    status result = option_read_args(&table, &set, argc, argv, &words);

    if (result == OK && words.help) {
        option_help(&table, &set, stdout);
        return 0;
    }
    if (result == OK)
        result = show(&set, words.word[0]);
    return log_exit(result);
}
