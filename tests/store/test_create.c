#include "store_fixture.h"
#include "store/store_internal.h"

#include <hdf5_hl.h>

/* Made twice, a second apart: the same bytes, so no clock and no stray memory is in the file. */
static void check_bytes(const struct fixture *f, const struct store_schema *schema)
{
    char path[2][700], *bytes[2] = { 0 };
    size_t size[2] = { 0 };

    for (int i = 0; i < 2; i++) {
        snprintf(path[i], sizeof path[i], "%s/twin%d.part", f->folder, i);
        CHECK(store_create(path[i], schema, &f->plan) == OK);
        CHECK(text_read_file(path[i], 1 << 24, &bytes[i], &size[i]) == OK);
        if (i == 0)
            sleep(1);
    }
    CHECK(size[0] == size[1] && bytes[0] && bytes[1] && !memcmp(bytes[0], bytes[1], size[0]));
    /* Superblock version 2: the byte after the signature. */
    CHECK(bytes[0] && bytes[0][8] == 2);
    mem_free(bytes[0]);
    mem_free(bytes[1]);
}

static void check_contents(const char *path)
{
    struct store_reader *r = NULL;
    int64_t image[23], used[6];
    uint8_t complete, palette[256][3];
    char name[STORE_NAME];
    int32_t class_index[23];
    double scale = 0;

    CHECK(store_open_read(path, 0, &r) == OK);
    if (!r)
        return;
    CHECK_MSG(store_reader_problem(r)[0] == '\0', "%s", store_reader_problem(r));
    CHECK(store_read(r, "/image", STORE_S64, 0, 23, image, sizeof image) == OK && image[0] == 0 &&
          image[22] == 22);
    CHECK(store_read(r, "/models/resnet18/subset/image", STORE_S64, 0, 6, used, sizeof used) == OK);
    for (int i = 0; i < 6; i++)
        CHECK(used[i] == -1);
    CHECK(store_read(r, "/complete", STORE_U8, 0, 1, &complete, 1) == OK && complete == 0);
    CHECK(store_read(r, "/gallery/palette", STORE_U8, 0, 256, palette, sizeof palette) == OK &&
          palette[0][2] == 128);
    CHECK(store_read(r, "/images/class_index", STORE_S32, 0, 23, class_index, sizeof class_index) == OK &&
          class_index[8] == 1);
    CHECK(store_read(r, "/models/mobilenet_v2/int8/activation_scale", STORE_F64, 0, 1, &scale,
                     sizeof scale) == OK &&
          scale == 0.125);
    CHECK(store_read(r, "/models/mobilenet_v2/int8/activation_zero_point", STORE_S32, 0, 1, class_index,
                     sizeof class_index) == OK &&
          class_index[0] == 3);
    CHECK(store_read_string(r, "/set", 3, name, sizeof name) == OK && !strcmp(name, "control"));
    CHECK(store_read_string(r, "/images/path", 22, name, sizeof name) == OK && !strcmp(name, "c1/i022.jpg"));
    store_close_read(r);
}

/* The library itself takes the gallery for pictures with a palette, and nothing else for one. */
static void check_pictures(const char *path)
{
    hid_t file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    hsize_t width = 0, height = 0, planes = 0, palette[2] = { 0 };
    hssize_t palettes = 0;
    char interlace[64];

    CHECK(file >= 0);
    CHECK(H5IMis_image(file, "/gallery/resnet18_top01_fp32") == 1);
    CHECK(H5IMis_palette(file, "/gallery/palette") == 1);
    CHECK(H5IMis_image(file, "/gallery/palette") == 0);
    CHECK(H5IMget_image_info(file, "/gallery/resnet18_top02_int8", &width, &height, &planes, interlace,
                             &palettes) >= 0);
    CHECK(width == 6 && height == 8 && planes == 1 && palettes == 1);
    CHECK(H5IMget_palette_info(file, "/gallery/resnet18_top02_int8", 0, palette) >= 0 && palette[0] == 256 &&
          palette[1] == 3);
    H5Fclose(file);
}

/* Other people's tools. */
static void check_tools(const char *path)
{
    char command[1500];

    snprintf(command, sizeof command, "h5dump -H -A '%s' > '%s.txt' 2>&1", path, path);
    if (system("h5dump --version > /dev/null 2>&1") != 0)
        check_skip("h5dump", "not installed");
    else
        CHECK(system(command) == 0);
    snprintf(command, sizeof command, "h5ls -r '%s' > '%s.txt' 2>&1", path, path);
    if (system("h5ls --version > /dev/null 2>&1") != 0)
        check_skip("h5ls", "not installed");
    else
        CHECK(system(command) == 0);
}

/* A disk that cannot hold it, contents that nobody gave, a folder that is not there: nothing is left. */
static void check_failures(struct fixture *f)
{
    struct store_schema schema;
    char path[700], creating[720];

    snprintf(path, sizeof path, "%s/large.part", f->folder);
    snprintf(creating, sizeof creating, "%s.creating", path);
    f->plan.layout.network[0].input_h = f->plan.layout.network[0].input_w = 60000;
    f->plan.layout.subset = 100000;
    CHECK(schema_expand(&f->plan.layout, &schema) == OK && schema_bytes(&schema) > (uint64_t)1 << 48);
    CHECK(store_create(path, &schema, &f->plan) == ERR_IO);
    CHECK_MSG(strstr(error_last()->text, path) != NULL, "%s", error_last()->text);
    CHECK(!fixture_exists(path) && !fixture_exists(creating));
    schema_free(&schema);

    fixture_layout(&f->plan.layout);
    CHECK(schema_expand(&f->plan.layout, &schema) == OK);
    f->plan.initials--;
    CHECK(store_create(path, &schema, &f->plan) == ERR_MISSING);
    CHECK_MSG(strstr(error_last()->text, "/images/boxes") != NULL, "%s", error_last()->text);
    CHECK(!fixture_exists(path) && !fixture_exists(creating));
    f->plan.initials++;
    snprintf(path, sizeof path, "%s/absent/x.part", f->folder);
    CHECK(store_create(path, &schema, &f->plan) == ERR_IO);
    schema_free(&schema);
}

int main(int argc, char **argv)
{
    struct store_schema schema;
    struct comm c = { 0 };
    struct fixture f;
    char path[700];

    if (comm_init(&argc, &argv, &c) != OK)
        return 1;
    log_init(LOG_QUIET, c.rank, c.host);
    fixture_start(&c, &f);
    h5_start();
    FIXTURE_ON_ROOT(&c)
    {
        f.plan.layout.job_length = (int)strlen(f.plan.job);
        f.plan.layout.provenance_length = (int)strlen(f.plan.provenance);
        CHECK(schema_expand(&f.plan.layout, &schema) == OK);
        check_bytes(&f, &schema);
        schema_free(&schema);
        snprintf(path, sizeof path, "%s/twin0.part", f.folder);
        check_contents(path);
        check_pictures(path);
        check_tools(path);
        check_failures(&f);
    }
    CHECK(mem_live() == 0);
    fixture_end(&c, &f);
    comm_finish(&c);
    return check_result("test_create");
}
