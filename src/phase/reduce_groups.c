/* src/phase/reduce_groups.c: /summary/groups: of every measure that all pictures have, how a precision does
 * over the networks of a group, which are one network trained from different random numbers: Student's
 * interval of the networks' means, and of the paired differences of any two precisions. */
#include "local.h"

#include "metric_table.h"
#include "metric_test.h"

#include <string.h>

_Static_assert((int)JOB_MAX_NETWORKS <= (int)STUDENT_MOST, "a group is no larger than Student's table");

/* The networks' means over the whole set. */
struct means {
    double value[JOB_MAX_NETWORKS][STORE_MAX_PRECISIONS];
    int there[JOB_MAX_NETWORKS][STORE_MAX_PRECISIONS]; /* of at least one picture */
    int of_layer;                                      /* MEASURE_LAYER */
};

static status read_means(const struct run *r, int measure, int p, struct means *m)
{
    const struct store_measure *of = &r->layout.measure[measure];
    int pair = of->kind == STORE_MEASURE_PAIR;
    double mean[REDUCE_SETS];
    int64_t images[REDUCE_SETS];
    char group[STORE_PATH], path[STORE_PATH + 16];

    snprintf(group, sizeof group, "/summary/measures/%s%s%s/%s", run_precision(r, p), pair ? "/vs_" : "",
             pair ? run_precision(r, 0) : "", of->name);
    for (int i = 0; i < r->networks; i++) {
        snprintf(path, sizeof path, "%s/images", group);
        TRY(store_fetch(r->store, path, i, 1, images));
        snprintf(path, sizeof path, "%s/mean", group);
        TRY(store_fetch(r->store, path, i, 1, mean));
        m->there[i][p] = images[0] > 0;
        m->value[i][p] = mean[0];
    }
    return OK;
}

/* Activations of layers of other extents do not differ from each other. */
static int differ(const struct run *r, const struct means *m, int i, int p, int q)
{
    return m->there[i][q] && (!m->of_layer || store_layers_alike(&r->layout, i, p, q));
}

/* Of precision p, or of p less q where q is not negative: the members that have the values. */
static int gather(const struct run *r, const struct means *m, int g, int p, int q, double *out)
{
    int n = 0;

    for (int i = 0; i < r->networks; i++)
        if (r->layout.group[g].member >> i & 1 && m->there[i][p] && (q < 0 || differ(r, m, i, p, q)))
            out[n++] = m->value[i][p] - (q < 0 ? 0 : m->value[i][q]);
    return n;
}

/* Row g of one measure's datasets. */
static status write_group(const struct run *r, int measure, int g, const struct means *m)
{
    struct {
        int64_t networks[STORE_MAX_PRECISIONS];
        double mean[STORE_MAX_PRECISIONS], low[STORE_MAX_PRECISIONS], high[STORE_MAX_PRECISIONS],
            sd[STORE_MAX_PRECISIONS];
        double difference[3][STORE_MAX_PRECISIONS * STORE_MAX_PRECISIONS];
    } row = { .networks = { 0 } };
    const struct run_column column[] = { { "networks", row.networks },
                                         { "mean", row.mean },
                                         { "low", row.low },
                                         { "high", row.high },
                                         { "sd", row.sd },
                                         { "difference", row.difference[0] },
                                         { "difference_low", row.difference[1] },
                                         { "difference_high", row.difference[2] } };
    char table[STORE_NAME + 16];

    for (int p = 0; p < r->precisions; p++) {
        double value[JOB_MAX_NETWORKS];
        struct student_interval s;

        row.networks[p] = gather(r, m, g, p, -1, value);
        student_interval(value, (int)row.networks[p], &s);
        row.mean[p] = s.mean;
        row.low[p] = s.low;
        row.high[p] = s.high;
        row.sd[p] = s.sd;
        for (int q = 0; q < r->precisions; q++) {
            int at = p * r->precisions + q;

            student_interval(value, gather(r, m, g, p, q, value), &s);
            row.difference[0][at] = s.mean;
            row.difference[1][at] = s.low;
            row.difference[2][at] = s.high;
        }
    }
    snprintf(table, sizeof table, "groups/%s", r->layout.measure[measure].name);
    return run_put(r, g, table, NULL, column, COUNT_OF(column));
}

status reduce_groups(const struct run *r)
{
    for (int k = 0; k < r->layout.measures && r->layout.groups > 0; k++) {
        struct means m = { .there = { { 0 } } };

        const struct measure *known = measure_known(r->layout.measure[k].name);

        if (!schema_grouped(r->layout.measure[k].kind))
            continue;
        m.of_layer = known && known->needs & MEASURE_LAYER;
        for (int p = 0; p < r->precisions; p++)
            if (schema_measured(&r->layout, k, p))
                TRY(read_means(r, k, p, &m));
        for (int g = 0; g < r->layout.groups; g++)
            TRY(write_group(r, k, g, &m));
    }
    return OK;
}
