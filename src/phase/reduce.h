/* src/phase/reduce.h: the parts of reduce, on rank 0, and of recheck: /summary of one network from its stored
 * rows, in image order. Private to the room, local. */
#ifndef QUANTCAM_PHASE_REDUCE_H
#define QUANTCAM_PHASE_REDUCE_H

#include "run.h"

/* All images, then the selections. Bytes of the columns that are reduced together, or eight columns. */
enum { REDUCE_SETS = 1 + STORE_MAX_SELECTIONS, REDUCE_HELD = 128 << 20 };

/* One network's rows in image order. */
struct reduce_rows {
    int sets;
    int64_t n;
    uint8_t *status;                     /* (N) */
    uint32_t *member;                    /* (N) bit 0: has a row, bit 1 + s: selection s holds the image */
    int32_t *class_index;                /* (N) */
    int32_t *top5[STORE_MAX_PRECISIONS]; /* (N, 5) */
};

/* reduce_places.c: which selections the places of a subset are in: bit 1 + s of place (S) is selection s. in:
 * (S) scratch. Local. */
MUST_USE status reduce_selections(const struct run *r, int net, uint8_t *in, uint32_t *place);
/* reduce_places.c: rows of /models/<net>/<name>. Local. */
MUST_USE status reduce_fetch(const struct run *r, int net, const char *name, int64_t first, int64_t count,
                             void *out);
/* reduce.c: place (S): bit 1 + s: selection s holds the place's image, and its row of the subset is good. */
MUST_USE status reduce_places(const struct run *r, int net, uint32_t *place);
/* reduce_measures.c: /summary/measures and /summary/difference. Some seconds for 50,000 images. */
MUST_USE status reduce_measures(const struct run *r, int net, const struct reduce_rows *rows);
/* reduce_boxes.c: /summary/wsol and /summary/wsol_trivial. */
MUST_USE status reduce_boxes(const struct run *r, int net, const struct reduce_rows *rows);

#endif
