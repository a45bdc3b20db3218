#include "base.h"
#include "check.h"

#include <string.h>

int main(void)
{
    uint8_t h[HASH_SIZE];
    char hex[2 * HASH_SIZE + 1];
    struct hash parts;

    /* FIPS 180-4's examples and the CRC-32 check value. */
    hash_bytes("abc", 3, h);
    CHECK(strcmp(hash_hex(h, hex), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0);
    hash_bytes("", 0, h);
    CHECK(strcmp(hash_hex(h, hex), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == 0);
    hash_start(&parts);
    hash_add(&parts, "a", 1);
    hash_add(&parts, "bc", 2);
    hash_result(&parts, h);
    CHECK(strcmp(hash_hex(h, hex), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") == 0);
    CHECK(hash_crc32(0, "123456789", 9) == 0xCBF43926u);
    CHECK(hash_crc32(hash_crc32(0, "1234", 4), "56789", 5) == 0xCBF43926u);
    CHECK(hash_file("/nonexistent/file", h) == ERR_MISSING);
    CHECK(hash_file("LICENSE", h) == OK);
    return check_result("test_hash");
}
