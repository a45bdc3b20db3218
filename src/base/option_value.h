/* What one row's value may be and how it is written: private to base/option*.c. */
#ifndef QUANTCAM_OPTION_VALUE_H
#define QUANTCAM_OPTION_VALUE_H

#include "base_option.h"

/* ERR_USAGE: "KEY = VALUE: what is wanted". */
MUST_USE status option_value_set(const struct option_row *r, void *field, const char *value);
/* The canonical form: setting it again gives the same field. */
void option_value_print(const struct option_row *r, const void *field, char *out, size_t size);
/* " (did you mean 'x'?)" or "", in a static buffer; `dashes` stand before the word. */
const char *option_value_suggest(const char *word, const char *const *words, int count, const char *dashes);

#endif
