/* src/report/pairs.c: columns of the rows of a pair of precisions. */
#include "pairs.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "value.h"

enum { MOST_BYTES = 1 << 30 };

/* A column of `inner` elements an image, and its place in struct pairs. */
static const struct column {
    size_t at;
    enum store_type type;
    int inner;
    const char *path;
} columns[] = {
#define AT(member) offsetof(struct pairs, member)
    { AT(ok), STORE_U8, 1, "/models/{k}/status" },
    { AT(rmse[PAIRS_RAW]), STORE_F32, 1, "/models/{k}/{p}/vs_{f}/rmse_raw" },
    { AT(rmse[PAIRS_RESOLVED]), STORE_F32, 1, "/models/{k}/{p}/vs_{f}/rmse_resolved" },
    { AT(rmse[PAIRS_ALIGNED]), STORE_F32, 1, "/models/{k}/{p}/vs_{f}/rmse_aligned" },
    { AT(correlation), STORE_F32, 1, "/models/{k}/{p}/vs_{f}/correlation" },
    { AT(box_iou), STORE_F32, 1, "/models/{k}/{p}/vs_{f}/box_iou" },
    { AT(flipped), STORE_U8, 1, "/models/{k}/{p}/vs_{f}/sign_flipped" },
    { AT(class_index), STORE_S32, 1, "/images/class_index" },
    { AT(sigma[0]), STORE_F32, 1, "/models/{k}/{f}/sigma_ratio" },
    { AT(sigma[1]), STORE_F32, 1, "/models/{k}/{p}/sigma_ratio" },
    { AT(top[0]), STORE_S32, PAIRS_TOP, "/models/{k}/{f}/top5" },
    { AT(top[1]), STORE_S32, PAIRS_TOP, "/models/{k}/{p}/top5" },
    { AT(score[0]), STORE_F32, PAIRS_TOP, "/models/{k}/{f}/score5" },
    { AT(score[1]), STORE_F32, PAIRS_TOP, "/models/{k}/{p}/score5" },
};

/* A dataset of so many elements, allocated. */
static status read_column(struct store_reader *r, const struct pairs *a, const char *template,
                          enum store_type type, int64_t elements, void **out)
{
    char path[STORE_PATH + 4 * STORE_NAME];
    int64_t count = 0;

    value_expand(store_reader_layout(r), a->network, a->p, template, path, sizeof path);
    TRY(store_read_all(r, path, type, MOST_BYTES, out, &count));
    return count == elements ? OK
                             : FAIL(ERR_MISMATCH, "%s: %s has %lld values, not %lld", store_reader_path(r),
                                    path, (long long)count, (long long)elements);
}

static status read_members(struct store_reader *r, struct pairs *a)
{
    const struct store_layout *l = store_reader_layout(r);
    char in_set[STORE_PATH];
    int64_t *image = NULL;
    uint8_t *in = NULL;
    status result = OK;

    TRY_OUT(read_column(r, a, "/models/{k}/subset/image", STORE_S64, a->places, (void **)&image));
    for (int64_t i = 0; i < a->images; i++)
        a->place[i] = -1;
    for (int s = 0; s < l->selections; s++) {
        snprintf(in_set, sizeof in_set, "/models/{k}/subset/in_%s", l->selection[s]);
        TRY_OUT(read_column(r, a, in_set, STORE_U8, a->places, (void **)&in));
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
    const struct store_layout *l = store_reader_layout(r);
    status result = OK;

    *out = (struct pairs){ .images = l->images, .places = l->subset, .network = network, .p = p };
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        void *data = NULL;

        result = read_column(r, out, columns[i].path, columns[i].type, out->images * columns[i].inner, &data);
        memcpy((char *)out + columns[i].at, &data, sizeof data);
        TRY_OUT(result);
    }
    for (int64_t i = 0; i < out->images; i++)
        out->ok[i] = out->ok[i] == STORE_OK;
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
    for (size_t i = 0; i < COUNT_OF(columns); i++) {
        void *data;

        memcpy(&data, (char *)p + columns[i].at, sizeof data);
        mem_free(data);
    }
    mem_free(p->member);
    mem_free(p->place);
    memset(p, 0, sizeof *p);
}

status pairs_answer(struct store_reader *r, int network, int p, int64_t image, int32_t top[PAIRS_TOP],
                    float score[PAIRS_TOP])
{
    char path[STORE_PATH + 2 * STORE_NAME];

    value_expand(store_reader_layout(r), network, p, "/models/{k}/{p}/top5", path, sizeof path);
    TRY(store_read(r, path, STORE_S32, image, 1, top, PAIRS_TOP * sizeof *top));
    value_expand(store_reader_layout(r), network, p, "/models/{k}/{p}/score5", path, sizeof path);
    return store_read(r, path, STORE_F32, image, 1, score, PAIRS_TOP * sizeof *score);
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
