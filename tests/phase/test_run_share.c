/* What the phases of a run share: the true boxes of an image. */
#include "made.h"

enum { EDGE = 8 };

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    struct image_box box[2] = { { 4, 4, 20, 20 }, { 30, 30, 39, 39 } };
    struct wsol_box truth[2];
    int code;

    CHECK(made_begin(m, "run_share") == OK);
    m->run.list.box = box;
    m->entry[1].boxes = 1;
    /* 40 x 40 becomes 10 x 10, of which the crop shows the middle 8 x 8. */
    m->run.network[0].pipeline[0] =
        (struct image_pipeline){ .resize = 10, .height = EDGE, .width = EDGE, .channels = 3 };
    CHECK(run_most_boxes(&m->run) == 1);
    CHECK(run_truth(&m->run, 0, 1, 40, 40, truth) == 1 && truth[0].x0 == 0 && truth[0].x1 == 4 &&
          truth[0].y1 == 4);
    CHECK(run_truth(&m->run, 0, 0, 40, 40, truth) == 0 && run_truth(&m->run, 0, 1, 0, 0, truth) == 0);
    m->job.wsol_frame = JOB_FRAME_FULL;
    m->entry[2] = (struct image_entry){ .path = m->name[2], .class_index = 1, .box_first = 1, .boxes = 1 };
    CHECK(run_truth(&m->run, 0, 2, 40, 40, truth) == 1 && truth[0].x1 == 8.75);
    m->job.wsol_frame = JOB_FRAME_CROP;
    CHECK(run_truth(&m->run, 0, 2, 40, 40, truth) == 1 && truth[0].x1 == EDGE);
    made_end(m, &code, "run_share");
    mem_free(m);
    return code;
}
