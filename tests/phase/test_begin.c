/* The layout of a job's file, its contents at creation, and how the same job takes it up again. */
#include "made.h"

static void test_layout(const struct store_layout *l)
{
    CHECK(l->images == 20 && l->subset == 6 && l->pictures == 6); /* three selections of k = 2 */
    CHECK(l->path_length == 7 && l->boxes == 0 && l->class_names == 0);
    CHECK(l->selections == 3 && strcmp(l->selection[0], "raw_int8") == 0 &&
          strcmp(l->selection[2], "control") == 0);
    CHECK(l->network[0].classes == 6 && l->network[0].channels == 3 && l->network[0].h == 2);
}

static void test_contents(const struct made *m)
{
    char job[4096] = "", paths[MADE_N][7];
    int32_t index[MADE_N];

    if (!made_fetch_ok(m, "/job", 1, job) || !made_fetch_ok(m, "/images/path", MADE_N, paths) ||
        !made_fetch_ok(m, "/images/class_index", MADE_N, index))
        return;
    CHECK_MSG(strstr(job, "cam.sign = absmax\n") && strstr(job, "subset.fraction = 0.1\n"), "%s", job);
    CHECK(memcmp(paths[3], "p03.jpg", 7) == 0);
    CHECK(index[0] == -1 && index[9] == 3);
}

/* The same job takes the file up; another is refused with the line that differs. */
static void test_again(struct made *m)
{
    store_end(&m->run.store);
    CHECK(begin_store(&m->run) == OK && store_outcome(m->run.store) == STORE_RESUMED);
    store_end(&m->run.store);
    m->job.sign = CAM_MEANACT;
    CHECK(begin_store(&m->run) == ERR_MISMATCH);
    CHECK_MSG(strstr(error_last()->text, "cam.sign"), "%s", error_last()->text);
    store_end(&m->run.store);
}

static int first(const struct store_layout *l, const char *name)
{
    int m = 0;

    while (m < l->measures && strcmp(l->measure[m].name, name))
        m++;
    return m;
}

/* Further methods, by name and in their measures. */
static void test_methods(const struct made *m)
{
    const struct store_layout *l = &m->run.layout;

    CHECK(l->methods == 2 && strcmp(l->method[0], "layercam") == 0 && strcmp(l->method[1], "uncentred") == 0);
    CHECK(strcmp(l->measure[first(l, "rmse_layercam")].meaning, "RMSE of the maps 0-255 of layercam") == 0);
    CHECK(first(l, "rmse_uncentred") > first(l, "rmse_layercam") &&
          first(l, "correlation_uncentred") < l->measures && first(l, "rmse_eigen") == l->measures);
}

int main(void)
{
    struct made *m = mem_alloc(1, sizeof *m);
    int code;

    CHECK(made_begin(m, "begin") == OK);
    if (!check_failed) {
        test_layout(&m->run.layout);
        test_contents(m);
        test_again(m);
    }
    made_again(m);
    m->methods = 1u << CAM_LAYERCAM | 1u << CAM_UNCENTRED;
    CHECK(made_begin(m, "begin") == OK);
    test_methods(m);
    made_end(m, &code, "begin");
    mem_free(m);
    return code;
}
