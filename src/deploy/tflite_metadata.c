/* src/deploy/tflite_metadata.c: what a TFLite file's metadata say of its input: the normalisation that
 * TensorFlow Lite's task library and Model Maker write. A table of its own in a buffer; one that is damaged
 * says nothing. */
#include <math.h>
#include <string.h>

#include "tflite.h"

enum { NORMALIZATION = 1 /* of the union of process units */ };

/* The bytes of the buffer that the model calls TFLITE_METADATA. */
static status find_metadata(const struct tflite *f, struct flat_vector *out)
{
    static const char wanted[] = "TFLITE_METADATA";
    struct flat_table model, entry, buffer;
    struct flat_vector list, name, buffers;
    int64_t number = -1;

    *out = (struct flat_vector){ 0 };
    TRY(flat_root(f->bytes, f->size, "TFL3", &model));
    TRY(flat_vector(&model, 6, FLAT_U32, &list));
    TRY(flat_vector(&model, 4, FLAT_U32, &buffers));
    for (int64_t i = 0; i < list.count; i++) {
        TRY(flat_vector_table(&list, i, &entry));
        TRY(flat_vector(&entry, 0, FLAT_U8, &name));
        if (name.count == sizeof wanted - 1 && memcmp(name.bytes + name.at, wanted, sizeof wanted - 1) == 0)
            TRY(flat_int(&entry, 1, FLAT_U32, 0, &number));
    }
    if (number < 0 || number >= buffers.count)
        return OK;
    TRY(flat_vector_table(&buffers, number, &buffer));
    return flat_vector(&buffer, 0, FLAT_U8, out);
}

/* The only normalisation of the only input: means and deviations of the picture's bytes, one or one a
 * channel. */
static status find_normalization(const struct flat_vector *bytes, struct flat_vector part[2])
{
    struct flat_table root, graph, input, unit, options;
    struct flat_vector graphs, inputs, units;
    int64_t type;
    int found = 0;

    part[0] = part[1] = (struct flat_vector){ 0 };
    TRY(flat_root(bytes->bytes + bytes->at, (uint64_t)bytes->count, "M001", &root));
    TRY(flat_vector(&root, 3, FLAT_U32, &graphs));
    if (graphs.count != 1)
        return OK;
    TRY(flat_vector_table(&graphs, 0, &graph));
    TRY(flat_vector(&graph, 2, FLAT_U32, &inputs));
    if (inputs.count != 1)
        return OK;
    TRY(flat_vector_table(&inputs, 0, &input));
    TRY(flat_vector(&input, 4, FLAT_U32, &units));
    for (int64_t i = 0; i < units.count; i++) {
        TRY(flat_vector_table(&units, i, &unit));
        TRY(flat_int(&unit, 0, FLAT_U8, 0, &type));
        if (type != NORMALIZATION)
            continue;
        TRY(flat_child(&unit, 1, &options));
        TRY(flat_vector(&options, 0, FLAT_F32, &part[0]));
        TRY(flat_vector(&options, 1, FLAT_F32, &part[1]));
        found++;
    }
    return found == 1 ? OK : FAIL(ERR_FORMAT, "its metadata have %d normalisations", found);
}

static int is_sound(const struct flat_vector *v, int channels, int above_zero)
{
    if (v->count != 1 && v->count != channels)
        return 0;
    for (int64_t i = 0; i < v->count; i++) {
        float x = flat_vector_real(v, i);

        if (!isfinite(x) || (above_zero && !(x > 0)))
            return 0;
    }
    return 1;
}

int tflite_metadata_input(const struct tflite *f, int channels, char out[TFLITE_PIPELINE])
{
    struct flat_vector bytes, part[2];
    size_t used;

    if (find_metadata(f, &bytes) != OK || bytes.count == 0 || find_normalization(&bytes, part) != OK ||
        !is_sound(&part[0], channels, 0) || !is_sound(&part[1], channels, 1))
        return 0;
    used = (size_t)snprintf(out, TFLITE_PIPELINE, "resize squash bilinear");
    for (int k = 0; k < 2; k++) {
        used += (size_t)snprintf(out + used, TFLITE_PIPELINE - used, k ? "  std" : "  mean");
        for (int c = 0; c < channels; c++)
            used += (size_t)snprintf(out + used, TFLITE_PIPELINE - used, " %.9g",
                                     (double)flat_vector_real(&part[k], part[k].count > 1 ? c : 0) / 255);
    }
    return 1;
}
