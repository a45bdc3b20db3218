/* src/image/sniff.c: what a file of a class folder is: by its name where that ends as a JPEG's or PNG's does,
 * else by its first bytes. */
#include <fcntl.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "list.h"

enum { HEAD = 32 };

static int ends_as_picture(const char *name)
{
    static const char *const ending[] = { ".webp", ".bmp", ".dib", ".tif",  ".tiff", ".gif",  ".ppm",
                                          ".pgm",  ".pbm", ".pnm", ".heic", ".heif", ".avif", ".jfif",
                                          ".jpe",  ".jif", ".jfi", ".jp2",  ".j2k",  ".jxl",  ".apng" };
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < COUNT_OF(ending); i++)
        if (!strcasecmp(dot, ending[i]))
            return 1;
    return 0;
}

/* The first bytes of what cannot be decoded here; those of some text files are like a bitmap's or a PPM's. */
static int other_content(const uint8_t *b, size_t n)
{
    static const char *const brand[] = { "heic", "heix", "hevc", "heim", "heis",
                                         "mif1", "msf1", "avif", "avis" };

    if (n >= 12 && !memcmp(b, "RIFF", 4) && !memcmp(b + 8, "WEBP", 4))
        return 1;
    if (n >= 8 && (!memcmp(b, "GIF87a", 6) || !memcmp(b, "GIF89a", 6) || !memcmp(b, "II*\0", 4) ||
                   !memcmp(b, "MM\0*", 4)))
        return 1;
    if (n >= 14 && !memcmp(b, "BM", 2) && !memcmp(b + 6, "\0\0\0\0", 4))
        return 1;
    if (n >= 12 && (!memcmp(b, "\0\0\0\x0cjP  ", 8) || !memcmp(b, "\0\0\0\x0cJXL ", 8)))
        return 1;
    for (size_t i = 0; n >= 12 && !memcmp(b + 4, "ftyp", 4) && i < COUNT_OF(brand); i++)
        if (!memcmp(b + 8, brand[i], 4))
            return 1;
    return 0;
}

enum list_content image_list_content(const char *folder, const char *name)
{
    char path[4096 + LIST_MAX_NAME];
    uint8_t head[HEAD];
    struct stat st;
    ssize_t n = -1;
    int fd;

    if (image_list_is_picture(name))
        return LIST_PICTURE;
    if (text_path(path, sizeof path, folder, name) != OK)
        return ends_as_picture(name) ? LIST_OTHER_PICTURE : LIST_NO_PICTURE;
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe's writer is not waited for */
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        n = read(fd, head, sizeof head);
    if (fd >= 0)
        close(fd);
    if (n > 0 && image_is_decodable(head, (size_t)n))
        return LIST_PICTURE;
    return ends_as_picture(name) || (n > 0 && other_content(head, (size_t)n)) ? LIST_OTHER_PICTURE
                                                                              : LIST_NO_PICTURE;
}
