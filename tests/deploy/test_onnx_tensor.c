#include "check.h"
#include "deploy/onnx_parts.h"
#include "wire.h"

#include <unistd.h>

static struct onnx file;

/* A tensor of `type` and one extent; fields of elements follow. */
static struct wire begin(int type, int count)
{
    struct wire w = { 0 };

    wire_whole(&w, 1, count);
    wire_whole(&w, 2, type);
    wire_text(&w, 8, "t");
    return w;
}

static status read_wire(const struct wire *w, struct tensor *t, int *type)
{
    const char *name;

    *t = (struct tensor){ 0 };
    return onnx_tensor_read(&file, (struct protobuf){ .bytes = w->bytes, .size = w->size }, t, type, &name);
}

static void check_values(struct wire w, enum dtype dtype, int count, const double *expected)
{
    struct tensor t;
    int type;

    CHECK_MSG(read_wire(&w, &t, &type) == OK, "%s", error_last()->text);
    CHECK(t.dtype == dtype && tensor_count(&t) == count);
    for (int i = 0; i < count && tensor_count(&t) == count; i++)
        CHECK_MSG(tensor_at(&t, i) == expected[i], "%d: %g", i, tensor_at(&t, i));
    tensor_free(&t);
}

static void check_refused(struct wire w, const char *words)
{
    struct tensor t;
    int type;

    CHECK(read_wire(&w, &t, &type) != OK);
    CHECK_MSG(strstr(error_last()->text, words), "%s", error_last()->text);
    tensor_free(&t);
}

static void test_raw(void)
{
    struct wire w = begin(ONNX_S64, 2);
    int64_t whole[] = { -1, INT64_C(1) << 40 };

    wire_bytes(&w, 9, whole, sizeof whole);
    check_values(w, DTYPE_S64, 2, (double[]){ -1, 1099511627776 });
    w = begin(ONNX_F16, 2);
    wire_bytes(&w, 9, (uint8_t[]){ 0, 0x3c, 0, 0xc0 }, 4);
    check_values(w, DTYPE_F16, 2, (double[]){ 1, -2 });
    w = (struct wire){ 0 }; /* a scalar has no extents */
    wire_whole(&w, 2, ONNX_U8);
    wire_bytes(&w, 9, (uint8_t[]){ 200 }, 1);
    check_values(w, DTYPE_U8, 1, (double[]){ 200 });
    w = begin(ONNX_F32, 0);
    check_values(w, DTYPE_F32, 0, NULL);
    wire_bytes(&w, 9, "", 0);
    check_values(w, DTYPE_F32, 0, NULL);
    w = begin(ONNX_F32, 2);
    wire_bytes(&w, 9, "1234567", 7);
    check_refused(w, "tensor t: it has 7 bytes, and its shape says 2 elements of 4");
    w = begin(ONNX_F32, 2);
    check_refused(w, "its shape says");
}

static void test_one_by_one(void)
{
    struct wire w = begin(ONNX_F32, 2);

    wire_real(&w, 4, 1.5f);
    wire_real(&w, 4, -2);
    check_values(w, DTYPE_F32, 2, (double[]){ 1.5, -2 });
    w = begin(ONNX_S8, 3); /* packed: -1, 127, and 254, an int8 by its lowest bits */
    wire_bytes(&w, 5, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x7f\xfe\x01", 13);
    check_values(w, DTYPE_S8, 3, (double[]){ -1, 127, -2 });
    w = begin(ONNX_S32, 1);
    wire_whole(&w, 5, -70000);
    check_values(w, DTYPE_S32, 1, (double[]){ -70000 });
    w = begin(ONNX_S64, 1);
    wire_whole(&w, 7, -5);
    check_values(w, DTYPE_S64, 1, (double[]){ -5 });
    w = begin(ONNX_U8, 1);
    wire_whole(&w, 5, 256);
    check_refused(w, "its element 0 is 256, which uint8 does not hold");
    w = begin(ONNX_U8, 1);
    wire_whole(&w, 5, 1);
    wire_whole(&w, 5, 1);
    check_refused(w, "more elements than its shape says");
    w = begin(ONNX_U8, 2);
    wire_whole(&w, 5, 1);
    check_refused(w, "it has 1 elements, and its shape says 2");
    w = begin(ONNX_U8, 1);
    wire_whole(&w, 7, 1);
    check_refused(w, "its elements are in field 7, where uint8 has them in 5");
}

/* Five codes in three bytes, the first in the lowest bits: 7, -8, -1, 0, 5. */
static void test_nibbles(void)
{
    struct wire w = begin(ONNX_S4, 5);

    wire_bytes(&w, 9, (uint8_t[]){ 0x87, 0x0f, 0x05 }, 3);
    check_values(w, DTYPE_S8, 5, (double[]){ 7, -8, -1, 0, 5 });
    w = begin(ONNX_U4, 5);
    wire_bytes(&w, 5, "\x87\x01\x0f\x05", 4); /* varints: 0x87, 0x0f, 0x05 */
    check_values(w, DTYPE_U8, 5, (double[]){ 7, 8, 15, 0, 5 });
    w = begin(ONNX_S4, 5);
    wire_bytes(&w, 9, (uint8_t[]){ 0x87, 0x0f }, 2);
    check_refused(w, "it has 2 bytes, and its shape says 3");
}

static void test_other_types(void)
{
    struct wire w = begin(ONNX_TEXT, 1);
    struct tensor t;
    int type;

    wire_text(&w, 6, "words");
    CHECK(read_wire(&w, &t, &type) == OK && type == ONNX_TEXT && !t.data);
    CHECK(onnx_type_dtype(ONNX_TEXT) == -1 && strcmp(onnx_type_name(17), "float8e4m3fn") == 0);
    CHECK(onnx_is_real(ONNX_BF16) && !onnx_is_real(ONNX_S8) && onnx_type_dtype(99) == -1);
}

/* Extents whose product is beyond the bytes, or beyond 64 bits. */
static void test_extents(void)
{
    struct wire w = begin(ONNX_U8, 2000000000);

    wire_bytes(&w, 5, "\1", 1);
    check_refused(w, "more than its bytes can hold");
    w = begin(ONNX_U8, 2000000000);
    for (int i = 0; i < 3; i++)
        wire_whole(&w, 1, 2000000000);
    wire_bytes(&w, 9, "\1", 1);
    check_refused(w, "overflows");
    w = begin(ONNX_U8, -1);
    check_refused(w, "an extent of -1");
    w = begin(ONNX_U8, 1);
    for (int i = 0; i < 6; i++)
        wire_whole(&w, 1, 1);
    check_refused(w, "more than 6 extents");
}

static struct wire beside(const char *location, const char *offset, const char *length)
{
    struct wire w = begin(ONNX_U8, 3), entry = { 0 };
    const char *const pairs[] = { "location", location, "offset", offset, "length", length };

    wire_whole(&w, 14, 1);
    for (int i = 0; i < 6; i += 2) {
        if (!pairs[i + 1])
            continue;
        entry.size = 0;
        wire_text(&entry, 1, pairs[i]);
        wire_text(&entry, 2, pairs[i + 1]);
        wire_message(&w, 13, &entry);
    }
    return w;
}

static void test_beside(void)
{
    char folder[] = "/tmp/quantcam-onnx-XXXXXX", path[64], link[64], model[64];

    CHECK(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/w.data", folder);
    snprintf(link, sizeof link, "%s/link", folder);
    snprintf(model, sizeof model, "%s/m.onnx", folder);
    CHECK(text_write_file(path, "abcdef", 6) == OK && symlink("w.data", link) == 0);
    file.path = model;
    check_values(beside("w.data", "2", "3"), DTYPE_U8, 3, (double[]){ 'c', 'd', 'e' });
    check_values(beside("w.data", "3", NULL), DTYPE_U8, 3, (double[]){ 'd', 'e', 'f' });
    check_refused(beside("w.data", "4", "3"), "outside 'w.data', which has 6");
    check_refused(beside("w.data", "9223372036854775807", "3"), "outside 'w.data'");
    check_refused(beside("w.data", "0", "4"), "4 bytes in 'w.data', and its shape says 3");
    check_refused(beside("w.data", "-1", "3"), "offset in another file is '-1'");
    check_refused(beside("gone", "0", "3"), "cannot be opened beside the model: No such file");
    check_refused(beside("link", "0", "3"), "it is a link");
    check_refused(beside("../w.data", "0", "3"), "no file beside the model");
    check_refused(beside("/etc/passwd", "0", "3"), "no file beside the model");
    check_refused(beside("..", "0", "3"), "no file beside the model");
    check_refused(beside(NULL, "0", "3"), "does not name");
    CHECK(file.files == 1 && file.copied == 6);
    unlink(link);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    file.path = "t.onnx";
    test_raw();
    test_one_by_one();
    test_nibbles();
    test_other_types();
    test_extents();
    test_beside();
    onnx_close(&file);
    CHECK(mem_live() == 0);
    return check_result("deploy/onnx_tensor");
}
