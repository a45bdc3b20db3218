/* src/report/studies/rogers2023.c: the numbers and tables of the first study, exactly as printed, missing
 * decimals included (spec paper-tables). Shown beside ours, never in their place, and never a target. */
#include "../study.h"

static const struct study_number number[] = {
    /* mobilenet_v2, mobilenet_v3_large, resnet18, shufflenet_v2_x0_5 */
    /* Table 1 and 2 */
    { "fp32", "top1", "all", { "71.878", "74.042", "69.758", "60.552" } },
    { "fp32", "top5", "all", { "90.286", "91.340", "89.078", "81.746" } },
    { "fp32", "size", "all", { "13.598", "21.114", "44.661", "5.282" } },
    { "int8", "top1", "all", { "71.658", "73.004", "69.494", "57.972" } },
    { "int8", "top5", "all", { "90.150", "90.858", "88.882", "79.780" } },
    { "int8", "size", "all", { "3.423", "21.554", "11.238", "1.501" } },
    /* Table 3: scale 0-255 */
    { "int8", "rmse_raw", "all", { "79.541", "96.926", "29.220", "90.742" } },
    { "int8", "rmse_raw", "raw", { "144.449", "167.484", "148.001", "148.725" } },
    /* Table 4: of stored integers; bit, integers, % */
    { "int8", "entropy_int", "raw", { "0.203", "0.30", "0.38", "1.029" } },
    { "int8", "std_int", "raw", { "18.259", "12.189", "8.362", "4.898" } },
    { "int8", "sparsity_int", "raw", { "70.417", "10.425", "48.589", "91.914" } },
    /* Table 5 */
    { "fp32", "entropy_real", "raw", { "8.931", "5.596", "4.484", "9.991" } },
    { "fp32", "std_real", "raw", { "0.946", "1.351", "1.478", "0.087" } },
    { "fp32", "sparsity_real", "raw", { "55.791", "16.686", "45.339", "91.877" } },
    /* Tables 6 and 7: % */
    { "int8", "top1", "raw", { "68.932", "64.680", "63.640", "53.263" } },
    { "int8", "top5", "raw", { "88.724", "86.840", "85.760", "75.881" } },
    { "fp32", "top1", "raw", { "69.212", "66.920", "64.440", "55.938" } },
    { "fp32", "top5", "raw", { "88.724", "87.840", "86.120", "78.435" } },
    /* Tables 8 and 9: seconds an image */
    { "int8", "inference", "all", { "0.013", "0.065", "0.023", "0.073" } },
    { "int8", "cam", "all", { "0.010", "0.007", "0.007", "0.006" } },
    { "int8", "total", "all", { "0.023", "0.072", "0.030", "0.079" } },
    { "fp32", "inference", "all", { "0.035", "0.101", "0.037", "0.088" } },
    { "fp32", "cam", "all", { "0.017", "0.016", "0.020", "0.009" } },
    { "fp32", "total", "all", { "0.052", "0.117", "0.057", "0.097" } },
    /* Tables 10 and 11: % */
    { "int8", "deletion_raw", "raw", { "0.984", "1.529", "0.496", "0.289" } },
    { "int8", "insertion_raw", "raw", { "10.589", "32.032", "9.244", "2.613" } },
    { "int8", "iou_raw", "raw", { "30.717", "26.896", "27.942", "28.845" } },
    { "fp32", "deletion_raw", "raw", { "0.450", "7.560", "0.531", "0.117" } },
    { "fp32", "insertion_raw", "raw", { "12.658", "44.659", "10.464", "0.127" } },
    { "fp32", "iou_raw", "raw", { "30.701", "26.790", "27.840", "28.740" } },
    /* Figure 2: % */
    { "int8", "dice_own", "raw", { "98.126", "95.689", "99.521", "98.466" } },
};

#define COPIED                                                                                               \
    "The study's values equal torchvision's published metadata to the third decimal, so they were copied; "  \
    "ours are measured on this job's images: there is nothing to correct. Size is the checkpoint's file."
#define SUBSET                                                                                               \
    "As published: the subset chosen by the RMSE of maps in LAPACK's sign, full of flipped pairs; "          \
    "corrected: chosen with the signs aligned; control: as many images drawn at random."
#define CURVES                                                                                               \
    "As published: raw subset, maps in LAPACK's sign; corrected: aligned subset and sign. The study's "      \
    "deletion areas of 0.1-1 % lie below what a trapezoid over deleted pixels allows."
#define BOXES                                                                                                \
    "As published: raw subset and sign; corrected: both aligned. IoU x 100 of the map's box (threshold 0.2 " \
    "of its maximum, largest component) and the best true box. A box of the whole frame, which has seen no " \
    "picture, reaches 56.7 % on ImageNet's validation boxes in this crop, more than the study's values; "    \
    "what it reaches here stands under Localization."
#define TIMES                                                                                                \
    "Both are seconds an image on other machines; ours is the median, one core, batch 1. The study's: "      \
    "\"Intel Core i7-1800H\", threads and engine unstated: compare ratios, not seconds."

/* Columns of a measure: as the study read it, its number, ours less it; then read corrected, and control. */
/* clang-format off */
#define READ(head, unit, of, on, unit_scale)                                                                 \
    { head, unit, TABLE_PLAIN, .measure = of, .set = on, .scale = unit_scale },                              \
    { head, "the study", TABLE_PUBLISHED, .measure = of, .set = on },                                        \
    { head, "difference", TABLE_APART, .measure = of, .set = on, .scale = unit_scale }
#define WHOLE(head, of)   READ(head, "ours", of, "all", 0)
#define SECONDS(head, of) READ(head, "ours", of, "all", 1e-3)
#define CORRECTED(head, of, on, corrected, corrected_on)                                                     \
    READ(head, "as published", of, on, 0),                                                                   \
    { head, "corrected", TABLE_PLAIN, .measure = corrected, .set = corrected_on }
#define CHOSEN(head, of, corrected)                                                                          \
    CORRECTED(head, of, "raw", corrected, "aligned"),                                                        \
    { head, "control", TABLE_PLAIN, .measure = corrected, .set = "control" }
#define COUNT(of, on) { "images", "", TABLE_COUNT, .measure = of, .set = on, .name = "images" }
#define NETWORK { "network", "", .show = TABLE_NETWORK }

#define ACCURACY                                                                                             \
    { NETWORK, WHOLE("top-1, %", "top1"), WHOLE("top-5, %", "top5"), WHOLE("size, MiB", "size"),             \
      COUNT("top1", "all") }
#define ANSWERS                                                                                              \
    { NETWORK, CHOSEN("top-1, %", "top1", "top1"), CHOSEN("top-5, %", "top5", "top5"), COUNT("top1", "raw") }
#define TIMED                                                                                                \
    { NETWORK, SECONDS("inference, s", "inference"), SECONDS("CAM, s", "cam"), SECONDS("total, s", "total"), \
      COUNT("inference", "all") }
#define ACTIVATION(domain)                                                                                   \
    { NETWORK, CHOSEN("entropy, bit", "entropy_" domain, "entropy_real"),                                    \
      CHOSEN("deviation", "std_" domain, "std_real"),                                                        \
      CHOSEN("sparsity, %", "sparsity_" domain, "sparsity_real"), COUNT("entropy_" domain, "raw") }
#define AREAS                                                                                                \
    { NETWORK, CHOSEN("deletion, %", "deletion_raw", "deletion"),                                            \
      CHOSEN("insertion, %", "insertion_raw", "insertion"), COUNT("deletion_raw", "raw") }
#define OVERLAP { NETWORK, CHOSEN("WSOL, %", "iou_raw", "iou"), COUNT("iou_raw", "raw") }
/* clang-format on */

static const struct table table[] = {
    { "table_1", "Table 1. Accuracy and file size, whole set, fp32", TABLE_NETWORKS, ACCURACY, .note = COPIED,
      .precision = "fp32" },
    { "table_2", "Table 2. Accuracy and file size, whole set, int8", TABLE_NETWORKS, ACCURACY, .note = COPIED,
      .precision = "int8" },
    { "table_3",
      "Table 3. RMSE between the fp32 and the int8 map (scale 0-255)",
      TABLE_NETWORKS,
      { NETWORK, CORRECTED("RMSE, all images", "rmse_raw", "all", "rmse_aligned", "all"),
        CORRECTED("RMSE, subset", "rmse_raw", "raw", "rmse_aligned", "aligned"), COUNT("rmse_raw", "all") },
      .note = "As published: maps in LAPACK's arbitrary sign, where a pair of opposite signs alone makes "
              "127-215; corrected: the int8 map in the sign that goes with fp32's.",
      .precision = "int8" },
    { "table_4", "Table 4. Activations of the CAM layer, int8", TABLE_NETWORKS, ACTIVATION("int"),
      .note = "As published: entropy, deviation and sparsity of the stored integers 0-255, another unit than "
              "Table 5's; corrected: of the dequantized real values, on the aligned subset.",
      .precision = "int8" },
    { "table_5", "Table 5. Activations of the CAM layer, fp32", TABLE_NETWORKS, ACTIVATION("real"),
      .note =
          "Real values in both; as published on the raw subset, corrected on the aligned one, which is not "
          "chosen by the sign.",
      .precision = "fp32" },
    { "table_6", "Table 6. Accuracy on the images whose maps differ most, int8", TABLE_NETWORKS, ANSWERS,
      .note = SUBSET, .precision = "int8" },
    { "table_7", "Table 7. Accuracy on the images whose maps differ most, fp32", TABLE_NETWORKS, ANSWERS,
      .note = SUBSET, .precision = "fp32" },
    { "table_8", "Table 8. Time an image, int8, one core", TABLE_NETWORKS, TIMED, .note = TIMES,
      .precision = "int8" },
    { "table_9", "Table 9. Time an image, fp32, one core", TABLE_NETWORKS, TIMED, .note = TIMES,
      .precision = "fp32" },
    { "table_10", "Table 10. Deletion and insertion, int8", TABLE_NETWORKS, AREAS, .note = CURVES,
      .precision = "int8" },
    { "table_10_wsol", "Table 10, WSOL. Mean IoU of the map's box and the true box, int8", TABLE_NETWORKS,
      OVERLAP, .note = BOXES, .precision = "int8" },
    { "table_11", "Table 11. Deletion and insertion, fp32", TABLE_NETWORKS, AREAS, .note = CURVES,
      .precision = "fp32" },
    { "table_11_wsol", "Table 11, WSOL. Mean IoU of the map's box and the true box, fp32", TABLE_NETWORKS,
      OVERLAP, .note = BOXES, .precision = "fp32" },
    { "figure_2",
      "Figure 2. Dice of the mean activations' histograms, fp32 and int8",
      TABLE_NETWORKS,
      { NETWORK, CHOSEN("Dice, %", "dice_own", "dice_common"), COUNT("dice_own", "raw") },
      .note = "As published: each precision over its own range, which is blind to scale; corrected: both "
              "over one range of real values, on the aligned subset.",
      .precision = "int8" },
};

const struct study rogers2023 = {
    .id = "rogers2023",
    .cited = "Rogers, De La Iglesia, Zebin (KDIR 2023), doi 10.5220/0012231900003598",
    .other = "int8",
    .network = { "mobilenet_v2", "mobilenet_v3_large", "resnet18", "shufflenet_v2_x0_5" },
    /* torchvision's (jobs/weights.txt); last the demo's, trained on drawn pictures: it shows the tables. */
    .known = { { "b0353104", "7ebf99e0", "97d4a91b5963209b" },
               { "8738ca79", "5c1a4163", "8d39cace8c17530b" },
               { "f37072fd", "5c106cde", "2e4f85d35feb19a1" },
               { "f707e7126e", "3643601f11f45016" } },
    .number = number,
    .table = table,
    .numbers = COUNT_OF(number),
    .tables = COUNT_OF(table),
};
