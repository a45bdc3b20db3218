/* src/phase/subset.c: the phase select: which images every selection has, and the places that they take. */
#include "local.h"

#include <string.h>

enum { CONTROL_STREAM = 0x636F6E74 };

/* This rank's contiguous range of images. */
struct range {
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
    MEM_TRY(a->usable, n, 1);
    MEM_TRY(a->chosen, n, 1);
    MEM_TRY(a->value, n, sizeof *a->value);
    MEM_TRY(a->key, n, sizeof *a->key);
    MEM_TRY(a->member, n, sizeof *a->member);
    return OK;
}

static void free_range(struct range *a)
{
    mem_free(a->usable);
    mem_free(a->chosen);
    mem_free(a->value);
    mem_free(a->key);
    mem_free(a->member);
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
static status path_of(const struct run *r, int net, const char *selection, char path[STORE_PATH])
{
    for (int i = 0; i < STORE_READINGS; i++) {
        size_t n = strlen(subset_reading(i));

        for (int p = 1; p < r->precisions && !strncmp(selection, subset_reading(i), n) && selection[n] == '_';
             p++)
            if (!strcmp(selection + n + 1, run_precision(r, p))) {
                snprintf(path, STORE_PATH, "/models/%s/%s/vs_%s/rmse_%s", r->layout.network[net].name,
                         run_precision(r, p), run_precision(r, 0), subset_reading(i));
                return OK;
            }
    }
    return FAIL(ERR_FORMAT, "selection %s is of no reading and precision of this result", selection);
}

status subset_keys(const struct run *r, int net, int selection, int64_t first, int64_t count, float *value,
                   uint32_t *key)
{
    char path[STORE_PATH];

    if (subset_is_control(r, selection)) {
        for (int64_t i = 0; i < count; i++)
            key[i] = (uint32_t)(random_u64((uint64_t)r->job->control_seed, CONTROL_STREAM,
                                           (uint64_t)(first + i)) >>
                                32);
        return OK;
    }
    TRY(path_of(r, net, r->layout.selection[selection], path));
    TRY(store_fetch(r->store, path, first, count, value));
    for (int64_t i = 0; i < count; i++)
        key[i] = select_key(value[i]);
    return OK;
}

static status read_status(const struct run *r, int net, struct range *a)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/status", r->layout.network[net].name);
    TRY(store_fetch(r->store, path, a->first, a->count, a->usable));
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

/* The members to the front of the range's array; returns how many. */
static int64_t pack_members(const struct run *r, struct range *a)
{
    int64_t kept = 0;

    for (int64_t i = 0; i < a->count; i++) {
        int any = 0;
        for (int s = 0; s < r->layout.selections; s++)
            any |= a->member[i].in[s];
        if (any)
            a->member[kept++] = a->member[i];
    }
    return kept;
}

/* Rank 0: the union in image order, -1 behind it. The rows' status and CRC are explain's: it fills them
 * again, and finds a row that was explained for another selection by its CRC. */
status subset_write(const struct run *r, int net, const struct subset_member *member, int64_t count)
{
    int64_t places = r->layout.subset, *image = NULL;
    const char *name = r->layout.network[net].name;
    char path[STORE_PATH];
    uint8_t *in = NULL;
    status result = OK;

    BUG_IF(count > places);
    MEM_TRY(image, (size_t)places, sizeof *image);
    in = mem_alloc((size_t)places, 1);
    if (!in) {
        result = FAIL(ERR_MEMORY, "no memory for %lld places", (long long)places);
        goto out;
    }
    for (int64_t i = 0; i < places; i++)
        image[i] = i < count ? member[i].image : -1;
    snprintf(path, sizeof path, "/models/%s/subset/image", name);
    TRY_OUT(store_write(r->store, path, 0, places, image));
    for (int s = 0; s < r->layout.selections; s++) {
        for (int64_t i = 0; i < count; i++)
            in[i] = member[i].in[s];
        snprintf(path, sizeof path, "/models/%s/subset/in_%s", name, r->layout.selection[s]);
        TRY_OUT(store_write(r->store, path, 0, places, in));
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
    kept = pack_members(r, a);
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
    free_range(&a);
    return result;
}
