/* One network quantized by any number of ranks: the table that one process alone makes, saved with its notes.
 */
#include "../quant/made.h"
#include "phase_calibrate.h"

#include <unistd.h>

#include "weight.h"

static struct comm all;

static void check_equal(const struct tensor_table *a, const struct tensor_table *b)
{
    CHECK(a->count == b->count);
    for (int i = 0; i < a->count && i < b->count; i++) {
        const struct tensor *x = &a->entry[i].tensor, *y = &b->entry[i].tensor;

        CHECK_MSG(tensor_count(x) == tensor_count(y) &&
                      memcmp(x->data, y->data, (size_t)tensor_count(x) * dtype_size(x->dtype)) == 0,
                  "%s", a->entry[i].name);
    }
}

static void check_saved(struct made *m, const struct quant_result *r)
{
    char path[] = "/tmp/quantcam_calibrate_XXXXXX.safetensors";
    const uint8_t hash[HASH_SIZE] = { 0xab, 1 };
    struct tensor_table back;
    const char *note;

    CHECK(mkstemps(path, 12) >= 0);
    CHECK_MSG(calibrate_save(path, &m->net.binding, &m->options, r, hash) == OK, "%s", error_last()->text);
    CHECK(weight_load(path, NULL, &back) == OK && back.count == r->table.count);
    note = table_note(&back, "quantcam.calibration");
    CHECK(note && strncmp(note, "ab0100", 6) == 0 && strlen(note) == 2 * HASH_SIZE);
    note = table_note(&back, "quantcam.engine");
    CHECK(note && strcmp(note, "fbgemm") == 0 && !table_note(&back, "quantcam.arithmetic"));
    note = table_note(&back, "quantcam.bits");
    CHECK(note && strcmp(note, "4") == 0 && strcmp(table_note(&back, "quantcam.relu6"), "clamp") == 0);
    table_free(&back);
    unlink(path);
}

int main(int argc, char **argv)
{
    struct made m;
    struct calibrate_pictures p = { .count = MADE_PICTURES };
    uint8_t *mine[MADE_PICTURES] = { 0 };
    struct quant_result alone, together;

    CHECK(comm_init(&argc, &argv, &all) == OK);
    made_every(&m);
    m.options.weight_bits = m.options.activation_bits = 4;
    for (int i = all.rank; i < MADE_PICTURES; i += all.size)
        mine[i] = m.bytes[i]; /* others stay unread */
    p.pixels = mine;
    tiny_must(quant_network(&m.net.binding, &m.options, &m.pictures, m.work.kernels, &alone));
    tiny_must(calibrate_network(&all, &m.net.binding, &m.options, &p, m.work.kernels, &together));
    if (all.node_rank == 0)
        check_equal(&alone.table, &together.table);
    else
        CHECK(together.table.count == 0);
    CHECK(alone.changed == together.changed && alone.real_right == together.real_right);
    if (all.rank == 0)
        check_saved(&m, &together);
    quant_result_free(&alone);
    quant_result_free(&together);
    made_free(&m);
    comm_finish(&all);
    return check_result("phase/calibrate");
}
