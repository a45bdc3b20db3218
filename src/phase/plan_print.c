/* src/phase/plan_print.c: what a job will do, for the reader of the log: networks, pictures, size, memory. */
#include "explain_maps.h"
#include "run.h"

#include <string.h>

static double mega(double bytes)
{
    return bytes / 1e6;
}

/* "100 MB free on that disk". A file system that says 0 may not count: creating the file tells. */
static const char *disk_left(const char *out, char *text, size_t size)
{
    char target[4096] = "";
    double left = store_follow(out, target, sizeof target) == OK ? store_free_bytes(target) : -1;

    if (left > 0)
        snprintf(text, size, "%.0f MB free on that disk", mega(left));
    else
        snprintf(text, size, "free space on that disk unknown");
    return text;
}

static void print_network(const struct run *r, int i)
{
    const struct run_network *net = &r->network[i];
    char text[512] = "", pipeline[IMAGE_PIPELINE_TEXT], cam[MODEL_CAM_WORDS];
    size_t n = 0;

    for (int p = 0; p < r->precisions; p++) {
        int codes = r->precision[p].form == PRECISION_CODES;

        n += (size_t)snprintf(text + n, sizeof text - n, "%s%.40s %s%s%.1f MB", p ? ", " : "",
                              run_precision(r, p), codes ? engine_arithmetic_name(net->arithmetic[p]) : "",
                              codes ? " " : "", mega((double)shared_bytes(r, i, p)));
    }
    log_info("  %-20s %4d classes  CAM layer %s %d x %d x %d  %7.2f MMAC  %s", r->job->network[i].name,
             net->model[0]->classes, model_cam_words(net->model[0], cam, sizeof cam), net->map[0].c,
             net->map[0].h, net->map[0].w, (double)net->macs[0] / 1e6, text);
    log_info("  %-20s %s", "", image_pipeline_write(&net->pipeline[0], pipeline));
    for (int p = 1; p < r->precisions; p++)
        if (net->model[p] != net->model[0])
            log_info("  %20s %s, CAM layer %s %d x %d x %d  %7.2f MMAC  %s", run_precision(r, p),
                     net->model[p]->source, model_cam_words(net->model[p], cam, sizeof cam), net->map[p].c,
                     net->map[p].h, net->map[p].w, (double)net->macs[p] / 1e6,
                     image_pipeline_write(&net->pipeline[p], pipeline));
    explain_maps_say(r, i);
}

/* Three pictures of the list with the classes that they get, for a look. */
static void print_pictures(const struct run *r)
{
    const struct image_manifest *list = &r->list;
    int last = -1;

    for (int i = 0; i < 3; i++) {
        int at = (int)((int64_t)i * (list->count - 1) / 2);
        const struct image_entry *e = &list->entry[at];

        if (at == last)
            continue;
        last = at;
        if (e->class_index < 0)
            log_info("  %.200s: no class", e->path);
        else
            log_info("  %.200s: class %d%s%.100s", e->path, e->class_index, list->class_name ? ", " : "",
                     list->class_name ? list->class_name[e->class_index] : "");
    }
}

void plan_print(const struct run *r)
{
    struct store_schema schema = { 0 };
    char count[32], boxed[32], boxes[32], left[64], text[96] = "none with boxes";
    int with_boxes = 0;

    for (int i = 0; i < r->list.count; i++)
        with_boxes += r->list.entry[i].boxes > 0;
    if (with_boxes > 0)
        snprintf(text, sizeof text, "%s of them with boxes (%s in all)",
                 text_thousands(with_boxes, boxed, sizeof boxed),
                 text_thousands(r->list.boxes, boxes, sizeof boxes));
    log_info("%s images, %s, %d network%s", text_thousands(r->list.count, count, sizeof count), text,
             r->networks, r->networks == 1 ? "" : "s");
    for (int i = 0; i < r->networks; i++)
        print_network(r, i);
    log_lines("  ", r->list.decided);
    log_lines("  ", r->decided.data ? r->decided.data : "");
    if (r->job->dry_run)
        print_pictures(r);
    if (r->list.boxes_unmatched > 0)
        log_info("%d boxes are of files that are not in the list", r->list.boxes_unmatched);
    if (schema_expand(&r->layout, &schema) == OK)
        log_info("%s: %.1f MB expected, %s; %.0f MB of memory a rank so far", r->job->out,
                 mega((double)schema_bytes(&schema)), disk_left(r->job->out, left, sizeof left),
                 mega((double)mem_peak_resident()));
    schema_free(&schema);
}
