#include <math.h>

#include "cam/workspace.h"
#include "check.h"

static const float weight[4] = { 1, -2, 3, 4 }, bias[2] = { 0.5f, -1 };

/* Two pixels of two channels, (1, 4) and (3, 0): P = (2, 2). */
static const float act[4 + 16] = { 1, 4, 3, 0 };

static void one_layer(struct cam_workspace *w)
{
    struct cam_head head = { .classes = 2, .channels = 2, .weight = weight, .bias = bias };

    CHECK(cam_take(w, act, 1, 2, 2, &head, 1) == OK);
    CHECK(w->gradient[0] == 3 && w->gradient[1] == 4 && w->pooled[0] == 2 && w->pooled[1] == 2);
    CHECK(w->score == 13);
    CHECK(cam_take(w, act, 1, 2, 2, &head, 0) == OK && w->gradient[1] == -2 && w->score == -1.5);
}

/* z = (2 + 2 - 4, -4, 3, 5) = (0, -4, 3, 5): slopes 1/2, 0, 1, 1; h = 0, 0, 3, 5. */
static void two_layers(struct cam_workspace *w)
{
    static const float first[8] = { 1, 1, -1, -1, 0.5f, 1, 2, 0.5f }, first_bias[4] = { -4, 0, 0, 0 };
    static const float last[4] = { 2, 7, 1, -1 }, last_bias[1] = { 10 };
    struct cam_head head = { 1, 2, 4, last, last_bias, first, first_bias };

    CHECK(cam_take(w, act, 1, 2, 2, &head, 0) == OK);
    CHECK(w->hidden[0] == 0 && w->hidden[1] == -4 && w->hidden[2] == 3 && w->hidden[3] == 5);
    CHECK(w->score == 10 + 3 - 5);
    CHECK(w->gradient[0] == 1 + 0.5 - 2 && w->gradient[1] == 1 + 1 - 0.5);
}

static void refused(struct cam_workspace *w)
{
    float bad[4 + 16] = { 1, NAN, 3, 0 };
    static const float endless[2] = { 0, INFINITY };
    struct cam_head head = { .classes = 2, .channels = 3, .weight = weight, .bias = bias };

    CHECK(cam_take(w, act, 1, 2, 2, &head, 1) == ERR_MISMATCH);
    CHECK(cam_take(w, bad, 1, 2, 2, NULL, 0) == ERR_NUMERIC);
    head.channels = 2;
    head.hidden = CAM_MAX_HIDDEN + 1;
    CHECK(cam_take(w, act, 1, 2, 2, &head, 1) == ERR_RANGE);
    head.hidden = 0;
    head.bias = endless;
    CHECK(cam_take(w, act, 1, 2, 2, &head, 1) == ERR_NUMERIC);
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
    CHECK(gradient_dot(a, b, 11) == 440 && gradient_dot(a, b, 3) == 8 && gradient_dot(a, b, 0) == 0);
    CHECK(gradient_hardswish(-3.5) == 0 && gradient_hardswish(4) == 4 && gradient_hardswish(-1.5) == -0.375);
    CHECK(cam_workspace_create(2, 3, kernel_select("auto"), &w) == OK);
    one_layer(w);
    two_layers(w);
    refused(w);
    cam_workspace_free(w);
    return check_result("cam/gradient");
}
