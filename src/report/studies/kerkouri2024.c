/* src/report/studies/kerkouri2024.c: the numbers and tables of the second study, exactly as printed (spec
 * paper-tables): mean and deviation over its 10,000 images. Shown beside ours, never in their place, and
 * never a target. */
#include "../study.h"

/* Its maps are torchcam's: the formula is part of a measure's name. */
#define MAP "_gradcampp-torchcam"

static const struct study_number number[] = {
    /* vgg16, resnet50, densenet121, mobilenet_v2, squeezenet1_1, efficientnet_b0 */
    /* f32 v. GT */
    { "fp32",
      "truth_sim" MAP,
      "all",
      { "0.485 +- 0.093", "0.455 +- 0.089", "0.473 +- 0.090", "0.506 +- 0.087", "0.457 +- 0.090",
        "0.487 +- 0.085" } },
    { "fp32",
      "truth_cc" MAP,
      "all",
      { "0.298 +- 0.227", "0.260 +- 0.184", "0.312 +- 0.193", "0.425 +- 0.136", "0.259 +- 0.249",
        "0.335 +- 0.219" } },
    { "fp32",
      "truth_kld" MAP,
      "all",
      { "1.038 +- 0.419", "1.091 +- 0.374", "0.950 +- 0.363", "0.815 +- 0.304", "1.057 +- 0.372",
        "0.946 +- 0.337" } },
    /* int16 v. GT */
    { "int16",
      "truth_sim" MAP,
      "all",
      { "0.703 +- 0.271", "0.717 +- 0.276", "0.733 +- 0.270", "0.741 +- 0.255", "0.458 +- 0.091",
        "0.717 +- 0.263" } },
    { "int16",
      "truth_cc" MAP,
      "all",
      { "0.298 +- 0.229", "0.255 +- 0.180", "0.316 +- 0.194", "0.420 +- 0.134", "0.258 +- 0.248",
        "0.322 +- 0.218" } },
    { "int16",
      "truth_kld" MAP,
      "all",
      { "1.038 +- 0.421", "1.065 +- 0.344", "0.951 +- 0.373", "0.822 +- 0.306", "1.054 +- 0.372",
        "0.949 +- 0.337" } },
    /* int8 v. GT */
    { "int8",
      "truth_sim" MAP,
      "all",
      { "0.694 +- 0.269", "0.658 +- 0.273", "0.636 +- 0.258", "0.704 +- 0.253", "0.457 +- 0.091",
        "0.679 +- 0.271" } },
    { "int8",
      "truth_cc" MAP,
      "all",
      { "0.300 +- 0.231", "0.247 +- 0.181", "0.292 +- 0.197", "0.419 +- 0.134", "0.257 +- 0.249",
        "0.270 +- 0.218" } },
    { "int8",
      "truth_kld" MAP,
      "all",
      { "1.031 +- 0.413", "1.095 +- 0.372", "0.969 +- 0.371", "0.826 +- 0.302", "1.054 +- 0.370",
        "1.038 +- 0.348" } },
    /* int16 v. f32 */
    { "int16",
      "sim" MAP,
      "all",
      { "0.926 +- 0.085", "0.964 +- 0.068", "0.963 +- 0.068", "0.939 +- 0.062", "0.926 +- 0.094",
        "0.882 +- 0.114" } },
    { "int16",
      "cc" MAP,
      "all",
      { "0.878 +- 0.163", "0.939 +- 0.168", "0.895 +- 0.223", "0.832 +- 0.099", "0.915 +- 0.184",
        "0.751 +- 0.151" } },
    { "int16",
      "kld" MAP,
      "all",
      { "0.075 +- 0.099", "0.045 +- 0.125", "0.045 +- 0.107", "0.050 +- 0.028", "0.049 +- 0.105",
        "0.176 +- 0.097" } },
    /* int8 v. f32 */
    { "int8",
      "sim" MAP,
      "all",
      { "0.921 +- 0.087", "0.844 +- 0.146", "0.859 +- 0.111", "0.916 +- 0.073", "0.898 +- 0.089",
        "0.807 +- 0.167" } },
    { "int8",
      "cc" MAP,
      "all",
      { "0.875 +- 0.161", "0.609 +- 0.285", "0.560 +- 0.264", "0.755 +- 0.124", "0.893 +- 0.196",
        "0.463 +- 0.235" } },
    { "int8",
      "kld" MAP,
      "all",
      { "0.078 +- 0.098", "0.289 +- 0.215", "0.183 +- 0.123", "0.075 +- 0.036", "0.064 +- 0.111",
        "0.396 +- 0.172" } },
};

static const struct study_mark mark[] = {
    { "a", "int16 int8", "truth_sim", NULL, "squeezenet1_1", 1,
      "cannot be: SIM jumps from about 0.49 to 0.70 while CC and KLD stay where they are, and a SIM near 1 "
      "forces "
      "a CC near 1, so that some maps were probably compared with themselves." },
    { "b", "int16", "sim cc kld", NULL, NULL, 1,
      "is not what 16 bits do, after which maps correlate at .999 where no gradient is clipped: the study's "
      "networks ran in training mode, in which a map depends on the pictures before it." },
    { "c", NULL, NULL, "squeezenet1_1", NULL, 0,
      "the study prints SqueezeNet-1.0, but its code loads squeezenet1_1." },
};

#define MAPS                                                                                                 \
    "Means +- deviations over the images. As published: the maps of torchcam, whose weights sum relu(g)^3 "  \
    "and "                                                                                                   \
    "are not Grad-CAM++, though the study calls them so; int8 there is the study's recipe (paper2). "        \
    "Corrected: Grad-CAM++ as its paper has it, int8 as this program quantizes."
#define TRUTH                                                                                                \
    MAPS " GT: what this job compares with; the study does not say which program made its saliency maps."
#define PAIR MAPS " f32: the reference precision."

/* A measure as the study has it, its number, ours less it; corrected. */
/* clang-format off */
#define READ(head, of, ours)                                                                                 \
    { head, "as published", TABLE_SPREAD, .measure = of MAP, .set = "all", .precision = ours },              \
    { head, "the study", TABLE_PUBLISHED, .measure = of MAP, .set = "all" },                                 \
    { head, "difference", TABLE_APART, .measure = of MAP, .set = "all", .precision = ours },                 \
    { head, "corrected", TABLE_SPREAD, .measure = of "_gradcampp", .set = "all" }
#define COLUMNS(prefix, ours)                                                                                \
    { { "network", "", .show = TABLE_NETWORK }, READ("SIM", prefix "sim", ours),                             \
      READ("CC", prefix "cc", ours), READ("KLD", prefix "kld", ours),                                        \
      { "images", "", TABLE_COUNT, .measure = prefix "sim_gradcampp", .set = "all", .name = "images" } }
/* clang-format on */

static const struct table table[] = {
    { "f32_gt", "Table 1, f32 v. GT. Maps against saliency, fp32", TABLE_NETWORKS, COLUMNS("truth_", NULL),
      .note = TRUTH, .precision = "fp32" },
    { "int16_gt", "Table 1, int16 v. GT. Maps against saliency, int16", TABLE_NETWORKS,
      COLUMNS("truth_", NULL), .note = TRUTH, .precision = "int16" },
    { "int8_gt", "Table 1, int8 v. GT. Maps against saliency, int8", TABLE_NETWORKS,
      COLUMNS("truth_", "paper2"), .note = TRUTH, .precision = "int8" },
    { "int16_f32", "Table 1, int16 v. f32. Maps against those of fp32, int16", TABLE_NETWORKS,
      COLUMNS("", NULL), .note = PAIR, .precision = "int16" },
    { "int8_f32", "Table 1, int8 v. f32. Maps against those of fp32, int8", TABLE_NETWORKS,
      COLUMNS("", "paper2"), .note = PAIR, .precision = "int8" },
};

static const struct study_order order = {
    "sensitivity",
    "Sensitivity: 1 - CC of the maps of int8 with those of fp32",
    "Rank 1: the network whose maps int8 changes most. As published and corrected as in the tables above; "
    "the "
    "study's order is that of its Table 1. Rank correlation: Spearman's of ours with the study's, over the "
    "networks that have both, three at least.",
    "int8",
    "cc" MAP,
    "paper2",
    "cc_gradcampp",
};

const struct study kerkouri2024 = {
    .id = "kerkouri2024",
    .cited = "Kerkouri, Tliba, Chetouani, Bruno (2024), arXiv 2403.09939",
    .other = "int8",
    .network = { "vgg16", "resnet50", "densenet121", "mobilenet_v2", "squeezenet1_1", "efficientnet_b0" },
    /* torchvision's (jobs/weights.txt). */
    .known = { { "397923af" },
               { "0676ba61", "11ad3fa6", "19c8e357" },
               { "a639ec97" },
               { "b0353104", "7ebf99e0" },
               { "b8a52dc0" },
               { "7f5810bc", "3dd342df" } },
    .number = number,
    .table = table,
    .numbers = COUNT_OF(number),
    .tables = COUNT_OF(table),
    .mark = mark,
    .marks = COUNT_OF(mark),
    .order = &order,
};
