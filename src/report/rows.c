/* src/report/rows.c: rows of a result on the terminal: one image's of every network, the images whose maps
 * differ most. */
#include <string.h>

#include "metric.h"
#include "names.h"
#include "pairs.h"
#include "print.h"
#include "value.h"

enum { WORST_MOST = 10000 };

static status print(const struct grid *g, const struct report_form *form, struct text *out)
{
    return print_grid(g, form->csv ? PRINT_CSV : PRINT_TERMINAL, form->columns, out);
}

static const char *const reading[STORE_READINGS] = { "raw", "aligned", "resolved" };
static const int reading_of[STORE_READINGS] = { PAIRS_RAW, PAIRS_ALIGNED, PAIRS_RESOLVED };

/* A row of a pair, which begins with its network and precision; and the heads of those two columns. */
static status add_pair(struct grid *g, const struct store_layout *l, const struct pairs *a)
{
    TRY(grid_row(g, (struct grid_key){ NULL }));
    grid_text(g, "%s", l->network[a->network].name);
    grid_text(g, "%s", l->precision[a->p].name);
    return OK;
}

static void add_heads(struct grid *g)
{
    grid_column(g, "network", "");
    grid_column(g, "precision", "");
}

/* ---- one image ----------------------------------------------------------------------------------------- */

/* The image of that path, or the only one whose path ends in it behind a '/'. */
static status find_image(struct store_reader *r, const char *path, int64_t *image)
{
    int64_t images = store_reader_layout(r)->images, found = 0;
    size_t length = strlen(path);

    for (int64_t i = 0; i < images; i++) {
        char name[1028];
        size_t n;

        TRY(store_read_string(r, "/images/path", i, name, sizeof name));
        n = strlen(name);
        if (strcmp(name, path) == 0) {
            *image = i;
            return OK;
        }
        if (length && n > length && name[n - length - 1] == '/' && strcmp(name + n - length, path) == 0) {
            *image = i;
            found++;
        }
    }
    if (found == 1)
        return OK;
    if (found)
        return FAIL(ERR_USAGE, "%s: %lld images end in '%s'; write more of the path", store_reader_path(r),
                    (long long)found, path);
    return FAIL(ERR_MISSING, "%s: no image '%s'", store_reader_path(r), path);
}

/* One class with its probability; on the terminal of a name ("tench, Tinca tinca") the first. */
static status add_class(struct store_reader *r, const struct report_form *form, int class_index, float score,
                        struct grid *g)
{
    char name[256];

    TRY(names_class(r, form->names, class_index, name, sizeof name));
    grid_text(g, "%.*s %.1f", form->csv ? (int)sizeof name : (int)strcspn(name, ","), name,
              100 * (double)score);
    return OK;
}

/* As CSV a line a precision; on the terminal a line a place, all precisions beside each other. */
static status add_answers(struct store_reader *r, int k, int64_t image, const struct report_form *form,
                          struct grid *g)
{
    const struct store_layout *l = store_reader_layout(r);
    int32_t top[STORE_MAX_PRECISIONS][PAIRS_TOP];
    float score[STORE_MAX_PRECISIONS][PAIRS_TOP];
    char path[STORE_PATH + 2 * STORE_NAME];
    int rows = form->csv ? l->precisions : PAIRS_TOP, columns = form->csv ? PAIRS_TOP : l->precisions;
    uint8_t state;

    value_expand(l, k, 0, "/models/{k}/status", path, sizeof path);
    TRY(store_read(r, path, STORE_U8, image, 1, &state, sizeof state));
    for (int p = 0; p < l->precisions; p++)
        TRY(pairs_answer(r, k, p, image, top[p], score[p]));
    for (int i = 0; i < (state == STORE_OK || form->csv ? rows : 1); i++) {
        TRY(grid_row(g, (struct grid_key){ .network = l->network[k].name }));
        grid_text(g, "%s", l->network[k].name);
        if (form->csv)
            grid_text(g, "%s", l->precision[i].name);
        else
            grid_text(g, "%d", i + 1);
        for (int c = 0; c < (state == STORE_OK || !form->csv ? columns : 1); c++) {
            int p = form->csv ? i : c, at = form->csv ? c : i;

            if (state == STORE_OK)
                TRY(add_class(r, form, top[p][at], score[p][at], g));
            else
                grid_missing(g, "no result");
        }
    }
    return OK;
}

static status add_maps(struct store_reader *r, const struct pairs *a, int64_t image, struct grid *g)
{
    const struct store_layout *l = store_reader_layout(r);
    char subsets[GRID_CELL] = "";
    size_t used = 0;

    TRY(add_pair(g, l, a));
    if (!a->ok[image]) {
        grid_missing(g, "no result");
        return OK;
    }
    for (int i = 0; i < STORE_READINGS; i++)
        grid_number(g, reading[i], (double)a->rmse[reading_of[i]][image], 2);
    grid_text(g, a->flipped[image] ? "yes" : "no");
    grid_number(g, "correlation", (double)a->correlation[image], 4);
    grid_number(g, "box_iou", (double)a->box_iou[image], 3);
    for (int side = 0; side < 2; side++)
        grid_number(g, "sigma_ratio", (double)a->sigma[side][image], 3);
    for (int s = 0; s < l->selections && used < sizeof subsets; s++)
        if (pairs_in(a, image, 1 + s))
            used +=
                (size_t)snprintf(subsets + used, sizeof subsets - used, used ? ",%s" : "%s", l->selection[s]);
    grid_text(g, "%s", used ? subsets : "none");
    return OK;
}

static void start_grids(const struct store_layout *l, const char *path, const char *class_name_of, int csv,
                        struct grid *answers, struct grid *maps)
{
    static const char *const head[] = { "1st, %", "2nd, %", "3rd, %", "4th, %", "5th, %" };

    grid_init(answers, "image_answers", "Answers to %.80s, true class %.48s", path, class_name_of);
    grid_column(answers, "network", "");
    grid_column(answers, csv ? "precision" : "", "");
    for (int i = 0; i < PAIRS_TOP && csv; i++)
        grid_column(answers, head[i], "");
    for (int p = 0; p < l->precisions && !csv; p++)
        grid_column(answers, l->precision[p].name, "%");
    grid_init(maps, "image_maps", "Its maps, against those of %.64s", l->precision[0].name);
    add_heads(maps);
    for (int i = 0; i < STORE_READINGS; i++)
        grid_column(maps, "RMSE", reading[i]);
    grid_column(maps, "flipped", "");
    grid_column(maps, "|correlation|", "");
    grid_column(maps, "boxes", "IoU");
    grid_column(maps, "s2/s1", "first");
    grid_column(maps, "s2/s1", "other");
    grid_column(maps, "subsets", "");
}

static status add_image(struct store_reader *r, int64_t image, const struct report_form *form,
                        struct grid *answers, struct grid *maps)
{
    const struct store_layout *l = store_reader_layout(r);

    for (int k = 0; k < l->networks; k++) {
        TRY(add_answers(r, k, image, form, answers));
        for (int p = 1; p < l->precisions; p++) {
            struct pairs a;
            status result;

            TRY(pairs_read(r, k, p, &a));
            result = add_maps(r, &a, image, maps);
            pairs_free(&a);
            TRY(result);
        }
    }
    return OK;
}

status report_show_image(struct store_reader *r, const char *path, const struct report_form *form,
                         struct text *out)
{
    struct grid answers = { 0 }, maps = { 0 };
    char name[1028], true_class[256];
    int64_t image = -1;
    int32_t class_index = -1;
    status result = OK;

    TRY(find_image(r, path, &image));
    TRY(store_read_string(r, "/images/path", image, name, sizeof name));
    TRY(store_read(r, "/images/class_index", STORE_S32, image, 1, &class_index, sizeof class_index));
    TRY(names_class(r, form->names, class_index, true_class, sizeof true_class));
    start_grids(store_reader_layout(r), name, true_class, form->csv, &answers, &maps);
    TRY_OUT(add_image(r, image, form, &answers, &maps));
    TRY_OUT(print(&answers, form, out));
    if (form->csv)
        TRY_OUT(text_add(out, "\r\n"));
    TRY_OUT(print(&maps, form, out));
out:
    grid_release(&answers);
    grid_release(&maps);
    return result;
}

/* ---- the images that differ most ----------------------------------------------------------------------- */

/* On the terminal what fits beside a path of ImageNet's in 80 columns; all of it as CSV. */
static void worst_columns(struct grid *g, const struct store_layout *l, int p, int csv)
{
    if (csv)
        add_heads(g);
    grid_column(g, csv ? "place" : "", csv ? "" : "#");
    grid_column(g, "RMSE", "aligned");
    grid_column(g, "RMSE", "raw");
    if (csv) {
        grid_column(g, "RMSE", "resolved");
        grid_column(g, "flipped", "");
    }
    grid_column(g, "answer", l->precision[0].name);
    grid_column(g, "answer", csv ? "other" : l->precision[p].name);
    if (csv)
        grid_column(g, "boxes", "IoU");
    grid_column(g, "image", "");
}

static status add_worst(struct store_reader *r, const struct pairs *a, int place, int64_t image, int csv,
                        struct grid *g)
{
    const struct store_layout *l = store_reader_layout(r);
    char name[1028];

    TRY(store_read_string(r, "/images/path", image, name, sizeof name));
    if (csv)
        TRY(add_pair(g, l, a));
    else
        TRY(grid_row(g, (struct grid_key){ NULL }));
    grid_count(g, NULL, place);
    grid_number(g, "aligned", (double)a->rmse[PAIRS_ALIGNED][image], 2);
    grid_number(g, "raw", (double)a->rmse[PAIRS_RAW][image], 2);
    if (csv) {
        grid_number(g, "resolved", (double)a->rmse[PAIRS_RESOLVED][image], 2);
        grid_text(g, a->flipped[image] ? "yes" : "no");
    }
    grid_count(g, NULL, a->top[0][image][0]);
    grid_count(g, NULL, a->top[1][image][0]);
    if (pairs_changed(a, image) && !csv)
        grid_remark(g, "*");
    if (csv)
        grid_number(g, "box_iou", (double)a->box_iou[image], 3);
    grid_text(g, "%s", name);
    return OK;
}

/* One network's; on the terminal a table of its own. */
static status worst_of(struct store_reader *r, int k, int p, int count, const struct report_form *form,
                       struct grid *g, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    int csv = form->csv;
    struct pairs a = { 0 };
    int64_t *place = NULL;
    int found;
    status result = OK;

    TRY(pairs_read(r, k, p, &a));
    MEM_TRY_OUT(place, (size_t)count, sizeof *place);
    if (!csv) {
        grid_init(g, "worst", "%.48s: where %.32s's map differs most from %.32s's", l->network[k].name,
                  l->precision[p].name, l->precision[0].name);
        worst_columns(g, l, p, csv);
        grid_note(g, "[*] another answer; answers are class numbers. Largest RMSE of the aligned maps first; "
                     "where the raw one is larger, the usual library leaves one map inverted.");
    }
    found = metric_largest(a.rmse[PAIRS_ALIGNED], a.ok, a.images, count, place);
    for (int i = 0; i < found; i++)
        TRY_OUT(add_worst(r, &a, i + 1, place[i], csv, g));
    if (!csv)
        TRY_OUT(print(g, form, out));
out:
    if (!csv)
        grid_release(g);
    mem_free(place);
    pairs_free(&a);
    return result;
}

status report_show_worst(struct store_reader *r, int count, const struct report_form *form, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    int csv = form->csv;
    struct grid g = { 0 };
    status result = OK;

    if (count < 1 || count > WORST_MOST)
        return FAIL(ERR_RANGE, "the worst %d images: 1 to %d can be shown", count, WORST_MOST);
    if (count > l->images)
        count = (int)l->images;
    if (csv) {
        grid_init(&g, "worst", "Where maps differ most");
        worst_columns(&g, l, 1, csv);
    }
    for (int k = 0; k < l->networks; k++)
        for (int p = 1; p < l->precisions; p++)
            TRY_OUT(worst_of(r, k, p, count, form, &g, out));
    if (csv)
        TRY_OUT(print(&g, form, out));
out:
    grid_release(&g);
    return result;
}
