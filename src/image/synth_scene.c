/* src/image/synth_scene.c: what is in a picture of the embedded data set, by its seed. */
#include "synth_draw.h"

/* Every colour belongs to two schemes. */
static const int palette[SYNTH_SCHEMES][3] = {
    { 205, 50, 45 },
    { 232, 196, 60 },
    { 45, 85, 190 },
    { 50, 150, 75 },
};

/* low .. high, both included */
static int between(struct random *r, int low, int high)
{
    return low + (int)random_below(r, (uint32_t)(high - low + 1));
}

static void vary_colour(struct random *r, const int base[3], int spread, int out[3])
{
    for (int c = 0; c < 3; c++) {
        int v = base[c] + between(r, -spread, spread);

        out[c] = v < 0 ? 0 : v > 255 ? 255 : v;
    }
}

/* The size of the picture: mostly ImageNet's 500 x 375. */
static void choose_size(struct random *r, struct image *im)
{
    static const struct {
        int upto, width, height;
    } rows[] = {
        { 55, 500, 375 }, { 70, 375, 500 }, { 79, 500, 333 }, { 84, 333, 500 },
        { 90, 500, 500 }, { 94, 640, 480 }, { 98, 300, 225 }, { 100, 400, 300 },
    };
    int draw = between(r, 0, 99), k = 0;

    while (draw >= rows[k].upto)
        k++;
    im->width = rows[k].width;
    im->height = rows[k].height;
}

static void choose_form(struct random *r, struct synth_item *item)
{
    item->angle = between(r, 0, 359);
    item->stretch[0] = between(r, 215, 300);
    item->stretch[1] = between(r, 215, 300);
    item->period = between(r, 400, 540);
    item->phase = between(r, 0, 1023);
    item->shade[0] = between(r, -60, 60);
    item->shade[1] = between(r, -60, 60);
}

static void choose_scheme(struct random *r, int scheme, struct synth_item *item)
{
    int first = between(r, 0, 1);

    vary_colour(r, palette[scheme], 34, item->colour[first]);
    vary_colour(r, palette[(scheme + 1) % SYNTH_SCHEMES], 34, item->colour[1 - first]);
}

/* Radius for a box of `area` pixels: the item's box is measured on a small canvas first. */
static void fit_radius(struct synth_item *item, int area, int *width, int *height)
{
    struct image canvas = { 256, 256, NULL };
    struct image_box box;
    int w, h;

    item->x = item->y = 128;
    item->radius = 64;
    synth_draw_item(&canvas, item, &box);
    w = box.x1 - box.x0 + 1;
    h = box.y1 - box.y0 + 1;
    item->radius = synth_draw_root((int64_t)area * 64 * 64 / (w * h));
    *width = w * item->radius / 64 + 1;
    *height = h * item->radius / 64 + 1;
}

/* One picture in twelve is hard: dusk, haze and a bad lens, for errors that training does not remove. */
#define HARD_ONE_IN 12

/* Moves an item's two colours towards their mean: `keep` of 256 stays. */
static void fade_colours(struct synth_item *item, int keep)
{
    for (int c = 0; c < 3; c++) {
        int mean = (item->colour[0][c] + item->colour[1][c]) / 2;

        for (int k = 0; k < 2; k++)
            item->colour[k][c] = mean + (item->colour[k][c] - mean) * keep / 256;
    }
}

/* Length of what the interval of `size` around `centre` shares with the middle `crop` of `extent`. */
static int shared_length(int centre, int size, int extent, int crop)
{
    int a = centre - size / 2, b = a + size, low = (extent - crop) / 2, high = low + crop;

    a = a > low ? a : low;
    b = b < high ? b : high;
    return b > a ? b - a : 0;
}

/* A place inside the picture of which Resize(256) + CenterCrop(224) keeps at least 75 %. */
static void place_object(struct random *r, const struct image *im, struct synth_item *item, int width,
                         int height)
{
    int crop = (im->width < im->height ? im->width : im->height) * 7 / 8;

    for (int attempt = 0; attempt < 100; attempt++) {
        int spare_x = im->width - width - 6, spare_y = im->height - height - 6;
        int64_t kept;

        item->x = width / 2 + 3 + between(r, 0, spare_x > 0 ? spare_x : 0);
        item->y = height / 2 + 3 + between(r, 0, spare_y > 0 ? spare_y : 0);
        kept = (int64_t)shared_length(item->x, width, im->width, crop);
        kept *= shared_length(item->y, height, im->height, crop);
        if (spare_x >= 0 && spare_y >= 0 && 100 * kept >= (int64_t)75 * width * height)
            return;
    }
    item->x = im->width / 2;
    item->y = im->height / 2;
}

static void choose_object(struct random *r, const struct image *im, int class_index, struct synth_item *item)
{
    int shape = class_index / SYNTH_TEXTURES, texture = class_index % SYNTH_TEXTURES;
    int width, height, share;

    item->shape = (enum synth_shape)shape;
    item->texture = (enum synth_texture)texture;
    choose_scheme(r, (shape + texture) % SYNTH_SCHEMES, item);
    choose_form(r, item);
    share = between(r, 75, 340); /* of the frame, in 1/1000 */
    fit_radius(item, im->width * im->height / 1000 * share, &width, &height);
    /* A long box that does not fit: smaller, still above 5 % for every shape. */
    while (width > im->width - 8 || height > im->height - 8) {
        share = share * 9 / 10;
        fit_radius(item, im->width * im->height / 1000 * share, &width, &height);
    }
    place_object(r, im, item, width, height);
}

static void draw_clutter(struct random *r, const struct image *im)
{
    int count = between(r, 5, 13), side = im->width < im->height ? im->width : im->height;
    struct image_box box;

    for (int i = 0; i < count; i++) {
        struct synth_item item = { 0 };

        item.shape = (enum synth_shape)between(r, SHAPE_DISC, SHAPE_BAR);
        item.texture = TEXTURE_PLAIN;
        if (between(r, 0, 3) == 0)
            item.texture = (enum synth_texture)between(r, 0, SYNTH_TEXTURES - 1);
        choose_form(r, &item);
        for (int k = 0; k < 2; k++)
            for (int c = 0; c < 3; c++)
                item.colour[k][c] = between(r, 20, 235);
        if (between(r, 0, 1))
            vary_colour(r, palette[between(r, 0, SYNTH_SCHEMES - 1)], 40, item.colour[0]);
        item.x = between(r, 0, im->width - 1);
        item.y = between(r, 0, im->height - 1);
        item.radius = side * between(r, 5, 22) / 100;
        synth_draw_item(im, &item, &box);
    }
}

/* A class's shape, texture and scheme, but never all three. */
static void draw_distractors(struct random *r, const struct image *im, int object_radius, int hard)
{
    int low = hard ? 40 : 28, high = hard ? 70 : 55; /* of the object's radius, in 1/100 */
    int count = between(r, 1, 3);
    struct image_box box;

    for (int i = 0; i < count; i++) {
        struct synth_item item = { 0 };
        int shape = between(r, 0, SYNTH_SHAPES - 1), texture = between(r, 0, SYNTH_TEXTURES);
        int wrong = between(r, 1, SYNTH_SCHEMES - 1);

        item.shape = (enum synth_shape)shape;
        item.texture = (enum synth_texture)texture; /* SYNTH_TEXTURES is plain */
        choose_scheme(r, (shape + texture + wrong) % SYNTH_SCHEMES, &item);
        choose_form(r, &item);
        item.x = between(r, 0, im->width - 1);
        item.y = between(r, 0, im->height - 1);
        item.radius = object_radius * between(r, low, high) / 100;
        synth_draw_item(im, &item, &box);
    }
}

static void draw_ground(struct random *r, const struct image *im)
{
    int colour[4][3], horizon = im->height * between(r, 35, 75) / 100;

    for (int k = 0; k < 4; k++)
        for (int c = 0; c < 3; c++)
            colour[k][c] = between(r, 35, 220);
    synth_draw_ground(im, colour[0], colour[1], 0, between(r, 10, 60), r);
    if (between(r, 0, 2))
        synth_draw_ground(im, colour[2], colour[3], horizon, between(r, 10, 60), r);
}

static void draw_occluders(struct random *r, const struct image *im, const struct synth_item *object)
{
    struct image_box box;

    for (int i = between(r, 0, 2); i > 0; i--) {
        struct synth_item item = { 0 };

        item.shape = SHAPE_BAR;
        item.texture = TEXTURE_PLAIN;
        choose_form(r, &item);
        for (int c = 0; c < 3; c++)
            item.colour[0][c] = between(r, 20, 235);
        item.x = object->x + between(r, -object->radius, object->radius);
        item.y = object->y + between(r, -object->radius, object->radius);
        item.radius = object->radius * between(r, 20, 60) / 100 + 4;
        synth_draw_item(im, &item, &box);
    }
}

/* The light and the camera. `rows` has room for two rows. */
static void finish(struct random *r, const struct image *im, int hard, uint8_t *rows)
{
    int angle = between(r, 0, 359), middle = hard ? between(r, 90, 170) : between(r, 190, 285);
    int swing = hard ? between(r, 0, 60) : between(r, 0, 110);
    int blurs = hard ? between(r, 3, 6) : between(r, 1, 3);
    int amplitude = hard ? between(r, 14, 28) : between(r, 0, 14);

    synth_draw_light(im, angle, middle, swing);
    for (int i = 0; i < blurs; i++)
        synth_draw_blur(im, rows);
    synth_draw_noise(im, amplitude, (uint32_t)random_next(r));
}

/* What is chosen first: a black picture of its size, what it is of, and its object. */
static status begin(struct random *r, int index, struct synth_scene *out, struct synth_item *object,
                    int *hard)
{
    *out = (struct synth_scene){ 0 };
    if (index < 0)
        return FAIL(ERR_RANGE, "picture %d: the index must not be negative", index);
    choose_size(r, &out->image);
    MEM_TRY(out->image.rgb, (size_t)out->image.width * (size_t)out->image.height, 3);
    out->class_index = index % SYNTH_CLASSES;
    out->grey = between(r, 0, 24) == 0;
    *hard = between(r, 1, HARD_ONE_IN) == 1;
    choose_object(r, &out->image, out->class_index, object);
    return OK;
}

status synth_scene_draw(uint64_t seed, int index, struct synth_scene *out)
{
    struct random r = { .seed = seed, .stream = (uint64_t)index };
    struct synth_item object = { 0 };
    uint8_t *rows;
    int hard;

    TRY(begin(&r, index, out, &object, &hard));
    MEM_TRY(rows, 6 * (size_t)out->image.width, 1);
    if (hard)
        fade_colours(&object, between(&r, 90, 150));
    draw_ground(&r, &out->image);
    draw_clutter(&r, &out->image);
    draw_distractors(&r, &out->image, object.radius, hard);
    synth_draw_item(&out->image, &object, &out->box);
    draw_occluders(&r, &out->image, &object);
    finish(&r, &out->image, hard, rows);
    if (out->grey)
        synth_draw_grey(&out->image);
    mem_free(rows);
    return OK;
}

status synth_scene_mask(uint64_t seed, int index, struct image *out)
{
    struct random r = { .seed = seed, .stream = (uint64_t)index };
    struct synth_item object = { 0 };
    struct synth_scene scene;
    int hard;

    *out = (struct image){ 0 };
    TRY(begin(&r, index, &scene, &object, &hard));
    object.texture = TEXTURE_PLAIN;
    object.shade[0] = object.shade[1] = 0;
    for (int c = 0; c < 3; c++)
        object.colour[0][c] = 255;
    synth_draw_item(&scene.image, &object, &scene.box);
    *out = scene.image;
    return OK;
}
