/* src/report/html_example.c: figure 3 in the page. */
#include "html_parts.h"

#include "markup.h"

enum { QUALITY = 85 };

static status add_image(const char *folder, struct text *out)
{
    struct image im = { 0 };
    uint8_t *bytes = NULL;
    char path[4096];
    size_t size = 0;
    status result = OK;

    TRY(text_path(path, sizeof path, folder, "figure_3.png"));
    TRY_OUT(image_read(path, &im));
    TRY_OUT(image_encode_jpeg(&im, QUALITY, &bytes, &size));
    TRY_OUT(text_add(out,
                     "<img class=\"figure\" width=\"%d\" height=\"%d\" alt=\"A row a network: the picture, "
                     "then its maps, with boxes\" src=\"data:image/jpeg;base64,",
                     im.width, im.height));
    TRY_OUT(markup_base64(out, bytes, size));
    TRY_OUT(text_add(out, "\">\n"));
out:
    mem_free(bytes);
    image_free(&im);
    return result;
}

status html_example(const struct example *e, const char *folder, struct text *out)
{
    TRY(text_add(out, "<h3>Figure 3: where quantization moved the box most</h3>\n"));
    if (e->why)
        return text_add(out, "<p class=\"note\">There is none: %s.</p>\n", e->why);
    TRY(markup_wrap(out, "<p class=\"note\">", example_rule(), "</p>\n"));
    TRY(add_image(folder, out));
    TRY(text_add(out, "<ul class=\"note\">\n"));
    for (int k = 0; k < e->rows; k++) {
        TRY(text_add(out, "<li>"));
        TRY(example_caption(e, k, out, markup_html_f));
        if (e->row[k].image >= 0) {
            TRY(markup_wrap(out, "<code>", e->row[k].path, "</code>"));
        }
        TRY(text_add(out, "</li>\n"));
    }
    return text_add(out, "</ul>\n");
}
