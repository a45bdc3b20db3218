/* The table of presets against the names that the documents give. */
#include "check.h"
#include "quant.h"

#include <string.h>

int main(void)
{
    const struct quant_preset *real = quant_preset("fp32"), *wide = quant_preset("int16"),
                              *codes = quant_preset("int8"), *mixed = quant_preset("w4a2");
    int count = 0;

    CHECK(real && real->form == PRECISION_REAL && real->weights == 32);
    CHECK(wide && wide->form == PRECISION_ROUNDED && wide->weights == 16 && wide->activations == 16);
    CHECK(codes && codes->form == PRECISION_CODES && codes->weights == 8 && codes->per_channel);
    CHECK(mixed && mixed->weights == 4 && mixed->activations == 2);
    CHECK(!quant_preset("int7") && !quant_preset("") && !quant_preset("INT8"));
    for (const char *name; (name = quant_preset_name(count)); count++) {
        CHECK(quant_preset(name) && !strcmp(quant_preset(name)->name, name));
        /* Codes are bytes. */
        CHECK(quant_preset(name)->form != PRECISION_CODES || quant_preset(name)->weights <= 8);
    }
    for (int i = 0; i < count; i++)
        CHECK(strstr(QUANT_PRESET_NAMES, quant_preset_name(i)));
    CHECK(quant_preset_like(PRECISION_CODES, 4, 8) == quant_preset("w4a8"));
    CHECK(quant_preset_like(PRECISION_ROUNDED, 16, 16) == wide &&
          quant_preset_like(PRECISION_REAL, 0, 0) == real);
    CHECK(!quant_preset_like(PRECISION_ROUNDED, 8, 8) && !quant_preset_like(PRECISION_CODES, 6, 8));
    CHECK(quant_preset_observer(codes) == QUANT_MSE && quant_preset_observer(wide) == QUANT_MINMAX);
    struct quant_preset finer = *codes;
    finer.ends = 9;
    CHECK(quant_preset_observer(&finer) == QUANT_MINMAX);
    finer.observer = QUANT_PERCENTILE;
    CHECK(quant_preset_observer(&finer) == QUANT_PERCENTILE);
    CHECK(count == 8 && !quant_preset_name(-1));
    return check_result("quant_preset");
}
