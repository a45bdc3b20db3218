/* src/weight/foreign.c: files and archives that are no checkpoints, or of a form that is not read: each is
 * named, with the way to a form that is. */
#include "weight_parts.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

/* What other frameworks keep as a network becomes a file that is run as it is. */
#define TO_TFLITE  "convert it (tf.lite.TFLiteConverter), and give the TFLite file"
#define SAVE_STATE "save the state dict from Python, torch.save(network.state_dict(), NEW)"

/* ---- files ----------------------------------------------------------------------------------------- */

static const struct {
    const char *magic;
    int size, at;
    const char *is;
} kinds[] = {
    { "\x1f\x8b", 2, 0, "is compressed by gzip; unpack it (gunzip)" },
    { "BZh", 3, 0, "is compressed by bzip2; unpack it (bunzip2)" },
    { "\xfd"
      "7zXZ",
      5, 0, "is compressed by xz; unpack it (unxz)" },
    { "\x28\xb5\x2f\xfd", 4, 0, "is compressed by zstd; unpack it (unzstd)" },
    { "7z\xbc\xaf\x27\x1c", 6, 0, "is a 7z archive; unpack it" },
    { "Rar!", 4, 0, "is a rar archive; unpack it" },
    { "PK\5\6", 4, 0, "is an empty zip archive" },
    { "\x93NUMPY", 6, 0, "is a numpy .npy array, not named tensors; " SAVE_STATE },
    { "TFL3", 4, 4, "is a TFLite network, not a checkpoint of tensors; " SAVE_STATE },
    { "GGUF", 4, 0, "is a GGUF file; save its tensors as safetensors" },
    { "MATLAB 5.0", 10, 0, "is a MATLAB file; save its arrays as safetensors, under the network's names" },
    { "\x12\1\0\0\0\0\0\0", 8, 0, "is a file of MXNet's parameters; save them as safetensors" },
    { "version https://git-lfs", 23, 0,
      "is a Git LFS pointer, not the file that stands for it; fetch that (git lfs pull)" },
    { "version https:/", 15, 0, "is a pointer to a file elsewhere; fetch that" },
};

static const char *kind_of(const uint8_t *bytes, uint64_t size)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (size >= (uint64_t)(kinds[i].at + kinds[i].size) &&
            memcmp(bytes + kinds[i].at, kinds[i].magic, (size_t)kinds[i].size) == 0)
            return kinds[i].is;
    return NULL;
}

/* A field of a protocol buffer: 08 N is a version number, 12 what follows. ONNX has its maker's name there
 * or goes on with its graph (3a, 42), TensorFlow and Core ML have a message; a frozen graph begins with a
 * node and its name. */
static const char *protocol_buffer(const uint8_t *b, uint64_t size)
{
    int versioned = size >= 8 && b[0] == 8 && b[1] > 0 && b[1] < 32;

    if (versioned && (b[2] == 0x3a || b[2] == 0x42 ||
                      (b[2] == 0x12 && b[3] > 0 && b[3] < 64 && b[4] >= 'A' && b[4] <= 'z')))
        return "is an ONNX network, not a checkpoint of tensors; " SAVE_STATE;
    if (versioned && b[2] == 0x12)
        return "is a network of TensorFlow or Core ML, not a checkpoint of tensors; " TO_TFLITE;
    if (size >= 8 && b[0] == 0x0a && memmem(b, size < 256 ? (size_t)size : 256, "Placeholder", 11))
        return "is a frozen TensorFlow graph; " TO_TFLITE;
    return NULL;
}

/* After blanks and a byte order mark, a tag. */
static int is_markup(const uint8_t *bytes, size_t size)
{
    size_t at = size > 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

    while (at < size && memchr(" \t\r\n", bytes[at], 4))
        at++;
    return at < size && bytes[at] == '<';
}

static int has_tag(const uint8_t *bytes, size_t size, const char *tag)
{
    for (size_t at = 0; at + strlen(tag) <= size; at++)
        if (strncasecmp((const char *)bytes + at, tag, strlen(tag)) == 0)
            return 1;
    return 0;
}

static const char *text_kind(const uint8_t *bytes, uint64_t size)
{
    size_t most = size < 1024 ? (size_t)size : 1024;

    if (is_markup(bytes, most))
        return has_tag(bytes, most, "<!doctype html") || has_tag(bytes, most, "<html") ||
                       has_tag(bytes, most, "<error>")
                   ? "is a web page, not a checkpoint: the server sent something else; fetch it again"
                   : "is XML, not a checkpoint";
    for (size_t i = 0; i < most; i++)
        if (bytes[i] < 32 && !memchr("\t\r\n", bytes[i], 3))
            return NULL;
    /* The last letter may be cut off. */
    for (size_t cut = 0; cut < 4 && cut < most; cut++)
        if (text_is_utf8((const char *)bytes, most - cut))
            return "is a text, not a checkpoint";
    return NULL;
}

static const char *hdf5_kind(const uint8_t *bytes, uint64_t size)
{
    static const char *const words[] = { "keras_version", "layer_names" };
    size_t most = size < 1 << 20 ? (size_t)size : 1 << 20;

    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (memmem(bytes, most, words[i], strlen(words[i])))
            return "is a Keras HDF5 file; " TO_TFLITE;
    return "is an HDF5 file that quantcam has not written as weights";
}

/* The first member's name stands at the front; torch's own of 2016 has four known ones. */
static status fail_tar(const uint8_t *bytes)
{
    static const char *const members[] = { "sys_info", "pickle", "tensors", "storages" };
    const char *first = (const char *)bytes;

    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (strncmp(first, members[i], 100) == 0)
            return FAIL(ERR_FORMAT,
                        "is torch's oldest (tar) container, which is not read; save it again with "
                        "torch.save(torch.load(FILE, weights_only=False), NEW)");
    if (strncmp(first, "././@", 5) == 0) /* Python's own, about the first one */
        return FAIL(ERR_FORMAT, "is a tar archive, not a checkpoint; unpack it");
    return FAIL(ERR_FORMAT, "is a tar archive (%.99s, ...), not a checkpoint; unpack it", first);
}

status foreign_file(const uint8_t *bytes, uint64_t size)
{
    const char *is = kind_of(bytes, size);

    if (!is && size > 262 && memcmp(bytes + 257, "ustar", 5) == 0)
        return fail_tar(bytes);
    if (!is && text_begins((const char *)bytes, size, "\x89HDF\r\n\x1a\n"))
        is = hdf5_kind(bytes, size);
    if (!is && size > 2 && bytes[0] == 0x80 && bytes[1] >= 2 && bytes[1] <= 5)
        is = "is a bare pickle (pickle.dump), not a checkpoint of torch.save; load it in Python and save its "
             "tensors with torch.save";
    if (!is)
        is = protocol_buffer(bytes, size);
    if (!is)
        is = text_kind(bytes, size);
    return FAIL(ERR_FORMAT, "%s",
                is ? is
                   : "is no checkpoint: neither torch's zip or legacy form, safetensors "
                     "nor quantcam's HDF5");
}

int foreign_begins(const uint8_t *head, size_t size)
{
    return kind_of(head, size) || is_markup(head, size);
}

/* ---- zip archives ---------------------------------------------------------------------------------- */

static const struct zip_entry *entry_ending(const struct zip *z, const char *tail)
{
    for (int i = 0; i < z->count; i++)
        if (text_ends(z->entry[i].name, (size_t)z->entry[i].name_size, tail))
            return &z->entry[i];
    return NULL;
}

status foreign_script(const struct zip *z)
{
    if (entry_ending(z, "/constants.pkl") || (entry_ending(z, "/model.json") && entry_ending(z, ".py")))
        return FAIL(ERR_FORMAT, "is a TorchScript archive (torch.jit.save), not a state dict; in Python, "
                                "torch.save(torch.jit.load(FILE).state_dict(), NEW)");
    return OK;
}

status foreign_archive(const struct zip *z)
{
    static const struct {
        const char *tail, *is;
    } marks[] = {
        { "/archive_format", "is a torch.export archive (.pt2), not a state dict; in Python, "
                             "torch.save(torch.export.load(FILE).state_dict, NEW)" },
        { "serialized_exported_program.json",
          "is a torch.export archive (.pt2), not a state dict; in Python, "
          "torch.save(torch.export.load(FILE).state_dict, NEW)" },
        { ".data/extern_modules", "is a torch.package archive, not a state dict; " SAVE_STATE },
        { "model.weights.h5", "is a Keras archive; " TO_TFLITE },
        { ".npy",
          "is a numpy .npz archive, not a state dict; in Python, torch.save({k: torch.from_numpy(v) for "
          "k, v in numpy.load(FILE).items()}, NEW)" },
    };
    static const char *const inside[] = { ".pth", ".pt", ".safetensors", ".ckpt", ".bin", ".tar", ".h5" };

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (entry_ending(z, marks[i].tail))
            return FAIL(ERR_FORMAT, "%s", marks[i].is);
    for (size_t i = 0; i < COUNT_OF(inside); i++) {
        const struct zip_entry *e = entry_ending(z, inside[i]);

        if (e)
            return FAIL(ERR_FORMAT, "is a zip archive that holds %.*s: unzip it", e->name_size, e->name);
    }
    return FAIL(ERR_FORMAT, "is a zip archive, but no checkpoint: it has no entry FOLDER/data.pkl");
}

/* ---- folders --------------------------------------------------------------------------------------- */

status foreign_folder(const char *path)
{
    static const struct {
        const char *name, *before, *after;
    } marks[] = {
        { "model.safetensors.index.json", "give ", "" },
        { "pytorch_model.bin.index.json", "give ", "" },
        { "model.safetensors", "give ", "" },
        { "pytorch_model.bin", "give ", "" },
        { "data.pkl", "it holds an unpacked checkpoint, ",
          "; pack the folder again (zip -0 -r NEW.pth FOLDER)" },
        { ".metadata", "it holds a distributed checkpoint, ",
          "; python -m torch.distributed.checkpoint.format_utils dcp_to_torch FOLDER NEW.pth" },
        { "saved_model.pb", "it holds a network of TensorFlow, ", "; " TO_TFLITE },
    };
    char inner[4096];

    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (text_path(inner, sizeof inner, path, marks[i].name) == OK && access(inner, F_OK) == 0)
            return FAIL(ERR_FORMAT, "%s: is a folder, not a checkpoint: %s%s%s", path, marks[i].before, inner,
                        marks[i].after);
    return FAIL(ERR_FORMAT, "%s: is a folder, not a checkpoint; give a file", path);
}
