/* src/image/records.c: files of many pictures: which format one has, its pictures by name, their list. */
#include "records.h"

#include <string.h>
#include <sys/stat.h>

#include "codec.h"

enum { RECORDS_PATH = 4096 };

/* ---- a whole file -------------------------------------------------------------------------------------- */

/* A CIFAR file may begin as an IDX file does: a dark picture of class 0. */
static status parse(const char *path, const uint8_t *bytes, size_t size, struct image_records *out)
{
    struct idx x;

    if (size == 0)
        return FAIL(ERR_FORMAT, "%s: the file is empty", path);
    if (idx_begins(bytes, size, &x) && !cifar_fits(bytes, size))
        TRY(idx_pictures(path, bytes, size, out));
    else
        TRY(cifar_pictures(path, bytes, size, out));
    return image_check_size(path, (uint64_t)out->width, (uint64_t)out->height);
}

status image_records_read(const char *path, struct image_records *out)
{
    char *bytes = NULL;
    size_t size = 0;
    status result;

    *out = (struct image_records){ 0 };
    TRY(unpack_file(path, &bytes, &size));
    result = parse(path, (const uint8_t *)bytes, size, out);
    out->block[0] = bytes;
    hash_bytes(bytes, size, out->sha256);
    if (result != OK)
        image_records_free(out);
    return result;
}

status image_records_labels(const char *path, struct image_records *r)
{
    char *bytes = NULL;
    size_t size = 0;
    status result;

    if (r->label)
        return FAIL(ERR_MISMATCH, "%s: the pictures have labels of their own: no others are wanted", path);
    TRY(unpack_file(path, &bytes, &size));
    result = idx_labels(path, (const uint8_t *)bytes, size, r);
    if (result == OK)
        r->block[1] = bytes;
    else
        mem_free(bytes);
    return result;
}

void image_records_free(struct image_records *r)
{
    for (size_t i = 0; i < COUNT_OF(r->block); i++)
        mem_free(r->block[i]);
    *r = (struct image_records){ 0 };
}

/* ---- a picture by its name ----------------------------------------------------------------------------- */

/* A process reads pictures of one file at a time, one by one, and a packed file has no places to go to. */
static struct {
    char path[RECORDS_PATH];
    struct stat is; /* when it was read */
    struct image_records set;
} held;

void image_records_let_go(void)
{
    image_records_free(&held.set);
    held.path[0] = '\0';
}

int records_is_file(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int is_held(const char *path, const struct stat *st)
{
    return held.set.count > 0 && strcmp(held.path, path) == 0 && held.is.st_dev == st->st_dev &&
           held.is.st_ino == st->st_ino && held.is.st_size == st->st_size &&
           held.is.st_mtim.tv_sec == st->st_mtim.tv_sec && held.is.st_mtim.tv_nsec == st->st_mtim.tv_nsec;
}

static status hold(const char *path, const struct stat *st)
{
    if (is_held(path, st))
        return OK;
    image_records_let_go();
    TRY(image_records_read(path, &held.set));
    snprintf(held.path, sizeof held.path, "%s", path);
    held.is = *st;
    return OK;
}

/* Names sort as their numbers do. */
static void name_record(int count, int place, char name[16])
{
    int digits = 1;

    for (int most = count - 1; most > 9; most /= 10)
        digits++;
    snprintf(name, 16, "%0*d", digits < 5 ? 5 : digits > 10 ? 10 : digits, place);
}

static size_t record_bytes(const struct image_records *r)
{
    return (size_t)r->channels * (size_t)r->height * (size_t)r->width;
}

/* *found = 0: `path` is no record's name, nothing else is set. */
static status find_record(const char *path, int *found, const struct image_records **of, int *place)
{
    const char *slash = strrchr(path, '/'), *number = slash ? slash + 1 : path;
    char file[RECORDS_PATH], name[16];
    int64_t value;
    struct stat st;

    *found = 0;
    if (!slash || !*number || strspn(number, "0123456789") != strlen(number) ||
        (size_t)(slash - path) >= sizeof file)
        return OK;
    snprintf(file, sizeof file, "%.*s", (int)(slash - path), path);
    if (stat(file, &st) != 0 || !S_ISREG(st.st_mode))
        return OK;
    *found = 1;
    TRY(hold(file, &st));
    if (!text_parse_int(number, 0, held.set.count - 1, &value))
        return FAIL(ERR_MISSING, "%s: its %d pictures have no number %.20s", file, held.set.count, number);
    name_record(held.set.count, (int)value, name);
    if (strcmp(name, number) != 0)
        return FAIL(ERR_MISSING, "%s: a picture is called %s there, not %.20s", file, name, number);
    *of = &held.set;
    *place = (int)value;
    return OK;
}

/* ---- where the names lead ------------------------------------------------------------------------------ */

void image_root(const char *given, char *out, size_t size)
{
    const char *slash = strrchr(given, '/');

    if (!records_is_file(given))
        snprintf(out, size, "%s", given);
    else if (slash)
        snprintf(out, size, "%.*s", slash == given ? 1 : (int)(slash - given), given);
    else
        snprintf(out, size, ".");
}

status image_content(const char *path, uint8_t sha256[HASH_SIZE])
{
    const struct image_records *of;
    int found, place;

    TRY(find_record(path, &found, &of, &place));
    if (!found)
        return hash_file(path, sha256);
    hash_bytes(image_record(of, place), record_bytes(of), sha256);
    return OK;
}

uint64_t image_bytes(const char *path)
{
    const struct image_records *of;
    int found, place;
    struct stat st;

    if (find_record(path, &found, &of, &place) != OK)
        return 0;
    if (found)
        return record_bytes(of);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

status records_read_info(const char *path, int *found, struct image *out, struct image_info *info)
{
    const struct image_records *of;
    const uint8_t *from;
    int place, plane;

    TRY(find_record(path, found, &of, &place));
    if (!*found)
        return OK;
    from = image_record(of, place);
    hash_bytes(from, record_bytes(of), info->sha256);
    TRY(image_alloc(path, (uint64_t)of->width, (uint64_t)of->height, out));
    plane = of->channels == 3 ? of->width * of->height : 0;
    for (int i = 0; i < of->width * of->height; i++)
        for (int c = 0; c < 3; c++)
            out->rgb[3 * i + c] = from[c * plane + i];
    info->width = out->width;
    info->height = out->height;
    return OK;
}

/* ---- the list ------------------------------------------------------------------------------------------ */

static status read_labels(const struct image_source *source, struct image_records *r)
{
    if (source->synsets || source->folders)
        return FAIL(ERR_USAGE, "%s: a file of pictures, whose labels are numbers: leave out --%s",
                    source->root, source->synsets ? "synsets" : "folders");
    if (source->labels)
        return image_records_labels(source->labels, r);
    if (r->label || source->flat)
        return OK;
    return FAIL(ERR_USAGE,
                "%s: IDX pictures have their labels in a file of their own: data.labels = "
                "...-labels-idx1-ubyte.gz, or none",
                source->root);
}

static status add_all(struct list *l, const struct image_source *source, const struct image_records *r)
{
    const char *slash = strrchr(source->root, '/');
    char name[LIST_MAX_NAME + 64], number[16];

    for (int i = 0; i < r->count; i++) {
        name_record(r->count, i, number);
        snprintf(name, sizeof name, "%.*s/%s", LIST_MAX_NAME, slash ? slash + 1 : source->root, number);
        TRY(image_list_add(l, source->root, 0, name, image_record_label(r, i)));
    }
    l->classes = r->label ? r->classes : 0;
    TRY(image_list_decide(l, "format = %s", r->channels == 1 ? "IDX" : "CIFAR's binary records"));
    return image_list_decide(l, "classes = %s",
                             !r->label        ? "none"
                             : source->labels ? "numbers of data.labels"
                                              : "numbers of the records");
}

status records_list(struct list *l, const struct image_source *source)
{
    struct image_records r = { 0 };
    status result;

    TRY(image_records_read(source->root, &r));
    result = read_labels(source, &r);
    if (result == OK)
        result = add_all(l, source, &r);
    image_records_free(&r);
    return result;
}
