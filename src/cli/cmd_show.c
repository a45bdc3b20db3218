/* src/cli/cmd_show.c: a result's tables in the terminal. */
#include "base_option.h"
#include "cmd.h"
#include "report.h"

struct settings {
    char image[OPTION_SIZE], names[OPTION_SIZE];
    int checked, worst, csv, columns;
};

static const struct option_row rows[] = {
    { CMD_ROW("image", PATH, image), .values = "PATH",
      .help = "in place of the tables: this image's rows of all networks; the end of its path is enough" },
    { CMD_ROW("worst", INT, worst), .values = "N", .high = 10000,
      .help = "in place of the tables: of each network the N images whose maps differ most; 0: the tables" },
    CMD_ROW_NAMES("as the result has them"),
    { CMD_ROW("csv", FLAG, csv), .help = "as CSV" },
    { CMD_ROW("columns", INT, columns), .values = "N", .low = 40, .high = 10000,
      .help = "of the terminal: wider tables come in blocks" },
    CMD_ROW_CHECKED,
};
static const struct option_table table = {
    .usage = "quantcam show RESULT.h5 [--image PATH | --worst N] [--csv]",
    .about =
        "Prints the tables of a finished result beside the published ones, in 80 columns; or one image's\n"
        "rows, or the images whose maps differ most.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

static const struct settings usual = { .checked = 1, .columns = 80 };

static status add_wanted(const struct settings *set, const struct image_names *names, struct store_reader *r,
                         struct text *out)
{
    const struct report_form form = { set->csv, set->columns, names };

    if (set->image[0] && set->worst)
        return FAIL(ERR_USAGE, "show: --image and --worst exclude each other");
    if (set->image[0])
        return report_show_image(r, set->image, &form, out);
    if (set->worst)
        return report_show_worst(r, set->worst, &form, out);
    return set->csv ? report_show_csv(r, out) : report_show(r, set->columns, out);
}

static status show(struct cmd_call *call)
{
    const struct settings *set = call->set;
    struct text out = { .max = 64 << 20 };
    struct image_names names = { 0 };
    struct store_reader *r = NULL;
    const struct option_idle idle[] = { { set->csv, "columns", "--csv is not cut" } };
    status result = OK;

    TRY(option_idle_check(&table, set, &usual, idle, COUNT_OF(idle)));
    if (set->names[0] && !set->image[0])
        return FAIL(ERR_USAGE, "show: --names goes with --image, the tables name no classes");
    TRY_OUT(image_names_read(set->names, &names));
    TRY_OUT(store_open_read(call->words.word[0], set->checked, &r));
    TRY_OUT(report_names_fit(r, &names, set->names));
    TRY_OUT(add_wanted(set, &names, r, &out));
    fputs(out.data, stdout);
out:
    image_names_free(&names);
    text_free(&out);
    store_close_read(r);
    return result;
}

const struct command cmd_show = { CMD_TABLE, .name = "show", .run = show, .guarded = 1,
                                  .line = "the tables of a result, in the terminal" };
