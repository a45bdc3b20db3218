/* src/phase/local.h: parts of select and reduce that no rank waits in: rank 0 of a run calls them, and
 * recheck.c, over a finished result. Private to the room. Every function here is local. */
#ifndef QUANTCAM_PHASE_LOCAL_H
#define QUANTCAM_PHASE_LOCAL_H

#include "metric.h"
#include "run.h"

/* ---- selections: subset.c ------------------------------------------------------------------------------ */

/* One image that any selection holds. */
struct subset_member {
    int64_t image;
    uint8_t in[STORE_MAX_SELECTIONS];
};

/* What a selection goes by, of images first .. first + count - 1: a reading's RMSE; of the control random
 * numbers, one an image, so that the k largest are a uniform sample.
 * value: (count) scratch; key: (count) out, larger goes first. ERR_FORMAT: no reading and precision of that
 * name. */
MUST_USE status subset_keys(const struct run *r, int net, int selection, int64_t first, int64_t count,
                            float *value, uint32_t *key);
/* The members that any selection holds to the front of the array; returns how many. */
int64_t subset_pack(const struct run *r, struct subset_member *member, int64_t count);
/* image and in_* of /models/<net>/subset: the members in image order, -1 behind them. */
MUST_USE status subset_write(const struct run *r, int net, const struct subset_member *member, int64_t count);
/* "raw", "resolved", "aligned": a selection is called READING_PRECISION. */
const char *subset_reading(int i);
/* The last selection is the random one, without a threshold. */
int subset_is_control(const struct run *r, int selection);

/* The places of a network's subset as the file has them, so that they are what its readers see. */
struct subset_places {
    int64_t *image;  /* (S) -1 behind the last */
    uint32_t *in;    /* (S) bit 1 + s: selection s holds the image */
    uint8_t *status; /* (S) of the rows that explain fills */
};
MUST_USE status subset_places_make(const struct run *r, struct mem_set *mem, struct subset_places *out);
MUST_USE status subset_places_read(const struct run *r, int net, struct subset_places *out);

/* ---- tables: reduce.c, reduce_measures.c, reduce_boxes.c, average.c ------------------------------------ */

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
    struct subset_places places;         /* in: 0 where the place's row is not good */
};

/* /summary but for histogram, from the stored rows. */
MUST_USE status reduce_tables(const struct run *r);
/* /summary/measures and /summary/difference of one network. Some seconds for 50,000 images. */
MUST_USE status reduce_measures(const struct run *r, int net, const struct reduce_rows *rows);
/* reduce_saliency.c: /summary/saliency and the curves of /summary/baselines of one network; nothing where
 * maps are compared with no truths. */
MUST_USE status reduce_saliency(const struct run *r, int net, const struct reduce_rows *rows);
/* Of a kind of truths of all pictures: state, next (N). ERR_FORMAT: no state. */
MUST_USE status reduce_saliency_read(const struct run *r, int kind, uint8_t *state, int64_t *next);
/* reduce_groups.c: /summary/groups, once all networks' /summary/measures are there. */
MUST_USE status reduce_groups(const struct run *r);
/* /summary/wsol and /summary/wsol_trivial of one network. */
MUST_USE status reduce_boxes(const struct run *r, int net, const struct reduce_rows *rows);

/* What /summary/histogram holds of one network; the whole set has none. */
struct average_bins {
    int64_t images[REDUCE_SETS];
    struct average_of {
        int64_t own[REDUCE_SETS][HISTOGRAM_BINS], common[REDUCE_SETS][HISTOGRAM_BINS];
        double low[REDUCE_SETS], high[REDUCE_SETS];
    } of[STORE_MAX_PRECISIONS];
};
/* average.c: writes them, and the Dice coefficients that follow. */
MUST_USE status average_write(const struct run *r, int net, const struct average_bins *b);

/* sensitivity.c: of a finished result's what stands in no row: that a layer can have lost it. ERR_FORMAT. */
MUST_USE status sensitivity_check(const struct run *r);

/* pictures.c: /gallery from the stored rows. */
MUST_USE status pictures_draw(const struct run *r);

#endif
