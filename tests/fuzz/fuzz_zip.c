/* torch's zip checkpoints, the entries' check sums set right. Views of the file: what is allocated is the
 * directory (65,536 entries) and the pickle's values (1 M items). */
#include "fuzz.h"
#include "table.h"
#include "weight/weight_parts.h"

static const char *const seeds[] = { "tests/fixtures/tiny/fp32.pth",
                                     "tests/fixtures/tiny/per_channel.pth",
                                     "tests/fixtures/tiny/per_tensor.pth",
                                     "tests/fixtures/tiny/qat_on.pth",
                                     "tests/fuzz/seeds/zip/*",
                                     NULL };
static const char *const words[] = { "PK\1\2",      "PK\3\4",           "PK\5\6", "PK\6\6",
                                     "PK\6\7",      "/data.pkl",        "../",    "archive/data/0",
                                     "/etc/passwd", TABLE_PICKLE_WORDS, NULL };
static const char *const marks[] = { "PK", TABLE_PICKLE_MARKS, NULL };

static uint32_t get(const uint8_t *p, int bytes)
{
    uint32_t v = 0;

    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static void repair(uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at + 46 <= size; at++) {
        uint64_t length, local, data;
        uint32_t crc;

        if (get(bytes + at, 4) != 0x02014b50)
            continue;
        length = get(bytes + at + 24, 4);
        local = get(bytes + at + 42, 4);
        if (local + 30 > size)
            continue;
        data = local + 30 + get(bytes + local + 26, 2) + get(bytes + local + 28, 2);
        if (data > size || length > size - data)
            continue;
        crc = hash_crc32(0, bytes + data, length);
        for (int i = 0; i < 4; i++)
            bytes[at + 16 + (size_t)i] = (uint8_t)(crc >> 8 * i);
    }
}

const struct fuzz_target fuzz_target = { .name = "zip",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 128 << 10,
                                         .bound = (size_t)256 << 20,
                                         .repair = repair };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct tensor_table t = { 0 };

    judge_table(pth_read_zip(bytes, size, NULL, &t), &t);
    return 0;
}
