#include "collect.h"

#include <string.h>

#include "published.h"

/* The accuracy of one precision on every set: /summary/accuracy/<precision>/..., arrays (K, sets). */
struct accuracy {
    double top1[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS];
    double top5[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS];
    double low[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS];
    double high[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS]; /* of top1's interval */
    int64_t labelled[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS];
    int64_t weights_bytes[STORE_MAX_NETWORKS];
};

status collect_matrix(struct store_reader *r, enum store_type type, int inner, int pitch, void *out,
                      const char *format, ...)
{
    const struct store_layout *layout = store_reader_layout(r);
    size_t element = schema_type_size(type), row = (size_t)inner * element;
    char path[STORE_PATH];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    for (int k = 0; k < layout->networks; k++)
        TRY(store_read(r, path, type, k, 1, (char *)out + (size_t)k * pitch * element, row));
    return OK;
}

static status read_accuracy(struct store_reader *r, const char *precision, struct accuracy *a)
{
    int sets = 1 + store_reader_layout(r)->selections, pitch = 1 + STORE_MAX_SELECTIONS;

    memset(a, 0, sizeof *a);
    TRY(collect_matrix(r, STORE_F64, sets, pitch, a->top1, "/summary/accuracy/%s/top1", precision));
    TRY(collect_matrix(r, STORE_F64, sets, pitch, a->top5, "/summary/accuracy/%s/top5", precision));
    TRY(collect_matrix(r, STORE_F64, sets, pitch, a->low, "/summary/accuracy/%s/top1_low", precision));
    TRY(collect_matrix(r, STORE_F64, sets, pitch, a->high, "/summary/accuracy/%s/top1_high", precision));
    TRY(collect_matrix(r, STORE_S64, sets, pitch, a->labelled, "/summary/accuracy/%s/labelled", precision));
    return collect_matrix(r, STORE_S64, 1, 1, a->weights_bytes, "/summary/accuracy/%s/weights_bytes",
                          precision);
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static void set_percent(struct grid *g, int column, double value, int64_t of)
{
    if (of > 0)
        grid_set(g, column, "%.3f", value);
    else
        grid_set(g, column, "no labels");
}

int collect_set(const struct store_layout *layout, const char *selection)
{
    for (int i = 0; i < layout->selections; i++)
        if (strcmp(layout->selection[i], selection) == 0)
            return i + 1;
    return -1;
}

struct grid *collect_grid(struct collect *c, const char *id, const char *title)
{
    BUG_IF(c->grids == COLLECT_MAX_GRIDS);
    grid_init(&c->grid[c->grids], id, title);
    return &c->grid[c->grids++];
}

struct grid *collect_table(struct collect *c, const struct store_layout *layout, int p, const char *id,
                           const char *title, ...)
{
    char full_id[64], full_title[160];
    va_list args;

    snprintf(full_id, sizeof full_id, p < 2 ? "%s" : "%s_%.20s", id, layout->precision[p].name);
    va_start(args, title);
    vsnprintf(full_title, sizeof full_title, title, args);
    va_end(args);
    return collect_grid(c, full_id, full_title);
}

status collect_study_row(struct grid *g, const char *network)
{
    TRY(grid_row(g));
    grid_set(g, 0, "%s", network);
    grid_set(g, 1, "the study");
    grid_set(g, 2, "its subset");
    return OK;
}

/* Tables 1 and 2: accuracy and size on the whole set. */
static status collect_accuracy(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *layout = store_reader_layout(r);
    enum published_value top1 = p ? PUBLISHED_INT8_TOP1 : PUBLISHED_FP32_TOP1;
    static struct accuracy accuracy;
    struct accuracy *a = &accuracy;
    struct grid *g;

    TRY(read_accuracy(r, layout->precision[p].name, a));
    g = collect_table(c, layout, p, p ? "table_2" : "table_1",
                      "Table %d. Accuracy and file size, whole set, %s", p ? 2 : 1,
                      layout->precision[p].name);
    grid_column(g, "network", "");
    grid_column(g, "top-1", "%");
    grid_column(g, "95 % interval", "%");
    grid_column(g, "top-5", "%");
    grid_column(g, "size", "MiB");
    grid_column(g, "pub. top-1", "%");
    grid_column(g, "pub. top-5", "%");
    grid_column(g, "pub. size", "MiB");
    grid_column(g, "images", "labelled");
    for (int k = 0; k < layout->networks; k++) {
        const char *name = layout->network[k].name;

        TRY(grid_row(g));
        grid_set(g, 0, "%s", name);
        set_percent(g, 1, a->top1[k][0], a->labelled[k][0]);
        if (a->labelled[k][0] > 0)
            grid_set(g, 2, "%.2f-%.2f", a->low[k][0], a->high[k][0]);
        set_percent(g, 3, a->top5[k][0], a->labelled[k][0]);
        grid_set(g, 4, "%.3f", (double)a->weights_bytes[k] / (1 << 20));
        for (int v = 0; v < 3; v++)
            grid_set(g, 5 + v, "%s", p < 2 ? or_dash(published_value(name, top1 + v)) : "-");
        grid_set(g, 8, "%lld", (long long)a->labelled[k][0]);
    }
    grid_note(g, "pub.: the study, ImageNet's 50,000 validation images and torchvision's weights; its values "
                 "are torchvision's own metadata. "
                 "Size is the checkpoint's file.");
    return OK;
}

/* Tables 6 and 7: accuracy on the subsets. */
static status collect_subset_accuracy(struct store_reader *r, int p, struct collect *c)
{
    static const char *const set_name[] = { "raw", "resolved", "control" };
    const struct store_layout *layout = store_reader_layout(r);
    enum published_value top1 = p ? PUBLISHED_SUBSET_INT8_TOP1 : PUBLISHED_SUBSET_FP32_TOP1;
    static struct accuracy accuracy;
    struct accuracy *a = &accuracy;
    struct grid *g;

    TRY(read_accuracy(r, layout->precision[p].name, a));
    g = collect_table(c, layout, p, p ? "table_6" : "table_7",
                      "Table %d. Accuracy on the images whose maps differ most, %s", p ? 6 : 7,
                      layout->precision[p].name);
    grid_column(g, "network", "");
    for (int s = 0; s < 3; s++) {
        grid_column(g, set_name[s], "top-1 %");
        grid_column(g, set_name[s], "top-5 %");
    }
    grid_column(g, "published", "top-1 %");
    grid_column(g, "published", "top-5 %");
    for (int s = 0; s < 3; s++)
        grid_column(g, set_name[s], "top-1's 95 % interval");
    grid_column(g, "images", "raw, labelled");
    for (int k = 0; k < layout->networks; k++) {
        const char *name = layout->network[k].name;

        TRY(grid_row(g));
        grid_set(g, 0, "%s", name);
        for (int s = 0; s < 3; s++) {
            int set = collect_set(layout, set_name[s]);

            grid_set(g, 1 + 2 * s, "-");
            grid_set(g, 2 + 2 * s, "-");
            grid_set(g, 9 + s, "-");
            if (s == 0)
                grid_set(g, 12, set < 0 ? "-" : "%lld", set < 0 ? 0 : (long long)a->labelled[k][set]);
            if (set < 0)
                continue;
            set_percent(g, 1 + 2 * s, a->top1[k][set], a->labelled[k][set]);
            set_percent(g, 2 + 2 * s, a->top5[k][set], a->labelled[k][set]);
            if (a->labelled[k][set] > 0)
                grid_set(g, 9 + s, "%.2f-%.2f", a->low[k][set], a->high[k][set]);
        }
        grid_set(g, 7, "%s", p < 2 ? or_dash(published_value(name, top1)) : "-");
        grid_set(g, 8, "%s", p < 2 ? or_dash(published_value(name, top1 + 1)) : "-");
    }
    grid_note(g, "raw: the subset as published, by the RMSE of maps in LAPACK's sign. resolved: corrected, "
                 "the sign by one rule. control: as many "
                 "images drawn at random.");
    return OK;
}

enum { READING_RAW, READING_RESOLVED, READING_ALIGNED };

/* A set's value, or why there is none: no images, or none whose raw sign is defined (`without` have none). */
static void set_of(struct grid *g, int column, int decimals, double value, int64_t count, int64_t without)
{
    if (count < 1)
        grid_set(g, column, "no images");
    else if (without >= count)
        grid_set(g, column, "undefined");
    else
        grid_set(g, column, "%.*f", decimals, value);
}

static double per_cent(int64_t part, int64_t of)
{
    return of > 0 ? 100.0 * (double)part / (double)of : 0;
}

/* Table 3: RMSE between the maps of two precisions. */
static status collect_rmse(struct store_reader *r, int p, struct collect *c)
{
    const struct store_layout *layout = store_reader_layout(r);
    const char *precision = layout->precision[p].name;
    int sets = 1 + layout->selections, raw = collect_set(layout, "raw"),
        resolved = collect_set(layout, "resolved");
    static double mean[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS][STORE_READINGS];
    static int64_t flipped[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS];
    static int64_t count[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS];
    static int64_t undefined[STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS];
    int pitch = 1 + STORE_MAX_SELECTIONS;
    struct grid *g;
    int64_t undefined_all = 0;

    TRY(collect_matrix(r, STORE_F64, sets * STORE_READINGS, pitch * STORE_READINGS, mean,
                    "/summary/rmse/%s/mean", precision));
    TRY(collect_matrix(r, STORE_S64, sets, pitch, flipped, "/summary/rmse/%s/sign_flipped", precision));
    TRY(collect_matrix(r, STORE_S64, sets, pitch, undefined, "/summary/rmse/%s/raw_undefined", precision));
    TRY(collect_matrix(r, STORE_S64, sets, pitch, count, "/summary/subset/count"));
    g = collect_table(c, layout, p, "table_3", "Table 3. RMSE between the %s and the %s map (scale 0-255)",
                      layout->precision[0].name, precision);
    grid_column(g, "network", "");
    grid_column(g, "raw", "all");
    grid_column(g, "resolved", "all");
    grid_column(g, "aligned", "all");
    grid_column(g, "flipped", "% of all");
    grid_column(g, "raw", "its subset");
    grid_column(g, "resolved", "its subset");
    grid_column(g, "flipped", "% of raw subset");
    grid_column(g, "pub.", "all");
    grid_column(g, "pub.", "subset");
    grid_column(g, "images", "all");
    grid_column(g, "images", "raw subset");
    for (int k = 0; k < layout->networks; k++) {
        const char *name = layout->network[k].name;

        TRY(grid_row(g));
        grid_set(g, 0, "%s", name);
        for (int i = 0; i < STORE_READINGS; i++)
            set_of(g, 1 + i, 3, mean[k][0][i], count[k][0], i == READING_RAW ? undefined[k][0] : 0);
        set_of(g, 4, 2, per_cent(flipped[k][0], count[k][0]), count[k][0], undefined[k][0]);
        for (int column = 5; column < 8; column++)
            grid_set(g, column, "-");
        if (raw > 0) {
            set_of(g, 5, 3, mean[k][raw][READING_RAW], count[k][raw], undefined[k][raw]);
            set_of(g, 7, 2, per_cent(flipped[k][raw], count[k][raw]), count[k][raw], undefined[k][raw]);
        }
        if (resolved > 0)
            set_of(g, 6, 3, mean[k][resolved][READING_RESOLVED], count[k][resolved], 0);
        grid_set(g, 8, "%s", p < 2 ? or_dash(published_value(name, PUBLISHED_RMSE_ALL)) : "-");
        grid_set(g, 9, "%s", p < 2 ? or_dash(published_value(name, PUBLISHED_RMSE_SUBSET)) : "-");
        grid_set(g, 10, "%lld", (long long)count[k][0]);
        grid_set(g, 11, raw > 0 ? "%lld" : "-", (long long)count[k][raw > 0 ? raw : 0]);
        undefined_all += undefined[k][0];
    }
    grid_note(
        g,
        "raw: as published, LAPACK's sign. resolved: both maps in the sign of one stated rule. aligned: the "
        "other map turned round where the two point in opposite directions. flipped: pairs whose raw maps "
        "do, which by itself makes an RMSE of 127-215. raw "
        "undefined, the resolved sign in its place: %lld.",
        (long long)undefined_all);
    return OK;
}

/* Tables 8 and 9: seconds an image, one process alone. */
static status collect_times(struct store_reader *r, int p, struct collect *c)
{
    static const char *const part[] = { "inference", "cam", "total" };
    const struct store_layout *layout = store_reader_layout(r);
    const char *precision = layout->precision[p].name;
    enum published_value first = p ? PUBLISHED_INT8_INFERENCE_S : PUBLISHED_FP32_INFERENCE_S;
    static double seconds[3][STORE_MAX_NETWORKS][STORE_STATISTICS];
    int64_t images[STORE_MAX_NETWORKS] = { 0 };
    struct grid *g;

    for (int i = 0; i < 3; i++)
        TRY(collect_matrix(r, STORE_F64, STORE_STATISTICS, STORE_STATISTICS, seconds[i],
                           "/timing/alone/%s/%s_s", precision, part[i]));
    TRY(collect_matrix(r, STORE_S64, 1, 1, images, "/timing/alone/%s/images", precision));
    g = collect_table(c, layout, p, p ? "table_8" : "table_9", "Table %d. Time an image, %s, one core",
                      p ? 8 : 9, precision);
    grid_column(g, "network", "");
    for (int i = 0; i < 3; i++)
        grid_column(g, part[i], "ms");
    grid_column(g, "quartiles", "ms");
    for (int i = 0; i < 3; i++)
        grid_column(g, i ? part[i] : "pub. infer.", "s");
    grid_column(g, "images", "timed");
    for (int k = 0; k < layout->networks; k++) {
        const char *name = layout->network[k].name;

        TRY(grid_row(g));
        grid_set(g, 0, "%s", name);
        for (int i = 0; i < 3; i++) {
            grid_set(g, 1 + i, images[k] ? "%.3f" : "not timed", 1e3 * seconds[i][k][0]);
            grid_set(g, 5 + i, "%s", p < 2 ? or_dash(published_value(name, first + i)) : "-");
        }
        grid_set(g, 8, "%lld", (long long)images[k]);
        if (images[k])
            grid_set(g, 4, "%.3f-%.3f", 1e3 * seconds[2][k][1], 1e3 * seconds[2][k][2]);
    }
    if (images[0] > 0)
        grid_note(g,
                  "Medians of %lld images, batch 1, one thread, the other ranks asleep; quartiles of the "
                  "total. ",
                  (long long)images[0]);
    grid_note(g, "The study's machine: \"Intel Core i7-1800H\", threads and engine unstated.");
    return OK;
}

static status collect_agreement(struct store_reader *r, int p, struct collect *c)
{
    static const char *const field[] = { "images",     "same_top1",  "same_top5_set", "labelled",
                                         "both_right", "only_first", "only_second",   "both_wrong" };
    const struct store_layout *layout = store_reader_layout(r);
    static int64_t n[COUNT_OF(field)][STORE_MAX_NETWORKS][1 + STORE_MAX_SELECTIONS];
    struct grid *g;

    for (size_t i = 0; i < COUNT_OF(field); i++)
        TRY(collect_matrix(r, STORE_S64, 1 + layout->selections, 1 + STORE_MAX_SELECTIONS, n[i],
                           "/summary/agreement/%s/%s", layout->precision[p].name, field[i]));
    g = collect_table(c, layout, p, "agreement", "Agreement of the answers, %s and %s, whole set",
                      layout->precision[0].name, layout->precision[p].name);
    grid_column(g, "network", "");
    grid_column(g, "images", "");
    grid_column(g, "same top-1", "%");
    grid_column(g, "same top-5 set", "%");
    grid_column(g, "both right", "");
    grid_column(g, "only", layout->precision[0].name);
    grid_column(g, "only", layout->precision[p].name);
    grid_column(g, "both wrong", "");
    for (int k = 0; k < layout->networks; k++) {
        int64_t images = n[0][k][0];

        TRY(grid_row(g));
        grid_set(g, 0, "%s", layout->network[k].name);
        grid_set(g, 1, "%lld", (long long)images);
        grid_set(g, 2, images ? "%.3f" : "no images",
                 images ? 100.0 * (double)n[1][k][0] / (double)images : 0);
        grid_set(g, 3, images ? "%.3f" : "no images",
                 images ? 100.0 * (double)n[2][k][0] / (double)images : 0);
        for (int i = 4; i < 8; i++)
            grid_set(g, i, n[3][k][0] ? "%lld" : "no labels", (long long)n[i][k][0]);
    }
    return OK;
}

static status collect_images(struct store_reader *r, struct collect *c)
{
    enum { NAMED = 50 };
    int64_t first = 0, total = store_reader_layout(r)->images, named = 0;
    uint8_t block[4096];

    TRY(store_read(r, "/summary/images/total", STORE_S64, 0, 1, &c->total, sizeof c->total));
    TRY(store_read(r, "/summary/images/ok", STORE_S64, 0, 1, &c->ok, sizeof c->ok));
    TRY(store_read(r, "/summary/images/bad", STORE_S64, 0, 1, &c->bad, sizeof c->bad));
    grid_init(&c->bad_images, "bad_images", "Bad images");
    grid_column(&c->bad_images, "image", "");
    grid_column(&c->bad_images, "reason", "");
    for (; first < total && named < NAMED && c->bad > 0; first += (int64_t)sizeof block) {
        int64_t count = total - first < (int64_t)sizeof block ? total - first : (int64_t)sizeof block;

        TRY(store_read(r, "/images/status", STORE_U8, first, count, block, sizeof block));
        for (int64_t i = 0; i < count && named < NAMED; i++) {
            char text[GRID_CELL * 4];

            if (block[i] != STORE_BAD_IMAGE)
                continue;
            TRY(grid_row(&c->bad_images));
            TRY(store_read_string(r, "/images/path", first + i, text, sizeof text));
            grid_set(&c->bad_images, 0, "%s", text);
            TRY(store_read_string(r, "/images/error", first + i, text, sizeof text));
            grid_set(&c->bad_images, 1, "%s", text);
            named++;
        }
    }
    return OK;
}

/* The parts in the study's order: but for the accuracy, its tables of int8 stand before those of fp32. */
static const struct {
    status (*collect)(struct store_reader *r, int p, struct collect *c);
    enum { FURTHER, FURTHER_THEN_FIRST, FROM_FIRST } of;
} parts[] = {
    { collect_overview, FURTHER },
    { collect_accuracy, FROM_FIRST },
    { collect_rmse, FURTHER },
    { collect_comparison, FURTHER },
    { collect_activation, FURTHER_THEN_FIRST },
    { collect_histogram, FURTHER },
    { collect_subset_accuracy, FURTHER_THEN_FIRST },
    { collect_times, FURTHER_THEN_FIRST },
    { collect_curves, FURTHER_THEN_FIRST },
    { collect_cross, FURTHER },
    { collect_wsol, FURTHER_THEN_FIRST },
    { collect_methods, FURTHER },
    { collect_agreement, FURTHER },
    { collect_difference, FURTHER },
};

status collect_tables(struct store_reader *r, struct collect *out)
{
    int precisions = store_reader_layout(r)->precisions;
    status result = OK;

    memset(out, 0, sizeof *out);
    if (!store_reader_complete(r))
        return FAIL(ERR_MISMATCH, "%s: the job has not finished; run it again to resume",
                    store_reader_path(r));
    TRY_OUT(collect_images(r, out));
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        for (int p = parts[i].of == FROM_FIRST ? 0 : 1; p < precisions; p++)
            TRY_OUT(parts[i].collect(r, p, out));
        if (parts[i].of == FURTHER_THEN_FIRST)
            TRY_OUT(parts[i].collect(r, 0, out));
    }
out:
    if (result != OK)
        collect_free(out);
    return result;
}

void collect_free(struct collect *c)
{
    for (int i = 0; i < c->grids; i++)
        grid_release(&c->grid[i]);
    grid_release(&c->bad_images);
    c->grids = 0;
}
