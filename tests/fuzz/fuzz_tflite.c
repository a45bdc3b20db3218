/* TFLite files: the flatbuffer, its tables, and what becomes of them; then the description is parsed.
 * Allocated: the nodes, and weights, of which a dilated kernel has up to 1,024 for one in the file. */
#include <string.h>

#include "deploy.h"
#include "deploy/archive.h"
#include "deploy/labels.h"
#include "deploy/tflite_next.h"
#include "fuzz.h"
#include "model.h"

static const char *const words[] = {
    "TFL3", "\x7f", "\xff\xff\xff\xff", "\x80\x3f", "\x01\x00\x00\x00", NULL
};
static const char *seeds[2];

static void write_block(void)
{
    write_next(0);
}

static void write_open(void)
{
    write_next(1);
}

static void write_normalised(void)
{
    write_plain(TFLITE_F32);
    write_metadata((float[]){ 127.5f }, (float[]){ 127.5f }, 1);
}

static void write_bytes(void)
{
    write_plain(TFLITE_U8);
}

/* The networks of tests/deploy, in a folder of this run. */
static void write_seeds(void)
{
    static void (*const write[])(void) = { write_unsigned,   write_signed, write_real,  write_coded,
                                           write_moves,      write_apart,  write_block, write_open,
                                           write_normalised, write_bytes };
    static char pattern[512];
    char path[512];

    for (size_t i = 0; i < COUNT_OF(write); i++) {
        write[i]();
        flat_tflite(&w, &net);
        snprintf(path, sizeof path, "%s/seed%zu.tflite", fuzz_folder(), i);
        if (i == 0) /* with names behind it */
            archive_write(w.bytes, w.size, "labels.txt", "cat\ndog", 0, 0);
        fuzz_write(path, i ? w.bytes : archive, i ? w.size : archive_size);
    }
    snprintf(pattern, sizeof pattern, "%s/seed*.tflite", fuzz_folder());
    seeds[0] = pattern;
}

const struct fuzz_target fuzz_target = { .name = "tflite",
                                         .seeds = seeds,
                                         .words = words,
                                         .most = 64 << 10,
                                         .bound = (size_t)256 << 20,
                                         .start = write_seeds };

int LLVMFuzzerTestOneInput(const uint8_t *bytes_, size_t size)
{
    /* else what the file itself says */
    const char *input = size % 2 ? "resize squash bilinear mean 0 0 0 std 1 1 1" : NULL;
    const struct deploy_options how = { .input = input, .skip = -1 };
    struct deploy_network n = { 0 };
    struct sketch d = { .path = "case" };
    struct model m = { 0 };
    struct text names;
    status s = tflite_read(bytes_, size, &how, &d, &n);

    fuzz_verdict(s);
    sketch_free(&d);
    if (s == OK)
        fuzz_verdict(model_parse("case", n.description, n.size, &m));
    if (labels_find(bytes_, size, 2, 0, &names) != OK)
        fuzz_fail("no memory");
    text_free(&names);
    model_free(&m);
    deploy_free(&n);
    return 0;
}
