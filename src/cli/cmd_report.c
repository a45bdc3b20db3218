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
    { .name = "output",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, output),
      .values = "FOLDER",
      .letter = 'o',
      .help = "where to write; empty: the result's name with -report in place of .h5" },
    { .name = "images",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, images),
      .values = "FOLDER",
      .help = "the pictures; empty: where the job found them" },
    { .name = "names",
      .kind = OPTION_PATH,
      .where = offsetof(struct settings, names),
      .values = "FILE",
      .help = "names of the classes: a line a class, LOC_synset_mapping.txt or imagenet_class_index.json; "
              "empty: as the result has them" },
    { .name = "pictures",
      .kind = OPTION_INT,
      .where = offsetof(struct settings, pictures),
      .values = "N",
      .high = 64,
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

static status write_report(struct settings *set, const char *path)
{
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

int cmd_report(int argc, char **argv)
{
    struct settings set = { .pictures = 16, .checked = 1 };
    struct option_words words = { 0 };
    status result = option_read_args(&table, &set, argc, argv, &words);

    if (result == OK && words.help) {
        option_help(&table, &set, words.help, stdout);
        return 0;
    }
    if (result == OK)
        result = write_report(&set, words.word[0]);
    return log_exit(result);
}
