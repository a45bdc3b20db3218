/* src/quant/preset.c: the precisions that have a name of their own. No other file of src spells one. */
#include "quant.h"

#include <string.h>

enum { REAL_BITS = 32 };

static const struct quant_preset presets[] = {
    { .name = "fp32", .form = PRECISION_REAL, .weights = REAL_BITS, .activations = REAL_BITS },
    { .name = "int16",
      .form = PRECISION_ROUNDED,
      .weights = 16,
      .activations = 16,
      .per_channel = 1,
      .observer = QUANT_MSE },
    { .name = "int8",
      .form = PRECISION_CODES,
      .weights = 8,
      .activations = 8,
      .per_channel = 1,
      .observer = QUANT_MSE },
    { .name = "int4",
      .form = PRECISION_CODES,
      .weights = 4,
      .activations = 4,
      .per_channel = 1,
      .observer = QUANT_MSE },
    { .name = "int2",
      .form = PRECISION_CODES,
      .weights = 2,
      .activations = 2,
      .per_channel = 1,
      .observer = QUANT_MSE },
    { .name = "w4a8",
      .form = PRECISION_CODES,
      .weights = 4,
      .activations = 8,
      .per_channel = 1,
      .observer = QUANT_MSE },
    { .name = "w4a2",
      .form = PRECISION_CODES,
      .weights = 4,
      .activations = 2,
      .per_channel = 1,
      .observer = QUANT_MSE },
    /* Per-tensor weights and 7-bit activations, as study 2 ran (saliency-and-training 1.3). */
    { .name = "paper2", .form = PRECISION_ROUNDED, .weights = 8, .activations = 7, .observer = QUANT_MINMAX },
};

const struct quant_preset *quant_preset(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(presets); i++)
        if (!strcmp(presets[i].name, name))
            return &presets[i];
    return NULL;
}

const char *quant_preset_name(int i)
{
    return i >= 0 && i < (int)COUNT_OF(presets) ? presets[i].name : NULL;
}
