/* The loss by libm, its gradients by differences in double, logits that are far apart or not finite. */
#include "check.h"
#include "train/train_parts.h"

#include <math.h>

enum { CLASSES = 5 };

static double by_hand(const double *z, const double *m, int label, double smoothing, double lambda)
{
    double sum = 0, other = 0, loss = 0;

    for (int j = 0; j < CLASSES; j++) {
        sum += exp(z[j]);
        other += m ? exp(m[j]) : 0;
    }
    for (int j = 0; j < CLASSES; j++) {
        double l = z[j] - log(sum), target = smoothing / CLASSES + (j == label ? 1 - smoothing : 0);

        loss -= target * l;
        if (m)
            loss += lambda * exp(l) * (l - (m[j] - log(other)));
    }
    return loss;
}

int main(void)
{
    struct random r = { .seed = 8 };
    double room[4 * CLASSES];

    for (int turn = 0; turn < 200; turn++) {
        struct loss_how how = { CLASSES, 1 + turn % 7, turn % 3 * .1, turn % 2 ? 1 : .3 };
        float z[CLASSES], m[CLASSES], dz[CLASSES], dm[CLASSES];
        double zd[CLASSES], md[CLASSES], step = 1e-5, loss;
        int label = turn % CLASSES, masked = turn % 4 != 0;

        for (int j = 0; j < CLASSES; j++) {
            zd[j] = z[j] = (float)random_normal(&r) * 3;
            md[j] = m[j] = (float)random_normal(&r) * 3;
        }
        loss = loss_sample(&how, z, masked ? m : NULL, label, room, dz, dm);
        CHECK(fabs(loss - by_hand(zd, masked ? md : NULL, label, how.smoothing, how.lambda)) <
              1e-12 * (1 + loss));
        CHECK(loss == loss_sample(&how, z, masked ? m : NULL, label, room, NULL, NULL));
        for (int j = 0; j < CLASSES; j++)
            for (int branch = 0; branch <= masked; branch++) {
                double *v = branch ? &md[j] : &zd[j], here = *v, up, down, want;

                *v = here + step;
                up = by_hand(zd, masked ? md : NULL, label, how.smoothing, how.lambda);
                *v = here - step;
                down = by_hand(zd, masked ? md : NULL, label, how.smoothing, how.lambda);
                *v = here;
                want = (up - down) / (2 * step) / how.batch;
                CHECK_MSG(fabs((branch ? dm[j] : dz[j]) - want) < 3e-7, "turn %d: %g", turn, want);
            }
    }
    struct loss_how how = { CLASSES, 1, 0, 1 };
    float far[CLASSES] = { 1e30f, 0, 0, 0, -1e30f }, nan[CLASSES] = { 0, NAN, 0, 0, 0 }, d[CLASSES],
          e[CLASSES];

    CHECK(loss_sample(&how, far, NULL, 0, room, d, NULL) == 0 && d[0] == 0 && d[1] == 0);
    CHECK(loss_sample(&how, far, NULL, 1, room, d, NULL) > 9e29 && d[0] == 1 && d[1] == -1);
    CHECK(isnan(loss_sample(&how, nan, NULL, 0, room, d, NULL)));
    CHECK(isnan(loss_sample(&how, far, nan, 0, room, d, e)));
    CHECK(loss_answer((float[]){ 1, 3, 3, 0, 2 }, CLASSES) == 1);
    return check_result("train_loss");
}
