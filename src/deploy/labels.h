/* src/deploy/labels.h: lists of names in what is packed behind a network. */
#ifndef DEPLOY_LABELS_H
#define DEPLOY_LABELS_H

#include "base.h"

/* A zip archive at the file's end, as TFLite's metadata are written: the first text in it (NAME.txt, stored)
 * with a line for each of `classes`, or also one for each of `skipped` in front of these, which are left out.
 * Nothing is added where there is none, or no sound archive. ERR_MEMORY. */
MUST_USE status labels_find(const uint8_t *bytes, uint64_t size, int classes, int skipped, struct text *out);

#endif
