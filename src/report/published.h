/* published: the numbers of Rogers, De La Iglesia, Zebin (KDIR 2023), doi 10.5220/0012231900003598, tables
 * 1-11, as text: exactly as printed. */
#ifndef QUANTCAM_PUBLISHED_H
#define QUANTCAM_PUBLISHED_H

#include "base.h"

enum published_value {
    PUBLISHED_FP32_TOP1, PUBLISHED_FP32_TOP5, PUBLISHED_FP32_SIZE,                 /* table 1: %, %, MiB */
    PUBLISHED_INT8_TOP1, PUBLISHED_INT8_TOP5, PUBLISHED_INT8_SIZE,                 /* table 2 */
    PUBLISHED_RMSE_ALL, PUBLISHED_RMSE_SUBSET,                                     /* table 3, scale 0-255 */
    /* table 4: bit, stored integers, % */
    PUBLISHED_INT8_ENTROPY, PUBLISHED_INT8_STD, PUBLISHED_INT8_SPARSITY,
    PUBLISHED_FP32_ENTROPY, PUBLISHED_FP32_STD, PUBLISHED_FP32_SPARSITY,           /* table 5 */
    PUBLISHED_SUBSET_INT8_TOP1, PUBLISHED_SUBSET_INT8_TOP5,                        /* table 6, % */
    PUBLISHED_SUBSET_FP32_TOP1, PUBLISHED_SUBSET_FP32_TOP5,                        /* table 7, % */
    /* table 8, seconds an image */
    PUBLISHED_INT8_INFERENCE_S, PUBLISHED_INT8_CAM_S, PUBLISHED_INT8_TOTAL_S,
    PUBLISHED_FP32_INFERENCE_S, PUBLISHED_FP32_CAM_S, PUBLISHED_FP32_TOTAL_S,      /* table 9 */
    /* table 10, % */
    PUBLISHED_INT8_DELETION, PUBLISHED_INT8_INSERTION,
    PUBLISHED_FP32_DELETION, PUBLISHED_FP32_INSERTION,                             /* table 11 */
    PUBLISHED_INT8_WSOL, PUBLISHED_FP32_WSOL,                                      /* tables 10, 11 */
    PUBLISHED_DICE,                                                                /* figure 2, % */
    PUBLISHED_VALUES
};

struct published_row {
    const char *network;                       /* torchvision's name */
    const char *title;                         /* the study's name */
    const char *value[PUBLISHED_VALUES];
};

/* NULL for a network that the study does not have. */
const struct published_row *published_find(const char *network);
const char *published_value(const char *network, enum published_value value);

#endif
