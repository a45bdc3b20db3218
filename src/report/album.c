/* src/report/album.c: the pictures whose maps differ most, as files. */
#include "album.h"

#include <string.h>

#include "metric.h"
#include "pairs.h"

enum { MOST = 64 };

/* One picture of the gallery: its place on the shelf, its maps, its file. */
static status write_picture(const struct panel *panel, const char *folder, struct album *g,
                            struct album_picture *picture)
{
    struct image im = { 0 };
    char path[4096];
    status result = OK;

    TRY(store_read_string(panel->r, "/images/path", picture->image, picture->path, sizeof picture->path));
    TRY_OUT(panel_picture(panel, picture->image, picture->path, &im, &g->missing));
    snprintf(picture->file, sizeof picture->file, "gallery/%s_top%02d.png",
             g->layout->network[panel->network].name, picture->place);
    TRY_OUT(text_path(path, sizeof path, folder, picture->file));
    TRY_OUT(image_write_png(path, &im));
out:
    image_free(&im);
    return result;
}

/* The images of one network whose maps differ most, largest RMSE first. */
static status write_shelf(struct store_reader *r, const struct report_options *options, int network,
                          struct album *g)
{
    int most = g->layout->pictures < options->pictures ? g->layout->pictures : options->pictures, count;
    int64_t image[MOST];
    struct pairs a = { 0 };
    struct panel *panel;
    status result = OK;

    MEM_TRY(panel, 1, sizeof *panel);
    TRY_OUT(panel_open(r, options->images, network, panel));
    TRY_OUT(pairs_read(r, network, store_selecting(g->layout), &a));
    count = metric_largest(a.rmse[PAIRS_ALIGNED], a.ok, a.images, most < MOST ? most : MOST, image);
    for (int i = 0; i < count; i++) {
        struct album_picture *picture = &g->picture[g->count];

        picture->network = network;
        picture->place = i + 1;
        picture->image = image[i];
        picture->rmse = a.rmse[PAIRS_ALIGNED][image[i]];
        TRY_OUT(write_picture(panel, options->folder, g, picture));
        g->count++;
    }
out:
    mem_free(panel);
    pairs_free(&a);
    return result;
}

status album_write(struct store_reader *r, const struct report_options *options, struct album *out)
{
    const struct store_layout *layout = store_reader_layout(r);
    char folder[4096];

    memset(out, 0, sizeof *out);
    out->layout = layout;
    if (layout->pictures < 1 || options->pictures < 1 || layout->precisions < 2)
        return OK;
    TRY(text_path(folder, sizeof folder, options->folder, "gallery"));
    TRY(text_make_folder(folder));
    MEM_TRY(out->picture, (size_t)layout->networks * MOST, sizeof *out->picture);
    for (int k = 0; k < layout->networks; k++)
        TRY(write_shelf(r, options, k, out));
    return OK;
}

status album_markdown(const struct album *g, struct text *out)
{
    int network = -1;

    for (int i = 0; i < g->count; i++) {
        const struct album_picture *p = &g->picture[i];

        if (p->network != network) {
            network = p->network;
            TRY(text_add(out,
                         "\n## %s: the images whose maps differ most\n\n"
                         "Picture, then the map of",
                         g->layout->network[network].name));
            for (int k = 0; k < g->layout->precisions; k++)
                TRY(text_add(out, "%s %s", k ? "," : "", g->layout->precision[k].name));
            TRY(text_add(out, ". White: true boxes; orange: the map's own.\n\n"));
        }
        TRY(text_add(out, "![%s](%s) RMSE %.2f, `%s`\n\n", p->file, p->file, (double)p->rmse, p->path));
    }
    if (g->missing.count)
        TRY(text_add(out, "%d pictures could not be read, their maps stand alone; the first: %s\n",
                     g->missing.count, g->missing.first));
    return OK;
}

void album_free(struct album *g)
{
    mem_free(g->picture);
    g->picture = NULL;
    g->count = 0;
}
