/* Files as they are and as gzip, members joined, truncated and damaged. */
#include "check.h"
#include "train/train_parts.h"
#include "files.h"

static char name[64];

static void expect(status wanted, const char *says, size_t size)
{
    uint8_t *bytes = NULL;
    size_t got = 7, wrong = 0;
    status s = unpack_file(name, &bytes, &got);

    CHECK(s == wanted);
    if (s == OK)
        CHECK(got == size);
    else
        CHECK_MSG(strstr(error_last()->text, says) && !bytes && got == 0, "%s", error_last()->text);
    for (size_t i = 0; s == OK && i < got; i++)
        wrong += bytes[i] != (uint8_t)(i % 251 * 7);
    CHECK(wrong == 0);
    mem_free(bytes);
}

int main(void)
{
    enum { SIZE = 251 * 12000 }; /* larger than the first room */
    static uint8_t bytes[SIZE], packed[1 << 16];
    size_t size;
    FILE *f;

    snprintf(name, sizeof name, "/tmp/quantcam-test-unpack-%d", (int)getpid());
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)(i % 251 * 7);
    write_bytes(name, bytes, 1000);
    expect(OK, "", 1000);
    write_gzip(name, "wb", bytes, SIZE);
    expect(OK, "", SIZE);
    /* Two members, as of files joined by cat; SIZE is whole periods. */
    write_gzip(name, "ab", bytes, 251);
    expect(OK, "", SIZE + 251);

    f = fopen(name, "rb");
    size = f ? fread(packed, 1, sizeof packed, f) : 0;
    CHECK(size > 100 && size < sizeof packed);
    if (f)
        fclose(f);
    write_bytes(name, packed, size / 2);
    expect(ERR_FORMAT, "truncated", 0);
    write_bytes(name, packed, 2);
    expect(ERR_FORMAT, "truncated", 0);
    memset(packed + 20, 255, 30);
    write_bytes(name, packed, size);
    expect(ERR_FORMAT, "damaged", 0);
    unlink(name);
    expect(ERR_MISSING, "quantcam-test-unpack", 0);
    CHECK(mem_live() == 0);
    return check_result("train_unpack");
}
