/* tests/gradient/test_path.c: which nodes lie between two, what is read of them, and what is refused. */
#include "engine/tiny.h"
#include "gradient.h"

static int shown(const struct tiny *t, const char *to, const char *node)
{
    const struct gradient_path path = { .from = t->model.output, .to = model_find(&t->model, to) };
    uint8_t show[64] = { 0 };

    tiny_must(gradient_shows(&t->model, t->binding.form, path, show));
    return show[model_find(&t->model, node)];
}

static void marks(void)
{
    struct tiny t;

    tiny_every(&t, 0, 0);
    CHECK(!shown(&t, "last", "pooled") && !shown(&t, "last", "last"));
    CHECK(shown(&t, "mix", "again") && !shown(&t, "mix", "grouped_relu"));
    CHECK(shown(&t, "image", "dw") && shown(&t, "image", "fc2"));     /* hardswish, hardsigmoid read theirs */
    CHECK(shown(&t, "swish", "swish") && shown(&t, "swish", "gate")); /* a product reads both */
    CHECK(shown(&t, "image", "first_relu") && !shown(&t, "image", "se"));
    tiny_free(&t);
    tiny_every(&t, 1, 0); /* quantizers, but not the logit's */
    CHECK(shown(&t, "image", "se") && shown(&t, "image", "dw") && shown(&t, "mix", "last"));
    CHECK(!shown(&t, "image", "fc") && !shown(&t, "image", "pooled"));
    tiny_free(&t);
}

static void refuses(void)
{
    struct tiny t;
    struct gradient_path path;
    struct gradient g;

    tiny_every(&t, 0, 0);
    path =
        (struct gradient_path){ .from = model_find(&t.model, "right"), .to = model_find(&t.model, "left") };
    CHECK(gradient_check(&t.model, path) == ERR_MISMATCH);
    CHECK_MSG(!strcmp(error_last()->text,
                      "tiny.model: nothing of the node left reaches right: its gradient is "
                      "0 for every picture"),
              "%s", error_last()->text);
    CHECK(gradient_open(&t.binding, path, kernel_select("ref"), &g) == ERR_MISMATCH);
    path.to = model_find(&t.model, "pool");
    CHECK(gradient_check(&t.model, path) == OK);
    tiny_free(&t);
}

int main(void)
{
    marks();
    refuses();
    CHECK(mem_live() == 0);
    return check_result("gradient/path");
}
