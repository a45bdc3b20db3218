#include <math.h>

#include "cam/workspace.h"
#include "check.h"

static const float act[4 + 16] = { 1, 4, 3, 0 }; /* P = (2, 2) */

/* z = (4, 1), y = 10 + 2 * 4 - 6 * 4/6 = 14; without channel 0 z = (2, 2): 10 + 2 * 10/6 - 6 * 10/6; without
 * channel 1 z = (2, -1): 10 + 2 * 10/6 + 6 * 2/6. */
static void two_layers(struct cam_workspace *w)
{
    static const float first[4] = { 1, 1, -0.5f, 1 }, first_bias[2] = { 0, 0 };
    static const float last[2] = { 2, -6 }, bias[1] = { 10 };
    struct cam_head head = { 1, 2, 2, last, bias, first, first_bias };
    struct cam_class of = { .head = &head };

    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK && ablation_weights(w) == OK);
    CHECK(w->hidden[0] == 4 && w->hidden[1] == 1);
    CHECK(fabs(w->weight[0] - (14 - (10 + 20 / 6.0 - 10)) / 14) < 1e-15);
    CHECK(fabs(w->weight[1] - (14 - (10 + 20 / 6.0 + 2)) / 14) < 1e-15);
}

static void one_layer(struct cam_workspace *w)
{
    static const float weight[2] = { 2, -6 }, bias[1] = { 8 }, some[1] = { 9 };
    static const float endless[1] = { INFINITY };
    struct cam_head head = { .classes = 1, .channels = 2, .weight = weight, .bias = some };
    struct cam_class of = { .head = &head };

    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK && ablation_weights(w) == OK);
    CHECK(w->weight[0] == 4 && w->weight[1] == -12);
    head.bias = bias;
    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK && ablation_weights(w) == OK); /* y = 0: defined as 0 */
    CHECK(w->weight[0] == 0 && w->weight[1] == 0);
    head.bias = endless;
    CHECK(cam_take(w, act, 1, 2, 2, &of) == OK && ablation_weights(w) == ERR_NUMERIC);
}

int main(void)
{
    struct cam_workspace *w = NULL;

    CHECK(cam_workspace_create(2, 2, kernel_select("auto"), &w) == OK);
    one_layer(w);
    two_layers(w);
    cam_workspace_free(w);
    return check_result("cam/ablation");
}
