/* Maps that users bring: folders and HDF5 files, whose map is whose, masks, what is refused. */
#include <math.h>

#include "h5.h"
#include "image/folder.h"
#include "saliency.h"

static const char *const path[] = { "a/1.jpg", "2.jpg", "b/3.jpg", "c/3.jpg" };

static void write_set(const struct h5_file *f, const char *name, enum h5_kind kind, int rank,
                      const int64_t *dim, const void *data)
{
    CHECK(h5_add(f, name, kind, 0, rank, dim) == OK && h5_put(f, name, -1, data) == OK);
}

static status open_as(const char *from, int mask, const char *suffix, struct saliency_source **s)
{
    return saliency_source_open(from, &(struct saliency_source_how){ .mask = mask, .suffix = suffix }, path,
                                4, s);
}

static void is(struct saliency_source *s, int i, int width, int height, const float *v)
{
    struct saliency_map m;
    status result = saliency_source_read(s, i, &m);

    CHECK_MSG(result == OK && m.width == width && m.height == height, "%s", error_last()->text);
    for (int k = 0; m.value && k < width * height; k++)
        CHECK_MSG(m.value[k] == v[k], "value %d: %g", k, m.value[k]);
    saliency_free(&m);
}
#define V(...)                                                                                               \
    (const float[])                                                                                          \
    {                                                                                                        \
        __VA_ARGS__                                                                                          \
    }

static void refuse(struct saliency_source *s, int i, const char *words)
{
    struct saliency_map m;

    CHECK(saliency_source_read(s, i, &m) != OK && !m.value);
    CHECK_MSG(strstr(error_last()->text, words), "%s", error_last()->text);
}

static void folders(void)
{
    struct saliency_source *s;
    struct saliency_map m;

    folder_file("maps/a/1.pgm", "P2 2 1 9 3 9");
    folder_file("maps/1.pgm", "P2 1 1 9 7"); /* a picture's path goes first */
    folder_file("maps/2.PGM", "P2 1 2 300 300 0");
    folder_file("maps/3.pgm", "P2 1 1 9 9"); /* of two pictures: of none */
    CHECK(open_as(folder_path("maps"), 0, NULL, &s) == OK);
    CHECK(saliency_source_has(s, 0) && saliency_source_has(s, 1) && !saliency_source_has(s, 2) &&
          !saliency_source_has(s, 3));
    is(s, 0, 2, 1, V(3, 9));
    is(s, 1, 1, 2, V(300, 0));
    CHECK(saliency_source_read(s, 2, &m) == OK && !m.value);
    CHECK(strstr(saliency_source_name(s, 0), "maps/a/1.pgm"));
    saliency_source_close(s);
    folder_file("maps/2.pgm", "P2 1 1 9 9");
    CHECK(open_as(folder_path("maps"), 0, NULL, &s) == ERR_MISMATCH && !s);
    CHECK(strstr(error_last()->text, "maps/2.pgm and ") &&
          strstr(error_last()->text, "fit the picture 2.jpg"));
    folder_file("fix/2_fixMap.pgm", "P2 1 1 9 9");
    CHECK(open_as(folder_path("fix"), 0, "_fixMap", &s) == OK);
    is(s, 1, 1, 1, V(9));
    saliency_source_close(s);
    CHECK(open_as(folder_path("fix"), 0, NULL, &s) == ERR_MISMATCH);
    CHECK(strstr(error_last()->text, "none of the 4 pictures has a map there, the first is 'a/1.jpg'"));
    CHECK(open_as(folder_path("nothing"), 0, NULL, &s) == ERR_MISSING && !s);
}

static void masks(void)
{
    struct saliency_source *s;

    folder_file("masks/a/1.pgm", "P2 3 1 255 0 128 255");
    folder_file("masks/2.pgm", "P2 2 1 255 0 1");
    folder_file("masks/b/3.pgm", "P2 3 1 255 0 1 2");
    folder_file("masks/c/3.pgm", "P2 3 1 1000 502 501 0");
    CHECK(open_as(folder_path("masks"), 1, "", &s) == OK);
    is(s, 0, 3, 1, V(0, 0, 1));
    is(s, 1, 2, 1, V(0, 1)); /* two values */
    refuse(s, 2, "no mask: it has more than two values, the largest 2 of 255");
    is(s, 3, 3, 1, V(1, 0, 0));
    saliency_source_close(s);
}

static void hdf5(void)
{
    static const int64_t two[] = { 1, 2 }, cube[] = { 1, 1, 2 };
    static const double d[] = { 0.25, 0.75 }, negative[] = { 0.5, -3 };
    static const float odd[] = { NAN, 1 };
    static const uint8_t u[] = { 0, 200 };
    struct saliency_source *s;
    struct saliency_map m;
    struct h5_file f;
    char name[128];

    snprintf(name, sizeof name, "%s", folder_path("maps.h5"));
    CHECK(h5_create(name, name, &(struct h5_form){ 0 }, &f) == OK);
    write_set(&f, "a/1.jpg", H5_F64, 2, two, d);
    write_set(&f, "2", H5_U8, 2, two, u);
    write_set(&f, "b/3.jpg", H5_F64, 2, two, negative);
    write_set(&f, "c/3.jpg", H5_F32, 2, two, odd);
    write_set(&f, "nobody", H5_F32, 2, two, odd);
    CHECK(h5_close(&f, OK) == OK);
    CHECK(open_as(name, 0, NULL, &s) == OK);
    is(s, 0, 2, 1, V(0.25, 0.75));
    is(s, 1, 2, 1, V(0, 200));
    refuse(s, 2, "b/3.jpg: a negative value, -3, at pixel 1,0");
    CHECK(saliency_source_read(s, 3, &m) == OK && isnan(m.value[0]) && m.value[1] == 1);
    saliency_free(&m);
    saliency_source_close(s);
    CHECK(open_as(name, 1, NULL, &s) == OK); /* of numbers to 1, those above half */
    is(s, 0, 2, 1, V(0, 1));
    is(s, 1, 2, 1, V(0, 1));
    saliency_source_close(s);

    CHECK(h5_create(name, name, &(struct h5_form){ 0 }, &f) == OK);
    write_set(&f, "2", H5_F32, 3, cube, odd);
    CHECK(h5_close(&f, OK) == OK);
    CHECK(open_as(name, 0, NULL, &s) == OK);
    refuse(s, 1, "2 is not (height, width) numbers");
    saliency_source_close(s);
    CHECK(h5_create(name, name, &(struct h5_form){ 0 }, &f) == OK);
    write_set(&f, "3", H5_U8, 2, two, u);
    CHECK(h5_close(&f, OK) == OK);
    CHECK(open_as(name, 0, NULL, &s) == ERR_MISMATCH && !s);
    CHECK(strstr(error_last()->text, "the dataset 3 fits several pictures"));
}

int main(void)
{
    folder_open();
    folders();
    masks();
    hdf5();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("saliency/source");
}
