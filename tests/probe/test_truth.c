/* Truths of pictures: whose they are, what states they have, how a crop cuts them, what is drawn. */
#include <string.h>

#include "image/folder.h"
#include "probe_truth.h"

static const char *const path[] = { "a.png", "b.png", "c.png" };
static const struct truth_pictures none_on_disk = { 3, NULL, path };

static struct image picture_of(int width, int height)
{
    struct image im = { width, height, mem_alloc((size_t)width * (size_t)height, 3) };

    for (int i = 0; i < 3 * width * height; i++)
        im.rgb[i] = (uint8_t)(i * 37 % 251);
    return im;
}

/* Sets borrow names. */
static char pictures[2048], densities[2048], lines[2048];

static struct truth_set *open_set(const struct truth_pictures *list, const struct truth_how *how)
{
    struct truth_set *s;

    CHECK_MSG(truth_open(list, how, &s) == OK, "%s", error_last()->text);
    return s;
}

static void states(void)
{
    struct image im = picture_of(2, 2);
    struct truth_set *s;
    struct truth t;

    folder_file("densities/a.pgm", "P2 2 2 9 1 2 3 4");
    folder_file("densities/b.pgm", "P2 2 1 9 5 5");
    s = open_set(&none_on_disk, &(struct truth_how){ .from = { densities } });
    CHECK(truth_has(s, TRUTH_DENSITY) && !truth_has(s, TRUTH_FIXATIONS) && !truth_has(s, TRUTH_MASK));
    CHECK(truth_read(s, TRUTH_DENSITY, 0, &im, &t) == OK && t.state == TRUTH_THERE);
    CHECK(t.map.width == 2 && t.map.height == 2 && t.map.value[3] == 4);
    truth_free(&t);
    CHECK(truth_read(s, TRUTH_DENSITY, 1, &im, &t) == OK && t.state == TRUTH_CONSTANT);
    CHECK(!truth_is_there(t.state));
    truth_free(&t);
    CHECK(truth_read(s, TRUTH_DENSITY, 2, &im, &t) == OK && t.state == TRUTH_NONE && !t.map.value);
    CHECK(truth_next(s, TRUTH_DENSITY, 0) == 1 && truth_next(s, TRUTH_DENSITY, 1) == 0 &&
          truth_next(s, TRUTH_DENSITY, 2) == 0);
    truth_close(s);
    folder_file("densities/b.pgm", "P2 2 1 9 0 5");
    folder_file("densities/c.pgm", "P2 2 1 9 0 x");
    s = open_set(&none_on_disk, &(struct truth_how){ .from = { densities } });
    CHECK(truth_read(s, TRUTH_DENSITY, 1, &im, &t) == OK && t.state == TRUTH_OTHER_SIZE);
    CHECK(truth_is_there(t.state) && t.map.height == 1);
    truth_free(&t);
    CHECK(truth_read(s, TRUTH_DENSITY, 2, &im, &t) == ERR_FORMAT && t.state == TRUTH_UNREADABLE);
    CHECK(strstr(error_last()->text, "c.pgm"));
    truth_close(s);
    image_free(&im);
}

/* A picture of 8 x 4 whose short side becomes 2, and of 4 x 2 the middle 2 x 2 is seen: columns 2 .. 5. */
static void crops(void)
{
    const struct image_pipeline seen = { .resize = 2, .height = 2, .width = 2, .channels = 3 };
    struct image im = picture_of(8, 4);
    struct truth_set *s;
    struct truth t;
    struct saliency_map centre, whole;

    folder_file("densities/a.pgm",
                "P2 8 4 99 0 1 2 3 4 5 6 7  10 11 12 13 14 15 16 17  20 21 22 23 24 25 26 27 "
                " 30 31 32 33 34 35 36 37");
    folder_file("densities/b.pgm", "P2 4 1 9 0 1 2 3"); /* in another size: columns 1 and 2 */
    s = open_set(&none_on_disk, &(struct truth_how){ .from = { densities }, .seen = &seen });
    CHECK(truth_read(s, TRUTH_DENSITY, 0, &im, &t) == OK && t.state == TRUTH_THERE);
    CHECK(t.map.width == 4 && t.map.height == 4 && t.map.value[0] == 2 && t.map.value[3] == 5 &&
          t.map.value[15] == 35);
    CHECK(truth_center(s, &im, &t, &centre) == OK && saliency_center(8, 4, &whole) == OK);
    CHECK(centre.width == 4 && centre.height == 4 && centre.value[0] == whole.value[2] &&
          centre.value[15] == whole.value[8 * 3 + 5]);
    saliency_free(&centre);
    saliency_free(&whole);
    truth_free(&t);
    CHECK(truth_read(s, TRUTH_DENSITY, 1, &im, &t) == OK && t.state == TRUTH_OTHER_SIZE);
    CHECK(t.map.width == 2 && t.map.height == 1 && t.map.value[0] == 1 && t.map.value[1] == 2);
    truth_free(&t);
    truth_close(s);
    image_free(&im);
}

/* Pictures of 8 x 4; fixations of a crop's columns 2 .. 5 alone. */
static void fixations(void)
{
    const struct image_pipeline seen = { .resize = 2, .height = 2, .width = 2, .channels = 3 };
    const struct truth_pictures list = { 3, pictures, path };
    struct truth_how how = { .origin = 0, .sigma = 1, .seed = 3, .seen = &seen };
    struct image im = picture_of(8, 4);
    char file[4096];
    struct truth_set *s;
    struct truth t;
    uint8_t hash[2][HASH_SIZE];

    folder_file("pictures/nothing", "");
    for (int i = 0; i < 2; i++) {
        snprintf(file, sizeof file, "%s/%s", pictures, path[i]);
        CHECK(image_write_png(file, &im) == OK);
    }
    folder_file("fixations.csv", "image,x,y\na,2,0\na,2,0\na,5,3\na,6,1\na,90,1\nb,4,2\nb,0,0\nc,1,1\n");
    how.from[TRUTH_FIXATIONS] = lines;
    s = open_set(&list, &how);
    CHECK(truth_hash(s, TRUTH_FIXATIONS, hash[0]) == OK);
    for (int i = 0; i < 3; i++)
        truth_measure(s, i);
    CHECK(truth_sizes(s)[0] == 8 && truth_sizes(s)[3] == 4 && truth_sizes(s)[4] == 0);
    CHECK(truth_find(s) == OK);
    CHECK(truth_is_of(s, TRUTH_FIXATIONS, 1) && !truth_is_of(s, TRUTH_FIXATIONS, 2));
    CHECK(truth_dropped(s, 0) == 1 && truth_dropped(s, 1) == 0);
    CHECK(truth_read(s, TRUTH_FIXATIONS, 0, &im, &t) == OK && t.state == TRUTH_THERE);
    CHECK(t.pixels == 2 && t.pixel[0] == 0 && t.pixel[1] == 4 * 3 + 3);
    CHECK(t.map.width == 4 && t.baseline.width == 4 && t.baseline.height == 4);
    CHECK(t.uniform.splits == DRAWS_SPLITS && t.uniform.each == 2);
    for (int k = 0; k < DRAWS_SPLITS * 2; k++)
        CHECK(t.uniform.pixel[k] >= 0 && t.uniform.pixel[k] < 16);
    /* b's pixel 4,2 alone lies in the crop. */
    CHECK(t.pooled.each == 1 && t.pooled.pixel[0] == 4 * 2 + 2);
    truth_free(&t);
    truth_close(s);
    folder_file("fixations.csv", "image,x,y\na,0,0\nb,4,2\n");
    s = open_set(&list, &how);
    CHECK(truth_hash(s, TRUTH_FIXATIONS, hash[1]) == OK && memcmp(hash[0], hash[1], HASH_SIZE) != 0);
    for (int i = 0; i < 3; i++)
        truth_measure(s, i);
    CHECK(truth_find(s) == OK);
    CHECK(truth_read(s, TRUTH_FIXATIONS, 0, &im, &t) == OK && t.state == TRUTH_NONE); /* none in the crop */
    truth_free(&t);
    truth_close(s);
    image_free(&im);
}

/* Another picture's prediction is the picture's own; measures have the kind of truth that there is. */
static void predictions(void)
{
    const struct truth_pictures list = { 3, pictures, path };
    struct truth_how how = { .predicted = 1, .method = SALIENCY_SR_CENTER };
    const struct measure *sim = measure_known("truth_sim"),
                         *mae = measure_known("truth_mae");
    struct image im;
    struct truth_set *s;
    struct truth other, own;

    s = open_set(&list, &how);
    CHECK(truth_kind_of(truth_kinds(s), sim) == TRUTH_DENSITY && truth_is_of(s, TRUTH_DENSITY, 2));
    CHECK(truth_read(s, TRUTH_DENSITY, 1, NULL, &other) == OK && other.map.width == SALIENCY_FRAME);
    CHECK(truth_picture(&list, 1, &im) == OK);
    CHECK(truth_read(s, TRUTH_DENSITY, 1, &im, &own) == OK && own.state == TRUTH_THERE);
    CHECK(own.map.height == 160 && memcmp(own.map.value, other.map.value, 320 * 160 * sizeof(float)) == 0);
    truth_free(&own);
    truth_free(&other);
    CHECK(truth_read(s, TRUTH_DENSITY, 2, NULL, &other) != OK && other.state == TRUTH_UNREADABLE);
    CHECK(truth_read(s, TRUTH_DENSITY, 0, &im, &own) == OK && own.map.value);
    truth_free(&own);
    truth_close(s);
    image_free(&im);
    how = (struct truth_how){ .from = { [TRUTH_MASK] = densities } };
    folder_file("densities/c.pgm", "P2 2 1 9 0 9");
    s = open_set(&none_on_disk, &how);
    CHECK(truth_kind_of(truth_kinds(s), sim) == TRUTH_MASK);
    CHECK(truth_kind_of(truth_kinds(s), mae) == TRUTH_MASK);
    CHECK(truth_read(s, TRUTH_MASK, 2, NULL, &other) == OK && other.map.value[1] == 1);
    truth_free(&other);
    truth_close(s);
}

int main(void)
{
    folder_open();
    snprintf(pictures, sizeof pictures, "%s/pictures", folder);
    snprintf(densities, sizeof densities, "%s/densities", folder);
    snprintf(lines, sizeof lines, "%s/fixations.csv", folder);
    states();
    crops();
    fixations();
    predictions();
    folder_close();
    CHECK(mem_live() == 0);
    return check_result("probe/truth");
}
