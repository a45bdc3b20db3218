/* study: published tables beside ours. A study is data (studies/NAME.c): its numbers by network, precision,
 * measure and set, exactly as printed, and its tables (tables.h), whose columns show ours, the study's, the
 * difference and the corrected reading. To add one: a file there, and its name in study.c. A published number
 * is found by the names of network and precision, never by a place. It stands only beside a network whose
 * reference checkpoint is known by the first digits of its SHA-256: a name alone says nothing of the weights,
 * which may be random. The job says of others, as of a copy in another form, network.NAME.published = on. */
#ifndef QUANTCAM_REPORT_STUDY_H
#define QUANTCAM_REPORT_STUDY_H

#include "tables.h"

enum { STUDY_NETWORKS = 8, STUDY_KNOWN = 6 };

/* One measure as a study printed it, for each of its networks. set: "all", or the reading that chose its
 * subset, "raw". */
struct study_number {
    const char *precision, *measure, *set, *text[STUDY_NETWORKS];
};
/* Numbers that no reader should take as they stand: of the precisions named, "int16 int8", and of the
 * measures whose names begin so, "sim cc" (before a '_'); of the network, or of all but `but`; NULL: all. The
 * sign stands in their cells, the reason in the note of their tables. impossible: there is no difference to
 * them. */
struct study_mark {
    const char *sign, *precision, *measure, *network, *but;
    int impossible;
    const char *why; /* a sentence */
};
/* The order of a study's networks by how much a measure of pairs falls short of 1: of which precision, the
 * study's number, ours as published (in another precision, where that is not NULL), ours corrected. */
struct study_order {
    const char *id, *title, *note;
    const char *precision, *measure, *published_in, *corrected;
};
/* A number that others printed of a study's method, with its source. */
struct study_quote {
    const char *what, *text, *source;
};
struct study {
    const char *id, *cited;              /* "rogers2023": of the tables' ids; authors, year, doi */
    const char *other;                   /* the precision whose selections are the study's subset */
    const char *network[STUDY_NETWORKS]; /* torchvision's names */
    /* First digits of the SHA-256 of checkpoints that are known to be trained, of each network. */
    const char *known[STUDY_NETWORKS][STUDY_KNOWN];
    const struct study_number *number;
    const struct table *table; /* "<study>_<table>" in the report, where the file has its measures */
    int numbers, tables;
    const struct study_mark *mark;
    int marks;
    const struct study_order *order; /* or NULL */
    const char *intro; /* behind `cited`, of a study without numbers; NULL: the usual words */
    const struct study_quote *quote;
    int quotes;
    const char *quoted; /* where the quotes' sources are */
    /* The measure of pairs that says how much a precision changed the maps, of a study whose networks stand
     * in groups (study_groups.c); NULL: of others. */
    const char *changed_by;
};

extern const struct study rogers2023;   /* studies/rogers2023.c */
extern const struct study kerkouri2024; /* studies/kerkouri2024.c */
extern const struct study training2024; /* studies/training2024.c */
extern const struct study *const study_all[];
extern const int study_count;
/* The published text, or NULL. */
const char *study_number(const struct study *s, const char *network, const char *precision,
                         const char *measure, const char *set);
/* 1 = the study's numbers may stand beside the network at place k of the result: see above. Local. */
MUST_USE status study_knows(struct store_reader *r, const struct study *s, int k, int *knows);
/* The next mark of a number from place `from` of the study's marks on, or NULL. */
const struct study_mark *study_mark(const struct study *s, int from, const char *network,
                                    const char *precision, const char *measure);
/* Appends the order's table "<study>_<id>", unless the file has none of its measures (study_order.c). */
MUST_USE status study_order_add(struct store_reader *r, const struct study *s, struct tables *out);
/* What the table says in words: one sentence, or nothing. */
MUST_USE status study_order_say(struct store_reader *r, const struct study *s, struct text *out);
/* Appends "<study>_groups", "<study>_against" and "<study>_yardsticks", where the file has changed_by. */
MUST_USE status study_groups_add(struct store_reader *r, const struct study *s, struct tables *out);
/* The study whose table this grid is, or NULL. */
const struct study *study_of(const struct grid *g);

#endif
