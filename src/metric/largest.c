/* src/metric/largest.c: the places of the largest values. */
#include "metric.h"

#include <string.h>

int metric_largest(const float *values, const uint8_t *usable, int64_t count, int most, int64_t *places)
{
    int found = 0;

    /* Insertion into a short sorted list; places are met in rising order, so a tie keeps the earlier one. */
    for (int64_t i = 0; i < count; i++) {
        int at = found;

        if (!usable[i])
            continue;
        while (at > 0 && values[i] > values[places[at - 1]])
            at--;
        if (at == most)
            continue;
        if (found < most)
            found++;
        memmove(&places[at + 1], &places[at], (size_t)(found - 1 - at) * sizeof *places);
        places[at] = i;
    }
    return found;
}
