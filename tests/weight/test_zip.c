#include "check.h"
#include "weight/weight_parts.h"

#include <string.h>

/* An archive written by hand: every field can be made wrong. */
struct file {
    uint8_t bytes[4096];
    uint32_t size;
};
struct member {
    const char *name, *data;
    int method, flags;
    uint32_t wrong_crc, offset;
};

static void put(struct file *f, int bytes, uint64_t value)
{
    for (int i = 0; i < bytes; i++)
        f->bytes[f->size++] = (uint8_t)(value >> (8 * i));
}

static void put_text(struct file *f, const char *text)
{
    memcpy(f->bytes + f->size, text, strlen(text));
    f->size += (uint32_t)strlen(text);
}

/* As torch writes: sizes and CRC are only in the directory, an extra field pads the data. */
static void put_local(struct file *f, struct member *m)
{
    m->offset = f->size;
    put(f, 4, 0x04034b50);
    put(f, 2, 0);
    put(f, 2, 0x0808);
    put(f, 2, (uint64_t)m->method);
    for (int i = 0; i < 16; i++)
        put(f, 1, 0);
    put(f, 2, strlen(m->name));
    put(f, 2, 5);
    put_text(f, m->name);
    put(f, 2, 'F' | 'B' << 8);
    put(f, 2, 1);
    put(f, 1, 'Z');
    put_text(f, m->data);
}

static void put_central(struct file *f, const struct member *m, int wide)
{
    uint64_t size = strlen(m->data);

    put(f, 4, 0x02014b50);
    put(f, 4, 0);
    put(f, 2, (uint64_t)m->flags);
    put(f, 2, (uint64_t)m->method);
    put(f, 4, 0);
    put(f, 4, hash_crc32(0, m->data, size) ^ m->wrong_crc);
    put(f, 4, wide ? 0xFFFFFFFF : size);
    put(f, 4, wide ? 0xFFFFFFFF : size);
    put(f, 2, strlen(m->name));
    put(f, 2, wide ? 28 : 0);
    for (int i = 0; i < 10; i++)
        put(f, 1, 0);
    put(f, 4, wide ? 0xFFFFFFFF : m->offset);
    put_text(f, m->name);
    if (wide) {
        put(f, 2, 1);
        put(f, 2, 24);
        put(f, 8, size);
        put(f, 8, size);
        put(f, 8, m->offset);
    }
}

static void put_archive(struct file *f, struct member *m, int members, int wide)
{
    uint32_t directory, end;

    f->size = 0;
    for (int i = 0; i < members; i++)
        put_local(f, &m[i]);
    directory = f->size;
    for (int i = 0; i < members; i++)
        put_central(f, &m[i], wide);
    end = f->size;
    if (wide) {
        put(f, 4, 0x06064b50);
        put(f, 8, 44);
        put(f, 4, 0);
        put(f, 8, 0);
        put(f, 8, (uint64_t)members);
        put(f, 8, (uint64_t)members);
        put(f, 8, end - directory);
        put(f, 8, directory);
        put(f, 4, 0x07064b50);
        put(f, 4, 0);
        put(f, 8, end);
        put(f, 4, 1);
    }
    put(f, 4, 0x06054b50);
    put(f, 4, 0);
    put(f, 2, wide ? 0xFFFF : (uint64_t)members);
    put(f, 2, wide ? 0xFFFF : (uint64_t)members);
    put(f, 4, wide ? 0xFFFFFFFF : end - directory);
    put(f, 4, wide ? 0xFFFFFFFF : directory);
    put(f, 2, 0);
}

static struct file f;

static void test_good(int wide)
{
    struct member m[] = { { .name = "net/data.pkl", .data = "pickle" },
                          { .name = "net/data/0", .data = "zero" },
                          { .name = "net/data/10", .data = "" } };
    struct zip z;
    struct zip_entry *e;

    put_archive(&f, m, 3, wide);
    CHECK_MSG(zip_open(f.bytes, f.size, &z) == OK, "%s", error_last()->text);
    CHECK(z.count == 3);
    e = zip_find(&z, "net/data/0");
    CHECK(e && e->size == 4 && memcmp(e->data, "zero", 4) == 0 && zip_check(e) == OK && e->checked);
    e = zip_find(&z, "net/data/10");
    CHECK(e && e->size == 0 && zip_check(e) == OK);
    CHECK(!zip_find(&z, "net/data/1") && !zip_find(&z, "") && !zip_find(&z, "net/data/100"));
    zip_close(&z);
    zip_close(&z);
}

static void check_refused(struct member *m, int members, const char *words)
{
    struct zip z;

    put_archive(&f, m, members, 0);
    CHECK_MSG(zip_open(f.bytes, f.size, &z) == ERR_FORMAT && strstr(error_last()->text, words),
              "'%s' lacks '%s'", error_last()->text, words);
    CHECK(z.entry == NULL);
}

/* 100 entries, all over the same 1,000 bytes. */
static void check_overlapping(const char *path)
{
    struct zip z;
    char *bytes = NULL;
    size_t size;

    CHECK(text_read_file(path, 1 << 20, &bytes, &size) == OK);
    CHECK_MSG(zip_open((const uint8_t *)bytes, size, &z) == ERR_FORMAT &&
                  strstr(error_last()->text, "lie over one another"),
              "%s", error_last()->text);
    mem_free(bytes);
}

static void test_refusals(void)
{
    struct member plain = { .name = "a", .data = "x" };
    struct zip z;

    for (int i = 0; i < 2; i++) { /* what is compressed or encrypted is in the way only where it is needed */
        struct member packed = { .name = "b", .data = "x", .method = i ? 0 : 8, .flags = i };
        put_archive(&f, (struct member[]){ plain, packed }, 2, 0);
        CHECK(zip_open(f.bytes, f.size, &z) == OK && z.count == 2 && zip_check(&z.entry[0]) == OK);
        CHECK(z.entry[1].packed && zip_check(&z.entry[1]) == ERR_FORMAT);
        CHECK(strstr(error_last()->text, "entry b is compressed or encrypted") != NULL);
        zip_close(&z);
    }
    check_refused((struct member[]){ plain, plain }, 2, "two entries are named a");
    check_overlapping("tests/fuzz/seeds/zip/overlapping");

    put_archive(&f, (struct member[]){ { .name = "a", .data = "x", .wrong_crc = 1 } }, 1, 0);
    CHECK(zip_open(f.bytes, f.size, &z) == OK);
    CHECK(zip_check(&z.entry[0]) == ERR_FORMAT && strstr(error_last()->text, "entry a has a wrong CRC-32"));
    zip_close(&z);
    uint32_t none = hash_crc32(0, "x", 1); /* wrong by itself: a stored 0, which says nothing */
    put_archive(&f, (struct member[]){ { .name = "a", .data = "x", .wrong_crc = none } }, 1, 0);
    CHECK(zip_open(f.bytes, f.size, &z) == OK && z.entry[0].crc == 0 && zip_check(&z.entry[0]) == OK);
    zip_close(&z);
    CHECK(zip_open((const uint8_t *)"PK\3\4", 4, &z) == ERR_FORMAT &&
          strstr(error_last()->text, "truncated"));
    CHECK(zip_open(f.bytes, 0, &z) == ERR_FORMAT);
}

/* Every prefix is refused; with any byte set to 0xFF nothing is read outside the file (the sanitizers watch).
 */
static void test_damage(int wide)
{
    struct member m[] = { { .name = "net/data.pkl", .data = "pickle" },
                          { .name = "net/data/0", .data = "zero" } };
    struct zip z;

    put_archive(&f, m, 2, wide);
    for (uint32_t size = 0; size < f.size; size++) {
        uint8_t *exact = mem_alloc(size, 1);
        memcpy(exact, f.bytes, size);
        CHECK_MSG(zip_open(exact, size, &z) == ERR_FORMAT, "%u bytes", size);
        mem_free(exact);
    }
    for (uint32_t at = 0; at < f.size; at++) {
        uint8_t old = f.bytes[at];
        f.bytes[at] = 0xFF;
        if (zip_open(f.bytes, f.size, &z) == OK) {
            for (int i = 0; i < z.count; i++)
                CHECK(zip_check(&z.entry[i]) == OK || z.entry[i].checked == 0);
            zip_close(&z);
        }
        f.bytes[at] = old;
    }
}

int main(void)
{
    for (int wide = 0; wide < 2; wide++) {
        test_good(wide);
        test_damage(wide);
    }
    test_refusals();
    CHECK(mem_live() == 0);
    return check_result("weight/zip");
}
