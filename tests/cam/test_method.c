#include <math.h>
#include <string.h>

#include "cam.h"
#include "check.h"

enum { MAX_PIXELS = 64, MAX_OUT = 1024 };

struct record {
    int32_t h, w, channels, hidden, classes, class_index, out_h, out_w;
};

static float *read_floats(FILE *f, size_t count)
{
    float *out = mem_alloc(count + 16, sizeof *out);

    CHECK(fread(out, sizeof *out, count, f) == count);
    return out;
}

static double distance(const float *a, const float *b, int count)
{
    double far = 0.0, largest = 0.0;

    for (int i = 0; i < count; i++) {
        far = fmax(far, fabs((double)a[i] - b[i]));
        largest = fmax(largest, fabs(b[i]));
    }
    return far / (largest > 0.0 ? largest : 1.0);
}

static void one_method(struct cam_workspace *w, enum cam_method m, const struct record *r, FILE *f)
{
    float values[MAX_PIXELS], map[MAX_OUT];
    struct cam_projection p = { .values = values };
    int pixels = r->h * r->w, count = r->out_h * r->out_w;
    float *expected = read_floats(f, (size_t)pixels), *expected_map = read_floats(f, (size_t)count);

    CHECK(cam_compute(w, m, CAM_ABSMAX, 1, &p) == OK);
    CHECK(p.raw_sign == 1 || (m == CAM_EIGENGRAD && p.raw_sign == -1));
    CHECK(!p.constant);
    for (int i = 0; i < pixels; i++)
        values[i] *= (float)p.raw_sign;
    CHECK_MSG(distance(values, expected, pixels) < 1e-5, "%s of %d channels, %d between: %g",
              cam_method_name(m), r->channels, r->hidden, distance(values, expected, pixels));
    cam_finish(values, r->h, r->w, r->out_h, r->out_w, map);
    CHECK_MSG(distance(map, expected_map, count) < 1e-4, "map of %s: %g", cam_method_name(m),
              distance(map, expected_map, count));
    mem_free(expected);
    mem_free(expected_map);
}

/* pytorch-grad-cam's maps of small networks, heads of one and two layers. */
static void against_reference(const struct kernel_table *kernels)
{
    FILE *f = fopen("tests/cam/data/methods.bin", "rb");
    struct record r;
    int records = 0;

    CHECK(f);
    while (f && fread(&r, sizeof r, 1, f) == 1) {
        size_t inner = (size_t)(r.hidden ? r.hidden : r.channels);
        float *weight = read_floats(f, inner * (size_t)r.classes), *bias = read_floats(f, (size_t)r.classes);
        float *first = r.hidden ? read_floats(f, (size_t)r.channels * inner) : NULL;
        float *first_bias = r.hidden ? read_floats(f, inner) : NULL;
        float *act = read_floats(f, (size_t)(r.h * r.w * r.channels)), *score = read_floats(f, 1);
        struct cam_head head = { r.classes, r.channels, r.hidden, weight, bias, first, first_bias };
        struct cam_workspace *w = NULL;

        CHECK(cam_workspace_create(r.h * r.w, r.channels, kernels, &w) == OK);
        CHECK(cam_take(w, act, r.h, r.w, r.channels, &head, r.class_index) == OK);
        for (int m = CAM_CAM; m < CAM_METHODS; m++)
            one_method(w, (enum cam_method)m, &r, f);
        cam_workspace_free(w);
        float *all[] = { weight, bias, first, first_bias, act, score };
        for (size_t i = 0; i < COUNT_OF(all); i++)
            mem_free(all[i]);
        records++;
    }
    CHECK(records == 5);
    if (f)
        fclose(f);
}

/* Taken without a head: EigenCAM as cam_eigen itself. */
static void eigen_alone(struct cam_workspace *w)
{
    static const float two[4 + 16] = { 0, 3, 4, 0 };
    float a[2], b[2];
    struct cam_projection p = { .values = a }, q = { .values = b };

    CHECK(cam_take(w, two, 1, 2, 2, NULL, 0) == OK);
    CHECK(cam_compute(w, CAM_EIGEN, CAM_ABSMAX, 1, &p) == OK);
    CHECK(cam_eigen(w, two, 1, 2, 2, CAM_ABSMAX, 1, &q) == OK);
    CHECK(memcmp(a, b, sizeof a) == 0 && p.raw_sign == q.raw_sign && p.sigma_ratio == q.sigma_ratio);
}

int main(void)
{
    const struct kernel_table *kernels = kernel_select("auto");
    struct cam_workspace *w = NULL;
    char names[256] = "";

    for (int m = 0; m < CAM_METHODS; m++) {
        strcat(strcat(names, m ? "|" : ""), cam_method_name((enum cam_method)m));
        CHECK(cam_method_needs_head((enum cam_method)m) == (m != CAM_EIGEN && m != CAM_UNCENTRED));
    }
    CHECK(strcmp(names, CAM_METHOD_NAMES) == 0);
    CHECK(cam_workspace_create(4, 2, kernels, &w) == OK);
    eigen_alone(w);
    cam_workspace_free(w);
    against_reference(kernels);
    against_reference(kernel_select("ref"));
    return check_result("cam/method");
}
