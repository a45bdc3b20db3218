/* tests/h5/test_file.c: files are made, closed and listed; equal contents give equal bytes. */
#include "check.h"
#include "h5.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/quantcam-h5-XXXXXX";

static const char *in(const char *name)
{
    static char path[4][sizeof folder + 32];
    static int next;
    char *out = path[next++ % 4];

    snprintf(out, sizeof path[0], "%s/%s", folder, name);
    return out;
}

static void make(const char *path, const struct h5_form *form)
{
    static const char *const names[] = { "b/deep/er", "b/a", "a", "c" };
    int64_t two = 2;
    struct h5_file file;

    CHECK(h5_create(path, path, form, &file) == OK && file.id >= 0);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        CHECK(h5_add(&file, names[i], H5_S32, 0, 1, &two) == OK);
        CHECK(h5_put(&file, names[i], -1, (int32_t[]){ (int32_t)i, 7 }) == OK);
    }
    CHECK(h5_add(&file, "a", H5_S32, 0, 1, &two) == ERR_IO); /* there already */
    CHECK(h5_add(&file, "d", H5_S32, 0, 1, &(int64_t){ 1024 }) == OK);
    CHECK(h5_close(&file, OK) == OK && file.id <= 0 && h5_close(&file, OK) == OK);
}

struct seen {
    char text[200];
    int stop;
};

static status see(void *user, const char *path)
{
    struct seen *s = user;
    size_t n = strlen(s->text);

    snprintf(s->text + n, sizeof s->text - n, "%s ", path);
    return --s->stop == 0 ? FAIL(ERR_RANGE, "enough") : OK;
}

static void check_lists(void)
{
    struct seen all = { "", 0 }, some = { "", 2 };
    struct h5_file file;
    char name[4];
    int hard;

    CHECK(h5_open(in("ordered.h5"), "", H5_READ, &file) == OK);
    CHECK(h5_visit(&file, see, &all) == OK);
    CHECK_MSG(strcmp(all.text, "a b/a b/deep/er c d ") == 0, "%s", all.text);
    CHECK(h5_visit(&file, see, &some) == ERR_RANGE && strcmp(some.text, "a b/a ") == 0);
    CHECK(h5_links(&file) == 4);
    CHECK(h5_link(&file, 0, name, sizeof name, &hard) == 1 && hard && strcmp(name, "b") == 0);
    CHECK(h5_link(&file, 1, name, sizeof name, &hard) == 1 && hard && strcmp(name, "a") == 0);
    CHECK(h5_link(&file, 4, name, sizeof name, &hard) < 0 && !hard);
    CHECK(h5_link(&file, 2, name, 1, &hard) == 1 && !hard); /* no room for the name */
    CHECK(h5_close(&file, OK) == OK);
}

static void check_refused(void)
{
    struct h5_file file;

    CHECK(mkfifo(in("pipe"), 0600) == 0);
    CHECK(h5_open(in("pipe"), "", H5_READ, &file) == ERR_IO && file.id <= 0); /* nobody is waited for */
    CHECK(h5_open(in("none.h5"), "", H5_READ, &file) == ERR_MISSING);
    CHECK(text_write_file(in("text.h5"), "text", 4) == OK);
    CHECK(h5_open(in("text.h5"), "text.h5", H5_READ, &file) == ERR_IO &&
          strstr(error_last()->text, "text.h5: cannot be opened: HDF5: "));
    CHECK(h5_create(in("no/such.h5"), "", &(struct h5_form){ 0 }, &file) == ERR_IO &&
          strstr(error_last()->text, "cannot be created: HDF5: ") == error_last()->text);
}

/* The bytes of the user block and of the alignment. */
static void check_forms(void)
{
    static const char magic[] = "\x89HDF\r\n\x1a\n";
    char *one, *two;
    size_t n, m;
    struct h5_file file;
    struct h5_set set;

    make(in("plain.h5"), &(struct h5_form){ 0 });
    make(in("ordered.h5"), &(struct h5_form){ .user_block = 512, .ordered = 1 });
    make(in("wide.h5"), &(struct h5_form){ .alignment = 4096 });
    CHECK(h5_open(in("wide.h5"), "", H5_READ, &file) == OK);
    CHECK(h5_set_open(&file, "d", NULL, &set) == OK && h5_set_place(&set).at % 4096 == 0);
    h5_set_close(&set);
    CHECK(h5_close(&file, OK) == OK);
    sleep(1); /* a time would show */
    make(in("again.h5"), &(struct h5_form){ 0 });
    CHECK(text_read_file(in("plain.h5"), 1 << 20, &one, &n) == OK);
    CHECK(text_read_file(in("again.h5"), 1 << 20, &two, &m) == OK);
    CHECK(n == m && memcmp(one, two, n) == 0 && memcmp(one, magic, 8) == 0 && one[8] == 2); /* superblock */
    mem_free(one);
    mem_free(two);
    CHECK(text_read_file(in("ordered.h5"), 1 << 20, &one, &n) == OK && memcmp(one + 512, magic, 8) == 0);
    mem_free(one);
}

int main(void)
{
    static const char *const made[] = { "plain.h5", "ordered.h5", "wide.h5", "again.h5", "text.h5", "pipe" };

    CHECK(mkdtemp(folder) != NULL);
    check_forms();
    check_lists();
    check_refused();
    for (size_t i = 0; i < COUNT_OF(made); i++)
        unlink(in(made[i]));
    CHECK(rmdir(folder) == 0);
    CHECK(mem_live() == 0);
    return check_result("h5/file");
}
