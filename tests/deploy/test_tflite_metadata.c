/* tests/deploy/test_tflite_metadata.c: the normalisation in a TFLite file's metadata, and a picture's bytes
 * as input. */
#include "deploy/tflite_lines.h"
#include "deploy/tflite_next.h"

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

    write_plain(TFLITE_F32);
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

    write_plain(TFLITE_F32);
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
    write_plain(TFLITE_U8);
    check_input("3 4 4  resize squash bilinear  mean 0 0 0  std 0.0039215686274509803 "
                "0.0039215686274509803 0.0039215686274509803  quant x\nconv y x");
    ops[0].code = TFLITE_RELU;
    check_refused("op 0 (RELU): it reads a picture of uint8 without a scale, which CAST alone may");
    write_plain(TFLITE_U8);
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
