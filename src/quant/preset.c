/* src/quant/preset.c: the precisions that have a name of their own. No other file of src spells one. */
#include "quant.h"

#include <string.h>

enum { USUAL = 2 };

/* Low bits keep 8 at the network's ends, which costs little there and saves much (PACT's table 2). 16 bits
 * are finer than a histogram's bins: their range is all values. */
static const struct quant_preset presets[] = {
    { "fp32", PRECISION_REAL, .weights = PRECISION_REAL_BITS, .activations = PRECISION_REAL_BITS },
    { "int16", PRECISION_ROUNDED, .weights = 16, .activations = 16, .per_channel = 1,
      .observer = QUANT_MINMAX },
    { "int8", PRECISION_CODES, .weights = 8, .activations = 8, .per_channel = 1, .observer = QUANT_MSE },
    { "int4", PRECISION_CODES, .weights = 4, .activations = 4, .per_channel = 1, .observer = QUANT_MSE,
      .ends = 8 },
    { "int2", PRECISION_CODES, .weights = 2, .activations = 2, .per_channel = 1, .observer = QUANT_MSE,
      .ends = 8 },
    { "w4a8", PRECISION_CODES, .weights = 4, .activations = 8, .per_channel = 1, .observer = QUANT_MSE,
      .ends = 8 },
    { "w4a2", PRECISION_CODES, .weights = 4, .activations = 2, .per_channel = 1, .observer = QUANT_MSE,
      .ends = 8 },
    /* Per-tensor weights and 7-bit activations, as study 2 ran (saliency-and-training 1.3). */
    { "paper2", PRECISION_ROUNDED, .weights = 8, .activations = 7, .observer = QUANT_MINMAX },
};

const struct quant_preset *quant_preset(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(presets); i++)
        if (!strcmp(presets[i].name, name))
            return &presets[i];
    return NULL;
}

const struct quant_preset *quant_preset_like(enum precision_form form, int weights, int activations)
{
    for (size_t i = 0; i < COUNT_OF(presets); i++) {
        const struct quant_preset *p = &presets[i];

        if (p->form == form &&
            (form == PRECISION_REAL || (p->weights == weights && p->activations == activations)))
            return p;
    }
    return NULL;
}

const struct quant_preset *quant_preset_usual(void)
{
    return &presets[USUAL];
}

const char *quant_preset_name(int i)
{
    return i >= 0 && i < (int)COUNT_OF(presets) ? presets[i].name : NULL;
}

enum quant_observer quant_preset_observer(const struct quant_preset *p)
{
    int fine = p->activations > QUANT_MSE_BITS || p->ends > QUANT_MSE_BITS;

    return fine && p->observer == QUANT_MSE ? QUANT_MINMAX : p->observer;
}

void quant_preset_options(const struct quant_preset *p, struct quant_options *out)
{
    int codes = p->form == PRECISION_CODES;

    *out = (struct quant_options){ .form = p->form,
                                   .arithmetic = ENGINE_FBGEMM,
                                   .per_channel = p->per_channel,
                                   .weight_bits = p->weights,
                                   .activation_bits = p->activations,
                                   .ends = p->ends,
                                   .observer = p->observer,
                                   .percentile = 99.99,
                                   .weight_mse = p->observer == QUANT_MSE,
                                   .equalize = codes ? QUANT_EQUALIZE_AUTO : QUANT_EQUALIZE_OFF,
                                   .correct_bias = codes };
}
