/* tests/fuzz/mutate.c: input number i of a target, the same on every machine: a seed, changed 1 to 8 times.
 */
#include "driver.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

struct input {
    const struct fuzz_seed *seed; /* the one it was made from, for its marks */
    uint8_t *bytes;
    size_t size, most;
    struct random r;
};

static uint32_t below(struct input *in, size_t bound)
{
    return random_below(&in->r, (uint32_t)(bound < 1 ? 1 : bound));
}

/* Half of all places lie shortly after a mark, or at either end, where headers and directories are. */
static size_t place(struct input *in)
{
    size_t at = below(in, in->size);

    if (in->seed->marks > 0 && below(in, 4) > 0)
        at = in->seed->mark[below(in, (size_t)in->seed->marks)] + below(in, 96);
    else if (below(in, 2))
        at = below(in, 2) ? below(in, 512) : in->size - 1 - below(in, 512);
    return at < in->size ? at : in->size - 1;
}

/* Makes room for `count` bytes at `at`; returns how many there was room for. */
static size_t open_gap(struct input *in, size_t at, size_t count)
{
    if (count > in->most - in->size)
        count = in->most - in->size;
    memmove(in->bytes + at + count, in->bytes + at, in->size - at);
    in->size += count;
    return count;
}

static void close_gap(struct input *in, size_t at, size_t count)
{
    if (count > in->size - at)
        count = in->size - at;
    memmove(in->bytes + at, in->bytes + at + count, in->size - at - count);
    in->size -= count;
}

static void flip_bit(struct input *in)
{
    in->bytes[place(in)] ^= (uint8_t)(1u << below(in, 8));
}

static void change_byte(struct input *in)
{
    in->bytes[place(in)] = (uint8_t)random_next(&in->r);
}

/* Counts and sizes: 0, 1, all ones, the ends of the signed range, near the size, in 1 to 8 bytes either way
 * round. */
static void write_number(struct input *in)
{
    static const uint64_t numbers[] = { 0,
                                        1,
                                        2,
                                        3,
                                        4,
                                        7,
                                        16,
                                        64,
                                        100,
                                        255,
                                        256,
                                        512,
                                        1000,
                                        1024,
                                        4096,
                                        32767,
                                        32768,
                                        65535,
                                        65536,
                                        100000,
                                        999999,
                                        1u << 20,
                                        1u << 24,
                                        0x7fffffff,
                                        0x80000000,
                                        0xffffffff,
                                        UINT64_C(1) << 32,
                                        UINT64_C(1) << 40,
                                        UINT64_MAX,
                                        UINT64_C(1) << 63,
                                        INT64_MAX,
                                        UINT64_MAX - 7 };
    uint64_t v = numbers[below(in, COUNT_OF(numbers))];
    size_t at = place(in), width = (size_t)1 << below(in, 4);
    int big_endian = (int)below(in, 2);

    if (below(in, 4) == 0)
        v = in->size + below(in, 16) - 8;
    if (below(in, 8) == 0)
        v = (uint64_t)0 - below(in, 16);
    for (size_t i = 0; i < width && at + i < in->size; i++)
        in->bytes[at + i] = (uint8_t)(v >> 8 * (big_endian ? width - 1 - i : i));
}

static void cut_end(struct input *in)
{
    in->size = below(in, 2) ? below(in, in->size) : in->size - below(in, in->size < 64 ? in->size : 64);
}

static void take_out(struct input *in)
{
    close_gap(in, place(in), 1 + below(in, below(in, 2) ? 8 : in->size));
}

static void repeat_part(struct input *in)
{
    uint8_t part[256];
    size_t from = place(in), count = 1 + below(in, sizeof part),
           times = 1 + below(in, below(in, 8) ? 4 : 5000);

    if (count > in->size - from)
        count = in->size - from;
    memcpy(part, in->bytes + from, count);
    for (size_t i = 0; i < times && in->size + count <= in->most; i++) {
        open_gap(in, from, count);
        memcpy(in->bytes + from, part, count);
    }
}

static void move_part(struct input *in)
{
    uint8_t part[64];
    size_t from = place(in), to = place(in), count = 1 + below(in, sizeof part);

    if (count > in->size - from)
        count = in->size - from;
    if (count > in->size - to)
        count = in->size - to;
    memcpy(part, in->bytes + from, count);
    memcpy(in->bytes + to, part, count);
}

static void put_word(struct input *in)
{
    size_t at = place(in), n = 0, count;

    while (fuzz_target.words && fuzz_target.words[n])
        n++;
    if (n == 0) {
        change_byte(in);
        return;
    }
    const char *word = fuzz_target.words[below(in, n)];
    count = strlen(word);
    if (below(in, 2))
        count = open_gap(in, at, count);
    if (count > in->size - at)
        count = in->size - at;
    memcpy(in->bytes + at, word, count);
}

/* A run of digits somewhere becomes another number. */
static void change_digits(struct input *in)
{
    static const char *const numbers[] = { "0",
                                           "-1",
                                           "1",
                                           "2147483647",
                                           "2147483648",
                                           "65536",
                                           "1e999",
                                           "4294967296",
                                           "9223372036854775807",
                                           "0.5",
                                           "nan",
                                           "00",
                                           "99999999999999999999" };
    const char *number = numbers[below(in, COUNT_OF(numbers))];
    size_t at = place(in), count = 0;

    while (at < in->size && !isdigit(in->bytes[at]))
        at++;
    if (at == in->size) {
        flip_bit(in);
        return;
    }
    while (at + count < in->size && isdigit(in->bytes[at + count]))
        count++;
    close_gap(in, at, count);
    count = open_gap(in, at, strlen(number));
    memcpy(in->bytes + at, number, count);
}

/* The tail of another seed in place of this one's. */
static void splice(struct input *in, const struct fuzz_seed *seed, int seeds)
{
    const struct fuzz_seed *other = &seed[below(in, (size_t)seeds)];
    size_t at = place(in), from = below(in, other->size + 1), count = other->size - from;

    if (count > in->most - at)
        count = in->most - at;
    memcpy(in->bytes + at, other->bytes + from, count);
    in->size = at + count;
}

static void change(struct input *in, const struct fuzz_seed *seed, int seeds)
{
    static void (*const how[])(struct input *) = { flip_bit,     flip_bit,     change_byte, write_number,
                                                   write_number, write_number, cut_end,     take_out,
                                                   repeat_part,  move_part,    put_word,    put_word,
                                                   change_digits };
    uint32_t which = below(in, COUNT_OF(how) + 1);

    if (in->size == 0)
        in->bytes[in->size++] = (uint8_t)random_next(&in->r);
    else if (which == COUNT_OF(how))
        splice(in, seed, seeds);
    else
        how[which](in);
}

size_t fuzz_make(const struct fuzz_seed *seed, int seeds, uint64_t random_seed, int64_t i, uint8_t *out)
{
    struct input in = { .bytes = out,
                        .most = fuzz_target.most,
                        .r = { .seed = random_seed, .stream = (uint64_t)i } };
    uint32_t changes;

    in.seed = &seed[i < seeds ? (size_t)i : below(&in, (size_t)seeds)];
    in.size = in.seed->size;
    memcpy(out, in.seed->bytes, in.size);
    if (i < seeds)
        return in.size;
    changes = 1 + below(&in, below(&in, 2) ? 2 : 8);
    for (uint32_t k = 0; k < changes; k++)
        change(&in, seed, seeds);
    if (fuzz_target.repair && below(&in, 8) > 0)
        fuzz_target.repair(out, in.size);
    return in.size;
}
