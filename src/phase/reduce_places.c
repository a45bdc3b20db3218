/* src/phase/reduce_places.c: rows of one network by name, and which sets the places of its subset are in. */
#include "reduce.h"

#include <string.h>

status reduce_fetch(const struct run *r, int net, const char *name, int64_t first, int64_t count,
                    void *out)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s", r->layout.network[net].name, name);
    return store_fetch(r->store, path, first, count, out);
}

/* Membership comes from the stored subset, so that it is what a reader of the file sees. */
status reduce_selections(const struct run *r, int net, uint8_t *in, uint32_t *place)
{
    char name[STORE_NAME + 16];

    for (int s = 0; s < r->layout.selections; s++) {
        snprintf(name, sizeof name, "subset/in_%s", r->layout.selection[s]);
        TRY(reduce_fetch(r, net, name, 0, r->layout.subset, in));
        for (int64_t i = 0; i < r->layout.subset; i++)
            place[i] |= in[i] ? 2u << s : 0;
    }
    return OK;
}

status reduce_places(const struct run *r, int net, uint32_t *place)
{
    int64_t places = r->layout.subset;
    uint8_t *flag = NULL;
    status result = OK;

    memset(place, 0, (size_t)places * sizeof *place);
    MEM_TRY(flag, (size_t)places, 1);
    TRY_OUT(reduce_selections(r, net, flag, place));
    TRY_OUT(reduce_fetch(r, net, "subset/status", 0, places, flag));
    for (int64_t i = 0; i < places; i++)
        place[i] = flag[i] == STORE_OK ? place[i] : 0;
out:
    mem_free(flag);
    return result;
}
