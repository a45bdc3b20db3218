/* src/store/schema_table.h: how a line of the table in schema.c is written; schema_expand.c makes datasets of
 * it. Private to the room. */
#ifndef QUANTCAM_STORE_SCHEMA_TABLE_H
#define QUANTCAM_STORE_SCHEMA_TABLE_H

#include "store.h"

enum extent {
    D_END = 0, D_ONE, D_IMAGE, D_PLACE, D_BOX, D_EDGE, D_TOP, D_CLASS, D_CAM_Y, D_CAM_X, D_Y, D_X, D_NETWORK,
    D_PRECISION, D_SET, D_STATISTIC, D_PHASE, D_CLASS_NAME, D_COLOUR, D_RGB, D_CHECKSUM, D_RULE,
    D_SIGN, D_MASK, D_MASK_BYTE, D_TRIVIAL, D_STEP, D_METHOD, D_BIN, D_CHANNEL, D_MEASURE,
    D_OPERAND, D_MAP, D_RELEVANT, D_PERCENTILE, D_LEVEL, D_STATE, D_REMOVED, D_GROUP, D_LAYER,
    D_COUNT
};
enum length { L_NONE = 0, L_NAME, L_PATH, L_CLASS, L_ERROR, L_COMMAND, L_TIME, L_SHA, L_JOB,
              L_PROVENANCE, L_SUM, L_UNIT, L_MEANING, L_LAYER };
enum flag { CRC = 1, SCALE = 2, MINUS = 4, PICTURE = 8, MAPS = 16, NAMED = 32, BYTE_MAP = 64,
            NO_DIGEST = 128, CURVE = 256, STEP_LOGITS = 512, CROSS = 1024,
            WHOLE = 2048 /* store.activations = full */, PART = 4096 /* = subset */,
            ROAD = 8192, SCORED = 16384 /* curves or ROAD */,
            PLUSPLUS = 32768 /* gradcampp is a method */,
            LAYERED = 1 << 22 /* store_layout.sensitivity */,
            /* what maps are compared with; of that, where it is of a kind */
            REMOVAL = 1 << 23, SALIENT = 1 << 24, DENSE = 1 << 25, FIXATED = 1 << 26, MASKED = 1 << 27 };

struct schema_row {
    const char *path;
    enum store_type type;
    uint8_t extent[STORE_MAX_RANK];
    enum store_group group;
    const char *unit, *long_name;
    int flags;
    enum length length;
};

extern const struct schema_row schema_rows[];
extern const int schema_row_count;
/* The scale of each extent; NULL: a mere count. */
extern const char *const schema_axis[D_COUNT];

/* Where an expansion stands: which network, precision, selection, method, map, measure and picture. */
struct schema_place {
    int net, prec, sel, method, map, measure, pic;
};
/* Copies a template of the table, its words in braces replaced; 0 if it does not fit. BUG_IF a word is none
 * of schema.c's. */
int schema_expand_text(const struct store_layout *l, const struct schema_place *at, const char *template,
                   char *out, size_t size);

#endif
