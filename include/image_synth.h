/* include/image_synth.h
 * image_synth: the embedded data set. Scenes drawn with integers only, so that every machine gets the same pixels, and
 * written as JPEG files in ImageFolder's layout. Knows nothing of networks.
 *
 *     TRY(synth_write("build/demo/val", &(struct synth_options){ .images = 400, .seed = 1 }));
 *
 * A class is a kind of object: one of 4 shapes, one of 4 textures and one of 4 colour schemes. The 16 classes are the 16
 * pairs (shape, texture), and the scheme is (shape + texture) mod 4: every shape, texture and scheme belongs to four
 * classes, so none is enough alone. Around the object lie clutter and smaller distractors, which have classes' parts but
 * never a whole class's combination. Light, blur, noise, size, place and rotation vary.
 *
 * The drawing is frozen: the networks in models/demo were trained on it, and every change voids them.
 */
#ifndef QUANTCAM_IMAGE_SYNTH_H
#define QUANTCAM_IMAGE_SYNTH_H

#include "image.h"

#define SYNTH_CLASSES 16
#define SYNTH_SHAPES 4
#define SYNTH_TEXTURES 4
#define SYNTH_SCHEMES 4
#define SYNTH_MAX_IMAGES 1000000
/* Sets of at least this many pictures have one CMYK and one truncated file. */
#define SYNTH_MIN_SPECIAL 16

struct synth_options {
    int images;       /* 1 .. SYNTH_MAX_IMAGES */
    uint64_t seed;
    int first;        /* the index of the first picture: 0 unless a set is written in parts */
};

struct synth_scene {
    struct image image;        /* as drawn, before JPEG; free with image_free */
    struct image_box box;      /* the object's pixels, also those that thin occluders cover */
    int class_index;           /* index mod SYNTH_CLASSES */
    int grey;                  /* stored as a JPEG of one component */
};

/* The name of a class's folder, "n05_star_check_lagoon": sorted by name they are in the order of the classes. */
const char *synth_class_name(int class_index);
/* Draws picture `index` of `seed`: a function of these two alone. ERR_RANGE if index < 0; ERR_MEMORY. */
MUST_USE status synth_scene_draw(uint64_t seed, int index, struct synth_scene *out);
/* The places in a set of the one CMYK and the one truncated file, 0 .. images - 1, or -1 in a set below SYNTH_MIN_SPECIAL. */
void synth_special(uint64_t seed, int images, int *cmyk, int *truncated);
/* Writes DIR/<class>/img_<index>.JPEG (quality 90), DIR/boxes.csv (`path,x0,y0,x1,y1`, 0-based, inclusive) and
 * DIR/labels.csv (`path,class_index`), both without a header and in the order of the pictures. DIR is made, its parent
 * must exist. ERR_USAGE if DIR exists and is not empty, or an option is out of range; ERR_IO. */
MUST_USE status synth_write(const char *dir, const struct synth_options *options);

#endif
