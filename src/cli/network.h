/* src/cli/network.h: one network ready to run, as infer, explain and bench want it. Private to the room.
 *
 *     struct network net = { 0 };
 *     TRY(network_open(&(struct network_how){ .model = "models/resnet18.model", .isa = "auto" },
 *                      "resnet18.pth", &net));
 *     engine_run(net.engine.plan, net.engine.state, pixels);
 *     network_close(&net);
 */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "base_option.h"
#include "deploy.h"
#include "probe_attribution.h"

struct network {
    struct model model;
    struct engine engine;
    struct gradient gradient; /* where a method needs it */
    struct model_head head;   /* likewise */
    struct gradient by_input; /* likewise, a picture-sized map */
    struct gradient asked;    /* network_how.gradient */
    int asked_node;
    const struct kernel_table *kernels;
    struct image_pipeline pipeline;
    char precision[OPTION_NAME]; /* the built-in one's name that has its form and bits; else w6a8 */
    struct text decided;         /* of a checkpoint's reading: model_decided */
    struct text names;           /* of its classes, a line each, where a deployed file has them */
    int deployed;                /* it came from a deployed file, which is description and weights */
    uint64_t parameters, macs;
};

/* Reads a checkpoint of the description and binds it; a deployed file as `deploy` says, or NULL. */
MUST_USE status network_load(const struct model *m, const char *weights, const struct model_reading *how,
                             const struct deploy_options *deploy, struct tensor_table *table,
                             struct model_binding *out);
/* A description from its file or from a deployed one. */
MUST_USE status network_read(const char *path, const struct deploy_options *deploy, struct model *out);
/* A deployed file is both: where one of the two options is not given, the other's stands for it. */
void network_settle(char model[OPTION_SIZE], struct option_files *weights);
/* What binding decided (model_decided) of the checkpoint of `who`, a line each on rank 0's stderr. */
void network_say(const char *who, const struct text *decided);
/* In place of a checkpoint's path: random weights that fit the description. */
#define NETWORK_RANDOM_REAL  "random:real"
#define NETWORK_RANDOM_CODES "random:codes"
MUST_USE status network_random(const struct model *m, enum precision_form precision,
                               struct tensor_table *out);

/* isa: "auto" or an instruction set's name, ERR_USAGE where this machine does not have it; QUANTCAM_ISA
 * decides what auto is. */
MUST_USE status network_kernels(const char *isa, const struct kernel_table **out);
/* How a network is opened: its description, how its checkpoint is read and planned, and for which maps. */
struct network_how {
    const char *model, *isa;             /* of weights in a deployed file the description is that file's */
    const char *input;                   /* in place of a description's own pipeline, or NULL */
    const struct deploy_options *deploy; /* or NULL */
    struct engine_options options;
    const struct model_reading *reading; /* NULL: as the files say */
    unsigned methods;                    /* bits of enum cam_method: their gradients, their classifier
                                            (ERR_MISMATCH where that has no closed form: model.h) */
    unsigned maps;        /* bits of enum attribution: the gradient by the input where one needs it */
    const char *gradient; /* a node by whose values a class's logit is differentiated, too; "" or NULL: none
                             (ERR_USAGE: there is no such node) */
};
/* Reads the description and the checkpoint, binds them and plans; the checkpoint is let go again. *out is
 * closed on failure. */
MUST_USE status network_open(const struct network_how *how, const char *weights, struct network *out);
void network_close(struct network *net);
/* The arithmetic of its codes; NULL where it has none. */
const char *network_engine(const struct network *net);
/* One network in several precisions, the first the reference. */
struct network_set {
    char who[OPTION_NAME]; /* what messages call the network; "" = as its description does */
    int count;
    char name[PROBE_PRECISIONS][OPTION_NAME];
    struct network of[PROBE_PRECISIONS];
};
/* One precision more. name: "" is its own (struct network). ERR_USAGE where the set has that name already, or
 * is full. */
MUST_USE status network_set_add(struct network_set *set, const struct network_how *how, const char *name,
                                const char *weights);
/* What was decided of the checkpoint that was added last, on rank 0's stderr. */
void network_set_say(const struct network_set *set);
/* Adds the files, and says of each what was decided. */
MUST_USE status network_set_files(struct network_set *set, const struct network_how *how,
                                  const struct option_file *file, int count);
/* ERR_USAGE where relu6 is asked for and all weights are real, or an arithmetic or its saturation and no
 * network uses it. */
MUST_USE status network_set_check(const struct network_set *set, const struct network_how *how);
/* ERR_USAGE where a precision takes another picture than the first: who runs all of them on one. */
MUST_USE status network_set_one_picture(const struct network_set *set);
MUST_USE status network_set_probe(const struct network_set *set, const struct probe_how *how,
                                  struct probe **out);
void network_set_close(struct network_set *set);

#endif
