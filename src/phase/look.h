/* src/phase/look.h: what becomes of a network's maps while it is quantized, seen by the same code as a job's.
 * Private to the room. */
#ifndef QUANTCAM_PHASE_LOOK_H
#define QUANTCAM_PHASE_LOOK_H

#include "probe.h"
#include "quant.h"

/* What fp32 showed of a picture. */
struct look_picture {
    int32_t top[PROBE_TOP];
    float *cam; /* NULL: not yet */
    int own_sign, constant;
};
struct look {
    struct quant_look quant; /* what room quant calls */
    const struct model *model;
    const struct kernel_table *kernels;
    struct probe *probe;
    const struct measure *correlation, *rmse;
    int count;
    struct look_picture *picture; /* (count) */
};
/* Local. Of so many pictures. *out stays where it is, and is freed with look_free. ERR_MEMORY. */
MUST_USE status look_make(const struct model *m, const struct kernel_table *k, int count, struct look *out);
void look_free(struct look *l); /* idempotent; zeroed ones too */

#endif
