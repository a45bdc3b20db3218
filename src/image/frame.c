/* src/image/frame.c: boxes of the stored picture as the network sees them (explanations 4.3). */
#include "image.h"

int image_box_in_frame(const struct image_box *box, int width, int height, const struct image_pipeline *p,
                       int full, double edge[4])
{
    struct image_box b = *box;
    int resized_w, resized_h, left, top;

    if (width < 1 || height < 1 || !image_box_clamp(&b, width, height))
        return 0;
    image_geometry(width, height, p, &resized_w, &resized_h, &left, &top);
    edge[0] = (double)((int64_t)b.x0 * resized_w) / width - left;
    edge[1] = (double)((int64_t)b.y0 * resized_h) / height - top;
    edge[2] = (double)((int64_t)b.x1 * resized_w) / width - left;
    edge[3] = (double)((int64_t)b.y1 * resized_h) / height - top;
    for (int i = 0; i < 4 && !full; i++) {
        double most = i % 2 ? p->height : p->width;

        edge[i] = edge[i] < 0 ? 0 : edge[i] > most ? most : edge[i];
    }
    return edge[0] < edge[2] && edge[1] < edge[3];
}
