/* Names of classes: a line a class, LOC_synset_mapping.txt, JSON. Allocated: the names, twice where they are
 * JSON, and cJSON's tree. */
#include <string.h>

#include "fuzz.h"
#include "image.h"

static const char *const seeds[] = { "tests/fuzz/seeds/names/*", "tests/fuzz/seeds/synsets/*", NULL };
static const char *const words[] = { "n01440764 ",
                                     "\"0\": ",
                                     "[\"n01440764\", \"tench\"]",
                                     "\\u0000",
                                     "\\u001b[2J",
                                     "\\ud800",
                                     "{",
                                     "}",
                                     "[",
                                     "]",
                                     ",",
                                     "\"",
                                     "\n",
                                     "0: ",
                                     "1 ",
                                     "id2label",
                                     "\xef\xbb\xbf",
                                     "\xff",
                                     "\033[2J",
                                     "1e9",
                                     "null",
                                     NULL };
const struct fuzz_target fuzz_target = {
    .name = "names", .seeds = seeds, .words = words, .most = 64 << 10, .bound = (size_t)64 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_names n;
    status s = image_names_read(fuzz_file(bytes, size), &n);

    fuzz_verdict(s);
    if (s == OK && n.count < 1)
        fuzz_fail("%d names", n.count);
    for (int i = 0; s == OK && i < n.count; i++)
        if (!fuzz_is_printable(n.line[i].name, strlen(n.line[i].name)) ||
            (n.line[i].wnid[0] && strlen(n.line[i].wnid) != 9))
            fuzz_fail("class %d: %s, %s", i, n.line[i].name, n.line[i].wnid);
    image_names_free(&n);
    return 0;
}
