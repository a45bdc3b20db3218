/* Rates of epochs by hand. */
#include "check.h"
#include "train/train_parts.h"

#include <math.h>

int main(void)
{
    struct schedule constant = { .kind = SCHEDULE_CONSTANT, .epochs = 3, .factor = .1 };
    struct schedule step = {
        .kind = SCHEDULE_STEP, .epochs = 9, .milestones = 2, .milestone = { 2, 5 }, .factor = .5
    };
    struct schedule cosine = { .kind = SCHEDULE_COSINE, .epochs = 4 };

    for (int e = 0; e < 3; e++)
        CHECK(schedule_rate(&constant, .3, e) == .3);
    CHECK(schedule_rate(&step, 8, 0) == 8 && schedule_rate(&step, 8, 1) == 8 &&
          schedule_rate(&step, 8, 2) == 4);
    CHECK(schedule_rate(&step, 8, 4) == 4 && schedule_rate(&step, 8, 5) == 2 &&
          schedule_rate(&step, 8, 8) == 2);
    CHECK(schedule_rate(&cosine, 1, 0) == 1 && fabs(schedule_rate(&cosine, 1, 2) - .5) < 1e-15);
    CHECK(fabs(schedule_rate(&cosine, 1, 1) - (1 + sqrt(.5)) / 2) < 1e-15);
    return check_result("train_schedule");
}
