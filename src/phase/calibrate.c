/* src/phase/calibrate.c: one network quantized by all ranks together, and its checkpoint. */
#include "phase_calibrate.h"

#include <string.h>

#include "look.h"
#include "weight.h"

static void sum(void *self, uint64_t *values, size_t count)
{
    comm_sum_u64(self, values, count);
}

static void most(void *self, uint64_t *values, size_t count)
{
    comm_max_u64(self, values, count);
}

static status agree(void *self, status mine)
{
    return comm_agree(self, mine);
}

static status share(void *self, size_t bytes, struct quant_block *out)
{
    struct comm_block *b = mem_alloc(1, sizeof *b);
    status result;

    TRY(comm_agree(self, b ? OK : FAIL(ERR_MEMORY, "no memory for a handle")));
    result = comm_block_make(self, bytes, b);
    *out = (struct quant_block){ .at = b->at, .handle = b };
    return result;
}

static void publish(void *self, const struct quant_block *b)
{
    comm_block_publish(self, b->handle);
}

static void release(void *self, struct quant_block *b)
{
    (void)self;
    comm_block_free(b->handle);
    mem_free(b->handle);
    *b = (struct quant_block){ .at = NULL };
}

/* Maps of more cells than room cam takes are looked at by nobody, unless that is asked for. */
static int sees_map(const struct model *m, const struct quant_options *o)
{
    return m->node[m->cam].h * m->node[m->cam].w <= CAM_MAX_PIXELS || o->sensitivity || o->choose_bytes > 0 ||
           o->choose_drift > 0;
}

static status quantize(const struct model_binding *binding, const struct quant_options *options,
                       const struct quant_pictures *pictures, const struct kernel_table *k,
                       struct quant_result *out)
{
    struct quant_options with = *options;
    struct look look;
    status result = pictures->agree(pictures->self, look_make(binding->model, k, pictures->count, &look));

    if (sees_map(binding->model, options))
        with.look = &look.quant;
    if (result == OK)
        result = quant_network(binding, &with, pictures, k, out);
    look_free(&look);
    return result;
}

status calibrate_network(const struct comm *c, const struct model_binding *binding,
                         const struct quant_options *options, const struct calibrate_pictures *p,
                         const struct kernel_table *k, struct quant_result *out)
{
    const struct quant_pictures pictures = { .count = p->count,
                                             .rank = c->rank,
                                             .size = c->size,
                                             .pixels = (const uint8_t *const *)p->pixels,
                                             .label = p->label,
                                             .sum = sum,
                                             .max = most,
                                             .agree = agree,
                                             .follows = c->node_rank > 0,
                                             .share = share,
                                             .publish = publish,
                                             .release = release,
                                             .self = (void *)(uintptr_t)c };

    return quantize(binding, options, &pictures, k, out);
}

status calibrate_save(const char *path, const struct model_binding *binding,
                      const struct quant_options *options, const struct quant_result *result,
                      const uint8_t hash[HASH_SIZE])
{
    int codes = options->form == PRECISION_CODES, count = 0;
    char bits[16], chosen[48], hex[2 * HASH_SIZE + 1];
    struct weight_note notes[7];

    snprintf(bits, sizeof bits, "%d", options->activation_bits);
    notes[count++] = (struct weight_note){ "quantcam.model", binding->model->name };
    if (codes)
        notes[count++] =
            (struct weight_note){ "quantcam.engine", engine_arithmetic_name(options->arithmetic) };
    else
        notes[count++] = (struct weight_note){ "quantcam.arithmetic", "rounded" };
    notes[count++] = (struct weight_note){ "quantcam.bits", bits };
    notes[count++] = (struct weight_note){ "quantcam.relu6", "clamp" };
    if (options->choose_bytes > 0 || options->choose_drift > 0) {
        snprintf(chosen, sizeof chosen, options->choose_bytes > 0 ? "bytes %.0f" : "drift %g",
                 options->choose_bytes > 0 ? (double)options->choose_bytes : options->choose_drift);
        notes[count++] = (struct weight_note){ "quantcam.chosen", chosen };
    }
    if (hash)
        notes[count++] = (struct weight_note){ "quantcam.calibration", hash_hex(hash, hex) };
    return weight_save(path, &result->table, notes, count);
}
