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
      .alone_sqnr_db = 50 },
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
      .alone_sqnr_db = 10.5,
      .lost = 2 },
};
static const struct quant_result result = { .line = lines,
                                            .lines = 2,
                                            .equalized = 1,
                                            .judged = 3,
                                            .real_right = 3,
                                            .right = 1,
                                            .changed = 2,
                                            .logits_sqnr_db = 12.5 };
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

static void test_order(void)
{
    struct text out = { .max = 1 << 16 };
    const char *worst, *other;

    options.sensitivity = 1;
    CHECK(quantize_report(&report, LISTING_TERMINAL, &out) == OK);
    worst = strstr(out.data, "\nstem ");
    other = strstr(out.data, "\nimage ");
    CHECK(worst && other && worst < other);
    CHECK(strstr(out.data, " bias shift alone dB lost\n") &&
          strstr(out.data, "      0.125     10.5    2\n") && strstr(out.data, "          -     50.0    0\n"));
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
        "layer                            op        seen from        to codes from        to       scale "
        "zero bits bits w scales      from        to weights dB output dB bias shift\n"
        "image                            input            -2       2.5         -2       2.5        0.25 "
        " 128    8      -      -         -         -          -      40.2          -\n"
        "stem                             conv              0         6          0         3         0.2 "
        "   0    4      4     32      0.01      0.02       20.5       inf      0.125\n");
    check_form(
        LISTING_CSV,
        "layer,op,seen_low,seen_high,low,high,scale,zero_point,activation_bits,weight_bits,weight_scales,"
        "weight_scale_low,weight_scale_high,weight_sqnr_db,output_sqnr_db,bias_shift,alone_sqnr_db,lost\n"
        "\"image\",input,-2,2.5,-2,2.5,0.25,128,8,,,,,,40.25,,,\n"
        "\"stem\",conv,0,6,0,3,0.2,0,4,4,32,0.01,0.02,20.5,,0.125,,\n");
    check_form(
        LISTING_JSON,
        "{\n  \"model\": \"m\",\n  \"precision\": \"int4\", \"arithmetic\": \"integer\", \"engine\": "
        "\"fbgemm\", \"weight_bits\": 4, \"activation_bits\": 4, \"ends\": 8,\n  \"weights_per\": "
        "\"channel\", \"weight_scale\": \"minmax\", \"observer\": \"percentile\", \"percentile\": 99.5, "
        "\"equalized\": 1, \"bias_correction\": true,\n  \"file_bytes\": 250, \"fp32_bytes\": 1000, "
        "\"logits_sqnr_db\": 12.5,\n  \"pictures\": 4, \"changed\": 2, \"labels\": true, \"judged\": 3, "
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
