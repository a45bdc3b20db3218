#include "store_fixture.h"

int main(void)
{
    const char *place = getenv("TMPDIR");
    char folder[512], out[600], path[700], *text;
    size_t size;
    FILE *f;

    snprintf(folder, sizeof folder, "%s/quantcam-log-XXXXXX", place ? place : P_tmpdir);
    if (!mkdtemp(folder))
        return 1;
    snprintf(out, sizeof out, "%s/x.h5", folder);
    snprintf(path, sizeof path, "%s.log.jsonl", out);

    CHECK(store_log_last_rows(out) == -1);
    CHECK(store_log_append(out, 0, "\"ranks\": 4, \"host\": \"a\"") == OK);
    CHECK(store_log_last_rows(out) == 0);
    CHECK(store_log_append(out, 123, "") == OK);
    CHECK(store_log_last_rows(out) == 123);
    /* A kill has cut a line: the next one starts a line of its own, and the cut one is not counted. */
    f = fopen(path, "a");
    CHECK(f && fputs("{\"ro", f) >= 0 && fclose(f) == 0);
    CHECK(store_log_last_rows(out) == 123);
    CHECK(store_log_append(out, 456, NULL) == OK);
    CHECK(store_log_last_rows(out) == 456);
    CHECK(text_read_file(path, 1000, &text, &size) == OK);
    CHECK_MSG(
        !strcmp(text,
                "{\"rows\": 0, \"ranks\": 4, \"host\": \"a\"}\n{\"rows\": 123}\n{\"ro\n{\"rows\": 456}\n"),
        "%s", text);
    mem_free(text);
    /* Foreign lines and absurd numbers are passed over. */
    f = fopen(path, "a");
    CHECK(f &&
          fputs("{\"rows\": 99999999999999999999999999999999999999999}\nrubbish\n{\"rows\": x}\n", f) >= 0 &&
          fclose(f) == 0);
    CHECK(store_log_last_rows(out) == 456);
    remove(path);
    rmdir(folder);
    CHECK(mem_live() == 0);
    return check_result("test_journal");
}
