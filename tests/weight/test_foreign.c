/* Files, archives and folders that are no checkpoints: each is named as what it is. */
#include "check.h"
#include "weight/weight_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC(text) text, sizeof(text) - 1

static void check_words(status is, const char *words, const char *of)
{
    CHECK_MSG(is == ERR_FORMAT && strstr(error_last()->text, words), "%s: '%s' lacks '%s'", of,
              error_last()->text, words);
}

/* The first bytes of each kind, by the formats' own descriptions. */
static void test_files(void)
{
    static const struct {
        const char *magic;
        size_t size;
        const char *words;
    } files[] = {
        { MAGIC("\x1f\x8b\x08\0"), "gzip" },
        { MAGIC("BZh91AY&SY"), "bzip2" },
        { MAGIC("\xfd"
                "7zXZ\0"),
          "xz" },
        { MAGIC("\x28\xb5\x2f\xfd\4"), "zstd" },
        { MAGIC("7z\xbc\xaf\x27\x1c\0\4"), "7z" },
        { MAGIC("Rar!\x1a\7\1"), "rar" },
        { MAGIC("PK\5\6\0\0"), "empty zip" },
        { MAGIC("\x93NUMPY\1\0v\0{'descr': '<f4'"), ".npy array" },
        { MAGIC("\x1c\0\0\0TFL3\0\0"), "TFLite" },
        { MAGIC("GGUF\3\0\0\0"), "GGUF" },
        { MAGIC("MATLAB 5.0 MAT-file, Platform"), "MATLAB" },
        { MAGIC("\x12\1\0\0\0\0\0\0\0\0"), "MXNet" },
        { MAGIC("version https://git-lfs.github.com/spec/v1\noid"), "Git LFS pointer" },
        { MAGIC("version https://example.org/pointer/v1\n"), "a pointer to a file elsewhere" },
        { MAGIC("\x08\x07\x12\x07pytorch\x1a\x03"), "ONNX" },
        { MAGIC("\x08\x08\x3a\xb0\x03\x0a\x20\x0a"), "ONNX" },
        { MAGIC("\x08\x01\x12\x80\x01\x0a\x10\0"), "TensorFlow or Core ML" },
        { MAGIC("\x0a\x20\x0a\x05input\x12\x0bPlaceholder\x2a"), "frozen TensorFlow graph" },
        { MAGIC("<!DOCTYPE html>"), "web page" },
        { MAGIC("\xef\xbb\xbf<?xml version='1.0'?><Error><Code>AccessDenied"), "web page" },
        { MAGIC("\r\n <HTML><BODY>"), "web page" },
        { MAGIC("<?xml version='1.0'?><net name='m'>"), "is XML" },
        { MAGIC("not found\n"), "is a text" },
        { MAGIC("x"), "is a text" },
        { MAGIC("\x80\4\x95\1"), "bare pickle" },
        { MAGIC("\x80\2}q\0"), "bare pickle" },
        { MAGIC("\x89HDF\r\n\x1a\n\0\0\0"), "HDF5 file that quantcam has not written" },
        { MAGIC("\x89HDF\r\n\x1a\n\0\0\0keras_version\0"), "Keras" },
        { MAGIC("\0\1\2\3\4\5\6\7\x8"), "is no checkpoint" },
        { MAGIC("\x80"), "is no checkpoint" },
    };
    uint8_t tar[512] = "sys_info";

    for (size_t i = 0; i < COUNT_OF(files); i++)
        check_words(foreign_file((const uint8_t *)files[i].magic, files[i].size), files[i].words,
                    files[i].words);
    memcpy(tar + 257, "ustar", 5);
    check_words(foreign_file(tar, sizeof tar), "torch's oldest (tar) container", "tar of 2016");
    memcpy(tar, "net.pth", 8);
    check_words(foreign_file(tar, sizeof tar), "is a tar archive (net.pth, ...)", "tar");
    memset(tar, 'a', 256); /* a name without an end */
    check_words(foreign_file(tar, sizeof tar), "is a tar archive (aaaa", "tar");
    CHECK(foreign_begins((const uint8_t *)"\x1f\x8b\x08", 3) &&
          foreign_begins((const uint8_t *)"\n<html>", 7));
    CHECK(!foreign_begins((const uint8_t *)"model tiny", 10) && !foreign_begins((const uint8_t *)"", 0));
}

static void check_archive(const char *const *names, int count, const char *words)
{
    struct zip_entry entry[4] = { 0 };
    struct zip z = { .entry = entry, .count = count };

    for (int i = 0; i < count; i++) {
        entry[i].name = names[i];
        entry[i].name_size = (int)strlen(names[i]);
    }
    check_words(foreign_archive(&z), words, names[0]);
}
#define NAMES(...)          ((const char *const[]){ __VA_ARGS__ })
#define ARCHIVE(words, ...) check_archive(NAMES(__VA_ARGS__), (int)COUNT_OF(NAMES(__VA_ARGS__)), words)

static void test_archives(void)
{
    struct zip_entry entry[2] = { { .name = "net/constants.pkl", .name_size = 17 },
                                  { .name = "net/data.pkl", .name_size = 12 } };
    struct zip script = { .entry = entry, .count = 2 }, plain = { .entry = entry + 1, .count = 1 };

    check_words(foreign_script(&script), "is a TorchScript archive", "TorchScript");
    CHECK(foreign_script(&plain) == OK);
    ARCHIVE("torch.export", "p/archive_format", "p/models/model.json");
    ARCHIVE("torch.export", "serialized_exported_program.json", "version");
    ARCHIVE("torch.package", "p/.data/extern_modules");
    ARCHIVE("Keras", "config.json", "model.weights.h5");
    ARCHIVE("numpy .npz", "a.npy", "b.npy");
    ARCHIVE("holds x/net.pth: unzip it", "MAR-INF/MANIFEST.json", "x/net.pth");
    ARCHIVE("holds net.safetensors: unzip it", "net.safetensors");
    ARCHIVE("no entry FOLDER/data.pkl", "data.pkl");
}

/* A folder that holds what is meant says so. */
static void test_folders(void)
{
    static const struct {
        const char *name, *words;
    } marks[] = {
        { "saved_model.pb", "a network of TensorFlow" }, { ".metadata", "dcp_to_torch" },
        { "data.pkl", "unpacked checkpoint" },           { "model.safetensors", "model.safetensors" },
        { "model.safetensors.index.json", "give " },
    };
    char dir[] = "/tmp/quantcam_foreign_XXXXXX", path[256];

    CHECK(mkdtemp(dir) != NULL);
    check_words(foreign_folder(dir), "is a folder, not a checkpoint; give a file", "empty");
    for (size_t i = 0; i < COUNT_OF(marks); i++) { /* the later ones go before the earlier */
        CHECK(text_path(path, sizeof path, dir, marks[i].name) == OK && text_write_file(path, "x", 1) == OK);
        check_words(foreign_folder(dir), marks[i].words, marks[i].name);
    }
    for (size_t i = 0; i < COUNT_OF(marks); i++) {
        CHECK(text_path(path, sizeof path, dir, marks[i].name) == OK);
        unlink(path);
    }
    rmdir(dir);
}

int main(void)
{
    test_files();
    test_archives();
    test_folders();
    CHECK(mem_live() == 0);
    return check_result("weight/foreign");
}
