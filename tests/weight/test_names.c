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

static void check_hash(const char *path, size_t digits, const char *hex)
{
    const char *is = NULL;

    CHECK_MSG(names_hash_prefix(path, &is) == digits, "%s", path);
    CHECK_MSG(digits == 0 || strncmp(is, hex, digits) == 0, "%s", path);
}

static void test_hashes(void)
{
    check_hash("resnet18-f37072fd.pth", 8, "f37072fd");
    check_hash("dir-12345678.d/shufflenetv2_x0.5-f707e7126e.pth", 10, "f707e7126e");
    check_hash("/zoo/mobilenet_v3_large_qnnpack-5bcacf28.pth", 8, "5bcacf28");
    check_hash("mobilenet_v2_qnnpack_37f702c5.pth", 8, "37f702c5");
    check_hash("resnext101_32x8_fbgemm_09835ccf.pth", 8, "09835ccf");
    check_hash("resnet18-12345678.pth", 8, "12345678"); /* no month 56 */
    check_hash("mobilenet_v2_12345678.pth", 0, NULL);
    check_hash("mobilenet_v2_deadbeef.pth", 0, NULL);
    check_hash("resnet18_fbgemm_20240131.pth", 0, NULL);
    check_hash("resnet18-20240131.pth", 0, NULL);
    check_hash("resnet18-20241331.pth", 8, "20241331");
    check_hash("resnet18_fbgemm_16fa66dd0.pth", 0, NULL);
    check_hash("resnet18-f37072f.pth", 0, NULL);
    check_hash("resnet18-F37072FD.pth", 0, NULL);
    check_hash("resnet18-f37072fd.pt", 0, NULL);
    check_hash("resnet18-f37072fd.pth.tmp", 0, NULL);
    check_hash("f37072fd.pth", 0, NULL);
    check_hash("zoo-f37072fd.pth/weights", 0, NULL);
    check_hash("", 0, NULL);
}

int main(void)
{
    test_dense();
    test_both();
    test_hashes();
    CHECK(mem_live() == 0);
    return check_result("weight/names");
}
