/* src/store/verify.c: is a result complete, resumable or damaged, or can this machine not tell? */
#include "store_internal.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static void say(struct store_verdict *v, enum store_soundness soundness, const char *path, const char *why)
{
    const char *head = soundness == STORE_IS_DAMAGED ? "damaged" : "cannot look";

    v->soundness = soundness;
    if (path)
        snprintf(v->text, sizeof v->text, "%s: %.250s: %.300s", head, path, why);
    else
        snprintf(v->text, sizeof v->text, "%s: %.500s", head, why);
    text_make_printable(v->text, "");
}

/* Damaged is only said where the machine could look. Not every call of HDF5's says that memory failed it. */
static const char *excuse(void)
{
    return h5_trouble()[0] ? h5_trouble() : mem_is_short() ? "no memory" : NULL;
}

void store_verdict_fault(struct store_verdict *v, const char *path, status why, const char *what)
{
    if (excuse())
        say(v, STORE_IS_UNSEEN, strstr(excuse(), path) ? NULL : path, excuse());
    else if (why == ERR_MEMORY || why == ERR_STOPPED)
        say(v, STORE_IS_UNSEEN, path, what);
    else
        say(v, STORE_IS_DAMAGED, strstr(what, path) ? NULL : path, what);
}

/* The checksums of all datasets; the first that does not fit is named. */
static status check_sums(struct store_reader *r, struct store_verdict *v)
{
    const struct store_view *view = store_reader_view(r);
    char first[STORE_PATH] = "", what[STORE_PATH + 100];

    for (int d = 0; d < view->schema.count; d++) {
        const struct store_dataset *ds = &view->schema.dataset[d];
        uint8_t hash[HASH_SIZE];
        status read;

        if (!strcmp(ds->path, "/checksums") || !strcmp(ds->path, "/complete"))
            continue;
        /* A chunk that cannot be decoded is damage, too. */
        read = store_view_hash(view, d, hash);
        if (read == ERR_STOPPED)
            return read;
        if (read == OK && store_reader_checksum_fits(r, ds->path, hash))
            continue;
        if (v->bad_datasets++ == 0)
            snprintf(first, sizeof first, "%s", ds->path);
    }
    if (v->bad_datasets) {
        snprintf(what, sizeof what, "%d dataset%s not fit the checksum, first %s", v->bad_datasets,
                 v->bad_datasets == 1 ? " does" : "s do", first);
        say(v, STORE_IS_DAMAGED, view->path, what);
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
        say(v, STORE_IS_DAMAGED, store_reader_path(r), what);
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
        say(v, STORE_IS_DAMAGED, store_reader_path(r), what);
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
        say(v, STORE_IS_DAMAGED, store_reader_path(r), "/complete is not set");
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

/* OUT, or its .part. 0 with a verdict: neither is there, or nobody can say. */
static int find_file(const char *out, char path[STORE_FILE_NAME], int *finished, struct store_verdict *v)
{
    char why[500];
    struct stat there;

    *finished = 1;
    if (store_follow(out, path, STORE_FILE_NAME - 8) != OK) {
        say(v, STORE_IS_UNSEEN, NULL, error_last()->text);
        return 0;
    }
    if (stat(path, &there) == 0)
        return 1;
    *finished = 0;
    if (errno == ENOENT) {
        strcat(path, ".part");
        if (stat(path, &there) == 0)
            return 1;
    }
    if (errno == ENOENT)
        snprintf(why, sizeof why, "neither %.300s nor its .part exists", out);
    else
        snprintf(why, sizeof why, "%.300s: %s", path, strerror(errno));
    say(v, STORE_IS_UNSEEN, NULL, why);
    return 0;
}

static void judge(const char *path, int finished, struct store_verdict *v)
{
    struct store_reader *r = NULL;
    int version;
    status result = store_open_version(path, 0, &version, &r);

    if (!store_reads_version(version)) {
        v->soundness = STORE_IS_OF_ANOTHER_VERSION;
        snprintf(v->text, sizeof v->text, "another version: %.500s", error_last()->text);
        return;
    }
    if (result == OK)
        result = finished ? judge_out(r, v) : judge_part(r, v);
    if (result != OK)
        store_verdict_fault(v, path, result, error_last()->text);
    else if (v->soundness == STORE_IS_DAMAGED && excuse())
        say(v, STORE_IS_UNSEEN, path, excuse());
    store_close_read(r);
}

void store_verify(const char *out, struct store_verdict *verdict)
{
    char path[STORE_FILE_NAME];
    int finished;

    /* Once more where a job has just given its .part the name OUT. */
    for (int i = 0; i < 2; i++) {
        memset(verdict, 0, sizeof *verdict);
        if (find_file(out, path, &finished, verdict))
            judge(path, finished, verdict);
        if (finished || verdict->soundness != STORE_IS_UNSEEN)
            return;
    }
}

int store_verdict_code(const struct store_verdict *verdict)
{
    static const int codes[] = { [STORE_IS_COMPLETE] = 0,
                                 [STORE_IS_RESUMABLE] = 75,
                                 [STORE_IS_DAMAGED] = 1,
                                 [STORE_IS_OF_ANOTHER_VERSION] = 3,
                                 [STORE_IS_UNSEEN] = 3 };

    return codes[verdict->soundness];
}
