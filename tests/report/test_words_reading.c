/* tests/report/test_words_reading.c: a network whose file runs by both of TFLite's arithmetics, one by one,
 * and a precision that is not TFLite's. */
#include "report/words_reading.h"

#include "report_fixture.h"

static void lay_out(struct fixture *f)
{
    f->plan.provenance = "data.images = /nonexistent\n"
                         "network.resnet18.fp32.engine = tflite-reference\n"
                         "network.resnet18.int8.engine = tflite-xnnpack\n"
                         "network.mobilenet_v2.int8.engine = tflite-reference\n"
                         "network.resnet18.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n"
                         "network.mobilenet_v2.pipeline = resize 9 bilinear crop 8 8 channels 3 pillow 13\n";
}

static status fill(struct store *s)
{
    char hash[2][2 * HASH_SIZE] = { { 'a' }, { 'b' } };

    TRY(store_write(s, "/summary/accuracy/fp32/sha256", 0, 2, hash));
    return store_write(s, "/summary/accuracy/int8/sha256", 0, 2, hash);
}

static void said(struct store_reader *r, int network, int p, const char *expected)
{
    struct text out = { .max = 1 << 12 };

    CHECK_MSG(words_reading(r, network, p, &out) == OK, "%s", error_last()->text);
    CHECK_MSG(strcmp(out.data ? out.data : "", expected) == 0, "[%s]", out.data ? out.data : "");
    text_free(&out);
}

/* The fixture's logits of two precisions are all different, their first classes all 0; 19 of 23 rows are
 * good. */
static void check(struct store_reader *r, const char *folder)
{
    said(r, 0, 1,
         "Arithmetic: TFLite's, as tflite-xnnpack has it. fp32 runs the same file by tflite-reference: 100.0 "
         "% of the "
         "logits are other codes, and 100.0 % of 19 answers are the same.");
    said(r, 1, 1,
         "Arithmetic: TFLite's, as tflite-reference has it. The other of its two arithmetics, "
         "tflite-xnnpack, gives "
         "other codes in 46 to 88 % of the logits of photographs, and the same answer to 96 to 99 % of "
         "these.");
    said(r, 1, 0, "");
}

int main(int argc, char **argv)
{
    return report_fixture_run(argc, argv,
                              &(struct report_test){ "report/words_reading", lay_out, fill, check });
}
