/* src/phase/match.h: what a job's maps are compared with ([saliency]): truths of its pictures, and the rows
 * that come of them. Private to the room. */
#ifndef QUANTCAM_PHASE_MATCH_H
#define QUANTCAM_PHASE_MATCH_H

#include "probe.h"
#include "probe_truth.h"
#include "run.h"

_Static_assert(STORE_TRUTHS == (int)TRUTH_KINDS && STORE_STATES == (int)TRUTH_STATES &&
                   STORE_LEVELS == (int)OBJECT_LEVELS,
               "the schema's extents are those of truths");

/* A kind of truth as datasets call it. */
const char *match_kind_name(int kind);
/* The two maps that have seen nothing: "center", "shuffled". */
enum { MATCH_CENTER, MATCH_SHUFFLED, MATCH_BASELINES };
const char *match_baseline_name(int baseline);
/* What the curves of a mask are called: "f", "e". */
enum { MATCH_F, MATCH_E, MATCH_CURVES };
const char *match_curve_name(int curve);

/* ---- settings and plan (match_plan.c) ------------------------------------------------------------------ */

/* What densities are: predicted, maps of the user's, or what fixations or masks make. */
enum { MATCH_PREDICTED, MATCH_OF_FILES, MATCH_OF_OTHERS };
int match_density(const struct job *job);
/* Local. The settings; texts are the job's, the pipeline the run's. */
struct truth_how match_how(const struct run *r);
/* Local. A picture's place in the whole list: a prediction (predict.c) has some of its pictures alone. */
int match_place(const struct run *r, int64_t image);
/* Collective, in the phase plan. Opens what the job names, checks that all networks see one part of a
 * picture; r->truths, and r->truth_lines, what the truths are. ERR_USAGE, and truth_open's errors. */
MUST_USE status match_plan(struct run *r);
/* Local. job_canonical of the run's job, and the truths' lines. */
MUST_USE status match_canonical(const struct run *r, struct text *out);
/* Local. Lines of /provenance: what densities are made of (a predictor, "fixations", "masks", or where they
 * lie), and where the other truths lie. */
MUST_USE status match_note(const struct run *r, struct text *out);
/* Local, rank 0, after evaluate: counts and names pictures whose truth is none, or says nothing. */
MUST_USE status match_say(const struct run *r);

/* ---- rows (match.c) ------------------------------------------------------------------------------------ */

/* Truths of the pictures of a block (its `places`). */
struct match;
/* Collective. NULL where the job compares nothing. images: the rows of /images. */
MUST_USE status match_open(const struct run *r, int places, struct store_rows *images, struct match **out);
void match_close(struct match *m); /* NULL is fine; local, as all that follows */
/* The fields of network `net`'s rows. ERR_MEMORY. */
MUST_USE status match_network(struct match *m, int net, struct store_rows *rows);
/* Truths of picture number `image`, decoded, in place b. ERR_MEMORY. */
MUST_USE status match_picture(struct match *m, int b, int64_t image, const struct image *picture);
/* Place b is of a picture that could not be read. */
void match_no_picture(struct match *m, int b);
/* What the row of /images in hand says of place b: states, baselines. ERR_MEMORY. */
MUST_USE status match_image(struct match *m, int b, int64_t image, const struct image *picture);
/* Precision p of the network and of place b's picture into the row in hand, after probe_methods. ERR_MEMORY.
 */
MUST_USE status match_precision(struct match *m, struct probe *probe, int net, int p, int b);
/* Its pair with the first. begins: the first is another picture's than at the last call. ERR_MEMORY. */
MUST_USE status match_pair(struct match *m, struct probe *probe, int net, int p, int begins);

#endif
