/* Files of many pictures: gzip, IDX files of pictures and of labels, CIFAR's records. Allocated: what gzip
 * unpacks, at most a thousand times the input, in rooms that double. */
#include "fuzz.h"
#include "image_records.h"

static const char *const seeds[] = { "tests/fuzz/seeds/pictures/*", NULL };
static volatile unsigned read_all;
static const char *const words[] = { "\x1f\x8b\x08", "\x08\x03", "\x08\x01", NULL };

const struct fuzz_target fuzz_target = {
    .name = "pictures", .seeds = seeds, .words = words, .most = 16 << 10, .bound = (size_t)64 << 20
};

/* Every byte that the pictures and labels are said to have is read. */
static void look(const struct image_records *r)
{
    size_t plane = (size_t)r->channels * (size_t)r->height * (size_t)r->width;
    unsigned sum = 0;

    if (r->count < 1 || plane < 1)
        fuzz_fail("%d pictures of %d x %d", r->count, r->height, r->width);
    for (int i = 0; i < r->count; i++) {
        for (size_t p = 0; p < plane; p++)
            sum += image_record(r, i)[p];
        if (image_record_label(r, i) >= r->classes)
            fuzz_fail("label %d of %d classes", image_record_label(r, i), r->classes);
    }
    read_all = sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_records r = { 0 }, labels = { .count = 2 };
    const char *path = fuzz_file(bytes, size);
    status s = image_records_read(path, &r);

    fuzz_verdict(s);
    if (s == OK)
        look(&r);
    fuzz_verdict(image_records_labels(path, &labels));
    image_records_free(&r);
    image_records_free(&labels);
    return 0;
}
