/* tests/fuzz/fuzz.c: what targets call. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver.h"

struct fuzz_count *fuzz_count;

void fuzz_fail(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    abort();
}

int fuzz_is_printable(const char *text, size_t size)
{
    const unsigned char *p = (const unsigned char *)text;

    for (size_t i = 0; i < size; i++)
        if (p[i] < 0x20 || p[i] == 0x7f || (p[i] == 0xc2 && i + 1 < size && p[i + 1] < 0xa0))
            return 0;
    return text_is_utf8(text, size);
}

void fuzz_verdict(status s)
{
    const struct error_record *e = error_last();
    size_t size = strnlen(e->text, sizeof e->text);

    if (fuzz_count)
        (*(s == OK ? &fuzz_count->accepted : &fuzz_count->refused))++;
    if (s == OK)
        return;
    if ((unsigned)s > ERR_STOPPED || e->status != (int)s)
        fuzz_fail("status %d, but the record says %d: %s", (int)s, e->status, e->text);
    if (size == 0 || size == sizeof e->text)
        fuzz_fail("status %s without a sentence", error_name(s));
    if (!fuzz_is_printable(e->text, size))
        fuzz_fail("a sentence that is no clean line: %s", e->text);
}

const char *fuzz_folder(void)
{
    static char folder[64];
    const char *parent = getenv("TMPDIR");

    if (folder[0])
        return folder;
    snprintf(folder, sizeof folder, "%.40s/quantcam-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm"
             : parent                      ? parent
                                           : "/tmp");
    if (!mkdtemp(folder))
        fuzz_fail("the folder %s cannot be made", folder);
    return folder;
}

void fuzz_write(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(bytes, 1, size, f) != size || fclose(f) != 0)
        fuzz_fail("%s cannot be written", path);
}

const char *fuzz_file(const uint8_t *bytes, size_t size)
{
    static char path[80];

    snprintf(path, sizeof path, "%s/case", fuzz_folder());
    fuzz_write(path, bytes, size);
    return path;
}
