/* Data sets of training: gzip, IDX files of pictures and of labels, CIFAR's records. Allocated: what gzip
 * unpacks, at most a thousand times the input, in rooms that double, and the pictures once more. */
#include "fuzz.h"
#include "train/train_parts.h"

static const char *const seeds[] = { "tests/fuzz/seeds/pictures/*", NULL };
static const char *const words[] = { "\x1f\x8b\x08", "\x08\x03", "\x08\x01", NULL };

const struct fuzz_target fuzz_target = {
    .name = "pictures", .seeds = seeds, .words = words, .most = 16 << 10, .bound = (size_t)64 << 20
};

static void look(status s, const struct train_data *d, int wants_labels)
{
    fuzz_verdict(s);
    if (s != OK)
        return;
    if (d->count < 1 || !d->pixels || (wants_labels && !d->label))
        fuzz_fail("%d pictures of %d x %d", d->count, d->height, d->width);
    for (int i = 0; d->label && i < d->count; i++)
        if (d->label[i] < 0 || d->label[i] > 255)
            fuzz_fail("label %d", d->label[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct train_data idx = { 0 }, cifar = { 0 }, labels = { .count = 2 };
    uint8_t *unpacked = NULL;
    status s = unpack_file(fuzz_file(bytes, size), &unpacked, &size);

    fuzz_verdict(s);
    if (s != OK)
        return 0;
    look(idx_pictures("case", unpacked, size, &idx), &idx, 0);
    look(cifar_read("case", unpacked, size, &cifar), &cifar, 1);
    fuzz_verdict(idx_labels("case", unpacked, size, "pictures", &labels));
    train_data_free(&idx);
    train_data_free(&cifar);
    train_data_free(&labels);
    mem_free(unpacked);
    return 0;
}
