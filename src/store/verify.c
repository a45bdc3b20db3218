#include "store_internal.h"

#include <string.h>
#include <sys/stat.h>

static void say_damaged(struct store_verdict *v, const char *path, const char *what)
{
    v->soundness = STORE_IS_DAMAGED;
    if (path)
        snprintf(v->text, sizeof v->text, "damaged: %.250s: %.300s", path, what);
    else
        snprintf(v->text, sizeof v->text, "damaged: %.500s", what);
}

/* The checksums of all datasets; the first that does not fit is named. */
static status check_sums(struct store_reader *r, struct store_verdict *v)
{
    const struct store_view *view = store_reader_view(r);
    char first[STORE_PATH] = "", what[STORE_PATH + 100];

    for (int d = 0; d < view->schema.count; d++) {
        const struct store_dataset *ds = &view->schema.dataset[d];
        uint8_t hash[HASH_SIZE];
        if (!strcmp(ds->path, "/checksums") || !strcmp(ds->path, "/complete"))
            continue;
        /* A chunk that cannot be decoded is damage, too. */
        if (store_view_hash(view, d, hash) == OK && store_reader_checksum_fits(r, ds->path, hash))
            continue;
        if (v->bad_datasets++ == 0)
            snprintf(first, sizeof first, "%s", ds->path);
    }
    if (v->bad_datasets) {
        snprintf(what, sizeof what, "%d dataset%s not fit the checksum, first %s", v->bad_datasets,
                 v->bad_datasets == 1 ? " does" : "s do", first);
        say_damaged(v, view->path, what);
    }
    return OK;
}

/* A finished file has no row that is to be computed. */
static status check_rows(struct store_reader *r, struct store_verdict *v)
{
    struct store_row_count sum;
    char what[100];

    TRY(store_check_all(store_reader_view(r), &sum, &v->of_rows));
    v->rows = sum.done;
    if (sum.missing > 0) {
        snprintf(what, sizeof what, "%lld of %lld rows are missing or do not fit their CRC",
                 (long long)sum.missing, (long long)v->of_rows);
        say_damaged(v, store_reader_path(r), what);
    }
    return OK;
}

/* Is it a job's file, with every dataset and attribute of the table? */
static status check_form(struct store_reader *r, struct store_verdict *v)
{
    char what[400] = "not a result of quantcam run";

    if (store_reader_layout(r)->networks > 0) {
        snprintf(what, sizeof what, "%s", store_reader_problem(r));
        if (!what[0])
            TRY(store_check_form(r, what, sizeof what));
    }
    if (what[0])
        say_damaged(v, store_reader_path(r), what);
    return OK;
}

static status judge_out(struct store_reader *r, struct store_verdict *v)
{
    v->soundness = STORE_IS_COMPLETE;
    snprintf(v->text, sizeof v->text, "complete");
    TRY(check_form(r, v));
    if (v->soundness != STORE_IS_COMPLETE)
        return OK;
    if (!store_reader_complete(r)) {
        say_damaged(v, store_reader_path(r), "/complete is not set");
        return OK;
    }
    TRY(check_sums(r, v));
    return v->soundness == STORE_IS_COMPLETE ? check_rows(r, v) : OK;
}

static status judge_part(struct store_reader *r, struct store_verdict *v)
{
    struct store_row_count sum;

    v->soundness = STORE_IS_RESUMABLE;
    TRY(check_form(r, v));
    if (v->soundness != STORE_IS_RESUMABLE)
        return OK;
    TRY(store_check_all(store_reader_view(r), &sum, &v->of_rows));
    v->rows = sum.done;
    v->damaged_rows = sum.damaged;
    snprintf(v->text, sizeof v->text, "resumable %lld of %lld rows", (long long)v->rows,
             (long long)v->of_rows);
    return OK;
}

status store_verify(const char *out, struct store_verdict *verdict)
{
    char part[STORE_FILE_NAME];
    struct store_reader *r = NULL;
    struct stat there;
    status result;
    int finished, version;

    memset(verdict, 0, sizeof *verdict);
    snprintf(part, sizeof part, "%s.part", out);
    finished = stat(out, &there) == 0;
    if (!finished && stat(part, &there) != 0) {
        snprintf(part, sizeof part, "neither %.2000s nor its .part exists", out);
        say_damaged(verdict, NULL, part);
        return OK;
    }
    result = store_open_version(finished ? out : part, 0, &version, &r);
    if (version != STORE_SCHEMA_VERSION) {
        verdict->soundness = STORE_IS_OF_ANOTHER_VERSION;
        snprintf(verdict->text, sizeof verdict->text, "another version: %.500s", error_last()->text);
        return OK;
    }
    if (result != OK && result != ERR_MEMORY) {
        say_damaged(verdict, NULL, error_last()->text);
        return OK;
    }
    TRY(result);
    result = finished ? judge_out(r, verdict) : judge_part(r, verdict);
    store_close_read(r);
    return result;
}

int store_verdict_code(const struct store_verdict *verdict)
{
    return verdict->soundness == STORE_IS_COMPLETE ? 0 : verdict->soundness == STORE_IS_RESUMABLE ? 75 : 1;
}
