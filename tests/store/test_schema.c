#include "store_fixture.h"

#include <sys/wait.h>

#include "store/schema_table.h"

/* By hand, for two networks of two precisions and three selections, without class names: rows of the table.
 */
static void check_expansion(void)
{
    struct store_layout l;
    struct store_schema s;
    const struct store_dataset *d;
    int in_group[8] = { 0 };

    fixture_layout(&l);
    CHECK(schema_expand(&l, &s) == OK);
    for (int i = 0; i < s.count; i++)
        in_group[s.dataset[i].group]++;
    CHECK(in_group[STORE_ROWS_IMAGE] == 6);
    CHECK_MSG(in_group[STORE_ROWS_MODEL] == 2 * (2 * 16 + 1 + 5 + 2), "%d", in_group[STORE_ROWS_MODEL]);
    CHECK_MSG(in_group[STORE_ROWS_SUBSET] == 2 * (1 + 3 + 2 * (1 + 5 + 2) + 8 + 2 + 2), "%d",
              in_group[STORE_ROWS_SUBSET]);
    CHECK(in_group[STORE_CLOSING] == 2);
    d = schema_find(&s, "/checksums");
    CHECK(d && d->dim[0] == s.count - 2 && d->element == 64 + 2 + STORE_PATH);

    d = schema_find(&s, "/models/mobilenet_v2/int8/cam");
    CHECK(d && d->rank == 3 && d->dim[0] == 23 && d->dim[1] == 3 && d->dim[2] == 2 && d->row_bytes == 24);
    CHECK(d && !strcmp(d->field, "int8/cam") && d->network == 1 && d->in_crc && d->in_digest &&
          d->type == STORE_F32);
    CHECK(d && !strcmp(d->axis[0], "/image") && !strcmp(d->axis[1], "/models/mobilenet_v2/cam_y"));
    d = schema_find(&s, "/models/resnet18/int8/vs_fp32/rmse_raw");
    CHECK(d && d->rank == 1 && !strcmp(d->field, "int8/vs_fp32/rmse_raw"));
    CHECK(!schema_find(&s, "/models/resnet18/fp32/vs_fp32/rmse_raw"));
    d = schema_find(&s, "/models/resnet18/subset/image");
    CHECK(d && d->initial == -1 && d->dim[0] == 6 && !strcmp(d->field, "image"));
    CHECK(schema_find(&s, "/models/resnet18/subset/in_control") &&
          schema_find(&s, "/gallery/resnet18_top02_int8"));
    CHECK(!schema_find(&s, "/method"));
    CHECK(!schema_find(&s, "/gallery/resnet18_top03_int8") && !schema_find(&s, "/images/class_name"));
    d = schema_find(&s, "/models/resnet18/subset/int8/deletion_logits");
    CHECK(d && d->rank == 3 && d->dim[0] == 6 && d->dim[1] == 5 && d->dim[2] == 7 &&
          !strcmp(d->axis[1], "/step"));
    d = schema_find(&s, "/models/resnet18/subset/int8/activation");
    CHECK(d && d->rank == 4 && d->dim[1] == 4 && d->type == STORE_U8 && d->row_bytes == 24 && d->in_crc &&
          !strcmp(d->axis[1], "/models/resnet18/channel"));
    d = schema_find(&s, "/models/resnet18/subset/fp32/activation");
    CHECK(d && d->type == STORE_F32 && d->row_bytes == 96);
    d = schema_find(&s, "/models/mobilenet_v2/fp32/activation_mean");
    CHECK(d && d->rank == 2 && d->dim[0] == 23 && d->dim[1] == 9 && d->in_crc);
    CHECK(!schema_find(&s, "/models/resnet18/fp32/activation"));
    CHECK(schema_find(&s, "/models/resnet18/subset/fp32/deletion_curve_on_int8") &&
          schema_find(&s, "/models/resnet18/subset/int8/insertion_logits_on_fp32"));
    d = schema_find(&s, "/models/resnet18/int8/entropy_int");
    CHECK(d && d->type == STORE_F32 && !strcmp(d->unit, "bit") &&
          !strcmp(d->long_name, "entropy, stored integers, resnet18 int8"));
    CHECK(!schema_find(&s, "/models/resnet18/fp32/entropy_int"));
    d = schema_find(&s, "/summary/measures/int8/vs_fp32/rmse_raw/sd");
    CHECK(d && d->rank == 2 && d->dim[0] == 2 && d->dim[1] == 4 && d->group == STORE_SUMMARY &&
          !strcmp(d->axis[1], "/set"));
    CHECK(schema_find(&s, "/summary/measures/int8/entropy_int/low") &&
          !schema_find(&s, "/summary/measures/fp32/entropy_int/low") &&
          !schema_find(&s, "/summary/difference/int8/entropy_int/low") &&
          !schema_find(&s, "/summary/difference/int8/rmse_raw/low") &&
          schema_find(&s, "/summary/measures/fp32/deletion_on_int8/median") &&
          !schema_find(&s, "/summary/measures/fp32/deletion_raw_on_int8/median") &&
          schema_find(&s, "/summary/difference/int8/top1/p") &&
          !schema_find(&s, "/summary/difference/int8/iou/p"));
    d = schema_find(&s, "/precision_form");
    CHECK(d && d->type == STORE_STRING && d->dim[0] == 2 && !strcmp(d->axis[0], "/precision") &&
          d->group == STORE_FIXED && d->in_digest);
    d = schema_find(&s, "/precision_bits");
    CHECK(d && d->type == STORE_S32 && d->rank == 2 && d->dim[1] == 2 && !strcmp(d->axis[1], "/operand"));
    d = schema_find(&s, "/measures/meaning");
    CHECK(d && !strcmp(d->axis[0], "/measure") && d->dim[0] == l.measures && d->element == 96);
    d = schema_find(&s, "/summary/wsol/int8/gt_known");
    CHECK(d && d->rank == 3 && d->dim[0] == 2 && d->dim[1] == 4 && d->dim[2] == 2);
    d = schema_find(&s, "/timing/loaded/resnet18/fp32/cam_s");
    CHECK(d && !d->in_digest && d->network == 0);
    schema_free(&s);
    CHECK(s.count == 0);
}

/* What every dataset must have, for a third precision, too: no name is wired in. */
static void check_every(void)
{
    struct store_layout l;
    struct store_schema s;
    const struct store_dataset *d;
    uint64_t bytes = 0;

    fixture_layout(&l);
    l.precisions = 3;
    l.activations = STORE_ACTIVATIONS_FULL;
    snprintf(l.precision[0].name, STORE_NAME, "bf16");
    snprintf(l.precision[2].name, STORE_NAME, "int4");
    l.precision[2].form = PRECISION_CODES;
    l.precision[2].weight_bits = l.precision[2].activation_bits = 4;
    l.class_name_length = 5;
    l.class_names = 7;
    l.methods = 2;
    snprintf(l.method[0], STORE_NAME, "layercam");
    snprintf(l.method[1], STORE_NAME, "uncentred");
    CHECK(schema_expand(&l, &s) == OK);
    CHECK(schema_find(&s, "/models/resnet18/int4/vs_bf16/rmse_raw") &&
          schema_find(&s, "/models/resnet18/bf16/cam"));
    CHECK(schema_find(&s, "/images/class_name") != NULL);
    /* Each precision but the first with the first, in both directions; never with one another. */
    CHECK(schema_find(&s, "/models/resnet18/subset/int4/deletion_curve_on_bf16") &&
          schema_find(&s, "/models/resnet18/subset/bf16/deletion_curve_on_int4") &&
          schema_find(&s, "/models/resnet18/subset/bf16/insertion_curve_on_int8") &&
          !schema_find(&s, "/models/resnet18/subset/int4/deletion_curve_on_int8"));
    CHECK(schema_find(&s, "/summary/difference/int4/insertion_on_bf16/low") &&
          schema_find(&s, "/summary/measures/int4/vs_bf16/rmse_aligned/mean") &&
          schema_find(&s, "/summary/measures/bf16/insertion_on_int4/mean"));
    CHECK(schema_find(&s, "/models/resnet18/int4/activation") &&
          !schema_find(&s, "/models/resnet18/subset/int4/activation"));
    d = schema_find(&s, "/models/mobilenet_v2/int4/cam_uncentred");
    CHECK(d && d->rank == 3 && d->dim[1] == 3 && d->in_crc && !strcmp(d->field, "int4/cam_uncentred"));
    d = schema_find(&s, "/method");
    CHECK(d && d->scale && d->dim[0] == 2);
    for (int i = 0; i < s.count; i++) {
        size_t row;

        d = &s.dataset[i];
        row = d->element;
        CHECK_MSG(d->long_name[0] && !strchr(d->long_name, '{') && !strchr(d->path, '{'), "%s", d->path);
        CHECK_MSG(d->rank >= 1 && d->dim[0] >= 1 && d->element >= 1, "%s", d->path);
        CHECK_MSG(!strstr(d->path, "fp32") && !strstr(d->long_name, "fp32"), "%s: %s", d->path, d->long_name);
        for (int k = 1; k < d->rank; k++)
            row *= (size_t)d->dim[k];
        CHECK_MSG(row == d->row_bytes, "%s", d->path);
        for (int k = 0; k < d->rank; k++) {
            const struct store_dataset *axis = d->axis[k][0] ? schema_find(&s, d->axis[k]) : NULL;
            CHECK_MSG(!d->axis[k][0] || (axis && axis->scale && axis->dim[0] == d->dim[k]), "%s", d->path);
            /* netCDF's library looks for an axis in the dataset's group and above. */
            size_t group = axis ? (size_t)(strrchr(axis->path, '/') - axis->path) + 1 : 0;
            CHECK_MSG(!axis || !strncmp(d->path, axis->path, group), "%s: %s", d->path, d->axis[k]);
        }
        /* A payload field belongs to a row group and goes into the digest. */
        CHECK_MSG(!d->in_crc ||
                      (d->in_digest && d->group >= STORE_ROWS_IMAGE && d->group <= STORE_ROWS_SUBSET),
                  "%s", d->path);
        bytes += row * (uint64_t)d->dim[0];
    }
    CHECK(bytes == schema_bytes(&s));
    schema_free(&s);
}

static void refuse(const char *what, const struct store_layout *l)
{
    struct store_schema s;

    CHECK_MSG(schema_expand(l, &s) == ERR_RANGE && s.count == 0, "%s", what);
}

/* The largest numbers are possible; one more is refused. */
static void check_maxima(void)
{
    struct store_layout l;
    struct store_schema s = { 0 };
    char path[STORE_PATH];

    fixture_layout(&l);
    l.networks = STORE_MAX_NETWORKS;
    l.precisions = STORE_MAX_PRECISIONS;
    l.selections = STORE_MAX_SELECTIONS;
    l.methods = STORE_MAX_METHODS;
    l.pictures = STORE_MAX_PICTURES;
    l.steps = STORE_MAX_STEPS;
    for (int i = 0; i < STORE_MAX_NETWORKS; i++) {
        l.network[i] =
            (struct store_network){ .classes = 5, .channels = 4, .h = 3, .w = 2, .input_h = 8, .input_w = 6 };
        memset(l.network[i].name, 'a' + i, STORE_NAME - 1);
    }
    for (int i = 0; i < STORE_MAX_PRECISIONS; i++) {
        l.precision[i] = l.precision[1];
        snprintf(l.precision[i].name, STORE_NAME, "p%d", i);
    }
    for (int i = 0; i < STORE_MAX_SELECTIONS; i++)
        snprintf(l.selection[i], STORE_NAME, "s%d", i);
    for (int i = 0; i < STORE_MAX_METHODS; i++)
        snprintf(l.method[i], STORE_NAME, "m%d", i);
    CHECK_MSG(schema_expand(&l, &s) == OK, "%s", error_last()->text);
    snprintf(path, sizeof path, "/models/%s/p7/cam_m15", l.network[STORE_MAX_NETWORKS - 1].name);
    CHECK(schema_find(&s, path) && schema_find(&s, "/gallery/palette"));
    schema_free(&s);
    l.networks++;
    refuse("networks", &l);
    l.networks--;
    l.precisions++;
    refuse("precisions", &l);
    l.precisions--;
    l.selections++;
    refuse("selections", &l);
    l.selections--;
    l.methods++;
    refuse("methods", &l);
    l.methods--;
    l.pictures++;
    refuse("pictures", &l);
    l.pictures--;
    l.steps++;
    refuse("steps", &l);
}

static void check_refusals(void)
{
    struct store_layout l;

#define REFUSE(change)                                                                                       \
    do {                                                                                                     \
        fixture_layout(&l);                                                                                  \
        change;                                                                                              \
        refuse(#change, &l);                                                                                 \
    } while (0)
    REFUSE(l.images = 0);
    REFUSE(l.images = -5);
    REFUSE(l.images = INT64_MAX / 2);
    REFUSE(l.subset = 0);
    REFUSE(l.networks = 0);
    REFUSE(l.networks = STORE_MAX_NETWORKS + 1);
    REFUSE(l.precisions = 0);
    REFUSE(l.precision[0].weight_bits = 31);
    REFUSE(l.precision[1].activation_bits = 9);
    REFUSE(l.precision[1].weight_bits = 0);
    REFUSE(l.network[0].classes = 0);
    REFUSE(l.network[1].h = -1);
    REFUSE(l.path_length = 0);
    REFUSE(l.path_length = 5000);
    REFUSE(l.pictures = 1000);
    REFUSE(l.network[1].input_h = 0);
    REFUSE(snprintf(l.network[1].name, STORE_NAME, "resnet18"));
    REFUSE(snprintf(l.network[1].name, STORE_NAME, "../x"));
    REFUSE(snprintf(l.network[1].name, STORE_NAME, "a/b"));
    REFUSE(l.network[1].name[0] = '\0');
    REFUSE(memset(l.network[1].name, 'a', STORE_NAME));
    REFUSE(snprintf(l.precision[1].name, STORE_NAME, "fp32"));
    REFUSE(snprintf(l.precision[1].name, STORE_NAME, "status"));
    REFUSE(snprintf(l.precision[1].name, STORE_NAME, "cam_y"));
    CHECK(schema_name_good("mobilenet_v2-1.0") && !schema_name_good(".x") && !schema_name_good("a b"));
}

/* Every axis of a dataset has a scale, or none has: of all that a job may ask for. */
static void check_axes(void)
{
    struct store_layout l;
    struct store_schema s;
    const struct store_dataset *d;

    fixture_layout(&l);
    l.class_name_length = 5;
    l.class_names = 7;
    l.methods = 1;
    snprintf(l.method[0], STORE_NAME, "layercam");
    for (int kept = STORE_ACTIVATIONS_MEAN; kept <= STORE_ACTIVATIONS_FULL; kept++) {
        l.activations = kept;
        CHECK(schema_expand(&l, &s) == OK);
        for (int i = 0; i < s.count; i++) {
            int scales = 0;
            d = &s.dataset[i];
            for (int k = 0; k < d->rank; k++)
                scales += d->axis[k][0] != '\0';
            CHECK_MSG(scales == 0 || scales == d->rank, "%s: %d of %d axes", d->path, scales, d->rank);
        }
        schema_free(&s);
    }
    CHECK(schema_expand(&l, &s) == OK);
    d = schema_find(&s, "/models/resnet18/int8/wsol/box");
    CHECK(d && !strcmp(d->axis[0], "/image") && !strcmp(d->axis[1], "/edge"));
    d = schema_find(&s, "/models/resnet18/fp32/wsol/right_raw");
    CHECK(d && !strcmp(d->axis[1], "/criterion") && !strcmp(d->axis[2], "/threshold_byte"));
    d = schema_find(&s, "/summary/histogram/int8/common");
    CHECK(d && !strcmp(d->axis[0], "/network") && !strcmp(d->axis[2], "/bin"));
    d = schema_find(&s, "/images/boxes");
    CHECK(d && !strcmp(d->axis[0], "/images/box") && !strcmp(d->axis[1], "/edge"));
    d = schema_find(&s, "/images/box");
    CHECK(d && d->scale && d->type == STORE_S64 && d->group == STORE_FIXED);
    schema_free(&s);
}

/* A precision whose CAM layer has other extents than the first's has axes of its own, in that network alone.
 */
static void check_own_layer(void)
{
    static const char *const alike[] = { "/models/mobilenet_v2/fp32/cam", "/models/resnet18/int8/cam",
                                         "/models/resnet18/subset/int8/activation" };
    struct store_layout l, before;
    struct store_schema s, was;

    fixture_layout(&before);
    l = before;
    l.network[1].other[1] = (struct store_layer){ 11, 6, 5 };
    CHECK(store_layers_alike(&l, 0, 1, 0) && store_layers_alike(&l, 1, 0, 0) &&
          !store_layers_alike(&l, 1, 1, 0));
    CHECK(store_layer(&l, 1, 1).channels == 11 && store_layer(&l, 1, 0).h == 3 &&
          store_layer(&l, 0, 1).w == 3);
    for (int kept = STORE_ACTIVATIONS_MEAN; kept <= STORE_ACTIVATIONS_FULL; kept++) {
        const char *path = kept == STORE_ACTIVATIONS_FULL ? "/models/mobilenet_v2/int8/activation"
                                                          : "/models/mobilenet_v2/subset/int8/activation";
        const struct store_dataset *d;

        l.activations = before.activations = kept;
        CHECK(schema_expand(&l, &s) == OK && schema_expand(&before, &was) == OK && s.count == was.count + 3);
        d = schema_find(&s, "/models/mobilenet_v2/channel_int8");
        CHECK(d && d->scale && d->dim[0] == 11 && d->group == STORE_FIXED);
        d = schema_find(&s, "/models/mobilenet_v2/int8/cam");
        CHECK(d && d->dim[1] == 6 && d->dim[2] == 5 &&
              !strcmp(d->axis[1], "/models/mobilenet_v2/cam_y_int8") &&
              !strcmp(d->axis[2], "/models/mobilenet_v2/cam_x_int8"));
        d = schema_find(&s, "/models/mobilenet_v2/int8/activation_mean");
        CHECK(d && d->dim[1] == 11 && !strcmp(d->axis[1], "/models/mobilenet_v2/channel_int8"));
        d = schema_find(&s, path);
        CHECK((d != NULL) == (kept != STORE_ACTIVATIONS_MEAN));
        CHECK(!d || (d->dim[1] == 11 && d->dim[2] == 6 && d->dim[3] == 5 &&
                     !strcmp(d->axis[3], "/models/mobilenet_v2/cam_x_int8")));
        d = schema_find(&s, "/models/mobilenet_v2/subset/int8/cam_u8");
        CHECK(d && d->dim[1] == 5 && d->dim[2] == 7);
        for (size_t i = 0; i < COUNT_OF(alike); i++) {
            const struct store_dataset *a = schema_find(&s, alike[i]), *b = schema_find(&was, alike[i]);

            CHECK(!a == !b);
            CHECK(!a || (!memcmp(a->dim, b->dim, sizeof a->dim) && !strcmp(a->axis[2], b->axis[2])));
        }
        schema_free(&s);
        schema_free(&was);
    }
    l.network[1].other[1].h = 0;
    CHECK(schema_expand(&l, &s) == ERR_RANGE);
}

static _Noreturn void end_as_bug(void)
{
    _exit(7);
}

/* How a child ends that fills in this template: 0, or 7 of a bug. */
static int fill_in_child(const char *template)
{
    static const struct schema_place at = { .net = 1, .prec = 1, .pic = 4 };
    char out[STORE_PATH];
    struct store_layout l;
    int how = 0;
    pid_t child = fork();

    if (child == 0) {
        fixture_layout(&l);
        error_set_bug_hook(end_as_bug);
        if (!freopen("/dev/null", "w", stderr))
            _exit(1);
        _exit(schema_expand_text(&l, &at, template, out, sizeof out) ? 0 : 1);
    }
    CHECK(waitpid(child, &how, 0) == child && WIFEXITED(how));
    return WEXITSTATUS(how);
}

/* A word of the table that nobody knows is a bug, not the number of a picture; so is the beginning of one. */
static void check_words(void)
{
    static const char *const good[] = { "/x",        "{net}",   "{prec}",    "{other}",  "{base}",
                                        "{sel}",     "{value}", "{code}",    "{method}", "{odd}",
                                        "a{pic}b",   "{coded}", "{real}",    "{one}",    "{pair}",
                                        "{crossed}", "{unit}",  "{meaning}", "{answer}" };
    static const char *const bad[] = { "{nett}",    "{ne}",  "{}",    "{n}",   "{cod}",
                                       "{picture}", "a{net", "{Net}", "{ pic}" };
    const struct schema_place at = { .net = 1, .prec = 1, .pic = 4 };
    struct store_layout l;
    char out[STORE_PATH];

    for (size_t i = 0; i < COUNT_OF(good); i++)
        CHECK_MSG(fill_in_child(good[i]) == 0, "%s", good[i]);
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        CHECK_MSG(fill_in_child(bad[i]) == 7, "%s", bad[i]);
    fixture_layout(&l);
    CHECK(schema_expand_text(&l, &at, "/gallery/{net}_top{pic}_{other}", out, sizeof out) &&
          !strcmp(out, "/gallery/mobilenet_v2_top05_int8"));
    CHECK(schema_expand_text(&l, &at, "{net}{pic}", out, 15) && !strcmp(out, "mobilenet_v205"));
    CHECK(!schema_expand_text(&l, &at, "{net}{pic}", out, 14) && !schema_expand_text(&l, &at, "abc", out, 3));
}

/* ROAD stands without curves: a row a place of orders and percentiles, and the class; CURVEs are made of
 * them.
 */
static void check_road(struct store_layout *l)
{
    const struct store_dataset *d;
    struct store_schema s;
    int m = 0;

    while (l->measure[m].kind != STORE_MEASURE_CURVE)
        m++;
    l->measure[m].kind = STORE_MEASURE_ROAD;
    CHECK(schema_expand(l, &s) == ERR_RANGE);
    l->road = 1;
    CHECK(schema_expand(l, &s) == OK);
    d = schema_find(&s, "/models/resnet18/subset/int8/deletion");
    CHECK(d && d->rank == 3 && d->dim[1] == 2 && d->dim[2] == 9 && !strcmp(d->axis[2], "/percentile") &&
          d->in_crc);
    d = schema_find(&s, "/percentile");
    CHECK(d && d->scale && d->dim[0] == 9);
    CHECK(schema_find(&s, "/models/resnet18/subset/int8/class") && schema_find(&s, "/relevant") &&
          schema_find(&s, "/summary/measures/fp32/deletion/mean") &&
          !schema_find(&s, "/models/resnet18/subset/int8/deletion_curve"));
    schema_free(&s);
}

/* The randomisation check is of precisions of real numbers: not of codes, and not of rounded ones. */
static void check_random(void)
{
    struct store_layout l;
    struct store_schema s;
    const struct store_dataset *d;

    fixture_layout(&l);
    l.measure[0].kind = STORE_MEASURE_RANDOM;
    for (int form = PRECISION_CODES; form <= PRECISION_ROUNDED; form++) {
        l.precision[1].form = form;
        CHECK(schema_expand(&l, &s) == OK);
        d = schema_find(&s, "/models/resnet18/subset/fp32/sigma_ratio");
        CHECK(d && d->rank == 1 && d->dim[0] == FIXTURE_PLACES && d->in_crc);
        CHECK(schema_find(&s, "/summary/measures/fp32/sigma_ratio/mean") &&
              !schema_find(&s, "/models/resnet18/subset/int8/sigma_ratio") &&
              !schema_find(&s, "/summary/measures/int8/sigma_ratio/mean") &&
              !schema_find(&s, "/summary/difference/int8/sigma_ratio/difference"));
        CHECK(schema_measured(&l, 0, 0) && !schema_measured(&l, 0, 1));
        schema_free(&s);
    }
}

/* Measures of curves want curves; names are names, each once. */
static void check_measures(void)
{
    struct store_layout l;
    struct store_schema s;

    fixture_layout(&l);
    l.cross = 0;
    CHECK(schema_expand(&l, &s) == ERR_RANGE && strstr(error_last()->text, "'deletion'"));
    for (int m = 0; m < l.measures; m++)
        l.measure[m].kind =
            l.measure[m].kind == STORE_MEASURE_CROSSED ? STORE_MEASURE_CURVE : l.measure[m].kind;
    CHECK(schema_expand(&l, &s) == OK && !schema_find(&s, "/summary/measures/fp32/deletion_on_int8/mean") &&
          schema_find(&s, "/summary/measures/fp32/deletion/mean"));
    schema_free(&s);
    l.steps = l.step_logits = 0;
    CHECK(schema_expand(&l, &s) == ERR_RANGE);
    check_road(&l);
    check_random();
    fixture_layout(&l);
    snprintf(l.measure[1].name, STORE_NAME, "rmse_raw");
    CHECK(schema_expand(&l, &s) == ERR_RANGE && strstr(error_last()->text, "two of the same name"));
    snprintf(l.measure[1].name, STORE_NAME, "a/b");
    CHECK(schema_expand(&l, &s) == ERR_RANGE);
    fixture_layout(&l);
    l.measures = 0;
    CHECK(schema_expand(&l, &s) == OK && !schema_find(&s, "/measure") && !schema_find(&s, "/measures/kind"));
    schema_free(&s);
    l.measures = STORE_MAX_MEASURES + 1;
    CHECK(schema_expand(&l, &s) == ERR_RANGE);
}

int main(void)
{
    check_measures();
    check_expansion();
    check_every();
    check_maxima();
    check_refusals();
    check_axes();
    check_own_layer();
    check_words();
    CHECK(!strcmp(schema_type_name(STORE_S64), "s64") && schema_type_size(STORE_S64) == 8);
    CHECK(!strcmp(schema_type_name(STORE_STATUS), "status") && schema_type_size(STORE_STATUS) == 1);
    CHECK(!strcmp(schema_group_name(STORE_ROWS_SUBSET), "subset"));
    CHECK(mem_live() == 0);
    return check_result("test_schema");
}
