/* src/phase/methods.c: which further methods a job wants, and what they need. */
#include "methods.h"

static int wanted(const struct job *job, int method)
{
    return method != CAM_EIGEN && (job->methods >> method & 1);
}

void methods_name(const struct job *job, struct store_layout *l)
{
    for (int m = 0; m < CAM_METHODS; m++)
        if (wanted(job, m))
            snprintf(l->method[l->methods++], STORE_NAME, "%s", cam_method_name((enum cam_method)m));
}

static int any_needs_head(const struct job *job)
{
    for (int m = 0; m < CAM_METHODS; m++)
        if (wanted(job, m) && cam_method_needs_head((enum cam_method)m))
            return 1;
    return 0;
}

status methods_head(const struct job *job, const struct model_binding *b, struct model_head *out)
{
    return any_needs_head(job) ? model_head_load(b, out) : OK;
}
