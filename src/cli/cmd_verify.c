#include <stdio.h>

#include "base_option.h"
#include "cmd.h"
#include "phase.h"
#include "store.h"

struct settings {
    int digest, resumable;
};

static const struct option_row rows[] = {
    { .name = "digest",
      .kind = OPTION_FLAG,
      .where = offsetof(struct settings, digest),
      .help = "print the SHA-256 over everything that the job determines: equal for equal jobs, whoever ran "
              "them" },
    { .name = "resumable",
      .kind = OPTION_FLAG,
      .where = offsetof(struct settings, resumable),
      .help =
          "exit 0 only if the job can be resumed and has more rows than at its last start: for requeueing" },
};
static const struct option_table table = {
    .usage = "quantcam verify RESULT.h5",
    .about =
        "Judges RESULT.h5, or RESULT.h5.part where the job has not finished. The first line is "
        "`complete` (exit 0),\n"
        "`resumable N of M rows` (75), `damaged: ...` (1) or, of a result that an older or newer quantcam\n"
        "made, `another version: ...` (1). Looked at are the CRC of every row, the checksum of every\n"
        "dataset, types, shapes and attributes, and the tables, which are computed once more.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

/* Rows, checksums and form are sound: do the tables follow from the rows? */
static status check_summary(const char *path, struct store_verdict *v)
{
    char what[400];

    TRY(phase_recheck(path, what, sizeof what));
    if (what[0]) {
        v->soundness = STORE_IS_DAMAGED;
        snprintf(v->text, sizeof v->text, "damaged: %.150s: %s", path, what);
    }
    return OK;
}

static status verify(const struct settings *set, const char *path, int *code)
{
    struct store_verdict verdict;
    char hex[2 * HASH_SIZE + 1];

    if (set->digest && set->resumable)
        return FAIL(ERR_USAGE, "verify: --digest and --resumable exclude each other");
    if (set->digest) {
        TRY(digest_file(path, hex));
        printf("%s  %s\n", hex, path);
        *code = 0;
        return OK;
    }
    TRY(store_verify(path, &verdict));
    if (verdict.soundness == STORE_IS_COMPLETE)
        TRY(check_summary(path, &verdict));
    printf("%s\n", verdict.text);
    *code = store_verdict_code(&verdict);
    if (set->resumable)
        *code = verdict.soundness == STORE_IS_RESUMABLE && verdict.rows > store_log_last_rows(path) ? 0 : 1;
    return OK;
}

int cmd_verify(int argc, char **argv)
{
    struct settings set = { 0 };
    struct option_words words = { 0 };
    int code = 1;
    status result = option_read_args(&table, &set, argc, argv, &words);

    if (result == OK && words.help) {
        option_help(&table, &set, words.help, stdout);
        return 0;
    }
    if (result == OK)
        result = verify(&set, words.word[0], &code);
    return result == OK ? code : log_exit(result);
}
