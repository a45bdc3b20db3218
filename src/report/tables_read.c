/* src/report/tables_read.c: all tables of a result, in their order. */
#include "study.h"

#include <string.h>

static status read_images(struct store_reader *r, struct tables *t)
{
    enum { NAMED = 50 };
    int64_t total = store_reader_layout(r)->images, named = 0;
    uint8_t block[4096];

    TRY(store_read(r, "/summary/images/total", STORE_S64, 0, 1, &t->total, sizeof t->total));
    TRY(store_read(r, "/summary/images/ok", STORE_S64, 0, 1, &t->ok, sizeof t->ok));
    TRY(store_read(r, "/summary/images/bad", STORE_S64, 0, 1, &t->bad, sizeof t->bad));
    grid_init(&t->bad_images, "bad_images", "Bad images");
    grid_column(&t->bad_images, "image", "");
    grid_column(&t->bad_images, "reason", "");
    for (int64_t first = 0; first < total && named < NAMED && t->bad > 0; first += (int64_t)sizeof block) {
        int64_t count = total - first < (int64_t)sizeof block ? total - first : (int64_t)sizeof block;

        TRY(store_read(r, "/images/status", STORE_U8, first, count, block, sizeof block));
        for (int64_t i = 0; i < count && named < NAMED; i++) {
            char text[GRID_CELL * 4];

            if (block[i] != STORE_BAD_IMAGE)
                continue;
            TRY(grid_row(&t->bad_images, (struct grid_key){ NULL }));
            TRY(store_read_string(r, "/images/path", first + i, text, sizeof text));
            grid_text(&t->bad_images, "%s", text);
            TRY(store_read_string(r, "/images/error", first + i, text, sizeof text));
            grid_text(&t->bad_images, "%s", text);
            named++;
        }
    }
    return OK;
}

status tables_read(struct store_reader *r, struct tables *out)
{
    static status (*const part[])(struct store_reader * r,
                                  struct tables * t) = { read_images, tables_overview, study_tables,
                                                         tables_measures, tables_maps };
    status result = OK;

    memset(out, 0, sizeof *out);
    if (!store_reader_complete(r))
        return FAIL(ERR_MISMATCH, "%s: the job has not finished; run it again to resume",
                    store_reader_path(r));
    for (size_t i = 0; i < COUNT_OF(part); i++)
        TRY_OUT(part[i](r, out));
out:
    if (result != OK)
        tables_free(out);
    return result;
}
