/* What one row's value may be and how it is written: private to base/option*.c. */
#ifndef QUANTCAM_OPTION_VALUE_H
#define QUANTCAM_OPTION_VALUE_H

#include "base_option.h"

/* ERR_USAGE: "KEY = VALUE: what is wanted". */
MUST_USE status option_value_set(const struct option_row *r, void *field, const char *value);
/* The canonical form: setting it again gives the same field. */
void option_value_print(const struct option_row *r, const void *field, char *out, size_t size);
/* What --help names it: "FILE", "a|b", of a list "a,b", of a flag "on|off". */
void option_value_wanted(const struct option_row *r, char *out, size_t size);
/* option_help's OPTION_MAN and OPTION_KEYS. */
void option_man(const struct option_table *t, const void *defaults, enum option_form form, FILE *out);
/* " (did you mean 'x'?)" or "", in a static buffer; `dashes` stand before the word. */
const char *option_value_suggest(const char *word, const char *const *words, int count, const char *dashes);

#endif
