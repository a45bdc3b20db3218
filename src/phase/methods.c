#include "methods.h"

#include "metric.h"

/* ---- which ones ---------------------------------------------------------------------------------------- */

static int wanted(const struct job *job, int method)
{
    return method != CAM_EIGEN && (job->methods >> method & 1);
}

void methods_name(const struct job *job, struct store_layout *l)
{
    for (int m = 0; m < CAM_METHODS; m++)
        if (wanted(job, m))
            snprintf(l->method[l->methods++], STORE_NAME, "%s", cam_method_name((enum cam_method)m));
}

static int any_needs_head(const struct job *job)
{
    for (int m = 0; m < CAM_METHODS; m++)
        if (wanted(job, m) && cam_method_needs_head((enum cam_method)m))
            return 1;
    return 0;
}

status methods_head(const struct job *job, const struct model_binding *b, struct model_head *out)
{
    return any_needs_head(job) ? model_head_load(b, out) : OK;
}

/* ---- means --------------------------------------------------------------------------------------------- */

enum { SETS = 1 + STORE_MAX_SELECTIONS };

struct means {
    float *column;  /* (N) */
    double *values; /* (N) scratch */
    int methods;
    double rmse_mean[SETS * STORE_MAX_METHODS], rmse_median[SETS * STORE_MAX_METHODS],
        correlation[SETS * STORE_MAX_METHODS]; /* (set, method) */
};

static status make_means(const struct run *r, struct means *a)
{
    MEM_TRY(a->column, (size_t)r->layout.images, sizeof *a->column);
    MEM_TRY(a->values, (size_t)r->layout.images, sizeof *a->values);
    return OK;
}

static int64_t pick(const struct run *r, const struct means *a, const uint32_t *member, int set)
{
    int64_t count = 0;

    for (int64_t i = 0; i < r->layout.images; i++)
        if (member[i] >> set & 1)
            a->values[count++] = a->column[i];
    return count;
}

static status fetch(const struct run *r, int net, int p, const char *what, int k, float *column)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/%s/%s/vs_%s/%s_%s", r->layout.network[net].name, run_precision(r, p),
             run_precision(r, 0), what, r->layout.method[k]);
    return store_fetch(r->store, path, 0, r->layout.images, column);
}

/* An empty set's are 0. */
static status reduce_method(const struct run *r, int net, int p, int k, const uint32_t *member, int sets,
                            struct means *a)
{
    struct metric_quartiles q;

    TRY(fetch(r, net, p, "rmse", k, a->column));
    for (int s = 0; s < sets; s++) {
        metric_quartiles_of(a->values, pick(r, a, member, s), &q);
        a->rmse_mean[s * a->methods + k] = q.mean;
        a->rmse_median[s * a->methods + k] = q.median;
    }
    TRY(fetch(r, net, p, "correlation", k, a->column));
    for (int s = 0; s < sets; s++) {
        metric_quartiles_of(a->values, pick(r, a, member, s), &q);
        a->correlation[s * a->methods + k] = q.mean;
    }
    return OK;
}

static status write_pair(const struct run *r, int net, int p, const struct means *a)
{
    const struct {
        const char *name;
        const double *row;
    } table[] = { { "rmse_mean", a->rmse_mean },
                  { "rmse_median", a->rmse_median },
                  { "correlation", a->correlation } };
    char path[STORE_PATH];

    for (size_t i = 0; i < COUNT_OF(table); i++) {
        snprintf(path, sizeof path, "/summary/methods/%s/%s", run_precision(r, p), table[i].name);
        TRY(store_write(r->store, path, net, 1, table[i].row));
    }
    return OK;
}

status methods_reduce(const struct run *r, int net, const uint32_t *member, int sets)
{
    struct means a = { .methods = r->layout.methods };
    status result = OK;

    if (a.methods == 0)
        return OK;
    TRY_OUT(make_means(r, &a));
    for (int p = 1; p < r->precisions; p++) {
        for (int k = 0; k < a.methods; k++)
            TRY_OUT(reduce_method(r, net, p, k, member, sets, &a));
        TRY_OUT(write_pair(r, net, p, &a));
    }
out:
    mem_free(a.column);
    mem_free(a.values);
    return result;
}
