#include <string.h>

#include "check.h"
#include "report/published.h"

/* Relations that the study itself states about its numbers catch a mistyped digit (spec: paper-tables). */
static double value(const char *network, enum published_value v)
{
    return atof(published_value(network, v));
}

int main(void)
{
    static const char *const name[] = { "mobilenet_v2", "mobilenet_v3_large", "resnet18",
                                        "shufflenet_v2_x0_5" };
    static const double top1_difference[] = { 0.220, 1.038, 0.264, 2.58 },
                        top5_difference[] = { 0.136, 0.482, 0.196, 1.966 };
    static const double subset_top1[] = { 0.28, 2.24, 0.8, 2.675 }, subset_top5[] = { 0, 1, 0.360, 2.554 };
    static const double faster_inference[] = { 2.69, 1.55, 1.61, 1.21 },
                        faster_cam[] = { 1.7, 2.29, 2.86, 1.5 };
    static const double entropy[] = { 8.728, 5.296, 4.104, 8.962 },
                        deviation[] = { 17.313, 10.838, 6.884, 4.811 };
    static const double wsol[] = { 0.016, 0.106, 0.102, 0.105 }; /* the study's text */
    static const double faster_both[] = { 2.26, 1.63, 1.9, 1.23 };

    for (int i = 0; i < 4; i++) {
        const char *n = name[i];
        double d;

        for (int v = 0; v < PUBLISHED_VALUES; v++)
            CHECK_MSG(published_value(n, (enum published_value)v) != NULL, "%s %d", n, v);
#define NEAR(a, b, tolerance)                                                                                \
    CHECK_MSG((d = (a) - (b)) < (tolerance) && d > -(tolerance), "%s: %g against %g", n, (double)(a),        \
              (double)(b))
        NEAR(value(n, PUBLISHED_FP32_TOP1) - value(n, PUBLISHED_INT8_TOP1), top1_difference[i], 1e-9);
        NEAR(value(n, PUBLISHED_FP32_TOP5) - value(n, PUBLISHED_INT8_TOP5), top5_difference[i], 1e-9);
        NEAR(value(n, PUBLISHED_SUBSET_FP32_TOP1) - value(n, PUBLISHED_SUBSET_INT8_TOP1), subset_top1[i],
             1e-9);
        NEAR(value(n, PUBLISHED_SUBSET_FP32_TOP5) - value(n, PUBLISHED_SUBSET_INT8_TOP5), subset_top5[i],
             1e-9);
        NEAR(value(n, PUBLISHED_FP32_INFERENCE_S) / value(n, PUBLISHED_INT8_INFERENCE_S), faster_inference[i],
             0.01);
        NEAR(value(n, PUBLISHED_FP32_CAM_S) / value(n, PUBLISHED_INT8_CAM_S), faster_cam[i], 0.01);
        NEAR(value(n, PUBLISHED_FP32_TOTAL_S) / value(n, PUBLISHED_INT8_TOTAL_S), faster_both[i], 0.01);
        NEAR(value(n, PUBLISHED_FP32_ENTROPY) - value(n, PUBLISHED_INT8_ENTROPY), entropy[i], 1e-9);
        NEAR(value(n, PUBLISHED_INT8_STD) - value(n, PUBLISHED_FP32_STD), deviation[i], 1e-9);
        NEAR(value(n, PUBLISHED_INT8_WSOL) - value(n, PUBLISHED_FP32_WSOL), wsol[i], 1e-9);
        CHECK(value(n, PUBLISHED_RMSE_SUBSET) > value(n, PUBLISHED_RMSE_ALL));
    }
    CHECK(published_find("vgg16") == NULL && published_value("vgg16", PUBLISHED_RMSE_ALL) == NULL);
    CHECK(strcmp(published_value("mobilenet_v2", PUBLISHED_FP32_SIZE), "13.598") == 0);
    return check_result("test_published");
}
