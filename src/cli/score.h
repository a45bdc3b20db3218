/* src/cli/score.h: what `saliency` compares: maps of a list of pictures with the truths that a user has, and
 * with what any map reaches: the centre, and another picture's truth. Private to the room. */
#ifndef CLI_SCORE_H
#define CLI_SCORE_H

#include "probe_truth.h"

/* The maps: a predictor each, the user's, the next picture's truth. */
enum { SCORE_FILE = SALIENCY_METHODS, SCORE_SHUFFLED, SCORE_MAPS, SCORE_MEASURES = 24 };

struct score_how {
    unsigned maps;    /* bit m: enum saliency_method m, SCORE_FILE */
    const char *file; /* where the maps of SCORE_FILE are */
    struct truth_how truth;
};

struct score {
    struct truth_pictures list;
    struct score_how how;
    int measures; /* of saliency_measures */
    double
        *value[SCORE_MAPS][SCORE_MEASURES]; /* (pictures), NaN = none; NULL: map or measure not asked for */
    double f[SCORE_MAPS][OBJECT_LEVELS], e[SCORE_MAPS][OBJECT_LEVELS]; /* sums over `curves` pictures */
    int curves[SCORE_MAPS];
    int scored[TRUTH_KINDS], missing[TRUTH_KINDS], flat[TRUTH_KINDS]; /* pictures; flat: a constant truth */
    int first_missing[TRUTH_KINDS];                                   /* its place */
    int other_size;                             /* truths of another size than their picture */
    int degenerate[SCORE_MAPS][DENSITY_CAUSES]; /* comparisons of such maps */
    int64_t fixated;                            /* pixels of scored pictures */
    int dropped;                                /* fixations outside of their pictures */
    int unreadable;                             /* pictures */
    struct truth_set *truth;
    struct saliency_source *file;
};

/* Opens truths and maps; fixations are read, and all pictures for their sizes. Closed after a failure, too.
 */
MUST_USE status score_open(const struct truth_pictures *list, const struct score_how *how, struct score *out);
void score_close(struct score *s);
/* One picture: its maps (SCORE_MAPS; where value is NULL there is none) against its truths. */
MUST_USE status score_picture(struct score *s, int i, const struct image *picture,
                              const struct saliency_map maps[SCORE_MAPS]);
/* The user's map of picture i; value NULL where there is none. */
MUST_USE status score_file_map(struct score *s, int i, struct saliency_map *out);
/* Is a measure part of this comparison? */
int score_has(const struct score *s, int measure);
const char *score_map_name(int map, char out[48]);
/* The maps in the order in which they are told of: those that look at the picture, then those that do not. */
extern const int score_order[SCORE_MAPS];

#endif
