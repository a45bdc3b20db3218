#include "measure.h"

#include "metric.h"

/* ---- a row --------------------------------------------------------------------------------------------- */

static void put(struct store_rows *rows, const char *precision, const char *name, float value)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "%s/%s", precision, name);
    *(float *)store_rows_field(rows, path) = value;
}

void measure_activation(struct store_rows *rows, const char *precision, const struct engine_map *map,
                        const float *act)
{
    struct activation as_int, as_real;

    if (map->codes) {
        activation_codes(map->codes, map->h * map->w, map->c, map->pitch, map->q.scale, map->q.zero_point,
                         &as_int, &as_real);
        put(rows, precision, "entropy_int", as_int.entropy);
        put(rows, precision, "std_int", as_int.std);
        put(rows, precision, "sparsity_int", as_int.sparsity);
    } else {
        activation_real(act, map->h * map->w, map->c, &as_real);
    }
    put(rows, precision, "entropy_real", as_real.entropy);
    put(rows, precision, "std_real", as_real.std);
    put(rows, precision, "sparsity_real", as_real.sparsity);
}

/* ---- means --------------------------------------------------------------------------------------------- */

/* A column of the rows and the table of the same name in /summary. */
struct mean_field {
    const char *name;
    int first; /* precision from which on it exists */
};

static const struct mean_field fields[] = {
    { "entropy_real", 0 }, { "std_real", 0 }, { "sparsity_real", 0 },
    { "entropy_int", 1 },  { "std_int", 1 },  { "sparsity_int", 1 },
};

static void mean_columns(const float *column, int64_t n, const uint16_t *member, int sets, double *mean)
{
    for (int s = 0; s < sets; s++) {
        double sum = 0;
        int64_t count = 0;

        for (int64_t i = 0; i < n; i++)
            if (member[i] >> s & 1) {
                sum += column[i];
                count++;
            }
        mean[s] = count > 0 ? sum / (double)count : 0;
    }
}

static status reduce_field(const struct run *r, int net, int p, const char *name, const uint16_t *member,
                           int sets, float *column)
{
    double mean[1 + STORE_MAX_SELECTIONS];
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s/%s", r->layout.network[net].name, job_precision[p], name);
    TRY(store_fetch(r->store, path, 0, r->layout.images, column));
    mean_columns(column, r->layout.images, member, sets, mean);
    snprintf(path, sizeof path, "/summary/activation/%s/%s", job_precision[p], name);
    return store_write(r->store, path, net, 1, mean);
}

status measure_reduce(const struct run *r, int net, const uint16_t *member, int sets)
{
    float *column = NULL;
    status result = OK;

    MEM_TRY(column, (size_t)r->layout.images, sizeof *column);
    for (size_t f = 0; f < COUNT_OF(fields); f++)
        for (int p = fields[f].first; p < JOB_PRECISIONS; p++)
            TRY_OUT(reduce_field(r, net, p, fields[f].name, member, sets, column));
out:
    mem_free(column);
    return result;
}
