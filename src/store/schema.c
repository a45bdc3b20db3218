#include "store.h"

#include <ctype.h>
#include <string.h>

/* The one table of the result file. A path holds {net} every network, {prec} every precision, {other} every
 * precision but the first, {base} the first, {sel} every selection, {pic} every gallery picture (01, 02,
 * ...). */

enum extent {
    D_END = 0, D_ONE, D_IMAGE, D_PLACE, D_BOX, D_EDGE, D_TOP, D_CLASS, D_CAM_Y, D_CAM_X, D_Y, D_X, D_NETWORK,
    D_PRECISION, D_SET, D_READING, D_STATISTIC, D_PHASE, D_CLASS_NAME, D_COLOUR, D_RGB, D_CHECKSUM, D_COUNT
};
enum length { L_NONE = 0, L_NAME, L_PATH, L_CLASS, L_ERROR, L_COMMAND, L_TIME, L_SHA, L_JOB,
              L_PROVENANCE, L_SUM };
enum flag { CRC = 1, SCALE = 2, MINUS = 4, PICTURE = 8, MAPS = 16, NAMED = 32, BYTE_MAP = 64,
            NO_DIGEST = 128 };

struct row {
    const char *path;
    enum store_type type;
    uint8_t extent[STORE_MAX_RANK];
    enum store_group group;
    const char *unit, *long_name;
    int flags;
    enum length length;
};

/* The scale of each extent; an extent without one is a mere count. */
static const char *const axis_of[D_COUNT] = {
    [D_IMAGE] = "/image", [D_PLACE] = "/models/{net}/subset/place", [D_TOP] = "/top",
    [D_CLASS] = "/models/{net}/class", [D_CAM_Y] = "/models/{net}/cam_y", [D_CAM_X] = "/models/{net}/cam_x",
    [D_Y] = "/y", [D_X] = "/x", [D_NETWORK] = "/network", [D_PRECISION] = "/precision", [D_SET] = "/set",
    [D_READING] = "/reading", [D_STATISTIC] = "/statistic", [D_PHASE] = "/timing/phase",
};

#define U8 STORE_U8
#define S8 STORE_S8
#define S32 STORE_S32
#define U32 STORE_U32
#define S64 STORE_S64
#define F32 STORE_F32
#define F64 STORE_F64
#define STR STORE_STRING
#define STATE STORE_STATUS
#define FIX STORE_FIXED
#define IMG STORE_ROWS_IMAGE
#define MOD STORE_ROWS_MODEL
#define SUB STORE_ROWS_SUBSET
#define SUM STORE_SUMMARY
#define TIM STORE_TIMING
#define M "/models/{net}/"
#define MP "/models/{net}/{prec}/"
#define MV "/models/{net}/{other}/vs_{base}/"
#define MS "/models/{net}/subset/"
#define SA "/summary/accuracy/{prec}/"
#define SR "/summary/rmse/{other}/"
#define SG "/summary/agreement/{other}/"
#define TA "/timing/alone/{prec}/"

/* What a row leaves out at its end is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
static const struct row rows[] = {
    { "/job", STR, { D_ONE }, FIX, "", "what the result depends on: key = value lines", NO_DIGEST, L_JOB },
    { "/provenance", STR, { D_ONE }, FIX, "", "where the inputs came from", NO_DIGEST, L_PROVENANCE },

    { "/image", S64, { D_IMAGE }, FIX, "", "image index, 0-based", SCALE },
    { "/top", S32, { D_TOP }, FIX, "", "place among the largest logits, 0 = first", SCALE },
    { "/y", S32, { D_Y }, FIX, "pixel", "row of the network's input", SCALE },
    { "/x", S32, { D_X }, FIX, "pixel", "column of the network's input", SCALE },
    { "/network", STR, { D_NETWORK }, FIX, "", "network", SCALE, L_NAME },
    { "/precision", STR, { D_PRECISION }, FIX, "", "precision; the first is the reference", SCALE, L_NAME },
    { "/set", STR, { D_SET }, FIX, "", "set of images: all, then the selections", SCALE, L_NAME },
    { "/reading", STR, { D_READING }, FIX, "", "reading of the sign of a pair of maps", SCALE, L_NAME },
    { "/statistic", STR, { D_STATISTIC }, FIX, "", "order statistic", SCALE, L_NAME },
    { M "class", S32, { D_CLASS }, FIX, "", "class index of {net}, 0-based", SCALE },
    { M "cam_y", S32, { D_CAM_Y }, FIX, "", "row of the CAM layer of {net}", SCALE },
    { M "cam_x", S32, { D_CAM_X }, FIX, "", "column of the CAM layer of {net}", SCALE },
    { MS "place", S32, { D_PLACE }, FIX, "", "place in the union of the selections of {net}", SCALE },

    { "/images/path", STR, { D_IMAGE }, FIX, "", "file, relative to the image root", 0, L_PATH },
    { "/images/class_index", S32, { D_IMAGE }, FIX, "", "true class, 0-based, -1 = unknown" },
    { "/images/box_first", S64, { D_IMAGE }, FIX, "", "first row of the image's boxes in boxes" },
    { "/images/box_count", S32, { D_IMAGE }, FIX, "1", "number of true boxes" },
    { "/images/boxes", S32, { D_BOX, D_EDGE }, FIX, "pixel",
      "true boxes x0 y0 x1 y1, 0-based, inclusive, in the stored picture" },
    { "/images/class_name", STR, { D_CLASS_NAME }, FIX, "", "name of each class", NAMED, L_CLASS },
    { "/images/error", STR, { D_IMAGE }, IMG, "", "why the image could not be used", CRC, L_ERROR },
    { "/images/width", S32, { D_IMAGE }, IMG, "pixel", "width of the stored picture", CRC },
    { "/images/height", S32, { D_IMAGE }, IMG, "pixel", "height of the stored picture", CRC },
    { "/images/crc", U32, { D_IMAGE }, IMG, "1", "CRC-32 of the row" },
    { "/images/status", STATE, { D_IMAGE }, IMG, "", "state of the row" },

    { MP "top5", S32, { D_IMAGE, D_TOP }, MOD, "", "classes with the largest logits, {net} {prec}", CRC },
    { MP "score5", F32, { D_IMAGE, D_TOP }, MOD, "1", "softmax probability of top5, {net} {prec}", CRC },
    { MP "logits", F32, { D_IMAGE, D_CLASS }, MOD, "1", "logits, real values, {net} {prec}", CRC },
    { MP "cam", F32, { D_IMAGE, D_CAM_Y, D_CAM_X }, MOD, "1",
      "first principal projection of the CAM layer, resolved sign, before ReLU, {net} {prec}", CRC },
    { MP "raw_sign", S8, { D_IMAGE }, MOD, "1",
      "sign of numpy's svd (LAPACK dgesdd) relative to cam, 0 = undefined, {net} {prec}", CRC },
    { MP "sigma_ratio", F32, { D_IMAGE }, MOD, "1", "sigma2 / sigma1 of the CAM layer, {net} {prec}", CRC },
    { MP "constant", U8, { D_IMAGE }, MOD, "1",
      "1 = every channel is constant over the map, {net} {prec}", CRC },
    { MV "rmse_raw", F32, { D_IMAGE }, MOD, "1",
      "RMSE of the maps 0-255, raw signs, {net} {other} and {base}", CRC },
    { MV "rmse_resolved", F32, { D_IMAGE }, MOD, "1",
      "RMSE of the maps 0-255, resolved signs, {net} {other} and {base}", CRC },
    { MV "rmse_aligned", F32, { D_IMAGE }, MOD, "1",
      "RMSE of the maps 0-255, signs aligned, {net} {other} and {base}", CRC },
    { MV "sign_flipped", U8, { D_IMAGE }, MOD, "1",
      "1 = the raw pair points in opposite directions, {net} {other}", CRC },
    { MV "correlation", F32, { D_IMAGE }, MOD, "1",
      "absolute correlation of the projections, {net} {other} and {base}", CRC },
    { M "crc", U32, { D_IMAGE }, MOD, "1", "CRC-32 of the row, all precisions" },
    { M "status", STATE, { D_IMAGE }, MOD, "", "state of the row, all precisions" },

    { MS "image", S64, { D_PLACE }, SUB, "", "image index, -1 = unused place", CRC | MINUS },
    { MS "in_{sel}", U8, { D_PLACE }, SUB, "1", "1 = the selection {sel} holds the image", CRC },
    { MS "{prec}/cam_u8", U8, { D_PLACE, D_Y, D_X }, SUB, "1",
      "full-size map, resolved sign, {net} {prec}", CRC | MAPS | BYTE_MAP },
    { MS "crc", U32, { D_PLACE }, SUB, "1", "CRC-32 of the row, all precisions" },
    { MS "status", STATE, { D_PLACE }, SUB, "", "state of the row, all precisions" },

    { "/gallery/palette", U8, { D_COLOUR, D_RGB }, FIX, "1", "colours of the maps" },
    { "/gallery/{net}_top{pic}_{prec}", U8, { D_Y, D_X }, SUM, "1",
      "map of the pair with place {pic} in difference, {net} {prec}", PICTURE | BYTE_MAP },

    { "/summary/images/total", S64, { D_ONE }, SUM, "1", "images in the list" },
    { "/summary/images/ok", S64, { D_ONE }, SUM, "1", "images that could be read" },
    { "/summary/images/bad", S64, { D_ONE }, SUM, "1", "images that could not be read" },
    { "/summary/rows/ok", S64, { D_NETWORK }, SUM, "1", "images with a result" },
    { "/summary/rows/bad", S64, { D_NETWORK }, SUM, "1", "images without a result" },
    { "/summary/subset/count", S64, { D_NETWORK, D_SET }, SUM, "1", "images in the set" },
    { "/summary/subset/union", S64, { D_NETWORK }, SUM, "1", "images in any selection" },
    { "/summary/subset/threshold", F64, { D_NETWORK, D_SET }, SUM, "1", "smallest RMSE selected" },

    { SA "images", S64, { D_NETWORK, D_SET }, SUM, "1", "images with a result, {prec}" },
    { SA "labelled", S64, { D_NETWORK, D_SET }, SUM, "1", "of these with a true class, {prec}" },
    { SA "top1_count", S64, { D_NETWORK, D_SET }, SUM, "1", "true class first, {prec}" },
    { SA "top5_count", S64, { D_NETWORK, D_SET }, SUM, "1", "true class among the first five, {prec}" },
    { SA "top1", F64, { D_NETWORK, D_SET }, SUM, "%", "top-1 accuracy, {prec}" },
    { SA "top5", F64, { D_NETWORK, D_SET }, SUM, "%", "top-5 accuracy, {prec}" },
    { SA "top1_low", F64, { D_NETWORK, D_SET }, SUM, "%", "lower end of top-1's 95 % interval, {prec}" },
    { SA "top1_high", F64, { D_NETWORK, D_SET }, SUM, "%", "upper end of top-1's 95 % interval, {prec}" },
    { SA "weights_bytes", S64, { D_NETWORK }, SUM, "byte", "size of the weights file, {prec}" },
    { SA "parameters", S64, { D_NETWORK }, SUM, "1", "parameters, {prec}" },
    { SA "macs", S64, { D_NETWORK }, SUM, "1", "multiply-accumulates of one image, {prec}" },
    { SA "sha256", STR, { D_NETWORK }, SUM, "", "hash of the weights file, {prec}", 0, L_SHA },

    { SR "mean", F64, { D_NETWORK, D_SET, D_READING }, SUM, "1", "mean RMSE, {other} and {base}" },
    { SR "median", F64, { D_NETWORK, D_SET, D_READING }, SUM, "1", "median RMSE, {other} and {base}" },
    { SR "sign_flipped", S64, { D_NETWORK, D_SET }, SUM, "1", "raw pairs of opposite direction, {other}" },
    { SR "raw_undefined", S64, { D_NETWORK, D_SET }, SUM, "1", "pairs with an undefined raw sign, {other}" },
    { SR "correlation", F64, { D_NETWORK, D_SET }, SUM, "1", "mean correlation, {other} and {base}" },

    { SG "images", S64, { D_NETWORK, D_SET }, SUM, "1", "images with both results, {other} and {base}" },
    { SG "labelled", S64, { D_NETWORK, D_SET }, SUM, "1", "of these with a true class, {other}" },
    { SG "same_top1", S64, { D_NETWORK, D_SET }, SUM, "1", "same first class, {other} and {base}" },
    { SG "same_top5_set", S64, { D_NETWORK, D_SET }, SUM, "1", "same five classes, {other} and {base}" },
    { SG "both_right", S64, { D_NETWORK, D_SET }, SUM, "1", "both right, {other} and {base}" },
    { SG "only_first", S64, { D_NETWORK, D_SET }, SUM, "1", "only {base} right" },
    { SG "only_second", S64, { D_NETWORK, D_SET }, SUM, "1", "only {other} right" },
    { SG "both_wrong", S64, { D_NETWORK, D_SET }, SUM, "1", "both wrong, {other} and {base}" },

    { "/timing/loaded/decode_s", F32, { D_IMAGE }, TIM, "s", "reading and preprocessing, job running" },
    { "/timing/loaded/{net}/{prec}/inference_s", F32, { D_IMAGE }, TIM, "s",
      "inference, job running, {net} {prec}" },
    { "/timing/loaded/{net}/{prec}/cam_s", F32, { D_IMAGE }, TIM, "s", "CAM, job running, {net} {prec}" },
    { TA "inference_s", F64, { D_NETWORK, D_STATISTIC }, TIM, "s",
      "inference of one image, rank 0 alone, {prec}" },
    { TA "cam_s", F64, { D_NETWORK, D_STATISTIC }, TIM, "s", "CAM of one image, rank 0 alone, {prec}" },
    { TA "total_s", F64, { D_NETWORK, D_STATISTIC }, TIM, "s", "both, rank 0 alone, {prec}" },
    { TA "images", S64, { D_NETWORK }, TIM, "1", "images timed, {prec}" },
    { "/timing/phase", STR, { D_PHASE }, TIM, "", "phase of the job", SCALE, L_NAME },
    { "/timing/phase_s", F64, { D_PHASE }, TIM, "s", "time of the phase in the last start" },
    { "/timing/ranks", S64, { D_ONE }, TIM, "1", "ranks of the last start" },
    { "/timing/command", STR, { D_ONE }, TIM, "", "command line of the last start", 0, L_COMMAND },
    { "/timing/finished", STR, { D_ONE }, TIM, "", "end of the last start, UTC", 0, L_TIME },

    { "/checksums", STR, { D_CHECKSUM }, STORE_CLOSING, "",
      "SHA-256 and path of every dataset", NO_DIGEST, L_SUM },
    { "/complete", U8, { D_ONE }, STORE_CLOSING, "1", "1 = the job is done, written last", NO_DIGEST },
};

/* ---- names ----------------------------------------------------------------------------------------- */

const char *schema_type_name(enum store_type type)
{
    static const char *const names[] = { "u8", "s8", "s32", "u32", "s64", "f32", "f64", "str", "status" };

    return (unsigned)type < COUNT_OF(names) ? names[type] : "unknown";
}

size_t schema_type_size(enum store_type type)
{
    static const size_t sizes[] = { 1, 1, 4, 4, 8, 4, 8, 0, 1 };

    return (unsigned)type < COUNT_OF(sizes) ? sizes[type] : 0;
}

const char *schema_group_name(enum store_group group)
{
    static const char *const names[] = {
        "fixed", "image", "model", "subset", "summary", "timing", "closing"
    };

    return (unsigned)group < COUNT_OF(names) ? names[group] : "unknown";
}

int schema_name_good(const char *name)
{
    size_t n = strnlen(name, STORE_NAME);

    if (n == 0 || n >= STORE_NAME || name[0] == '.')
        return 0;
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)name[i]) && !strchr("_-.", name[i]))
            return 0;
    return 1;
}

/* ---- expansion ------------------------------------------------------------------------------------- */

/* Where an expansion stands: which network, precision, selection and picture. */
struct place {
    int net, prec, sel, pic;
};

/* Copies a template, replacing the words in braces; 0 if it does not fit. */
static int fill_in(const struct store_layout *l, const struct place *at, const char *template, char *out,
                   size_t size)
{
    size_t n = 0;
    char number[16];

    while (*template) {
        const char *end = *template == '{' ? strchr(template, '}') : NULL;
        const char *word = NULL;
        if (end) {
            size_t w = (size_t)(end - template - 1);
            if (!strncmp(template + 1, "net", w))
                word = l->network[at->net].name;
            else if (!strncmp(template + 1, "prec", w) || !strncmp(template + 1, "other", w))
                word = l->precision[at->prec];
            else if (!strncmp(template + 1, "base", w))
                word = l->precision[0];
            else if (!strncmp(template + 1, "sel", w))
                word = l->selection[at->sel];
            else
                snprintf(number, sizeof number, "%02d", at->pic + 1);
        }
        if (!end) {
            if (n + 1 >= size)
                return 0;
            out[n++] = *template++;
            continue;
        }
        int k = snprintf(out + n, size - n, "%s", word ? word : number);
        if (k < 0 || (size_t)k >= size - n)
            return 0;
        n += (size_t)k;
        template = end + 1;
    }
    out[n] = '\0';
    return 1;
}

static int64_t extent_of(const struct store_layout *l, int net, enum extent e)
{
    const struct store_network *n = &l->network[net];
    const int64_t extents[D_COUNT] = {
        [D_ONE] = 1,
        [D_IMAGE] = l->images,
        [D_PLACE] = l->subset,
        [D_BOX] = l->boxes > 0 ? l->boxes : 1,
        [D_EDGE] = 4,
        [D_TOP] = 5,
        [D_CLASS] = n->classes,
        [D_CAM_Y] = n->h,
        [D_CAM_X] = n->w,
        [D_Y] = l->input_h,
        [D_X] = l->input_w,
        [D_NETWORK] = l->networks,
        [D_PRECISION] = l->precisions,
        [D_SET] = 1 + l->selections,
        [D_READING] = STORE_READINGS,
        [D_STATISTIC] = STORE_STATISTICS,
        [D_PHASE] = 8,
        [D_CLASS_NAME] = l->class_names,
        [D_COLOUR] = 256,
        [D_RGB] = 3,
        [D_CHECKSUM] = 1, /* known at the end of the expansion */
    };
    return extents[e];
}

static size_t length_of(const struct store_layout *l, enum length length)
{
    switch (length) {
    case L_NAME: return STORE_NAME;
    case L_PATH: return (size_t)l->path_length;
    case L_CLASS: return (size_t)l->class_name_length;
    case L_ERROR: return STORE_ERROR;
    case L_COMMAND: return STORE_COMMAND;
    case L_TIME: return 20;
    case L_SHA: return 2 * HASH_SIZE;
    case L_JOB: return (size_t)(l->job_length > 0 ? l->job_length : 1);
    case L_PROVENANCE: return (size_t)(l->provenance_length > 0 ? l->provenance_length : 1);
    case L_SUM: return 2 * HASH_SIZE + 2 + STORE_PATH;
    case L_NONE: break;
    }
    return 0;
}

static int64_t field_offset(const char *path, enum store_group group)
{
    const char *at = path;

    if (group == STORE_ROWS_IMAGE)
        return (int64_t)strlen("/images/");
    if (group != STORE_ROWS_MODEL && group != STORE_ROWS_SUBSET)
        return 0;
    at = strchr(path + strlen("/models/"), '/') + 1;
    return at - path + (group == STORE_ROWS_SUBSET ? (int64_t)strlen("subset/") : 0);
}

/* 2^55 bytes: no sum of 65,536 of them overflows, no file system holds one. */
static const double largest_dataset = 36028797018963968.0;

static status expand_one(const struct store_layout *l, const struct row *r, const struct place *at,
                         struct store_dataset *d)
{
    double bytes;

    if (!fill_in(l, at, r->path, d->path, sizeof d->path))
        return FAIL(ERR_RANGE, "the path %s becomes longer than %d bytes", r->path, STORE_PATH - 1);
    if (!fill_in(l, at, r->long_name, d->long_name, sizeof d->long_name))
        snprintf(d->long_name, sizeof d->long_name, "%s", r->long_name);
    snprintf(d->unit, sizeof d->unit, "%s", r->unit);
    d->field = d->path + field_offset(d->path, r->group);
    d->type = r->type;
    d->element = r->type == STORE_STRING ? length_of(l, r->length) : schema_type_size(r->type);
    d->group = r->group;
    d->network = strstr(r->path, "{net}") ? at->net : -1;
    d->in_crc = (r->flags & CRC) != 0;
    d->in_digest = r->group != STORE_TIMING && !(r->flags & NO_DIGEST);
    d->initial = r->flags & MINUS ? -1 : 0;
    d->scale = (r->flags & SCALE) != 0;
    d->picture = (r->flags & PICTURE) != 0;
    d->scale_factor = r->flags & BYTE_MAP ? 1.0 / 255 : 0;
    bytes = (double)d->element;
    d->row_bytes = d->element;
    for (d->rank = 0; d->rank < STORE_MAX_RANK && r->extent[d->rank] != D_END; d->rank++) {
        enum extent e = r->extent[d->rank];
        d->dim[d->rank] = extent_of(l, at->net, e);
        if (d->dim[d->rank] < 1)
            return FAIL(ERR_RANGE, "%s: the extent %lld must be at least 1", d->path,
                        (long long)d->dim[d->rank]);
        bytes *= (double)d->dim[d->rank];
        if (bytes > largest_dataset)
            return FAIL(ERR_RANGE, "%s: %g bytes are more than one dataset may have", d->path, bytes);
        if (d->rank > 0)
            d->row_bytes *= (size_t)d->dim[d->rank];
        if (axis_of[e] && !d->scale && !fill_in(l, at, axis_of[e], d->axis[d->rank], sizeof d->axis[0]))
            return FAIL(ERR_RANGE, "%s: the name of an axis is too long", d->path);
    }
    return OK;
}

static int wanted(const struct store_layout *l, const struct row *r)
{
    return !((r->flags & MAPS) && !l->subset_maps) && !((r->flags & NAMED) && l->class_name_length < 1);
}

static status expand_row(const struct store_layout *l, const struct row *r, struct store_schema *s)
{
    int nets = strstr(r->path, "{net}") ? l->networks : 1,
        sels = strstr(r->path, "{sel}") ? l->selections : 1;
    int first = strstr(r->path, "{other}") != NULL;
    int precs = first || strstr(r->path, "{prec}") ? l->precisions : 1;
    int pics = strstr(r->path, "{pic}") ? l->pictures : 1;
    int64_t more = wanted(l, r) ? (int64_t)nets * (precs - first) * sels * pics : 0;
    struct store_dataset *grown;

    if (more < 1)
        return OK;
    grown = mem_grow(s->dataset, (size_t)s->count, (size_t)(s->count + more), sizeof *grown);
    if (!grown)
        return FAIL(ERR_MEMORY, "no memory for %lld datasets", (long long)(s->count + more));
    s->dataset = grown;
    for (struct place at = { 0 }; at.net < nets; at.net++)
        for (at.prec = first; at.prec < precs; at.prec++)
            for (at.sel = 0; at.sel < sels; at.sel++)
                for (at.pic = 0; at.pic < pics; at.pic++)
                    TRY(expand_one(l, r, &at, &s->dataset[s->count++]));
    return OK;
}

/* ---- checks ---------------------------------------------------------------------------------------- */

static status check_names(const char *kind, const char *names, size_t stride, int count, int least, int most)
{
    if (count < least || count > most)
        return FAIL(ERR_RANGE, "%d names of a %s: from %d to %d are possible", count, kind, least, most);
    for (int i = 0; i < count; i++) {
        const char *name = names + (size_t)i * stride;
        if (!schema_name_good(name))
            return FAIL(ERR_RANGE,
                        "'%.*s' cannot be the name of a %s: letters, digits, '_', '-' and '.', at most %d",
                        STORE_NAME, name, kind, STORE_NAME - 1);
        for (int j = 0; j < i; j++)
            if (!strcmp(name, names + (size_t)j * stride))
                return FAIL(ERR_RANGE, "two of the same name: %s '%s'", kind, name);
    }
    return OK;
}

static status check_layout(const struct store_layout *l)
{
    TRY(check_names("network", l->network[0].name, sizeof l->network[0], l->networks, 1, STORE_MAX_NETWORKS));
    TRY(check_names("precision", l->precision[0], STORE_NAME, l->precisions, 1, STORE_MAX_PRECISIONS));
    TRY(check_names("selection", l->selection[0], STORE_NAME, l->selections, 0, STORE_MAX_SELECTIONS));
    if (l->images < 1)
        return FAIL(ERR_RANGE, "%lld images: at least one is needed", (long long)l->images);
    if (l->path_length < 1 || l->path_length > 1024)
        return FAIL(ERR_RANGE, "a path of %d bytes: from 1 to 1,024 are possible", l->path_length);
    if (l->pictures < 0 || l->pictures > STORE_MAX_PICTURES)
        return FAIL(ERR_RANGE, "%d pictures: from 0 to %d are possible", l->pictures, STORE_MAX_PICTURES);
    return OK;
}

/* A precision called `subset` or `status` would take a dataset's place. */
static status check_paths(const struct store_schema *s)
{
    for (int i = 0; i < s->count; i++) {
        char part[STORE_PATH];
        const struct store_dataset *d = &s->dataset[i];
        if (schema_find(s, d->path) != d)
            return FAIL(ERR_RANGE, "two datasets would be called %s: choose another name", d->path);
        for (const char *slash = strchr(d->path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
            snprintf(part, sizeof part, "%.*s", (int)(slash - d->path), d->path);
            if (schema_find(s, part))
                return FAIL(ERR_RANGE, "%s would be a dataset and a group: choose another name", part);
        }
    }
    return OK;
}

status schema_expand(const struct store_layout *layout, struct store_schema *out)
{
    status result = OK;

    memset(out, 0, sizeof *out);
    TRY(check_layout(layout));
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        TRY_OUT(expand_row(layout, &rows[i], out));
    for (int i = 0; i < out->count; i++) {
        struct store_dataset *d = &out->dataset[i];
        d->field = d->path + field_offset(d->path, d->group); /* the array has moved since */
        if (!strcmp(d->path, "/checksums"))
            d->dim[0] = out->count - 2;
    }
    TRY_OUT(check_paths(out));
out:
    if (result != OK)
        schema_free(out);
    return result;
}

void schema_free(struct store_schema *schema)
{
    mem_free(schema->dataset);
    memset(schema, 0, sizeof *schema);
}

const struct store_dataset *schema_find(const struct store_schema *schema, const char *path)
{
    for (int i = 0; i < schema->count; i++)
        if (!strcmp(schema->dataset[i].path, path))
            return &schema->dataset[i];
    return NULL;
}

uint64_t schema_bytes(const struct store_schema *schema)
{
    uint64_t sum = 0;

    for (int i = 0; i < schema->count; i++)
        sum += (uint64_t)schema->dataset[i].row_bytes * (uint64_t)schema->dataset[i].dim[0];
    return sum;
}
