/* What is refused of an HDF5 file. What is read: tests/weight/test_save.c. */
#include "check.h"
#include "h5.h"
#include "weight/weight_parts.h"

#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/quantcam_h5_XXXXXX", path[128];

static void check_refused(const char *words)
{
    struct tensor_table t;

    CHECK_MSG(weight_load(path, NULL, &t) != OK && strstr(error_last()->text, words), "'%s' lacks '%s'",
              error_last()->text, words);
    CHECK(t.count == 0);
}

/* A change anywhere breaks the seal, so the HDF5 library never sees it. */
static void test_seal(void)
{
    struct tensor_table t = { 0 };
    struct tensor w = { 0 };
    char *bytes;
    size_t size;

    CHECK(tensor_alloc(&w, DTYPE_F32, 2, (int64_t[]){ 3, 4 }) == OK && table_take(&t, "w", &w) == OK);
    CHECK(weight_save(path, &t, NULL, 0) == OK);
    table_free(&t);
    CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
    for (size_t at = 0; at < size; at += 1 + at / 40) {
        bytes[at] ^= (char)(1 << at % 8);
        CHECK(text_write_file(path, bytes, size) == OK);
        check_refused(at < WEIGHT_HEAD ? "is no checkpoint" : "its seal does not fit");
        bytes[at] ^= (char)(1 << at % 8);
    }
    CHECK(text_write_file(path, bytes, size - 1) == OK);
    check_refused("its seal does not fit");
    CHECK(text_write_file(path, bytes, 100) == OK);
    check_refused("ends inside its seal");
    CHECK(text_write_file(path, bytes + WEIGHT_H5_SEAL, size - WEIGHT_H5_SEAL) == OK);
    check_refused("an HDF5 file that quantcam has not written");
    CHECK(text_write_file(path, bytes, size) == OK);
    CHECK(weight_load(path, NULL, &t) == OK && t.count == 1);
    table_free(&t);
    mem_free(bytes);
}

/* Gives a file that HDF5 wrote in some other way a fitting seal. */
static void seal(void)
{
    char *bytes;
    size_t size;
    uint8_t sha256[HASH_SIZE];

    CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
    hash_bytes(bytes + WEIGHT_H5_SEAL, size - WEIGHT_H5_SEAL, sha256);
    weight_h5_seal(sha256, bytes);
    CHECK(text_write_file(path, bytes, size) == OK);
    mem_free(bytes);
}

static hid_t create(void)
{
    hid_t creation = H5Pcreate(H5P_FILE_CREATE), file;

    H5Pset_userblock(creation, WEIGHT_H5_SEAL);
    H5Pset_link_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    H5Pset_attr_creation_order(creation, H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
    file = H5Fcreate(path, H5F_ACC_TRUNC, creation, H5P_DEFAULT);
    H5Pclose(creation);
    return file;
}

static hid_t dataset(hid_t file, const char *name, hid_t type, int rank, hid_t list)
{
    static const hsize_t dim[8] = { 2, 2, 1, 1, 1, 1, 1, 1 };
    hid_t space = H5Screate_simple(rank, dim, NULL);
    hid_t d = H5Dcreate2(file, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT);

    H5Dwrite(d, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, (char[64]){ 0 });
    H5Sclose(space);
    return d;
}

static void finish(hid_t file, const char *words)
{
    H5Fclose(file);
    seal();
    check_refused(words);
}

/* Sealed, but not what weight_save writes: outside files, links, other types, layouts and parameters. */
static void test_strange(void)
{
    hid_t file, d, g, list, space;
    hsize_t chunk[] = { 1, 2 }, three = 3;

    h5_start();
    file = create();
    list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_external(list, "/etc/passwd", 0, 16);
    H5Dclose(dataset(file, "w", H5T_STD_I32LE, 2, list));
    H5Pclose(list);
    finish(file, "w: its 16 bytes are not one piece of the file");

    file = create();
    list = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(list, 2, chunk);
    H5Dclose(dataset(file, "w", H5T_STD_I32LE, 2, list));
    H5Pclose(list);
    finish(file, "w: its 16 bytes are not one piece of the file");

    file = create();
    H5Lcreate_external("/etc/passwd", "/", file, "w", H5P_DEFAULT, H5P_DEFAULT);
    finish(file, "w is a link, not a dataset");

    file = create();
    g = H5Gcreate2(file, "w", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    H5Gclose(g);
    finish(file, "w: cannot be opened: HDF5: ");

    file = create();
    H5Dclose(dataset(file, "w", H5T_STD_I32BE, 2, H5P_DEFAULT));
    finish(file, "w: its elements have a type");

    file = create();
    H5Dclose(dataset(file, "w", H5T_STD_I32LE, 7, H5P_DEFAULT));
    finish(file, "w: it has 7 extents");

    file = create();
    d = dataset(file, "w", H5T_STD_I8LE, 2, H5P_DEFAULT);
    space = H5Screate_simple(1, &three, NULL);
    H5Aclose(H5Acreate2(d, "scale", H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
    H5Dclose(d);
    finish(file, "w: attribute scale is not 1 values");

    file = create();
    H5Fclose(file);
    seal();
    struct tensor_table t;
    CHECK(weight_load(path, NULL, &t) == OK && t.count == 0);
    table_free(&t);
}

int main(void)
{
    CHECK(mkdtemp(dir) != NULL && text_path(path, sizeof path, dir, "a.h5") == OK);
    test_seal();
    test_strange();
    unlink(path);
    rmdir(dir);
    CHECK(mem_live() == 0);
    return check_result("weight/h5");
}
