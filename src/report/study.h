/* study: tables 1-11 as the study has them: ours read its way ("as published"), its number, the difference,
 * and ours read the corrected way, with the control beside the subset. Taken from the grids that collect
 * made: no number is read or worked out twice. */
#ifndef QUANTCAM_REPORT_STUDY_H
#define QUANTCAM_REPORT_STUDY_H

#include "collect.h"

enum { STUDY_TABLES = 14 };
/* Appends a grid "study_<id>" for each of the study's tables (and figure 2's Dice) that `c` holds; its note
 * says in a sentence what "as published" and "corrected" differ in. */
MUST_USE status study_collect(struct collect *c);
/* Is it one of those grids? Its table's id, "table_4", or NULL. */
const char *study_of(const struct grid *g);
const struct grid *study_find(const struct collect *c, const char *id);      /* by id, or NULL */

#endif
