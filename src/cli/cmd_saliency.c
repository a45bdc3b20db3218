/* src/cli/cmd_saliency.c: predicted saliency of pictures, to a file, and against masks, densities and
 * fixations. */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base_option.h"
#include "cmd.h"
#include "h5.h"
#include "saliency_print.h"

struct settings {
    unsigned method;
    char output[OPTION_SIZE], maps[OPTION_SIZE], densities[OPTION_SIZE], masks[OPTION_SIZE],
        fixations[OPTION_SIZE], suffix[OPTION_SIZE], pictures[OPTION_SIZE], seed[OPTION_SIZE];
    int origin, csv, json;
    double sigma;
};

static const struct option_row rows[] = {
    { CMD_ROW("method", LIST, method), .values = SALIENCY_METHOD_NAMES "|file",
      .help = "what predicts; file: the maps of --maps" },
    { CMD_ROW("maps", PATH, maps), .values = "DIR|FILE.h5",
      .help = "maps of your own, called as their pictures: PNG, JPEG, PGM, or a dataset each" },
    { CMD_ROW("densities", PATH, densities), .values = "DIR|FILE.h5",
      .help = "a truth: how densely people look, a map a picture (SIM, CC, KLD)" },
    { CMD_ROW("masks", PATH, masks), .values = "DIR|FILE.h5",
      .help = "a truth: objects that people marked, a map of 0 and 255 a picture (MAE, F, S, E)" },
    { CMD_ROW("fixations", PATH, fixations), .values = "FILE.csv",
      .help = "a truth: where people looked, lines image,x,y with a header (NSS, AUC, information gain)" },
    { CMD_ROW("fixations.origin", INT, origin), .values = "0|1", .low = 0, .high = 1,
      .help = "the number that the list gives the first pixel" },
    { CMD_ROW("fixations.sigma", REAL, sigma), .values = "PIXELS", .low = 0.5, .high = 1000,
      .help = "of the blur that makes a density of fixations, where there is no --densities" },
    { CMD_ROW("suffix", TEXT, suffix), .values = "TEXT",
      .help = "what a density's or mask's name has behind the picture's: _fixMap" },
    { CMD_ROW("seed", DECIMAL, seed), .values = "S", .low = 0, .high = 9.007199254740992e15,
      .help = "of the pixels that AUC-Borji and the shuffled AUC draw; a whole number" },
    { CMD_ROW("output", PATH, output), .values = "FILE", .letter = 'o',
      .help = "an HDF5 file for the maps of the one method, a dataset a picture, called by its path" },
    { CMD_ROW("pictures", PATH, pictures), .values = "FILE.csv",
      .help = "the measures of every picture, a row a picture and map" },
    { CMD_ROW("csv", FLAG, csv), .help = "the table as CSV" },
    { CMD_ROW("json", FLAG, json), .help = "the table as JSON" },
};
static const struct option_table table = {
    .usage = "quantcam saliency DIR|PICTURE... [options]",
    .about =
        "Predicts where people look in pictures, and says how well that agrees with where they did: with "
        "masks,\n"
        "densities or fixations, beside it the bare centre and a shuffled row, the truth of the next "
        "picture.\n"
        "DIR is a folder of pictures, or of class folders. A prediction is 320 pixels wide; truths are "
        "compared\n"
        "in their own size.\n"
        "\n"
        "Methods: sr, the spectral residual; sr-opencv and finegrained as OpenCV has them; itti; center, a\n"
        "Gaussian about the middle; sr-center, sr about the centre.",
    .row = rows,
    .rows = COUNT_OF(rows),
    .words_low = 1,
    .words_high = 1 << 20,
};
static const struct settings usual = {
    .method = 1u << SALIENCY_SR_CENTER, .seed = "1", .origin = 1, .sigma = 24
};

/* ---- before any picture is read ------------------------------------------------------------------------ */

static int methods_of(const struct settings *set)
{
    int count = 0;

    for (int m = 0; m <= SCORE_FILE; m++)
        count += set->method >> m & 1;
    return count;
}

static status check_settings(const struct settings *set)
{
    int file = set->method >> SCORE_FILE & 1,
        truths = set->densities[0] || set->masks[0] || set->fixations[0];
    static const char no_truth[] = "there is no truth: give --densities, --masks or --fixations";
    const struct option_idle idle[] = {
        { !file, "maps", "--method has no file" },
        { !set->fixations[0], "fixations.origin", "there are no --fixations" },
        { !set->fixations[0], "fixations.sigma", "there are no --fixations" },
        { set->densities[0] != 0, "fixations.sigma", "the densities are those of --densities" },
        { !set->fixations[0], "seed", "there are no --fixations" },
        { !set->densities[0] && !set->masks[0], "suffix", "there are no --densities and no --masks" },
        { !truths, "pictures", no_truth },
        { !truths, "csv", no_truth },
        { !truths, "json", no_truth },
    };

    if (!truths && !set->output[0])
        return FAIL(ERR_USAGE, "saliency: nothing is asked for: give -o OUT.h5 for the maps, or a truth "
                               "(--densities, --masks, --fixations)");
    if (file && !set->maps[0])
        return FAIL(ERR_USAGE, "saliency: --method=file wants --maps");
    if (methods_of(set) == 0)
        return FAIL(ERR_USAGE, "saliency: --method is empty");
    if (set->output[0] && (methods_of(set) != 1 || file))
        return FAIL(ERR_USAGE, "saliency: -o takes the maps of one method that predicts");
    if (set->csv && set->json)
        return FAIL(ERR_USAGE, "saliency: --csv and --json exclude each other");
    return option_idle_check(&table, set, &usual, idle, COUNT_OF(idle));
}

/* ---- the pictures -------------------------------------------------------------------------------------- */

struct list {
    struct image_manifest manifest; /* of a folder */
    const char **path;
    struct truth_pictures pictures;
};

static status list_open(const struct option_words *words, struct list *out)
{
    struct image_source source = { .root = words->word[0], .flat = 1 };
    struct stat st;

    *out = (struct list){ 0 };
    if (words->count > 1 || stat(words->word[0], &st) != 0 || !S_ISDIR(st.st_mode)) {
        out->pictures = (struct truth_pictures){ words->count, NULL, (const char *const *)words->word };
        return OK;
    }
    TRY(image_manifest_read(&source, &out->manifest));
    MEM_TRY(out->path, (size_t)out->manifest.count, sizeof *out->path);
    for (int i = 0; i < out->manifest.count; i++)
        out->path[i] = out->manifest.entry[i].path;
    out->pictures = (struct truth_pictures){ out->manifest.count, out->manifest.root, out->path };
    return OK;
}

static void list_close(struct list *l)
{
    image_manifest_free(&l->manifest);
    mem_free(l->path);
}

/* ---- the maps' file ------------------------------------------------------------------------------------ */

struct output {
    struct h5_file file;
    char part[OPTION_SIZE + 8];
};

static status output_open(struct output *o, const struct settings *set)
{
    char name[OPTION_NAME];
    struct h5_set root;
    int method = 0;

    while (!(set->method >> method & 1))
        method++;
    snprintf(o->part, sizeof o->part, "%s.part", set->output);
    TRY(h5_create(o->part, o->part, &(struct h5_form){ 0 }, &o->file));
    root = h5_root(&o->file);
    TRY(h5_attribute_write_text(&root, "title", H5_TEXT, "predicted saliency"));
    return h5_attribute_write_text(&root, "method", H5_TEXT,
                                   option_choice(SALIENCY_METHOD_NAMES, method, name));
}

/* A dataset called by the picture's path, or by its name where the path leads out of here. */
static status output_add(struct output *o, const char *path, const struct saliency_map *m)
{
    const char *slash = strrchr(path, '/'),
               *name = slash && (path[0] == '/' || strstr(path, "..")) ? slash + 1 : path;

    TRY(h5_add(&o->file, name, H5_F32, 0, 2, (int64_t[]){ m->height, m->width }));
    return h5_put(&o->file, name, -1, m->value);
}

static status output_close(struct output *o, const struct settings *set, status before)
{
    status result = h5_close(&o->file, before);

    if (result == OK && o->part[0] && rename(o->part, set->output) != 0)
        result = FAIL(ERR_IO, "%s: cannot rename it to %s", o->part, set->output);
    if (result != OK && o->part[0])
        unlink(o->part);
    return result;
}

/* ---- the command --------------------------------------------------------------------------------------- */

static status one_picture(const struct settings *set, struct score *s, struct output *o, int i,
                          const struct image *picture)
{
    struct saliency_map maps[SCORE_MAPS] = { { 0 } };
    status result = OK;

    for (int m = 0; m < SALIENCY_METHODS; m++) {
        if (!(s->how.maps >> m & 1))
            continue;
        TRY_OUT(saliency_predict((enum saliency_method)m, picture, &maps[m]));
        if (set->output[0] && set->method >> m & 1)
            TRY_OUT(output_add(o, s->list.path[i], &maps[m]));
    }
    if (s->how.maps >> SCORE_FILE & 1)
        TRY_OUT(score_file_map(s, i, &maps[SCORE_FILE]));
    TRY_OUT(score_picture(s, i, picture, maps));
out:
    for (int m = 0; m < SCORE_MAPS; m++)
        saliency_free(&maps[m]);
    return result == OK ? OK : error_prefix(result, "%s", s->list.path[i]);
}

static status all_pictures(const struct settings *set, struct score *s, struct output *o)
{
    double said = clock_s();

    for (int i = 0; i < s->list.count; i++) {
        struct image picture;
        status result;

        if (truth_picture(&s->list, i, &picture) != OK) {
            log_error("%s", error_last()->text);
            s->unreadable++;
            continue;
        }
        result = one_picture(set, s, o, i, &picture);
        image_free(&picture);
        TRY(result);
        if (clock_s() - said > 10) {
            said = clock_s();
            log_info("saliency  %d of %d pictures", i + 1, s->list.count);
        }
    }
    if (s->unreadable > s->list.count / 100)
        return FAIL(ERR_FORMAT, "saliency: %d of %d pictures could not be read, more than 1 %%",
                    s->unreadable, s->list.count);
    return OK;
}

static struct score_how how_of(const struct settings *set)
{
    int truths = set->densities[0] || set->masks[0] || set->fixations[0];
    int64_t seed = 0;

    text_parse_int(set->seed, 0, INT64_MAX, &seed);
    return (struct score_how){ .maps = set->method | (truths ? 1u << SALIENCY_CENTER : 0),
                               .file = set->method >> SCORE_FILE & 1 ? set->maps : NULL,
                               .truth = { .from = { [TRUTH_DENSITY] = text_or_null(set->densities),
                                                    [TRUTH_FIXATIONS] = text_or_null(set->fixations),
                                                    [TRUTH_MASK] = text_or_null(set->masks) },
                                          .suffix = set->suffix,
                                          .origin = set->origin,
                                          .sigma = set->sigma,
                                          .seed = (uint64_t)seed } };
}

static status print_scores(const struct settings *set, const struct score *s)
{
    enum listing_form form = set->json ? LISTING_JSON : set->csv ? LISTING_CSV : LISTING_TERMINAL;
    struct text out = { .max = (size_t)256 << 20 };
    status result = OK;

    if (set->pictures[0]) {
        TRY_OUT(saliency_print_pictures(s, &out));
        TRY_OUT(text_write_file(set->pictures, out.data, out.size));
        text_free(&out);
    }
    if (set->densities[0] || set->masks[0] || set->fixations[0]) {
        TRY_OUT(saliency_print(s, form, &out));
        fputs(out.data, stdout);
    }
out:
    text_free(&out);
    return result;
}

static status run(struct cmd_call *call)
{
    const struct settings *set = call->set;
    struct score_how how = how_of(set);
    struct output o = { 0 };
    struct score s = { 0 };
    struct list list = { 0 };
    status result;

    TRY(check_settings(set));
    TRY_OUT(list_open(&call->words, &list));
    TRY_OUT(score_open(&list.pictures, &how, &s));
    if (set->output[0])
        TRY_OUT(output_open(&o, set));
    TRY_OUT(all_pictures(set, &s, &o));
    TRY_OUT(print_scores(set, &s));
out:
    result = output_close(&o, set, result);
    if (result == OK && set->output[0])
        log_info("saliency: %s", set->output);
    score_close(&s);
    list_close(&list);
    return result;
}

const struct command cmd_saliency = {
    CMD_TABLE, .name = "saliency", .run = run, .guarded = 1,
    .line = "predicted saliency of pictures, and how it agrees with masks and fixations"
};
