/* src/phase/subset.c: the phase select: which images every selection has, and the places that they take. */
#include "local.h"

#include <string.h>

enum { CONTROL_STREAM = 0x636F6E74 };

/* This rank's contiguous range of images. */
struct range {
    struct mem_set mem;
    int64_t first, count;
    uint8_t *usable, *chosen; /* (count) */
    float *value;
    uint32_t *key;
    struct subset_member *member;
};

static status make_range(const struct run *r, struct range *a)
{
    size_t n;

    partition_range(r->layout.images, r->c->rank, r->c->size, &a->first, &a->count);
    n = (size_t)a->count;
    MEM_TAKE(&a->mem, a->usable, n, 1);
    MEM_TAKE(&a->mem, a->chosen, n, 1);
    MEM_TAKE(&a->mem, a->value, n, sizeof *a->value);
    MEM_TAKE(&a->mem, a->key, n, sizeof *a->key);
    MEM_TAKE(&a->mem, a->member, n, sizeof *a->member);
    return OK;
}

int subset_is_control(const struct run *r, int selection)
{
    return selection == r->layout.selections - 1;
}

const char *subset_reading(int i)
{
    static const char *const reading[STORE_READINGS] = { "raw", "resolved", "aligned" };

    return reading[i];
}

/* The RMSE that a selection goes by, found by the names in its own: "raw_NAME". */
static status fetch_reading(const struct run *r, int net, const char *selection, int64_t first, int64_t count,
                            float *value)
{
    for (int i = 0; i < STORE_READINGS; i++) {
        const char *reading = subset_reading(i);
        size_t n = strlen(reading);

        for (int p = 1; p < r->precisions && !strncmp(selection, reading, n) && selection[n] == '_'; p++)
            if (!strcmp(selection + n + 1, run_precision(r, p)))
                return run_fetch(r, net, first, count, value, "%s/vs_%s/rmse_%s", run_precision(r, p),
                                 run_precision(r, 0), reading);
    }
    return FAIL(ERR_FORMAT, "selection %s is of no reading and precision of this result", selection);
}

status subset_keys(const struct run *r, int net, int selection, int64_t first, int64_t count, float *value,
                   uint32_t *key)
{
    if (subset_is_control(r, selection)) {
        for (int64_t i = 0; i < count; i++)
            key[i] = (uint32_t)(random_u64((uint64_t)r->job->control_seed, CONTROL_STREAM,
                                           (uint64_t)(first + i)) >>
                                32);
        return OK;
    }
    TRY(fetch_reading(r, net, r->layout.selection[selection], first, count, value));
    for (int64_t i = 0; i < count; i++)
        key[i] = select_key(value[i]);
    return OK;
}

static status read_status(const struct run *r, int net, struct range *a)
{
    TRY(run_fetch(r, net, a->first, a->count, a->usable, "status"));
    for (int64_t i = 0; i < a->count; i++)
        a->usable[i] = a->usable[i] == STORE_OK;
    return OK;
}

static status choose(struct run *r, int net, struct range *a)
{
    uint64_t usable = 0;

    for (int64_t i = 0; i < a->count; i++) {
        usable += a->usable[i];
        a->member[i] = (struct subset_member){ .image = a->first + i };
    }
    comm_sum_u64(r->c, &usable, 1);
    for (int s = 0; s < r->layout.selections; s++) {
        uint32_t threshold;
        uint64_t k = (uint64_t)job_subset_size(r->job->fraction, (int64_t)usable);

        TRY(comm_agree(r->c, subset_keys(r, net, s, a->first, a->count, a->value, a->key)));
        TRY(select_largest(r->c, a->key, a->usable, a->count, k, a->chosen, &threshold));
        r->threshold[net][s] = k > 0 && !subset_is_control(r, s) ? (double)select_value(threshold) : 0;
        for (int64_t i = 0; i < a->count; i++)
            a->member[i].in[s] = a->chosen[i];
    }
    return OK;
}

int64_t subset_pack(const struct run *r, struct subset_member *member, int64_t count)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < count; i++)
        if (memchr(member[i].in, 1, (size_t)r->layout.selections))
            member[kept++] = member[i];
    return kept;
}

/* Rank 0: the union in image order, -1 behind it. The rows' status and CRC are explain's: it fills them
 * again, and finds a row that was explained for another selection by its CRC. */
status subset_write(const struct run *r, int net, const struct subset_member *member, int64_t count)
{
    int64_t places = r->layout.subset, *image = NULL;
    const char *name = r->layout.network[net].name;
    uint8_t *in = NULL;
    status result = OK;

    BUG_IF(count > places);
    MEM_TRY_OUT(image, (size_t)places, sizeof *image);
    MEM_TRY_OUT(in, (size_t)places, 1);
    for (int64_t i = 0; i < places; i++)
        image[i] = i < count ? member[i].image : -1;
    TRY_OUT(run_write(r, 0, places, image, "/models/%s/subset/image", name));
    for (int s = 0; s < r->layout.selections; s++) {
        for (int64_t i = 0; i < count; i++)
            in[i] = member[i].in[s];
        TRY_OUT(run_write(r, 0, places, in, "/models/%s/subset/in_%s", name, r->layout.selection[s]));
    }
out:
    mem_free(image);
    mem_free(in);
    return result;
}

static status select_network(struct run *r, int net, struct range *a)
{
    void *all = NULL;
    size_t total = 0;
    int64_t kept;
    status result = OK;

    TRY(comm_agree(r->c, read_status(r, net, a)));
    TRY(choose(r, net, a));
    kept = subset_pack(r, a->member, a->count);
    TRY(comm_gather_bytes(r->c, a->member, (size_t)kept * sizeof *a->member, &all, &total));
    if (r->c->rank == 0)
        result = subset_write(r, net, all, (int64_t)(total / sizeof(struct subset_member)));
    if (r->c->rank == 0 && result == OK)
        result = store_sync(r->store);
    mem_free(all);
    return comm_agree(r->c, result);
}

status subset_select(struct run *r)
{
    struct range a = { 0 };
    status result = OK;

    TRY_OUT(comm_agree(r->c, make_range(r, &a)));
    for (int net = 0; net < r->networks; net++)
        TRY_OUT(select_network(r, net, &a));
out:
    mem_drop(&a.mem);
    return result;
}

/* ---- the places, once they are written ----------------------------------------------------------------- */

status subset_places_make(const struct run *r, struct mem_set *mem, struct subset_places *out)
{
    size_t places = (size_t)r->layout.subset;

    MEM_TAKE(mem, out->image, places, sizeof *out->image);
    MEM_TAKE(mem, out->in, places, sizeof *out->in);
    MEM_TAKE(mem, out->status, places, 1);
    return OK;
}

status subset_places_read(const struct run *r, int net, struct subset_places *out)
{
    int64_t places = r->layout.subset;

    memset(out->in, 0, (size_t)places * sizeof *out->in);
    for (int s = 0; s < r->layout.selections; s++) {
        TRY(run_fetch(r, net, 0, places, out->status, "subset/in_%s", r->layout.selection[s]));
        for (int64_t i = 0; i < places; i++)
            out->in[i] |= out->status[i] ? 2u << s : 0;
    }
    TRY(run_fetch(r, net, 0, places, out->image, "subset/image"));
    return run_fetch(r, net, 0, places, out->status, "subset/status");
}
