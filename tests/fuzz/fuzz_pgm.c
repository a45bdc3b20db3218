/* image_decode_pgm: headers, numbers in text, bytes. A map has at most as many values as the file has bytes,
 * so that a case allocates little. */
#include "fuzz.h"
#include "image/codec.h"

static const char *const seeds[] = { "tests/fuzz/seeds/pgm/*", NULL };
static const char *const words[] = { "P2",      "P5",    "#",   "\n",          " 65535 ",
                                     " 65536 ", " 255 ", " 0 ", "99999999999", NULL };

const struct fuzz_target fuzz_target = {
    .name = "pgm", .seeds = seeds, .words = words, .most = 4 << 10, .bound = (size_t)1 << 20
};

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct image_grey g = { 0 };
    status s;

    if (!image_is_pgm(bytes, size))
        return 0;
    s = image_decode_pgm("case", bytes, size, &g);
    fuzz_verdict(s);
    if ((s == OK) != (g.value != NULL))
        fuzz_fail("status %s, but the map is %s", error_name(s), g.value ? "there" : "absent");
    for (int i = 0; g.value && i < g.width * g.height; i++)
        if (!(g.value[i] >= 0 && g.value[i] <= (float)g.most))
            fuzz_fail("a value %g outside of 0 .. %d", g.value[i], g.most);
    image_grey_free(&g);
    return 0;
}
