#include "check.h"
#include "metric_wsol.h"

#include <math.h>
#include <string.h>
#include <time.h>

enum { SIDE = 224, LEVELS = 256 };

/* ---- the plain way: a flood fill at every threshold ---------------------------------------------------- */

struct fill {
    int width, height;
    const uint8_t *level;
    uint8_t *seen;
    int *stack;
};
struct blob {
    int x0, y0, x1, y1, area;
};

static struct blob flood(struct fill *f, int start, int threshold)
{
    struct blob b = { f->width, f->height, -1, -1, 0 };
    int depth = 0;

    f->stack[depth++] = start;
    f->seen[start] = 1;
    while (depth > 0) {
        int p = f->stack[--depth], x = p % f->width, y = p / f->width;
        b.x0 = x < b.x0 ? x : b.x0;
        b.y0 = y < b.y0 ? y : b.y0;
        b.x1 = x > b.x1 ? x : b.x1;
        b.y1 = y > b.y1 ? y : b.y1;
        b.area++;
        for (int dy = -1; dy <= 1; dy++)
            for (int dx = -1; dx <= 1; dx++) {
                int q = p + dy * f->width + dx;
                if (x + dx < 0 || x + dx >= f->width || y + dy < 0 || y + dy >= f->height || f->seen[q] ||
                    f->level[q] <= threshold)
                    continue;
                f->seen[q] = 1;
                f->stack[depth++] = q;
            }
    }
    return b;
}

static double best_of(const struct blob *b, int wide, int w, int h, const struct wsol_box *truth, int boxes)
{
    struct wsol_box p = { b->x0, b->y0, b->x1 + 1, b->y1 + 1 };
    double best = 0;

    if (wide) {
        p.x1 = p.x1 + 1 > w ? w : p.x1 + 1;
        p.y1 = p.y1 + 1 > h ? h : p.y1 + 1;
    }
    for (int i = 0; i < boxes; i++)
        best = fmax(best, wsol_iou(&p, &truth[i]));
    return best;
}

/* Otsu by the definition: the first threshold whose classes' means lie farthest apart, n0 n1 (m1 - m0)^2, as
 * a fraction (s1 n0 - s0 n1)^2 / (n0 n1) of whole numbers, compared without rounding. */
static int plain_otsu(const uint8_t *level, int n)
{
    __extension__ typedef unsigned __int128 wide;
    wide best = 0, best_under = 1;
    int threshold = 0;

    for (int t = 0; t < LEVELS; t++) {
        int64_t n0 = 0, s0 = 0, s1 = 0, apart;
        wide square, under;

        for (int i = 0; i < n; i++) {
            n0 += level[i] <= t;
            *(level[i] <= t ? &s0 : &s1) += level[i];
        }
        apart = s1 * n0 - s0 * (n - n0);
        square = (wide)apart * (wide)apart;
        under = (wide)n0 * (wide)(n - n0);
        if (under > 0 && square * best_under > best * under) {
            best = square;
            best_under = under;
            threshold = t;
        }
    }
    return threshold;
}

static void plain(const float *map, int w, int h, const struct wsol_box *truth, int boxes,
                  struct wsol_score *out)
{
    static uint8_t level[SIDE * SIDE], seen[SIDE * SIDE];
    static int stack[SIDE * SIDE];
    struct fill f = { w, h, level, seen, stack };
    double exact[LEVELS] = { 0 }, single[LEVELS] = { 0 }, any[LEVELS] = { 0 };
    int top = 0;

    memset(out, 0, sizeof *out);
    for (int i = 0; i < w * h; i++) {
        level[i] = (uint8_t)(255.0f * map[i]);
        top = level[i] > top ? level[i] : top;
    }
    for (int t = 0; t < LEVELS; t++) {
        struct blob largest = { .area = 0 };
        memset(seen, 0, sizeof seen);
        for (int i = 0; i < w * h; i++) {
            if (seen[i] || level[i] <= t)
                continue;
            struct blob b = flood(&f, i, t);
            any[t] = fmax(any[t], best_of(&b, 1, w, h, truth, boxes));
            if (b.area > largest.area)
                largest = b;
        }
        exact[t] = largest.area ? best_of(&largest, 0, w, h, truth, boxes) : 0;
        single[t] = largest.area ? best_of(&largest, 1, w, h, truth, boxes) : 0;
        out->iou[WSOL_BEST] = fmaxf(out->iou[WSOL_BEST], (float)exact[t]);
    }
    out->iou[WSOL_T15] = (float)exact[(int)(0.15 * top)];
    out->iou[WSOL_T20] = (float)exact[(int)(0.2 * top)];
    out->iou[WSOL_OTSU] = (float)exact[plain_otsu(level, w * h)];
    out->iou[WSOL_T50] = (float)exact[(int)(0.5 * top)];
    for (int t = 0; t < 100; t++) {
        int at = (int)(t * 0.01 * top); /* np.arange(0, 1, 0.01)[t] * top, truncated */
        out->right[0][t / 8] |= (uint8_t)((single[at] >= 0.5) << t % 8);
        out->right[1][t / 8] |= (uint8_t)((any[at] >= 0.3) << t % 8);
        out->right[2][t / 8] |= (uint8_t)((any[at] >= 0.5) << t % 8);
        out->right[3][t / 8] |= (uint8_t)((any[at] >= 0.7) << t % 8);
    }
}

static uint32_t state = 12345;
static double chance(void)
{
    state = state * 1664525u + 1013904223u;
    return (state >> 8) / 16777216.0;
}

/* kind 0: noise; 1: a few smooth hills; 2: noise of four levels, so that many components are of one size. */
static void make_map(int kind, int w, int h, float *map)
{
    double cx[6], cy[6], size[6], height[6];
    float most = 1e-9f;

    for (int k = 0; k < 6; k++) {
        cx[k] = chance() * w;
        cy[k] = chance() * h;
        size[k] = (0.05 + 0.2 * chance()) * w;
        height[k] = chance() - 0.1;
    }
    for (int i = 0; i < w * h; i++) {
        double v = 0;
        for (int k = 0; k < 6 && kind == 1; k++)
            v += height[k] * exp(-(pow(i % w - cx[k], 2) + pow(i / w - cy[k], 2)) / (2 * size[k] * size[k]));
        map[i] = (float)(kind == 0 ? chance() * chance() : kind == 2 ? floor(chance() * 4) / 3 : fmax(v, 0));
        most = map[i] > most ? map[i] : most;
    }
    for (int i = 0; i < w * h; i++)
        map[i] = map[i] / (most + 1e-7f);
}

static void against_flood_fill(void)
{
    static float map[SIDE * SIDE];

    for (int round = 0; round < 60; round++) {
        int w = round < 50 ? 1 + (int)(chance() * 40) : 150, h = round < 50 ? 1 + (int)(chance() * 40) : 97;
        struct wsol_workspace *ws = NULL;
        struct wsol_box truth[3];
        struct wsol_score got, want;
        int boxes = 1 + round % 3;

        for (int i = 0; i < boxes; i++) {
            truth[i].x0 = floor(chance() * w) - 0.5;
            truth[i].y0 = floor(chance() * h) + 0.25;
            truth[i].x1 = truth[i].x0 + 1 + chance() * w;
            truth[i].y1 = truth[i].y0 + 1 + chance() * h;
        }
        if (wsol_create(w, h, &ws) != OK)
            exit(1);
        make_map(round % 3, w, h, map);
        wsol_scan(ws, map);
        make_map((round + 1) % 3, w, h, map); /* the workspace keeps nothing of the first */
        wsol_scan(ws, map);
        wsol_score(ws, truth, boxes, &got);
        plain(map, w, h, truth, boxes, &want);
        CHECK_MSG(memcmp(&got, &want, sizeof got) == 0, "round %d, %d x %d", round, w, h);
        wsol_free(ws);
    }
}

/* ---- by hand ------------------------------------------------------------------------------------------- */

static void by_hand(void)
{
    /* Two blobs: 3 x 3 of 1.0 and, joined at a corner when 0.3 counts, a bar of 4 x 1. */
    static const float map[6 * 8] = {
        0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0,   0,   0,   0,   0, 1, 1, 1, 0, 0, 0, 0,
        0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, .3f, .3f, .3f, .3f, 0, 0, 0, 0, 0, 0, 0, 0,
    };
    struct wsol_workspace *ws = NULL;
    struct wsol_box truth[2] = { { 1, 1, 8, 5 }, { 1, 1, 4, 4 } };
    struct wsol_score s;
    int32_t box[4];

    CHECK(wsol_create(0, 5, &ws) == ERR_RANGE && !ws && wsol_create(8, 4097, &ws) == ERR_RANGE);
    CHECK(wsol_create(4097, 8, &ws) == ERR_RANGE && !ws);
    CHECK(wsol_create(4096, 1, &ws) == OK);
    wsol_free(ws);
    CHECK(wsol_create(1, 4096, &ws) == OK);
    wsol_free(ws);
    ws = NULL;
    if (wsol_create(8, 6, &ws) != OK)
        exit(1);
    wsol_scan(ws, map);
    /* Otsu: 35 pixels of 0, 4 of 76, 9 of 255. Above 0: 35 * 13 * 199.9^2 = 18.2e6; above 76: 39 * 9 *
     * 247.2^2 = 21.4e6. */
    CHECK(wsol_threshold(ws, WSOL_T15) == 38 && wsol_threshold(ws, WSOL_T20) == 51 &&
          wsol_threshold(ws, WSOL_T50) == 127 && wsol_threshold(ws, WSOL_OTSU) == 76);
    CHECK(wsol_pixels(ws, WSOL_T20, box) == 1 && box[0] == 1 && box[1] == 1 && box[2] == 7 && box[3] == 4);
    CHECK(wsol_pixels(ws, WSOL_T50, box) == 1 && box[0] == 1 && box[1] == 1 && box[2] == 3 && box[3] == 3);
    wsol_score(ws, truth, 1, &s);
    CHECK(s.iou[WSOL_T20] == 1 && s.iou[WSOL_T50] == (float)(9.0 / 28) &&
          s.iou[WSOL_OTSU] == s.iou[WSOL_T50]);
    /* wsolevaluation's box has a pixel more where there is room: 4 x 4 for 3 x 3 gives 16 / 28. */
    CHECK(s.iou[WSOL_BEST] == 1 && s.right[0][0] == 0xff && s.right[3][0] == 0xff);
    CHECK((s.right[0][50 / 8] >> 50 % 8 & 1) == 1 && (s.right[3][50 / 8] >> 50 % 8 & 1) == 0);
    wsol_score(ws, truth, 2, &s);
    CHECK(s.iou[WSOL_T50] == 1 && s.iou[WSOL_BEST] == 1);
    wsol_score(ws, truth, 0, &s);
    CHECK(s.iou[WSOL_T15] == -1 && s.iou[WSOL_BEST] == -1 && s.right[1][0] == 0);
    wsol_free(ws);
}

static void without_foreground(void)
{
    static float map[25];
    struct wsol_workspace *ws = NULL;
    struct wsol_box truth = { 0, 0, 1, 1 };
    struct wsol_score s;
    int32_t box[4];

    if (wsol_create(5, 5, &ws) != OK)
        exit(1);
    wsol_scan(ws, map);
    wsol_score(ws, &truth, 1, &s);
    CHECK(s.iou[WSOL_T20] == 0 && s.iou[WSOL_BEST] == 0 && s.iou[WSOL_OTSU] == 0 && s.right[1][0] == 0);
    CHECK(wsol_pixels(ws, WSOL_T20, box) == 0 && box[0] == -1 && box[3] == -1);
    for (int i = 0; i < 25; i++)
        map[i] = i ? 2.0f : NAN; /* above 1 counts as 1, NaN as 0 */
    truth = (struct wsol_box){ 0, 0, 5, 5 };
    wsol_scan(ws, map);
    wsol_score(ws, &truth, 1, &s);
    CHECK(s.iou[WSOL_T20] == 1 && s.iou[WSOL_BEST] == 1);
    truth = (struct wsol_box){ 7, 7, 9, 9 }; /* outside the map: no overlap, no harm */
    wsol_score(ws, &truth, 1, &s);
    CHECK(s.iou[WSOL_BEST] == 0);
    wsol_free(ws);
}

static void counts(void)
{
    static struct wsol_counts sum;
    uint8_t a[WSOL_MASKS][WSOL_MASK_BYTES] = { { 3 }, { 4 }, { 0 }, { 0, 1 } };
    uint8_t b[WSOL_MASKS][WSOL_MASK_BYTES] = { { 2 }, { 4 }, { 1 }, { 0, 0 } };
    struct wsol_best best;

    wsol_best_of(&sum, 0, &best);
    CHECK(best.max_box_acc == 0 && best.max_box_acc_v2 == 0);
    wsol_count(&sum, a);
    wsol_count(&sum, b);
    wsol_best_of(&sum, 2, &best);
    CHECK(best.max_box_acc == 100 && best.threshold == 0.01);
    CHECK(fabs(best.max_box_acc_v2 - 200.0 / 3) < 1e-12); /* 100, 50 and 50 */
}

/* A map as networks make them: 7 x 7 values, straight lines between them. */
static void speed(void)
{
    static float map[SIDE * SIDE];
    double cell[49];
    struct wsol_workspace *ws = NULL;
    struct wsol_box truth = { 30, 40, 180, 200 };
    struct wsol_score s;
    struct timespec a, b;
    double ms;

    for (int i = 0; i < 49; i++)
        cell[i] = fmax(0, chance() - 0.4) / 0.6;
    for (int i = 0; i < SIDE * SIDE; i++) {
        double x = fmin(fmax((i % SIDE + 0.5) / 32 - 0.5, 0), 5.999),
               y = fmin(fmax((i / SIDE + 0.5) / 32 - 0.5, 0), 5.999);
        int cx = (int)x, cy = (int)y;
        const double *c = cell + cy * 7 + cx;
        x -= cx;
        y -= cy;
        map[i] = (float)((1 - y) * ((1 - x) * c[0] + x * c[1]) + y * ((1 - x) * c[7] + x * c[8]));
    }
    if (wsol_create(SIDE, SIDE, &ws) != OK)
        exit(1);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
    for (int i = 0; i < 20; i++) {
        wsol_scan(ws, map);
        wsol_score(ws, &truth, 1, &s);
    }
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
    ms = ((double)(b.tv_sec - a.tv_sec) * 1e3 + (double)(b.tv_nsec - a.tv_nsec) / 1e6) / 20;
    printf("wsol: %.3f ms a map of 224 x 224\n", ms);
    CHECK(s.iou[WSOL_BEST] > 0);
    wsol_centre_map(SIDE, SIDE, map);
    wsol_scan(ws, map);
    wsol_score(ws, &(struct wsol_box){ 56, 56, 168, 168 }, 1, &s);
    CHECK(s.iou[WSOL_BEST] > 0.97f && map[0] < 1e-3f && map[SIDE * SIDE / 2 + SIDE / 2] > 0.99f);
    wsol_free(ws);
}

int main(void)
{
    by_hand();
    without_foreground();
    against_flood_fill();
    counts();
    speed();
    return check_result("wsol");
}
