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
/* SYNOPSIS, DESCRIPTION and the heading of OPTIONS; one row in OPTION_MAN or OPTION_KEYS, its default `usual`
 * or "". */
void option_man_begin(const struct option_table *t, FILE *out);
void option_man_row(const struct option_row *r, const char *prefix, const char *usual, enum option_form form,
                    FILE *out);
/* How many bytes at the front are an element's or a file's name. */
size_t option_value_name(const char *text);

#endif
