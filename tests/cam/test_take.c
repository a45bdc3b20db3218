#include <math.h>
#include <string.h>

#include "cam/workspace.h"
#include "check.h"

/* Two pixels of two channels, (1, 4) and (3, 0): S = (4, 4). */
static const float act[4 + 16] = { 1, 4, 3, 0 };

static void sums(struct cam_workspace *w)
{
    float g[4 + 16] = { 0, 0, -0.0f, 0 };
    struct cam_class of = { .gradient = g };

    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK && w->flat && w->sum[0] == 4 && w->sum[1] == 4);
    g[2] = 1e-30f;
    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK && !w->flat);
    CHECK(cam_take(w, act, 1, 2, 2, NULL) == OK && !w->flat && !w->of.gradient && !w->of.head);
}

static void refused(struct cam_workspace *w)
{
    static const float weight[4] = { 1, -2, 3, 4 }, bias[2] = { 0.5f, -1 };
    float bad[4 + 16] = { 1, NAN, 3, 0 };
    struct cam_head head = { .classes = 2, .channels = 3, .weight = weight, .bias = bias };
    struct cam_class of = { .head = &head, .index = 1 };

    CHECK(cam_take(w, act, 1, 2, 2, &of) == ERR_MISMATCH);
    CHECK(cam_take(w, bad, 1, 2, 2, NULL) == ERR_NUMERIC);
    CHECK(!strcmp(error_last()->text, "the activation of channel 1 at pixel 0 is not finite"));
    head.channels = 2;
    head.hidden = CAM_MAX_HIDDEN + 1;
    CHECK(cam_take(w, act, 1, 2, 2, &of) == ERR_RANGE);
    of = (struct cam_class){ .gradient = bad };
    CHECK(cam_take(w, act, 1, 2, 2, &of) == ERR_NUMERIC);
    CHECK(!strcmp(error_last()->text, "the gradient of channel 1 at pixel 0 is not finite"));
}

int main(void)
{
    struct cam_workspace *w = NULL;
    double a[11];
    float b[11];

    for (int i = 0; i < 11; i++) {
        a[i] = i;
        b[i] = (float)(i + 1);
    }
    CHECK(take_dot(a, b, 11) == 440 && take_dot(a, b, 3) == 8 && take_dot(a, b, 0) == 0);
    CHECK(cam_workspace_create(2, 3, kernel_select("auto"), &w) == OK);
    sums(w);
    refused(w);
    cam_workspace_free(w);
    return check_result("cam/take");
}
