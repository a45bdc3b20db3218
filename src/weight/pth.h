/* src/weight/pth.h: what pth.c and pth_tensor.c share. */
#ifndef WEIGHT_PTH_H
#define WEIGHT_PTH_H

#include "weight_parts.h"

/* What a state dict may name. None is ever called: each stands for a value that is built here. */
enum pth_global {
    ORDERED_DICT, REBUILD_TENSOR_V2, REBUILD_TENSOR, REBUILD_QTENSOR,
    REBUILD_PARAMETER, REBUILD_PARAMETER_WITH_STATE, PARAMETER, PER_TENSOR_AFFINE,
    PER_CHANNEL_AFFINE, QINT8, QUINT8, QINT32, FLOAT16, FLOAT32,
    FIRST_STORAGE
};

#define PTH_MOST_ELEMENTS (INT64_C(1) << 32)

/* A checkpoint being read. */
struct pth {
    struct zip *zip;                     /* the zip form */
    const char *root;                    /* its folder */
    const struct tensor_table *storages; /* the legacy form */
    struct pickle p;
    int64_t channels;    /* of all quantized tensors */
    int64_t bytes;       /* of all tensors, shared ones each time; and how many there may be */
    int64_t most_bytes;
};

/* The storage that a persistent id names, and its bytes. ERR_FORMAT. */
MUST_USE status pth_find_storage(const struct pth *f, const struct pickle_value *v, struct pth_storage *out);
/* *out stays zeroed for what is no tensor and is left out: None, a dtype, a text. ERR_FORMAT, ERR_MEMORY. */
MUST_USE status pth_tensor(struct pth *f, const struct pickle_value *v, struct tensor *out);

#endif
