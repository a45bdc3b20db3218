/* src/phase/locate.c: the true boxes of an image. */
#include "locate.h"

int locate_most_boxes(const struct run *r)
{
    int most = 1;

    for (int i = 0; i < r->list.count; i++)
        most = r->list.entry[i].boxes > most ? r->list.entry[i].boxes : most;
    return most;
}

int locate_truth(const struct run *r, int net, int64_t image, int width, int height, struct wsol_box *truth)
{
    const struct image_entry *entry = &r->list.entry[image];
    int count = 0;

    for (int i = 0; i < entry->boxes; i++) {
        double e[4];
        if (image_box_in_frame(&r->list.box[entry->box_first + i], width, height, &r->network[net].pipeline,
                               r->job->wsol_frame == JOB_FRAME_FULL, e))
            truth[count++] = (struct wsol_box){ e[0], e[1], e[2], e[3] };
    }
    return count;
}
