/* src/metric/agreement.c: do two precisions give the same answers, picture by picture. */
#include "metric.h"

static int same_set(const int32_t *a, const int32_t *b, int k)
{
    for (int i = 0; i < k; i++)
        if (accuracy_rank(b, k, a[i]) < 0)
            return 0;
    return 1;
}

void agreement_add(struct agreement *a, const int32_t *top_first, const int32_t *top_second, int k,
                   int class_index)
{
    int first, second;

    BUG_IF(k < 1);
    first = top_first[0] == class_index;
    second = top_second[0] == class_index;
    a->images++;
    a->same_top1 += top_first[0] == top_second[0];
    a->same_top5_set += same_set(top_first, top_second, k < 5 ? k : 5);
    if (class_index < 0)
        return;
    a->labelled++;
    a->both_right += first && second;
    a->only_first += first && !second;
    a->only_second += !first && second;
    a->both_wrong += !first && !second;
}
