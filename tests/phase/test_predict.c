#include "check.h"
#include "phase/run.h"

#include <math.h>

int main(void)
{
    /* By hand: one selection of 5 % is 50 of 1000; three that overlap by chance, 1000 (1 - 0.95^3). */
    CHECK(fabs(predict_union(1000, 0.05, 1) - 50) < 1e-9);
    CHECK(fabs(predict_union(1000, 0.05, 3) - 142.625) < 1e-9);
    CHECK(predict_union(1000, 1, 2) == 1000);
    CHECK(predict_union(1, 1, 1) == 1);
    return check_result("test_predict");
}
