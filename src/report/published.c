/* What the first study printed, exactly as printed, missing decimals included (spec: paper-tables). Shown
 * beside our numbers, never in their place, and never a target. */
#include "published.h"

#include <string.h>

static const struct published_row rows[] = {
    {
        .network = "mobilenet_v2", .title = "MobileNetV2",
        .value = {
            [PUBLISHED_FP32_TOP1] = "71.878", [PUBLISHED_FP32_TOP5] = "90.286",
            [PUBLISHED_FP32_SIZE] = "13.598",
            [PUBLISHED_INT8_TOP1] = "71.658", [PUBLISHED_INT8_TOP5] = "90.150",
            [PUBLISHED_INT8_SIZE] = "3.423",
            [PUBLISHED_RMSE_ALL] = "79.541", [PUBLISHED_RMSE_SUBSET] = "144.449",
            [PUBLISHED_DICE] = "98.126",
            [PUBLISHED_INT8_ENTROPY] = "0.203", [PUBLISHED_INT8_STD] = "18.259",
            [PUBLISHED_INT8_SPARSITY] = "70.417",
            [PUBLISHED_FP32_ENTROPY] = "8.931", [PUBLISHED_FP32_STD] = "0.946",
            [PUBLISHED_FP32_SPARSITY] = "55.791",
            [PUBLISHED_SUBSET_INT8_TOP1] = "68.932", [PUBLISHED_SUBSET_INT8_TOP5] = "88.724",
            [PUBLISHED_SUBSET_FP32_TOP1] = "69.212", [PUBLISHED_SUBSET_FP32_TOP5] = "88.724",
            [PUBLISHED_INT8_INFERENCE_S] = "0.013", [PUBLISHED_INT8_CAM_S] = "0.010",
            [PUBLISHED_INT8_TOTAL_S] = "0.023",
            [PUBLISHED_FP32_INFERENCE_S] = "0.035", [PUBLISHED_FP32_CAM_S] = "0.017",
            [PUBLISHED_FP32_TOTAL_S] = "0.052",
            [PUBLISHED_INT8_DELETION] = "0.984", [PUBLISHED_INT8_INSERTION] = "10.589",
            [PUBLISHED_FP32_DELETION] = "0.450", [PUBLISHED_FP32_INSERTION] = "12.658",
            [PUBLISHED_INT8_WSOL] = "30.717", [PUBLISHED_FP32_WSOL] = "30.701",
        },
    },
    {
        .network = "mobilenet_v3_large", .title = "MobileNetV3",
        .value = {
            [PUBLISHED_FP32_TOP1] = "74.042", [PUBLISHED_FP32_TOP5] = "91.340",
            [PUBLISHED_FP32_SIZE] = "21.114",
            [PUBLISHED_INT8_TOP1] = "73.004", [PUBLISHED_INT8_TOP5] = "90.858",
            [PUBLISHED_INT8_SIZE] = "21.554",
            [PUBLISHED_RMSE_ALL] = "96.926", [PUBLISHED_RMSE_SUBSET] = "167.484",
            [PUBLISHED_DICE] = "95.689",
            [PUBLISHED_INT8_ENTROPY] = "0.30", [PUBLISHED_INT8_STD] = "12.189",
            [PUBLISHED_INT8_SPARSITY] = "10.425",
            [PUBLISHED_FP32_ENTROPY] = "5.596", [PUBLISHED_FP32_STD] = "1.351",
            [PUBLISHED_FP32_SPARSITY] = "16.686",
            [PUBLISHED_SUBSET_INT8_TOP1] = "64.680", [PUBLISHED_SUBSET_INT8_TOP5] = "86.840",
            [PUBLISHED_SUBSET_FP32_TOP1] = "66.920", [PUBLISHED_SUBSET_FP32_TOP5] = "87.840",
            [PUBLISHED_INT8_INFERENCE_S] = "0.065", [PUBLISHED_INT8_CAM_S] = "0.007",
            [PUBLISHED_INT8_TOTAL_S] = "0.072",
            [PUBLISHED_FP32_INFERENCE_S] = "0.101", [PUBLISHED_FP32_CAM_S] = "0.016",
            [PUBLISHED_FP32_TOTAL_S] = "0.117",
            [PUBLISHED_INT8_DELETION] = "1.529", [PUBLISHED_INT8_INSERTION] = "32.032",
            [PUBLISHED_FP32_DELETION] = "7.560", [PUBLISHED_FP32_INSERTION] = "44.659",
            [PUBLISHED_INT8_WSOL] = "26.896", [PUBLISHED_FP32_WSOL] = "26.790",
        },
    },
    {
        .network = "resnet18", .title = "ResNet18",
        .value = {
            [PUBLISHED_FP32_TOP1] = "69.758", [PUBLISHED_FP32_TOP5] = "89.078",
            [PUBLISHED_FP32_SIZE] = "44.661",
            [PUBLISHED_INT8_TOP1] = "69.494", [PUBLISHED_INT8_TOP5] = "88.882",
            [PUBLISHED_INT8_SIZE] = "11.238",
            [PUBLISHED_RMSE_ALL] = "29.220", [PUBLISHED_RMSE_SUBSET] = "148.001",
            [PUBLISHED_DICE] = "99.521",
            [PUBLISHED_INT8_ENTROPY] = "0.38", [PUBLISHED_INT8_STD] = "8.362",
            [PUBLISHED_INT8_SPARSITY] = "48.589",
            [PUBLISHED_FP32_ENTROPY] = "4.484", [PUBLISHED_FP32_STD] = "1.478",
            [PUBLISHED_FP32_SPARSITY] = "45.339",
            [PUBLISHED_SUBSET_INT8_TOP1] = "63.640", [PUBLISHED_SUBSET_INT8_TOP5] = "85.760",
            [PUBLISHED_SUBSET_FP32_TOP1] = "64.440", [PUBLISHED_SUBSET_FP32_TOP5] = "86.120",
            [PUBLISHED_INT8_INFERENCE_S] = "0.023", [PUBLISHED_INT8_CAM_S] = "0.007",
            [PUBLISHED_INT8_TOTAL_S] = "0.030",
            [PUBLISHED_FP32_INFERENCE_S] = "0.037", [PUBLISHED_FP32_CAM_S] = "0.020",
            [PUBLISHED_FP32_TOTAL_S] = "0.057",
            [PUBLISHED_INT8_DELETION] = "0.496", [PUBLISHED_INT8_INSERTION] = "9.244",
            [PUBLISHED_FP32_DELETION] = "0.531", [PUBLISHED_FP32_INSERTION] = "10.464",
            [PUBLISHED_INT8_WSOL] = "27.942", [PUBLISHED_FP32_WSOL] = "27.840",
        },
    },
    {
        .network = "shufflenet_v2_x0_5", .title = "ShuffleNetV2",
        .value = {
            [PUBLISHED_FP32_TOP1] = "60.552", [PUBLISHED_FP32_TOP5] = "81.746",
            [PUBLISHED_FP32_SIZE] = "5.282",
            [PUBLISHED_INT8_TOP1] = "57.972", [PUBLISHED_INT8_TOP5] = "79.780",
            [PUBLISHED_INT8_SIZE] = "1.501",
            [PUBLISHED_RMSE_ALL] = "90.742", [PUBLISHED_RMSE_SUBSET] = "148.725",
            [PUBLISHED_DICE] = "98.466",
            [PUBLISHED_INT8_ENTROPY] = "1.029", [PUBLISHED_INT8_STD] = "4.898",
            [PUBLISHED_INT8_SPARSITY] = "91.914",
            [PUBLISHED_FP32_ENTROPY] = "9.991", [PUBLISHED_FP32_STD] = "0.087",
            [PUBLISHED_FP32_SPARSITY] = "91.877",
            [PUBLISHED_SUBSET_INT8_TOP1] = "53.263", [PUBLISHED_SUBSET_INT8_TOP5] = "75.881",
            [PUBLISHED_SUBSET_FP32_TOP1] = "55.938", [PUBLISHED_SUBSET_FP32_TOP5] = "78.435",
            [PUBLISHED_INT8_INFERENCE_S] = "0.073", [PUBLISHED_INT8_CAM_S] = "0.006",
            [PUBLISHED_INT8_TOTAL_S] = "0.079",
            [PUBLISHED_FP32_INFERENCE_S] = "0.088", [PUBLISHED_FP32_CAM_S] = "0.009",
            [PUBLISHED_FP32_TOTAL_S] = "0.097",
            [PUBLISHED_INT8_DELETION] = "0.289", [PUBLISHED_INT8_INSERTION] = "2.613",
            [PUBLISHED_FP32_DELETION] = "0.117", [PUBLISHED_FP32_INSERTION] = "0.127",
            [PUBLISHED_INT8_WSOL] = "28.845", [PUBLISHED_FP32_WSOL] = "28.740",
        },
    },
};

const struct published_row *published_find(const char *network)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (strcmp(rows[i].network, network) == 0)
            return &rows[i];
    return NULL;
}

const char *published_value(const char *network, enum published_value value)
{
    const struct published_row *row = published_find(network);

    return row ? row->value[value] : NULL;
}
