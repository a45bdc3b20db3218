/* tests/phase/test_explain_maps.c: picture-sized maps of a whole job's selected pictures, and what they
 * measure, against a probe that makes the same maps of the same pictures. */
#include "tiny_job.h"

#include "probe/probe_test.h"
#include "probe_attribution.h"

enum { PLACES = 5 };

/* The tiny network in the precisions of the job. */
static void open_networks(struct probed *t)
{
    probed_open(t);
    engine_close(&t->network.engine[1]);
    gradient_close(&t->network.by_input[1]);
    model_head_free(&t->head[1]);
    probed_engine(t, 1, TINY "per_channel.pth");
}

static const float *make(struct probe *p, const uint8_t *pixels, enum attribution m, int i, int class_index,
                         uint32_t key)
{
    must(probe_attribution_picture(p, pixels));
    probe_attribution_start(p, i, m, class_index, key);
    while (probe_attribution_next(p) == PROBE_MORE)
        ;
    return probe_attribution_map(p, m, i);
}

static int read_map(struct store_reader *r, enum attribution m, int i, uint8_t maps[PLACES][PIXELS])
{
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/tiny/subset/%s/map_%s", tiny_precision[i], attribution_name(m));
    return tiny_read(r, path, STORE_U8, PLACES, maps, PLACES * PIXELS);
}

/* 1 where no byte of the map is above 0. */
static void test_degenerate(struct store_reader *r, enum attribution m, int i, uint8_t maps[PLACES][PIXELS])
{
    uint8_t empty[PLACES];
    char path[STORE_PATH];

    snprintf(path, sizeof path, "/models/tiny/subset/%s/degenerate_%s", tiny_precision[i],
             attribution_name(m));
    if (!tiny_read(r, path, STORE_U8, PLACES, empty, sizeof empty))
        return;
    for (int place = 0; place < PLACES; place++) {
        int largest = 0;

        for (int k = 0; k < PIXELS; k++)
            largest = maps[place][k] > largest ? maps[place][k] : largest;
        CHECK_MSG(largest == 255 ? !empty[place] : largest == 0, "%s, place %d: %d, %d", path, place, largest,
                  empty[place]);
    }
}

/* RMSE and correlation, SIM, CC and KLD. */
static void test_pair(struct store_reader *r, struct probe *p, enum attribution m, int place)
{
    static const char *const stem[] = { "rmse", "correlation", "sim", "cc", "kld" };

    for (size_t k = 0; k < COUNT_OF(stem); k++) {
        char name[STORE_NAME], path[STORE_PATH];
        float stored[PLACES];

        snprintf(name, sizeof name, "%s_%s", stem[k], attribution_name(m));
        snprintf(path, sizeof path, "/models/tiny/subset/int8/vs_fp32/%s", name);
        if (tiny_read(r, path, STORE_F32, PLACES, stored, sizeof stored))
            CHECK_MSG(stored[place] == (float)probe_attribution_measure(p, measure_known(name), m, 1),
                      "%s of place %d", name, place);
    }
}

static void test_rows(const struct tiny_job *job, const struct probed *t)
{
    const struct probe_how how = { .attribution = job->job.attribution };
    struct probe *p = probed_start(t, &how);
    struct store_reader *r = NULL;
    static uint8_t maps[ATTRIBUTIONS][2][PLACES][PIXELS];
    int64_t image[PLACES];
    int32_t top5[2][TINY_ALL][5];
    int explained = 0;

    probe_how_of(p)->attribution.seed = 9;
    must(probe_keep(p, 0));
    must(store_open_read(job->job.out, 1, &r));
    CHECK(store_reader_layout(r)->subset == PLACES && store_reader_layout(r)->maps == ATTRIBUTIONS);
    CHECK(tiny_read(r, "/models/tiny/subset/image", STORE_S64, PLACES, image, sizeof image));
    CHECK(tiny_read(r, "/models/tiny/fp32/top5", STORE_S32, TINY_ALL, top5[0], sizeof top5[0]));
    for (int m = 0; m < ATTRIBUTIONS; m++)
        for (int i = 0; i < 2; i++)
            if (read_map(r, (enum attribution)m, i, maps[m][i]))
                test_degenerate(r, (enum attribution)m, i, maps[m][i]);
    for (int place = 0; place < PLACES; place++) {
        char hex[2 * HASH_SIZE + 1];
        uint32_t key;

        if (image[place] < 0)
            continue;
        CHECK(store_read_string(r, "/images/sha256", image[place], hex, sizeof hex) == OK);
        CHECK(sscanf(hex, "%8x", &key) == 1);
        for (int k = 0; k < ATTRIBUTIONS; k++) {
            enum attribution m = (enum attribution)k;

            for (int i = 0; i < 2; i++) { /* the class of the first precision's answer */
                const float *map = make(p, job->pixels[image[place]], m, i, top5[0][image[place]][0], key);
                uint8_t bytes[PIXELS];

                cam_bytes(map, PIXELS, bytes);
                CHECK_MSG(memcmp(bytes, maps[k][i][place], sizeof bytes) == 0, "%s of %s, place %d",
                          attribution_name(m), tiny_precision[i], place);
            }
            test_pair(r, p, m, place);
        }
        explained++;
    }
    CHECK(explained >= 2);
    store_close_read(r);
    must(probe_let_go(p, 0));
    probe_free(p);
}

int main(void)
{
    struct tiny_job *job = mem_alloc(1, sizeof *job);
    struct probed t;
    int code;

    tiny_job_begin(job);
    job->job.attribution.methods = (1u << ATTRIBUTIONS) - 1;
    job->job.attribution.masks = 12;
    job->job.attribution.cells = 3;
    job->job.attribution.channels = 3;
    job->job.attribution.window = 3;
    job->job.attribution.stride = 2;
    job->job.attribution.samples = 4;
    job->job.attribution.steps = 3;
    job->job.explain_seed = 9;
    CHECK(phase_run(&job->c, &job->job, &tiny_start) == OK);
    if (!check_failed && job->c.rank == 0) {
        open_networks(&t);
        test_rows(job, &t);
        probed_close(&t);
    }
    code = tiny_job_end(job, "explain_maps");
    mem_free(job);
    return code;
}
