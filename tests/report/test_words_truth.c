/* A result that compares maps with a truth: tables, order of networks, sentences, boxes, figures, from
 * numbers set by hand. */
#include "report/words.h"

#include "report/gaze.h"
#include "report/study.h"
#include "report/tables.h"
#include "report_fixture.h"

enum { VGG, MOBILE, NETWORKS, SETS = 4 };
enum { FP32, INT8, INT16, PAPER2, PRECISIONS };

static void lay_out(struct fixture *f)
{
    static const char *const name[PRECISIONS] = { "fp32", "int8", "int16", "paper2" };
    struct store_layout *l = &f->plan.layout;

    l->precisions = PRECISIONS;
    for (int p = 2; p < PRECISIONS; p++) {
        l->precision[p] = l->precision[1];
        for (int k = 0; k < 2; k++)
            l->network[k].q[p] = l->network[k].q[1];
    }
    for (int p = 0; p < PRECISIONS; p++)
        snprintf(l->precision[p].name, STORE_NAME, "%s", name[p]);
    snprintf(l->network[VGG].name, STORE_NAME, "vgg16");
    l->truths = 1;
    l->methods = 2;
    snprintf(l->method[0], STORE_NAME, "gradcampp");
    snprintf(l->method[1], STORE_NAME, "gradcampp-torchcam");
    f->plan.provenance = "data.images = /nonexistent\n"
                         "saliency.density = sr-center\n"
                         "network.vgg16.fp32.sha256 = 397923af00112233\n"
                         "network.mobilenet_v2.fp32.sha256 = 00112233\n"
                         "network.vgg16.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n"
                         "network.mobilenet_v2.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n";
}

/* A value of the whole set of both networks, in every other set 0: mean, interval of +-width, deviation 0.5.
 */
static status put(struct store *s, const char *group, double vgg, double mobile, double width, int difference)
{
    static const char *const name[] = { "mean", "low", "high", "sd" };
    int64_t images[2][SETS] = { { 100 }, { 100 } };
    char path[256];

    for (int i = 0; i < (difference ? 3 : 4); i++) {
        double off = i == 1 ? -width : i == 2 ? width : 0;
        double v[2][SETS] = { { i == 3 ? 0.5 : vgg + off }, { i == 3 ? 0.5 : mobile + off } };

        snprintf(path, sizeof path, "%s/%s", group, difference && i == 0 ? "difference" : name[i]);
        TRY(store_write(s, path, 0, 2, v));
    }
    snprintf(path, sizeof path, "%s/images", group);
    return store_write(s, path, 0, 2, images);
}

#define MEASURES "/summary/measures/"
static status fill(struct store *s)
{
    TRY(put(s, MEASURES "fp32/truth_cc_gradcampp", 0.25, 0.5, 0.02, 0));
    TRY(put(s, MEASURES "int8/truth_cc_gradcampp", 0.375, 0.4375, 0.02, 0));
    TRY(put(s, MEASURES "fp32/truth_cc_eigen", 0.125, 0.25, 0.02, 0));
    TRY(put(s, MEASURES "fp32/truth_sim_gradcampp", 0.5, 0.5, 0.01, 0));
    TRY(put(s, MEASURES "fp32/truth_sim_gradcampp-torchcam", 0.46875, 0.5, 0.01, 0));
    TRY(put(s, MEASURES "paper2/truth_sim_gradcampp-torchcam", 0.75, 0.5, 0.01, 0));
    TRY(put(s, MEASURES "paper2/truth_cc_gradcampp-torchcam", 0.3125, 0.5, 0.01, 0));
    TRY(put(s, MEASURES "int8/vs_fp32/cc_gradcampp", 0.9375, 0.75, 0.01, 0));
    TRY(put(s, MEASURES "int16/vs_fp32/cc_gradcampp", 1, 0.9990234375, 0.01, 0));
    TRY(put(s, MEASURES "int16/vs_fp32/cc_gradcampp-torchcam", 1, 1, 0.01, 0));
    TRY(put(s, MEASURES "fp32/blank_gradcampp", 0.02, 0, 0, 0));
    TRY(put(s, "/summary/difference/int8/truth_cc_gradcampp", 0.125, -0.0625, 0.03125, 1));
    TRY(put(s, "/summary/difference/int16/truth_cc_gradcampp", 0.015625, 0, 0.03125, 1));
    TRY(put(s, "/summary/baselines/center/truth_cc", 0.3125, 0.3125, 0.015625, 0));
    return put(s, "/summary/baselines/shuffled/truth_cc", 0.125, 0.125, 0.015625, 0);
}

static const struct cell *cell_at(const struct grid *g, int row, const char *head, const char *unit)
{
    static const struct cell none;
    const char *group = "";

    for (int c = 0; g && c < g->columns; c++) {
        group = g->head[c][0] ? g->head[c] : group;
        if (strcmp(group, head) == 0 && strcmp(g->unit[c], unit) == 0)
            return grid_cell(g, row, c);
    }
    CHECK_MSG(0, "%s: no column %s, %s", g ? g->id : "no table", head, unit);
    return &none;
}

#define IS(grid, row, head, unit, text_)                                                                     \
    CHECK_MSG(strcmp(cell_at(grid, row, head, unit)->text, text_) == 0, "%s, %s: \"%s\"", head, unit,        \
              cell_at(grid, row, head, unit)->text)

/* Rows: three maps in four precisions, the centre, another's truth; of the first network. */
static void check_density(const struct grid *g)
{
    CHECK(g && g->rows == 2 * (3 * PRECISIONS + 2));
    IS(g, 4, "map", "", "gradcampp");
    IS(g, 4, "CC", "mean", "0.2500 [0.2300, 0.2700]");
    IS(g, 4, "CC", "deviation", "0.5000");
    IS(g, 5, "precision", "", "int8");
    IS(g, 5, "CC", "less fp32", "+0.1250 [+0.0938, +0.1562]");
    IS(g, 12, "map", "", "the centre");
    IS(g, 12, "precision", "", "-");
    IS(g, 12, "CC", "mean", "0.312 [0.297, 0.328]");
    IS(g, 13, "map", "", "another's truth");
    IS(g, 13, "CC", "deviation", "0.500");
}

/* The study's numbers stand beside the network that is known, its impossible ones without a difference. */
static void check_published(const struct tables *t)
{
    const struct grid *g = tables_find(t, "kerkouri2024_f32_gt");

    CHECK(g && g->rows == 2);
    IS(g, 0, "SIM", "as published", "0.4688 +- 0.5000");
    IS(g, 0, "SIM", "the study", "0.485 +- 0.093");
    IS(g, 0, "SIM", "difference", "-0.0162");
    IS(g, 0, "SIM", "corrected", "0.5000 +- 0.5000");
    IS(g, 1, "SIM", "the study", "other weights");
    IS(g, 1, "SIM", "difference", "other weights");
    HAS(g->note, "other weights: ");
    CHECK(!strstr(g->note, "[a]"));
    g = tables_find(t, "kerkouri2024_int8_gt");
    IS(g, 0, "SIM", "as published", "0.7500 +- 0.5000"); /* paper2's, not int8's */
    IS(g, 0, "SIM", "the study", "0.694 +- 0.269 [a]");
    IS(g, 0, "SIM", "difference", "-");
    IS(g, 0, "CC", "the study", "0.300 +- 0.231");
    IS(g, 0, "CC", "difference", "+0.0125");
    HAS(g->note, "[a] cannot be: SIM jumps");
    g = tables_find(t, "kerkouri2024_int16_f32");
    IS(g, 0, "CC", "the study", "0.878 +- 0.163 [b]");
    HAS(g->note, "[b] is not what 16 bits do");
    g = tables_find(t, "kerkouri2024_sensitivity");
    CHECK(g && g->rows == 3);
    IS(g, 0, "corrected", "1 - CC", "0.0625");
    IS(g, 0, "corrected", "rank", "2");
    IS(g, 1, "corrected", "1 - CC", "0.2500");
    IS(g, 1, "corrected", "rank", "1");
    IS(g, 0, "the study", "1 - CC", "0.1250");
    IS(g, 0, "the study", "rank", "1"); /* of the networks that stand here */
    IS(g, 1, "the study", "rank", "-");
    IS(g, 2, "corrected", "rank", "too few");
}

static void check_words(struct store_reader *r)
{
    static const char *const said[] = {
        "Maps (gradcampp) and predicted saliency (sr-center), 100 pictures: in fp32 they correlate at 0.250 "
        "to 0.500; "
        "the bare centre reaches 0.312.",
        "Quantization: of 4 pairs of a network and a precision the map agrees less with the truth than "
        "fp32's in 1, "
        "more in 1, and shows no change that can be told from chance in 2; the largest change of the "
        "correlation is "
        "+0.125 [+0.094, +0.156], of vgg16 in int8.",
        "Centre: in fp32 the maps of 1 of 2 networks agree better with the truth than a Gaussian about the "
        "picture's "
        "middle does (correlation 0.312), 2 of 2 better than another picture's truth (0.125); better: the 95 "
        "% "
        "intervals lie apart.",
        "Same map: with fp32's maps correlate those of int8 at 0.8438, of int16 at 0.9995 (mean over "
        "the "
        "networks); least alike is mobilenet_v2 in int8, 0.7500.",
        "Sensitivity (1 - CC of int8's maps with the first precision's, corrected): mobilenet_v2 (0.2500) > "
        "vgg16 "
        "(0.0625); with the study's order it cannot be compared: 1 of its networks is here with known "
        "weights.",
        "Methods: in fp32 the maps agree with the truth (correlation, mean over the networks) by eigen at "
        "0.188, by "
        "gradcampp at 0.375.",
        "Degenerate: 2 of 200 maps are 0 everywhere, 0 constant; most, 2, are of vgg16 in fp32.",
    };
    struct words_finding f;

    CHECK_MSG(words_truth_read(r, &f) == OK, "%s", error_last()->text);
    CHECK_MSG(f.sentences == (int)COUNT_OF(said), "%d", f.sentences);
    for (int i = 0; i < f.sentences && i < (int)COUNT_OF(said); i++)
        CHECK_MSG(strcmp(f.sentence[i], said[i]) == 0, "%s", f.sentence[i]);
    words_truth_free(&f);
}

/* The pictures are those of the largest index: 1 - CC is index / 64 of int8, 1 of the others, which are 0. */
static void check_gaze(struct store_reader *r, const char *folder)
{
    struct report_options options = { .folder = folder };
    struct panel_missing missing = { 0 };
    struct image im = { 0 };
    struct gaze g;
    char path[600];

    CHECK_MSG(gaze_write(r, &options, &missing, &g) == OK, "%s", error_last()->text);
    CHECK(!g.why && g.count == GAZE_PICTURES && missing.count == GAZE_PICTURES);
    CHECK(g.picture[0].image == 22 && g.picture[1].image == 21 && g.picture[3].image == 18);
    CHECK_MSG(g.picture[0].apart > 0.781 && g.picture[0].apart < 0.782, "%g", (double)g.picture[0].apart);
    CHECK(!g.picture[0].truth && strcmp(g.truth, "predicted saliency (sr-center)") == 0);
    snprintf(path, sizeof path, "%s/gaze_4.png", folder);
    CHECK(image_read(path, &im) == OK && im.width == 3 * 8 + 2 * 4 && im.height == 4 * 8 + 3 * 4);
    image_free(&im);
}

/* Table, network, precision, measure and set of no two lines are the same. None of them holds a comma here.
 */
static void check_keys(const char *values)
{
    enum { MOST = 8192, FIELDS = 5 };
    static struct {
        const char *at;
        int size;
    } key[MOST];
    int keys = 0, shared = 0;

    for (const char *line = values; *line && keys < MOST; line = strchr(line, '\n') + 1) {
        const char *end = line;

        for (int k = 0; k < FIELDS; k++)
            end = strchr(end, ',') + 1;
        key[keys].at = line;
        key[keys].size = (int)(end - line);
        for (int i = 0; i < keys; i++)
            shared += key[i].size == key[keys].size && memcmp(key[i].at, line, (size_t)key[i].size) == 0;
        keys++;
    }
    CHECK_MSG(keys > 300 && keys < MOST && shared == 0, "%d keys, %d shared", keys, shared);
}

static void check_report(struct store_reader *r, const char *folder)
{
    struct report_options options = { .folder = folder };
    struct report_summary summary;
    char path[600], *text = NULL;
    size_t size;

    CHECK_MSG(report_write(r, &options, &summary) == OK, "%s", error_last()->text);
    snprintf(path, sizeof path, "%s/report.html", folder);
    CHECK(text_read_file(path, 1 << 26, &text, &size) == OK);
    HAS(text, "<h3>Maps and where people look</h3>");
    HAS(text, "<b>Sensitivity</b>");
    HAS(text, "CC with the truth: gradcampp");
    HAS(text, "CC with fp32&#39;s map: gradcampp");
    HAS(text, "Where the networks look, and where people do");
    mem_free(text);
    snprintf(path, sizeof path, "%s/report.json", folder);
    CHECK(text_read_file(path, 1 << 26, &text, &size) == OK);
    HAS(text, "\"truth\": [\"Maps (gradcampp) and predicted saliency");
    mem_free(text);
    snprintf(path, sizeof path, "%s/values.csv", folder);
    CHECK(text_read_file(path, 1 << 26, &text, &size) == OK);
    HAS(text, "truth_density,vgg16,fp32,truth_cc_gradcampp,all,0.25,0.23,0.27");
    check_keys(text);
    HAS(text, "truth_density,vgg16,,center_truth_cc,all,0.3125,");
    HAS(text, "kerkouri2024_f32_gt,vgg16,fp32,truth_sim_gradcampp-torchcam_published,all,0.485,,");
    mem_free(text);
}

static void check(struct store_reader *r, const char *folder)
{
    struct tables t;

    CHECK_MSG(tables_read(r, &t) == OK, "%s", error_last()->text);
    check_density(tables_find(&t, "truth_density"));
    CHECK(!tables_find(&t, "truth_masks") && !tables_find(&t, "truth_fixations"));
    check_published(&t);
    tables_free(&t);
    check_words(r);
    check_gaze(r, folder);
    check_report(r, folder);
}

int main(int argc, char **argv)
{
    return report_fixture_run(argc, argv,
                              &(struct report_test){ "report/words_truth", lay_out, fill, check });
}
