/* tests/cam/fixtures.h: records of tests/cam/data/eigencam.bin (made by tests/fixtures/make_cam_fixtures.py).
 */
#ifndef QUANTCAM_TEST_CAM_FIXTURES_H
#define QUANTCAM_TEST_CAM_FIXTURES_H

#include <math.h>
#include <string.h>

#include "cam.h"
#include "check.h"

struct cam_fixture {
    int h, w, channels, out_h, out_w;
    float *act;        /* (h * w, channels) and room behind */
    float *projection; /* (h * w) in the raw sign */
    float sigma_ratio;
    float *map; /* (out_h, out_w) */
};

static inline void cam_fixture_free(struct cam_fixture *x)
{
    mem_free(x->act);
    mem_free(x->projection);
    mem_free(x->map);
    *x = (struct cam_fixture){ 0 };
}

/* The next record; 0 at the end. */
static inline int cam_fixture_next(FILE **file, struct cam_fixture *x)
{
    int32_t head[5];
    size_t pixels, count, out;
    uint8_t *codes;
    int good;

    if (!*file)
        *file = fopen("tests/cam/data/eigencam.bin", "rb");
    CHECK(*file);
    *x = (struct cam_fixture){ 0 };
    if (!*file)
        return 0;
    if (fread(head, sizeof head, 1, *file) != 1) {
        fclose(*file);
        *file = NULL;
        return 0;
    }
    *x = (struct cam_fixture){
        .h = head[0], .w = head[1], .channels = head[2], .out_h = head[3], .out_w = head[4]
    };
    pixels = (size_t)(x->h * x->w);
    count = pixels * (size_t)x->channels;
    out = (size_t)(x->out_h * x->out_w);
    codes = mem_alloc(count, 1);
    x->act = mem_alloc(count + 16, sizeof(float));
    x->projection = mem_alloc(pixels, sizeof(float));
    x->map = mem_alloc(out, sizeof(float));
    good = fread(codes, 1, count, *file) == count &&
           fread(x->projection, sizeof(float), pixels, *file) == pixels &&
           fread(&x->sigma_ratio, sizeof(float), 1, *file) == 1 &&
           fread(x->map, sizeof(float), out, *file) == out;
    CHECK(good);
    for (size_t i = 0; i < count; i++)
        x->act[i] = codes[i];
    mem_free(codes);
    return good;
}

/* max |sign * a - b| / max |b| */
static inline double cam_distance(const float *a, int sign, const float *b, int count)
{
    double far = 0.0, largest = 0.0;

    for (int i = 0; i < count; i++) {
        far = fmax(far, fabs((double)sign * a[i] - b[i]));
        largest = fmax(largest, fabs(b[i]));
    }
    return largest > 0.0 ? far / largest : far;
}

#endif
