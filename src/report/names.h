/* names: what a class is called. */
#ifndef QUANTCAM_REPORT_NAMES_H
#define QUANTCAM_REPORT_NAMES_H

#include "report.h"

/* By the list, else as the result has it (its folder), else "class 7"; -1 is "unknown". */
MUST_USE status names_class(struct store_reader *r, const struct image_names *n, int class_index, char *out,
                            size_t size);

#endif
