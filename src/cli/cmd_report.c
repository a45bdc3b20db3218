/* src/cli/cmd_report.c: a result's report in a folder: Markdown, CSV, LaTeX, JSON, figures, one page of
 * HTML. */
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "report.h"

struct settings {
    char output[OPTION_SIZE], images[OPTION_SIZE], names[OPTION_SIZE];
    int pictures, checked;
};

static const struct option_row rows[] = {
    { CMD_ROW("output", PATH, output), .values = "FOLDER", .letter = 'o',
      .help = "where to write; empty: the result's name with -report in place of .h5" },
    { CMD_ROW("images", PATH, images), .values = "FOLDER",
      .help = "the pictures; empty: where the job found them" },
    CMD_ROW_NAMES("as the result has them"),
    { CMD_ROW("pictures", INT, pictures), .values = "N", .high = 64,
      .help = "at most so many pictures a network, in the page of each kind; 0 for none" },
    CMD_ROW_CHECKED,
};
static const struct option_table table = {
    .usage = "quantcam report RESULT.h5 [-o FOLDER]",
    .about =
        "Writes a finished result as one page (report.html: findings in words, tables beside the published\n"
        "ones, figures, pictures; it needs nothing beside it), the tables as Markdown (report.md), CSV (a\n"
        "file a table), LaTeX (tables.tex) and JSON (report.json), the figures as SVG (figures/), and the\n"
        "pictures whose maps differ most as PNG (gallery/).",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

/* results/demo.h5 -> results/demo-report */
static status default_folder(const char *path, char *out, size_t size)
{
    size_t length = strlen(path);

    if (length > 3 && strcmp(path + length - 3, ".h5") == 0)
        length -= 3;
    if (snprintf(out, size, "%.*s-report", (int)length, path) >= (int)size)
        return FAIL(ERR_USAGE, "%s: the path is too long", path);
    return OK;
}

static const struct settings usual = { .pictures = 16, .checked = 1 };

static status write_report(struct cmd_call *call)
{
    struct settings *set = call->set;
    const char *path = call->words.word[0];
    struct image_names names = { 0 };
    struct report_options options = { .folder = set->output, .pictures = set->pictures, .names = &names };
    struct report_summary summary;
    struct store_reader *r = NULL;
    status result = OK;

    if (!set->output[0])
        TRY(default_folder(path, set->output, sizeof set->output));
    if (set->images[0])
        options.images = set->images;
    TRY_OUT(image_names_read(set->names, &names));
    TRY_OUT(store_open_read(path, set->checked, &r));
    TRY_OUT(report_names_fit(r, &names, set->names));
    TRY_OUT(report_write(r, &options, &summary));
    if (summary.missing)
        log_info("%d pictures could not be read, their maps stand alone; the first: %s", summary.missing,
                 summary.first_missing);
    log_info("%d tables and %d pictures", summary.tables, summary.pictures);
    printf("%s/report.html\n", set->output);
out:
    image_names_free(&names);
    store_close_read(r);
    return result;
}

const struct command cmd_report = {
    CMD_TABLE, .name = "report", .run = write_report, .guarded = 1,
    .line = "one page with findings, figures and pictures; the tables as Markdown, CSV, LaTeX, JSON"
};
