#include "measure.h"

#include "metric.h"

/* ---- a row --------------------------------------------------------------------------------------------- */

static void *field(struct store_rows *rows, const char *precision, const char *name)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "%s/%s", precision, name);
    return store_rows_field(rows, path);
}

static void put(struct store_rows *rows, const char *precision, const char *name, float value)
{
    *(float *)field(rows, precision, name) = value;
}

void measure_keep(const struct engine_map *map, void *out)
{
    int pixels = map->h * map->w;
    uint8_t *codes = out;
    float *real = out;

    for (int c = 0; c < map->c; c++)
        for (int i = 0; i < pixels; i++) {
            size_t at = (size_t)i * (size_t)map->pitch + (size_t)c;

            if (map->codes)
                *codes++ = map->codes[at];
            else
                *real++ = map->real[at];
        }
}

/* Real values; sums in raster order, of codes in integers. */
static void channel_means(const struct engine_map *map, float *mean)
{
    enum { TOGETHER = 64 };
    int pixels = map->h * map->w;

    for (int first = 0; first < map->c; first += TOGETHER) {
        int count = map->c - first < TOGETHER ? map->c - first : TOGETHER;
        double sum[TOGETHER] = { 0 };

        for (int i = 0; i < pixels; i++) {
            size_t at = (size_t)i * (size_t)map->pitch + (size_t)first;

            for (int c = 0; c < count; c++)
                sum[c] += map->codes ? (double)map->codes[at + (size_t)c] : (double)map->real[at + (size_t)c];
        }
        for (int c = 0; c < count; c++)
            mean[first + c] =
                (float)(map->codes ? map->q.scale * (sum[c] / pixels - map->q.zero_point) : sum[c] / pixels);
    }
}

void measure_activation(struct store_rows *rows, const char *precision, const struct engine_map *map,
                        const float *act, enum store_activations stored)
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
    channel_means(map, field(rows, precision, "activation_mean"));
    if (stored == STORE_ACTIVATIONS_FULL)
        measure_keep(map, field(rows, precision, "activation"));
}

/* IoU of two boxes x0 y0 x1 y1 of whole pixels; 1 where neither map has one, 0 where one has not. */
static float box_iou(const int32_t *a, const int32_t *b)
{
    int64_t w = (int64_t)(a[2] < b[2] ? a[2] : b[2]) - (a[0] > b[0] ? a[0] : b[0]) + 1;
    int64_t h = (int64_t)(a[3] < b[3] ? a[3] : b[3]) - (a[1] > b[1] ? a[1] : b[1]) + 1;
    int64_t both = w > 0 && h > 0 ? w * h : 0;
    int64_t area_a = (int64_t)(a[2] - a[0] + 1) * (a[3] - a[1] + 1),
            area_b = (int64_t)(b[2] - b[0] + 1) * (b[3] - b[1] + 1);

    if (a[0] < 0 || b[0] < 0)
        return a[0] < 0 && b[0] < 0;
    return (float)((double)both / (double)(area_a + area_b - both));
}

static const int32_t *box_of(struct store_rows *rows, const char *precision)
{
    return field(rows, precision, "wsol/box");
}

void measure_pair(struct store_rows *rows, const char *precision, const struct compare_side *a,
                  const struct compare_side *b, const struct run *r, int net)
{
    const struct store_network *n = &r->layout.network[net];
    struct comparison c;
    char group[2 * OPTION_NAME];

    compare_pair(a, b, n->h, n->w, r->input_h, r->input_w, &c);
    snprintf(group, sizeof group, "%s/vs_%s", precision, run_precision(r, 0));
    put(rows, group, "spearman", c.spearman);
    put(rows, group, "cosine", c.cosine);
    put(rows, group, "ssim", c.ssim);
    put(rows, group, "top_iou", c.top_iou);
    put(rows, group, "peak_distance", c.peak_distance);
    put(rows, group, "box_iou", box_iou(box_of(rows, run_precision(r, 0)), box_of(rows, precision)));
}

/* ---- means --------------------------------------------------------------------------------------------- */

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
