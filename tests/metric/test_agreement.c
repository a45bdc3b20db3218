#include "fixtures.h"

int main(void)
{
    static const int32_t a[6] = { 3, 1, 4, 5, 9, 2 }, shuffled[6] = { 3, 9, 5, 4, 1, 7 },
                         other[6] = { 1, 3, 4, 5, 8, 2 };
    struct agreement g = { 0 };

    agreement_add(&g, a, shuffled, 6, 3); /* same first, same five, right */
    agreement_add(&g, a, other, 6, 3);    /* only the first is right; 9 against 8 in the set */
    agreement_add(&g, a, other, 5, 1);    /* only the second */
    agreement_add(&g, a, other, 5, 4);    /* neither */
    agreement_add(&g, a, a, 5, -1);       /* not labelled */
    agreement_add(&g, a, other, 2, -1);   /* sets of two: 3 1 and 1 3 */
    CHECK(g.images == 6 && g.labelled == 4 && g.same_top1 == 2 && g.same_top5_set == 3);
    CHECK(g.both_right == 1 && g.only_first == 1 && g.only_second == 1 && g.both_wrong == 1);
    return check_result("metric/agreement");
}
