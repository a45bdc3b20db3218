/* src/metric/wsol.c: components at all thresholds by one union-find pass from the brightest byte down. */
#include "metric_wsol.h"

#include <math.h>
#include <string.h>

enum { LEVELS = 256, MAX_EXTENT = 4096, AROUND = 8 };

/* A component as it stands from threshold `first` down to `last`: until the next pixel joins it. Of a root,
 * `first` is the level of the last pixel that joined. */
struct node {
    int32_t x0, y0, x1, y1; /* pixels, inclusive */
    int32_t area, start;    /* pixels; the place of the first one in raster order */
    int16_t first, last;
};

/* A pixel's place is its index in the map with a frame of one pixel around it, whose level is 0. */
struct wsol_workspace {
    int width, height;
    uint8_t *level;  /* (places) */
    uint8_t *around; /* (places) bit i: neighbour i is foreground before the pixel is */
    int32_t *order;  /* (pixels) places, brightest first, raster order in each level; those above 0 */
    struct {
        int16_t x, y;
    } *at;              /* (places) */
    int32_t *parent;    /* (places) of the foreground */
    struct node *grown; /* (places) of a root: what its component is by now */
    int32_t *open;      /* (places) of a root: its node that is not closed, -1 = none */
    int32_t *grew;      /* (pixels) roots that pixels of one level joined */
    struct node *node;  /* (pixels) each has at least a pixel of its own */
    int nodes;
    int32_t count[LEVELS];
    int32_t largest[LEVELS]; /* node of each threshold's largest component, or -1 */
    int top, otsu;           /* brightest byte; Otsu's threshold */
    uint8_t apart[1 << AROUND];
    int32_t step[AROUND]; /* to a neighbour's place */
};

/* The neighbours' numbers are raster order. Bit j of adjacent[i]: they are neighbours themselves. */
static const uint8_t adjacent[AROUND] = { 0x0A, 0x1D, 0x12, 0x63, 0xC6, 0x48, 0xB8, 0x50 };

/* One of each set of neighbours that hang together without the pixel: those are of one component. */
static uint8_t apart_of(int around)
{
    int apart = 0;

    while (around) {
        int set = around & -around, before;

        apart |= set;
        do {
            before = set;
            for (int i = 0; i < AROUND; i++)
                set |= set >> i & 1 ? adjacent[i] & around : 0;
        } while (set != before);
        around &= ~set;
    }
    return (uint8_t)apart;
}

status wsol_create(int width, int height, struct wsol_workspace **out)
{
    struct wsol_workspace *w = NULL;
    size_t pixels = (size_t)width * (size_t)height, places = (size_t)(width + 2) * (size_t)(height + 2);
    status result = OK;

    *out = NULL;
    if (width < 1 || height < 1 || width > MAX_EXTENT || height > MAX_EXTENT)
        return FAIL(ERR_RANGE, "a map of %d x %d: extents from 1 to %d are possible", width, height,
                    MAX_EXTENT);
    w = mem_alloc(1, sizeof *w);
    if (!w)
        return FAIL(ERR_MEMORY, "no memory for localization");
    w->width = width;
    w->height = height;
    w->level = mem_alloc(places, 1);
    w->around = mem_alloc(places, 1);
    w->order = mem_alloc(pixels, sizeof *w->order);
    w->at = mem_alloc(places, sizeof *w->at);
    w->parent = mem_alloc(places, sizeof *w->parent);
    w->grown = mem_alloc(places, sizeof *w->grown);
    w->open = mem_alloc(places, sizeof *w->open);
    w->grew = mem_alloc(pixels, sizeof *w->grew);
    w->node = mem_alloc(pixels, sizeof *w->node);
    if (!w->level || !w->around || !w->order || !w->at || !w->parent || !w->grown || !w->open || !w->grew ||
        !w->node) {
        result = FAIL(ERR_MEMORY, "no memory for localization on %d x %d pixels", width, height);
        wsol_free(w);
        return result;
    }
    memset(w->largest, -1, sizeof w->largest);
    for (int i = 0; i < 1 << AROUND; i++)
        w->apart[i] = apart_of(i);
    for (int i = 0, y = -1; y <= 1; y++)
        for (int x = -1; x <= 1; x++)
            if (x || y)
                w->step[i++] = y * (width + 2) + x;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            size_t place = (size_t)(y + 1) * (size_t)(width + 2) + (size_t)x + 1;
            w->at[place].x = (int16_t)x;
            w->at[place].y = (int16_t)y;
        }
    *out = w;
    return OK;
}

void wsol_free(struct wsol_workspace *w)
{
    if (!w)
        return;
    mem_free(w->level);
    mem_free(w->around);
    mem_free(w->order);
    mem_free(w->at);
    mem_free(w->parent);
    mem_free(w->grown);
    mem_free(w->open);
    mem_free(w->grew);
    mem_free(w->node);
    mem_free(w);
}

/* ---- bytes --------------------------------------------------------------------------------------------- */

/* Largest (sum0 n - sum n0)^2 / (n0 n1): the variance between the classes times n^2. */
static int otsu_of(const int32_t *count)
{
    double best = 0;
    int64_t n = 0, sum = 0, n0 = 0, sum0 = 0;
    int threshold = 0;

    for (int v = 0; v < LEVELS; v++) {
        n += count[v];
        sum += (int64_t)count[v] * v;
    }
    for (int v = 0; v < LEVELS; v++) {
        double apart, variance;
        n0 += count[v];
        sum0 += (int64_t)count[v] * v;
        if (n0 == 0 || n0 == n)
            continue;
        apart = (double)(sum0 * n - sum * n0);
        variance = apart * apart / ((double)n0 * (double)(n - n0));
        if (variance > best) {
            best = variance;
            threshold = v;
        }
    }
    return threshold;
}

/* A line's bytes. */
HOT_LOOP static void make_levels(const float *restrict map, int count, uint8_t *restrict level)
{
    for (int x = 0; x < count; x++) {
        float s = map[x] * 255.0f;
        level[x] = (uint8_t)(int)(s > 0 ? s < 255.0f ? s : 255.0f : 0.0f);
    }
}

/* Which neighbours come before each pixel of a line: the brighter ones, and equal ones in raster order. */
HOT_LOOP static void look_around(const uint8_t *restrict level, int pitch, int count,
                                 uint8_t *restrict around)
{
    const uint8_t *above = level - pitch, *below = level + pitch;

    for (int x = 0; x < count; x++) {
        uint8_t v = level[x], before, after;

        before = (uint8_t)((above[x - 1] >= v) | (above[x] >= v) << 1 | (above[x + 1] >= v) << 2 |
                           (level[x - 1] >= v) << 3);
        after = (uint8_t)((level[x + 1] > v) << 4 | (below[x - 1] > v) << 5 | (below[x] > v) << 6 |
                          (below[x + 1] > v) << 7);
        around[x] = before | after;
    }
}

/* Bytes, and the order of those above 0 by a counting sort. */
static void sort_levels(struct wsol_workspace *w, const float *map)
{
    int pitch = w->width + 2, first = pitch + 1, at[LEVELS], before = 0;
    int32_t *odd = at; /* neighbours' levels are mostly equal: two counters wait less for each other */

    memset(w->count, 0, sizeof w->count);
    memset(odd, 0, sizeof at);
    for (int y = 0; y < w->height; y++) {
        uint8_t *level = w->level + first + y * pitch;

        make_levels(map + (size_t)y * (size_t)w->width, w->width, level);
        for (int x = 0; x + 1 < w->width; x += 2) {
            w->count[level[x]]++;
            odd[level[x + 1]]++;
        }
        if (w->width % 2)
            odd[level[w->width - 1]]++;
    }
    w->top = 0;
    for (int v = LEVELS - 1; v >= 0; v--) {
        w->count[v] += odd[v];
        at[v] = before;
        before += w->count[v];
        if (w->count[v] && v > w->top)
            w->top = v;
    }
    for (int y = 0; y < w->height; y++) {
        int place = first + y * pitch;

        look_around(w->level + place, pitch, w->width, w->around + place);
        for (int x = 0; x < w->width; x++, place++)
            if (w->level[place] > 0)
                w->order[at[w->level[place]]++] = place;
    }
    w->otsu = otsu_of(w->count);
}

/* ---- components ---------------------------------------------------------------------------------------- */

static int32_t find(int32_t *parent, int32_t p)
{
    int32_t up = parent[p], next;

    while ((next = parent[up]) != up) {
        parent[p] = next;
        p = next;
        up = parent[p];
    }
    return up;
}

static void close_node(struct wsol_workspace *w, int32_t root, int level)
{
    if (w->open[root] >= 0)
        w->node[w->open[root]].last = (int16_t)level;
    w->open[root] = -1;
}

/* The component of b joins that of a; both are roots. Returns the root of the two. */
static int32_t join(struct wsol_workspace *w, int32_t a, int32_t b, int level)
{
    int32_t into = w->grown[a].area >= w->grown[b].area ? a : b, from = into == a ? b : a;
    struct node *g = &w->grown[into];
    const struct node *h = &w->grown[from];

    close_node(w, from, level);
    w->parent[from] = into;
    g->x0 = h->x0 < g->x0 ? h->x0 : g->x0;
    g->y0 = h->y0 < g->y0 ? h->y0 : g->y0;
    g->x1 = h->x1 > g->x1 ? h->x1 : g->x1;
    g->y1 = h->y1 > g->y1 ? h->y1 : g->y1;
    g->start = h->start < g->start ? h->start : g->start;
    g->area += h->area;
    return into;
}

/* The root of the neighbours' components, which become one; `apart`: which neighbours. */
static int32_t root_of(struct wsol_workspace *w, int32_t here, unsigned apart, int level)
{
    int32_t root = find(w->parent, here + w->step[__builtin_ctz(apart)]);

    for (apart &= apart - 1; apart; apart &= apart - 1) {
        int32_t other = find(w->parent, here + w->step[__builtin_ctz(apart)]);
        root = other == root ? root : join(w, root, other, level);
    }
    return root;
}

/* The pixels of one level, which join their neighbours' components or begin one. Returns how many components
 * grew: `grew` has them, and some that have become parts of others since. */
static int add_pixels(struct wsol_workspace *w, const int32_t *place, int count, int level)
{
    int grew = 0;

    for (int i = 0; i < count; i++) {
        int32_t here = place[i], x = w->at[here].x, y = w->at[here].y;
        unsigned apart = w->apart[w->around[here]];
        int32_t root = apart ? root_of(w, here, apart, level) : here;
        struct node *g = &w->grown[root];

        w->parent[here] = root;
        if (!apart) {
            w->open[here] = -1;
            *g = (struct node){ x, y, x, y, 0, here, 0, 0 };
        }
        g->area++;
        if (x < g->x0) /* a pixel moves few of these: looking is faster than writing */
            g->x0 = x;
        if (x > g->x1)
            g->x1 = x;
        if (y < g->y0)
            g->y0 = y;
        if (y > g->y1)
            g->y1 = y;
        if (here < g->start)
            g->start = here;
        if (g->first != level) {
            g->first = (int16_t)level;
            w->grew[grew++] = root;
        }
    }
    return grew;
}

/* What the components that grew have become. */
static void open_nodes(struct wsol_workspace *w, int count, int level)
{
    for (int i = 0; i < count; i++) {
        int32_t root = find(w->parent, w->grew[i]);
        struct node *n;
        if (w->open[root] >= 0 && w->node[w->open[root]].first == level - 1)
            continue;
        close_node(w, root, level);
        w->open[root] = w->nodes;
        n = &w->node[w->nodes++];
        *n = w->grown[root];
        n->first = (int16_t)(level - 1);
        n->last = 0;
    }
}

static void find_largest(struct wsol_workspace *w)
{
    memset(w->largest, -1, sizeof w->largest);
    for (int i = 0; i < w->nodes; i++)
        for (int t = w->node[i].last; t <= w->node[i].first; t++) {
            const struct node *n = &w->node[i], *best = w->largest[t] < 0 ? NULL : &w->node[w->largest[t]];
            if (!best || n->area > best->area || (n->area == best->area && n->start < best->start))
                w->largest[t] = i;
        }
}

void wsol_scan(struct wsol_workspace *w, const float *map)
{
    const int32_t *place = w->order;

    sort_levels(w, map);
    w->nodes = 0;
    for (int v = w->top; v > 0; place += w->count[v--])
        open_nodes(w, add_pixels(w, place, w->count[v], v), v);
    find_largest(w);
}

/* ---- boxes --------------------------------------------------------------------------------------------- */

double wsol_iou(const struct wsol_box *a, const struct wsol_box *b)
{
    double x = fmin(a->x1, b->x1) - fmax(a->x0, b->x0), y = fmin(a->y1, b->y1) - fmax(a->y0, b->y0);
    double both = x > 0 && y > 0 ? x * y : 0;

    if (both <= 0)
        return 0;
    return both / ((a->x1 - a->x0) * (a->y1 - a->y0) + (b->x1 - b->x0) * (b->y1 - b->y0) - both);
}

static double best_iou(const struct wsol_box *box, const struct wsol_box *truth, int boxes)
{
    double best = 0;

    for (int i = 0; i < boxes; i++) {
        double iou = wsol_iou(box, &truth[i]);
        best = iou > best ? iou : best;
    }
    return best;
}

int wsol_threshold(const struct wsol_workspace *w, enum wsol_rule rule)
{
    static const int percent[] = { [WSOL_T15] = 15, [WSOL_T20] = 20, [WSOL_T50] = 50 };

    BUG_IF(rule >= WSOL_BEST);
    return rule == WSOL_OTSU ? w->otsu : w->top * percent[rule] / 100;
}

int wsol_pixels(const struct wsol_workspace *w, enum wsol_rule rule, int32_t pixels[4])
{
    int32_t node = w->largest[wsol_threshold(w, rule)];
    const struct node *n = &w->node[node < 0 ? 0 : node];

    for (int i = 0; i < 4; i++)
        pixels[i] = -1;
    if (node < 0)
        return 0;
    pixels[0] = n->x0;
    pixels[1] = n->y0;
    pixels[2] = n->x1;
    pixels[3] = n->y1;
    return 1;
}

static void set_bit(uint8_t *mask, int bit)
{
    mask[bit / 8] |= (uint8_t)(1u << bit % 8);
}

void wsol_score(const struct wsol_workspace *w, const struct wsol_box *truth, int boxes,
                struct wsol_score *out)
{
    static const double needed[] = { 0.3, 0.5, 0.7 };
    double exact[LEVELS] = { 0 }, single[LEVELS] = { 0 }, any[LEVELS] = { 0 }, best = 0;

    memset(out, 0, sizeof *out);
    for (int rule = 0; rule < WSOL_RULES && boxes < 1; rule++)
        out->iou[rule] = -1;
    if (boxes < 1)
        return;
    for (int i = 0; i < w->nodes; i++) {
        const struct node *n = &w->node[i];
        struct wsol_box box = { n->x0, n->y0, n->x1 + 1, n->y1 + 1 };
        struct wsol_box wide = { n->x0, n->y0, fmin(n->x1 + 2, w->width), fmin(n->y1 + 2, w->height) };
        double iou = best_iou(&wide, truth, boxes), tight = -1;

        for (int t = n->last; t <= n->first; t++) {
            any[t] = iou > any[t] ? iou : any[t];
            if (w->largest[t] != i)
                continue;
            tight = tight < 0 ? best_iou(&box, truth, boxes) : tight;
            single[t] = iou;
            exact[t] = tight;
        }
    }
    for (int t = 0; t < LEVELS; t++)
        best = exact[t] > best ? exact[t] : best;
    for (int rule = 0; rule < WSOL_BEST; rule++)
        out->iou[rule] = (float)exact[wsol_threshold(w, (enum wsol_rule)rule)];
    out->iou[WSOL_BEST] = (float)best;
    for (int t = 0; t < WSOL_THRESHOLDS; t++) {
        int at = w->top * t / WSOL_THRESHOLDS;
        if (single[at] >= 0.5)
            set_bit(out->right[0], t);
        for (int d = 0; d < 3; d++)
            if (any[at] >= needed[d])
                set_bit(out->right[1 + d], t);
    }
}

/* ---- many images --------------------------------------------------------------------------------------- */

void wsol_count(struct wsol_counts *sum, const uint8_t right[WSOL_MASKS][WSOL_MASK_BYTES])
{
    for (int m = 0; m < WSOL_MASKS; m++)
        for (int t = 0; t < WSOL_THRESHOLDS; t++)
            sum->right[m][t] += right[m][t / 8] >> t % 8 & 1;
}

void wsol_best_of(const struct wsol_counts *sum, int64_t images, struct wsol_best *out)
{
    int at[WSOL_MASKS] = { 0 };

    *out = (struct wsol_best){ 0 };
    if (images < 1)
        return;
    for (int m = 0; m < WSOL_MASKS; m++)
        for (int t = 1; t < WSOL_THRESHOLDS; t++)
            at[m] = sum->right[m][t] > sum->right[m][at[m]] ? t : at[m];
    out->max_box_acc = 100.0 * (double)sum->right[0][at[0]] / (double)images;
    out->threshold = at[0] / 100.0;
    for (int m = 1; m < WSOL_MASKS; m++)
        out->max_box_acc_v2 += 100.0 * (double)sum->right[m][at[m]] / (double)images / (WSOL_MASKS - 1);
}

void wsol_centre_map(int width, int height, float *map)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            double dx = (x - (width - 1) / 2.0) / (width / 6.0),
                   dy = (y - (height - 1) / 2.0) / (height / 6.0);
            map[(size_t)y * (size_t)width + (size_t)x] = (float)math_exp(-(dx * dx + dy * dy) / 2);
        }
}
