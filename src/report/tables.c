/* src/report/tables.c: a list of grids. */
#include "tables.h"

#include <string.h>

status tables_grid(struct tables *t, struct grid **out)
{
    BUG_IF(t->grids == TABLES_MOST);
    MEM_TRY(*out, 1, sizeof **out);
    t->grid[t->grids++] = *out;
    return OK;
}

const struct grid *tables_find(const struct tables *t, const char *id)
{
    for (int i = 0; i < t->grids; i++)
        if (strcmp(t->grid[i]->id, id) == 0)
            return t->grid[i];
    return NULL;
}

status tables_row(struct grid *g, const struct store_layout *l, const struct value_key *at)
{
    struct grid_key key = { l->network[at->network].name, l->precision[at->precision].name,
                            value_set_name(l, at->set) };

    TRY(grid_row(g, key));
    grid_text(g, "%s", key.network);
    grid_text(g, "%s", key.precision);
    return OK;
}

void tables_keys(struct grid *g)
{
    grid_column(g, "network", "");
    grid_column(g, "precision", "");
}

void tables_free(struct tables *t)
{
    for (int i = 0; i < t->grids; i++) {
        grid_release(t->grid[i]);
        mem_free(t->grid[i]);
    }
    grid_release(&t->bad_images);
    t->grids = 0;
}
