/* src/image/annotation.h: ILSVRC's XML annotations, one file a picture. Local. */
#ifndef QUANTCAM_IMAGE_ANNOTATION_H
#define QUANTCAM_IMAGE_ANNOTATION_H

#include "list.h"

/* The boxes of one file, annotation/object/bndbox/{xmin,ymin,xmax,ymax}: at most 1 MiB, 64 levels, 4,096
 * boxes; a document type, so any entity of its own, is refused. ERR_FORMAT with file and line, ERR_IO,
 * ERR_MISSING, ERR_MEMORY. *box (count) is the caller's to mem_free, NULL where there is none. */
MUST_USE status image_annotation_read(const char *path, struct image_box **box, int *count);

/* The .xml files below a folder, at most 8 folders deep, by name (bytes), relative to it. names and its count
 * strings are the caller's to mem_free, after a failure too. ERR_MISSING where there is none. */
MUST_USE status image_annotation_files(const char *folder, char ***names, int *count);

#endif
