/* tests/deploy/onnx_case.h: a file of tests/deploy/data, its description and what it computes. */
#ifndef QUANTCAM_TEST_ONNX_CASE_H
#define QUANTCAM_TEST_ONNX_CASE_H

#include "check.h"
#include "deploy/deploy_parts.h"
#include "engine.h"
#include "onnx_write.h"

#include <math.h>
#include <string.h>

/* tests/fixtures/make_onnx_fixtures.py makes tests/deploy/data. */
static const struct deploy_options how = { .input =
                                               "resize squash bilinear mean 0.5 0.5 0.5 std 0.25 0.25 0.25",
                                           .skip = -1 };

static inline void load(const char *name, struct deploy_network *net)
{
    char path[128];

    snprintf(path, sizeof path, "tests/deploy/data/%s.onnx", name);
    CHECK_MSG(deploy_load(path, &how, net) == OK, "%s", error_last()->text);
}

/* The description's lines behind the input's. */
static inline void check_lines(const char *name, const char *decided, const char *expected)
{
    struct deploy_network net;
    const char *from;

    load(name, &net);
    from = strstr(net.description, "std 0.25 0.25 0.25");
    CHECK_MSG(from && strcmp(strchr(from, '\n') + 1, expected) == 0, "%s:\n%s", name, from);
    CHECK_MSG(strcmp(net.decided.data ? net.decided.data : "", decided) == 0, "%s: %s", name,
              net.decided.data);
    deploy_free(&net);
}

/* What ONNX Runtime computes: the same codes; real numbers within 1e-4 of the largest. */
static inline void check_values(const char *name, double bound)
{
    struct deploy_network net;
    struct model m = { 0 };
    struct model_binding b = { 0 };
    struct engine e = { 0 };
    char path[128], *bytes = NULL;
    int32_t head[3];
    size_t size = 0;
    const float *ours, *theirs;
    double far = 0, most = 0;

    load(name, &net);
    snprintf(path, sizeof path, "tests/deploy/data/%s.bin", name);
    CHECK(text_read_file(path, 1 << 16, &bytes, &size) == OK);
    memcpy(head, bytes, sizeof head);
    theirs = (const float *)(void *)(bytes + sizeof head + head[0] * head[1] * 3);
    CHECK_MSG(model_parse(name, net.description, net.size, &m) == OK &&
                  model_bind(&m, &net.weights, NULL, &b) == OK &&
                  engine_open(&b, &(struct engine_options){ 0 }, kernel_select("auto"), &e) == OK,
              "%s: %s", name, error_last()->text);
    CHECK(m.classes == head[2]);
    if (e.plan && m.classes == head[2]) {
        engine_run(e.plan, e.state, (const uint8_t *)bytes + sizeof head);
        ours = engine_logits(e.plan, e.state);
        for (int i = 0; i < head[2]; i++) {
            far = fmax(far, fabs((double)ours[i] - (double)theirs[i]));
            most = fmax(most, fabs((double)theirs[i]));
        }
        CHECK_MSG(far <= bound * most, "%s: %g of %g", name, far, most);
    }
    engine_close(&e);
    model_unbind(&b);
    model_free(&m);
    deploy_free(&net);
    mem_free(bytes);
}

/* The model being written (onnx_write.h). */
static inline void check_refused(const struct deploy_options *options, const char *expected)
{
    const struct wire *model = model_of(17);
    struct sketch d = { .path = "case.onnx" };
    struct deploy_network net = { 0 };

    CHECK(onnx_read(model->bytes, model->size, options, &d, &net) != OK);
    CHECK_MSG(strstr(error_last()->text, expected), "%s", error_last()->text);
    sketch_free(&d);
    deploy_free(&net);
}

#endif
