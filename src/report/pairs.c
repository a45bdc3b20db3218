/* src/report/pairs.c: columns of the rows of a pair of precisions. */
#include "pairs.h"

#include <math.h>
#include <string.h>

enum { MOST_BYTES = 1 << 30 };

/* A column of `inner` elements an image. */
static status column(struct store_reader *r, enum store_type type, int64_t rows, int inner, void **out,
                     const char *format, ...) PRINTF_LIKE(6, 7);
static status column(struct store_reader *r, enum store_type type, int64_t rows, int inner, void **out,
                     const char *format, ...)
{
    char path[STORE_PATH + 4 * STORE_NAME];
    int64_t count = 0;
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    TRY(store_read_all(r, path, type, MOST_BYTES, out, &count));
    return count == rows * inner
               ? OK
               : FAIL(ERR_MISMATCH, "%s: %s has %lld values, not %lld", store_reader_path(r), path,
                      (long long)count, (long long)(rows * inner));
}

static status read_sides(struct store_reader *r, struct pairs *a)
{
    const struct store_layout *l = store_reader_layout(r);
    const char *net = l->network[a->network].name;

    for (int side = 0; side < 2; side++) {
        const char *precision = l->precision[side ? a->p : 0].name;

        TRY(column(r, STORE_F32, a->images, 1, (void **)&a->sigma[side], "/models/%s/%s/sigma_ratio", net,
                   precision));
        TRY(column(r, STORE_S32, a->images, PAIRS_TOP, (void **)&a->top[side], "/models/%s/%s/top5", net,
                   precision));
        TRY(column(r, STORE_F32, a->images, PAIRS_TOP, (void **)&a->score[side], "/models/%s/%s/score5", net,
                   precision));
    }
    return OK;
}

static status read_members(struct store_reader *r, struct pairs *a)
{
    const struct store_layout *l = store_reader_layout(r);
    const char *net = l->network[a->network].name;
    int64_t *image = NULL;
    uint8_t *in = NULL;
    status result = OK;

    TRY_OUT(column(r, STORE_S64, a->places, 1, (void **)&image, "/models/%s/subset/image", net));
    for (int64_t i = 0; i < a->images; i++)
        a->place[i] = -1;
    for (int s = 0; s < l->selections; s++) {
        TRY_OUT(
            column(r, STORE_U8, a->places, 1, (void **)&in, "/models/%s/subset/in_%s", net, l->selection[s]));
        for (int64_t i = 0; i < a->places; i++) {
            if (image[i] < 0 || image[i] >= a->images)
                continue;
            a->place[image[i]] = i;
            a->member[image[i]] |= (uint32_t)((in[i] != 0) << s);
        }
        mem_free(in);
        in = NULL;
    }
out:
    mem_free(image);
    mem_free(in);
    return result;
}

status pairs_read(struct store_reader *r, int network, int p, struct pairs *out)
{
    static const char *const reading[STORE_READINGS] = { "raw", "resolved", "aligned" };
    const struct store_layout *l = store_reader_layout(r);
    const char *net = l->network[network].name, *other = l->precision[p].name, *first = l->precision[0].name;
    status result = OK;

    memset(out, 0, sizeof *out);
    out->images = l->images;
    out->places = l->subset;
    out->network = network;
    out->p = p;
    TRY_OUT(column(r, STORE_U8, out->images, 1, (void **)&out->ok, "/models/%s/status", net));
    for (int64_t i = 0; i < out->images; i++)
        out->ok[i] = out->ok[i] == STORE_OK;
    for (int i = 0; i < STORE_READINGS; i++)
        TRY_OUT(column(r, STORE_F32, out->images, 1, (void **)&out->rmse[i], "/models/%s/%s/vs_%s/rmse_%s",
                       net, other, first, reading[i]));
    TRY_OUT(column(r, STORE_F32, out->images, 1, (void **)&out->correlation,
                   "/models/%s/%s/vs_%s/correlation", net, other, first));
    TRY_OUT(column(r, STORE_F32, out->images, 1, (void **)&out->box_iou, "/models/%s/%s/vs_%s/box_iou", net,
                   other, first));
    TRY_OUT(column(r, STORE_U8, out->images, 1, (void **)&out->flipped, "/models/%s/%s/vs_%s/sign_flipped",
                   net, other, first));
    TRY_OUT(column(r, STORE_S32, out->images, 1, (void **)&out->class_index, "/images/class_index"));
    TRY_OUT(read_sides(r, out));
    MEM_TRY_OUT(out->member, (size_t)out->images, sizeof *out->member);
    MEM_TRY_OUT(out->place, (size_t)out->images, sizeof *out->place);
    TRY_OUT(read_members(r, out));
out:
    if (result != OK)
        pairs_free(out);
    return result;
}

void pairs_free(struct pairs *p)
{
    mem_free(p->ok);
    for (int i = 0; i < STORE_READINGS; i++)
        mem_free(p->rmse[i]);
    mem_free(p->correlation);
    mem_free(p->box_iou);
    mem_free(p->flipped);
    for (int side = 0; side < 2; side++) {
        mem_free(p->sigma[side]);
        mem_free(p->top[side]);
        mem_free(p->score[side]);
    }
    mem_free(p->class_index);
    mem_free(p->member);
    mem_free(p->place);
    memset(p, 0, sizeof *p);
}

double pairs_margin(const struct pairs *p, int64_t image)
{
    double first = (double)p->score[0][image][0], second = (double)p->score[0][image][1];

    return second > 0 && first > 0 ? fmin(20, log(first / second)) : 20;
}

int pairs_changed(const struct pairs *p, int64_t image)
{
    return p->top[0][image][0] != p->top[1][image][0];
}

int pairs_in(const struct pairs *p, int64_t image, int set)
{
    return p->ok[image] && (set == 0 || (p->member[image] >> (set - 1) & 1));
}
