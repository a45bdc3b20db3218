/* src/cli/infer.h: pictures through one network in several precisions, and what they show, into an HDF5 file.
 * Private to the room. */
#ifndef CLI_INFER_H
#define CLI_INFER_H

#include "h5.h"
#include "network.h"

struct infer_how {
    enum cam_method cam; /* of /cam */
    enum probe_class of_class;
    int gradient; /* /gradient: the networks were opened with one (network_how.gradient) */
    int tap;             /* codes or real values of every node for the first picture */
};
/* Files, or a dataset /pixels (N, height, width, channels) u8 of what the network takes. */
struct infer_pictures {
    int count;
    char *const *path;     /* (count), or NULL */
    const char *pixels;    /* an HDF5 file's name, where path is NULL */
    struct h5_file file;   /* of pixels: infer_open_pixels opens it; closed by the caller */
};
struct infer {
    struct network_set set; /* the caller's: filled before, with heads where how.cam needs them; closed by
                               infer_free */
    struct infer_how how;
    struct probe *probe;
    uint8_t *pixels;                 /* (height, width, channels) */
    void *layer;                     /* a layer as it is stored: (c, h, w) */
    int undefined[PROBE_PRECISIONS]; /* pictures whose raw sign is undefined: their /cam has absmax's sign */
};

/* ERR_MISMATCH where the precisions have other maps. */
MUST_USE status infer_open(struct infer *r, const struct infer_how *how);
/* Opens p->pixels and counts. ERR_MISMATCH where they are not as the network takes them. */
MUST_USE status infer_open_pixels(const struct infer *r, struct infer_pictures *p);
/* Writes `out` by way of OUT.part, which is gone after a failure; a first picture that cannot be read leaves
 * what was there. /path (N), /pixels (N, H, W, channels); of one precision /logits (N, classes), /last_conv
 * (N, C, h, w) real values, of codes also /last_conv_int with attributes that say what they mean, and /cam
 * (N, h, w) in the raw sign (DESIGN 7.1); of several precisions each in a group by its name. /codes/NODE:
 * how.tap. Errors of reading pictures, with the path, and as probe_answer, probe_look. */
MUST_USE status infer_write(struct infer *r, const struct infer_pictures *p, const char *out);
void infer_free(struct infer *r); /* the networks too */

#endif
