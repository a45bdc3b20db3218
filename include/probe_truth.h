/* include/probe_truth.h
 * probe, part: what maps of a list of pictures are compared with: densities, fixations and masks, as users
 * bring them or as a predictor makes them, cut as a network's pictures are. The command `saliency` and the
 * job ask the same functions.
 *
 *     TRY(truth_open(&list, &how, &set));              // files are opened, lists read
 *     truth_measure(set, i);                           // of every picture: its size, if it has fixations
 *     TRY(truth_find(set));                            // their pixels
 *     TRY(truth_read(set, TRUTH_MASK, i, &picture, &t));
 *     if (truth_is_there(t.state)) {
 *         struct saliency_view v = truth_view(&t, map);    // map (height, width) in the truth's frame
 *         struct measure_view of = { .saliency = &v };     // of measures with that truth_kind_of
 *     }
 *     truth_free(&t);
 *
 * Every function is local. Source: spec saliency-and-training 1.3, 1.8.
 */
#ifndef QUANTCAM_PROBE_TRUTH_H
#define QUANTCAM_PROBE_TRUTH_H

#include "metric_saliency.h"
#include "saliency.h"

enum truth_kind { TRUTH_DENSITY, TRUTH_FIXATIONS, TRUTH_MASK, TRUTH_KINDS };
/* How a picture's truth is: absent; there; there, in another size than the picture; a density without any
 * difference (0, constant, NaN or infinity), which says nothing; one that cannot be read. */
enum truth_state {
    TRUTH_NONE, TRUTH_THERE, TRUTH_OTHER_SIZE, TRUTH_ZERO, TRUTH_CONSTANT, TRUTH_NOT_FINITE, TRUTH_UNREADABLE,
    TRUTH_STATES
};
#define TRUTH_STATE_NAMES "none|there|other_size|zero|constant|not_finite|unreadable"

struct truth_pictures {
    int count;
    const char *root; /* of the paths, or NULL */
    const char *const *path;
};
struct truth_how {
    const char *from[TRUTH_KINDS];       /* files, or NULL */
    int predicted;                       /* densities are predicted, by `method`; from[TRUTH_DENSITY] NULL */
    enum saliency_method method;
    const char *suffix;
    int origin;                          /* of fixations: the first pixel's number */
    double sigma;                        /* of the blur that makes a density of fixations */
    uint64_t seed;
    /* NULL: truths are of whole pictures; else of what this pipeline cuts out of them. It pads nothing. */
    const struct image_pipeline *seen;
};

struct truth_set;
/* Borrows the list and how's texts. Closed after a failure, too. Errors as saliency_source_open and
 * image_points_read. */
MUST_USE status truth_open(const struct truth_pictures *list, const struct truth_how *how,
                           struct truth_set **out);
void truth_close(struct truth_set *s); /* NULL is fine */
/* Decodes picture i for its size, where fixations of it are listed; an unreadable one stays 0 x 0.
 * truth_sizes: (pictures, 2) width and height of all, so that others' may be put there; NULL: no lists. */
void truth_measure(struct truth_set *s, int i);
int32_t *truth_sizes(struct truth_set *s);
/* The fixated pixels of every picture whose size is known. ERR_MEMORY. */
MUST_USE status truth_find(struct truth_set *s);
int truth_has(const struct truth_set *s, enum truth_kind kind); /* does the set have such truths? */
/* Is there one of picture i? */
int truth_is_of(const struct truth_set *s, enum truth_kind kind, int i);
/* The kind whose truths a measure compares with, where there are those of `kinds` (bit k: kind k): densities
 * are the user's or predicted, else made of fixations, else masks. */
enum truth_kind truth_kind_of(unsigned kinds, const struct measure *m);
unsigned truth_kinds(const struct truth_set *s);
/* The next picture, cyclic, that has such a truth; -1: there is no other. */
int truth_next(const struct truth_set *s, enum truth_kind kind, int i);
int truth_dropped(const struct truth_set *s, int i); /* fixations outside of the picture */
/* SHA-256 of what the set's truths of one kind are: of files each with its picture's place. ERR_IO. */
MUST_USE status truth_hash(const struct truth_set *s, enum truth_kind kind, uint8_t out[HASH_SIZE]);
/* Decodes picture i. Errors as image_read. */
MUST_USE status truth_picture(const struct truth_pictures *list, int i, struct image *out);

/* A truth of one picture, in its frame. */
struct truth {
    enum truth_state state;
    struct saliency_map map; /* density, or mask, or the density of the fixations */
    /* of fixations alone */
    struct saliency_map baseline;
    int32_t *pixel;
    int pixels;
    struct draws uniform, pooled;
    struct fixation_room room;
};
static inline int truth_is_there(enum truth_state s)
{
    return s == TRUTH_THERE || s == TRUTH_OTHER_SIZE;
}
/* All that measures ask of picture i's truth. picture: i's, decoded; or NULL, then the truth's map alone, as
 * another picture is compared with it: a predicted one is kept until the next is asked for. A
 * file that cannot be read is ERR_FORMAT, ERR_IO, ERR_RANGE, and the state says it. ERR_MEMORY. */
MUST_USE status truth_read(struct truth_set *s, enum truth_kind kind, int i, const struct image *picture,
                           struct truth *out);
void truth_free(struct truth *t); /* idempotent; zeroes */
/* CENTER as truths of such a picture are cut, in t's frame. ERR_MEMORY. */
MUST_USE status truth_center(const struct truth_set *s, const struct image *picture, const struct truth *t,
                             struct saliency_map *out);
/* What measures of t's kind see of a map (t->map.height, t->map.width). */
struct saliency_view truth_view(const struct truth *t, const float *map);

#endif
