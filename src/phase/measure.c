/* src/phase/measure.c: /summary/activation and /summary/comparison. */
#include "measure.h"

/* A column of the rows and the table of the same name in /summary. */
struct mean_field {
    const char *name, *table;
    enum { OF_ALL, OF_CODES, OF_PAIRS } of; /* which precisions have it; a pair's lies in vs_<first> */
};

static const struct mean_field fields[] = {
    { "entropy_real", "activation", OF_ALL },    { "std_real", "activation", OF_ALL },
    { "sparsity_real", "activation", OF_ALL },   { "entropy_int", "activation", OF_CODES },
    { "std_int", "activation", OF_CODES },       { "sparsity_int", "activation", OF_CODES },
    { "spearman", "comparison", OF_PAIRS },      { "cosine", "comparison", OF_PAIRS },
    { "ssim", "comparison", OF_PAIRS },          { "top_iou", "comparison", OF_PAIRS },
    { "peak_distance", "comparison", OF_PAIRS }, { "box_iou", "comparison", OF_PAIRS },
};

static int has_field(const struct run *r, int p, const struct mean_field *f)
{
    return f->of == OF_ALL || (f->of == OF_CODES ? r->precision[p].form == PRECISION_CODES : p > 0);
}

static void mean_columns(const float *column, int64_t n, const uint32_t *member, int sets, double *mean)
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

static status reduce_field(const struct run *r, int net, int p, const struct mean_field *f,
                           const uint32_t *member, int sets, float *column)
{
    double mean[1 + STORE_MAX_SELECTIONS];
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s/%s%s%s%s", r->layout.network[net].name, run_precision(r, p),
             f->of == OF_PAIRS ? "vs_" : "", f->of == OF_PAIRS ? run_precision(r, 0) : "",
             f->of == OF_PAIRS ? "/" : "", f->name);
    TRY(store_fetch(r->store, path, 0, r->layout.images, column));
    mean_columns(column, r->layout.images, member, sets, mean);
    snprintf(path, sizeof path, "/summary/%s/%s/%s", f->table, run_precision(r, p), f->name);
    return store_write(r->store, path, net, 1, mean);
}

status measure_reduce(const struct run *r, int net, const uint32_t *member, int sets)
{
    float *column = NULL;
    status result = OK;

    MEM_TRY(column, (size_t)r->layout.images, sizeof *column);
    for (size_t f = 0; f < COUNT_OF(fields); f++)
        for (int p = 0; p < r->precisions; p++)
            if (has_field(r, p, &fields[f]))
                TRY_OUT(reduce_field(r, net, p, &fields[f], member, sets, column));
out:
    mem_free(column);
    return result;
}
