/* src/report/studies/training2024.c: the third study, of two papers: training to few bits with
 * saliency-guided training and PACT, and what that does to the map of the input gradient (spec
 * saliency-and-training 2). No number of theirs is at hand, so that none stands here; what stands beside ours
 * are numbers that others printed of the method, each with its source. */
#include "../study.h"

#define PACT   "PACT, table 1"
#define ENDS   "PACT, table 2"
#define REDBIT "RedBit, wiki"

static const struct study_quote quote[] = {
    { "CIFAR-10, ResNet-20, top-1, real numbers", ".916", PACT },
    { "CIFAR-10, ResNet-20, top-1, PACT, 2 / 3 / 4 / 5 bits", ".897 / .911 / .913 / .917", PACT },
    { "CIFAR-10, ResNet-20, top-1, DoReFa, 2 / 3 / 4 / 5 bits", ".882 / .899 / .905 / .904", PACT },
    { "CIFAR-10, ResNet-20, error, M = 2, both ends quantized", "21.0 / 12.9 / 11.1 / 10.9 %", ENDS },
    { "CIFAR-10, ResNet-20, error, M = 4, both ends quantized", "15.9 / 9.7 / 9.2 / 8.9 %", ENDS },
    { "CIFAR-10, ResNet-20, error, 5 / 4 / 3 / 2 bits, ends 8 bits", "8.4 / 9.11 / 9.91 / 12.93 %",
      "KwangHoonAn/PACT" },
    { "MNIST, LeNet-5, top-1, real numbers", "99.59 %", REDBIT },
    { "MNIST, LeNet-5, top-1, DoReFa, 4/4 and 2/2 bits", "99.68 and 99.62 %", REDBIT },
    { "MNIST, LeNet-5, top-1, QNN, 4/4 and 2/2 bits", "99.55 and 99.45 %", REDBIT },
};

/* clang-format off */
#define NETWORK   { "network", "", .show = TABLE_NETWORK }
#define PRECISION { "precision", "", .show = TABLE_PRECISION }
#define READ(head, unit, of) { head, unit, TABLE_VALUE, .measure = of, .set = "all" }
#define GONE(head, of) { head, "gone", TABLE_PLAIN, .measure = of, .set = "all" }
/* clang-format on */

static const struct table table[] = {
    { "maps",
      "Maps of the input gradient beside those of {f}",
      TABLE_OTHERS,
      { NETWORK,
        PRECISION,
        READ("CC", "", "input_cc"),
        READ("SIM", "", "input_sim"),
        READ("KLD", "nat", "input_kld"),
        READ("RMSE", "0-1", "input_rmse"),
        READ("SSIM", "", "input_ssim"),
        READ("largest tenth", "IoU", "input_overlap"),
        READ("entropy", "bit", "input_entropy"),
        READ("blank", "%", "input_blank"),
        { "images", "", TABLE_COUNT, .measure = "input_cc", .set = "all", .name = "images" } },
      .note = "Means over the images, brackets: 95 % intervals (bootstrap over the images: they say nothing "
              "of "
              "another training). The map: the gradient of the class's logit by the normalized picture, "
              "through quantizers straight, absolute, mean over channels, divided by its maximum. SIM: each "
              "map from its least to its largest value; KLD: from the map of {f}. entropy: of this "
              "precision's map over its sum. A further precision of real numbers is a control: what training "
              "longer, or again, does to the map." },
    { "removal",
      "Accuracy while pixels are removed by each precision's own map",
      TABLE_PRECISIONS,
      { NETWORK,
        PRECISION,
        GONE("0 %", "removal_0"),
        GONE("10 %", "removal_10"),
        GONE("20 %", "removal_20"),
        GONE("30 %", "removal_30"),
        GONE("40 %", "removal_40"),
        GONE("50 %", "removal_50"),
        GONE("60 %", "removal_60"),
        GONE("70 %", "removal_70"),
        GONE("80 %", "removal_80"),
        GONE("90 %", "removal_90"),
        READ("area", "%", "removal"),
        { "images", "", TABLE_COUNT, .measure = "removal", .set = "all", .name = "images" } },
      .note =
          "Top-1 accuracy in % while the map's largest pixels are gone; what they become: input.removal "
          "of the job (corner: the value of the picture's first pixel, as in the published evaluation). "
          "area: the trapezoid's over 0-90 %, divided by 0.9. A steeper fall says that the map names what "
          "the answer hangs on; a network of lower accuracy begins lower, too." },
};

const struct study training2024 = {
    .id = "training2024",
    .cited = "Maleki et al. (2024), arXiv 2412.03915, and Rezabeyk et al. (2024), arXiv 2411.05858",
    .intro =
        "the numbers of these two are not at hand, so that none of theirs stands here. The first says that "
        "accuracy stays and saliency becomes clearer, the second that fewer bits cost both.",
    .table = table,
    .tables = COUNT_OF(table),
    .quote = quote,
    .quotes = COUNT_OF(quote),
    .quoted = "PACT: arXiv 1805.06085v2; table 1: activations PACT, weights DoReFa, ends real; table 2: the "
              "middle layers at M bits, four numbers for the ends at 2 / 4 / 8 / 32 bits. KwangHoonAn/PACT, "
              "RedBit: their pages; RedBit: batch 128, 100 epochs, the best epoch.",
    .changed_by = "input_cc",
};
