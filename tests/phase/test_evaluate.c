/* Rows of a whole job against PyTorch's logits of the same pictures, and against each other. */
#include "tiny_job.h"

/* Probabilities in double, from the definition. */
static double probability(const float *logits, int k)
{
    double sum = 0;

    for (int i = 0; i < TINY_CLASSES; i++)
        sum += exp((double)logits[i]);
    return exp((double)logits[k]) / sum;
}

static void test_images(struct store_reader *r)
{
    int32_t width[TINY_ALL], height[TINY_ALL];
    uint8_t state[TINY_ALL];
    char text[256];

    if (!tiny_read(r, "/images/width", STORE_S32, TINY_ALL, width, sizeof width) ||
        !tiny_read(r, "/images/height", STORE_S32, TINY_ALL, height, sizeof height) ||
        !tiny_read(r, "/images/status", STORE_STATUS, TINY_ALL, state, sizeof state))
        return;
    for (int i = 0; i < TINY_ALL; i++) {
        int good = i < TINY_GOOD;

        CHECK(state[i] == (good ? STORE_OK : STORE_BAD_IMAGE));
        CHECK(width[i] == (good ? TINY_EDGE : 0) && height[i] == width[i]);
        CHECK(store_read_string(r, "/images/error", i, text, sizeof text) == OK);
        /* Without the folder: the same row wherever the pictures lie. */
        CHECK_MSG(good ? !text[0] : text[0] && !strchr(text, '/'), "%s", text);
    }
}

static void test_answers(struct store_reader *r, const struct tiny_job *t, int p)
{
    static const int order[5] = { 2, 0, 1, -1, -1 }; /* of every picture's logits, by eye */
    float logits[TINY_ALL][TINY_CLASSES], score[TINY_ALL][5];
    int32_t top[TINY_ALL][5];
    uint8_t state[TINY_ALL];
    char path[80];

    snprintf(path, sizeof path, "/models/tiny/%s/logits", tiny_precision[p]);
    if (!tiny_read(r, path, STORE_F32, TINY_ALL, logits, sizeof logits))
        return;
    snprintf(path, sizeof path, "/models/tiny/%s/top5", tiny_precision[p]);
    if (!tiny_read(r, path, STORE_S32, TINY_ALL, top, sizeof top))
        return;
    snprintf(path, sizeof path, "/models/tiny/%s/score5", tiny_precision[p]);
    if (!tiny_read(r, path, STORE_F32, TINY_ALL, score, sizeof score) ||
        !tiny_read(r, "/models/tiny/status", STORE_STATUS, TINY_ALL, state, sizeof state))
        return;
    for (int i = 0; i < TINY_ALL; i++)
        CHECK(state[i] == (i < TINY_GOOD ? STORE_OK : STORE_BAD_IMAGE));
    for (int i = 0; i < TINY_GOOD; i++)
        for (int k = 0; k < 5; k++) {
            CHECK(top[i][k] == order[k]);
            if (k >= TINY_CLASSES) {
                CHECK(score[i][k] == 0);
                continue;
            }
            CHECK_MSG(tiny_near(logits[i][k], t->logits[p][i][k], p ? 0 : 2e-6), "%d %d: %.9g, torch %.9g", i,
                      k, logits[i][k], t->logits[p][i][k]);
            CHECK(tiny_near(score[i][k], probability(logits[i], order[k]), 1e-7));
        }
}

/* The last layers are a mean and a matrix: the stored means times fc's weights are the logits; and the means
 * are those of the stored layer. */
static void test_layer(struct store_reader *r, const struct tiny_job *t)
{
    enum { BEFORE_FC = 4 + 108 + 4 + 36 + 4 + 16 }; /* bias and weights of conv1, conv2, conv3 in fp32.bin */
    static float layer[TINY_ALL][4][16];
    float mean[TINY_ALL][4], *w;
    size_t size = 0;
    char *bytes = NULL;

    if (!tiny_read(r, "/models/tiny/fp32/activation_mean", STORE_F32, TINY_ALL, mean, sizeof mean) ||
        !tiny_read(r, "/models/tiny/fp32/activation", STORE_F32, TINY_ALL, layer, sizeof layer))
        return;
    CHECK(text_read_file(TINY_FILES "fp32.bin", 1 << 16, &bytes, &size) == OK);
    if (!bytes)
        return;
    w = (float *)bytes + BEFORE_FC;
    CHECK(size == (BEFORE_FC + 3 + 12) * sizeof(float));
    for (int i = 0; i < TINY_GOOD; i++) {
        for (int k = 0; k < TINY_CLASSES; k++) {
            double sum = w[k];

            for (int c = 0; c < 4; c++)
                sum += (double)w[3 + 4 * k + c] * mean[i][c];
            CHECK_MSG(tiny_near(sum, t->logits[0][i][k], 2e-6), "%d %d: %.9g", i, k, sum);
        }
        for (int c = 0; c < 4; c++) {
            double sum = 0;

            for (int k = 0; k < 16; k++)
                sum += layer[i][c][k];
            CHECK(tiny_near(mean[i][c], sum / 16, 1e-6));
        }
    }
    mem_free(bytes);
}

/* Bilinear with half-pixel centres and clamped edges, 4 to 8: a weight of 3/4 and 1/4 between neighbours;
 * then less the minimum, over the maximum. */
static void finish(const float *small, double *map)
{
    double low = INFINITY, high = 0;

    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++) {
            double at_y = fmin(fmax((y + 0.5) / 2 - 0.5, 0), 3), at_x = fmin(fmax((x + 0.5) / 2 - 0.5, 0), 3);
            int y0 = (int)at_y, x0 = (int)at_x, y1 = y0 < 3 ? y0 + 1 : 3, x1 = x0 < 3 ? x0 + 1 : 3;
            double dy = at_y - y0, dx = at_x - x0;

            map[y * 8 + x] =
                (1 - dy) * ((1 - dx) * fmax(small[y0 * 4 + x0], 0) + dx * fmax(small[y0 * 4 + x1], 0)) +
                dy * ((1 - dx) * fmax(small[y1 * 4 + x0], 0) + dx * fmax(small[y1 * 4 + x1], 0));
        }
    for (int i = 0; i < 64; i++)
        low = fmin(low, map[i]);
    for (int i = 0; i < 64; i++)
        high = fmax(high, map[i] -= low);
    for (int i = 0; i < 64; i++)
        map[i] /= high + 1e-7;
}

static void test_pair(struct store_reader *r)
{
    float cam[2][TINY_ALL][16], rmse[TINY_ALL], correlation[TINY_ALL], loaded[TINY_ALL];
    double map[2][64];

    if (!tiny_read(r, "/models/tiny/fp32/cam", STORE_F32, TINY_ALL, cam[0], sizeof cam[0]) ||
        !tiny_read(r, "/models/tiny/int8/cam", STORE_F32, TINY_ALL, cam[1], sizeof cam[1]) ||
        !tiny_read(r, "/models/tiny/int8/vs_fp32/rmse_aligned", STORE_F32, TINY_ALL, rmse, sizeof rmse) ||
        !tiny_read(r, "/models/tiny/int8/vs_fp32/correlation", STORE_F32, TINY_ALL, correlation,
                   sizeof correlation) ||
        !tiny_read(r, "/timing/loaded/tiny/int8/inference_s", STORE_F32, TINY_ALL, loaded, sizeof loaded))
        return;
    for (int i = 0; i < TINY_GOOD; i++) {
        double squares = 0, ma = 0, mb = 0, ab = 0, aa = 0, bb = 0;

        finish(cam[0][i], map[0]);
        finish(cam[1][i], map[1]);
        for (int k = 0; k < 64; k++)
            squares += pow(255 * map[0][k] - 255 * map[1][k], 2);
        CHECK_MSG(tiny_near(rmse[i], sqrt(squares / 64), 1e-3), "%d: %g, not %g", i, rmse[i],
                  sqrt(squares / 64));
        for (int k = 0; k < 16; k++) {
            ma += cam[0][i][k] / 16.0;
            mb += cam[1][i][k] / 16.0;
        }
        for (int k = 0; k < 16; k++) {
            ab += (cam[0][i][k] - ma) * (cam[1][i][k] - mb);
            aa += pow(cam[0][i][k] - ma, 2);
            bb += pow(cam[1][i][k] - mb, 2);
        }
        CHECK(tiny_near(correlation[i], fabs(ab) / sqrt(aa * bb), 1e-5));
        CHECK(loaded[i] > 0 && loaded[i] < 60);
    }
    CHECK(loaded[TINY_GOOD] == 0); /* the bad one */
}

/* Nothing is gone at the first step of deletion, all is back at the last of insertion: PyTorch's logits; and
 * each point of a curve is the probability that the step's logits give. */
static void test_steps(struct store_reader *r, const struct tiny_job *t, int p, const char *kind, int whole)
{
    static float logits[TINY_ALL][TINY_STEPS + 1][TINY_CLASSES], curve[TINY_ALL][TINY_STEPS + 1];
    int64_t image[TINY_ALL], rows = store_reader_layout(r)->subset;
    int32_t class[TINY_ALL];
    int explained = 0;
    char path[80];

    CHECK(rows > 1 && rows <= TINY_ALL);
    if (!tiny_read(r, "/models/tiny/subset/image", STORE_S64, rows, image, sizeof image))
        return;
    snprintf(path, sizeof path, "/models/tiny/subset/%s/class", tiny_precision[p]);
    if (!tiny_read(r, path, STORE_S32, rows, class, sizeof class))
        return;
    snprintf(path, sizeof path, "/models/tiny/subset/%s/%s_logits", tiny_precision[p], kind);
    if (!tiny_read(r, path, STORE_F32, rows, logits, sizeof logits))
        return;
    snprintf(path, sizeof path, "/models/tiny/subset/%s/%s_curve", tiny_precision[p], kind);
    if (!tiny_read(r, path, STORE_F32, rows, curve, sizeof curve))
        return;
    for (int row = 0; row < rows; row++) {
        if (image[row] < 0)
            continue;
        explained++;
        CHECK(image[row] < TINY_GOOD && class[row] == 2);
        for (int k = 0; k < TINY_CLASSES && image[row] < TINY_GOOD; k++)
            CHECK_MSG(tiny_near(logits[row][whole][k], t->logits[p][image[row]][k], p ? 0 : 2e-6), "%s %d",
                      path, k);
        for (int s = 0; s <= TINY_STEPS; s++)
            CHECK(tiny_near(curve[row][s], probability(logits[row][s], 2), 1e-7));
        CHECK(memcmp(logits[row][0], logits[row][TINY_STEPS], sizeof logits[row][0]) != 0);
    }
    CHECK(explained >= 2);
}

int main(void)
{
    struct tiny_job *t = mem_alloc(1, sizeof *t);
    struct store_reader *r = NULL;
    status result;
    int code;

    tiny_job_begin(t);
    result = phase_run(&t->c, &t->job, &tiny_start);
    CHECK_MSG(result == OK, "%s", error_last()->text);
    if (t->c.rank == 0 && result == OK && store_open_read(t->job.out, 1, &r) == OK) {
        test_images(r);
        test_layer(r, t);
        test_pair(r);
        for (int p = 0; p < 2; p++) {
            test_answers(r, t, p);
            test_steps(r, t, p, "deletion", 0);
            test_steps(r, t, p, "insertion", TINY_STEPS);
        }
        store_close_read(r);
    }
    code = tiny_job_end(t, "evaluate");
    mem_free(t);
    return code;
}
