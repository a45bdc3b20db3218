/* src/image/loc.c: LOC_val_solution.csv's rows (explanations 4.2), and boxes from numbers. */
#include <math.h>
#include <string.h>

#include "table.h"

/* Pixels in units of 10^-9, so that sums of decimals as written are exact. */
static const int64_t pixel = 1000000000;

/* Half up, which for what lies below 0 is up, too. */
static int64_t rounded(int64_t v)
{
    int64_t shifted = v + pixel / 2;

    return shifted >= 0 ? shifted / pixel : -((-shifted + pixel - 1) / pixel);
}

static status read_number(const struct list_at *at, const char *word, int64_t *out)
{
    char text[64];
    double v;

    snprintf(text, sizeof text, "%s", word);
    if (strlen(word) >= sizeof text || !text_parse_real(text_trim(text), &v) || fabs(v) > 65500)
        return LIST_BAD(at, "a box's '%.40s' is no number of pixels", word);
    *out = llround(v * (double)pixel);
    return OK;
}

status image_box_parse(const struct list_at *at, const char *const word[4], int sizes, struct image_box *out)
{
    int64_t v[4], most = 0;
    int decimals = 0;

    for (int i = 0; i < 4; i++) {
        TRY(read_number(at, word[i], &v[i]));
        decimals |= strpbrk(word[i], ".eE") != NULL;
        most = v[i] > most ? v[i] : most;
    }
    if (decimals && most < 2 * pixel)
        return LIST_BAD(at,
                        "the box %.20s,%.20s,%.20s,%.20s is in parts of the picture: pixels are wanted, its "
                        "numbers times the picture's width and height",
                        word[0], word[1], word[2], word[3]);
    for (int i = 2; i < 4; i++)
        if (sizes >> (i - 2) & 1)
            v[i] += v[i - 2] - pixel;
    for (int i = 0; i < 4; i++)
        v[i] = rounded(v[i]);
    if (v[2] < v[0] || v[3] < v[1] || v[2] < 0 || v[3] < 0)
        return LIST_BAD(at, "the box %lld,%lld,%lld,%lld %s", (long long)v[0], (long long)v[1],
                        (long long)v[2], (long long)v[3],
                        v[2] < v[0] || v[3] < v[1] ? "is empty (x0,y0,x1,y1, inclusive)"
                                                   : "lies outside of its picture");
    for (int i = 0; i < 4; i++)
        v[i] = v[i] < 0 ? 0 : v[i];
    *out = (struct image_box){ (int)v[0], (int)v[1], (int)v[2], (int)v[3] };
    return OK;
}

/* ---- LOC_val_solution.csv ------------------------------------------------------------------------------ */

int loc_is(const struct table *t, struct loc *out)
{
    *out = (struct loc){ .path = 0, .text = 1 };
    if (!t->header && t->fields == 2) {
        size_t id = strcspn(t->field[1], " ");
        const char *rest = t->field[1] + id;

        if (image_is_wnid(t->field[1], id) && rest[strspn(rest, " ")])
            return 1;
    }
    out->path = t->column[TABLE_PATH];
    out->text = t->column[TABLE_PREDICTION];
    return out->path >= 0 && out->text >= 0;
}

/* Cuts a PredictionString in place. */
static status read_boxes(const struct list_at *at, char *text, struct loc *l)
{
    char *rest = NULL;

    for (char *token = strtok_r(text, " \t", &rest); token; token = strtok_r(NULL, " \t", &rest)) {
        const char *word[4];

        if (!image_is_wnid(token, strlen(token)))
            return LIST_BAD(at, "'%.40s' is not a synset id such as n01440764", token);
        for (int i = 0; i < 4; i++)
            if (!(word[i] = strtok_r(NULL, " \t", &rest)))
                return LIST_BAD(at, "%s has fewer than four numbers after it", token);
        TRY(mem_room(&l->box, l->count, &l->capacity, sizeof *l->box));
        memcpy(l->box[l->count].wnid, token, 10);
        TRY(image_box_parse(at, word, 0, &l->box[l->count++].box));
    }
    return l->count > 0 ? OK : LIST_BAD(at, "a row has no class");
}

status loc_next(struct table *t, struct loc *l, int *more)
{
    l->count = 0;
    TRY(table_next(t, more));
    if (!*more)
        return OK;
    if (t->fields <= l->text)
        return LIST_BAD(&t->at, "`ImageId,wnid x0 y0 x1 y1 ...` expected");
    return read_boxes(&t->at, t->field[l->text], l);
}
