/* src/metric/accuracy.c: the classes a network prefers. */
#include <math.h>

#include "metric.h"

int accuracy_finite(const float *values, int64_t count)
{
    int good = 1;

    for (int64_t i = 0; i < count; i++)
        good &= isfinite(values[i]) != 0;
    return good;
}

void accuracy_top(const float *logits, int classes, int k, int32_t *top, float *score)
{
    int have = 0;

    BUG_IF(k < 1 || k > classes);
    for (int c = 0; c < classes; c++) {
        int at = have < k ? have : k - 1;

        BUG_IF(isnan(logits[c]));
        if (have == k && !(logits[c] > score[k - 1]))
            continue;
        for (; at > 0 && logits[c] > score[at - 1]; at--) {
            score[at] = score[at - 1];
            top[at] = top[at - 1];
        }
        score[at] = logits[c];
        top[at] = c;
        have += have < k;
    }
}

void accuracy_softmax(const float *logits, int classes, float *probability)
{
    float largest = logits[0];
    double sum = 0.0;

    for (int c = 1; c < classes; c++)
        largest = logits[c] > largest ? logits[c] : largest;
    for (int c = 0; c < classes; c++) {
        double e = math_exp((double)logits[c] - largest);

        sum += e;
        probability[c] = (float)e;
    }
    for (int c = 0; c < classes; c++)
        probability[c] = (float)(probability[c] / sum);
}

int accuracy_rank(const int32_t *top, int k, int class_index)
{
    for (int i = 0; i < k; i++)
        if (top[i] == class_index)
            return i;
    return -1;
}
