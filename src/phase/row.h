/* src/phase/row.h: what the probe shows of a picture into one row of /models/<net>. Private to the room.
 * Local. */
#ifndef QUANTCAM_PHASE_ROW_H
#define QUANTCAM_PHASE_ROW_H

#include "probe.h"
#include "run.h"

/* degenerate_{method}: why a map shows nothing. */
enum { ROW_EMPTY = 1, ROW_FLAT = 2 };

/* The fields of a network's rows, found once. */
struct row;
MUST_USE status row_create(const struct run *r, struct store_rows *rows, int net, struct row **out);
void row_free(struct row *row); /* NULL is fine */
/* One precision into the row in hand, after probe_answer and probe_look of it and before another is looked
 * at: answer, projection, layer, its measures, further methods, boxes.
 *   info    of the picture as decoded
 *   pixels  that the network saw
 * The engine may have run other pictures afterwards. ERR_NUMERIC where a method's map is not finite. */
MUST_USE status row_precision(struct row *row, struct probe *p, int precision, int64_t image,
                              const struct image_info *info, const uint8_t *pixels);
/* What the row in hand has of a precision already, for the probe: others are compared with it. */
void row_recall(struct row *row, struct probe *p, int precision);
/* The measures of a precision's pair with the first, both of which the row has. */
void row_pair(struct row *row, struct probe *p, int precision);

#endif
