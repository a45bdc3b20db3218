/* Bits of a network's nodes by preset, ends and single nodes. */
#include "check.h"
#include "train/train_parts.h"

#include <string.h>

static const char text[] = "model tiny four layers\n"
                           "input image 1 8 8  resize squash bilinear  mean 0.5 std 0.5\n"
                           "conv conv1 image  out 4 kernel 3 stride 1 pad 1 groups 1  weight conv1\n"
                           "relu relu1 conv1\n"
                           "conv conv2 relu1  out 4 kernel 3 stride 1 pad 1 groups 1  weight conv2\n"
                           "relu6 relu2 conv2\n"
                           "linear fc1 relu2  out 6  weight fc1\n"
                           "relu relu3 fc1\n"
                           "linear fc2 relu3  out 3  weight fc2\n"
                           "output fc2\ncam relu2\n";

/* "conv1 4, relu1 4, ...": those that have bits. */
static void expect(struct train *t, const char *layers, const char *bits)
{
    char said[256] = "";
    struct train_job job = *t->job;
    const struct train_job *before = t->job;

    snprintf(job.layers, sizeof job.layers, "%s", layers);
    t->job = &job;
    CHECK_MSG(quantizers_make(t) == OK, "%s", error_last()->text);
    for (int i = 0; t->quantizer && i < t->model.nodes; i++) {
        int n = t->quantizer[i].weights.bits + t->quantizer[i].pact_bits;

        if (n > 0)
            snprintf(said + strlen(said), sizeof said - strlen(said), "%s%s %d", said[0] ? ", " : "",
                     t->model.node[i].name, n);
    }
    CHECK_MSG(!strcmp(said, bits), "%s", said);
    mem_free(t->quantizer);
    t->quantizer = NULL;
    t->job = before;
}

static void refused(struct train *t, struct train_job *job, const char *layers, const char *says)
{
    snprintf(job->layers, sizeof job->layers, "%s", layers);
    CHECK(quantizers_make(t) == ERR_USAGE);
    CHECK_MSG(strstr(error_last()->text, says), "%s", error_last()->text);
    mem_free(t->quantizer);
    t->quantizer = NULL;
    job->layers[0] = '\0';
}

int main(void)
{
    struct train_job job;
    struct train t = { .job = &job };

    train_job_defaults(&job);
    CHECK(model_parse("tiny", text, strlen(text), &t.model) == OK);
    expect(&t, "", "");
    expect(&t, "conv2 5, relu3 8", "conv2 5, relu3 8");
    job.preset = 3; /* mixed */
    expect(&t, "", "conv1 4, relu1 4, conv2 2, relu2 2, fc1 2, relu3 2, fc2 4");
    job.ends = 8;
    expect(&t, "relu2 4 , conv1 32", "relu1 8, conv2 2, relu2 4, fc1 2, relu3 2, fc2 8");
    refused(&t, &job, "conv9 4", "network tiny has no node conv9");
    refused(&t, &job, "image 4", "image is of kind input; conv, linear, relu and relu6 have bits");
    refused(&t, &job, "conv1", "pairs NODE BITS");
    refused(&t, &job, "conv1 16", "pairs NODE BITS");
    refused(&t, &job, "conv1 6", "conv1: weights of 6 bits: sawb is defined for");
    job.ends = 0;
    job.preset = 2;
    job.form = QUANT_DOREFA;
    job.slope = QUANT_SLOPE_CLIPPED;
    refused(&t, &job, "", "conv1: a clipped gradient");
    model_free(&t.model);
    CHECK(mem_live() == 0);
    return check_result("train_quantizers");
}
