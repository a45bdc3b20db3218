/* image_decode's JPEG. A picture of 64 Mpixel takes 192 MiB, a progressive one of four components 512 MiB of
 * coefficients beside it. */
#include "fuzz.h"
#include "image.h"

static const char *const seeds[] = { "tests/image/data/*.jpg", NULL };
static const char *const words[] = { "\xff\xd8", "\xff\xd9",     "\xff\xda", "\xff\xc0", "\xff\xc1",
                                     "\xff\xc2", "\xff\xc4",     "\xff\xc9", "\xff\xca", "\xff\xcc",
                                     "\xff\xdb", "\xff\xdd",     "\xff\xd0", "\xff\xee", "Adobe",
                                     "\xff\xe0", "\xff\xff\xff", NULL };
static const char *const marks[] = { "\xff", NULL };
const struct fuzz_target fuzz_target = { .name = "jpeg",
                                         .seeds = seeds,
                                         .words = words,
                                         .marks = marks,
                                         .most = 64 << 10,
                                         .bound = (size_t)800 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    static const struct image_pipeline p = { .resize = 64,
                                             .height = 56,
                                             .width = 56,
                                             .channels = 3,
                                             .filter = IMAGE_BICUBIC,
                                             .order = IMAGE_ORDER_PILLOW13 };
    uint8_t pixels[56 * 56 * 3];
    struct image im;
    status s = image_decode("case", bytes, size, &im);

    fuzz_verdict(s);
    if ((s == OK) != (im.rgb != NULL))
        fuzz_fail("status %s, but the picture is %s", error_name(s), im.rgb ? "there" : "absent");
    if (s == OK && image_preprocess(&im, &p, pixels) != OK)
        fuzz_fail("%s", error_last()->text);
    image_free(&im);
    return 0;
}
