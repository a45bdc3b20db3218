/* src/phase/from.h: what a job takes from a finished result (store.from). Private to the room. from.c decides
 * and says what, from_pictures.c knows the pictures that both have; evaluate and explain take it. */
#ifndef QUANTCAM_PHASE_FROM_H
#define QUANTCAM_PHASE_FROM_H

#include "run.h"

/* Of a picture of this job, beside its content, the same in the other result: true class, true boxes, place
 * in the list, by which files of truths are its own. */
enum { FROM_CLASS = 1, FROM_BOXES = 2, FROM_PLACE = 4 };
enum { FROM_HEX = 2 * HASH_SIZE };

struct from {
    struct store_reader *reader;
    uint8_t id[HASH_SIZE]; /* of its /checksums */
    /* bit p: values of precision p of a network are taken, of /models/NET, of /models/NET/subset */
    unsigned rows[JOB_MAX_NETWORKS], explained[JOB_MAX_NETWORKS];
    int64_t pictures;            /* of the other result */
    char (*content)[FROM_HEX];   /* (pictures) of their files, hexadecimal digits */
    uint8_t *state[JOB_MAX_NETWORKS]; /* (pictures) of the rows of /models/NET */
    int64_t *place[JOB_MAX_NETWORKS]; /* (pictures) 1 + place among the explained, 0 = none */
    int64_t *row;                /* (N) of this job's pictures: 1 + row of the same content there, 0 = none */
    uint8_t *same;               /* (N) FROM_... */
    int in_place;                /* all pictures of this job are those there, in their order */
    struct text said;            /* "old.h5: 48 of 60 pictures ...": for the log and /provenance */
};

/* Collective, before anything dear. Opens the job's store.from; r->from is NULL where the job names none, or
 * where OUT is there already. ERR_USAGE: it is OUT; else store_open_finished's. */
MUST_USE status from_open(struct run *r);
/* Collective, after begin_layout. Checks the other result, decides and says what is taken.
 * store_check_finished's errors. */
MUST_USE status from_decide(struct run *r);
void from_close(struct run *r);
/* Local. The row of the other result whose values of network `net` a picture of this content has, or -1.
 * Of precisions r->from->rows[net] alone. */
int64_t from_row(const struct run *r, int net, int64_t image, const uint8_t content[HASH_SIZE]);
/* Local. The place there of the picture's explained row, or -1. Of precisions r->from->explained[net]. */
int64_t from_place(const struct run *r, int net, int64_t image);
/* Collective. from_pictures.c: all of struct from that is of pictures. */
MUST_USE status from_pictures(const struct run *r, struct from *f);
void from_pictures_free(struct from *f);
/* Local. Of n of f's pictures, for a prediction: *out borrows the rest, explains nothing, and is freed by
 * mem_free of row and same. */
MUST_USE status from_pick(const struct from *f, const int64_t *image, int n, struct from *out);
/* Local. Copies of precisions of `rows` of a network from the other result: take[p], NULL where `bits` does
 * not have p. */
MUST_USE status from_takes(const struct run *r, unsigned bits, struct store_rows *rows,
                           struct store_take *take[STORE_MAX_PRECISIONS]);

#endif
