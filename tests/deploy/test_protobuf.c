#include "check.h"
#include "deploy/protobuf.h"
#include "wire.h"

/* What was seen, as text: "1:v150 2:b3 ". */
struct seen {
    struct text text;
    const uint8_t *bytes;
};

static status note(void *user, const struct protobuf_field *f)
{
    static const char letters[] = "veb..f";
    struct seen *s = user;

    if (f->type == PROTOBUF_BYTES && f->value > 0)
        s->bytes = f->bytes;
    return text_add(&s->text, "%u:%c%llu@%llu ", f->number, letters[f->type], (unsigned long long)f->value,
                    (unsigned long long)f->offset);
}

static status go_through(const uint8_t *bytes, size_t size, struct seen *s)
{
    *s = (struct seen){ .text = { .max = 1000 } };
    return protobuf_visit((struct protobuf){ .bytes = bytes, .size = size }, note, s);
}

static void check_seen(const uint8_t *bytes, size_t size, const char *expected)
{
    struct seen s;

    CHECK_MSG(go_through(bytes, size, &s) == OK, "%s", error_last()->text);
    CHECK_MSG(strcmp(s.text.data ? s.text.data : "", expected) == 0, "%s", s.text.data);
    text_free(&s.text);
}

static void check_refused(const uint8_t *bytes, size_t size, const char *words)
{
    struct seen s;

    CHECK(go_through(bytes, size, &s) == ERR_FORMAT);
    CHECK_MSG(strstr(error_last()->text, words), "%s", error_last()->text);
    text_free(&s.text);
}

/* 150 is 96 01: protobuf's own example. */
static void test_fields(void)
{
    check_seen((const uint8_t *)"", 0, "");
    check_seen((const uint8_t[]){ 0x08, 0x96, 0x01 }, 3, "1:v150@1 ");
    check_seen((const uint8_t[]){ 0x12, 3, 'a', 'b', 'c', 0x1d, 1, 2, 0, 0 }, 10, "2:b3@2 3:f513@6 ");
    check_seen((const uint8_t[]){ 0x21, 1, 0, 0, 0, 0, 0, 0, 1 }, 9, "4:e72057594037927937@1 ");
    check_seen((const uint8_t[]){ 0xfa, 0x01, 0 }, 3, "31:b0@3 ");
    check_seen((const uint8_t[]){ 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 11,
               "1:v18446744073709551615@1 ");
}

static void test_refused(void)
{
    check_refused((const uint8_t[]){ 0x80 }, 1, "byte 0: a number is cut off");
    check_refused((const uint8_t[]){ 8, 0x96 }, 2, "byte 1: a number is cut off");
    check_refused((const uint8_t[]){ 0x0d, 1, 2, 3 }, 4, "byte 1: a number of 4 bytes is cut off");
    check_refused((const uint8_t[]){ 0x09, 1, 2, 3 }, 4, "a number of 8 bytes is cut off");
    check_refused((const uint8_t[]){ 0x12, 3, 'a', 'b' }, 4, "3 bytes, and 2 are left");
    check_refused((const uint8_t[]){ 0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1 }, 11,
                  "18446744073709551615 bytes, and 0 are left");
    check_refused((const uint8_t[]){ 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2 }, 11,
                  "a number above 64 bits");
    check_refused((const uint8_t[]){ 0x00, 1 }, 2, "no field has the number 0");
    check_refused((const uint8_t[]){ 0x0b }, 1, "byte 0: a field of wire type 3");
    check_refused((const uint8_t[]){ 0x0f }, 1, "a field of wire type 7");
}

struct sum {
    uint64_t all;
    int count;
};

static status add(void *user, uint64_t bits)
{
    struct sum *s = user;

    s->all += bits;
    return s->count++ < 4 ? OK : FAIL(ERR_RANGE, "too many");
}

static status add_varints(void *user, const struct protobuf_field *f)
{
    return protobuf_numbers(f, PROTOBUF_VARINT, add, user);
}

static status add_fours(void *user, const struct protobuf_field *f)
{
    return protobuf_numbers(f, PROTOBUF_FOUR, add, user);
}

/* Packed, one by one, and both in one message. */
static void test_numbers(void)
{
    static const uint8_t varints[] = { 0x0a, 3, 1, 0x96, 1, 8, 7 },
                         fours[] = { 0x0a, 4, 1, 0, 0, 0, 0x0d, 2, 0, 0, 0 },
                         odd[] = { 0x0a, 5, 1, 0, 0, 0, 9 }, many[] = { 0x0a, 6, 1, 1, 1, 1, 1, 1 };
    struct sum s = { 0 };

    CHECK(protobuf_visit((struct protobuf){ .bytes = varints, .size = sizeof varints }, add_varints, &s) ==
          OK);
    CHECK(s.all == 158 && s.count == 3);
    s = (struct sum){ 0 };
    CHECK(protobuf_visit((struct protobuf){ .bytes = fours, .size = sizeof fours }, add_fours, &s) == OK);
    CHECK(s.all == 3 && s.count == 2);
    CHECK(protobuf_visit((struct protobuf){ .bytes = varints, .size = sizeof varints }, add_fours, &s) ==
          ERR_FORMAT);
    CHECK(protobuf_visit((struct protobuf){ .bytes = odd, .size = sizeof odd }, add_fours, &s) == ERR_FORMAT);
    s = (struct sum){ 0 };
    CHECK(protobuf_visit((struct protobuf){ .bytes = many, .size = sizeof many }, add_varints, &s) ==
          ERR_RANGE);
}

static status open_inner(void *user, const struct protobuf_field *f)
{
    return f->number == 1 ? protobuf_open(f, note, user) : OK;
}

/* Offsets are those of the outermost message; a message ends where its length says. */
static void test_messages(void)
{
    struct wire inner = { 0 }, outer = { 0 };
    struct seen s = { .text = { .max = 1000 } };

    wire_whole(&inner, 5, 1);
    wire_text(&inner, 6, "xyz");
    wire_message(&outer, 1, &inner);
    wire_whole(&outer, 2, 9);
    CHECK(protobuf_visit((struct protobuf){ .bytes = outer.bytes, .size = outer.size }, open_inner, &s) ==
          OK);
    CHECK_MSG(strcmp(s.text.data, "5:v1@3 6:b3@6 ") == 0, "%s", s.text.data);
    CHECK(memcmp(s.bytes, "xyz", 3) == 0);
    text_free(&s.text);
    outer.bytes[0] = 8; /* a number, not a message */
    CHECK(protobuf_visit((struct protobuf){ .bytes = outer.bytes, .size = 2 }, open_inner, &s) == ERR_FORMAT);
    CHECK(strstr(error_last()->text, "byte 1: field 1 is of wire type 0, not 2"));
}

static void test_one_number(void)
{
    struct protobuf_field whole = { .number = 3, .type = PROTOBUF_VARINT, .value = UINT64_MAX },
                          four = { .number = 2, .type = PROTOBUF_FOUR, .value = 0x3fc00000 };
    int64_t n;
    float r;

    CHECK(protobuf_whole(&whole, &n) == OK && n == -1);
    CHECK(protobuf_real(&four, &r) == OK && r == 1.5f);
    CHECK(protobuf_whole(&four, &n) == ERR_FORMAT && protobuf_real(&whole, &r) == ERR_FORMAT);
}

int main(void)
{
    test_fields();
    test_refused();
    test_numbers();
    test_messages();
    test_one_number();
    CHECK(mem_live() == 0);
    return check_result("deploy/protobuf");
}
