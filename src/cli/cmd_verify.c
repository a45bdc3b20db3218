/* src/cli/cmd_verify.c: is a result complete and sound? The digest of its data. */
#include <stdio.h>

#include "base_option.h"
#include "cmd.h"
#include "h5.h"
#include "phase.h"
#include "store.h"
#include "store_verify.h"

struct settings {
    int digest, resumable;
};

static const struct option_row rows[] = {
    { CMD_ROW("digest", FLAG, digest),
      .help = "print the SHA-256 over everything that the job determines: equal for equal jobs, whoever "
              "ran them" },
    { CMD_ROW("resumable", FLAG, resumable),
      .help = "exit 0 only if the job can be resumed and has more rows than at its last start, 3 if that "
              "cannot be seen, else 1: for requeueing" },
};
static const struct option_table table = {
    .usage = "quantcam verify RESULT.h5",
    .about = "Judges RESULT.h5, or RESULT.h5.part where the job has not finished. The first line is "
             "`complete` (exit 0),\n"
             "`resumable N of M rows` (75), `damaged: ...` (1), `cannot look: ...` (3; absent, or this "
             "machine could\n"
             "not read it: no rights, an I/O error, no memory) or, of a result that another quantcam made,\n"
             "`another version: ...` (3). Looked at are the CRC of every row, the checksum of every dataset, "
             "types,\n"
             "shapes and attributes, and the tables, which are computed once more.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

/* Rows, checksums and form are sound: do the tables follow from the rows? */
static void check_summary(const char *path, struct store_verdict *v)
{
    char what[400];
    status failed = phase_recheck(path, what, sizeof what);

    if (failed != OK || what[0])
        store_verdict_fault(v, path, failed, failed != OK ? error_last()->text : what);
}

/* The digest alone on stdout: what a script takes it for must not be a sentence. */
static int print_digest(const char *path)
{
    char hex[2 * HASH_SIZE + 1];
    status result = digest_file(path, hex);

    if (result == OK) {
        printf("%s  %s\n", hex, path);
        return 0;
    }
    log_exit(result);
    return result == ERR_MEMORY || h5_trouble()[0] ? 3 : 1;
}

static int judge(const char *path, int resumable)
{
    struct store_verdict verdict;
    int code;

    store_verify(path, &verdict);
    if (verdict.soundness == STORE_IS_COMPLETE)
        check_summary(path, &verdict);
    printf("%s\n", verdict.text);
    code = store_verdict_code(&verdict);
    if (!resumable || code == 3)
        return code;
    return verdict.soundness == STORE_IS_RESUMABLE && verdict.rows > store_log_last_rows(path) ? 0 : 1;
}

static const struct settings usual;

static status verify(struct cmd_call *call)
{
    const struct settings *set = call->set;
    const char *path = call->words.word[0];

    if (set->digest && set->resumable)
        return FAIL(ERR_USAGE, "verify: --digest and --resumable exclude each other");
    call->code = set->digest ? print_digest(path) : judge(path, set->resumable);
    return OK;
}

const struct command cmd_verify = { CMD_TABLE, .name = "verify", .run = verify, .guarded = 1,
                                    .line = "is a result complete and sound; its digest" };
