#include "check.h"
#include "store.h"

#include <string.h>

static struct store_precision of(const char *name, int form, int weights, int activations)
{
    struct store_precision p = { .form = form, .weight_bits = weights, .activation_bits = activations };

    snprintf(p.name, sizeof p.name, "%s", name);
    return p;
}

static void says(struct store_precision p, const char *expected)
{
    char words[STORE_PRECISION_WORDS];

    CHECK_MSG(!strcmp(store_precision_words(&p, words), expected), "%s", words);
}

static void check_good(int form, int least, int most)
{
    for (int bits = -1; bits < 40; bits++) {
        struct store_precision weights = of("p", form, bits, most), outputs = of("p", form, most, bits);
        int expected = bits >= least && bits <= most;

        CHECK_MSG(store_precision_good(&weights) == expected && store_precision_good(&outputs) == expected,
                  "%s of %d bits", store_form_name(form), bits);
    }
}

static void check_selecting(void)
{
    static struct store_layout l;

    l.precisions = 1;
    CHECK(store_selecting(&l) == 0);
    l.precisions = 4;
    CHECK(store_selecting(&l) == 1); /* nothing says so */
    l.precision[0] = of("fp32", PRECISION_REAL, 32, 32);
    l.precision[1] = of("my_int8", PRECISION_CODES, 8, 8);
    l.precision[2] = of("int8", PRECISION_CODES, 8, 8);
    l.precision[3] = of("int4", PRECISION_CODES, 4, 4);
    l.selections = 3;
    snprintf(l.selection[0], STORE_NAME, "raw_int4");
    snprintf(l.selection[1], STORE_NAME, "raw_int8");
    snprintf(l.selection[2], STORE_NAME, "control");
    CHECK(store_selecting(&l) == 2);
    snprintf(l.selection[1], STORE_NAME, "aligned_my_int8");
    CHECK(store_selecting(&l) == 1);
    snprintf(l.selection[1], STORE_NAME, "aligned_int4");
    CHECK(store_selecting(&l) == 3);
}

int main(void)
{
    int form;

    CHECK(store_form_find("real", &form) && form == PRECISION_REAL);
    CHECK(store_form_find("codes", &form) && form == PRECISION_CODES);
    CHECK(store_form_find("rounded", &form) && form == PRECISION_ROUNDED);
    CHECK(!store_form_find("", &form) && !store_form_find("code", &form));
    CHECK(!strcmp(store_form_name(PRECISION_ROUNDED), "rounded") && !strcmp(store_form_name(3), "unknown") &&
          !strcmp(store_form_name(-1), "unknown"));
    check_good(PRECISION_REAL, 32, 32);
    check_good(PRECISION_CODES, 1, 8);
    check_good(PRECISION_ROUNDED, 1, 16);
    says(of("fp32", PRECISION_REAL, 32, 32), "fp32 (real numbers)");
    says(of("int8", PRECISION_CODES, 8, 8), "int8 (8 bits)");
    says(of("w4a8", PRECISION_CODES, 4, 8), "w4a8 (weights 4, outputs 8 bits)");
    says(of("int16", PRECISION_ROUNDED, 16, 16), "int16 (16 bits, rounded)");
    check_selecting();
    return check_result("test_precision");
}
