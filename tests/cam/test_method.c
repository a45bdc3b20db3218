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

/* dy_c / dA(i,j) of the head: (h * w, channels). */
static float *gradient_of(const struct record *r, const struct cam_head *head, const float *act)
{
    int pixels = r->h * r->w, channels = r->channels;
    float *g = mem_alloc((size_t)(pixels * channels) + 16, sizeof *g);
    double *by = mem_alloc((size_t)channels, sizeof *by);

    for (int j = 0; j < r->hidden; j++) {
        double z = head->first_bias[j], slope;

        for (int i = 0; i < pixels * channels; i++)
            z += (double)head->first_weight[j * channels + i % channels] * act[i] / pixels;
        slope = z <= -3 ? 0 : z < 3 ? z / 3 + 0.5 : 1;
        for (int k = 0; k < channels; k++)
            by[k] +=
                slope * head->weight[r->class_index * r->hidden + j] * head->first_weight[j * channels + k];
    }
    for (int i = 0; i < pixels * channels; i++)
        g[i] =
            (float)((r->hidden ? by[i % channels] : head->weight[r->class_index * channels + i % channels]) /
                    pixels);
    mem_free(by);
    return g;
}

/* pytorch-grad-cam's maps of small networks, heads of one and two layers. */
static void against_reference(const struct kernel_table *kernels)
{
    static const enum cam_method method[] = { CAM_CAM,       CAM_LAYERCAM, CAM_GRADCAMPP_EPS, CAM_HIRESCAM,
                                              CAM_EIGENGRAD, CAM_ABLATION, CAM_UNCENTRED };
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
        float *g = gradient_of(&r, &head, act);
        struct cam_class of = { .gradient = g, .head = &head, .index = r.class_index };
        struct cam_workspace *w = NULL;

        CHECK(cam_workspace_create(r.h * r.w, r.channels, kernels, &w) == OK);
        CHECK(cam_take(w, act, r.h, r.w, r.channels, &of) == OK);
        for (size_t m = 0; m < COUNT_OF(method); m++)
            one_method(w, method[m], &r, f);
        cam_workspace_free(w);
        float *all[] = { weight, bias, first, first_bias, act, score, g };
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

    CHECK(cam_take(w, two, 1, 2, 2, NULL) == OK);
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
    }
    CHECK(cam_method_needs(CAM_EIGEN) == CAM_NEEDS_NOTHING &&
          cam_method_needs(CAM_ABLATION) == CAM_NEEDS_HEAD);
    CHECK(cam_method_needs(CAM_XGRADCAM) == CAM_NEEDS_GRADIENT);
    CHECK(cam_methods_need(1u << CAM_CAM | 1u << CAM_EIGEN, CAM_NEEDS_GRADIENT));
    CHECK(!cam_methods_need(1u << CAM_CAM | 1u << CAM_EIGEN, CAM_NEEDS_HEAD));
    CHECK(strcmp(names, CAM_METHOD_NAMES) == 0);
    CHECK(cam_workspace_create(4, 2, kernels, &w) == OK);
    eigen_alone(w);
    cam_workspace_free(w);
    against_reference(kernels);
    against_reference(kernel_select("ref"));
    return check_result("cam/method");
}
