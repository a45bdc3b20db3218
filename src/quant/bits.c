/* src/quant/bits.c: the bit widths of training that have a name, and which layer of a network has which. */
#include "quant_train.h"

#include <string.h>

/* Ends: the first and the last layer's weights, the first activations (spec 2.6). */
static const struct quant_bits presets[] = {
    { "fp32", PRECISION_REAL_BITS, PRECISION_REAL_BITS, PRECISION_REAL_BITS },
    { "int8", 8, 8, 8 },
    { "4-bit", 4, 4, 4 },
    { "mixed", 2, 2, 4 },
    { "2-bit", 2, 2, 2 },
    { "w4a2", 4, 2, 0 },
};

const struct quant_bits *quant_bits_preset(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(presets); i++)
        if (!strcmp(presets[i].name, name))
            return &presets[i];
    return NULL;
}

const char *quant_bits_name(int i)
{
    return i >= 0 && i < (int)COUNT_OF(presets) ? presets[i].name : NULL;
}

/* `inner` unless the layer is an end and something is said of ends. */
static int bits_at(const struct quant_bits *b, int ends, int inner, int is_end)
{
    if (!is_end)
        return inner;
    return ends ? ends : b->ends ? b->ends : inner;
}

int quant_bits_weights(const struct quant_bits *b, int ends, int i, int layers)
{
    return bits_at(b, ends, b->weights, i == 0 || i == layers - 1);
}

int quant_bits_activations(const struct quant_bits *b, int ends, int i)
{
    return bits_at(b, ends, b->activations, i == 0);
}
