/* tests/deploy/test_deploy.c: which file is what, and that the seam takes descriptions and checkpoints as
 * they are. */
#include "deploy.h"

#include <string.h>
#include <unistd.h>

#include "check.h"

static enum deploy_kind kind_of(const char *bytes, size_t size)
{
    return deploy_begins((const uint8_t *)bytes, size);
}

static void test_kinds(void)
{
    CHECK(kind_of("\x1c\0\0\0TFL3", 8) == DEPLOY_TFLITE);
    CHECK(kind_of("\x1c\0\0\0TFL3", 7) == DEPLOY_NONE);
    CHECK(kind_of("\x08\x08\x12\x07pytorch", 11) == DEPLOY_ONNX);
    CHECK(kind_of("\x08\x0a\x3a", 3) == DEPLOY_ONNX);
    CHECK(kind_of("\x08\x01\x12\x80\x01\x0a\x10", 7) == DEPLOY_NONE); /* a TensorFlow SavedModel */
    CHECK(kind_of("\x08\x01\x12\x05\x0a\x03pb", 8) == DEPLOY_NONE);
    CHECK(kind_of("\x08\x0a", 2) == DEPLOY_NONE);
    CHECK(kind_of("model x  y", 10) == DEPLOY_NONE);
    CHECK(kind_of("PK\3\4", 4) == DEPLOY_NONE);
    CHECK(kind_of("", 0) == DEPLOY_NONE);
    CHECK(deploy_kind_of("tests/there/is/no/such/file") == DEPLOY_NONE);
    CHECK(deploy_kind_of("models/resnet18.model") == DEPLOY_NONE);
    CHECK(strcmp(deploy_kind_name(DEPLOY_TFLITE), "TFLite") == 0);
    CHECK(strcmp(deploy_kind_name(DEPLOY_ONNX), "ONNX") == 0);
}

static void test_seam(void)
{
    struct deploy_network net;
    struct tensor_table t;
    char *text = NULL;
    size_t size = 0;

    CHECK(deploy_description("models/resnet18.model", NULL, &text, &size) == OK);
    CHECK(size > 100 && strstr(text, "model  resnet18"));
    mem_free(text);
    CHECK(deploy_description("models/no.model", NULL, &text, &size) == ERR_MISSING);
    CHECK(deploy_weights("models/no.pth", NULL, NULL, &t) == ERR_MISSING);
    CHECK(deploy_load("models/resnet18.model", NULL, &net) == ERR_FORMAT);
    CHECK(strstr(error_last()->text, "is neither a TFLite nor an ONNX file"));
    CHECK(deploy_load("models/no.tflite", NULL, &net) == ERR_MISSING);
}

int main(void)
{
    test_kinds();
    test_seam();
    CHECK(mem_live() == 0);
    return check_result("deploy/deploy");
}
