/* include/image_synth.h
 * image_synth: the embedded data set. Scenes drawn with integers only, so that every machine gets the same
 * pixels, and written as JPEG files in ImageFolder's layout. Knows nothing of networks.
 *
 *     TRY(synth_write("build/demo/val", &(struct synth_options){ .images = 400, .seed = 1,
 *                                                                .masks = "build/demo/masks" }));
 *
 * A class is a kind of object: one of 4 shapes (ring, star, cross, triangle), one of 4 textures (stripes,
 * checks, dots, circles) and one of 4 colour schemes (ember: red and yellow; beach: yellow and blue; lagoon:
 * blue and green; melon: green and red). The 16 classes are the 16 pairs (shape, texture), class = 4 shape +
 * texture, and the scheme is (shape + texture) mod 4: every shape, texture, scheme and colour belongs to
 * several classes, so none is enough alone. Around the object lie clutter and smaller distractors, which
 * have classes' parts but never a whole class's combination. Light, blur, noise, size, place and rotation
 * vary; one picture in twelve is hard (dark, faded, blurred, large distractors).
 *
 * Sizes are ImageNet's: mostly 500 x 375, then 375 x 500, 500 x 333, 500 x 500, 640 x 480, 300 x 225. An
 * object's box covers 7 to 34 % of the frame, at least 60 % of it inside the crop of Resize(256) +
 * CenterCrop(224); one object in forty is cut by the frame, and its box ends there. About one picture in 25
 * is grey; in a grey picture a distractor can look like a small object of another class, since only its
 * colours were wrong. Time: about 7 ms a picture.
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
    const char *masks;       /* NULL, or the folder of the objects' masks, which lies outside the set's */
};

struct synth_scene {
    struct image image;        /* as drawn, before JPEG; free with image_free */
    struct image_box box;      /* the object's pixels, also those that thin occluders cover */
    int class_index;           /* index mod SYNTH_CLASSES */
    int grey;                  /* stored as a JPEG of one component */
};

/* The name of a class's folder, "n05_star_check_lagoon": sorted by name the folders are in the classes'
 * order. */
const char *synth_class_name(int class_index);
/* Draws picture `index` of `seed`: a function of these two alone. Local. ERR_RANGE if index < 0; ERR_MEMORY.
 * */
MUST_USE status synth_scene_draw(uint64_t seed, int index, struct synth_scene *out);
/* The same picture's mask, of its size: white are the object's pixels, also those that thin occluders cover,
 * black all others; free with image_free. Local. ERR_RANGE if index < 0; ERR_MEMORY. */
MUST_USE status synth_scene_mask(uint64_t seed, int index, struct image *out);
/* The places, 0 .. images - 1, of a set's one CMYK file and its one truncated file (the first 3/5 of its
 * bytes); -1 in a set of fewer than SYNTH_MIN_SPECIAL pictures. They depend on seed and images. */
void synth_special(uint64_t seed, int images, int *cmyk, int *truncated);
/* Writes DIR/<class>/img_<index>.JPEG (quality 90; CMYK inverted, as Adobe's programs write it),
 * DIR/boxes.csv (`path,x0,y0,x1,y1`, pixels, 0-based, inclusive) and DIR/labels.csv (`path,class_index`),
 * both without a header and in the order of the pictures. With options->masks also MASKS/img_<index>.png, a
 * mask a picture as saliency_source finds and reads it; the pictures are the same bytes. DIR and MASKS are
 * made, their parents must exist. Local. ERR_USAGE, with no picture written, if one of them is a file or is
 * not empty, if MASKS lies in DIR, where it would be a class's folder, or an option is out of range; ERR_IO.
 */
MUST_USE status synth_write(const char *dir, const struct synth_options *options);

#endif
