/* src/train/left_out.c: a folder's pictures that cannot be read, found before the first step, so that every
 * rank has the same ones. */
#include "train_parts.h"

#include <stdio.h>
#include <string.h>

/* bad[i] = 1 of this rank's share; what the first of them says. */
static status look(const struct comm *c, struct train_data *d, uint8_t *bad, char first[256])
{
    uint8_t *picture;
    status result = OK;

    MEM_TRY(picture, train_data_bytes(d), 1);
    for (int i = c->rank; result == OK && i < d->count; i += c->size) {
        result = comm_signal_status();
        if (result != OK || train_data_picture(d, i, picture) == OK)
            continue;
        if (error_last()->status == ERR_MEMORY)
            result = ERR_MEMORY;
        bad[i] = 1;
        if (!first[0])
            snprintf(first, 256, "%.255s", error_last()->text);
        comm_alive();
    }
    mem_free(picture);
    return result;
}

/* What remains moves up. */
static void take_out(struct train_data *d, const uint8_t *bad)
{
    size_t each = train_data_bytes(d);
    struct hash hash;
    int to = 0;

    hash_start(&hash);
    hash_add(&hash, d->sha256, HASH_SIZE);
    hash_add(&hash, bad, (size_t)d->count);
    hash_result(&hash, d->sha256);
    for (int i = 0; i < d->count; i++) {
        if (bad[i])
            continue;
        d->list.entry[to] = d->list.entry[i];
        d->label[to] = d->label[i];
        if (d->have) {
            d->have[to] = d->have[i];
            if (d->have[i] && to < i)
                memcpy(d->pixels + (size_t)to * each, d->pixels + (size_t)i * each, each);
        }
        to++;
    }
    d->left_out = d->count - to;
    d->count = to;
}

static status say(const struct comm *c, const char *key, double max_bad, const struct train_data *d,
                  int count, const char *first)
{
    char all[32];

    if (count > max_bad / 100 * d->count || count == d->count)
        return FAIL(
            ERR_FORMAT,
            "%s: %d of %s pictures cannot be read, more than data.max_bad = %g %% allows; the first: %s", key,
            count, text_thousands(d->count, all, sizeof all), max_bad, first);
    if (c->rank == 0)
        log_info("%s: left out, since unreadable: %d of %s pictures; the first: %s", key, count,
                 text_thousands(d->count, all, sizeof all), first);
    return OK;
}

status train_data_leave_out(const struct comm *c, const char *key, double max_bad, struct train_data *d)
{
    uint8_t *bad = NULL;
    char first[256] = "";
    int count = 0;
    status result;

    if (max_bad <= 0 || !d->list.entry)
        return OK;
    bad = mem_alloc((size_t)d->count, 1);
    result = bad ? look(c, d, bad, first) : FAIL(ERR_MEMORY, "no memory for %d pictures", d->count);
    TRY_OUT(comm_agree(c, result));
    comm_or_bytes(c, bad, (size_t)d->count);
    for (int i = 0; i < d->count; i++)
        count += bad[i];
    if (count > 0)
        TRY_OUT(say(c, key, max_bad, d, count, first));
    if (count > 0)
        take_out(d, bad);
out:
    mem_free(bad);
    return result;
}
