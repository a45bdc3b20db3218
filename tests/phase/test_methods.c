/* The further methods of a job, by name in the layout and in its measures. */
#include "made.h"

#include "phase/methods.h"

static int first(const struct store_layout *l, const char *name)
{
    int m = 0;

    while (m < l->measures && strcmp(l->measure[m].name, name))
        m++;
    return m;
}

static void test_names(const struct made *m)
{
    const struct store_layout *l = &m->run.layout;

    CHECK(l->methods == 2 && strcmp(l->method[0], "layercam") == 0 && strcmp(l->method[1], "uncentred") == 0);
    CHECK(strcmp(l->measure[first(l, "rmse_layercam")].meaning, "RMSE of the maps 0-255 of layercam") == 0);
    CHECK(first(l, "rmse_uncentred") > first(l, "rmse_layercam") &&
          first(l, "correlation_uncentred") < l->measures && first(l, "rmse_eigen") == l->measures);
}

int main(void)
{
    struct made m = { .methods = 1u << CAM_LAYERCAM | 1u << CAM_UNCENTRED };
    int code = 1;

    CHECK(made_begin(&m, "methods") == OK);
    test_names(&m);
    made_end(&m, &code, "phase/methods");
    return code;
}
