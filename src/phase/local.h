/* Parts of select and reduce that no rank waits in: rank 0 of a run calls them, and recheck.c, over a
 * finished result. Private to the room. */
#ifndef QUANTCAM_PHASE_LOCAL_H
#define QUANTCAM_PHASE_LOCAL_H

#include "run.h"

/* One image that any selection holds. */
struct subset_member {
    int64_t image;
    uint8_t in[STORE_MAX_SELECTIONS];
};

/* subset.c: what a selection goes by, of images first .. first + count - 1: a reading's RMSE; of the control
 * random numbers, one an image, so that the k largest are a uniform sample.
 * value: (count) scratch; key: (count) out, larger goes first. ERR_FORMAT: no reading and precision of that
 * name. */
MUST_USE status subset_keys(const struct run *r, int net, int selection, int64_t first, int64_t count,
                            float *value, uint32_t *key);
/* subset.c: image and in_* of /models/<net>/subset: the members in image order, -1 behind them. */
MUST_USE status subset_write(const struct run *r, int net, const struct subset_member *member, int64_t count);
/* subset.c: "raw", "resolved", "aligned": a selection is called READING_PRECISION. */
const char *subset_reading(int i);
/* subset.c: the last selection is the random one, without a threshold. */
int subset_is_control(const struct run *r, int selection);
/* reduce.c: /summary but for histogram, from the stored rows. */
MUST_USE status reduce_tables(const struct run *r);
/* pictures.c: /gallery from the stored rows. */
MUST_USE status pictures_draw(const struct run *r);

#endif
