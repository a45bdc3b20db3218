/* tests/phase/test_match.c: a whole job whose maps are compared with fixations and masks: every value of its
 * rows by the measures' own functions from the stored projections, baselines, states, and the summary. */
#include "tiny_job.h"

#include "metric_saliency.h"
#include "phase/match.h"

enum { PIXELS = TINY_EDGE * TINY_EDGE, CELLS = 16 };
static const char *const method[2] = { "eigen", "cam" }, *const cam[2] = { "cam", "cam_cam" };

/* Picture 0 has four fixations of which one lies outside, 1 and 2 two each, 3 none. Masks: 0 and 2, and 1's,
 * which is 4 x 4; 3's is no picture. */
static void write_truths(const struct tiny_job *t)
{
    static const char lines[] =
        "image,x,y\np0,1,1\np0,4,4\np0,5,4\np0,40,1\np1,2,7\np1,3,6\np2,8,8\np2,5,2\n";
    static const char small[] = "P2 4 4 255 0 0 0 0 0 255 255 0 0 255 0 0 0 0 0 0";
    char path[1200];

    for (int i = 0; i < 4; i++) {
        struct text mask = { .max = 4096 };

        snprintf(path, sizeof path, "%s/masks/p%d.pgm", t->folder, i);
        CHECK(text_add(&mask, "P2 8 8 255") == OK);
        for (int k = 0; k < PIXELS; k++)
            CHECK(text_add(&mask, " %d", k % 8 > 1 + i && k / 8 > 2 ? 255 : 0) == OK);
        if (i == 1)
            CHECK(text_write_file(path, small, strlen(small)) == OK);
        else
            CHECK(text_write_file(path, i == 3 ? "P2 no" : mask.data, i == 3 ? 5 : mask.size) == OK);
        text_free(&mask);
    }
    CHECK(text_write_file(t->job.fixations, lines, strlen(lines)) == OK);
}

static void set_job(struct tiny_job *t, int rank)
{
    char path[1200];

    snprintf(t->job.fixations, OPTION_SIZE, "%s/seen.csv", t->folder);
    snprintf(t->job.masks, OPTION_SIZE, "%s/masks", t->folder);
    snprintf(path, sizeof path, "%s/masks", t->folder);
    if (rank == 0) {
        CHECK(text_make_folder(path) == OK);
        write_truths(t);
    }
    t->job.saliency = 1;
    t->job.compare_filter = 1;
    t->job.sigma = 1;
    t->job.methods |= 1u << CAM_CAM;
    comm_wait(&t->c);
}

/* ---- by hand ------------------------------------------------------------------------------------------- */

static void scale(float *v, int count)
{
    float low = v[0], high = v[0];

    for (int i = 0; i < count; i++) {
        low = v[i] < low ? v[i] : low;
        high = v[i] > high ? v[i] : high;
    }
    for (int i = 0; i < count; i++)
        v[i] = high > low ? (v[i] - low) / (high - low) : 0.0f;
}

static void compared(const float *projection, int edge, float *out)
{
    float positive[CELLS];

    for (int i = 0; i < CELLS; i++)
        positive[i] = projection[i] > 0 ? projection[i] : 0.0f;
    scale(positive, CELLS);
    CHECK(image_resize_values(positive, 4, 4, edge, edge, IMAGE_BICUBIC, out) == OK);
    scale(out, edge * edge);
}

struct rows {
    float projection[2][2][TINY_ALL][CELLS]; /* precision, map */
    uint8_t state[2][TINY_ALL];              /* of fixations, of masks */
    int64_t next[2][TINY_ALL];
};

static void read_rows(struct store_reader *r, struct rows *a)
{
    char path[STORE_PATH];

    for (int p = 0; p < 2; p++)
        for (int k = 0; k < 2; k++) {
            snprintf(path, sizeof path, "/models/tiny/%s/%s", tiny_precision[p], cam[k]);
            CHECK(tiny_read(r, path, STORE_F32, TINY_ALL, a->projection[p][k], sizeof a->projection[p][k]));
        }
    for (int k = 0; k < 2; k++) {
        snprintf(path, sizeof path, "/images/saliency/state_%s", k ? "masks" : "fixations");
        CHECK(tiny_read(r, path, STORE_U8, TINY_ALL, a->state[k], sizeof a->state[k]));
        snprintf(path, sizeof path, "/images/saliency/next_%s", k ? "masks" : "fixations");
        CHECK(tiny_read(r, path, STORE_S64, TINY_ALL, a->next[k], sizeof a->next[k]));
    }
}

static void is(struct store_reader *r, const char *path, int row, double value)
{
    float stored[TINY_ALL];

    if (tiny_read(r, path, STORE_F32, TINY_ALL, stored, sizeof stored))
        CHECK_MSG(stored[row] == (float)value, "%s, row %d: %.9g, not %.9g", path, row, stored[row], value);
}

static void model_is(struct store_reader *r, int p, int k, const char *what, int row, double value)
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/tiny/%s/%s_%s", tiny_precision[p], what, method[k]);
    is(r, path, row, value);
}

static void test_states(struct store_reader *r, const struct rows *a)
{
    static const uint8_t fixations[] = { 1, 1, 1, 0, 0 }, masks[] = { 1, 2, 1, 6, 0 };
    static const int64_t next_fixations[] = { 1, 2, 0 }, next_masks[] = { 1, 2, -1 };
    int32_t dropped[TINY_ALL], fixated[TINY_ALL];

    CHECK(memcmp(a->state[0], fixations, sizeof fixations) == 0);
    CHECK(memcmp(a->state[1], masks, sizeof masks) == 0);
    CHECK(memcmp(a->next[0], next_fixations, sizeof next_fixations) == 0);
    CHECK(memcmp(a->next[1], next_masks, sizeof next_masks) == 0); /* 2's next cannot be read */
    CHECK(tiny_read(r, "/images/saliency/dropped", STORE_S32, TINY_ALL, dropped, sizeof dropped));
    CHECK(tiny_read(r, "/images/saliency/fixated", STORE_S32, TINY_ALL, fixated, sizeof fixated));
    CHECK(dropped[0] == 1 && dropped[1] == 0 && fixated[0] == 3 && fixated[2] == 2 && fixated[3] == 0);
    CHECK(store_reader_layout(r)->truths == (1u << TRUTH_FIXATIONS | 1u << TRUTH_MASK));
}

/* Picture 0's mask; 1's, of another size, in its own; 3's cannot be read, and leaves 0. */
static void test_masks(struct store_reader *r, const struct rows *a)
{
    struct object_scores score;
    float map[PIXELS], mask[PIXELS], small[16] = { [5] = 1, [6] = 1, [9] = 1 };
    static float curve[TINY_ALL][OBJECT_LEVELS];

    for (int i = 0; i < PIXELS; i++)
        mask[i] = i % 8 > 1 && i / 8 > 2;
    for (int p = 0; p < 2; p++)
        for (int k = 0; k < 2; k++) {
            compared(a->projection[p][k][0], TINY_EDGE, map);
            object_compare(map, mask, TINY_EDGE, TINY_EDGE, &score);
            model_is(r, p, k, "truth_mae", 0, score.mae);
            model_is(r, p, k, "truth_s_measure", 0, score.s_measure);
            model_is(r, p, k, "truth_e_adaptive", 0, score.e_adaptive);
            compared(a->projection[p][k][1], 4, map);
            object_compare(map, small, 4, 4, &score);
            model_is(r, p, k, "truth_mae", 1, score.mae);
            model_is(r, p, k, "truth_f_adaptive", 1, score.f_adaptive);
            model_is(r, p, k, "truth_mae", 3, 0);
        }
    CHECK(tiny_read(r, "/models/tiny/int8/e_curve_cam", STORE_F32, TINY_ALL, curve, sizeof curve));
    for (int level = 0; level < OBJECT_LEVELS; level++)
        CHECK(curve[1][level] == (float)score.e[level]);
}

/* Picture 0: pixels 0,0 3,3 4,3; its density is theirs, blurred. Pairs are compared in the network's frame.
 */
static void test_fixations(struct store_reader *r, const struct rows *a)
{
    static const int32_t pixel[] = { 0, 27, 28 };
    struct saliency_map density, centre, resized;
    struct density_scores score;
    float map[PIXELS], first[PIXELS];

    CHECK(saliency_density(pixel, 3, TINY_EDGE, TINY_EDGE, 1, &density) == OK);
    CHECK(saliency_center(TINY_EDGE, TINY_EDGE, &centre) == OK);
    for (int p = 0; p < 2; p++)
        for (int k = 0; k < 2; k++) {
            compared(a->projection[p][k][0], TINY_EDGE, map);
            density_compare(map, density.value, PIXELS, &score);
            model_is(r, p, k, "truth_sim", 0, score.sim);
            model_is(r, p, k, "truth_cc", 0, score.cc);
            model_is(r, p, k, "truth_kld", 0, score.kld);
            model_is(r, p, k, "truth_nss", 0, fixation_nss(map, PIXELS, pixel, 3));
            model_is(r, p, k, "truth_gain", 0, fixation_gain(map, centre.value, PIXELS, pixel, 3));
            model_is(r, p, k, "truth_nss", 3, 0);
            compared(a->projection[0][k][0], TINY_EDGE, first);
            density_compare(map, first, PIXELS, &score);
            if (p == 1) {
                model_is(r, p, k, "vs_fp32/sim", 0, score.sim);
                model_is(r, p, k, "vs_fp32/cc", 0, score.cc);
                model_is(r, p, k, "vs_fp32/kld", 0, score.kld);
            }
        }
    density_compare(centre.value, density.value, PIXELS, &score);
    is(r, "/images/saliency/center/truth_cc", 0, score.cc);
    is(r, "/images/saliency/center/truth_gain", 0, 0);
    saliency_free(&centre);
    CHECK(saliency_density((int32_t[]){ 42, 49 }, 2, TINY_EDGE, TINY_EDGE, 1, &centre) ==
          OK); /* picture 1's */
    CHECK(saliency_resize(&centre, TINY_EDGE, TINY_EDGE, &resized) == OK);
    density_compare(resized.value, density.value, PIXELS, &score);
    is(r, "/images/saliency/shuffled/truth_kld", 0, score.kld);
    saliency_free(&resized);
    saliency_free(&centre);
    saliency_free(&density);
}

/* Over all pictures: of three fixations and three masks. */
static void test_summary(struct store_reader *r)
{
    float value[TINY_ALL], curve[TINY_ALL][OBJECT_LEVELS];
    double mean[8], most[8], states[8][TRUTH_STATES], sum = 0, largest = 0;
    int64_t images[8];
    const int sets = 1 + store_reader_layout(r)->selections;

    CHECK(tiny_read(r, "/models/tiny/int8/truth_cc_cam", STORE_F32, TINY_ALL, value, sizeof value));
    CHECK(tiny_read(r, "/summary/measures/int8/truth_cc_cam/images", STORE_S64, 1, images, sizeof images));
    CHECK(tiny_read(r, "/summary/measures/int8/truth_cc_cam/mean", STORE_F64, 1, mean, sizeof mean));
    CHECK(images[0] == 3 && tiny_near(mean[0], ((double)value[0] + value[1] + value[2]) / 3, 1e-15));
    CHECK(tiny_read(r, "/summary/difference/int8/truth_cc_cam/images", STORE_S64, 1, images, sizeof images));
    CHECK(images[0] == 3);
    CHECK(tiny_read(r, "/images/saliency/shuffled/truth_mae", STORE_F32, TINY_ALL, value, sizeof value));
    CHECK(tiny_read(r, "/summary/baselines/shuffled/truth_mae/images", STORE_S64, 1, images, sizeof images));
    CHECK(tiny_read(r, "/summary/baselines/shuffled/truth_mae/mean", STORE_F64, 1, mean, sizeof mean));
    CHECK(images[0] == 2 && tiny_near(mean[0], ((double)value[0] + value[1]) / 2, 1e-15));
    CHECK(tiny_read(r, "/models/tiny/fp32/f_curve_eigen", STORE_F32, TINY_ALL, curve, sizeof curve));
    CHECK(tiny_read(r, "/summary/saliency/fp32/f_max_eigen", STORE_F64, 1, most, sizeof most));
    for (int level = 0; level < OBJECT_LEVELS; level++) {
        sum = (double)curve[0][level] + (double)curve[1][level] + (double)curve[2][level];
        largest = sum / 3 > largest ? sum / 3 : largest;
    }
    CHECK(most[0] == largest && largest > 0);
    CHECK(tiny_read(r, "/summary/saliency/state_masks", STORE_F64, 1, states,
                    (size_t)sets * TRUTH_STATES * sizeof(double)));
    CHECK(states[0][TRUTH_THERE] == 2 && states[0][TRUTH_OTHER_SIZE] == 1 &&
          states[0][TRUTH_UNREADABLE] == 1);
    CHECK(tiny_read(r, "/summary/saliency/dropped", STORE_S64, 1, images, sizeof images) && images[0] == 1);
}

static void test_result(const struct tiny_job *t)
{
    struct store_reader *r = NULL;
    struct rows *a = mem_alloc(1, sizeof *a);
    char what[400];

    CHECK(store_open_read(t->job.out, 1, &r) == OK);
    read_rows(r, a);
    test_states(r, a);
    test_masks(r, a);
    test_fixations(r, a);
    test_summary(r);
    store_close_read(r);
    mem_free(a);
    CHECK_MSG(phase_recheck(t->job.out, what, sizeof what) == OK && !what[0], "%s", what);
}

int main(void)
{
    struct tiny_job *t = mem_alloc(1, sizeof *t);
    int code;

    tiny_job_begin(t);
    set_job(t, t->c.rank);
    CHECK_MSG(phase_run(&t->c, &t->job, &tiny_start) == OK, "%s", error_last()->text);
    if (!check_failed && t->c.rank == 0)
        test_result(t);
    code = tiny_job_end(t, "match");
    mem_free(t);
    return code;
}
