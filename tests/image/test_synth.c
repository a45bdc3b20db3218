/* The set on disk: layout, lists, special files, refusals. */
#include "image_synth.h"
#include "check.h"

#include <ftw.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], masks[72];

static int remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info;
    (void)kind;
    (void)where;
    return remove(path);
}

static void remove_set(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* What the markers of a JPEG file say. */
struct jpeg_facts { int components, width, height, adobe, complete; };

static void read_facts(const uint8_t *b, size_t size, struct jpeg_facts *facts)
{
    size_t at = 2;

    memset(facts, 0, sizeof *facts);
    facts->complete = size > 4 && b[size - 2] == 0xff && b[size - 1] == 0xd9;
    CHECK(size > 4 && b[0] == 0xff && b[1] == 0xd8);
    while (at + 10 < size && b[at] == 0xff && b[at + 1] != 0xda) {
        if (b[at + 1] == 0xc0) {
            facts->height = b[at + 5] << 8 | b[at + 6];
            facts->width = b[at + 7] << 8 | b[at + 8];
            facts->components = b[at + 9];
        }
        facts->adobe |= b[at + 1] == 0xee && memcmp(b + at + 4, "Adobe", 5) == 0;
        at += 2 + (size_t)(b[at + 2] << 8 | b[at + 3]);
    }
}

/* Mean absolute difference of two pictures, in 1/100 of a code. */
static long difference(const struct image *a, const struct image *b)
{
    size_t count = 3 * (size_t)a->width * (size_t)a->height;
    long sum = 0;

    if (a->width != b->width || a->height != b->height)
        return 25500;
    for (size_t i = 0; i < count; i++)
        sum += a->rgb[i] > b->rgb[i] ? a->rgb[i] - b->rgb[i] : b->rgb[i] - a->rgb[i];
    return 100 * sum / (long)count;
}

/* One file against its scene; returns its facts. */
static struct jpeg_facts check_file(const char *path, uint64_t seed, int index)
{
    struct synth_scene scene = { 0 };
    struct image im = { 0 };
    struct jpeg_facts facts = { 0 };
    char *bytes = NULL;
    size_t size = 0;

    CHECK(text_read_file(path, 1 << 24, &bytes, &size) == OK);
    CHECK(synth_scene_draw(seed, index, &scene) == OK);
    if (bytes && scene.image.rgb) {
        read_facts((const uint8_t *)bytes, size, &facts);
        CHECK(facts.width == scene.image.width && facts.height == scene.image.height);
        CHECK(facts.components == 4 || facts.components == (scene.grey ? 1 : 3));
        CHECK(facts.adobe == (facts.components == 4));
        CHECK((image_read(path, &im) == OK) == facts.complete);
        if (facts.complete)
            CHECK_MSG(difference(&im, &scene.image) < 800, "%s: %ld", path, difference(&im, &scene.image));
    }
    image_free(&im);
    image_free(&scene.image);
    mem_free(bytes);
    return facts;
}

static void test_set(void)
{
    enum { PICTURES = 48 };
    char path[4096], *boxes = NULL, *labels = NULL, *box_line, *label_line, *box_next, *label_next;
    int cmyk, truncated, seen[5] = { 0 }, cut = 0;
    size_t size;

    CHECK(synth_write(folder, &(struct synth_options){ .images = PICTURES, .seed = 5 }) == OK);
    synth_special(5, PICTURES, &cmyk, &truncated);
    snprintf(path, sizeof path, "%s/boxes.csv", folder);
    CHECK(text_read_file(path, 1 << 20, &boxes, &size) == OK);
    snprintf(path, sizeof path, "%s/labels.csv", folder);
    CHECK(text_read_file(path, 1 << 20, &labels, &size) == OK);
    if (!boxes || !labels)
        return;
    box_line = strtok_r(boxes, "\n", &box_next);
    label_line = strtok_r(labels, "\n", &label_next);
    for (int i = 0; i < PICTURES; i++) {
        struct synth_scene scene;
        struct jpeg_facts facts;
        char name[256], line[512];

        CHECK(synth_scene_draw(5, i, &scene) == OK);
        snprintf(name, sizeof name, "%s/img_%06d.JPEG", synth_class_name(i % SYNTH_CLASSES), i);
        snprintf(line, sizeof line, "%s,%d,%d,%d,%d", name, scene.box.x0, scene.box.y0, scene.box.x1,
                 scene.box.y1);
        CHECK(box_line && strcmp(box_line, line) == 0);
        snprintf(line, sizeof line, "%s,%d", name, i % SYNTH_CLASSES);
        CHECK(label_line && strcmp(label_line, line) == 0);
        image_free(&scene.image);
        snprintf(path, sizeof path, "%s/%s", folder, name);
        facts = check_file(path, 5, i);
        CHECK((facts.components == 4) == (i == cmyk));
        CHECK(!facts.complete == (i == truncated));
        seen[facts.components]++;
        cut += !facts.complete;
        box_line = strtok_r(NULL, "\n", &box_next);
        label_line = strtok_r(NULL, "\n", &label_next);
    }
    CHECK(!box_line && !label_line);
    CHECK(seen[4] == 1 && cut == 1 && seen[1] >= 1 && seen[1] + seen[3] == PICTURES - 1);
    mem_free(boxes);
    mem_free(labels);
}

/* After test_set: the folder is in use. */
static void test_refused(void)
{
    char path[128];
    FILE *f;

    CHECK(synth_write(folder, &(struct synth_options){ .images = 1 }) == ERR_USAGE);
    CHECK(strstr(error_last()->text, "not empty") && strstr(error_last()->text, folder));
    snprintf(path, sizeof path, "%s/boxes.csv", folder);
    CHECK(synth_write(path, &(struct synth_options){ .images = 1 }) == ERR_USAGE);
    snprintf(path, sizeof path, "%s/none/none", folder);
    CHECK(synth_write(path, &(struct synth_options){ .images = 1 }) == ERR_IO);
    snprintf(path, sizeof path, "%s/new", folder);
    CHECK(synth_write(path, &(struct synth_options){ .images = 0 }) == ERR_USAGE);
    CHECK(synth_write(path, &(struct synth_options){ .images = SYNTH_MAX_IMAGES + 1 }) == ERR_USAGE);
    CHECK(synth_write(path, &(struct synth_options){ .images = 1, .first = -1 }) == ERR_USAGE);
    f = fopen(path, "r");
    CHECK(!f);    /* a refused option leaves nothing behind */
    if (f)
        fclose(f);
}

static void read_whole(const char *dir, const char *name, char **bytes, size_t *size)
{
    char path[4096];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    CHECK_MSG(text_read_file(path, 1 << 24, bytes, size) == OK, "%s", path);
}

/* Beside masks the pictures are the same bytes; a mask is black and white, its white the box's extent. */
static void test_masks(void)
{
    enum { PICTURES = 20 };
    struct synth_options with = { .images = PICTURES, .seed = 5, .masks = masks };
    char *before[PICTURES] = { NULL }, name[128];
    size_t size[PICTURES] = { 0 };

    remove_set(folder);
    CHECK(synth_write(folder, &(struct synth_options){ .images = PICTURES, .seed = 5 }) == OK);
    for (int i = 0; i < PICTURES; i++) {
        snprintf(name, sizeof name, "%s/img_%06d.JPEG", synth_class_name(i % SYNTH_CLASSES), i);
        read_whole(folder, name, &before[i], &size[i]);
    }
    remove_set(folder);
    CHECK(synth_write(folder, &with) == OK);
    for (int i = 0; i < PICTURES; i++) {
        struct synth_scene scene = { 0 };
        struct image mask = { 0 };
        struct image_box box = { 10000, 10000, -1, -1 };
        int other = 0, white = 0;
        char *after = NULL, path[4096];
        size_t now = 0;

        snprintf(name, sizeof name, "%s/img_%06d.JPEG", synth_class_name(i % SYNTH_CLASSES), i);
        read_whole(folder, name, &after, &now);
        CHECK(after && before[i] && now == size[i] && memcmp(after, before[i], now) == 0);
        mem_free(after);
        mem_free(before[i]);
        snprintf(path, sizeof path, "%s/img_%06d.png", masks, i);
        CHECK(image_read(path, &mask) == OK && synth_scene_draw(5, i, &scene) == OK);
        CHECK(mask.width == scene.image.width && mask.height == scene.image.height);
        for (int k = 0; mask.rgb && k < mask.width * mask.height; k++) {
            const uint8_t *p = mask.rgb + 3 * (size_t)k;
            int x = k % mask.width, y = k / mask.width;

            other += p[0] != p[1] || p[0] != p[2] || (p[0] != 0 && p[0] != 255);
            if (!p[0])
                continue;
            white++;
            box = (struct image_box){ x < box.x0 ? x : box.x0, y < box.y0 ? y : box.y0,
                                      x > box.x1 ? x : box.x1, y > box.y1 ? y : box.y1 };
        }
        CHECK(other == 0 && memcmp(&box, &scene.box, sizeof box) == 0);
        /* No shape fills its box, and none is thinner than a ring. */
        CHECK(10 * white > (box.x1 - box.x0) * (box.y1 - box.y0) &&
              white < (box.x1 - box.x0 + 1) * (box.y1 - box.y0 + 1));
        image_free(&mask);
        image_free(&scene.image);
    }
    remove_set(folder);
    CHECK(synth_write(folder, &with) == ERR_USAGE && strstr(error_last()->text, masks));
    remove_set(folder);
    snprintf(name, sizeof name, "%s/masks", folder);
    CHECK(mkdir(folder, 0777) == 0);
    CHECK(synth_write(folder, &(struct synth_options){ .images = 1, .masks = name }) == ERR_USAGE);
    CHECK(strstr(error_last()->text, "where a folder is a class"));
}

/* An existing empty folder is taken; a part of a set has the set's pictures, none of them special. */
static void test_part(void)
{
    char path[256];
    struct jpeg_facts facts;

    remove_set(folder);
    CHECK(mkdir(folder, 0777) == 0);
    CHECK(synth_write(folder, &(struct synth_options){ .images = 3, .seed = 5, .first = 30 }) == OK);
    for (int i = 30; i < 33; i++) {
        snprintf(path, sizeof path, "%s/%s/img_%06d.JPEG", folder, synth_class_name(i % SYNTH_CLASSES), i);
        facts = check_file(path, 5, i);
        CHECK(facts.complete && facts.components != 4);
    }
}

static void test_special(void)
{
    int cmyk, truncated, moved = 0;

    for (int images = SYNTH_MIN_SPECIAL; images < 400; images++) {
        synth_special(9, images, &cmyk, &truncated);
        CHECK(cmyk >= 0 && cmyk < images && truncated >= 0 && truncated < images && cmyk != truncated);
        moved += cmyk != truncated + 1;
    }
    CHECK(moved > 0);
    synth_special(9, SYNTH_MIN_SPECIAL - 1, &cmyk, &truncated);
    CHECK(cmyk == -1 && truncated == -1);
}

int main(void)
{
    snprintf(folder, sizeof folder, "build/test_synth_%ld", (long)getpid());
    snprintf(masks, sizeof masks, "%s_masks", folder);
    mkdir("build", 0777);
    remove_set(folder);
    remove_set(masks);
    test_set();
    test_refused();
    test_part();
    test_masks();
    test_special();
    remove_set(folder);
    remove_set(masks);
    CHECK(mem_live() == 0);
    return check_result("synth");
}
