#include <hdf5.h>

#include "fixtures.h"

enum { MAX_PIXELS = 196, MAX_CHANNELS = 1280 };

static const struct kernel_table *kernels[8];
static int tables;
static struct cam_workspace *workspace[8];
static float values[MAX_PIXELS];

/* Two pixels, (0, 3) and (4, 0): centred (-2, 1.5), (2, -1.5); sigma1^2 = 2 (4 + 2.25), p = +-2.5. A tie of
 * the extremes: the first is made positive. */
static void by_hand(struct cam_workspace *w)
{
    static const float two[4 + 16] = { 0, 3, 4, 0 }, flat[8 + 16] = { 7, 1, 7, 1, 7, 1, 7, 1 };
    /* One bright pixel of three, in one channel: centred -1 -1 2. */
    static const float spot[3 + 16] = { 1, 1, 4 }, hole[3 + 16] = { 4, 4, 1 };
    float bad[4 + 16] = { 0, 1, INFINITY, 2 };
    struct cam_projection p = { .values = values };

    CHECK(cam_eigen(w, two, 1, 2, 2, CAM_ABSMAX, 1, &p) == OK);
    CHECK(fabsf(values[0] - 2.5f) < 1e-6f && fabsf(values[1] + 2.5f) < 1e-6f && p.sigma_ratio < 1e-5f &&
          !p.constant);
    CHECK(p.raw_sign == 1 || p.raw_sign == -1);
    CHECK(cam_eigen(w, two, 1, 2, 2, CAM_ABSMAX, 0, &p) == OK && p.raw_sign == 0);
    CHECK(cam_eigen(w, flat, 2, 2, 2, CAM_ABSMAX, 1, &p) == OK && p.constant && p.raw_sign == 0 &&
          p.sigma_ratio == 0);
    CHECK(values[0] == 0 && values[1] == 0 && values[2] == 0 && values[3] == 0);
    CHECK(cam_eigen(w, spot, 1, 3, 1, CAM_ABSMAX, 0, &p) == OK && fabsf(values[2] - 2) < 1e-6f);
    CHECK(cam_eigen(w, spot, 1, 3, 1, CAM_MEANACT, 0, &p) == OK && fabsf(values[2] - 2) < 1e-6f);
    /* absmax makes the hole the attended place; meanact the bright surroundings. */
    CHECK(cam_eigen(w, hole, 1, 3, 1, CAM_ABSMAX, 0, &p) == OK && fabsf(values[2] - 2) < 1e-6f);
    CHECK(cam_eigen(w, hole, 1, 3, 1, CAM_MEANACT, 0, &p) == OK && fabsf(values[2] + 2) < 1e-6f);
    CHECK(cam_eigen(w, spot, 1, 1, 1, CAM_ABSMAX, 1, &p) == OK && p.constant);
    CHECK(cam_eigen(w, bad, 2, 2, 1, CAM_ABSMAX, 0, &p) == ERR_NUMERIC);
    bad[2] = NAN;
    CHECK(cam_eigen(w, bad, 2, 2, 1, CAM_ABSMAX, 0, &p) == ERR_NUMERIC);
}

/* Finite values whose sums are not: one bad row, in blocks and behind them, not an aborted job. */
static void too_large(struct cam_workspace *w)
{
    float act[37 + 16] = { 0 };
    struct cam_projection p = { .values = values };

    for (int i = 0; i < 37; i++)
        act[i] = i % 2 ? 3e38f : -3e38f;
    CHECK(cam_eigen(w, act, 37, 1, 1, CAM_ABSMAX, 1, &p) == ERR_NUMERIC);
    for (int i = 0; i < 37; i++)
        act[i] = 3e29f * (float)(i % 3);
    CHECK(cam_eigen(w, act, 37, 1, 1, CAM_ABSMAX, 1, &p) == OK && isfinite(values[0]));
    act[36] = -0x1p100f;
    CHECK(cam_eigen(w, act, 37, 1, 1, CAM_ABSMAX, 1, &p) == ERR_NUMERIC);
}

/* Two equal singular values: the first vector, and so LAPACK's sign, is undefined. */
static void undefined(struct cam_workspace *w)
{
    static const float square[8 + 16] = { 1, 0, 0, 1, -1, 0, 0, -1 };
    struct cam_projection p = { .values = values };

    CHECK(cam_eigen(w, square, 2, 2, 2, CAM_ABSMAX, 1, &p) == OK);
    CHECK(p.sigma_ratio > 0.999f && p.raw_sign == 0 && !p.constant);
}

/* pytorch-grad-cam's projection, sign included, with every instruction set, and equal bits among them. */
static void against_reference(void)
{
    struct cam_fixture x;
    FILE *file = NULL;

    while (cam_fixture_next(&file, &x)) {
        int pixels = x.h * x.w;
        float first[MAX_PIXELS] = { 0 };

        for (int k = 0; k < tables; k++) {
            struct cam_projection p = { .values = values };

            CHECK(cam_eigen(workspace[k], x.act, x.h, x.w, x.channels, CAM_ABSMAX, 1, &p) == OK);
            CHECK_MSG(cam_distance(values, p.raw_sign, x.projection, pixels) < 2e-6, "%d x %d x %d, %s: %g",
                      x.h, x.w, x.channels, kernels[k]->isa,
                      cam_distance(values, p.raw_sign, x.projection, pixels));
            CHECK_MSG(fabsf(p.sigma_ratio - x.sigma_ratio) < 1e-5f, "%g, not %g", p.sigma_ratio,
                      x.sigma_ratio);
            if (k == 0)
                memcpy(first, values, sizeof first);
            CHECK_MSG(memcmp(first, values, (size_t)pixels * sizeof(float)) == 0, "%s", kernels[k]->isa);
        }
        cam_fixture_free(&x);
    }
}

static float *read_all(hid_t file, const char *net, const char *name, hsize_t dim[4])
{
    char path[128];
    hid_t set, space;
    float *out;
    size_t count = 1;
    int rank;

    snprintf(path, sizeof path, "/%s/%s", net, name);
    set = H5Dopen2(file, path, H5P_DEFAULT);
    space = H5Dget_space(set);
    rank = H5Sget_simple_extent_dims(space, dim, NULL);
    for (int i = 0; i < rank; i++)
        count *= dim[i];
    out = mem_alloc(count, sizeof *out);
    CHECK(H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, out) >= 0);
    H5Sclose(space);
    H5Dclose(set);
    return out;
}

static double step_of(hid_t file, const char *net)
{
    char path[128];
    double scale = 1.0;
    hid_t set, a;

    snprintf(path, sizeof path, "/%s/last_conv_int_repr", net);
    set = H5Dopen2(file, path, H5P_DEFAULT);
    a = H5Aopen(set, "scale", H5P_DEFAULT);
    CHECK(H5Aread(a, H5T_NATIVE_DOUBLE, &scale) >= 0);
    H5Aclose(a);
    H5Dclose(set);
    return scale;
}

/* Real networks on photographs; codes are scaled here by hand (their zero point is 0). */
static void against_oracle(const char *shared)
{
    static const char *const net[] = { "mobilenet_v2_fp32", "mobilenet_v2_fbgemm", "mobilenet_v2_qnnpack",
                                       "efficientnet_lite0_fp32", "squeezenet1_1_fp32" };
    char path[4600];
    hid_t file;

    snprintf(path, sizeof path, "%s/data/oracle/oracle.h5", shared);
    file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    CHECK(file >= 0);
    for (size_t n = 0; n < COUNT_OF(net) && file >= 0; n++) {
        int codes = strstr(net[n], "fp32") == NULL, c, h;
        hsize_t dim[4], ignored[4];
        float *act = read_all(file, net[n], codes ? "last_conv_int_repr" : "last_conv", dim);
        float *projection = read_all(file, net[n], "eigencam_projection", ignored), *turned;
        double step = codes ? step_of(file, net[n]) : 1.0;

        c = (int)dim[1];
        h = (int)dim[2];
        turned = mem_alloc((size_t)(c * h * h + 16), sizeof *turned);
        for (int i = 0; i < (int)dim[0]; i++) {
            struct cam_projection p = { .values = values };

            for (int k = 0; k < c; k++)
                for (int at = 0; at < h * h; at++)
                    turned[at * c + k] = (float)(step * act[((size_t)i * c + k) * (size_t)(h * h) + at]);
            CHECK(cam_eigen(workspace[tables - 1], turned, h, h, c, CAM_ABSMAX, 1, &p) == OK);
            CHECK_MSG(cam_distance(values, p.raw_sign, projection + i * h * h, h * h) < 1e-5, "%s %d: %g",
                      net[n], i, cam_distance(values, p.raw_sign, projection + i * h * h, h * h));
        }
        mem_free(turned);
        mem_free(projection);
        mem_free(act);
    }
    if (file >= 0)
        H5Fclose(file);
}

/* Seven channels at 40 pixels, more than a block of 64: the place of the one that is none is named. */
static void odd_values(struct cam_workspace *w)
{
    static const int at[] = { 0, 6, 63, 64, 150, 279 };
    static float act[40 * 7 + 16];
    struct cam_projection p = { .values = values };
    char text[120];

    for (size_t k = 0; k < 2 * COUNT_OF(at); k++) {
        int i = at[k / 2];

        act[i] = k % 2 ? 0x1p100f : NAN;
        CHECK(cam_eigen(w, act, 8, 5, 7, CAM_ABSMAX, 0, &p) == ERR_NUMERIC);
        snprintf(text, sizeof text, "the activation of channel %d at pixel %d is %s", i % 7, i / 7,
                 k % 2 ? "2^100 or more" : "not finite");
        CHECK_MSG(strcmp(error_last()->text, text) == 0, "'%s', not '%s'", error_last()->text, text);
        act[i] = 0;
    }
    act[5] = 0x1.fffffep99f;
    CHECK(cam_eigen(w, act, 8, 5, 7, CAM_ABSMAX, 0, &p) == OK);
}

int main(void)
{
    const char *names[8];
    int usable[8], count = kernel_list(names, usable);

    for (int i = 0; i < count; i++) {
        if (!usable[i]) {
            check_skip("cam/eigencam on an instruction set", names[i]);
            continue;
        }
        kernels[tables] = kernel_select(names[i]);
        CHECK(cam_workspace_create(MAX_PIXELS, MAX_CHANNELS, kernels[tables], &workspace[tables]) == OK);
        tables++;
    }
    by_hand(workspace[0]);
    by_hand(workspace[tables - 1]);
    undefined(workspace[0]);
    too_large(workspace[0]);
    odd_values(workspace[0]);
    against_reference();
    if (check_shared())
        against_oracle(check_shared());
    else
        check_skip("cam/eigencam: 40 maps of real networks", "no shared data");
    for (int i = 0; i < tables; i++)
        cam_workspace_free(workspace[i]);
    CHECK(mem_live() == 0);
    return check_result("cam/eigencam");
}
