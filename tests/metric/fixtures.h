/* tests/metric/fixtures.h: files of tests/metric/data (made by tests/fixtures/make_metric_fixtures.py). */
#ifndef QUANTCAM_TEST_METRIC_FIXTURES_H
#define QUANTCAM_TEST_METRIC_FIXTURES_H

#include <math.h>
#include <string.h>

#include "check.h"
#include "metric.h"

static inline FILE *fixture_open(const char *path)
{
    FILE *f = fopen(path, "rb");

    if (!f) {
        fprintf(stderr, "%s cannot be opened\n", path);
        exit(1);
    }
    return f;
}

static inline void fixture_read(FILE *f, void *out, size_t size, size_t count)
{
    if (fread(out, size, count, f) != count)
        exit(1);
}

#endif
