/* tests/h5/test_attribute.c: attributes are read back only as what they are; axes hang where they are hung.
 */
#include "check.h"
#include "h5/h5_parts.h"

#include <hdf5_hl.h>
#include <string.h>
#include <unistd.h>

static struct h5_file file;

static void check_values(struct h5_set *set)
{
    double scale[3] = { 0 };
    int32_t axis = 0;

    CHECK(h5_attribute_write(set, "scale", H5_F64, 3, (double[]){ 1, 2.5, -3 }) == OK);
    CHECK(h5_attribute_write(set, "axis", H5_S32, 0, &(int32_t){ 4 }) == OK);
    CHECK(h5_attribute_write(set, "axis", H5_S32, 0, &axis) == ERR_IO); /* there already */
    CHECK(strstr(error_last()->text, "a.h5: /x: attribute axis cannot be written: HDF5: ") ==
          error_last()->text);
    CHECK(h5_has(set, "scale") && !h5_has(set, "absent") && h5_attributes(set) == 2);
    CHECK(h5_attribute_read(set, "scale", H5_F64, 3, scale) == OK && scale[1] == 2.5 && scale[2] == -3);
    CHECK(h5_attribute_read(set, "axis", H5_S32, 1, &axis) == OK && axis == 4);
    CHECK(h5_attribute_read(set, "scale", H5_F64, 2, scale) == ERR_FORMAT);
    CHECK(h5_attribute_read(set, "scale", H5_F32, 3, scale) == ERR_FORMAT);
    CHECK(h5_attribute_read(set, "absent", H5_F64, 3, scale) == ERR_FORMAT);
}

static void check_texts(void)
{
    struct h5_set root = h5_root(&file);
    char name[8], text[16];

    CHECK(h5_attribute_write_text(&root, "b", H5_TEXT, "padded \xc3\xa9") == OK);
    CHECK(h5_attribute_write_text(&root, "a", H5_TEXT_ENDED, "ended") == OK);
    CHECK(h5_attribute_write_text(&root, "c", H5_ASCII_ENDED, "") == OK);
    CHECK(h5_attribute_write(&root, "d", H5_S32, 0, &(int32_t){ 1 }) == OK);
    CHECK(h5_attributes(&root) == 4);
    CHECK(h5_attribute_text(&root, "b", text, sizeof text) == OK && !strcmp(text, "padded \xc3\xa9"));
    CHECK(h5_attribute_text(&root, "b", text, 10) == OK &&
          h5_attribute_text(&root, "b", text, 9) == ERR_FORMAT);
    CHECK(h5_attribute_text(&root, "d", text, sizeof text) == ERR_FORMAT);
    CHECK(h5_attribute_text(&root, "absent", text, sizeof text) == ERR_FORMAT);
    CHECK(h5_attribute_at(&root, 1, name, sizeof name, text, sizeof text) == OK && !strcmp(name, "a") &&
          !strcmp(text, "ended"));
    CHECK(h5_attribute_at(&root, 2, name, sizeof name, text, sizeof text) == OK && !strcmp(name, "c") &&
          !text[0]);
    CHECK(h5_attribute_at(&root, 1, name, 1, text, sizeof text) == ERR_FORMAT);
    CHECK(h5_attribute_at(&root, 3, name, sizeof name, text, sizeof text) == ERR_FORMAT);
    CHECK(h5_attribute_at(&root, 4, name, sizeof name, text, sizeof text) == ERR_FORMAT);
}

static void check_axes(struct h5_set *set)
{
    struct h5_set axis;

    CHECK(h5_set_create(&file, "/row", &(struct h5_type){ .kind = H5_S32 }, 1, (int64_t[]){ 2 }, H5_ZEROS,
                        &axis) == OK);
    CHECK(h5_axis_make(&axis) == OK && H5DSis_scale(axis.id) == 1);
    CHECK(h5_set_finish(&axis, OK) == OK);
    CHECK(h5_axis_attach(set, 0, &file, "/row") == OK && H5DSget_num_scales(set->id, 0) == 1);
    CHECK(h5_axis_attach(set, 1, &file, "/row") == ERR_IO && h5_axis_attach(set, 0, &file, "/no") == ERR_IO);
    CHECK(h5_attribute_refer(set, "PALETTE", &file, "/row") == OK && h5_has(set, "PALETTE"));
    CHECK(h5_attribute_refer(set, "OTHER", &file, "/no") == ERR_IO);
}

int main(void)
{
    char path[] = "/tmp/quantcam-h5-XXXXXX";
    int fd = mkstemp(path);
    struct h5_set set;

    CHECK(fd >= 0 && close(fd) == 0);
    CHECK(h5_create(path, "a.h5", &(struct h5_form){ .ordered = 1 }, &file) == OK);
    CHECK(h5_set_create(&file, "/x", &(struct h5_type){ .kind = H5_U8 }, 1, (int64_t[]){ 2 }, H5_UNFILLED,
                        &set) == OK);
    check_values(&set);
    check_texts();
    check_axes(&set);
    CHECK(h5_set_finish(&set, OK) == OK);
    CHECK(h5_close(&file, OK) == OK);
    unlink(path);
    CHECK(mem_live() == 0);
    return check_result("h5/attribute");
}
