#include "check.h"
#include "metric.h"

/* Against a full count of what comes before each, with many ties. */
int main(void)
{
    enum { COUNT = 500, MOST = 16 };
    int64_t places[MOST];
    float values[COUNT];
    uint8_t usable[COUNT];
    struct random r = { .seed = 5 };

    for (int round = 0; round < 20; round++) {
        int found, members = 0;

        for (int i = 0; i < COUNT; i++) {
            values[i] = (float)random_below(&r, 12);
            usable[i] = random_below(&r, 20) == 0;
            members += usable[i];
        }
        found = metric_largest(values, usable, COUNT, MOST, places);
        CHECK(found == (members < MOST ? members : MOST));
        for (int k = 0; k < found; k++) {
            int before = 0;

            for (int i = 0; i < COUNT; i++)
                before += usable[i] && (values[i] > values[places[k]] ||
                                        (values[i] == values[places[k]] && i < places[k]));
            CHECK_MSG(before == k && usable[places[k]], "place %d has %d before it", k, before);
        }
    }
    CHECK(metric_largest(values, usable, 0, MOST, places) == 0);
    CHECK(metric_largest(values, usable, COUNT, 0, places) == 0);
    return check_result("test_largest");
}
