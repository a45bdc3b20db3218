/* gaze: the second study's figure 3. Of the pictures whose maps differ most between precisions a figure each:
 * the picture and where people look at the left, then a column a network, a row a precision: its map.
 *
 * The pictures: of those with a result in every network, the largest mean over networks and further
 * precisions of 1 - CC of the map (value_method) with the first precision's; the lower image where several
 * are equal. */
#ifndef QUANTCAM_REPORT_GAZE_H
#define QUANTCAM_REPORT_GAZE_H

#include "panel.h"

enum { GAZE_PICTURES = 4 };
struct gaze_picture {
    int64_t image;
    float apart;    /* mean of 1 - CC */
    int truth;      /* the truth is drawn */
    char path[512]; /* of the image, relative to its root */
    char file[32];  /* in the report's folder */
};
struct gaze {
    const char *why; /* there is no figure, or NULL */
    const char *method;
    char truth[96]; /* what the truth is: "predicted saliency (sr-center)" */
    const struct store_layout *layout;
    int count;
    struct gaze_picture picture[GAZE_PICTURES];
};

/* What the result's maps were compared with, in words. Returns out. */
MUST_USE status gaze_truth(struct store_reader *r, char *out, size_t size);
/* Writes FOLDER/gaze_1.png ... Pictures that cannot be read are counted, their panels stay white; a truth
 * that cannot be had leaves its panel white. */
MUST_USE status gaze_write(struct store_reader *r, const struct report_options *options,
                           struct panel_missing *missing, struct gaze *out);
/* How the figures read and by what rule their pictures were chosen. */
MUST_USE status gaze_rule(const struct gaze *g, struct text *out);
MUST_USE status gaze_markdown(const struct gaze *g, struct text *out);

#endif
