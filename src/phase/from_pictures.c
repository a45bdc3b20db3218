/* src/phase/from_pictures.c: which pictures of this job a finished result has, by the content of their files;
 * true boxes and classes are compared, too, since some values depend on them. */
#include "from.h"
#include "match.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_BYTES = 1 << 30 };

struct keyed {
    char hex[FROM_HEX];
    int64_t row;
};

/* The list of the other result. */
struct there {
    struct keyed *sorted; /* (count) its good pictures */
    int64_t count, boxes;
    int32_t *class_index, *box_count, *box; /* (pictures), (pictures), (boxes, 4) */
    int64_t *box_first;                     /* (pictures) */
};

/* ---- reading ------------------------------------------------------------------------------------------- */

/* A whole dataset with a row for each of the other result's pictures. */
static status read_rows(struct from *f, const char *path, enum store_type type, int64_t elements, void *out)
{
    int64_t count;

    TRY(store_read_all(f->reader, path, type, MOST_BYTES, out, &count));
    if (count != elements)
        return FAIL(ERR_FORMAT, "%s: %s has %lld elements, not %lld", store_reader_path(f->reader), path,
                    (long long)count, (long long)elements);
    return OK;
}

static int compare_keyed(const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    int order = memcmp(x->hex, y->hex, FROM_HEX);

    return order ? order : (x->row > y->row) - (x->row < y->row);
}

static status sort_contents(struct from *f, struct there *t)
{
    uint8_t *state = NULL;

    TRY(read_rows(f, "/images/sha256", STORE_STRING, f->pictures, &f->content));
    TRY(read_rows(f, "/images/status", STORE_STATUS, f->pictures, &state));
    t->sorted = mem_alloc((size_t)f->pictures, sizeof *t->sorted);
    for (int64_t i = 0; i < f->pictures && t->sorted; i++)
        if (state[i] == STORE_OK) {
            t->sorted[t->count].row = i;
            memcpy(t->sorted[t->count++].hex, f->content[i], FROM_HEX);
        }
    mem_free(state);
    if (!t->sorted)
        return FAIL(ERR_MEMORY, "no memory for %lld pictures", (long long)f->pictures);
    qsort(t->sorted, (size_t)t->count, sizeof *t->sorted, compare_keyed);
    return OK;
}

static status read_there(struct from *f, struct there *t)
{
    const struct store_dataset *hash = store_reader_find(f->reader, "/images/sha256");
    int64_t edges;

    f->pictures = store_reader_layout(f->reader)->images;
    t->boxes = store_reader_layout(f->reader)->boxes;
    if (!hash || hash->element != FROM_HEX)
        return FAIL(ERR_FORMAT, "%s: /images/sha256 holds no hashes", store_reader_path(f->reader));
    TRY(sort_contents(f, t));
    TRY(read_rows(f, "/images/class_index", STORE_S32, f->pictures, &t->class_index));
    TRY(read_rows(f, "/images/box_first", STORE_S64, f->pictures, &t->box_first));
    TRY(read_rows(f, "/images/box_count", STORE_S32, f->pictures, &t->box_count));
    return store_read_all(f->reader, "/images/boxes", STORE_S32, MOST_BYTES, (void **)&t->box, &edges);
}

static void free_there(struct there *t)
{
    mem_free(t->sorted);
    mem_free(t->class_index);
    mem_free(t->box_count);
    mem_free(t->box);
    mem_free(t->box_first);
}

/* The places of explained rows, and the states of the others, of a network that is taken. */
static status read_network(const struct run *r, struct from *f, int net)
{
    const char *name = r->layout.network[net].name;
    char path[STORE_PATH];
    int64_t *image = NULL, places = store_reader_layout(f->reader)->subset;
    uint8_t *state = NULL;
    status result = OK;

    if (f->rows[net]) {
        snprintf(path, sizeof path, "/models/%s/status", name);
        TRY(read_rows(f, path, STORE_STATUS, f->pictures, &f->state[net]));
    }
    if (!f->explained[net])
        return OK;
    MEM_TRY(f->place[net], (size_t)f->pictures, sizeof *f->place[net]);
    snprintf(path, sizeof path, "/models/%s/subset/image", name);
    TRY_OUT(read_rows(f, path, STORE_S64, places, &image));
    snprintf(path, sizeof path, "/models/%s/subset/status", name);
    TRY_OUT(read_rows(f, path, STORE_STATUS, places, &state));
    for (int64_t k = 0; k < places; k++)
        if (state[k] == STORE_OK && image[k] >= 0 && image[k] < f->pictures)
            f->place[net][image[k]] = k + 1;
out:
    mem_free(image);
    mem_free(state);
    return result;
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

static int same_boxes(const struct run *r, const struct image_entry *e, const struct there *t, int64_t row)
{
    int64_t first = t->box_first[row];

    if (e->boxes != t->box_count[row])
        return 0;
    if (e->boxes > 0 && (first < 0 || first > t->boxes - e->boxes))
        return 0;
    for (int i = 0; i < e->boxes; i++) {
        const struct image_box *b = &r->list.box[e->box_first + i];

        if (memcmp((int32_t[]){ b->x0, b->y0, b->x1, b->y1 }, t->box + 4 * (first + i), 4 * sizeof *t->box))
            return 0;
    }
    return 1;
}

/* The first row with the picture's content; of several the one with most in common. */
static void find_row(const struct run *r, struct from *f, const struct there *t, int64_t image,
                     const char *hex)
{
    const struct image_entry *e = &r->list.entry[image];
    int64_t low = 0, high = t->count;

    while (low < high) {
        int64_t middle = low + (high - low) / 2;

        if (memcmp(t->sorted[middle].hex, hex, FROM_HEX) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < t->count && memcmp(t->sorted[low].hex, hex, FROM_HEX) == 0; low++) {
        int64_t row = t->sorted[low].row;
        int same = (e->class_index == t->class_index[row] ? FROM_CLASS : 0) |
                   (same_boxes(r, e, t, row) ? FROM_BOXES : 0) | (row == image ? FROM_PLACE : 0);

        if (f->row[image] > 0 && same <= f->same[image])
            continue;
        f->row[image] = row + 1;
        f->same[image] = (uint8_t)same;
    }
}

/* This rank's pictures. One that cannot be read is in no result. */
static status compare_share(const struct run *r, struct from *f, const struct there *t)
{
    char path[OPTION_SIZE + 1100], hex[FROM_HEX + 1];
    uint8_t content[HASH_SIZE];

    for (int64_t i = r->c->rank; i < r->layout.images; i += r->c->size) {
        comm_alive();
        TRY(comm_signal_status());
        TRY(text_path(path, sizeof path, r->list.root, r->list.entry[i].path));
        if (image_content(path, content) == OK)
            find_row(r, f, t, i, hash_hex(content, hex));
    }
    return OK;
}

static status read_and_compare(const struct run *r, struct from *f)
{
    struct there t = { 0 };
    status result = OK;

    TRY_OUT(read_there(f, &t));
    for (int net = 0; net < r->networks; net++)
        TRY_OUT(read_network(r, f, net));
    MEM_TRY_OUT(f->row, (size_t)r->layout.images, sizeof *f->row);
    MEM_TRY_OUT(f->same, (size_t)r->layout.images, 1);
    result = compare_share(r, f, &t);
out:
    free_there(&t);
    return result;
}

status from_pictures(const struct run *r, struct from *f)
{
    size_t n = (size_t)r->layout.images;

    TRY(comm_agree(r->c, read_and_compare(r, f)));
    comm_or_bytes(r->c, (uint8_t *)f->row, n * sizeof *f->row);
    comm_or_bytes(r->c, f->same, n);
    f->in_place = f->pictures == r->layout.images;
    for (size_t i = 0; i < n; i++)
        f->in_place = f->in_place && f->same[i] & FROM_PLACE;
    return OK;
}

void from_pictures_free(struct from *f)
{
    for (int net = 0; net < JOB_MAX_NETWORKS; net++) {
        mem_free(f->state[net]);
        mem_free(f->place[net]);
    }
    mem_free(f->content);
    mem_free(f->row);
    mem_free(f->same);
}

status from_pick(const struct from *f, const int64_t *image, int n, struct from *out)
{
    *out = *f;
    memset(out->explained, 0, sizeof out->explained);
    out->row = NULL;
    out->same = NULL;
    MEM_TRY(out->row, (size_t)n, sizeof *out->row);
    MEM_TRY(out->same, (size_t)n, 1);
    for (int i = 0; i < n; i++) {
        out->row[i] = f->row[image[i]];
        out->same[i] = f->same[image[i]];
    }
    return OK;
}

/* ---- asking -------------------------------------------------------------------------------------------- */

/* Have the other row's values the truths of this picture? A prediction is of its content; files of truths
 * belong to a place of the list; with fixations others' are drawn from, too. */
static int has_truths(const struct run *r, int64_t image)
{
    int files = r->truths && !(r->truths == 1u << TRUTH_DENSITY && match_density(r->job) == MATCH_PREDICTED);

    return !files || (r->truths >> TRUTH_FIXATIONS & 1 ? r->from->in_place
                                                       : r->from->same[image] & FROM_PLACE);
}

/* What explains or asks for the true class. */
static int has_class(const struct run *r, int64_t image)
{
    return !(r->job->cam_class == PROBE_CLASS_TRUE || r->layout.removal) ||
           r->from->same[image] & FROM_CLASS;
}

int64_t from_row(const struct run *r, int net, int64_t image, const uint8_t content[HASH_SIZE])
{
    const struct from *f = r->from;
    int64_t row = f && f->rows[net] ? f->row[image] - 1 : -1;
    char hex[FROM_HEX + 1];

    if (row < 0 || !(f->same[image] & FROM_BOXES) || !has_class(r, image) || !has_truths(r, image) ||
        f->state[net][row] != STORE_OK ||
        memcmp(f->content[row], hash_hex(content, hex), FROM_HEX) != 0)
        return -1;
    return row;
}

int64_t from_place(const struct run *r, int net, int64_t image)
{
    const struct from *f = r->from;
    int64_t row = f && f->explained[net] ? f->row[image] - 1 : -1;

    if (row < 0 || (r->job->explain_class == JOB_CLASS_TRUE && !(f->same[image] & FROM_CLASS)))
        return -1;
    return f->place[net][row] - 1;
}
