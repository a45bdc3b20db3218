#include "check.h"
#include "weight/weight_parts.h"

#include <string.h>

static void check_renamed(const char *name, const char *expected)
{
    struct tensor_table table = { 0 };
    struct tensor t = { 0 };

    CHECK(names_take(&table, name, &t) == OK);
    CHECK_MSG(strcmp(table.entry[0].name, expected) == 0, "%s became %s", name, table.entry[0].name);
    table_free(&table);
}

/* Left and right as in torchvision/models/densenet.py, _load_state_dict. */
static void test_dense(void)
{
    check_renamed("features.denseblock1.denselayer1.norm.1.weight",
                  "features.denseblock1.denselayer1.norm1.weight");
    check_renamed("features.denseblock4.denselayer16.conv.2.weight",
                  "features.denseblock4.denselayer16.conv2.weight");
    check_renamed("features.denseblock3.denselayer24.norm.2.running_var",
                  "features.denseblock3.denselayer24.norm2.running_var");
    check_renamed("features.denseblock1.denselayer1.norm1.weight",
                  "features.denseblock1.denselayer1.norm1.weight");
    check_renamed("features.denseblock1.denselayer1.norm.3.weight",
                  "features.denseblock1.denselayer1.norm.3.weight");
    check_renamed("features.denseblock1.denselayer1.norm.1.weight.x",
                  "features.denseblock1.denselayer1.norm.1.weight.x");
    check_renamed("features.denseblock1.denselayer.norm.1.weight",
                  "features.denseblock1.denselayer.norm.1.weight");
    check_renamed("features.transition1.norm.weight", "features.transition1.norm.weight");
    check_renamed("denselayer1.a.denselayer2.conv.1.weight", "denselayer1.a.denselayer2.conv1.weight");
}

/* The two names must not meet. */
static void test_both(void)
{
    struct tensor_table table = { 0 };
    struct tensor t = { 0 };

    CHECK(names_take(&table, "denselayer1.norm1.weight", &t) == OK);
    CHECK(names_take(&table, "denselayer1.norm.1.weight", &t) == ERR_FORMAT);
    table_free(&table);
}

static void check_hash(const char *path, enum names_hash kind, const char *hex)
{
    const char *is = NULL;
    size_t digits;

    CHECK_MSG(names_hash_prefix(path, &is, &digits) == kind, "%s", path);
    CHECK_MSG(kind == NAMES_NO_HASH || (digits == strlen(hex) && strncmp(is, hex, digits) == 0), "%s", path);
}

static void test_hashes(void)
{
    check_hash("resnet18-f37072fd.pth", NAMES_HASH, "f37072fd");
    check_hash("dir-12345678.d/shufflenetv2_x0.5-f707e7126e.pth", NAMES_HASH, "f707e7126e");
    check_hash("/zoo/mobilenet_v3_large_qnnpack-5bcacf28.pth", NAMES_HASH, "5bcacf28");
    check_hash("mobilenet_v2_qnnpack_37f702c5.pth", NAMES_HASH, "37f702c5");
    check_hash("resnext101_32x8_fbgemm_09835ccf.pth", NAMES_HASH, "09835ccf");
    check_hash("resnet18-1a2b3c4d5e6f.pth", NAMES_HASH, "1a2b3c4d5e6f");
    check_hash("words-deadbeef.pth", NAMES_HASH, "deadbeef");
    /* Steps, times and dates; other endings. */
    check_hash("resnet18-12345678.pth", NAMES_PERHAPS_HASH, "12345678");
    check_hash("step-00000500.pth", NAMES_PERHAPS_HASH, "00000500");
    check_hash("model-1699999999.pth", NAMES_PERHAPS_HASH, "1699999999");
    check_hash("resnet18-20240131120000.pth", NAMES_PERHAPS_HASH, "20240131120000");
    check_hash("resnet18-20240131.pth", NAMES_PERHAPS_HASH, "20240131");
    check_hash("resnet18_fbgemm_20240131.pth", NAMES_PERHAPS_HASH, "20240131");
    check_hash("resnet18-f37072fd.pt", NAMES_PERHAPS_HASH, "f37072fd");
    check_hash("resnet18-f37072fd.safetensors", NAMES_PERHAPS_HASH, "f37072fd");
    check_hash("dino-a1b2c3d4.th", NAMES_PERHAPS_HASH, "a1b2c3d4");
    /* No hashes at all. */
    check_hash("mobilenet_v2_12345678.pth", NAMES_NO_HASH, NULL);
    check_hash("mobilenet_v2_deadbeef.pth", NAMES_NO_HASH, NULL);
    check_hash("resnet18_fbgemm_16fa66dd0.pth", NAMES_NO_HASH, NULL);
    check_hash("resnet18-f37072f.pth", NAMES_NO_HASH, NULL);
    check_hash("resnet18-F37072FD.pth", NAMES_NO_HASH, NULL);
    check_hash("resnet18-f37072fd.pth.tmp", NAMES_NO_HASH, NULL);
    check_hash("resnet18-f37072fd (1).pth", NAMES_NO_HASH, NULL);
    check_hash("run-550e8400-e29b-41d4-a716-4466554400ab.pth", NAMES_NO_HASH, NULL);
    check_hash("550e8400-e29b-41d4-a716-4466554400ab.pth", NAMES_NO_HASH, NULL);
    check_hash("550e8400-e29b-41d4-a71-4466554400ab.pth", NAMES_HASH, "4466554400ab");
    check_hash("f37072fd.pth", NAMES_NO_HASH, NULL);
    check_hash("zoo-f37072fd.pth/weights", NAMES_NO_HASH, NULL);
    check_hash("resnet18-f37072fd", NAMES_NO_HASH, NULL);
    check_hash("", NAMES_NO_HASH, NULL);
}

int main(void)
{
    test_dense();
    test_both();
    test_hashes();
    CHECK(mem_live() == 0);
    return check_result("weight/names");
}
