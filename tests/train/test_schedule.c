/* Rates of epochs by hand. */
#include "check.h"
#include "train/train_parts.h"

#include <math.h>

int main(void)
{
    struct schedule constant = { .kind = SCHEDULE_CONSTANT, .epochs = 3, .steps = 1, .factor = .1 };
    struct schedule step = {
        .kind = SCHEDULE_STEP, .epochs = 9, .steps = 1, .milestones = 2, .milestone = { 2, 5 }, .factor = .5
    };
    struct schedule cosine = { .kind = SCHEDULE_COSINE, .epochs = 4, .steps = 1 };
    struct schedule warm = { .kind = SCHEDULE_COSINE, .epochs = 6, .steps = 1, .warmup = 2, .start = .1 };
    struct schedule fine = warm;

    for (int e = 0; e < 3; e++)
        CHECK(schedule_rate(&constant, .3, e, 7) == .3);
    CHECK(schedule_rate(&step, 8, 0, 0) == 8 && schedule_rate(&step, 8, 1, 0) == 8 &&
          schedule_rate(&step, 8, 2, 0) == 4);
    CHECK(schedule_rate(&step, 8, 4, 0) == 4 && schedule_rate(&step, 8, 5, 0) == 2 &&
          schedule_rate(&step, 8, 8, 0) == 2);
    CHECK(schedule_rate(&cosine, 1, 0, 9) == 1 && fabs(schedule_rate(&cosine, 1, 2, 0) - .5) < 1e-15);
    CHECK(fabs(schedule_rate(&cosine, 1, 1, 0) - (1 + sqrt(.5)) / 2) < 1e-15);

    /* From a tenth over two epochs, then the cosine of the four that are left. */
    CHECK(schedule_rate(&warm, 2, 0, 3) == .2 && fabs(schedule_rate(&warm, 2, 1, 0) - 1.1) < 1e-15);
    CHECK(schedule_rate(&warm, 2, 2, 0) == 2 && fabs(schedule_rate(&warm, 2, 4, 0) - 1) < 1e-15);
    fine.steps = 10;
    CHECK(schedule_rate(&fine, 2, 0, 0) == .2 && fabs(schedule_rate(&fine, 2, 0, 5) - .65) < 1e-15);
    CHECK(fabs(schedule_rate(&fine, 2, 1, 9) - 1.91) < 1e-15 && schedule_rate(&fine, 2, 2, 0) == 2);
    CHECK(fabs(schedule_rate(&fine, 2, 4, 0) - 1) < 1e-15 && schedule_rate(&fine, 2, 2, 1) < 2);
    warm.kind = SCHEDULE_STEP;
    warm.milestones = 1;
    warm.milestone[0] = 3;
    warm.factor = .5;
    CHECK(schedule_rate(&warm, 2, 2, 0) == 2 && schedule_rate(&warm, 2, 3, 0) == 1);
    return check_result("train_schedule");
}
