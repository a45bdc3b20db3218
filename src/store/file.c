/* src/store/file.c: a result file of a job: found or made, what is missing in it, and its end. */
#include "store_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- begin ----------------------------------------------------------------------------------------- */

/* Rank 0, serially: finds or makes OUT.part. */
static status prepare_sealed(struct store *s, const struct store_plan *plan)
{
    struct store_schema schema = { 0 };
    struct store_plan own = *plan;
    struct stat there;
    status result = plan->unlocked ? OK : lock_take(s->out, &s->lock);
    int finished = stat(s->out, &there) == 0, absent = !finished && errno == ENOENT;

    if (result == ERR_BUSY || (result != OK && !finished))
        return result;
    if (!finished && !absent)
        return FAIL(ERR_IO, "%s: %s", s->out, strerror(errno));
    own.layout.job_length = (int)strlen(plan->job);
    own.layout.provenance_length = (int)strlen(plan->provenance);
    s->layout = own.layout;
    if (finished) {
        s->outcome = STORE_FINISHED;
        return store_compare(s->out, &own, &s->layout);
    }
    if (stat(s->view.path, &there) == 0) {
        s->outcome = STORE_RESUMED;
        return store_compare(s->view.path, &own, &s->layout);
    }
    if (errno != ENOENT)
        return FAIL(ERR_IO, "%s: %s", s->view.path, strerror(errno));
    s->outcome = STORE_CREATED;
    TRY(schema_expand(&own.layout, &schema));
    result = store_create(s->view.path, &schema, &own);
    schema_free(&schema);
    return result;
}

static status prepare(struct store *s, const struct store_plan *plan)
{
    struct store_plan sealed = *plan;
    char *text;
    status result;

    BUG_IF(!plan->job || !plan->provenance);
    TRY(store_seal_text(plan->provenance, &text));
    sealed.provenance = text;
    result = prepare_sealed(s, &sealed);
    mem_free(text);
    return result;
}

/* On NFS ROMIO locks what it reads and writes, and ends the process where there are no locks. Our rows do not
 * overlap: there it may take the file system for a local one. */
static void spare_locks(int fd)
{
    struct flock byte = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1 };

    if (fcntl(fd, F_SETLK, &byte) != 0 && errno != EAGAIN && errno != EACCES)
        setenv("ROMIO_FSTYPE_FORCE", "ufs:", 0);
    byte.l_type = F_UNLCK;
    fcntl(fd, F_SETLK, &byte);
}

/* Local: nobody waits in it. */
static status open_part(struct store *s)
{
    TRY(schema_expand(&s->layout, &s->view.schema));
    s->fd = open(s->view.path, O_RDWR | O_CLOEXEC);
    if (s->fd < 0)
        return FAIL(ERR_IO, "%s on %s: %s", s->view.path, s->c->host, strerror(errno));
    spare_locks(s->fd);
    MEM_TRY(s->found, (size_t)s->view.schema.count, sizeof *s->found);
    MEM_TRY(s->changed, (size_t)s->view.schema.count, 1);
    TRY(h5_open(s->view.path, s->view.path, H5_WRITE, &s->view.file));
    return store_view_open(&s->view, 1);
}

/* The same files on all ranks: rank 0 follows the links. */
static status name_files(struct store *s, const char *out)
{
    status mine = s->c->rank == 0 ? store_follow(out, s->out, STORE_FILE_NAME - 64) : OK;

    TRY(comm_agree(s->c, mine));
    comm_broadcast(s->c, s->out, sizeof s->out);
    snprintf(s->view.path, sizeof s->view.path, "%.*s.part", STORE_FILE_NAME - 64, s->out);
    return OK;
}

status store_begin(const struct comm *c, const char *out, const struct store_plan *plan, struct store **s)
{
    struct store *new;
    status mine = OK;

    *s = NULL;
    h5_start();
    new = mem_alloc(1, sizeof *new);
    if (new) {
        new->c = c;
        new->fd = new->lock.fd = -1;
    } else {
        mine = FAIL(ERR_MEMORY, "no memory for a store");
    }
    mine = comm_agree(c, mine);
    if (mine == OK)
        mine = name_files(new, out);
    if (mine != OK) {
        mem_free(new);
        return mine;
    }
    mine = comm_agree(c, c->rank == 0 ? prepare(new, plan) : OK);
    if (mine == OK) {
        comm_broadcast(c, &new->outcome, sizeof new->outcome);
        comm_broadcast(c, &new->layout, sizeof new->layout);
        if (new->outcome != STORE_FINISHED)
            mine = comm_agree(c, open_part(new));
    }
    if (mine != OK) {
        store_end(&new);
        return mine;
    }
    *s = new;
    return OK;
}

enum store_outcome store_outcome(const struct store *s)
{
    return s->outcome;
}

const char *store_out(const struct store *s)
{
    return s->out;
}

const struct store_schema *store_schema(const struct store *s)
{
    return &s->view.schema;
}

/* What store_count_rows found: before the view goes. */
static void forget(struct store *s)
{
    for (int d = 0; s->found && d < s->view.schema.count; d++)
        mem_free(s->found[d]);
    mem_free(s->found);
    mem_free(s->changed);
    s->found = NULL;
    s->changed = NULL;
}

void store_end(struct store **s)
{
    const struct error_record why = *error_last();

    if (!*s)
        return;
    forget(*s);
    if (store_view_close(&(*s)->view) != OK)
        log_detail("%s", error_last()->text);
    if ((*s)->fd >= 0)
        close((*s)->fd);
    /* Nobody may start on the file before the last rank has left it. */
    comm_wait((*s)->c);
    if ((*s)->c->rank == 0)
        lock_release(&(*s)->lock);
    mem_free(*s);
    *s = NULL;
    *error_last() = why; /* what ended the job is what is to be said */
}

status store_sync(struct store *s)
{
    double start = clock_s();
    status result = place_sync(s->view.path, s->fd, PLACE_DATA);

    store_io_since(start);
    return result;
}

/* ---- what is missing ------------------------------------------------------------------------------- */

int store_group_status(const struct store *s, enum store_group group, int network)
{
    for (int d = 0; d < s->view.schema.count; d++) {
        const struct store_dataset *ds = &s->view.schema.dataset[d];
        if (ds->group == group && (group == STORE_ROWS_IMAGE || ds->network == network) &&
            store_is_row_status(ds))
            return d;
    }
    error_bug(__FILE__, __LINE__, "a row group has a status");
}

/* Local: this rank's range of the rows of one group, into s->found. */
static status look(struct store *s, int d)
{
    const struct store_dataset *ds = &s->view.schema.dataset[d];
    int64_t first, count;

    partition_range(ds->dim[0], s->c->rank, s->c->size, &first, &count);
    if (!s->found[d])
        MEM_TRY(s->found[d], (size_t)(count > 0 ? count : 1), 1);
    s->changed[d] = 0;
    return store_check_rows(&s->view, ds->group, ds->network, first, count, s->found[d]);
}

/* A resume reads its rows once, in store_count_rows. */
status store_missing(struct store *s, enum store_group group, int network, int retry_bad, uint8_t *missing,
                     int64_t *damaged)
{
    int d = store_group_status(s, group, network);
    int64_t rows = s->view.schema.dataset[d].dim[0], first, count;
    struct store_row_count sum = { 0 };
    uint8_t again = !s->found[d] || s->changed[d];
    uint64_t bad;

    memset(missing, 0, (size_t)rows);
    partition_range(rows, s->c->rank, s->c->size, &first, &count);
    comm_or_bytes(s->c, &again, 1); /* any rank may have written to this one's range */
    TRY(comm_agree(s->c, again ? look(s, d) : OK));
    store_count_found(s->found[d], count, &sum);
    for (int64_t i = 0; i < count; i++) {
        uint8_t row = s->found[d][i];
        missing[first + i] =
            row == STORE_MISSING || row == STORE_ROW_DAMAGED || (retry_bad && row == STORE_BAD_IMAGE);
    }
    mem_free(s->found[d]);
    s->found[d] = NULL;
    comm_or_bytes(s->c, missing, (size_t)rows);
    bad = (uint64_t)sum.damaged;
    comm_sum_u64(s->c, &bad, 1);
    if (damaged)
        *damaged = (int64_t)bad;
    return OK;
}

static status look_at_all(struct store *s, struct store_row_count *sum, int64_t *all)
{
    *all = 0;
    for (int d = 0; d < s->view.schema.count; d++) {
        const struct store_dataset *ds = &s->view.schema.dataset[d];
        int64_t first, count;
        if (!store_is_row_status(ds))
            continue;
        TRY(look(s, d));
        partition_range(ds->dim[0], s->c->rank, s->c->size, &first, &count);
        store_count_found(s->found[d], count, sum);
        *all += ds->dim[0];
    }
    return OK;
}

status store_count_rows(struct store *s, int64_t *done, int64_t *all)
{
    struct store_row_count sum = { 0 };
    uint64_t total;

    TRY(comm_agree(s->c, look_at_all(s, &sum, all)));
    total = (uint64_t)sum.done;
    comm_sum_u64(s->c, &total, 1);
    *done = (int64_t)total;
    return OK;
}

/* ---- finish ---------------------------------------------------------------------------------------- */

struct closing {
    uint8_t *hashes; /* (datasets, HASH_SIZE), the others' zero until they are joined */
    uint64_t checksums_at, complete_at;
};

static status pwrite_all(const struct store *s, const void *data, size_t size, uint64_t at)
{
    for (size_t done = 0; done < size;) {
        ssize_t n = pwrite(s->fd, (const char *)data + done, size - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return FAIL(ERR_IO, "%s: %s", s->view.path, strerror(errno));
        done += (size_t)n;
    }
    return OK;
}

static int is_closing(const struct store_dataset *d)
{
    return d->group == STORE_CLOSING;
}

/* Local: the hashes of this rank's share of the datasets, and where the last bytes will go. */
static status hash_share(const struct store *s, struct closing *closing)
{
    for (int d = 0; d < s->view.schema.count; d++) {
        const struct store_dataset *ds = &s->view.schema.dataset[d];
        struct h5_place place = h5_set_place(&s->view.set[d]);

        if (is_closing(ds) && place.how != H5_ONE_PIECE)
            return FAIL(ERR_FORMAT, "%s: %s is not one piece of the file", s->view.path, ds->path);
        if (is_closing(ds))
            *(strcmp(ds->path, "/complete") ? &closing->checksums_at : &closing->complete_at) = place.at;
        else if (d % s->c->size == s->c->rank)
            TRY(store_view_hash(&s->view, d, closing->hashes + (size_t)d * HASH_SIZE));
    }
    return OK;
}

/* Rank 0: the lines of /checksums as they lie in the file. */
static status compose(const struct store *s, const struct closing *closing, char **lines, size_t *size)
{
    const struct store_dataset *sums = schema_find(&s->view.schema, "/checksums");
    char hex[2 * HASH_SIZE + 1], line[2 * HASH_SIZE + 2 + STORE_PATH + 1];
    size_t row = 0;

    MEM_TRY(*lines, (size_t)sums->dim[0], sums->element);
    *size = (size_t)sums->dim[0] * sums->element;
    for (int d = 0; d < s->view.schema.count; d++) {
        const struct store_dataset *ds = &s->view.schema.dataset[d];
        if (is_closing(ds))
            continue;
        hash_hex(closing->hashes + (size_t)d * HASH_SIZE, hex);
        int n = snprintf(line, sizeof line, "%s  %s", hex, ds->path);
        memcpy(*lines + row++ * sums->element, line, (size_t)n);
    }
    return OK;
}

/* Rank 0, everybody else has closed the file: its last bytes, then its name. */
static status seal(struct store *s, const struct closing *closing, const char *lines, size_t size)
{
    uint8_t one = 1;

    TRY(pwrite_all(s, lines, size, closing->checksums_at));
    TRY(store_sync(s));
    TRY(pwrite_all(s, &one, 1, closing->complete_at));
    TRY(store_sync(s));
    if (rename(s->view.path, s->out) != 0)
        return FAIL(ERR_IO, "%s: rename: %s", s->view.path, strerror(errno));
    return place_sync_folder(s->out);
}

status store_finish(struct store *s)
{
    struct closing closing = { 0 };
    size_t datasets = (size_t)s->view.schema.count, size = 0;
    char *lines = NULL;
    status result = OK;

    BUG_IF(s->outcome == STORE_FINISHED);
    closing.hashes = mem_alloc(datasets, HASH_SIZE);
    TRY_OUT(comm_agree(s->c, !closing.hashes ? FAIL(ERR_MEMORY, "no memory for checksums") : store_sync(s)));
    TRY_OUT(comm_agree(s->c, hash_share(s, &closing)));
    comm_or_bytes(s->c, closing.hashes, datasets * HASH_SIZE);
    TRY_OUT(comm_agree(s->c, s->c->rank == 0 ? compose(s, &closing, &lines, &size) : OK));
    forget(s);
    TRY_OUT(comm_agree(s->c, store_view_close(&s->view)));
    TRY_OUT(comm_agree(s->c, s->c->rank == 0 ? seal(s, &closing, lines, size) : OK));
    s->outcome = STORE_FINISHED;
out:
    mem_free(lines);
    mem_free(closing.hashes);
    return result;
}
