/* include/report.h
 * report: a finished result file read by people. Tables beside the published ones, on the terminal (`show`)
 * and as Markdown, CSV, LaTeX and JSON files, the gallery's pictures as PNG, and all of it as one HTML page
 * (`report`). Reads through store's bounded reader; writes nothing into the result.
 *
 *     struct store_reader *r = NULL;
 *     TRY(store_open_read("results/demo.h5", 1, &r));
 *     TRY(report_show(r, 80, &out));                     // out: a struct text with its bound set
 *     struct report_options options = { .folder = "results/demo-report" };
 *     TRY(report_write(r, &options, &summary));
 *     store_close_read(r);
 *
 * Published numbers are printed exactly as they stand in the study, beside ours, never in their place.
 */
#ifndef QUANTCAM_REPORT_H
#define QUANTCAM_REPORT_H

#include "image.h"
#include "store.h"

/* Local. ERR_MISMATCH where a list (of file `path`) names more or fewer classes than one of the networks
 * has. */
MUST_USE status report_names_fit(struct store_reader *r, const struct image_names *n, const char *path);

struct report_options {
    const char *folder;      /* made if absent; files in it are replaced */
    const char *images;      /* the folder of the pictures; NULL: where the job found them (/provenance) */
    const struct image_names *names;    /* NULL: as the result has them */
    int pictures;            /* at most so many of the gallery's pictures a network; 0 = none */
};
struct report_summary {
    int tables, pictures;    /* written */
    /* pictures of the gallery and of figure 3 whose file was not found or not readable: maps alone */
    int missing;
    char first_missing[512];
    int page_pictures, page_missing;     /* of report.html's gallery */
};

/* How rows and tables come out: as CSV, or for a terminal of so many columns (80). */
struct report_form {
    int csv, columns;
    const struct image_names *names;    /* NULL: as the result has them */
};
/* Local. Every table as text for a terminal of so many columns, bad images named. ERR_MISMATCH if the file is
 * not finished. */
MUST_USE status report_show(struct store_reader *r, int columns, struct text *out);
/* Local. The same as CSV: before each table a line "# id: title", behind it an empty one. */
MUST_USE status report_show_csv(struct store_reader *r, struct text *out);
/* Local. One image's answers and maps of all networks; path: as in the result, or so much of its end that one
 * image has it (ERR_MISSING, ERR_USAGE). */
MUST_USE status report_show_image(struct store_reader *r, const char *path,
                                  const struct report_form *form, struct text *out);
/* Local. Of each network the `count` (1 .. 10,000) images whose maps differ most, signs aligned. */
MUST_USE status report_show_worst(struct store_reader *r, int count, const struct report_form *form,
                                  struct text *out);
/* Local. FOLDER/report.html (one page of at most about 15 MB that asks nothing of the network: findings in
 * words, tables, figures as SVG, pictures inside), FOLDER/figures/<what>_<n>.svg (the page's figures, each to
 * stand alone), FOLDER/report.md, FOLDER/report.json, FOLDER/tables.tex,
 * FOLDER/<table>.csv, FOLDER/values.csv (every number with its network, precision, measure and set),
 * FOLDER/figure_3.png (where quantization moved a box most), FOLDER/gaze_N.png (where networks and people
 * look) and FOLDER/gallery/<network>_topNN.png. Every text of the result is escaped where it stands in
 * markup. */
MUST_USE status report_write(struct store_reader *r, const struct report_options *options,
                             struct report_summary *summary);

/* One map: (height, width) u8 0..255, or NULL: a blank; and its box, x0 = -1: none. */
struct report_map { const uint8_t *map; struct image_box box; };
/* Local. `crop` and its maps, of its size, as PNG, `columns` maps a row, the first of which has the crop in
 * front: the picture's grey blended with viridis, the maps' boxes orange. ERR_IO, ERR_MEMORY. */
MUST_USE status report_draw_maps(const char *path, const struct image *crop, const struct report_map *map,
                                 int maps, int columns);

#endif
