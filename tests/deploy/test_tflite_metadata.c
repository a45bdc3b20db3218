/* tests/deploy/test_tflite_metadata.c: the normalisation in a TFLite file's metadata, and a picture's bytes
 * as input. */
#include "deploy/tflite_lines.h"

static struct flat_writer meta;

/* A table of one offset, in field `field`, from `from`; returns where that offset lies. */
static size_t table(size_t from, int field)
{
    size_t place[FLAT_FIELDS];
    int sizes[FLAT_FIELDS] = { 0 };

    sizes[field] = 4;
    flat_link(&meta, from, flat_begin(&meta, sizes, field + 1, place));
    return place[field];
}

/* A list of one table, linked from `from`; returns where the table's offset lies. */
static size_t list_of_one(size_t from)
{
    size_t list = flat_list(&meta, 1);

    flat_link(&meta, from, list);
    return list + 4;
}

static int64_t bits(float value)
{
    uint32_t u;

    memcpy(&u, &value, sizeof u);
    return u;
}

static void write_metadata(const float *mean, const float *std, int count)
{
    size_t place[FLAT_FIELDS], options[FLAT_FIELDS], at;
    int64_t value[4];

    meta.size = 0;
    flat_add(&meta, 4, 0);
    flat_add(&meta, 4, 'M' | '0' << 8 | '0' << 16 | '1' << 24);
    at = list_of_one(table(0, 3));  /* graphs */
    at = list_of_one(table(at, 2)); /* inputs */
    at = list_of_one(table(at, 4)); /* process units */
    flat_link(&meta, at, flat_begin(&meta, (int[]){ 1, 4 }, 2, place));
    flat_put(&meta, place[0], 1, 1);
    flat_link(&meta, place[1], flat_begin(&meta, (int[]){ 4, 4 }, 2, options));
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < count; i++)
            value[i] = bits(k ? std[i] : mean[i]);
        flat_link(&meta, options[k], flat_numbers(&meta, 4, value, count));
    }
    net.metadata = meta.bytes;
    net.metadata_bytes = meta.size;
}

/* A convolution of one position and the head. */
static void write_net(int type)
{
    int x, y, k;

    start();
    x = add_tensor("x", type, DIM(1, 4, 4, 3), 0, 0);
    if (type == TFLITE_U8) {
        int real = add_tensor("real", TFLITE_F32, DIM(1, 4, 4, 3), 0, 0);

        add_op(TFLITE_CAST, IN(x), real, 0);
        x = real;
    }
    k = add_constant("k", TFLITE_F32, DIM(3, 1, 1, 3), 0, 0, (float[9]){ 1 }, 36);
    y = add_tensor("y", TFLITE_F32, DIM(1, 4, 4, 3), 0, 0);
    set_conv(add_op(TFLITE_CONV_2D, IN(x, k, -1), y, 1), 0, 1, 0, 0);
    add_head(y, TFLITE_F32, 3, 0, 0);
}

/* The input line behind its extents, or the refusal. */
static void check_input(const char *words)
{
    struct deploy_network n;
    status result = read_net(NULL, &n);
    const char *is = result == OK ? strstr(n.description, "\ninput") : error_last()->text;

    CHECK_MSG(is && strstr(is, words), "%d: %s, not %s", result, is, words);
    deploy_free(&n);
}

static void test_metadata(void)
{
    struct deploy_network n;

    write_net(TFLITE_F32);
    check_input("its input is real numbers, and the file does not say");
    write_metadata((float[]){ 127.5f }, (float[]){ 127.5f }, 1);
    check_input("3 4 4  resize squash bilinear  mean 0.5 0.5 0.5  std 0.5 0.5 0.5");
    CHECK(read_net(NULL, &n) == OK &&
          strstr(n.decided.data, "the input is as the file's metadata say: resize squash"));
    deploy_free(&n);
    write_metadata((float[]){ 0, 51, 102 }, (float[]){ 255, 51, 102 }, 3);
    check_input("mean 0 0.2 0.4  std 1 0.2 0.4");
    write_metadata((float[]){ 0, 1 }, (float[]){ 1, 1 }, 2);
    check_input("the file does not say");
    write_metadata((float[]){ 0 }, (float[]){ 0 }, 1);
    check_input("the file does not say");
}

/* Cut and with every byte inverted they say nothing, or something; nothing is read outside. */
static void test_damaged(void)
{
    struct deploy_network n;
    size_t whole;

    write_net(TFLITE_F32);
    write_metadata((float[]){ 1 }, (float[]){ 2 }, 1);
    whole = meta.size;
    for (size_t i = 0; i < 2 * whole; i++) {
        net.metadata_bytes = i < whole ? i : whole;
        if (i >= whole)
            meta.bytes[i - whole] ^= 0xFF;
        if (read_net(NULL, &n) != OK)
            CHECK(strstr(error_last()->text, "the file does not say"));
        deploy_free(&n);
        if (i >= whole)
            meta.bytes[i - whole] ^= 0xFF;
    }
}

static void test_bytes(void)
{
    write_net(TFLITE_U8);
    check_input("3 4 4  resize squash bilinear  mean 0 0 0  std 0.0039215686274509803 "
                "0.0039215686274509803 0.0039215686274509803  quant x\nconv y x");
    ops[0].code = TFLITE_RELU;
    check_refused("op 0 (RELU): it reads a picture of uint8 without a scale, which CAST alone may");
    write_net(TFLITE_U8);
    tensors[ops[0].output[0]].type = TFLITE_I32;
    check_refused(
        "op 0 (CAST): it makes uint8 int32, and a picture's uint8 that become float32 are translated");
}

int main(void)
{
    test_metadata();
    test_damaged();
    test_bytes();
    return check_result("deploy/tflite_metadata");
}
