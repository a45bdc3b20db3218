/* study: published tables beside ours. A study is data (studies/NAME.c): its numbers by network, precision,
 * measure and set, exactly as printed, and its tables (tables.h), whose columns show ours, the study's, the
 * difference and the corrected reading. To add one: a file there, and its name in study.c. A published number
 * is found by the names of network and precision, never by a place. */
#ifndef QUANTCAM_REPORT_STUDY_H
#define QUANTCAM_REPORT_STUDY_H

#include "tables.h"

enum { STUDY_NETWORKS = 8 };

/* One measure as a study printed it, for each of its networks. set: "all", or the reading that chose its
 * subset, "raw". */
struct study_number {
    const char *precision, *measure, *set, *text[STUDY_NETWORKS];
};
struct study {
    const char *id, *cited;           /* "rogers2023": of the tables' ids; authors, year, doi */
    const char *other;                /* the precision whose selections are the study's subset */
    const char *network[STUDY_NETWORKS];    /* torchvision's names */
    const struct study_number *number;
    const struct table *table;        /* "<study>_<table>" in the report, where the file has its measures */
    int numbers, tables;
};

extern const struct study rogers2023;           /* studies/rogers2023.c */
extern const struct study *const study_all[];
extern const int study_count;
/* The published text, or NULL. */
const char *study_number(const struct study *s, const char *network, const char *precision,
                         const char *measure, const char *set);
/* The study whose table this grid is, or NULL. */
const struct study *study_of(const struct grid *g);

#endif
