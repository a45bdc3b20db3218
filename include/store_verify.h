/* include/store_verify.h
 * store, part: is a result file sound, and which one is it: what `verify` asks. A finished file's digest says
 * whether two hold the same; recheck compares what its rows give with what it holds.
 *
 *     struct store_verdict v;
 *     store_verify("results/x.h5", &v);                    // v.text: "resumable 3 of 8 rows"
 *     TRY(digest_file("results/x.h5", hex));
 *
 * Every function is local and needs no MPI.
 */
#ifndef QUANTCAM_STORE_VERIFY_H
#define QUANTCAM_STORE_VERIFY_H

#include "store.h"

/* ---- verify and digest (verify.c, digest.c) -------------------------------------------------------- */

enum store_soundness {
    STORE_IS_COMPLETE,
    STORE_IS_RESUMABLE,
    STORE_IS_DAMAGED,
    STORE_IS_OF_ANOTHER_VERSION, /* of the schema: sound or not, this program cannot say */
    STORE_IS_UNSEEN              /* absent, or this machine cannot read it: nothing is known */
};
struct store_verdict {
    enum store_soundness soundness;
    int64_t rows, of_rows;       /* resumable: good rows */
    int64_t damaged_rows;        /* of OUT.part: they will be computed again */
    int bad_datasets;            /* of OUT: checksums that do not fit */
    char text[600];              /* the first line: "complete", "resumable N of M rows", "damaged: ...",
                                    "another version: ...", "cannot look: ..." */
};
/* Local. Judges OUT, or OUT.part where OUT is absent. Damaged is only what could be read. */
void store_verify(const char *out, struct store_verdict *verdict);
/* A later look at the same file found `what`, or failed (`why` not OK): damaged, or unseen where the machine
 * is to blame. */
void store_verdict_fault(struct store_verdict *verdict, const char *path, status why, const char *what);
int store_verdict_code(const struct store_verdict *verdict); /* 0, 75, 1, 3, 3 */

/* Local. SHA-256 over path, type, shape and data, in path order, of every dataset but /timing, /job,
 * /provenance, /checksums and /complete; of a finished file (ERR_MISMATCH if it is not). Reads through
 * HDF5: a repacked copy has the same digest. */
MUST_USE status digest_file(const char *path, char hex[2 * HASH_SIZE + 1]);

/* ---- recheck: a result against what its rows give (recheck.c) ---------------------------------------- */

/* Local. A finished file as a store that cannot be written: store_fetch reads it, store_write compares. */
MUST_USE status store_recheck_open(const char *out, struct store **s);
const struct store_layout *store_recheck_layout(const struct store *s);    /* channels: 0 */
/* Was all that store_write was given as the file has it, and all of /summary and /gallery given? what: "" or
 * the first dataset that was not, and how. */
void store_recheck_result(const struct store *s, char *what, size_t size);
void store_recheck_close(struct store **s);    /* NULL is fine */

#endif
