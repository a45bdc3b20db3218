#include "image.h"
#include "report.h"
#include "report/html.h"
#include "report/markup.h"
#include <ctype.h>

#include "report_fixture.h"

/* A small result with known figures in its summary: what show and report must print. The file is store's, its
 * numbers are made here by hand. */

static status put(struct store *s, const char *path, const void *data)
{
    return store_write(s, path, 0, 2, data);
}

/* Figure 2: of the first network's subsets a histogram with 100 in bin 7; the second network has none. */
static status fill_histograms(struct store *s)
{
    static int64_t bins[2][4][256];
    const int64_t images[2][4] = { { 0, 2, 2, 2 } };
    const double dice[2][4] = { { 0, 97.5, 96.25, 95 } }, common[2][4] = { { 0, 87.5, 86.25, 85 } };

    for (int set = 1; set < 4; set++)
        bins[0][set][7] = 100;
    TRY(put(s, "/summary/histogram/images", images));
    TRY(put(s, "/summary/histogram/fp32/own", bins));
    TRY(put(s, "/summary/histogram/int8/common", bins));
    TRY(put(s, "/summary/histogram/int8/dice_own", dice));
    return put(s, "/summary/histogram/int8/dice_common", common);
}

/* A measure's means of the first network by set, with ends of the interval `half` around them. */
static status put_measure(struct store *s, const char *group, const int64_t images[2][4],
                          const double mean[2][4], double half)
{
    double end[2][4];
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/summary/%s/images", group);
    TRY(put(s, path, images));
    snprintf(path, sizeof path, "/summary/%s/%s", group,
             strncmp(group, "diff", 4) == 0 ? "difference" : "mean");
    TRY(put(s, path, mean));
    for (int side = -1; side < 2; side += 2) {
        for (int i = 0; i < 8; i++)
            end[i / 4][i % 4] = mean[i / 4][i % 4] + side * half;
        snprintf(path, sizeof path, "/summary/%s/%s", group, side < 0 ? "low" : "high");
        TRY(put(s, path, end));
    }
    return OK;
}

static status fill_differences(struct store *s)
{
    const int64_t images[2][4] = { { 18, 2, 2, 2 } }, curves[2][4] = { { 0, 2, 2, 2 } };
    const double top1[2][4] = { { -1.25, 2 } }, p[2][4] = { { 0.0625, 1 } }, none[2][4] = { { 0 } };

    TRY(put_measure(s, "difference/int8/top1", images, top1, 1.5));
    TRY(put(s, "/summary/difference/int8/top1/p", p));
    return put_measure(s, "difference/int8/deletion", curves, none, 0);
}

/* The first network's sets: on fp32 int8's map is better in both, on int8 nothing is sure. */
static status fill_cross(struct store *s)
{
    const double area[2][4] = { { [2] = 0.12345 } }, less[2][4] = { { [2] = -0.03, [3] = -0.05 } },
                 more[2][4] = { { [2] = 0.02, [3] = 0.03 } };
    const int64_t images[2][4] = { { 0, 2, 2, 2 }, { 0, 2, 1, 2 } };

    TRY(put_measure(s, "measures/int8/deletion_on_fp32", images, area, 0.01));
    TRY(put_measure(s, "difference/int8/deletion_on_fp32", images, less, 0.02));
    TRY(put_measure(s, "difference/int8/insertion_on_fp32", images, more, 0.01));
    return put_measure(s, "difference/int8/insertion_on_int8", images, less, 0.06);
}

static status fill_measures(struct store *s)
{
    const int64_t count[2][4] = { { 18, 2, 2, 2 }, { 18, 2, 2, 2 } },
                  curves[2][4] = { { 0, 2, 2, 2 }, { 0, 2, 1, 2 } };
    const double same[2][4] = { { 94.4444444 } }, flipped[2][4] = { { 0.5, 1 } },
                 raw[2][4] = { { 10.5, 140 } }, resolved[2][4] = { { 5.25, 1, 33.5 } },
                 aligned[2][4] = { { 4.125, 2, 1 } }, ssim[2][4] = { { 0.5, 0.25, 0.125, 1 } },
                 entropy[2][4] = { { 1.5, 0.25, 3, 4 } }, real[2][4] = { { 7.9, 7.5, 7.25, 8.125 } },
                 deletion[2][4] = { { 0, 0.43755, 1, 1 } }, insertion[2][4] = { { 0, 1, 0.98765, 1 } },
                 iou[2][4] = { { 0, 0, 0.6125 } }, iou_raw[2][4] = { { 0, 0.27125 } },
                 method[2][4] = { { 6.5 }, { 8.25 } };

    TRY(put_measure(s, "measures/int8/vs_fp32/same_top1", count, same, 5));
    TRY(put_measure(s, "measures/int8/vs_fp32/sign_flipped", count, flipped, 0.25));
    TRY(put_measure(s, "measures/int8/vs_fp32/rmse_raw", count, raw, 1));
    TRY(put_measure(s, "measures/int8/vs_fp32/rmse_resolved", count, resolved, 1));
    TRY(put_measure(s, "measures/int8/vs_fp32/rmse_aligned", count, aligned, 1));
    TRY(put_measure(s, "measures/int8/vs_fp32/ssim", count, ssim, 0.125));
    TRY(put_measure(s, "measures/int8/vs_fp32/rmse_layercam", count, method, 2));
    TRY(put_measure(s, "measures/int8/entropy_int", count, entropy, 0.25));
    TRY(put_measure(s, "measures/int8/entropy_real", count, real, 0.5));
    TRY(put_measure(s, "measures/int8/deletion_raw", curves, deletion, 0.125));
    TRY(put_measure(s, "measures/int8/insertion", curves, insertion, 0.0125));
    TRY(put_measure(s, "measures/int8/iou_raw", curves, iou_raw, 0.01));
    return put_measure(s, "measures/int8/iou", curves, iou, 0.01);
}

static status fill_summary(struct store *s)
{
    const double top1[2][4] = { { 91.25, 50, 60, 70 }, { 12.5, 0, 0, 0 } }, low[2][4] = { { 80.1 } },
                 high[2][4] = { { 99.9 } };
    const int64_t labelled[2][4] = { { 18, 2, 2, 2 }, { 0, 0, 0, 0 } },
                  bytes[3] = { 3 << 19, 1 << 19, 1 << 20 };
    const int64_t count[2][4] = { { 18, 2, 2, 2 }, { 18, 2, 2, 2 } }, boxed[2][4] = { { 0, 2, 2, 2 } };
    const int64_t total = 23, ok = 18, bad = 5, images[2] = { 50, 0 }, rows_bad[2] = { 5, 7 };
    /* Network 0, the raw subset in the raw sign, t = 0.2; the resolved subset in the resolved sign. */
    const double iou[2][4][2][5] = { { [1][1][1] = 0.27125, [2][0][1] = 0.6125, [2][0][3] = 0.525 } };
    const double found[2][4][2] = { { [2][0] = 61.75 } }, trivial[2][4][3] = { { [1] = { 0.5665 } } };
    const double seconds[2][4] = { { 0.00125, 0.001, 0.002, 0.0015 } };

    TRY(put(s, "/summary/accuracy/fp32/top1", top1));
    TRY(put(s, "/summary/accuracy/fp32/top1_low", low));
    TRY(put(s, "/summary/accuracy/fp32/top1_high", high));
    TRY(put(s, "/summary/accuracy/fp32/labelled", labelled));
    TRY(put(s, "/summary/accuracy/fp32/weights_bytes", bytes));
    TRY(put(s, "/summary/accuracy/int8/weights_bytes", bytes + 1));
    TRY(put(s, "/summary/subset/count", count));
    TRY(fill_histograms(s));
    TRY(fill_differences(s));
    TRY(fill_cross(s));
    TRY(fill_measures(s));
    TRY(put(s, "/summary/agreement/int8/images", count));
    TRY(put(s, "/summary/wsol/int8/images", boxed));
    TRY(put(s, "/summary/wsol/int8/iou_mean", iou));
    TRY(put(s, "/summary/wsol/int8/max_box_acc", found));
    TRY(put(s, "/summary/wsol_trivial/iou_mean", trivial));
    TRY(put(s, "/timing/alone/int8/inference_s", seconds));
    TRY(put(s, "/timing/alone/int8/images", images));
    TRY(put(s, "/summary/rows/bad", rows_bad));
    TRY(store_write(s, "/summary/images/total", 0, 1, &total));
    TRY(store_write(s, "/summary/images/ok", 0, 1, &ok));
    return store_write(s, "/summary/images/bad", 0, 1, &bad);
}

static void lay_out(struct fixture *f)
{
    f->plan.layout.methods = 2;
    snprintf(f->plan.layout.method[0], STORE_NAME, "layercam");
    snprintf(f->plan.layout.method[1], STORE_NAME, "ablation");
    snprintf(f->path[21], FIXTURE_PATH, "../outside.png");
    snprintf(f->path[20], FIXTURE_PATH, "\"><b>20&'.jpg");
    snprintf(f->plan.layout.network[1].name, STORE_NAME, "18.");
    f->plan.provenance = "data.images = /nonexistent\n"
                         "network.resnet18.fp32.sha256 = f37072fd01234567\n"
                         "network.resnet18.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n"
                         "network.18..pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n"
                         "data.labels = </pre><script>alert(1)</script>\n";
}

/* The table with this title has a row that begins so: its cells parted by one blank. */
static void has_row(const char *text, const char *title, const char *row)
{
    const char *at = strstr(text, title), *end = at ? strstr(at, "\n\nTable ") : NULL;

    for (; at && (!end || at < end); at = strchr(at, '\n')) {
        const char *cell = row;

        at += *at == '\n';
        while (*at && *at != '\n' && *at == *cell) {
            at += *at == ' ' ? strspn(at, " ") : 1;
            cell++;
        }
        if (*cell == '\0' && (*at == '\n' || *at == ' '))
            break;
    }
    CHECK_MSG(at && (!end || at < end), "%s: no row %s", title, row);
}

static void check_show(struct store_reader *r)
{
    struct text out = { .max = 1 << 20 };

    CHECK(report_show(r, 80, &out) == OK);
    HAS(out.data, "23 images, 18 good, 5 bad; 2 networks; "
                  "fp32 (real numbers), int8 (weights 4, outputs 8 bits)");
    HAS(out.data, "\n18. has no result for 2 of the good images: values that are not finite\n\n");
    CHECK(!strstr(out.data, "resnet18 has no result"));
    HAS(out.data, "\n  resnet18 in int8. ");
    /* Ours, the study's, the difference: top-1 of the first; the second network is none of the study's and
     * has no labels. */
    has_row(out.data, "Table 1. Accuracy and file size, whole set, fp32", "resnet18 91.250 69.758 +21.492");
    has_row(out.data, "Table 1. ", "18. no labels - - no labels -");
    has_row(out.data, "Table 2. ", "resnet18 no labels 69.494 - no labels");
    /* All: as published, the study, difference, corrected; below: the subset in the same order. */
    has_row(out.data, "Table 3. RMSE between the fp32 and the int8 map", "resnet18 10.500 29.220 -18.720");
    has_row(out.data, "Table 4. ", "resnet18 0.250 0.38 -0.130 7.250");
    has_row(out.data, "Table 10. ", "resnet18 43.755 0.496 +43.259 no images");
    has_row(out.data, "Table 10, WSOL. ", "resnet18 27.125 27.942 -0.817 61.250");
    has_row(out.data, "Figure 2. ", "resnet18 97.500 99.521 -2.021 86.250");
    /* Labelled images, top-1 with its interval. */
    has_row(out.data, "Accuracy\n", "resnet18 fp32 all 18 91.250 [80.100, 99.900] 0.000");
    has_row(out.data, "Agreement of the answers with those of fp32",
            "resnet18 int8 94.444 [89.444, 99.444] 0.000"); /* 17 of 18 */
    /* 2 seconds' quartiles round the median, in ms; 50 images; the second network was not timed. */
    has_row(out.data, "File size", "resnet18 int8 0.500 1.250 [1.000, 2.000] 0.000 [0.000, 0.000]");
    HAS(out.data, "not timed");
    HAS(out.data, "subsets only"); /* the whole set has no curves */
    HAS(out.data, "Differences, each precision less fp32");
    HAS(out.data, "-1.25 [-2.75, +0.25]");
    HAS(out.data, "0.0625"); /* McNemar's p */
    HAS(out.data, "image 4 is bad");
    text_free(&out);
}

static void check_file(const char *folder, const char *name, const char *piece)
{
    char path[700], *text = NULL;
    size_t size = 0;

    CHECK(text_path(path, sizeof path, folder, name) == OK);
    CHECK_MSG(text_read_file(path, 1 << 20, &text, &size) == OK, "%s", error_last()->text);
    if (text)
        HAS(text, piece);
    mem_free(text);
}

/* ---- the page -------------------------------------------------------------------------------------------
 */

static int is_void(const char *name)
{
    static const char *const list[] = { "meta", "img", "br" };

    for (size_t i = 0; i < COUNT_OF(list); i++)
        if (strcmp(name, list[i]) == 0)
            return 1;
    return 0;
}

/* From behind a '<': the tag's name; returns behind its '>', quotes respected. */
static const char *read_tag(const char *p, char name[32], int *closing, int *alone)
{
    size_t n = 0;
    char quote = 0;

    *closing = *p == '/';
    p += *closing;
    for (; isalnum((unsigned char)*p); p++)
        if (n < 31)
            name[n++] = (char)tolower((unsigned char)*p);
    name[n] = '\0';
    for (; *p && (quote || *p != '>'); p++)
        quote = quote ? (*p == quote ? 0 : quote) : *p == '"' ? '"' : 0;
    *alone = *p && p[-1] == '/';
    return *p ? p + 1 : p;
}

/* Every element that opens is closed, in order: what escapes missed would leave something over. */
static void check_tags(const char *page)
{
    static char open[256][32];
    int depth = 0, tags = 0;

    for (const char *p = strchr(page, '<'); p; p = strchr(p, '<')) {
        char name[32], end[40];
        int closing, alone;

        if (p[1] == '!') {
            p++;
            continue;
        }
        p = read_tag(p + 1, name, &closing, &alone);
        CHECK_MSG(name[0], "a '<' that opens nothing at %.40s", p);
        tags++;
        if (closing) {
            CHECK_MSG(depth > 0 && strcmp(open[depth - 1], name) == 0, "</%s> closes %s", name,
                      depth ? open[depth - 1] : "nothing");
            depth -= depth > 0;
        } else if (!alone && !is_void(name) && depth < 256) {
            snprintf(open[depth++], sizeof open[0], "%s", name);
        }
        snprintf(end, sizeof end, "</%s", name);
        if (!closing && (strcmp(name, "script") == 0 || strcmp(name, "style") == 0))
            p = strstr(p, end);
    }
    CHECK_MSG(depth == 0 && tags > 500, "%d left open of %d", depth, tags);
}

/* Where the text, escaped, stands from p on; p itself, and a failed check, where it does not. */
static const char *find(const char *p, const char *text, size_t length, const char *id)
{
    struct text plain = { .max = 4096 }, html = { .max = 4096 };
    const char *at;

    CHECK(text_add_bytes(&plain, text, length) == OK && markup_html(&html, length ? plain.data : "") == OK);
    at = strstr(p, html.size ? html.data : "");
    CHECK_MSG(at != NULL, "%s: no '%.*s'", id, (int)length, text);
    text_free(&plain);
    text_free(&html);
    return at ? at : p;
}

/* The page's table holds the grid's cells, in their order. */
static void check_grid(const char *page, const struct grid *g)
{
    char id[96];
    const char *p;

    snprintf(id, sizeof id, "<table id=\"%s\">", g->id);
    p = strstr(page, id);
    CHECK_MSG(p != NULL, "no table %s", g->id);
    for (int r = 0; p && r < g->rows; r++)
        for (int c = 0; c < g->columns; c++) {
            const char *cell = grid_cell(g, r, c)->text;
            const char *split = grid_cell(g, r, c)->kind == CELL_INTERVAL ? strstr(cell, " [") : NULL;

            p = find(p, cell, split ? (size_t)(split - cell) : strlen(cell), g->id);
            if (split)
                p = find(p, split + 1, strlen(split + 1), g->id);
        }
}

static void check_page(struct store_reader *r, const char *folder)
{
    struct tables t;
    char path[700], *page = NULL, *latex = NULL;
    size_t size = 0;

    CHECK(text_path(path, sizeof path, folder, "report.html") == OK);
    CHECK_MSG(text_read_file(path, 16 << 20, &page, &size) == OK, "%s", error_last()->text);
    CHECK(text_path(path, sizeof path, folder, "tables.tex") == OK);
    CHECK(text_read_file(path, 1 << 20, &latex, &size) == OK);
    CHECK(tables_read(r, &t) == OK);
    if (!page || !latex)
        return;
    check_tags(page);
    for (int i = 0; i < t.grids; i++)
        check_grid(page, t.grid[i]);
    HAS(page, "default-src 'none'; script-src 'sha256-");
    CHECK(!strstr(page, "http://") && !strstr(page, "https://") && !strstr(page, "<b>20"));
    CHECK(!strstr(page, "<script>alert") && !strstr(page, "NaN") && !strstr(page, "nan,"));
    HAS(page, "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;");
    HAS(page, "data:image/jpeg;base64,/9j/");
    HAS(page, "<code>&quot;&gt;&lt;b&gt;20&amp;&#39;.jpg</code>");
    HAS(page, "The picture was not found");
    /* ours 91.250 of the study's 69.758 */
    HAS(page, "<td>91.250</td><td>69.758</td><td>+21.492</td>");
    HAS(page, "<b>Accuracy</b> (top-1 of 18 labelled pictures): 91.25 % in fp32, 0.00 % in int8: "
              "-1.25 points [-2.75, +0.25], McNemar&#39;s p = 0.062: no change that can be told from "
              "chance.");
    /* Of the control, in points. */
    HAS(page,
        "<b>Map or confidence</b> (int8&#39;s map less fp32&#39;s, both on one network, the same pictures): "
        "on fp32&#39;s deletion -5.00 points [-7.00, -3.00], insertion +3.00 points [+2.00, +4.00]; on "
        "int8&#39;s deletion +0.00 points [+0.00, +0.00], insertion -5.00 points [-11.00, +1.00]; too few "
        "pictures to tell.</li>");
    HAS(page, "<b>Deletion</b> (lower is more faithful; 2 pictures drawn at random)");
    HAS(page, ", too few pictures to tell.</li>");
    HAS(page, "<b>Cost</b>: weights 1.50 MiB in fp32, 0.50 in int8, 3.0 times smaller.");
    HAS(page, "There is none: no image of the aligned selections");
    HAS(page, ">tench, Tinca tinca <span");
    HAS(page, ">answers changed, %</text>"); /* the first screen's figure */
    HAS(page, "<title>int8: -1.25 [-2.75, +0.25], 18 images</title>");
    HAS(latex, "\\end{document}");
    HAS(latex, "$-$1.25 [$-$2.75, +0.25]");
    HAS(latex, "\\caption{Accuracy and file size, whole set, fp32 (the study's Table 1)}");
    HAS(latex, "\\multicolumn{3}{c}{top-{}1, \\%}");
    HAS(latex, "\\cmidrule(lr){2-4}");
    tables_free(&t);
    mem_free(page);
    mem_free(latex);
}

/* The gallery stops at its bound and says how many it left out. */
static void check_bound(struct store_reader *r)
{
    struct report_options options = { .folder = "", .pictures = 16 };
    struct report_summary all = { 0 }, some = { 0 };
    struct text whole = { .max = 1 << 22 }, part = { .max = 1 << 22 };

    CHECK(html_gallery(r, &options, 1 << 20, &all, &whole) == OK);
    CHECK(html_gallery(r, &options, 16000, &some, &part) == OK);
    CHECK_MSG(some.page_pictures > 0 && some.page_pictures < all.page_pictures, "%d of %d",
              some.page_pictures, all.page_pictures);
    CHECK(part.size < 16000 + 4000 && part.size < whole.size);
    HAS(part.data, " more would have made the page too large");
    CHECK(!strstr(whole.data, "too large"));
    text_free(&whole);
    text_free(&part);
}

static void check_written(struct store_reader *r, const char *folder)
{
    static const char list[] = "n01440764 tench, Tinca tinca\n  a name, given \r\n\nlast";
    char out[620], other[620], picture[700];
    uint8_t rgb[12] = { 0 };
    const struct image grey = { 2, 2, rgb };
    struct image_names names;
    struct report_options options = { .folder = out, .pictures = 16, .names = &names };
    struct report_summary summary;
    struct image png = { 0 };

    snprintf(out, sizeof out, "%s/names", folder);
    CHECK(text_write_file(out, list, sizeof list - 1) == OK && image_names_read(out, &names) == OK);
    CHECK(names.count == 4 && strcmp(image_name(&names, 1), "a name, given") == 0);
    CHECK(!image_name(&names, 2) && !image_name(&names, 4) && !image_name(&names, -1));
    snprintf(out, sizeof out, "%s/report", folder);
    CHECK_MSG(report_write(r, &options, &summary) == OK, "%s", error_last()->text);
    CHECK_MSG(summary.tables == 25, "%d tables", summary.tables);
    CHECK(summary.pictures == 4 &&
          summary.missing == 4); /* 2 a network; their files do not exist: maps alone */
    HAS(summary.first_missing, "/nonexistent");
    check_page(r, out);
    check_bound(r);
    check_file(out, "rogers2023_table_1.csv",
               "resnet18,91.250,69.758,+21.492,0.000,89.078,-89.078,1.500,44.661,");
    check_file(out, "rogers2023_table_3.csv",
               "resnet18,10.500,29.220,-18.720,4.125,140.000,148.001,-8.001,1.000,18");
    check_file(out, "rogers2023_table_4.csv", "resnet18,0.250,0.38,-0.130,7.250,8.125,no images,8.362,-,");
    check_file(out, "rogers2023_table_8.csv", "resnet18,0.0013,0.023,-0.0217,");
    check_file(out, "rogers2023_table_11_wsol.csv", "resnet18,no boxes,27.840,-,no boxes,no boxes,0");
    check_file(out, "rogers2023_figure_2.csv", "resnet18,97.500,99.521,-2.021,86.250,85.000,2");
    check_file(out, "rogers2023_figure_2.csv", "18.,-,-,-,-,-,0");
    check_file(out, "accuracy.csv", "resnet18,fp32,all,18,\"91.250 [80.100, 99.900]\",0.000");
    check_file(out, "pairs.csv",
               "resnet18,SSIM,int8,\"0.5000 [0.3750, 0.6250]\",\"0.2500 [0.1250, 0.3750]\",");
    check_file(out, "pairs.csv", "resnet18,\"opposite, %\",int8,\"50.00 [25.00, 75.00]\",\"100.00 [");
    check_file(out, "measures.csv",
               "resnet18,\"entropy, bit\",int8,\"7.900 [7.400, 8.400]\",\"7.500 [7.000, 8.000]\",");
    check_file(out, "measures.csv",
               "resnet18,\"insertion, %\",int8,subsets only,\"100.000 [98.750, 101.250]\",\"98.765 [");
    check_file(out, "localization.csv", "resnet18,int8,aligned,aligned,0.00,61.25,0.00,52.50,0.00,61.75,");
    check_file(out, "localization.csv", "resnet18,int8,raw,raw,0.00,27.12,");
    check_file(out, "localization.csv", "18.,int8,aligned,aligned,no boxes,");
    check_file(out, "localization.csv", "resnet18,-,whole frame,all,,no boxes,");
    check_file(out, "cross.csv", "resnet18,int8,fp32,aligned,");
    check_file(out, "cross.csv", ",12.345,\"-3.000 [-5.000, -1.000]\",");
    check_file(out, "cross.csv", ",\"+2.000 [+1.000, +3.000]\",int8 / int8,2");
    check_file(out, "cross.csv", ",98.765,\"-3.000 [-9.000, +3.000]\",- / open,0");
    check_file(out, "cross.csv", "+0.000 [one image],- / -,1");
    check_file(out, "pairs.csv", "18.,\"RMSE, layercam\",int8,\"8.250 [6.250, 10.250]\",");
    check_file(out, "histogram.csv", "resnet18,int8,97.500,87.500,96.250,86.250,95.000,85.000");
    check_file(out, "values.csv", "accuracy,resnet18,fp32,top1,all,91.25,80.1,99.9");
    check_file(out, "values.csv", "pairs,resnet18,int8,ssim,raw,0.25,0.125,0.375");
    check_file(out, "report.md", "(figures/histogram_1.svg)");
    check_file(out, "report.md", "**resnet18** in int8. ");
    check_file(out, "report.md", "\n- Accuracy (top-1 of 18 labelled pictures): 91.25 %");
    check_file(out, "report.json", "\"Accuracy (top-1 of 18 labelled pictures): 91.25 %");
    check_file(out, "figures/rmse_1.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    check_file(out, "figures/rmse_2.svg", "<title>18.</title>");
    check_file(out, "figures/margin_1.svg", "</svg>\n");
    check_file(out, "figures/summary_2.svg", "<title>18.</title>");
    check_file(out, "report.json", "\"words\": \"");
    check_file(out, "figures/histogram_1.svg", ">Dice 97.500 %<");
    check_file(out, "figures/histogram_1.svg", "the study 99.521 %");
    check_file(out, "figures/histogram_2.svg", ">Dice 86.250 %<");
    /* 100 is log10(200) of the log10(2000) from a half to 1,000: bin 7 rises from 212 to 94.9 of the plot's
     * 168. */
    check_file(out, "figures/histogram_1.svg", "V212.0H62.8V94.9H64.3V212.0");
    check_file(out, "report.md", "| resnet18 | 10.500 | 29.220 | -18.720 | 4.125 |");
    check_file(out, "report.md", "4 pictures could not be read");
    check_file(out, "report.json", "\"total\": 23");
    check_file(out, "report.json", "{\"value\": 91.25, \"low\": 80.1, \"high\": 99.9, ");
    check_file(out, "report.json", "\"no labels\"");
    check_file(out, "bad_images.csv", "image 9 is bad");
    /* Bad rows are not ranked: of 0..22 the largest RMSE that is good is image 22, then 21. */
    check_file(out, "report.json", "c1/i022.jpg");
    check_file(out, "report.json", "\"18.\""); /* a network may be called so: no number of JSON's */
    snprintf(picture, sizeof picture, "%s/gallery/resnet18_top01.png", out);
    CHECK(image_read(picture, &png) == OK && png.height == 8 && png.width == 8 + 2 * 12);
    image_free(&png);

    /* A picture outside the folder is not looked at, even where the result names one that is there. */
    snprintf(out, sizeof out, "%s/pictures", folder);
    snprintf(picture, sizeof picture, "%s/outside.png", folder);
    options.images = out;
    options.folder = other;
    snprintf(other, sizeof other, "%s/report", folder);
    CHECK(mkdir(out, 0777) == 0 && image_write_png(picture, &grey) == OK);
    CHECK(report_write(r, &options, &summary) == OK && summary.missing == 4);
    image_names_free(&names);
}

static void check_report(struct store_reader *r, const char *folder)
{
    check_show(r);
    check_written(r, folder);
}

int main(int argc, char **argv)
{
    return report_fixture_run(argc, argv,
                              &(struct report_test){ "test_report", lay_out, fill_summary, check_report });
}
