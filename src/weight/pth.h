/* src/weight/pth.h: what pth.c and pth_tensor.c share. */
#ifndef WEIGHT_PTH_H
#define WEIGHT_PTH_H

#include "weight_parts.h"

/* What makes tensors. None is ever called: each stands for a value that is built here. */
enum pth_global {
    PTH_NOTHING = -1,
    ORDERED_DICT, REBUILD_TENSOR_V2, REBUILD_TENSOR, REBUILD_QTENSOR, REBUILD_TENSOR_V3,
    REBUILD_PARAMETER, REBUILD_PARAMETER_WITH_STATE, PARAMETER, REBUILD_FROM_TYPE, REBUILD_ON_DEVICE,
    REBUILD_SPARSE, REBUILD_META, REBUILD_NESTED, REBUILD_WRAPPER, TORCH_SIZE, OLD_TENSOR,
    PER_TENSOR_AFFINE = OLD_TENSOR + 10, PER_CHANNEL_AFFINE,
    FIRST_STORAGE
};

#define PTH_MOST_ELEMENTS (INT64_C(1) << 32)

/* A checkpoint being read. */
struct pth {
    struct zip *zip;                     /* the zip form */
    const char *root;                    /* its folder */
    const struct tensor_table *storages; /* the legacy form */
    struct pickle p;
    const char *wanted;                  /* the state dict's name, or NULL */
    int64_t channels;    /* of all quantized tensors */
    int64_t members;     /* of all tuples */
    int64_t bytes;       /* of all tensors, shared ones each time; and how many there may be */
    int64_t most_bytes;
};

/* How a value is made a tensor, Parameters and subclasses taken off. */
struct pth_maker {
    int how;                                /* one of pth_global; PTH_NOTHING: no call */
    const struct pickle_value *arguments;   /* a tuple */
    const struct pickle_value *value;       /* what was wrapped */
    const struct pickle_value *type;        /* the type that it had on another device, or NULL */
};
/* Extents or strides: the tuple that a torch.Size holds; others as they are. */
const struct pickle_value *pth_value_extents(const struct pickle *p, const struct pickle_value *v);
struct pth_maker pth_value_maker(const struct pickle *p, const struct pickle_value *v);
/* What a value is: every network has a weight, with two extents or more, real or quantized; a mean of the
 * loss, a confusion matrix's counts and the state of a random generator are none. What cannot be read may be
 * a weight all the same. */
enum pth_class { PTH_OTHER, PTH_TENSOR, PTH_WEIGHT };
enum pth_class pth_value_class(const struct pickle *p, const struct pickle_value *v);
/* Why a value cannot be read as a tensor: "is a sparse tensor; ..."; "" if it can be, or may be left out. */
void pth_value_why(const struct pickle *p, const struct pickle_value *v, char *why, size_t size);

/* The storage that a persistent id names, and its bytes. ERR_FORMAT. */
MUST_USE status pth_find_storage(const struct pth *f, const struct pickle_value *v, struct pth_storage *out);
/* A value that can be read (pth_value_why). *out stays zeroed for what is left out: None, a dtype, a text.
 * ERR_FORMAT, ERR_MEMORY. */
MUST_USE status pth_tensor(struct pth *f, const struct pickle_value *v, struct tensor *out);

/* ---- state: which dict of the checkpoint is the state dict ---------------------------------------- */

struct state_choice {
    const struct pickle_value *state;
    char *name;      /* its keys, with dots between; NULL: the whole file. Freed by the caller */
    char *others;    /* the names of the state dicts beside it, or NULL. Freed by the caller */
};
/* The one that `wanted` names; NULL or "": the only one, or the one that is called state_dict,
 * model_state_dict or model. ERR_USAGE with the names that there are; ERR_FORMAT if there is none. */
MUST_USE status state_find(const struct pickle *p, const char *wanted, struct state_choice *out);

#endif
