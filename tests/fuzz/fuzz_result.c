/* Result files, finished and not, as show, report, verify and inspect read them. Allocated: at most a dataset
 * of what is read whole (64 MiB), and HDF5's own. */
#include <string.h>
#include <unistd.h>

#include "hdf5.h"
#include "report.h"
#include "store_verify.h"

static const char *const seeds[] = { "build/fuzz-seeds/result.h5", NULL };
static const char *const words[] = {
    FUZZ_HDF5_MARKS, "/summary", "../", "\033[2J", "\xff\xff\xff\xff\xff\xff\xff\xff", NULL
};
static const char *const marks[] = { FUZZ_HDF5_MARKS, NULL };

static void repair(uint8_t *bytes, size_t size)
{
    hdf5_repair(bytes, size, 0);
}

const struct fuzz_target fuzz_target = { .name = "result",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 1 << 20,
                                         .bound = (size_t)256 << 20,
                                         .repair = repair,
                                         .library = "libhdf5",
                                         .cost = 10 };

static void read_everything(struct store_reader *r)
{
    const struct store_schema *schema = store_reader_schema(r);

    for (int i = 0; i < schema->count; i++) {
        const struct store_dataset *d = &schema->dataset[i];
        void *data;
        int64_t count;
        char first[256];

        if (!fuzz_is_printable(d->path, strlen(d->path)))
            fuzz_fail("a dataset is named '%s'", d->path);
        if (store_read_all(r, d->path, d->type, 64 << 20, &data, &count) == OK)
            mem_free(data);
        if (d->type == STORE_STRING && d->rank == 1 &&
            store_read_string(r, d->path, 0, first, sizeof first) == OK && strchr(first, 033))
            fuzz_fail("%s begins with a control character", d->path);
    }
}

static status report(struct store_reader *r, int files)
{
    struct report_options options = { .images = "tests/image/data", .pictures = 2 };
    struct report_summary summary = { 0 };
    struct text out = { .max = 64 << 20 };
    char folder[96];
    status s = report_show(r, 80, &out);

    if (s == OK)
        s = report_show_worst(r, 3, &(struct report_form){ .columns = 80 }, &out);
    for (char *p = out.data; s == OK && *p; p++)
        if ((unsigned char)*p < 32 && *p != '\n')
            fuzz_fail("the tables carry the control character %d", *p);
    text_free(&out);
    snprintf(folder, sizeof folder, "%s/report", fuzz_folder());
    options.folder = folder;
    return s == OK && files ? report_write(r, &options, &summary) : s;
}

static void verify(const char *path)
{
    struct store_verdict verdict;

    store_verify(path, &verdict);
    if (verdict.soundness == STORE_IS_UNSEEN)
        fuzz_fail("a file that can be read: '%s'", verdict.text);
    if (!fuzz_is_printable(verdict.text, strlen(verdict.text)))
        fuzz_fail("the verdict is '%s'", verdict.text);
}

/* The same bytes as an unfinished result. */
static void verify_part(const uint8_t *bytes, size_t size)
{
    char path[96], part[104];

    snprintf(path, sizeof path, "%s/x.h5", fuzz_folder());
    snprintf(part, sizeof part, "%s.part", path);
    fuzz_write(part, bytes, size);
    verify(path);
    unlink(part);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct store_reader *r = NULL;
    char hex[2 * HASH_SIZE + 1];
    const char *path = fuzz_file(bytes, size);
    uint32_t what = hash_crc32(0, bytes, size) % 8; /* all of it takes 0.1 s */
    status s = store_open_read(path, 0, &r);

    fuzz_verdict(s);
    if (s == OK && what >= 3)
        read_everything(r);
    if (s == OK && what < 2)
        fuzz_verdict(report(r, what == 0));
    store_close_read(r);
    if (s == OK && what == 2)
        fuzz_verdict(digest_file(path, hex));
    if (what == 3)
        verify(path);
    if (what == 4)
        verify_part(bytes, size);
    return 0;
}
