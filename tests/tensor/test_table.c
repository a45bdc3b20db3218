#include "check.h"
#include "tensor.h"

#include <string.h>
#include <sys/mman.h>

static void put(struct tensor_table *table, const char *name, double value)
{
    struct tensor t = { 0 };

    CHECK(tensor_alloc(&t, DTYPE_F64, 0, NULL) == OK);
    *(double *)t.data = value;
    CHECK(table_take(table, name, &t) == OK);
    CHECK(t.data == NULL);
}

int main(void)
{
    struct tensor_table table = { 0 };
    struct tensor t = { 0 };
    const struct tensor *found;
    char name[32];

    CHECK(table_find(&table, "conv1.weight") == NULL);
    CHECK(table_get(&table, &found, "conv%d.weight", 1) == ERR_MISSING);
    CHECK(strcmp(error_last()->text, "checkpoint: no tensor conv1.weight") == 0);

    /* Enough for the index to grow several times; the file's order is kept. */
    for (int i = 0; i < 1000; i++) {
        snprintf(name, sizeof name, "layer%d.weight", i);
        put(&table, name, i);
    }
    CHECK(table.count == 1000 && strcmp(table.entry[999].name, "layer999.weight") == 0);
    for (int i = 0; i < 1000; i++) {
        CHECK(table_get(&table, &found, "layer%d.weight", i) == OK && tensor_at(found, 0) == i);
    }
    CHECK(table_find(&table, "layer1000.weight") == NULL);

    table.source = mem_strdup("dir/net.pth");
    CHECK(table_get(&table, &found, "layer77.weihgt") == ERR_MISSING && found == NULL);
    static const char expected[] = "dir/net.pth: no tensor layer77.weihgt (the nearest is layer77.weight)";
    CHECK_MSG(strcmp(error_last()->text, expected) == 0, "%s", error_last()->text);

    /* A value that is no tensor has its own sentence. */
    CHECK(table_add_absent(&table, "mask", "is a sparse tensor; save its to_dense()", 1) == OK);
    CHECK(table_add_absent(&table, "module.fc.bias", "is a list, no tensor", 0) == OK);
    CHECK(table_get(&table, &found, "fc.bias") == ERR_MISSING &&
          strcmp(error_last()->text, "dir/net.pth: module.fc.bias is a list, no tensor") == 0);
    CHECK(table_get(&table, &found, "c.bias") == ERR_MISSING &&
          strstr(error_last()->text, "no tensor c.bias"));
    CHECK(table_add_absent(&table, "epochs", "is a list, no tensor", 0) == OK && table.absents == 3);
    CHECK(table_get(&table, &found, "mask") == ERR_MISSING && found == NULL);
    CHECK(strcmp(error_last()->text, "dir/net.pth: mask is a sparse tensor; save its to_dense()") == 0);

    /* A second tensor of one name is refused and stays the caller's. */
    CHECK(tensor_alloc(&t, DTYPE_U8, 1, (int64_t[]){ 4 }) == OK);
    CHECK(table_take(&table, "layer7.weight", &t) == ERR_FORMAT && t.data != NULL && table.count == 1000);
    tensor_free(&t);

    /* Notes keep their order and have one value each. */
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "key %d", i);
        CHECK(table_add_note(&table, name, name + 4) == OK);
    }
    CHECK(table.notes == 20 && strcmp(table.note[19].key, "key 19") == 0);
    CHECK(strcmp(table_note(&table, "key 7"), "7") == 0 && table_note(&table, "key") == NULL);
    CHECK(table_add_note(&table, "key 7", "8") == ERR_FORMAT && table.notes == 20);

    table.mapping_size = 4096;
    table.mapping = mmap(NULL, table.mapping_size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(table.mapping != MAP_FAILED);
    table_free(&table);
    table_free(&table);
    CHECK(table.count == 0 && table.mapping == NULL);
    CHECK(mem_live() == 0);
    return check_result("tensor/table");
}
