/* src/cli/cmd_synth.c: draws the embedded data set into a folder. */
#include <stdio.h>
#include <string.h>

#include "base_option.h"
#include "cmd.h"
#include "image_synth.h"

struct settings {
    int images;
    char seed[OPTION_SIZE], masks[OPTION_SIZE];
};

static const struct option_row rows[] = {
    { CMD_ROW("images", INT, images), .values = "N", .low = 1, .high = SYNTH_MAX_IMAGES,
      .help = "how many pictures" },
    { CMD_ROW("seed", DECIMAL, seed), .values = "S", .low = 0, .high = 9.007199254740992e15,
      .help = "other seed, other pictures; a whole number" },
    { CMD_ROW("masks", PATH, masks), .values = "DIR",
      .help = "a new or empty folder, outside the first, for the objects' masks: img_000000.png of each "
              "picture, white where its object is drawn; a truth for `saliency --masks` and a job's" },
};
static const struct option_table table = {
    .usage = "quantcam synth DIR --images N --seed S [--masks DIR]",
    .about = "Draws the embedded data set into DIR, a new or empty folder: 16 classes of objects among "
             "clutter, as JPEG files\n"
             "in class folders, true boxes in DIR/boxes.csv, labels in DIR/labels.csv. From 16 pictures on, "
             "one is CMYK and\n"
             "one is truncated, so that a job has a bad picture. Equal pixels on every machine.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1,
};

static const struct settings usual = { .images = 400, .seed = "1" };

static status write_set(struct cmd_call *call)
{
    const struct settings *set = call->set;
    const char *dir = call->words.word[0];
    struct synth_options options = { .images = set->images };
    int64_t seed;
    char count[32];

    if (!text_parse_int(set->seed, 0, INT64_MAX, &seed))
        return FAIL(ERR_USAGE, "--seed %s: not a whole number from 0", set->seed);
    options.seed = (uint64_t)seed;
    options.masks = text_or_null(set->masks);
    TRY(synth_write(dir, &options));
    printf("%s: %s pictures, %d classes, boxes.csv, labels.csv%s%s\n", dir,
           text_thousands(set->images, count, sizeof count), SYNTH_CLASSES,
           options.masks ? "; masks in " : "", set->masks);
    return OK;
}

const struct command cmd_synth = { CMD_TABLE, .name = "synth", .run = write_set,
                                   .line = "draw the embedded data set" };
