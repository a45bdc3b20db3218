/* src/store/recheck.c: a finished file as a store that compares what is written to it with what it holds. */
#include "store_internal.h"

#include <string.h>

struct store_recheck {
    struct store_reader *reader;
    int64_t *rows; /* (datasets) compared */
    char differs[STORE_PATH];
    int64_t row;
};

status store_recheck_open(const char *out, struct store **s)
{
    struct store *new;
    status result = OK;

    MEM_TRY(*s, 1, sizeof **s);
    new = *s;
    MEM_TRY_OUT(new->recheck, 1, sizeof *new->recheck);
    TRY_OUT(store_open_read(out, 0, &new->recheck->reader));
    new->view = *store_reader_view(new->recheck->reader); /* the reader's: closed with it */
    new->layout = *store_reader_layout(new->recheck->reader);
    new->outcome = STORE_FINISHED;
    snprintf(new->out, sizeof new->out, "%s", out);
    MEM_TRY_OUT(new->recheck->rows, (size_t)new->view.schema.count, sizeof *new->recheck->rows);
out:
    if (result != OK)
        store_recheck_close(s);
    return result;
}

void store_recheck_close(struct store **s)
{
    if (!*s)
        return;
    if ((*s)->recheck) {
        store_close_read((*s)->recheck->reader);
        mem_free((*s)->recheck->rows);
    }
    mem_free((*s)->recheck);
    mem_free(*s);
    *s = NULL;
}

const struct store_layout *store_recheck_layout(const struct store *s)
{
    return &s->layout;
}

status store_recheck_rows(struct store *s, int dataset, int64_t first, int64_t count, const void *data)
{
    const struct store_dataset *d = &s->view.schema.dataset[dataset];
    struct store_recheck *c = s->recheck;
    uint8_t *found = NULL;
    status result;

    MEM_TRY(found, (size_t)count, d->row_bytes);
    result = store_view_read(&s->view, dataset, first, count, found);
    for (int64_t i = 0; i < count && result == OK && !c->differs[0]; i++)
        if (memcmp(found + (size_t)i * d->row_bytes, (const uint8_t *)data + (size_t)i * d->row_bytes,
                   d->row_bytes)) {
            snprintf(c->differs, sizeof c->differs, "%s", d->path);
            c->row = first + i;
        }
    c->rows[dataset] += count;
    mem_free(found);
    return result;
}

void store_recheck_result(const struct store *s, char *what, size_t size)
{
    what[0] = '\0';
    if (s->recheck->differs[0]) {
        snprintf(what, size, "row %lld of %s is not what the stored rows give", (long long)s->recheck->row,
                 s->recheck->differs);
        return;
    }
    for (int d = 0; d < s->view.schema.count && !what[0]; d++) {
        const struct store_dataset *ds = &s->view.schema.dataset[d];
        if (ds->group == STORE_SUMMARY && s->recheck->rows[d] < ds->dim[0])
            snprintf(what, size, "%s was not recomputed", ds->path);
    }
}
