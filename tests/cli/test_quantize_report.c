/* tests/cli/test_quantize_report.c: what `quantize` says of two layers, in its three forms, letter by letter.
 */
#include "cli/quantize_report.h"

#include <math.h>
#include <string.h>

#include "check.h"

static struct model_node nodes[] = { { .op = OP_INPUT, .name = "image" },
                                     { .op = OP_CONV, .name = "stem" } };
static const struct model model = { .name = "m", .node = nodes, .nodes = 2 };

/* The input has no weights; the layer's output is exact, and alone it loses two pictures. */
static struct quant_line lines[] = {
    { .node = 0,
      .seen_low = -2,
      .seen_high = 2.5,
      .low = -2,
      .high = 2.5,
      .q = { 0.25, 128, 0, 255 },
      .activation_bits = 8,
      .output_sqnr_db = 40.25,
      .alone = { 0.001, 0.5, 50, 0, 0 },
      .others = { 0.25, 20, 11.5, 0, 3 } },
    { .node = 1,
      .seen_low = 0,
      .seen_high = 6,
      .low = 0,
      .high = 3,
      .q = { 0.2, 0, 0, 15 },
      .activation_bits = 4,
      .weight_bits = 4,
      .scales = 32,
      .scale_low = 0.01,
      .scale_high = 0.02,
      .weight_sqnr_db = 20.5,
      .output_sqnr_db = INFINITY,
      .bias_shift = 0.125,
      .alone = { 0.125, 12.5, INFINITY, 0, 2 },
      .others = { 0.002, 0.75, 40, 0, 0 } },
};
static const struct quant_result result = { .line = lines,
                                            .lines = 2,
                                            .equalized = 1,
                                            .judged = 3,
                                            .real_right = 3,
                                            .right = 1,
                                            .changed = 2,
                                            .logits_sqnr_db = 12.5,
                                            .trials = 3,
                                            .whole = { .drift = 0.0625, .rmse = 7.5 } };
static struct quant_options options = { .form = PRECISION_CODES,
                                        .arithmetic = ENGINE_FBGEMM,
                                        .per_channel = 1,
                                        .weight_bits = 4,
                                        .activation_bits = 4,
                                        .ends = 8,
                                        .observer = QUANT_PERCENTILE,
                                        .percentile = 99.5,
                                        .correct_bias = 1 };
static const struct quantize_report report = { .model = &model,
                                               .precision = "int4",
                                               .options = &options,
                                               .pictures = 4,
                                               .labels = 1,
                                               .bytes = 250,
                                               .source_bytes = 1000,
                                               .result = &result };

static void check_form(enum listing_form form, const char *expected)
{
    struct text out = { .max = 1 << 16 };

    CHECK(quantize_report(&report, form, &out) == OK);
    CHECK_MSG(strcmp(out.data, expected) == 0, "is\n%s\nshould be\n%s", out.data, expected);
    text_free(&out);
}

/* The layer whose map moves most stands first, in a terminal in a table of its own. */
static void test_order(void)
{
    struct text out = { .max = 1 << 16 };

    options.sensitivity = 1;
    CHECK(quantize_report(&report, LISTING_TERMINAL, &out) == OK);
    CHECK_MSG(
        strstr(out.data,
               "\n\nwhich layer moves the map, worst first: 1 - |correlation| with fp32's, RMSE (0-255), "
               "answers "
               "changed and\nthe logits' dB of 3 pictures, in real numbers rounded to codes\n"
               "                                            this layer alone               all but this one\n"
               "layer                            op            drift   RMSE changed    dB     drift   RMSE "
               "changed    dB\n"
               "stem                             conv        0.12500  12.50       2   inf   0.00200   0.75   "
               "    "
               "0  40.0\n"
               "image                            input       0.00100   0.50       0  50.0   0.25000  20.00   "
               "    "
               "3  11.5\n"),
        "%s", out.data);
    text_free(&out);
    CHECK(quantize_report(&report, LISTING_CSV, &out) == OK);
    CHECK_MSG(strstr(out.data, ",bias_shift,alone_drift,alone_rmse,alone_changed,alone_sqnr_db,others_drift,"
                               "others_rmse,others_changed,others_sqnr_db\n\"stem\",conv,") &&
                  strstr(out.data, ",0.125,0.125,12.5,2,,0.002,0.75,0,40\n\"image\",input,") &&
                  strstr(out.data, ",40.25,,0.001,0.5,0,50,0.25,20,3,11.5\n"),
              "%s", out.data);
    text_free(&out);
    options.sensitivity = 0;
}

int main(void)
{
    check_form(
        LISTING_TERMINAL,
        "m  fbgemm  weights 4 bit per channel minmax  activations 4 bit percentile 99.5  ends 8 bit  "
        "equalized 1 pairs  biases corrected\n"
        "file 250 bytes, 25.0 % of the fp32 checkpoint's 1000  logits 12.5 dB\n"
        "4 pictures: 2 answers changed; of 3 with a class fp32 is right in 3, quantized in 1\n"
        "maps: drift 0.0625 (1 - |correlation| with fp32's), RMSE 7.50\n"
        "layer                            op        seen from        to codes from        to       scale "
        "zero bits bits w scales      from        to weights dB output dB bias shift\n"
        "image                            input            -2       2.5         -2       2.5        0.25 "
        " 128    8      -      -         -         -          -      40.2          -\n"
        "stem                             conv              0         6          0         3         0.2 "
        "   0    4      4     32      0.01      0.02       20.5       inf      0.125\n");
    check_form(
        LISTING_CSV,
        "layer,op,seen_low,seen_high,low,high,scale,zero_point,activation_bits,weight_bits,weight_scales,"
        "weight_scale_low,weight_scale_high,weight_sqnr_db,output_sqnr_db,bias_shift,alone_drift,alone_rmse,"
        "alone_changed,alone_sqnr_db,others_drift,others_rmse,others_changed,others_sqnr_db\n"
        "\"image\",input,-2,2.5,-2,2.5,0.25,128,8,,,,,,40.25,,,,,,,,,\n"
        "\"stem\",conv,0,6,0,3,0.2,0,4,4,32,0.01,0.02,20.5,,0.125,,,,,,,,\n");
    check_form(
        LISTING_JSON,
        "{\n  \"model\": \"m\",\n  \"precision\": \"int4\", \"arithmetic\": \"integer\", \"engine\": "
        "\"fbgemm\", \"weight_bits\": 4, \"activation_bits\": 4, \"ends\": 8,\n  \"weights_per\": "
        "\"channel\", \"weight_scale\": \"minmax\", \"observer\": \"percentile\", \"percentile\": 99.5, "
        "\"equalized\": 1, \"bias_correction\": true,\n  \"file_bytes\": 250, \"fp32_bytes\": 1000, "
        "\"logits_sqnr_db\": 12.5,\n  \"map_drift\": 0.0625, \"map_rmse\": 7.5,\n  \"trials\": 3, \"tried\": "
        "0, "
        "\"pictures\": 4, \"changed\": 2, \"labels\": true, \"judged\": 3, "
        "\"fp32_right\": 3, \"quantized_right\": 1,\n  \"layers\": [\n"
        "    {\"layer\": \"image\", \"op\": \"input\", \"seen_low\": -2, \"seen_high\": 2.5, \"low\": -2, "
        "\"high\": 2.5, \"scale\": 0.25, \"zero_point\": 128, \"activation_bits\": 8, "
        "\"output_sqnr_db\": 40.25},\n"
        "    {\"layer\": \"stem\", \"op\": \"conv\", \"seen_low\": 0, \"seen_high\": 6, "
        "\"low\": 0, \"high\": 3, \"scale\": 0.2, \"zero_point\": 0, \"activation_bits\": 4, "
        "\"weight_bits\": 4, \"weight_scales\": 32, \"weight_scale_low\": 0.01, "
        "\"weight_scale_high\": 0.02, \"weight_sqnr_db\": 20.5, \"output_sqnr_db\": null, "
        "\"bias_shift\": 0.125}\n  ]\n}\n");
    test_order();
    CHECK(mem_live() == 0);
    return check_result("cli/quantize_report");
}
