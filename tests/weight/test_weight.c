#include "check.h"
#include "weight.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/quantcam_weight_XXXXXX";

/* Writes a file into the test's folder and loads it. */
static status load(const char *name, const void *bytes, size_t size, struct tensor_table *t)
{
    char path[256];
    status result;

    CHECK(text_path(path, sizeof path, dir, name) == OK && text_write_file(path, bytes, size) == OK);
    result = weight_load(path, NULL, t);
    unlink(path);
    return result;
}

static void check_refused(const char *name, const void *bytes, size_t size, status expected,
                          const char *words)
{
    struct tensor_table t;

    CHECK_MSG(load(name, bytes, size, &t) == expected, "%s", error_last()->text);
    CHECK_MSG(strstr(error_last()->text, words) && strstr(error_last()->text, name),
              "'%s' lacks '%s' or '%s'", error_last()->text, name, words);
    CHECK(t.count == 0 && t.mapping == NULL);
}

static void test_containers(void)
{
    char tar[512] = "", hdf5[] = "\x89HDF\r\n\x1a\n";
    struct tensor_table t;

    memcpy(tar, "sys_info", 8);
    memcpy(tar + 257, "ustar", 5);
    check_refused("a.pth", tar, sizeof tar, ERR_FORMAT, "torch's oldest (tar) container");
    check_refused("b.pth", hdf5, sizeof hdf5, ERR_FORMAT, "is an HDF5 file that quantcam has not written");
    check_refused("c.pth", "\2\0\0\0\0\0\0\0{}    ", 14, ERR_FORMAT, "belongs to no tensor");
    CHECK(load("c.pth", "\2\0\0\0\0\0\0\0{}", 10, &t) == OK && t.count == 0); /* safetensors by content */
    table_free(&t);
    check_refused("d.pth", "no weights at all", 17, ERR_FORMAT, "is a text, not a checkpoint");
    check_refused("d.pth", "\0\1\2\3\4\5\6\7\x8", 9, ERR_FORMAT, "is no checkpoint");
    check_refused("e.pth", "", 0, ERR_FORMAT, "is empty");
    check_refused("f.pth", "PK\3\4", 4, ERR_FORMAT, "zip: no end record");
    CHECK(weight_load("/nonexistent/x.pth", NULL, &t) == ERR_MISSING &&
          strstr(error_last()->text, "/nonexistent/x.pth"));
    CHECK(weight_load(dir, NULL, &t) == ERR_FORMAT && strstr(error_last()->text, "is a folder"));
    CHECK(weight_load("/dev/null", NULL, &t) == ERR_IO && strstr(error_last()->text, "not a regular file"));
}

/* Loads it; what is said of its name, or NULL. */
static void check_remark(const char *name, const void *bytes, size_t size, const char *words)
{
    struct tensor_table t;

    CHECK_MSG(load(name, bytes, size, &t) == OK, "%s", error_last()->text);
    CHECK_MSG(words ? t.remark && strstr(t.remark, words) : !t.remark, "%s: %s", name,
              t.remark ? t.remark : "nothing");
    table_free(&t);
}

static void test_name(const char *bytes, size_t size)
{
    struct tensor_table t;
    uint8_t hash[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1], name[128];

    hash_bytes(bytes, size, hash);
    hash_hex(hash, hex);
    for (int digits = 8; digits <= 64; digits += 28) {
        snprintf(name, sizeof name, "tiny-%.*s.pth", digits, hex);
        check_remark(name, bytes, size, NULL);
    }
    check_remark("tiny-00000500.pth", bytes, size, "00000500 in its name is not how its SHA-256 begins");
    check_remark("tiny-20240131.pth", bytes, size, "20240131 in its name");
    check_remark("tiny_qnnpack_16999999.pth", bytes, size, "16999999 in its name");
    check_remark("tiny-deadbeef.pt", bytes, size, "deadbeef in its name");
    hex[7] = hex[7] == 'a' ? 'b' : 'a';
    snprintf(name, sizeof name, "tiny-%.8s.pth", hex);
    check_refused(name, bytes, size, ERR_MISMATCH, "SHA-256 begins with");
    check_refused(name, bytes, size, ERR_MISMATCH, "fetch it again, or rename it");
    snprintf(name, sizeof name, "tiny_qnnpack_%.8s.pth", hex);
    check_refused(name, bytes, size, ERR_MISMATCH, "SHA-256 begins with");
    snprintf(name, sizeof name, "tiny_%.8s.pth", hex); /* not the zoo's form */
    check_remark(name, bytes, size, NULL);
    snprintf(name, sizeof name, "tiny-%.7s.pth", hex); /* too short to be a hash */
    check_remark(name, bytes, size, NULL);
    CHECK(load("tiny.pt", bytes, size, &t) == OK);
    CHECK(memcmp(t.sha256, hash, sizeof hash) == 0 && t.file_bytes == size && t.count == 16);
    CHECK(strstr(t.source, "tiny.pt") != NULL);
    table_free(&t);
}

/* A hash of digits alone: the bytes behind the header are turned until the SHA-256 begins with eight. */
static void test_decimal(void)
{
    uint8_t file[8 + 70 + 8], hash[HASH_SIZE];
    static const char header[] = "{\"a\":{\"dtype\":\"I64\",\"shape\":[1],\"data_offsets\":[0,8]}}";
    char hex[2 * HASH_SIZE + 1] = "x", name[64];
    uint64_t size = sizeof header - 1;
    struct tensor_table t;

    memcpy(file, &size, 8);
    memcpy(file + 8, header, size);
    for (uint64_t i = 0; strspn(hex, "0123456789") < 8; i++) {
        memcpy(file + 8 + size, &i, 8);
        hash_bytes(file, 16 + size, hash);
        hash_hex(hash, hex);
    }
    snprintf(name, sizeof name, "a-%.8s.pth", hex);
    CHECK_MSG(load(name, file, 16 + size, &t) == OK && t.count == 1 && t.remark == NULL, "%s", name);
    table_free(&t);
    hex[3] = hex[3] == '0' ? '1' : '0';
    snprintf(name, sizeof name, "a-%.8s.pth", hex);
    CHECK_MSG(load(name, file, 16 + size, &t) == OK && t.remark != NULL, "%s", name);
    table_free(&t);
}

/* A network and its moving average, which is twice as large (tests/fixtures/tiny/make_variants.py). */
static void test_states(void)
{
    static const char path[] = "tests/fixtures/tiny/fp32-ema.pth";
    struct tensor_table plain, ema, t;
    const char *const names[] = { "conv1.weight", "bn2.running_var", "fc.bias" };
    char longer[64];

    CHECK(weight_load("tests/fixtures/tiny/fp32.pth", NULL, &plain) == OK && !plain.state &&
          !plain.other_states);
    CHECK_MSG(weight_load(path, NULL, &t) == OK && t.count == 16, "%s", error_last()->text);
    CHECK(t.state && strcmp(t.state, "model") == 0 && t.other_states &&
          strcmp(t.other_states, "model_ema") == 0);
    CHECK_MSG(weight_load(path, "model_ema", &ema) == OK && ema.count == 17, "%s", error_last()->text);
    CHECK(ema.state && strcmp(ema.state, "model_ema") == 0 && strcmp(ema.other_states, "model") == 0);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct tensor *a = table_find(&plain, names[i]), *b = table_find(&t, names[i]), *c;
        snprintf(longer, sizeof longer, "module.%s", names[i]);
        c = table_find(&ema, longer);
        for (int64_t k = 0; a && b && c && k < tensor_count(a); k++)
            CHECK(tensor_at(b, k) == tensor_at(a, k) && tensor_at(c, k) == 2 * tensor_at(a, k));
        CHECK(a && b && c);
    }
    table_free(&plain);
    table_free(&ema);
    table_free(&t);
    CHECK(weight_load(path, "ema", &t) == ERR_USAGE &&
          strstr(error_last()->text, "there are model_ema, model"));
    CHECK(weight_load("tests/fixtures/tiny/fp32.safetensors", "model", &t) == ERR_USAGE &&
          strstr(error_last()->text, "has no state dicts"));
    CHECK(weight_load("tests/fixtures/tiny/fp32-nested.pth", "1.checkpoint.net", &t) == OK && t.count == 16);
    table_free(&t);
}

static void test_begins(void)
{
    static const char *const files[] = { "fp32.pth", "fp32_legacy.pth", "fp32.safetensors", "tiny.model",
                                         "fp32.bin" };
    char path[256], *bytes;
    size_t size;

    for (int i = 0; i < 5; i++) {
        snprintf(path, sizeof path, "tests/fixtures/tiny/%s", files[i]);
        CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
        CHECK_MSG(weight_begins((const uint8_t *)bytes, WEIGHT_HEAD) == (i < 3), "%s", path);
        mem_free(bytes);
    }
    CHECK(weight_begins((const uint8_t *)"quantcam weights 1", WEIGHT_HEAD));
    CHECK(weight_begins((const uint8_t *)" {\"weight_map\"", 14));
    CHECK(weight_begins((const uint8_t *)"version https:/", WEIGHT_HEAD));
    CHECK(!weight_begins((const uint8_t *)"model a {", 9));
}

static void test_shared(void)
{
    const char *shared = check_shared();
    char path[4200];
    struct tensor_table t;

    if (!shared) {
        check_skip("real weights", "no shared data: set QUANTCAM_SHARED");
        return;
    }
    snprintf(path, sizeof path, "%s/data/weights/mobilenet_v2_coral.pth", shared);
    CHECK_MSG(weight_load(path, NULL, &t) == OK, "%s", error_last()->text);
    CHECK(t.count == 314 && table_find(&t, "classifier.1.weight")->dim[1] == 1280);
    table_free(&t);
}

int main(void)
{
    char *bytes;
    size_t size;

    CHECK(mkdtemp(dir) != NULL);
    CHECK(text_read_file("tests/fixtures/tiny/fp32.pth", 1 << 20, &bytes, &size) == OK);
    test_containers();
    test_name(bytes, size);
    test_decimal();
    test_begins();
    test_states();
    test_shared();
    mem_free(bytes);
    rmdir(dir);
    CHECK(mem_live() == 0);
    return check_result("weight/weight");
}
