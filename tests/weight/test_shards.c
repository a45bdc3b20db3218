/* A checkpoint in several safetensors files and its index, written by hand. */
#include "check.h"
#include "weight/weight_parts.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char dir[] = "/tmp/quantcam_shards_XXXXXX";

static void put_file(const char *name, const void *bytes, size_t size)
{
    char path[256];

    CHECK(text_path(path, sizeof path, dir, name) == OK && text_write_file(path, bytes, size) == OK);
}

/* safetensors with a number for each one-letter name. */
static size_t make_shard(const char *names, float first, uint8_t *out)
{
    char header[512] = "{";
    size_t used = 1, count = strlen(names);
    uint64_t size;

    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(header + used, sizeof header - used,
                                 "%s\"%c\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}",
                                 i ? "," : "", names[i], 4 * i, 4 * i + 4);
    used += (size_t)snprintf(header + used, sizeof header - used, "}");
    size = used;
    memcpy(out, &size, 8);
    memcpy(out + 8, header, used);
    for (size_t i = 0; i < count; i++) {
        float value = first + (float)i;
        memcpy(out + 8 + used + 4 * i, &value, 4);
    }
    return 8 + used + 4 * count;
}

static void put_shard(const char *name, const char *names, float first)
{
    uint8_t bytes[1024];

    put_file(name, bytes, make_shard(names, first, bytes));
}

static status load(const char *index, const char *state, struct tensor_table *t)
{
    char path[256];

    put_file("net.safetensors.index.json", index, strlen(index));
    CHECK(text_path(path, sizeof path, dir, "net.safetensors.index.json") == OK);
    return weight_load(path, state, t);
}

#define A "\"net-00001-of-00002.safetensors\""
#define B "\"net-00002-of-00002.safetensors\""
#define MAP(map)                                                                                             \
    "{\"metadata\": {\"total_size\": 16.0, \"x\": [1, {\"y\": null}, []]}, \"weight_map\": {" map "}}"
static const char good[] = MAP("\"p\": " A ", \"q\": " B ", \"r\": " A ", \"s\": " B);

/* The hash is that of the index's, then the shards' in the order of their names, whatever that of the map. */
static void test_read(void)
{
    static const char turned[] = MAP("\"s\": " B ", \"r\": " A ", \"q\": " B ", \"p\": " A);
    struct tensor_table t;
    uint8_t hashes[3 * HASH_SIZE], expected[HASH_SIZE], shard[1024];
    size_t size[2];

    CHECK_MSG(load(good, NULL, &t) == OK, "%s", error_last()->text);
    CHECK(t.count == 4 && t.absents == 0 && strstr(t.source, "net.safetensors.index.json"));
    for (int i = 0; i < 4; i++) {
        static const char *const names[] = { "p", "r", "q", "s" };
        const struct tensor *w = table_find(&t, names[i]);
        CHECK(w && w->rank == 1 && tensor_at(w, 0) == 1 + i + 8 * (i > 1));
    }
    hash_bytes(good, strlen(good), hashes);
    size[0] = make_shard("pr", 1, shard);
    hash_bytes(shard, size[0], hashes + HASH_SIZE);
    size[1] = make_shard("qs", 11, shard);
    hash_bytes(shard, size[1], hashes + 2 * HASH_SIZE);
    hash_bytes(hashes, sizeof hashes, expected);
    CHECK(memcmp(t.sha256, expected, sizeof expected) == 0);
    CHECK(t.file_bytes == strlen(good) + size[0] + size[1]);
    table_free(&t);
    CHECK_MSG(load(turned, "", &t) == OK && t.count == 4, "%s", error_last()->text);
    hash_bytes(turned, strlen(turned), hashes);
    hash_bytes(hashes, sizeof hashes, expected);
    CHECK(memcmp(t.sha256, expected, sizeof expected) == 0);
    table_free(&t);
}

static void check_refused(const char *index, const char *state, status expected, const char *words)
{
    struct tensor_table t;

    CHECK_MSG(load(index, state, &t) == expected && strstr(error_last()->text, words), "'%s' lacks '%s'",
              error_last()->text, words);
    CHECK(strstr(error_last()->text, "net.safetensors.index.json: ") != NULL);
    CHECK(t.count == 0 && t.mapping == NULL);
}

static void test_refusals(void)
{
    check_refused(good, "model", ERR_USAGE, "has no state dicts");
    check_refused(MAP("\"p\": " A ", \"q\": " B ", \"r\": " A), NULL, ERR_FORMAT,
                  "net-00002-of-00002.safetensors: holds s, which the index does not name");
    check_refused(MAP("\"p\": " B ", \"q\": " B ", \"r\": " A ", \"s\": " B), NULL, ERR_FORMAT,
                  "net-00001-of-00002.safetensors: holds p, which the index places in net-00002-of-00002");
    check_refused(MAP("\"p\": " A ", \"q\": " B ", \"r\": " A ", \"s\": " B ", \"t\": " B), NULL, ERR_FORMAT,
                  "net-00002-of-00002.safetensors lacks t, which the index places there");
    check_refused(MAP("\"p\": " A ", \"p\": " A), NULL, ERR_FORMAT, "two tensors are named p");
    check_refused(MAP("\"p\": \"absent.safetensors\""), NULL, ERR_MISSING,
                  "absent.safetensors: No such file");
    check_refused(MAP("\"p\": \"../net-00001-of-00002.safetensors\""), NULL, ERR_FORMAT,
                  "no plain file name");
    check_refused(MAP("\"p\": \"/etc/passwd\""), NULL, ERR_FORMAT,
                  "'/etc/passwd', which is no plain file name");
    check_refused(MAP("\"p\": \"..\""), NULL, ERR_FORMAT, "no plain file name");
    check_refused(MAP("\"p\": \".\""), NULL, ERR_FORMAT, "no plain file name");
    check_refused(MAP("\"p\": \"\""), NULL, ERR_FORMAT, "no plain file name");
    check_refused(MAP("\"p\": \"a\\nb\""), NULL, ERR_FORMAT, "no plain file name");
    check_refused(MAP("\"p\": \"net.safetensors.index.json\""), NULL, ERR_FORMAT, "is a text");
    check_refused(MAP("\"\": " A), NULL, ERR_FORMAT, "1 to 512 bytes");
    check_refused(MAP("\"p\": 3"), NULL, ERR_FORMAT, "'\"' is missing");
    check_refused(MAP(""), NULL, ERR_FORMAT, "'\"' is missing");
    check_refused("{\"a\": 1}", NULL, ERR_FORMAT, "no index of shards");
    check_refused("{}", NULL, ERR_FORMAT, "no index of shards");
    check_refused("{\"weight_map\": {\"p\": " A "}, \"weight_map\": {}}", NULL, ERR_FORMAT, "there twice");
    check_refused(MAP("\"p\": " A) "x", NULL, ERR_FORMAT, "something follows the end");
    check_refused("{\"weight_map\"", NULL, ERR_FORMAT, "':' is missing");
    put_file("empty", "", 0);
    check_refused(MAP("\"p\": \"empty\""), NULL, ERR_FORMAT, "empty is empty");
}

/* A shard alone is a part of a network; what only looks like one is not. */
static void test_alone(void)
{
    char path[256], index[512];
    struct tensor_table t;

    CHECK(text_path(path, sizeof path, dir, "net-00001-of-00002.safetensors") == OK);
    CHECK(weight_load(path, NULL, &t) == ERR_FORMAT &&
          strstr(error_last()->text, "give net.safetensors.index.json"));
    CHECK(names_shard("a/pytorch_model-00002-of-00010.bin", index, sizeof index) == 1 &&
          strcmp(index, "pytorch_model.bin.index.json") == 0);
    CHECK(!names_shard("net-00001-of-00001.safetensors", index, sizeof index));
    CHECK(!names_shard("net-1-of-2.safetensors", index, sizeof index));
    CHECK(!names_shard("net-00001-of-00002", index, sizeof index));
    CHECK(!names_shard("net-00001-of-00002.d/net.pth", index, sizeof index));
    CHECK(!names_shard("00001-of-00002.pth", index, sizeof index));
    CHECK(!names_shard("", index, sizeof index));
    put_shard("one-00001-of-00001.safetensors", "p", 1);
    CHECK(text_path(path, sizeof path, dir, "one-00001-of-00001.safetensors") == OK);
    CHECK(weight_load(path, NULL, &t) == OK && t.count == 1);
    table_free(&t);
}

int main(void)
{
    static const char *const files[] = { "net-00001-of-00002.safetensors", "net-00002-of-00002.safetensors",
                                         "one-00001-of-00001.safetensors", "net.safetensors.index.json",
                                         "empty" };
    char path[256];

    CHECK(mkdtemp(dir) != NULL);
    put_shard("net-00001-of-00002.safetensors", "pr", 1);
    put_shard("net-00002-of-00002.safetensors", "qs", 11);
    test_read();
    test_refusals();
    test_alone();
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        CHECK(text_path(path, sizeof path, dir, files[i]) == OK);
        unlink(path);
    }
    rmdir(dir);
    CHECK(mem_live() == 0);
    return check_result("weight/shards");
}
