/* tests/oracles/pixels.c: our decoder and preprocessing as a filter, for compare_pixels.py. One request a
 * line on stdin, its parts separated by tabs: decode  PATH resize  WIDTH HEIGHT FILTER ORDER  PATH        the
 * whole picture to that size load    RESIZE CROP FILTER ORDER   PATH        what a network sees FILTER: 0
 * bilinear, 1 bicubic. ORDER: 0 Pillow 13's, 1 horizontal first. The answer on stdout: "ok WIDTH HEIGHT\n"
 * and the bytes, or "bad SENTENCE\n". */
#include <stdio.h>
#include <string.h>

#include "image.h"

static status transform(const int v[4], const struct image *in, int whole, struct image *out)
{
    enum image_filter filter = v[2] ? IMAGE_BICUBIC : IMAGE_BILINEAR;
    enum image_order order = v[3] ? IMAGE_ORDER_HORIZONTAL_FIRST : IMAGE_ORDER_PILLOW13;
    struct image_pipeline p = {
        .resize = v[0], .height = v[1], .width = v[1], .channels = 3, .filter = filter, .order = order
    };

    if (whole)
        return image_resize(in, v[0], v[1], filter, order, out);
    MEM_TRY(out->rgb, image_pipeline_bytes(&p), 1);
    out->width = p.width;
    out->height = p.height;
    return image_preprocess(in, &p, out->rgb);
}

static status answer(char *line, struct image *in, struct image *out)
{
    char *numbers = strchr(line, '\t'), *path;
    int v[4];

    if (!numbers)
        return FAIL(ERR_USAGE, "a request without a path");
    *numbers++ = '\0';
    if (strcmp(line, "decode") == 0)
        return image_read(numbers, out);
    path = strchr(numbers, '\t');
    if (!path || sscanf(numbers, "%d %d %d %d", &v[0], &v[1], &v[2], &v[3]) != 4)
        return FAIL(ERR_USAGE, "a request of another form: %s", line);
    TRY(image_read(path + 1, in));
    return transform(v, in, strcmp(line, "resize") == 0, out);
}

int main(void)
{
    char line[4096];

    while (fgets(line, sizeof line, stdin)) {
        struct image in = { 0 }, out = { 0 };

        line[strcspn(line, "\n")] = '\0';
        if (answer(line, &in, &out) == OK) {
            printf("ok %d %d\n", out.width, out.height);
            fwrite(out.rgb, 3, (size_t)out.width * (size_t)out.height, stdout);
        } else {
            printf("bad %s\n", error_last()->text);
        }
        fflush(stdout);
        image_free(&in);
        image_free(&out);
    }
    return 0;
}
