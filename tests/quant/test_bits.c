/* Which layer has how many bits, by the spec's presets. */
#include "check.h"
#include "quant_train.h"

#include <string.h>

/* Of four layers and three activations, as "4-2-2-4 4-2-2". */
static void expect(const char *name, int ends, const char *bits)
{
    const struct quant_bits *b = quant_bits_preset(name);
    char said[64];

    CHECK(b != NULL);
    if (!b)
        return;
    snprintf(said, sizeof said, "%d-%d-%d-%d %d-%d-%d", quant_bits_weights(b, ends, 0, 4),
             quant_bits_weights(b, ends, 1, 4), quant_bits_weights(b, ends, 2, 4),
             quant_bits_weights(b, ends, 3, 4), quant_bits_activations(b, ends, 0),
             quant_bits_activations(b, ends, 1), quant_bits_activations(b, ends, 2));
    CHECK_MSG(!strcmp(said, bits), "%s: %s", name, said);
}

int main(void)
{
    int count = 0;

    expect("4-bit", 0, "4-4-4-4 4-4-4");
    expect("mixed", 0, "4-2-2-4 4-2-2");
    expect("2-bit", 0, "2-2-2-2 2-2-2");
    expect("2-bit", 8, "8-2-2-8 8-2-2");
    expect("w4a2", 0, "4-4-4-4 2-2-2");
    expect("w4a2", 8, "8-4-4-8 8-2-2");
    expect("int8", 0, "8-8-8-8 8-8-8");
    expect("fp32", 0, "32-32-32-32 32-32-32");
    for (const char *name; (name = quant_bits_name(count)); count++)
        CHECK(quant_bits_preset(name) && strstr(QUANT_BITS_NAMES, name));
    CHECK(count == 6 && !quant_bits_preset("3-bit") && !quant_bits_name(-1));
    return check_result("quant_bits");
}
