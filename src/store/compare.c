/* src/store/compare.c: is a file at OUT or OUT.part of this job? What differs is named. */
#include "store_internal.h"

#include <string.h>

static int key_length(const char *line, int length)
{
    for (int i = 0; i + 3 <= length; i++)
        if (!memcmp(line + i, " = ", 3))
            return i;
    return 0;
}

/* Two lines of n and m bytes. Of a key that both have: the key, the old value, the new one. */
static status say_difference(const char *path, int line, const char *there, int n, const char *here, int m)
{
    static const char hash[] = ".sha256", list[] = "data.sha256";
    int key = key_length(there, n), tail = (int)strlen(hash);
    const char *what = "";

    if (key == 0 || key != key_length(here, m) || memcmp(there, here, (size_t)key))
        return FAIL(ERR_MISMATCH, "%s belongs to another job: line %d is '%.*s' there, '%.*s' here", path,
                    line, n, there, m, here);
    if (key == (int)strlen(list) && !memcmp(there, list, (size_t)key))
        what = ": other images, classes or boxes are listed";
    else if (key > tail && !memcmp(there + key - tail, hash, (size_t)tail))
        what = ": that file's content is another";
    return FAIL(ERR_MISMATCH, "%s belongs to another job: %.*s is '%.*s' there, '%.*s' here%s", path, key,
                there, n - key - 3, there + key + 3, m - key - 3, here + key + 3, what);
}

/* Names the first line in which two texts of "key = value" lines differ. */
static status name_difference(const char *path, const char *there, const char *here)
{
    int line = 1;

    while (*there && *there == *here) {
        const char *end_there = strchr(there, '\n'), *end_here = strchr(here, '\n');
        size_t n = end_there ? (size_t)(end_there - there) : strlen(there);
        size_t m = end_here ? (size_t)(end_here - here) : strlen(here);
        if (n != m || memcmp(there, here, n))
            break;
        there += n + (end_there != NULL);
        here += m + (end_here != NULL);
        line++;
    }
    return say_difference(path, line, there, (int)strcspn(there, "\n"), here, (int)strcspn(here, "\n"));
}

/* Texts of two versions of the numerics differ in more lines: the version is what matters. */
static status compare_version(const char *path, const char *there, const char *here)
{
    char old[64], now[64];

    if (!text_value(there, "numerics.version", old, sizeof old) ||
        !text_value(here, "numerics.version", now, sizeof now) || strcmp(old, now) == 0)
        return OK;
    return FAIL(ERR_MISMATCH,
                "%s was made with version %s of the numerics, and this program has version %s, which gives "
                "other bits: go on with the program that began, or start anew under another name",
                path, old, now);
}

static status compare_job(struct store_reader *r, const struct store_plan *plan)
{
    char *text;
    status s = OK;

    TRY(store_read_text(r, "/job", 0, &text));
    s = compare_version(store_reader_path(r), text, plan->job);
    if (s == OK && strcmp(text, plan->job))
        s = name_difference(store_reader_path(r), text, plan->job);
    mem_free(text);
    return s;
}

struct contents {
    const uint8_t *expected;
    size_t row_bytes;
    const char *file, *path;
};

static status compare_piece(void *user, int64_t first, int64_t count, const void *data)
{
    const struct contents *c = user;
    const uint8_t *found = data, *expected = c->expected + (size_t)first * c->row_bytes;

    for (int64_t i = 0; i < count; i++)
        if (memcmp(found + (size_t)i * c->row_bytes, expected + (size_t)i * c->row_bytes, c->row_bytes))
            return FAIL(ERR_MISMATCH, "%s: row %lld of %s is not what this job's list says", c->file,
                        (long long)(first + i), c->path);
    return OK;
}

static status compare_contents(struct store_reader *r, const struct store_schema *schema,
                               const struct store_plan *plan, const struct store_layout *layout)
{
    const struct store_view *view = store_reader_view(r);
    status result = OK;

    for (int i = 0; i < schema->count; i++) {
        const struct store_dataset *d = &schema->dataset[i];
        int at = store_view_find(view, d->path);
        void *own = NULL;
        if (at < 0 || !store_same_form(&view->schema.dataset[at], d))
            return FAIL(ERR_MISMATCH, "%s: %s is absent or of another shape than this job gives it",
                        store_reader_path(r), d->path);
        if (d->group != STORE_FIXED || !strcmp(d->path, "/provenance") || !strcmp(d->path, "/job"))
            continue;
        TRY(store_own_contents(layout, plan, d, &own));
        struct contents c = { own ? own : store_plan_contents(plan, d->path), d->row_bytes,
                              store_reader_path(r), d->path };
        result = c.expected ? store_view_scan(view, at, compare_piece, &c)
                            : FAIL(ERR_MISSING, "nobody gave the contents of %s", d->path);
        mem_free(own);
        TRY(result);
    }
    return OK;
}

status store_compare(const char *path, const struct store_plan *plan, struct store_layout *layout)
{
    struct store_schema schema = { 0 };
    struct store_reader *r = NULL;
    char what[400];
    status result = OK;

    TRY(store_open_read(path, 0, &r));
    TRY_OUT(compare_job(r, plan));
    /* Where the inputs lie is not compared: the file keeps the text of the first start. */
    const struct store_dataset *provenance = store_reader_find(r, "/provenance");
    layout->job_length = (int)store_reader_find(r, "/job")->element;
    layout->provenance_length = provenance ? (int)provenance->element : 1;
    TRY_OUT(schema_expand(layout, &schema));
    TRY_OUT(compare_contents(r, &schema, plan, layout));
    TRY_OUT(store_check_form(r, what, sizeof what));
    if (what[0])
        result = FAIL(ERR_FORMAT, "%s is damaged: %s", path, what);
out:
    schema_free(&schema);
    store_close_read(r);
    return result;
}
