/* tests/h5/test_set.c: datasets of every kind, their rows, fills and places, and what is refused. */
#include "check.h"
#include "h5/h5_parts.h"

#include <string.h>
#include <unistd.h>

static const char *const answers[] = { "NO", "YES", NULL };
static struct h5_file file;

static const size_t sizes[] = {
    [H5_U8] = 1,   [H5_S8] = 1,         [H5_S16] = 2,         [H5_S32] = 4,      [H5_U32] = 4,
    [H5_S64] = 8,  [H5_F16] = 2,        [H5_BF16] = 2,        [H5_F32] = 4,      [H5_F64] = 8,
    [H5_TEXT] = 5, [H5_TEXT_ENDED] = 5, [H5_ASCII_ENDED] = 5, [H5_NAMES_U8] = 1, [H5_NAMES_S8] = 1
};

static struct h5_type type_of(int kind)
{
    return (struct h5_type){ (enum h5_kind)kind, 5, answers };
}

/* Three rows of two elements: bytes in are bytes out, of all and of one row, and the type is exactly that
 * one. */
static void check_kind(int kind)
{
    struct h5_type type = type_of(kind);
    char path[16], in[48], out[48] = "";
    int64_t dim[] = { 3, 2 };
    size_t row = 2 * sizes[kind];
    struct h5_set set;

    for (size_t i = 0; i < sizeof in; i++)
        in[i] = (char)(kind >= H5_NAMES_U8 ? i % 2 : kind < H5_TEXT ? 40 + i : i % 5 < 4 ? 'a' + i % 20 : 0);
    snprintf(path, sizeof path, "kind%d", kind);
    CHECK(h5_set_create(&file, path, &type, 2, dim, H5_UNFILLED, &set) == OK);
    CHECK(set.element == sizes[kind] && set.rank == 2 && set.dim[0] == 3 && set.dim[1] == 2);
    CHECK(h5_write(&set, 0, 3, in) == OK && h5_write(&set, 1, 1, in) == OK);
    CHECK(h5_set_finish(&set, OK) == OK && set.id <= 0);
    CHECK(h5_set_open(&file, path, &type, &set) == OK && set.element == sizes[kind]);
    for (int other = H5_U8; other <= H5_NAMES_S8; other++) {
        struct h5_type t = type_of(other);
        CHECK(h5_set_is(&set, &t) == (other == kind));
    }
    CHECK(h5_read(&set, 0, 3, out) == OK && !memcmp(out, in, row) && !memcmp(out + row, in, row) &&
          !memcmp(out + 2 * row, in + 2 * row, row));
    memset(out, 0, sizeof out);
    CHECK(h5_read(&set, 2, 1, out) == OK && !memcmp(out, in + 2 * row, row) && out[row] == 0);
    CHECK(h5_set_place(&set).how == H5_ONE_PIECE && h5_set_place(&set).bytes == 3 * row);
    h5_set_close(&set);
    CHECK(h5_set_open(&file, path, NULL, &set) == OK);
    CHECK(set.kind == (kind == H5_F16 || kind == H5_BF16 ? H5_OTHER
                       : kind >= H5_NAMES_U8             ? H5_NAMES_U8
                       : kind >= H5_TEXT                 ? H5_TEXT
                                                         : (enum h5_kind)kind));
    h5_set_close(&set);
}

static void check_rows(void)
{
    float two[2];
    double wide[2];
    int64_t minus[2] = { 0 }, dim[H5_MOST_AXES];
    struct h5_set set;

    CHECK(h5_set_create(&file, "g/rows", &(struct h5_type){ .kind = H5_F32 }, 1, (int64_t[]){ 4 }, H5_ZEROS,
                        &set) == OK);
    CHECK(h5_write(&set, 1, 2, (float[]){ 1.5f, -2 }) == OK);
    CHECK(h5_write(&set, 3, 2, two) == ERR_RANGE && h5_write(&set, -1, 1, two) == ERR_RANGE);
    CHECK(h5_read(&set, 0, 0, two) == ERR_RANGE && h5_read(&set, 1, INT64_MAX, two) == ERR_RANGE);
    CHECK_MSG(!strcmp(error_last()->text, "set.h5: g/rows has no 9223372036854775807 rows from 1 on"), "%s",
              error_last()->text);
    CHECK(h5_read_as(&set, H5_F64, 1, 2, wide) == OK && wide[0] == 1.5 && wide[1] == -2);
    CHECK(h5_set_finish(&set, OK) == OK);
    CHECK(h5_set_create(&file, "minus", &(struct h5_type){ .kind = H5_S64 }, 1, (int64_t[]){ 2 },
                        H5_MINUS_ONES, &set) == OK);
    CHECK(h5_read(&set, 0, 2, minus) == OK && minus[0] == -1 && minus[1] == -1);
    CHECK(h5_set_finish(&set, OK) == OK);
    CHECK(h5_set_create(&file, "one", &(struct h5_type){ .kind = H5_F64 }, 0, NULL, H5_UNFILLED, &set) == OK);
    CHECK(h5_write(&set, 0, 1, &(double){ 0.25 }) == OK && h5_set_finish(&set, OK) == OK);
    CHECK(h5_get(&file, "one", H5_F64, -1, wide) == OK && wide[0] == 0.25);
    CHECK(h5_get(&file, "one", H5_F64, 1, wide) == ERR_RANGE);
    CHECK(h5_shape(&file, "g/rows", 1, dim) == OK && dim[0] == 4);
    CHECK(h5_shape(&file, "g/rows", 2, dim) == ERR_MISMATCH);
    CHECK(h5_shape(&file, "g", 1, dim) == ERR_IO); /* a group */
    CHECK(h5_set_open(&file, "absent", NULL, &set) == ERR_IO && set.id <= 0);
    CHECK(strstr(error_last()->text, "set.h5: absent: cannot be opened: HDF5: ") == error_last()->text);
}

static void check_text(void)
{
    char out[3 * 4];
    float number;

    CHECK(h5_add(&file, "text", H5_TEXT, 4, 1, (int64_t[]){ 3 }) == OK);
    CHECK(h5_put_text(&file, "text", 0, "\xc3\xa9") == OK && h5_put_text(&file, "text", 1, "four") == OK &&
          h5_put_text(&file, "text", 2, "") == OK);
    CHECK(h5_get(&file, "text", H5_TEXT, -1, out) == OK && !memcmp(out, "\xc3\xa9\0\0four\0\0\0\0", 12));
    CHECK(h5_get(&file, "text", H5_F32, 0, &number) == ERR_MISMATCH);
    CHECK(h5_get(&file, "g/rows", H5_TEXT, 0, out) == ERR_MISMATCH);
}

/* Data outside, in chunks, of more axes than we have: opened, and said to be so. */
static void check_strange(void)
{
    hid_t space = H5Screate_simple(1, (hsize_t[]){ 5 }, NULL), outside = H5Pcreate(H5P_DATASET_CREATE),
          chunks = H5Pcreate(H5P_DATASET_CREATE);
    hid_t deep = H5Screate_simple(8, (hsize_t[]){ 1, 1, 1, 1, 1, 1, 1, 1 }, NULL);
    struct h5_set set;

    H5Pset_external(outside, "Makefile", 0, 20);
    H5Pset_chunk(chunks, 1, (hsize_t[]){ 2 });
    H5Dclose(H5Dcreate2(file.id, "outside", H5T_STD_I32LE, space, H5P_DEFAULT, outside, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(file.id, "chunks", H5T_STD_I32BE, space, H5P_DEFAULT, chunks, H5P_DEFAULT));
    H5Dclose(H5Dcreate2(file.id, "deep", H5T_STD_I32LE, deep, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    CHECK(h5_set_open(&file, "outside", NULL, &set) == OK && h5_set_place(&set).how == H5_ELSEWHERE);
    h5_set_close(&set);
    CHECK(h5_set_open(&file, "chunks", NULL, &set) == OK && h5_set_place(&set).how == H5_PIECES);
    CHECK(set.kind == H5_S32 && !h5_set_is(&set, &(struct h5_type){ .kind = H5_S32 }));
    h5_set_close(&set);
    CHECK(h5_set_open(&file, "deep", NULL, &set) == OK && set.rank == 8);
    h5_set_close(&set);
    CHECK(h5_get(&file, "deep", H5_S32, 0, (int32_t[1]){ 0 }) == ERR_MISMATCH);
    H5Pclose(outside);
    H5Pclose(chunks);
    H5Sclose(space);
    H5Sclose(deep);
}

int main(void)
{
    char path[] = "/tmp/quantcam-h5-XXXXXX";
    int fd = mkstemp(path);

    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(h5_create(path, "set.h5", &(struct h5_form){ 0 }, &file) == OK);
    for (int kind = H5_U8; kind <= H5_NAMES_S8; kind++)
        check_kind(kind);
    check_rows();
    check_text();
    check_strange();
    CHECK(h5_close(&file, OK) == OK);
    unlink(path);
    CHECK(mem_live() == 0);
    return check_result("h5/set");
}
