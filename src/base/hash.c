/* src/base/hash.c: SHA-256 and CRC-32. */
#include "base.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <zlib.h>

void hash_start(struct hash *h)
{
    h->context = EVP_MD_CTX_new();
    /* libcrypto's default provider always has SHA-256; without it nothing can be trusted. */
    BUG_IF(!h->context || EVP_DigestInit_ex(h->context, EVP_sha256(), NULL) != 1);
}

void hash_add(struct hash *h, const void *bytes, size_t size)
{
    BUG_IF(EVP_DigestUpdate(h->context, bytes, size) != 1);
}

void hash_result(struct hash *h, uint8_t out[HASH_SIZE])
{
    unsigned size = HASH_SIZE;

    BUG_IF(EVP_DigestFinal_ex(h->context, out, &size) != 1);
    EVP_MD_CTX_free(h->context);
    h->context = NULL;
}

void hash_bytes(const void *bytes, size_t size, uint8_t out[HASH_SIZE])
{
    struct hash h;

    hash_start(&h);
    hash_add(&h, bytes, size);
    hash_result(&h, out);
}

status hash_file(const char *path, uint8_t out[HASH_SIZE])
{
    static char buffer[1 << 16];
    struct hash h;
    uint64_t size;
    ssize_t n;
    int fd;

    TRY(text_open_file(path, &fd, &size));
    hash_start(&h);
    do {
        n = read(fd, buffer, sizeof buffer);
        if (n > 0)
            hash_add(&h, buffer, (size_t)n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    int failed = n < 0 ? errno : 0;
    hash_result(&h, out);
    close(fd);
    return failed ? FAIL(ERR_IO, "%s: %s", path, strerror(failed)) : OK;
}

char *hash_hex(const uint8_t hash[HASH_SIZE], char out[2 * HASH_SIZE + 1])
{
    for (int i = 0; i < HASH_SIZE; i++)
        snprintf(out + 2 * i, 3, "%02x", hash[i]);
    return out;
}

uint32_t hash_crc32(uint32_t crc, const void *bytes, size_t size)
{
    return (uint32_t)crc32_z(crc, bytes, size);
}
