/* src/report/words_reading.c: which of TFLite's two arithmetics a precision runs by, and how far the other
 * one is from it: on the job's own pictures where the job has both of one file. */
#include "words_reading.h"

#include <string.h>

enum { ROWS_TOGETHER = 64, MOST_CLASSES = 1 << 16 };

static const char *const readings[] = { "tflite-reference", "tflite-xnnpack" };

/* Of a precision: 0 or 1, or -1 where it is neither; the hash of its file. */
struct reading {
    int which;
    char file[2 * HASH_SIZE + 1];
};

static status read_reading(struct store_reader *r, const char *provenance, int network, int p,
                           struct reading *out)
{
    const struct store_layout *l = store_reader_layout(r);
    char key[3 * STORE_NAME], path[STORE_PATH], engine[STORE_NAME] = "";

    out->which = -1;
    snprintf(key, sizeof key, "network.%s.%s.engine", l->network[network].name, l->precision[p].name);
    (void)text_value(provenance, key, engine, sizeof engine);
    for (int i = 0; i < (int)COUNT_OF(readings); i++)
        out->which = strcmp(engine, readings[i]) == 0 ? i : out->which;
    snprintf(path, sizeof path, "/summary/accuracy/%s/sha256", l->precision[p].name);
    return store_read_string(r, path, network, out->file, sizeof out->file);
}

/* ---- both in one job ----------------------------------------------------------------------------------- */

struct both {
    int64_t pictures, logits, differ, same_top1;
};

/* Rows first .. first + count - 1 of precision p. */
static status read_rows(struct store_reader *r, int network, int p, int64_t first, int64_t count,
                        float *logits, int32_t *top)
{
    const struct store_layout *l = store_reader_layout(r);
    size_t classes = (size_t)l->network[network].classes, rows = (size_t)count;
    char path[STORE_PATH];

    value_expand(l, network, p, "/models/{k}/{p}/logits", path, sizeof path);
    TRY(store_read(r, path, STORE_F32, first, count, logits, rows * classes * sizeof *logits));
    value_expand(l, network, p, "/models/{k}/{p}/top5", path, sizeof path);
    return store_read(r, path, STORE_S32, first, count, top, rows * 5 * sizeof *top);
}

static status count_rows(struct store_reader *r, int network, const int p[2], struct both *out)
{
    const struct store_layout *l = store_reader_layout(r);
    size_t classes = (size_t)l->network[network].classes;
    struct mem_set mem = { 0 };
    uint8_t state[ROWS_TOGETHER];
    char path[STORE_PATH];
    float *logits[2];
    int32_t *top[2];
    status result = OK;

    for (int k = 0; k < 2; k++) {
        logits[k] = mem_take(&mem, ROWS_TOGETHER * classes, sizeof(float));
        top[k] = mem_take(&mem, ROWS_TOGETHER, 5 * sizeof(int32_t));
        if (!logits[k] || !top[k])
            TRY_OUT(FAIL(ERR_MEMORY, "no memory for logits"));
    }
    value_expand(l, network, 0, "/models/{k}/status", path, sizeof path);
    for (int64_t first = 0, count; first < l->images; first += count) {
        count = l->images - first < ROWS_TOGETHER ? l->images - first : ROWS_TOGETHER;
        TRY_OUT(store_read(r, path, STORE_STATUS, first, count, state, (size_t)count));
        for (int k = 0; k < 2; k++)
            TRY_OUT(read_rows(r, network, p[k], first, count, logits[k], top[k]));
        for (size_t i = 0; i < (size_t)count; i++) {
            if (state[i] != STORE_OK)
                continue;
            out->pictures++;
            out->same_top1 += top[0][5 * i] == top[1][5 * i];
            for (size_t c = 0; c < classes; c++) /* of one scale: other values are other codes */
                out->differ += logits[0][i * classes + c] != logits[1][i * classes + c];
        }
    }
    out->logits = out->pictures * (int64_t)classes;
out:
    mem_drop(&mem);
    return result;
}

/* The precision that has the same file by the other arithmetic, or -1. */
static status find_other(struct store_reader *r, const char *provenance, int network, int p,
                         const struct reading *own, int *other)
{
    struct reading found;

    *other = -1;
    for (int q = 0; q < store_reader_layout(r)->precisions && *other < 0; q++) {
        TRY(read_reading(r, provenance, network, q, &found));
        if (q != p && found.which == !own->which && strcmp(found.file, own->file) == 0)
            *other = q;
    }
    return OK;
}

/* ---- in words ------------------------------------------------------------------------------------------ */

static status say(struct store_reader *r, const char *provenance, int network, int p, struct text *out)
{
    const struct store_layout *l = store_reader_layout(r);
    struct reading own;
    struct both both = { 0 };
    int other;

    TRY(read_reading(r, provenance, network, p, &own));
    if (own.which < 0 || l->network[network].classes > MOST_CLASSES)
        return OK;
    TRY(find_other(r, provenance, network, p, &own, &other));
    if (other >= 0)
        TRY(count_rows(r, network, (int[]){ p, other }, &both));
    TRY(text_add(out, "Arithmetic: TFLite's, as %s has it.", readings[own.which]));
    if (both.pictures == 0)
        return text_add(
            out,
            " The other of its two arithmetics, %s, gives other codes in 46 to 88 %% of the logits of "
            "photographs, and the same answer to 96 to 99 %% of these.",
            readings[!own.which]);
    return text_add(out,
                    " %s runs the same file by %s: %.1f %% of the logits are other codes, and %.1f %% of "
                    "%lld answers are "
                    "the same.",
                    l->precision[other].name, readings[!own.which],
                    100.0 * (double)both.differ / (double)both.logits,
                    100.0 * (double)both.same_top1 / (double)both.pictures, (long long)both.pictures);
}

status words_reading(struct store_reader *r, int network, int p, struct text *out)
{
    char *provenance;
    status result;

    TRY(value_text(r, "/provenance", &provenance));
    result = provenance ? say(r, provenance, network, p, out) : OK;
    mem_free(provenance);
    return result;
}
