/* src/store/schema.c: the one table of the result file. A path holds {net} every network, {prec} every
 * precision, {other} every precision but the first, {base} the first, {coded} every one whose activations
 * are stored codes, {real} every other one, {sel} every selection, {pic} every gallery picture (01, 02,
 * ...), {method} every further method, {map} every map of the selected pictures. Of the job's measures {one}
 * is every measure of kind ONE, {code} of CODES, {pair} of PAIR, {selected} of SELECTED, {match} of MATCH,
 * {baseline} of BASELINE, {answer} of ANSWER, {crossed} of CROSSED, {road} of ROAD, {random} of RANDOM,
 * {grouped} of those that are reduced over groups of networks,
 * {value} of all kinds but CODES, PAIR, SELECTED, BASELINE and RANDOM; {unit}, {meaning} are theirs. {float}
 * is every precision of real numbers, {odd} every one whose CAM layer has other extents than the first's. */
#include "schema_table.h"

#include <string.h>

const char *const schema_axis[D_COUNT] = {
    [D_IMAGE] = "/image", [D_PLACE] = "/models/{net}/subset/place", [D_TOP] = "/top",
    [D_CLASS] = "/models/{net}/class", [D_CAM_Y] = "/models/{net}/cam_y", [D_CAM_X] = "/models/{net}/cam_x",
    [D_STEP] = "/step", [D_CHANNEL] = "/models/{net}/channel",
    [D_Y] = "/models/{net}/y", [D_X] = "/models/{net}/x", [D_NETWORK] = "/network",
    [D_PRECISION] = "/precision", [D_SET] = "/set", [D_STATISTIC] = "/statistic", [D_PHASE] = "/timing/phase",
    [D_RULE] = "/rule", [D_SIGN] = "/sign", [D_TRIVIAL] = "/trivial",
    [D_METHOD] = "/method", [D_BOX] = "/images/box", [D_EDGE] = "/edge", [D_MASK] = "/criterion",
    [D_MASK_BYTE] = "/threshold_byte", [D_BIN] = "/bin", [D_MEASURE] = "/measure",
    [D_OPERAND] = "/operand", [D_MAP] = "/map", [D_RELEVANT] = "/relevant", [D_PERCENTILE] = "/percentile",
    [D_LEVEL] = "/level", [D_STATE] = "/truth_state", [D_REMOVED] = "/removed",
    [D_GROUP] = "/group", [D_LAYER] = "/models/{net}/layer",
};

#define U8 STORE_U8
#define S8 STORE_S8
#define S32 STORE_S32
#define U32 STORE_U32
#define S64 STORE_S64
#define F32 STORE_F32
#define F64 STORE_F64
#define STR STORE_STRING
#define STATE STORE_STATUS
#define FIX STORE_FIXED
#define IMG STORE_ROWS_IMAGE
#define MOD STORE_ROWS_MODEL
#define SUB STORE_ROWS_SUBSET
#define SUM STORE_SUMMARY
#define TIM STORE_TIMING
#define M "/models/{net}/"
#define MP "/models/{net}/{prec}/"
#define MC "/models/{net}/{coded}/"
#define MV "/models/{net}/{other}/vs_{base}/"
#define MS "/models/{net}/subset/"
#define SA "/summary/accuracy/{prec}/"
#define SD "/summary/difference/{other}/"
#define SH "/summary/histogram/"
#define SC "/summary/curves/{prec}/"
#define SW "/summary/wsol/"
#define ST "/summary/wsol_trivial/"
#define SG "/summary/agreement/{other}/"
#define SR "/summary/removal/"
#define SU "/summary/groups/{grouped}/"
#define TA "/timing/alone/{prec}/"
#define IS "/images/saliency/"
#define SB "/summary/baselines/"
#define SS "/summary/saliency/"
#define ML "/models/{net}/sensitivity/"

/* What is worked out of the values of a measure, and of the differences of pairs. */
#define NS { D_NETWORK, D_SET }
#define GP { D_GROUP, D_PRECISION }
#define GPP { D_GROUP, D_PRECISION, D_PRECISION }
#define MEASURE(path, who)                                                                                   \
    { path "/images", S64, NS, SUM, "1", "pictures with a value: {meaning}, " who },                         \
    { path "/mean", F64, NS, SUM, "{unit}", "mean: {meaning}, " who },                                       \
    { path "/low", F64, NS, SUM, "{unit}", "lower end of the mean's 95 % interval" },                        \
    { path "/high", F64, NS, SUM, "{unit}", "upper end of the mean's 95 % interval" },                       \
    { path "/median", F64, NS, SUM, "{unit}", "median: {meaning}, " who },                                   \
    { path "/sd", F64, NS, SUM, "{unit}", "standard deviation over pictures: {meaning}, " who }
#define DIFFERENCE(measure, where)                                                                           \
    { SD measure "/images", S64, NS, SUM, "1", "pairs: {meaning}" where ", {other}" },                       \
    { SD measure "/difference", F64, NS, SUM, "{unit}", "{meaning}" where ", mean {other} less {base}" },    \
    { SD measure "/low", F64, NS, SUM, "{unit}", "lower end of its 95 % interval" },                         \
    { SD measure "/high", F64, NS, SUM, "{unit}", "upper end of its 95 % interval" }

/* What a network loses with some of its layers quantized. */
#define LOSS(path, who)                                                                                      \
    { path "_drift", F64, { D_LAYER }, SUM, "1", "1 - |correlation| of the maps with fp32's, mean, " who },  \
    { path "_rmse", F64, { D_LAYER }, SUM, "1", "RMSE of the maps 0-255, aligned, mean, " who },             \
    { path "_changed", S64, { D_LAYER }, SUM, "1", "answers changed, " who },                                \
    { path "_sqnr", F64, { D_LAYER }, SUM, "dB",                                                             \
      "signal to quantization noise of the logits, inf = exact, " who }

/* What there is of each kind of truth; of masks the curves of a map, and of their means. */
#define TRUTH(name, flag)                                                                                    \
    { IS "state_" name, U8, { D_IMAGE }, IMG, "", "state of the picture's " name, CRC | flag },              \
    { IS "next_" name, S64, { D_IMAGE }, IMG, "", "picture whose " name " is shuffled's, -1 = none",         \
      CRC | flag }
#define CURVES(path, behind, group, who)                                                                     \
    { path "f_curve" behind, F32, { D_IMAGE, D_LEVEL }, group, "1", "F-measure of each threshold, " who,     \
      CRC | MASKED },                                                                                        \
    { path "e_curve" behind, F32, { D_IMAGE, D_LEVEL }, group, "1",                                          \
      "enhanced-alignment measure of each threshold, " who, CRC | MASKED }
#define MEAN_CURVES(path, behind, who)                                                                       \
    { path "f_curve" behind, F64, { D_NETWORK, D_SET, D_LEVEL }, SUM, "1", "mean f_curve, " who, MASKED },   \
    { path "e_curve" behind, F64, { D_NETWORK, D_SET, D_LEVEL }, SUM, "1", "mean e_curve, " who, MASKED },   \
    { path "f_max" behind, F64, NS, SUM, "1", "F-measure at the best threshold for all, " who, MASKED },     \
    { path "e_max" behind, F64, NS, SUM, "1",                                                                \
      "enhanced-alignment measure at the best threshold for all, " who, MASKED }

/* What a row leaves out at its end is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"
const struct schema_row schema_rows[] = {
    { "/job", STR, { D_ONE }, FIX, "", "what the result depends on: key = value lines", NO_DIGEST, L_JOB },
    { "/provenance", STR, { D_ONE }, FIX, "", "where the inputs came from", NO_DIGEST, L_PROVENANCE },

    { "/image", S64, { D_IMAGE }, FIX, "", "image index, 0-based", SCALE },
    { "/top", S32, { D_TOP }, FIX, "", "place among the largest logits, 0 = first", SCALE },
    { "/step", S32, { D_STEP }, FIX, "",
      "step of deletion and insertion: round(step * pixels / steps) pixels are altered", SCALE | CURVE },
    { "/relevant", STR, { D_RELEVANT }, FIX, "", "which pixels ROAD removes first", SCALE | ROAD, L_NAME },
    { "/percentile", S32, { D_PERCENTILE }, FIX, "%",
      "percentile of the map at and above which ROAD removes pixels", SCALE | ROAD },
    { "/removed", S32, { D_REMOVED }, FIX, "%",
      "pixels removed by the input gradient's map, largest first: round(share * pixels)", SCALE | REMOVAL },
    { "/network", STR, { D_NETWORK }, FIX, "", "network", SCALE, L_NAME },
    { "/precision", STR, { D_PRECISION }, FIX, "", "precision; the first is the reference", SCALE, L_NAME },
    { "/group", STR, { D_GROUP }, FIX, "", "group of networks, which differ in their random numbers", SCALE,
      L_NAME },
    { "/group_member", U8, { D_GROUP, D_NETWORK }, FIX, "1", "1 = the network belongs to the group" },
    { "/operand", STR, { D_OPERAND }, FIX, "", "of what there are bits", SCALE, L_NAME },
    { "/precision_form", STR, { D_PRECISION }, FIX, "", "real numbers, stored codes, or rounded to codes", 0,
      L_NAME },
    { "/precision_bits", S32, { D_PRECISION, D_OPERAND }, FIX, "bit",
      "bits of a number, the fewest that any layer has" },
    { "/set", STR, { D_SET }, FIX, "", "set of images: all, then the selections", SCALE, L_NAME },
    { "/statistic", STR, { D_STATISTIC }, FIX, "", "order statistic", SCALE, L_NAME },
    { "/rule", STR, { D_RULE }, FIX, "", "how a map's threshold is chosen", SCALE, L_NAME },
    { "/sign", STR, { D_SIGN }, FIX, "", "sign of a map", SCALE, L_NAME },
    { "/trivial", STR, { D_TRIVIAL }, FIX, "", "map that has seen no picture", SCALE, L_NAME },
    { "/method", STR, { D_METHOD }, FIX, "", "method of the maps beside cam", SCALE, L_NAME },
    { "/map", STR, { D_MAP }, FIX, "", "picture-sized map of the selected pictures", SCALE, L_NAME },
    { "/measure", STR, { D_MEASURE }, FIX, "", "measure of a picture", SCALE, L_NAME },
    { "/measures/kind", STR, { D_MEASURE }, FIX, "", "of what it is a measure", 0, L_NAME },
    { "/measures/unit", STR, { D_MEASURE }, FIX, "", "unit of its values", 0, L_UNIT },
    { "/measures/meaning", STR, { D_MEASURE }, FIX, "", "what its values are", 0, L_MEANING },
    { "/edge", STR, { D_EDGE }, FIX, "", "edge of a box, inclusive", SCALE, L_NAME },
    { "/criterion", STR, { D_MASK }, FIX, "",
      "which box of a map must overlap a true one, and by how many per cent", SCALE, L_NAME },
    { "/threshold_byte", S32, { D_MASK_BYTE }, FIX, "",
      "byte of eight thresholds, the lowest in its lowest bit", SCALE },
    { "/level", S32, { D_LEVEL }, FIX, "", "threshold of 255 times a map", SCALE | MASKED },
    { "/truth_state", STR, { D_STATE }, FIX, "", "state of what a picture's maps are compared with",
      SCALE | SALIENT, L_NAME },
    { "/bin", S32, { D_BIN }, FIX, "", "bin of a histogram, the lowest values first", SCALE },
    { "/images/box", S64, { D_BOX }, FIX, "", "row of the list of true boxes", SCALE },
    { M "class", S32, { D_CLASS }, FIX, "", "class index of {net}, 0-based", SCALE },
    { M "cam_y", S32, { D_CAM_Y }, FIX, "", "row of the CAM layer of {net}", SCALE },
    { M "cam_x", S32, { D_CAM_X }, FIX, "", "column of the CAM layer of {net}", SCALE },
    { M "y", S32, { D_Y }, FIX, "pixel", "row of the input of {net}", SCALE },
    { M "x", S32, { D_X }, FIX, "pixel", "column of the input of {net}", SCALE },
    { M "channel", S32, { D_CHANNEL }, FIX, "", "channel of the CAM layer of {net}", SCALE },
    { M "cam_y_{odd}", S32, { D_CAM_Y }, FIX, "", "row of the CAM layer of {net} {odd}", SCALE },
    { M "cam_x_{odd}", S32, { D_CAM_X }, FIX, "", "column of the CAM layer of {net} {odd}", SCALE },
    { M "channel_{odd}", S32, { D_CHANNEL }, FIX, "", "channel of the CAM layer of {net} {odd}", SCALE },
    { M "layer", S32, { D_LAYER }, FIX, "", "place of an output with a scale of its own in {net}", SCALE },
    { MS "place", S32, { D_PLACE }, FIX, "", "place in the union of the selections of {net}", SCALE },

    { MC "activation_scale", F64, { D_ONE }, FIX, "1",
      "real value of a step of the CAM layer's stored integers, {net} {coded}" },
    { MC "activation_zero_point", S32, { D_ONE }, FIX, "1",
      "stored integer that stands for 0 in the CAM layer, {net} {coded}" },

    { "/images/path", STR, { D_IMAGE }, FIX, "", "file, relative to the image root", 0, L_PATH },
    { "/images/class_index", S32, { D_IMAGE }, FIX, "", "true class, 0-based, -1 = unknown" },
    { "/images/box_first", S64, { D_IMAGE }, FIX, "", "first row of the image's boxes in boxes" },
    { "/images/box_count", S32, { D_IMAGE }, FIX, "1", "number of true boxes" },
    { "/images/boxes", S32, { D_BOX, D_EDGE }, FIX, "pixel",
      "true boxes x0 y0 x1 y1, 0-based, inclusive, in the stored picture" },
    { "/images/class_name", STR, { D_CLASS_NAME }, FIX, "", "name of each class", NAMED, L_CLASS },
    { "/images/error", STR, { D_IMAGE }, IMG, "", "why the image could not be used", CRC, L_ERROR },
    { "/images/width", S32, { D_IMAGE }, IMG, "pixel", "width of the stored picture", CRC },
    { "/images/height", S32, { D_IMAGE }, IMG, "pixel", "height of the stored picture", CRC },
    { "/images/sha256", STR, { D_IMAGE }, IMG, "", "SHA-256 of the picture's file", CRC, L_SHA },
    TRUTH("density", DENSE),
    TRUTH("fixations", FIXATED),
    TRUTH("masks", MASKED),
    { IS "fixated", S32, { D_IMAGE }, IMG, "1", "fixated pixels that maps are compared at", CRC | FIXATED },
    { IS "dropped", S32, { D_IMAGE }, IMG, "1", "fixations outside of the picture", CRC | FIXATED },
    { IS "center/{baseline}", F32, { D_IMAGE }, IMG, "{unit}", "{meaning}, of the centre", CRC },
    { IS "shuffled/{baseline}", F32, { D_IMAGE }, IMG, "{unit}", "{meaning}, of another picture's truth",
      CRC },
    CURVES(IS "center/", "", IMG, "of the centre"),
    CURVES(IS "shuffled/", "", IMG, "of another picture's truth"),
    { "/images/crc", U32, { D_IMAGE }, IMG, "1", "CRC-32 of the row" },
    { "/images/status", STATE, { D_IMAGE }, IMG, "", "state of the row" },

    { MP "top5", S32, { D_IMAGE, D_TOP }, MOD, "", "classes with the largest logits, {net} {prec}", CRC },
    { MP "score5", F32, { D_IMAGE, D_TOP }, MOD, "1", "softmax probability of top5, {net} {prec}", CRC },
    { MP "logits", F32, { D_IMAGE, D_CLASS }, MOD, "1", "logits, real values, {net} {prec}", CRC },
    { MP "cam", F32, { D_IMAGE, D_CAM_Y, D_CAM_X }, MOD, "1",
      "first principal projection of the CAM layer, aligned sign, before ReLU, {net} {prec}", CRC },
    { MP "raw_sign", S8, { D_IMAGE }, MOD, "1",
      "sign of numpy's svd (LAPACK dgesdd) relative to cam, 0 = undefined, {net} {prec}", CRC },
    { MP "own_sign", S8, { D_IMAGE }, MOD, "1",
      "sign by the precision's own rule relative to cam, 0 = undefined, {net} {prec}", CRC },
    { MP "constant", U8, { D_IMAGE }, MOD, "1",
      "1 = every channel is constant over the map, {net} {prec}", CRC },
    { MP "{one}", F32, { D_IMAGE }, MOD, "{unit}", "{meaning}, {net} {prec}", CRC },
    { MC "{code}", F32, { D_IMAGE }, MOD, "{unit}", "{meaning}, {net} {coded}", CRC },
    { MP "activation_mean", F32, { D_IMAGE, D_CHANNEL }, MOD, "1",
      "mean over the pixels of each channel of the CAM layer, real values, {net} {prec}", CRC },
    { M "{real}/activation", F32, { D_IMAGE, D_CHANNEL, D_CAM_Y, D_CAM_X }, MOD, "1",
      "CAM layer, {net} {real}", CRC | WHOLE },
    { MC "activation", U8, { D_IMAGE, D_CHANNEL, D_CAM_Y, D_CAM_X }, MOD, "1",
      "CAM layer, activation_scale * (code - activation_zero_point), {net} {coded}", CRC | WHOLE },
    { MP "wsol/iou", F32, { D_IMAGE, D_RULE }, MOD, "1",
      "IoU of the map's box with the best true box, -1 = there is none, {net} {prec}", CRC },
    { MP "wsol/iou_raw", F32, { D_IMAGE, D_RULE }, MOD, "1", "IoU of the map in the raw sign, {net} {prec}",
      CRC },
    { MP "wsol/box", S32, { D_IMAGE, D_EDGE }, MOD, "pixel",
      "map's box at t = 0.2: x0 y0 x1 y1, inclusive, in the crop, -1 = no foreground, {net} {prec}", CRC },
    { MP "wsol/box_raw", S32, { D_IMAGE, D_EDGE }, MOD, "pixel",
      "box at t = 0.2 of the map in the raw sign, {net} {prec}", CRC },
    { MP "wsol/right", U8, { D_IMAGE, D_MASK, D_MASK_BYTE }, MOD, "1",
      "a bit a threshold: IoU >= 0.5 single, >= 0.3, 0.5, 0.7 any component, {net} {prec}", CRC },
    { MP "wsol/right_raw", U8, { D_IMAGE, D_MASK, D_MASK_BYTE }, MOD, "1",
      "the same of the map in the raw sign, {net} {prec}", CRC },
    { MV "{pair}", F32, { D_IMAGE }, MOD, "{unit}", "{meaning}, {net} {other} and {base}", CRC },
    { MP "cam_{method}", F32, { D_IMAGE, D_CAM_Y, D_CAM_X }, MOD, "1",
      "projection of {method} before ReLU, {net} {prec}", CRC },
    { MP "degenerate_{method}", U8, { D_IMAGE }, MOD, "1",
      "1 = that map is constant or nowhere above 0, 2 = since the class's gradient is 0, {net} {prec}",
      CRC },
    { MP "undefined_gradcampp", S32, { D_IMAGE }, MOD, "1",
      "positions and channels whose 2 + S g is not above 0, counted as 0, {net} {prec}", CRC | PLUSPLUS },
    { MP "removal_right", U8, { D_IMAGE, D_REMOVED }, MOD, "1",
      "1 = the true class is first while pixels are removed, 0 where it is unknown, {net} {prec}",
      CRC | REMOVAL },
    { MP "{match}", F32, { D_IMAGE }, MOD, "{unit}", "{meaning}, {net} {prec}", CRC },
    CURVES(MP, "_eigen", MOD, "eigen, {net} {prec}"),
    CURVES(MP, "_{method}", MOD, "{method}, {net} {prec}"),
    { M "crc", U32, { D_IMAGE }, MOD, "1", "CRC-32 of the row, all precisions" },
    { M "status", STATE, { D_IMAGE }, MOD, "", "state of the row, all precisions" },

    { MS "image", S64, { D_PLACE }, SUB, "", "image index, -1 = unused place", CRC | MINUS },
    { MS "in_{sel}", U8, { D_PLACE }, SUB, "1", "1 = the selection {sel} holds the image", CRC },
    { MS "{prec}/cam_u8", U8, { D_PLACE, D_Y, D_X }, SUB, "1",
      "full-size map, aligned sign, {net} {prec}", CRC | MAPS | BYTE_MAP },
    { MS "{prec}/map_{map}", U8, { D_PLACE, D_Y, D_X }, SUB, "1", "full-size map by {map}, {net} {prec}",
      CRC | BYTE_MAP },
    { MS "{prec}/degenerate_{map}", U8, { D_PLACE }, SUB, "1",
      "1 = the map by {map} shows nothing: its values are equal, or nowhere above 0, {net} {prec}", CRC },
    { MS "{other}/vs_{base}/{selected}", F32, { D_PLACE }, SUB, "{unit}",
      "{meaning}, {net} {other} and {base}", CRC },
    { MS "{prec}/class", S32, { D_PLACE }, SUB, "", "class whose probability is looked at, {net} {prec}",
      CRC | SCORED },
    { MS "{prec}/{road}", F32, { D_PLACE, D_RELEVANT, D_PERCENTILE }, SUB, "1",
      "change of the probability: {meaning}, {net} {prec}", CRC },
    { MS "{float}/{random}", F32, { D_PLACE }, SUB, "{unit}", "{meaning}, {net} {float}", CRC },
    { MS "{prec}/deletion_curve", F32, { D_PLACE, D_STEP }, SUB, "1",
      "probability while pixels go, largest projection first, aligned sign, {net} {prec}", CRC | CURVE },
    { MS "{prec}/insertion_curve", F32, { D_PLACE, D_STEP }, SUB, "1",
      "probability while pixels come, largest projection first, aligned sign, {net} {prec}", CRC | CURVE },
    { MS "{prec}/deletion_curve_raw", F32, { D_PLACE, D_STEP }, SUB, "1",
      "deletion_curve in LAPACK's sign, {net} {prec}", CRC | CURVE },
    { MS "{prec}/insertion_curve_raw", F32, { D_PLACE, D_STEP }, SUB, "1",
      "insertion_curve in LAPACK's sign, {net} {prec}", CRC | CURVE },
    { MS "{prec}/deletion_logits", F32, { D_PLACE, D_STEP, D_CLASS }, SUB, "1",
      "logits at every step of deletion_curve, {net} {prec}", CRC | STEP_LOGITS },
    { MS "{prec}/insertion_logits", F32, { D_PLACE, D_STEP, D_CLASS }, SUB, "1",
      "logits at every step of insertion_curve, {net} {prec}", CRC | STEP_LOGITS },
    { MS "{other}/deletion_curve_on_{base}", F32, { D_PLACE, D_STEP }, SUB, "1",
      "probability by {base} while pixels go in the order of {other}'s map, aligned sign, {net}",
      CRC | CROSS },
    { MS "{other}/insertion_curve_on_{base}", F32, { D_PLACE, D_STEP }, SUB, "1",
      "probability by {base} while pixels come in the order of {other}'s map, aligned sign, {net}",
      CRC | CROSS },
    { MS "{base}/deletion_curve_on_{other}", F32, { D_PLACE, D_STEP }, SUB, "1",
      "probability by {other} while pixels go in the order of {base}'s map, aligned sign, {net}",
      CRC | CROSS },
    { MS "{base}/insertion_curve_on_{other}", F32, { D_PLACE, D_STEP }, SUB, "1",
      "probability by {other} while pixels come in the order of {base}'s map, aligned sign, {net}",
      CRC | CROSS },
    { MS "{other}/deletion_logits_on_{base}", F32, { D_PLACE, D_STEP, D_CLASS }, SUB, "1",
      "logits of {base} at every step of deletion_curve_on_{base}, {net}", CRC | CROSS | STEP_LOGITS },
    { MS "{other}/insertion_logits_on_{base}", F32, { D_PLACE, D_STEP, D_CLASS }, SUB, "1",
      "logits of {base} at every step of insertion_curve_on_{base}, {net}", CRC | CROSS | STEP_LOGITS },
    { MS "{base}/deletion_logits_on_{other}", F32, { D_PLACE, D_STEP, D_CLASS }, SUB, "1",
      "logits of {other} at every step of deletion_curve_on_{other}, {net}", CRC | CROSS | STEP_LOGITS },
    { MS "{base}/insertion_logits_on_{other}", F32, { D_PLACE, D_STEP, D_CLASS }, SUB, "1",
      "logits of {other} at every step of insertion_curve_on_{other}, {net}", CRC | CROSS | STEP_LOGITS },
    { MS "{real}/activation", F32, { D_PLACE, D_CHANNEL, D_CAM_Y, D_CAM_X }, SUB, "1",
      "CAM layer, {net} {real}", CRC | PART },
    { MS "{coded}/activation", U8, { D_PLACE, D_CHANNEL, D_CAM_Y, D_CAM_X }, SUB, "1",
      "CAM layer, activation_scale * (code - activation_zero_point), {net} {coded}", CRC | PART },
    { MS "crc", U32, { D_PLACE }, SUB, "1", "CRC-32 of the row, all precisions" },
    { MS "status", STATE, { D_PLACE }, SUB, "", "state of the row, all precisions" },

    { ML "name", STR, { D_LAYER }, SUM, "", "node of {net}", 0, L_LAYER },
    { ML "op", STR, { D_LAYER }, SUM, "", "its op", 0, L_NAME },
    { ML "weights", S64, { D_LAYER }, SUM, "1", "its weights, 0 = it has none" },
    { ML "bits", S32, { D_LAYER }, SUM, "bit", "of its weights and its output where they are quantized" },
    { ML "pictures", S64, { D_ONE }, SUM, "1", "calibration pictures tried", LAYERED },
    LOSS(ML "alone", "the layer alone quantized"),
    LOSS(ML "others", "all but the layer quantized"),

    { "/gallery/palette", U8, { D_COLOUR, D_RGB }, FIX, "1", "colours of the maps" },
    { "/gallery/{net}_top{pic}_{prec}", U8, { D_Y, D_X }, SUM, "1",
      "map of the pair with place {pic} in difference, {net} {prec}", PICTURE | BYTE_MAP },

    { "/summary/images/total", S64, { D_ONE }, SUM, "1", "images in the list" },
    { "/summary/images/ok", S64, { D_ONE }, SUM, "1", "images that could be read" },
    { "/summary/images/bad", S64, { D_ONE }, SUM, "1", "images that could not be read" },
    { "/summary/rows/ok", S64, { D_NETWORK }, SUM, "1", "images with a result" },
    { "/summary/rows/bad", S64, { D_NETWORK }, SUM, "1", "images without a result" },
    { "/summary/subset/count", S64, { D_NETWORK, D_SET }, SUM, "1", "images in the set" },
    { "/summary/subset/union", S64, { D_NETWORK }, SUM, "1", "images in any selection" },
    { "/summary/subset/threshold", F64, { D_NETWORK, D_SET }, SUM, "1", "smallest RMSE selected" },

    { SA "images", S64, { D_NETWORK, D_SET }, SUM, "1", "images with a result, {prec}" },
    { SA "labelled", S64, { D_NETWORK, D_SET }, SUM, "1", "of these with a true class, {prec}" },
    { SA "top1_count", S64, { D_NETWORK, D_SET }, SUM, "1", "true class first, {prec}" },
    { SA "top5_count", S64, { D_NETWORK, D_SET }, SUM, "1", "true class among the first five, {prec}" },
    { SA "top1", F64, { D_NETWORK, D_SET }, SUM, "%", "top-1 accuracy, {prec}" },
    { SA "top5", F64, { D_NETWORK, D_SET }, SUM, "%", "top-5 accuracy, {prec}" },
    { SA "top1_low", F64, { D_NETWORK, D_SET }, SUM, "%", "lower end of top-1's 95 % interval, {prec}" },
    { SA "top1_high", F64, { D_NETWORK, D_SET }, SUM, "%", "upper end of top-1's 95 % interval, {prec}" },
    { SA "weights_bytes", S64, { D_NETWORK }, SUM, "byte", "size of the weights file, {prec}" },
    { SA "parameters", S64, { D_NETWORK }, SUM, "1", "parameters, {prec}" },
    { SA "macs", S64, { D_NETWORK }, SUM, "1", "multiply-accumulates of one image, {prec}" },
    { SA "sha256", STR, { D_NETWORK }, SUM, "", "hash of the weights file, {prec}", 0, L_SHA },

    { SH "images", S64, { D_NETWORK, D_SET }, SUM, "1", "images whose mean activation was taken, 0 = none" },
    { SH "{prec}/own", S64, { D_NETWORK, D_SET, D_BIN }, SUM, "1",
      "histogram of the mean activation tensor over its own range, {prec}" },
    { SH "{prec}/common", S64, { D_NETWORK, D_SET, D_BIN }, SUM, "1",
      "histogram of the mean activation tensor over the range of all precisions, {prec}" },
    { SH "{prec}/low", F64, { D_NETWORK, D_SET }, SUM, "1", "smallest mean activation, {prec}" },
    { SH "{prec}/high", F64, { D_NETWORK, D_SET }, SUM, "1", "largest mean activation, {prec}" },
    { SH "{other}/dice_own", F64, { D_NETWORK, D_SET }, SUM, "%", "Dice of own, {other} and {base}" },
    { SH "{other}/dice_common", F64, { D_NETWORK, D_SET }, SUM, "%", "Dice of common, {other} and {base}" },

    { SC "images", S64, { D_NETWORK, D_SET }, SUM, "1", "images with curves, {prec}", CURVE },
    { SC "deletion_curve", F64, { D_NETWORK, D_SET, D_STEP }, SUM, "1", "mean deletion, {prec}", CURVE },
    { SC "insertion_curve", F64, { D_NETWORK, D_SET, D_STEP }, SUM, "1", "mean insertion, {prec}", CURVE },

    { SR "images", S64, { D_NETWORK, D_SET }, SUM, "1", "images with a true class", REMOVAL },
    { SR "{prec}/accuracy", F64, { D_NETWORK, D_SET, D_REMOVED }, SUM, "%",
      "top-1 accuracy while pixels are removed by the input gradient's map, {prec}", REMOVAL },

    { SW "{prec}/images", S64, { D_NETWORK, D_SET }, SUM, "1", "images with a true box in the frame" },
    { SW "{prec}/without_box", S64, { D_NETWORK, D_SET }, SUM, "1", "images without one, left out" },
    { SW "{prec}/no_foreground", S64, { D_NETWORK, D_SET }, SUM, "1", "images whose map is constant, IoU 0" },
    { SW "{prec}/iou_mean", F64, { D_NETWORK, D_SET, D_SIGN, D_RULE }, SUM, "1", "mean IoU, {prec}" },
    { SW "{prec}/iou_sd", F64, { D_NETWORK, D_SET, D_SIGN, D_RULE }, SUM, "1",
      "standard deviation of the IoU over images, {prec}" },
    { SW "{prec}/gt_known", F64, { D_NETWORK, D_SET, D_SIGN }, SUM, "%", "IoU >= 0.5 at t = 0.2, {prec}" },
    { SW "{prec}/top1_loc", F64, { D_NETWORK, D_SET, D_SIGN }, SUM, "%", "that and top-1 right, {prec}" },
    { SW "{prec}/top5_loc", F64, { D_NETWORK, D_SET, D_SIGN }, SUM, "%",
      "that and the true class among the first five, {prec}" },
    { SW "{prec}/max_box_acc", F64, { D_NETWORK, D_SET, D_SIGN }, SUM, "%", "MaxBoxAcc, {prec}" },
    { SW "{prec}/max_box_acc_at", F64, { D_NETWORK, D_SET, D_SIGN }, SUM, "1",
      "threshold where MaxBoxAcc is reached, {prec}" },
    { SW "{prec}/max_box_acc_v2", F64, { D_NETWORK, D_SET, D_SIGN }, SUM, "%", "MaxBoxAccV2, {prec}" },
    { ST "iou_mean", F64, { D_NETWORK, D_SET, D_TRIVIAL }, SUM, "1", "mean IoU of a trivial map" },
    { ST "box_acc", F64, { D_NETWORK, D_SET, D_TRIVIAL }, SUM, "%", "IoU >= 0.5 at t = 0.2, trivial map" },
    { ST "max_box_acc", F64, { D_NETWORK, D_SET, D_TRIVIAL }, SUM, "%", "MaxBoxAcc of a trivial map" },
    { ST "max_box_acc_v2", F64, { D_NETWORK, D_SET, D_TRIVIAL }, SUM, "%", "MaxBoxAccV2, trivial map" },

    MEASURE("/summary/measures/{prec}/{value}", "{prec}"),
    MEASURE("/summary/measures/{coded}/{code}", "{coded}"),
    MEASURE("/summary/measures/{float}/{random}", "{float}"),
    MEASURE("/summary/measures/{other}/vs_{base}/{pair}", "{other} and {base}"),
    MEASURE("/summary/measures/{other}/vs_{base}/{selected}", "{other} and {base}"),
    MEASURE("/summary/measures/{other}/{crossed}_on_{base}", "{other}'s map on {base}'s network"),
    MEASURE("/summary/measures/{base}/{crossed}_on_{other}", "{base}'s map on {other}'s network"),
    MEASURE(SB "center/{baseline}", "the centre"),
    MEASURE(SB "shuffled/{baseline}", "another picture's truth"),
    MEAN_CURVES(SB "center/", "", "the centre"),
    MEAN_CURVES(SB "shuffled/", "", "another picture's truth"),
    MEAN_CURVES(SS "{prec}/", "_eigen", "eigen, {prec}"),
    MEAN_CURVES(SS "{prec}/", "_{method}", "{method}, {prec}"),
    { SS "state_density", S64, { D_NETWORK, D_SET, D_STATE }, SUM, "1", "pictures by state_density", DENSE },
    { SS "state_fixations", S64, { D_NETWORK, D_SET, D_STATE }, SUM, "1", "pictures by state_fixations",
      FIXATED },
    { SS "state_masks", S64, { D_NETWORK, D_SET, D_STATE }, SUM, "1", "pictures by state_masks", MASKED },
    { SS "fixated", S64, NS, SUM, "1", "fixated pixels", FIXATED },
    { SS "dropped", S64, NS, SUM, "1", "fixations outside of their pictures", FIXATED },
    { SU "networks", S64, GP, SUM, "1", "networks with a value: {meaning}" },
    { SU "mean", F64, GP, SUM, "{unit}", "mean over the networks: {meaning}" },
    { SU "low", F64, GP, SUM, "{unit}", "lower end of the mean's 95 % interval, Student's" },
    { SU "high", F64, GP, SUM, "{unit}", "upper end of the mean's 95 % interval, Student's" },
    { SU "sd", F64, GP, SUM, "{unit}", "standard deviation over the networks: {meaning}" },
    { SU "difference", F64, GPP, SUM, "{unit}", "mean paired difference of two precisions: {meaning}" },
    { SU "difference_low", F64, GPP, SUM, "{unit}", "lower end of its 95 % interval, Student's" },
    { SU "difference_high", F64, GPP, SUM, "{unit}", "upper end of its 95 % interval, Student's" },
    DIFFERENCE("{value}", ""),
    { SD "{answer}/p", F64, NS, SUM, "1", "McNemar's exact test, {other} and {base}" },
    DIFFERENCE("{crossed}_on_{base}", " on {base}'s network"),
    DIFFERENCE("{crossed}_on_{other}", " on {other}'s network"),

    { SG "images", S64, { D_NETWORK, D_SET }, SUM, "1", "images with both results, {other} and {base}" },
    { SG "labelled", S64, { D_NETWORK, D_SET }, SUM, "1", "of these with a true class, {other}" },
    { SG "same_top1", S64, { D_NETWORK, D_SET }, SUM, "1", "same first class, {other} and {base}" },
    { SG "same_top5_set", S64, { D_NETWORK, D_SET }, SUM, "1", "same five classes, {other} and {base}" },
    { SG "both_right", S64, { D_NETWORK, D_SET }, SUM, "1", "both right, {other} and {base}" },
    { SG "only_first", S64, { D_NETWORK, D_SET }, SUM, "1", "only {base} right" },
    { SG "only_second", S64, { D_NETWORK, D_SET }, SUM, "1", "only {other} right" },
    { SG "both_wrong", S64, { D_NETWORK, D_SET }, SUM, "1", "both wrong, {other} and {base}" },

    { "/timing/loaded/decode_s", F32, { D_IMAGE }, TIM, "s", "reading and preprocessing, job running" },
    { "/timing/loaded/{net}/{prec}/inference_s", F32, { D_IMAGE }, TIM, "s",
      "inference, job running, {net} {prec}" },
    { "/timing/loaded/{net}/{prec}/cam_s", F32, { D_IMAGE }, TIM, "s", "CAM, job running, {net} {prec}" },
    { TA "inference_s", F64, { D_NETWORK, D_STATISTIC }, TIM, "s",
      "inference of one image, rank 0 alone, {prec}" },
    { TA "cam_s", F64, { D_NETWORK, D_STATISTIC }, TIM, "s", "CAM of one image, rank 0 alone, {prec}" },
    { TA "total_s", F64, { D_NETWORK, D_STATISTIC }, TIM, "s", "both, rank 0 alone, {prec}" },
    { TA "images", S64, { D_NETWORK }, TIM, "1", "images timed, {prec}" },
    { "/timing/phase", STR, { D_PHASE }, TIM, "", "phase of the job", SCALE, L_NAME },
    { "/timing/phase_s", F64, { D_PHASE }, TIM, "s", "time of the phase in the last start" },
    { "/timing/io_s", F64, { D_PHASE }, TIM, "s",
      "time a rank spent on the rows of the result file, mean, last start" },
    { "/timing/message_s", F64, { D_PHASE }, TIM, "s",
      "time a rank spent on messages of its loops, mean, last start" },
    { "/timing/wait_s", F64, { D_PHASE }, TIM, "s",
      "time a rank waited for others, asleep, mean, last start" },
    { "/timing/predicted_s", F64, { D_PHASE }, TIM, "s", "time of the phase as predicted, 0 = nobody asked" },
    { "/timing/ranks", S64, { D_ONE }, TIM, "1", "ranks of the last start" },
    { "/timing/command", STR, { D_ONE }, TIM, "", "command line of the last start", 0, L_COMMAND },
    { "/timing/finished", STR, { D_ONE }, TIM, "", "end of the last start, UTC", 0, L_TIME },

    { "/checksums", STR, { D_CHECKSUM }, STORE_CLOSING, "",
      "SHA-256 and path of every dataset", NO_DIGEST, L_SUM },
    { "/complete", U8, { D_ONE }, STORE_CLOSING, "1", "1 = the job is done, written last", NO_DIGEST },
};
const int schema_row_count = COUNT_OF(schema_rows);

/* ---- the expanded table ------------------------------------------------------------------------------- */

void schema_free(struct store_schema *schema)
{
    mem_free(schema->dataset);
    memset(schema, 0, sizeof *schema);
}

const struct store_dataset *schema_find(const struct store_schema *schema, const char *path)
{
    for (int i = 0; i < schema->count; i++)
        if (!strcmp(schema->dataset[i].path, path))
            return &schema->dataset[i];
    return NULL;
}

unsigned schema_truths(const struct store_schema *schema)
{
    static const char *const path[STORE_TRUTHS] = { IS "state_density", IS "state_fixations",
                                                    IS "state_masks" };
    unsigned kinds = 0;

    for (int k = 0; k < STORE_TRUTHS; k++)
        kinds |= (unsigned)(schema_find(schema, path[k]) != NULL) << k;
    return kinds;
}

uint64_t schema_bytes(const struct store_schema *schema)
{
    uint64_t sum = 0;

    for (int i = 0; i < schema->count; i++)
        sum += (uint64_t)schema->dataset[i].row_bytes * (uint64_t)schema->dataset[i].dim[0];
    return sum;
}
