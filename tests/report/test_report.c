#include "image.h"
#include "report.h"
#include "report/collect.h"
#include "report/html_parts.h"
#include "report/markup.h"
#include "report/study.h"
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

static status fill_differences(struct store *s)
{
    const int64_t images[2][4] = { { 18, 2, 2, 2 } }, curves[2][4] = { { 0, 2, 2, 2 } };
    const double top1[2][4] = { { -1.25, 2 } }, low[2][4] = { { -2.5 } }, high[2][4] = { { 0.5 } };
    const double p[2][4] = { { 0.0625, 1 } }, rmse[2][4][3] = { { { 9.5 } } };

    TRY(put(s, "/summary/difference/int8/top1/images", images));
    TRY(put(s, "/summary/difference/int8/top1/difference", top1));
    TRY(put(s, "/summary/difference/int8/top1/low", low));
    TRY(put(s, "/summary/difference/int8/top1/high", high));
    TRY(put(s, "/summary/difference/int8/top1/p", p));
    TRY(put(s, "/summary/difference/int8/deletion/images", curves));
    return put(s, "/summary/rmse/int8/mean_low", rmse);
}

/* The first network's resolved subset: on fp32 int8's map is better in both, on int8 nothing is sure. */
static status fill_cross(struct store *s)
{
    const double area[2][4] = { { [2] = 0.12345 } }, less[2][4] = { { [2] = -0.03, [3] = -0.05 } },
                 low[2][4] = { { [2] = -0.04, [3] = -0.0625 } },
                 high[2][4] = { { [2] = -0.01, [3] = -0.02 } }, more[2][4] = { { [2] = 0.02, [3] = 0.03 } };
    const int64_t images[2][4] = { { 0, 2, 2, 2 }, { 0, 2, 1, 2 } };

    TRY(put(s, "/summary/cross/int8/deletion_int8_on_fp32", area));
    TRY(put(s, "/summary/difference/int8/deletion_on_fp32/images", images));
    TRY(put(s, "/summary/difference/int8/deletion_on_fp32/difference", less));
    TRY(put(s, "/summary/difference/int8/deletion_on_fp32/low", low));
    TRY(put(s, "/summary/difference/int8/deletion_on_fp32/high", high));
    TRY(put(s, "/summary/difference/int8/insertion_on_fp32/images", images));
    TRY(put(s, "/summary/difference/int8/insertion_on_fp32/low", more));
    TRY(put(s, "/summary/difference/int8/insertion_on_fp32/high", more));
    TRY(put(s, "/summary/difference/int8/insertion_on_int8/images", images));
    return put(s, "/summary/difference/int8/insertion_on_int8/low", low);
}

static status fill_summary(struct store *s)
{
    const double top1[2][4] = { { 91.25, 50, 60, 70 }, { 12.5, 0, 0, 0 } }, low[2][4] = { { 80.1 } },
                 high[2][4] = { { 99.9 } };
    const double mean[2][4][3] = { { { 10.5, 5.25, 4.125 }, { 140.0, 1, 1 }, { 1, 33.5, 1 } } };
    const int64_t labelled[2][4] = { { 18, 2, 2, 2 }, { 0, 0, 0, 0 } }, flipped[2][4] = { { 9, 2, 0, 0 } };
    const int64_t count[2][4] = { { 18, 2, 2, 2 }, { 18, 2, 2, 2 } };
    const int64_t bytes[3] = { 3 << 19, 1 << 19, 1 << 20 };
    const int64_t same[2][4] = { { 17 } }, total = 23, ok = 18, bad = 5, images[2] = { 50, 0 };
    const int64_t rows_bad[2] = { 5, 7 };
    const double ssim[2][4] = { { 0.5, 0.25, 0.125, 1 } };
    const double entropy[2][4] = { { 1.5, 0.25, 3, 4 } }, real[2][4] = { { 7.9, 7.5, 7.25, 8.125 } };
    const int64_t curves[2][4] = { { 0, 2, 2, 2 }, { 0, 2, 1, 2 } };
    const double deletion[2][4] = { { 0, 0.43755, 1, 1 } }, insertion[2][4] = { { 0, 1, 0.98765, 1 } };
    const double method[2][4][2] = { { { 6.5, 7.75 } }, { { 8.25, 9.125 } } };
    const double correlation[2][4] = { { 0.75 } };
    /* Network 0, the raw subset in the raw sign, t = 0.2; the resolved subset in the resolved sign. */
    const double iou[2][4][2][5] = { { [1][1][1] = 0.27125, [2][0][1] = 0.6125, [2][0][3] = 0.525 } };
    const double sd[2][4][2][5] = { { [1][1][1] = 0.05 } }, found[2][4][2] = { { [2][0] = 61.75 } };
    const double difference[2][4][2] = { { [1][1] = -0.0135 } }, trivial[2][4][3] = { { [1] = { 0.5665 } } };
    const double seconds[2][4] = { { 0.00125, 0.001, 0.002, 0.0015 } };

    TRY(put(s, "/summary/accuracy/fp32/top1", top1));
    TRY(put(s, "/summary/accuracy/fp32/top1_low", low));
    TRY(put(s, "/summary/accuracy/fp32/top1_high", high));
    TRY(put(s, "/summary/accuracy/fp32/labelled", labelled));
    TRY(put(s, "/summary/accuracy/fp32/weights_bytes", bytes));
    TRY(put(s, "/summary/accuracy/int8/weights_bytes", bytes + 1));
    TRY(put(s, "/summary/rmse/int8/mean", mean));
    TRY(put(s, "/summary/rmse/int8/sign_flipped", flipped));
    TRY(put(s, "/summary/subset/count", count));
    TRY(put(s, "/summary/activation/int8/entropy_int", entropy));
    TRY(put(s, "/summary/comparison/int8/ssim", ssim));
    TRY(fill_histograms(s));
    TRY(fill_differences(s));
    TRY(fill_cross(s));
    TRY(put(s, "/summary/activation/int8/entropy_real", real));
    TRY(put(s, "/summary/methods/int8/rmse_mean", method));
    TRY(put(s, "/summary/rmse/int8/correlation", correlation));
    TRY(put(s, "/summary/agreement/int8/images", count));
    TRY(put(s, "/summary/agreement/int8/same_top1", same));
    TRY(put(s, "/summary/curves/int8/images", curves));
    TRY(put(s, "/summary/curves/int8/deletion_raw", deletion));
    TRY(put(s, "/summary/curves/int8/insertion", insertion));
    TRY(put(s, "/summary/wsol/int8/images", curves));
    TRY(put(s, "/summary/wsol/int8/iou_mean", iou));
    TRY(put(s, "/summary/wsol/int8/iou_sd", sd));
    TRY(put(s, "/summary/wsol/int8/max_box_acc", found));
    TRY(put(s, "/summary/wsol/int8/vs_fp32/difference", difference));
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
                         "network.resnet18.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n"
                         "network.18..pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n"
                         "data.labels = </pre><script>alert(1)</script>\n";
}

/* The table with this title has this row: its cells parted by one blank. */
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
        at += strspn(at, " ");
        if (*cell == '\0' && *at == '\n')
            break;
    }
    CHECK_MSG(at && (!end || at < end), "%s: no row %s", title, row);
}

static void check_show(struct store_reader *r)
{
    struct text out = { .max = 1 << 20 };

    CHECK(report_show(r, 80, &out) == OK);
    HAS(out.data, "23 images, 18 good, 5 bad; 2 networks; fp32 int8");
    HAS(out.data, "\n18. has no result for 2 of the good images: values that are not finite\n\n");
    CHECK(!strstr(out.data, "resnet18 has no result"));
    HAS(out.data, "\n  resnet18 in int8. ");
    HAS(out.data, "Table 1. Accuracy and file size, whole set, fp32");
    /* Top-1 and its interval; none of top-5; 3 << 19 bytes in MiB; the published two. The second has no
     * labels. */
    has_row(out.data, "Table 1. ", "resnet18 91.250 80.10-99.90 0.000 1.500 69.758 89.078");
    has_row(out.data, "Table 1. ", "18. no labels no labels 0.500 - -");
    has_row(out.data, "Table 2. ", "resnet18 no labels no labels 0.500 69.494 88.882");
    /* Raw, resolved, aligned of all; 9 of 18 flipped; the subsets by their own readings. Below: 2 of 2 of the
     * raw subset flipped, what was published, images. */
    has_row(out.data, "Table 3. RMSE between the fp32 and the int8 map",
            "resnet18 10.500 5.250 4.125 50.00 140.000 33.500");
    has_row(out.data, "Table 3. RMSE between the fp32 and the int8 map",
            "resnet18 100.00 29.220 148.001 18 2");
    has_row(out.data, "Table 3. RMSE between the fp32 and the int8 map", "18. 0.00 - - 18 2");
    has_row(out.data, "Table 4. ", "resnet18 integers raw 2 0.250 0.000 0.000");
    has_row(out.data, "Table 4. ", "resnet18 real resolved 2 7.250 0.000 0.000");
    HAS(out.data, "1.250"); /* ms */
    HAS(out.data, "not timed");
    HAS(out.data, "94.444"); /* 17 of 18 agree */
    HAS(out.data, "Table 10. Deletion and insertion, int8");
    HAS(out.data, "43.755");       /* the raw subset in LAPACK's sign */
    HAS(out.data, "98.765");       /* the resolved subset */
    HAS(out.data, "9.244");        /* published, ResNet18's insertion */
    HAS(out.data, "subsets only"); /* the whole set has no curves */
    HAS(out.data, "logits not finite): 1.");
    HAS(out.data, "Table 10, WSOL.");
    HAS(out.data, "27.942"); /* published, ResNet18 */
    HAS(out.data, "Differences, int8 less fp32");
    HAS(out.data, "-1.25 [-2.50, +0.50]");
    HAS(out.data, "0.0625"); /* McNemar's p */
    HAS(out.data, "10.500 [9.500, 0.000]");
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
    char id[64];
    const char *p;

    snprintf(id, sizeof id, "<table id=\"%s\">", g->id);
    p = strstr(page, id);
    CHECK_MSG(p != NULL, "no table %s", g->id);
    for (int r = 0; p && r < g->rows; r++)
        for (int c = 0; c < g->columns; c++) {
            const char *cell = grid_cell(g, r, c), *split = strstr(cell, " [");

            p = find(p, cell, split ? (size_t)(split - cell) : strlen(cell), g->id);
            if (split)
                p = find(p, split + 1, strlen(split + 1), g->id);
        }
}

static void check_page(struct store_reader *r, const char *folder)
{
    static struct collect c;
    char path[700], *page = NULL, *latex = NULL;
    size_t size = 0;

    CHECK(text_path(path, sizeof path, folder, "report.html") == OK);
    CHECK_MSG(text_read_file(path, 16 << 20, &page, &size) == OK, "%s", error_last()->text);
    CHECK(text_path(path, sizeof path, folder, "tables.tex") == OK);
    CHECK(text_read_file(path, 1 << 20, &latex, &size) == OK);
    CHECK(collect_tables(r, &c) == OK && study_collect(&c) == OK);
    if (!page || !latex)
        return;
    check_tags(page);
    for (int i = 0; i < c.grids; i++)
        check_grid(page, &c.grid[i]);
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
              "-1.25 points [-2.50, +0.50], McNemar&#39;s p = 0.062: no change that can be told from "
              "chance.");
    /* Of the control, in points. */
    HAS(page,
        "<b>Map or confidence</b> (int8&#39;s map less fp32&#39;s, both on one network, the same pictures): "
        "on fp32&#39;s deletion -5.00 points [-6.25, -2.00], insertion +0.00 points [+3.00, +3.00]; on "
        "int8&#39;s deletion +0.00 points [+0.00, +0.00], insertion +0.00 points [-6.25, +0.00]; too few "
        "pictures to tell.</li>");
    HAS(page, "<b>Deletion</b> (lower is more faithful; 2 pictures drawn at random)");
    HAS(page, ", too few pictures to tell.</li>");
    HAS(page, "<b>Cost</b>: weights 1.50 MiB in fp32, 0.50 in int8, 3.0 times smaller.");
    HAS(page, "There is none: no image of the selection");
    HAS(page, ">tench, Tinca tinca <span");
    HAS(page, "<td>18</td></tr>"); /* table 1's count of images */
    HAS(latex, "\\end{document}");
    HAS(latex, "$-$1.25 [$-$2.50, +0.50]");
    HAS(latex, "\\caption{Accuracy and file size, whole set, fp32 (the study's Table 1)}");
    HAS(latex, "\\multicolumn{3}{c}{RMSE}");
    HAS(latex, "\\cmidrule(lr){2-4}");
    collect_free(&c);
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
    CHECK(summary.tables == 37);
    CHECK(summary.pictures == 4 &&
          summary.missing == 4); /* 2 a network; their files do not exist: maps alone */
    HAS(summary.first_missing, "/nonexistent");
    check_page(r, out);
    check_bound(r);
    check_file(out, "table_1.csv", "resnet18,91.250,80.10-99.90,0.000,1.500,69.758,89.078,44.661");
    check_file(out, "comparison.csv", "resnet18,raw,2,0.0000,0.0000,0.0000,0.2500,");
    check_file(out, "figure_2.csv", "resnet18,97.500,87.500,96.250,86.250,95.000,85.000,99.521");
    check_file(out, "figure_2.csv", "18.,-,-,-,-,-,-,-");
    check_file(out, "report.md", "(figure_2.svg)");
    check_file(out, "report.md", "**resnet18** in int8. ");
    check_file(out, "report.md", "\n- Accuracy (top-1 of 18 labelled pictures): 91.25 %");
    check_file(out, "report.json", "\"Accuracy (top-1 of 18 labelled pictures): 91.25 %");
    check_file(out, "figures/rmse_1.svg", "<svg xmlns=\"http://www.w3.org/2000/svg\"");
    check_file(out, "figures/rmse_2.svg", "<title>18.</title>");
    check_file(out, "figures/margin_1.svg", "</svg>\n");
    check_file(out, "report.json", "\"words\":\t\"");
    check_file(out, "figure_2.svg", ">Dice 97.500 %<");
    check_file(out, "figure_2.svg", "the study 99.521 %");
    check_file(out, "figure_2.svg", ">Dice 86.250 %<");
    /* 100 is 2.5 of the 3.5 half-open decades: bin 7 rises from 150 to 42.9. */
    check_file(out, "figure_2.svg", "V150.0H10.5V42.9H12.0V150.0");
    check_file(out, "table_4.csv", "resnet18,the study,its subset,,0.38,8.362,48.589");
    check_file(out, "table_4.csv", "resnet18,integers,raw,2,0.250,");
    check_file(out, "methods.csv", "layercam,ablation");
    check_file(out, "methods.csv", "resnet18,mean RMSE,5.250,6.500,7.750");
    check_file(out, "methods.csv", "resnet18,correlation,0.750,0.000,0.000");
    check_file(out, "methods.csv", "18.,mean RMSE,0.000,8.250,9.125");
    check_file(out, "table_4.csv", "resnet18,real,resolved,2,7.250,");
    check_file(out, "table_4.csv", "resnet18,integers,all,18,1.500,");
    check_file(out, "table_10_wsol.csv", "resnet18,the study,its subset,,27.942,");
    check_file(out, "table_10_wsol.csv", "resnet18,raw,raw,2,27.125,20.20-34.05,56.650,0.000,0.000,-1.350,");
    check_file(out, "table_10_wsol.csv", "resnet18,resolved,all,0,no boxes,");
    check_file(out, "table_11_wsol.csv", "resnet18,the study,its subset,,27.840,");
    check_file(out, "wsol_int8.csv", "resnet18,resolved,resolved,2,0.00,61.25,0.00,52.50,0.00,61.75,");
    check_file(out, "cross.csv", "resnet18,fp32,resolved,2,0.000,12.345,\"-3.000 [-4.000, -1.000]\",");
    check_file(out, "cross.csv", ",int8 / int8");
    check_file(out, "cross.csv", "resnet18,int8,resolved,2,0.000,0.000,");
    check_file(out, "cross.csv", "[-4.000, +0.000]\",open / open");
    check_file(out, "cross.csv", "18.,fp32,resolved,1,");
    check_file(out, "table_5.csv", "resnet18,real,all,18,0.000,");
    check_file(out, "report.md", "| resnet18 | 10.500 | 5.250 | 4.125 | 50.00 |");
    check_file(out, "report.md", "4 pictures could not be read");
    check_file(out, "report.json", "\"total\":\t23");
    check_file(out, "report.json", "91.250");
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
