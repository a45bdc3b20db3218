#include "store_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- troubles: the machine's failures, not the file's ---------------------------------------------- */

static char trouble[200];

const char *store_trouble(void)
{
    return trouble;
}

void store_trouble_note(const char *why)
{
    if (!trouble[0])
        snprintf(trouble, sizeof trouble, "%s", why);
}

/* HDF5 puts the system's number and words into the text of what failed, behind what it was. */
static herr_t take_trouble(unsigned n, const H5E_error2_t *e, void *user)
{
    static const char number[] = "errno = ", words[] = "error message = '";
    const char *text = e->desc ? e->desc : "", *at = strstr(text, number), *why = strstr(text, words);
    char what[200];

    if (at && strtol(at + strlen(number), NULL, 10) != 0 && why) {
        why += strlen(words);
        snprintf(what, sizeof what, "HDF5: %.*s: %.*s", (int)strcspn(text, ":,"), text,
                 (int)strcspn(why, "'"), why);
        store_trouble_note(what);
    } else if (strstr(text, "memory alloc") || strstr(text, "allocate memory") ||
               (e->maj_num == H5E_RESOURCE && e->min_num == H5E_NOSPACE)) {
        store_trouble_note("HDF5: no memory");
    }
    return 0;
}

/* HDF5 calls this at the end of every call of ours that failed, whether or not we look at what it returned.
 */
static herr_t notice(hid_t stack, void *user)
{
    return H5Ewalk2(stack, H5E_WALK_UPWARD, take_trouble, NULL);
}

void store_trouble_start(void)
{
    trouble[0] = '\0';
    H5Eset_auto2(H5E_DEFAULT, notice, NULL);
}

/* HDF5 takes a program that set this for one that wants to hear of its leaks at the end. */
void store_trouble_end(void)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* ---- errors ---------------------------------------------------------------------------------------- */

void store_h5_start(void)
{
    /* Our lock is OUT.lock: HDF5's own would only fail on file systems without locks. */
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    /* At exit HDF5 1.10 closes a file whose close has failed (a dead disk) once more, and crashes; we close
     * what we open. */
    H5dont_atexit();
    H5open();
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

struct reasons {
    char outer[160], inner[400];
};

static herr_t take_reason(unsigned n, const H5E_error2_t *e, void *user)
{
    static const char mark[] = "error message = '";
    struct reasons *r = user;
    const char *text = e->desc ? e->desc : "", *system = strstr(text, mark);

    /* Upward: the first is the innermost, the last the function that we called. Of a failed system call the
     * message is enough: the rest is addresses and times. */
    if (n == 0 && system)
        snprintf(r->inner, sizeof r->inner, "%.*s", (int)strcspn(system + strlen(mark), "'"),
                 system + strlen(mark));
    else if (n == 0)
        snprintf(r->inner, sizeof r->inner, "%s", text);
    snprintf(r->outer, sizeof r->outer, "%s", text);
    return 0;
}

status store_h5_error(const char *file, int line, const char *format, ...)
{
    struct reasons r = { "", "" };
    char text[512];
    va_list args;

    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, take_reason, &r);
    H5Eclear2(H5E_DEFAULT);
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    for (char *p = r.inner; *p; p++)
        if (*p == '\n')
            *p = ' ';
    if (!r.inner[0] || !strcmp(r.inner, r.outer))
        error_set(ERR_IO, file, line, "%s: HDF5: %s", text, r.outer[0] ? r.outer : "failed");
    else
        error_set(ERR_IO, file, line, "%s: HDF5: %s (%s)", text, r.outer, r.inner);
    return ERR_IO;
}

/* ---- types ----------------------------------------------------------------------------------------- */

static hid_t string_type(size_t element)
{
    hid_t t = H5Tcopy(H5T_C_S1);

    if (t >= 0 && (H5Tset_size(t, element) < 0 || H5Tset_strpad(t, H5T_STR_NULLPAD) < 0 ||
                   H5Tset_cset(t, H5T_CSET_UTF8) < 0)) {
        H5Tclose(t);
        t = -1;
    }
    return t;
}

static hid_t status_type(void)
{
    static const char *const names[] = { "MISSING", "OK", "BAD_IMAGE", "UNUSED" };
    hid_t t = H5Tenum_create(H5T_STD_U8LE);

    for (uint8_t i = 0; t >= 0 && i < COUNT_OF(names); i++)
        if (H5Tenum_insert(t, names[i], &i) < 0) {
            H5Tclose(t);
            t = -1;
        }
    return t;
}

hid_t store_h5_file_type(enum store_type type, size_t element)
{
    switch (type) {
    case STORE_U8: return H5Tcopy(H5T_STD_U8LE);
    case STORE_S8: return H5Tcopy(H5T_STD_I8LE);
    case STORE_S32: return H5Tcopy(H5T_STD_I32LE);
    case STORE_U32: return H5Tcopy(H5T_STD_U32LE);
    case STORE_S64: return H5Tcopy(H5T_STD_I64LE);
    case STORE_F32: return H5Tcopy(H5T_IEEE_F32LE);
    case STORE_F64: return H5Tcopy(H5T_IEEE_F64LE);
    case STORE_STRING: return string_type(element);
    case STORE_STATUS: return status_type();
    }
    BUG_IF(1);
}

hid_t store_h5_memory_type(enum store_type type, size_t element)
{
    switch (type) {
    case STORE_U8: return H5Tcopy(H5T_NATIVE_UINT8);
    case STORE_S8: return H5Tcopy(H5T_NATIVE_INT8);
    case STORE_S32: return H5Tcopy(H5T_NATIVE_INT32);
    case STORE_U32: return H5Tcopy(H5T_NATIVE_UINT32);
    case STORE_S64: return H5Tcopy(H5T_NATIVE_INT64);
    case STORE_F32: return H5Tcopy(H5T_NATIVE_FLOAT);
    case STORE_F64: return H5Tcopy(H5T_NATIVE_DOUBLE);
    case STORE_STRING: return string_type(element);
    case STORE_STATUS: return status_type();
    }
    BUG_IF(1);
}

/* ---- views: all datasets of a file, open ----------------------------------------------------------- */

/* A file that another program wrote may have any type or shape under a known name. */
static status check_dataset(const struct store_view *view, int d)
{
    const struct store_dataset *ds = &view->schema.dataset[d];
    hsize_t dim[STORE_MAX_RANK] = { 0 };
    hid_t expected = store_h5_file_type(ds->type, ds->element), found = H5Dget_type(view->dataset[d]);
    int same_type = expected >= 0 && found >= 0 && H5Tequal(expected, found) > 0;
    int rank = H5Sget_simple_extent_ndims(view->space[d]), same_shape = rank == ds->rank;

    if (expected >= 0)
        H5Tclose(expected);
    if (found >= 0)
        H5Tclose(found);
    if (!same_type)
        return FAIL(ERR_MISMATCH, "%s: %s is not of type %s", view->path, ds->path,
                    schema_type_name(ds->type));
    if (same_shape && H5Sget_simple_extent_dims(view->space[d], dim, NULL) != rank)
        return FAIL_H5("%s: %s", view->path, ds->path);
    for (int i = 0; same_shape && i < rank; i++)
        same_shape = dim[i] == (hsize_t)ds->dim[i];
    if (!same_shape)
        return FAIL(ERR_MISMATCH, "%s: %s has another shape than this job gives it", view->path, ds->path);
    return OK;
}

status store_view_open(struct store_view *view, int strict)
{
    size_t n = (size_t)view->schema.count;

    MEM_TRY(view->dataset, n, sizeof *view->dataset);
    MEM_TRY(view->space, n, sizeof *view->space);
    MEM_TRY(view->type, n, sizeof *view->type);
    for (size_t d = 0; d < n; d++)
        view->dataset[d] = view->space[d] = view->type[d] = -1;
    for (int d = 0; d < view->schema.count; d++) {
        const struct store_dataset *ds = &view->schema.dataset[d];
        view->dataset[d] = H5Dopen2(view->file, ds->path, H5P_DEFAULT);
        if (view->dataset[d] < 0)
            return FAIL_H5("%s: %s cannot be opened", view->path, ds->path);
        view->space[d] = H5Dget_space(view->dataset[d]);
        view->type[d] = store_h5_memory_type(ds->type, ds->element);
        if (view->space[d] < 0 || view->type[d] < 0)
            return FAIL_H5("%s: %s", view->path, ds->path);
        if (strict)
            TRY(check_dataset(view, d));
    }
    return OK;
}

status store_view_close(struct store_view *view)
{
    status result = OK;

    for (int d = 0; d < view->schema.count; d++) {
        if (view->dataset && view->dataset[d] >= 0)
            H5Dclose(view->dataset[d]);
        if (view->space && view->space[d] >= 0)
            H5Sclose(view->space[d]);
        if (view->type && view->type[d] >= 0)
            H5Tclose(view->type[d]);
    }
    mem_free(view->dataset);
    mem_free(view->space);
    mem_free(view->type);
    view->dataset = view->space = view->type = NULL;
    schema_free(&view->schema);
    if (view->file > 0 && H5Fclose(view->file) < 0) {
        result = FAIL_H5("%s: closing", view->path);
        comm_skip_finalize();
    }
    view->file = -1;
    return result;
}

int store_view_find(const struct store_view *view, const char *path)
{
    const struct store_dataset *ds = schema_find(&view->schema, path);

    return ds ? (int)(ds - view->schema.dataset) : -1;
}

/* Selects the rows in the file's space and makes the memory's. */
static status select_rows(const struct store_view *view, int d, int64_t first, int64_t count, hid_t *memory)
{
    const struct store_dataset *ds = &view->schema.dataset[d];
    hsize_t start[STORE_MAX_RANK] = { (hsize_t)first }, extent[STORE_MAX_RANK] = { (hsize_t)count };

    if (first < 0 || count < 1 || first > ds->dim[0] || count > ds->dim[0] - first)
        return FAIL(ERR_RANGE, "%s: %s has no rows %lld to %lld", view->path, ds->path, (long long)first,
                    (long long)(first + count - 1));
    for (int i = 1; i < ds->rank; i++)
        extent[i] = (hsize_t)ds->dim[i];
    *memory = H5Screate_simple(ds->rank, extent, NULL);
    if (*memory < 0 || H5Sselect_hyperslab(view->space[d], H5S_SELECT_SET, start, NULL, extent, NULL) < 0) {
        status s = FAIL_H5("%s: %s", view->path, ds->path);
        if (*memory >= 0)
            H5Sclose(*memory);
        return s;
    }
    return OK;
}

static double spent_s;

double store_io_s(void)
{
    return spent_s;
}

void store_io_since(double start)
{
    spent_s += clock_s() - start;
}

static status read_rows(const struct store_view *view, int d, int64_t first, int64_t count, void *out)
{
    hid_t memory;

    TRY(select_rows(view, d, first, count, &memory));
    herr_t e = H5Dread(view->dataset[d], view->type[d], memory, view->space[d], H5P_DEFAULT, out);
    status s = e < 0 ? FAIL_H5("%s: reading %s", view->path, view->schema.dataset[d].path)
                     : OK; /* before HDF5 forgets why */
    H5Sclose(memory);
    return s;
}

static status write_rows(const struct store_view *view, int d, int64_t first, int64_t count, const void *data)
{
    hid_t memory;

    TRY(select_rows(view, d, first, count, &memory));
    errno = 0; /* MPI-IO tells a full disk and a broken one apart in no other way */
    herr_t e = H5Dwrite(view->dataset[d], view->type[d], memory, view->space[d], H5P_DEFAULT, data);
    int why = errno;
    status s = OK;
    if (e < 0) /* before HDF5 forgets why */
        s = why ? FAIL_H5("%s: writing %s: %s", view->path, view->schema.dataset[d].path, strerror(why))
                : FAIL_H5("%s: writing %s", view->path, view->schema.dataset[d].path);
    H5Sclose(memory);
    return s;
}

status store_view_read(const struct store_view *view, int d, int64_t first, int64_t count, void *out)
{
    double start = clock_s();
    status s;

    if (count == 0)
        return OK;
    comm_alive();
    s = read_rows(view, d, first, count, out);
    store_io_since(start);
    return s;
}

status store_view_write(const struct store_view *view, int d, int64_t first, int64_t count, const void *data)
{
    double start = clock_s();
    status s;

    if (count == 0)
        return OK;
    comm_alive();
    s = write_rows(view, d, first, count, data);
    store_io_since(start);
    return s;
}

status store_view_scan(const struct store_view *view, int d,
                       status (*each)(void *user, int64_t first, int64_t count, const void *data), void *user)
{
    const struct store_dataset *ds = &view->schema.dataset[d];
    int64_t rows = (int64_t)(((size_t)1 << 22) / ds->row_bytes);
    status result = OK;
    void *piece = NULL;

    rows = rows < 1 ? 1 : rows > ds->dim[0] ? ds->dim[0] : rows;
    MEM_TRY(piece, (size_t)rows, ds->row_bytes);
    for (int64_t at = 0; at < ds->dim[0]; at += rows) {
        int64_t count = ds->dim[0] - at < rows ? ds->dim[0] - at : rows;
        TRY_OUT(store_view_read(view, d, at, count, piece));
        TRY_OUT(each(user, at, count, piece));
    }
out:
    mem_free(piece);
    return result;
}

struct hash_user {
    struct hash h;
    size_t row_bytes;
};

static status hash_piece(void *user, int64_t first, int64_t count, const void *data)
{
    struct hash_user *u = user;

    hash_add(&u->h, data, (size_t)count * u->row_bytes);
    return OK;
}

status store_view_hash(const struct store_view *view, int d, uint8_t out[HASH_SIZE])
{
    struct hash_user u = { .row_bytes = view->schema.dataset[d].row_bytes };

    hash_start(&u.h);
    status s = store_view_scan(view, d, hash_piece, &u);
    hash_result(&u.h, out);
    return s;
}
