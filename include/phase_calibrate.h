/* include/phase_calibrate.h
 * phase, calibration: the pictures on which ranges are chosen, shared by the ranks, and the quantized
 * checkpoint that comes of them: what `quantcam quantize` and a job's `PRECISION = quantize` have in common.
 *
 *     struct calibrate_pictures pictures = { 0 };
 *     TRY(calibrate_pictures_read(c, &source, &pipeline, &pictures));
 *     TRY(calibrate_network(c, &binding, &options, &pictures, kernels, &result));
 *     if (c->rank == 0)
 *         TRY(calibrate_save("out.safetensors", &binding, &options, &result, NULL));
 */
#ifndef QUANTCAM_PHASE_CALIBRATE_H
#define QUANTCAM_PHASE_CALIBRATE_H

#include "comm.h"
#include "image.h"
#include "quant.h"

struct calibrate_source {
    const char *images; /* a folder: class folders, or a flat one; "" = the paths of `list` as they stand */
    const char *labels; /* "" or a label file for `images` (image.h) */
    const char *synsets; /* "" or the classes' synsets (image.h) */
    int folders;         /* enum image_folders */
    int classes;         /* of the network, whose name is `network` */
    const char *network;
    const char *list;   /* "" or a file of paths, one a line */
    const char *said;   /* begins each line that says how the folder was read; NULL: they are not said */
    int limit;          /* at most so many */
    uint64_t seed;      /* of the draw of `limit` pictures; 0 = spread evenly over the list */
};
struct calibrate_pictures {
    int count;
    char **path;      /* (count) of all ranks' pictures */
    int *label;       /* (count) or -1; NULL = no picture has one */
    uint8_t **pixels; /* (count) (height, width, channels): this rank's own, others NULL */
    char *text;       /* what `path` points into */
};
/* Collective. Rank 0 reads the list, all get paths and labels; no picture is read yet. ERR_MISSING: none.
 * *out is freed with calibrate_pictures_free, also after a failure. */
MUST_USE status calibrate_pictures_list(const struct comm *c, const struct calibrate_source *source,
                                        struct calibrate_pictures *out);
/* Local. Leaves out those with drop[i]; at least one stays. Before they are read. */
void calibrate_pictures_drop(struct calibrate_pictures *p, const uint8_t *drop);
/* Collective. Every rank reads its own pictures. One that cannot be read is left out and named in the log;
 * ERR_FORMAT where none is left. */
MUST_USE status calibrate_pictures_read(const struct comm *c, const struct image_pipeline *pipeline,
                                        struct calibrate_pictures *p);
void calibrate_pictures_free(struct calibrate_pictures *p);

/* Collective. quant_network over the ranks; those that are not the first of their host follow. */
MUST_USE status calibrate_network(const struct comm *c, const struct model_binding *binding,
                                  const struct quant_options *options,
                                  const struct calibrate_pictures *pictures, const struct kernel_table *k,
                                  struct quant_result *out);
/* Local. The checkpoint with the notes by which it is read again: model, arithmetic, engine, relu6; for what
 * its bits were chosen, quantcam.chosen; and quantcam.calibration = `hash` in hexadecimal digits unless NULL.
 * ERR_IO, ERR_RANGE (weight_save). */
MUST_USE status calibrate_save(const char *path, const struct model_binding *binding,
                               const struct quant_options *options, const struct quant_result *result,
                               const uint8_t hash[HASH_SIZE]);

/* Local. The checkpoint of a network of a settled job in a precision: what the job names, or, where it says
 * quantize, OUT.NETWORK.PRECISION.safetensors. Returns path. */
enum { CALIBRATE_PATH = 1280 };
struct job;
const char *calibrate_job_file(const struct job *job, int network, int precision, char path[CALIBRATE_PATH]);
/* The same for who reads what a run has calibrated and kept. ERR_MISSING where no run has; ERR_MISMATCH where
 * its form or bits are not the job's. Whether pictures and seed are the same only a run finds out. */
MUST_USE status calibrate_job_find(const struct job *job, int network, int precision,
                                   char path[CALIBRATE_PATH]);

#endif
