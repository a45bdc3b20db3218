/* src/cli/network.h: one network ready to run, as infer, explain and bench want it. Private to the room.
 *
 *     struct network net = { 0 };
 *     TRY(network_open("models/resnet18.model", "resnet18.pth", NULL, &options, "auto", &net));
 *     engine_run(net.engine, pixels);
 *     network_close(&net);
 */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "base_option.h"
#include "probe.h"

struct network {
    struct model model;
    struct engine engine;
    const struct kernel_table *kernels;
    struct image_pipeline pipeline;
    char precision[OPTION_NAME]; /* the built-in one's name that has its form and bits; else w6a8 */
    struct text decided;         /* of a checkpoint's reading: model_decided */
    uint64_t parameters, macs;
};

/* Reads a checkpoint of the description and binds it. */
MUST_USE status network_load(const struct model *m, const char *weights, const struct model_reading *how,
                             struct tensor_table *table, struct model_binding *out);
/* ERR_USAGE where an arithmetic or its saturation is asked for and none of the networks uses it. */
MUST_USE status network_check_arithmetic(const struct engine_options *options,
                                         const struct network *const *net, int count);
/* What binding decided (model_decided) of the checkpoint of `who`, a line each on rank 0's stderr. */
void network_say(const char *who, const struct text *decided);
/* ERR_USAGE where relu6 is asked for and the weights of all networks are real. */
MUST_USE status network_check_relu6(const struct model_reading *how, const struct network *const *net,
                                    int count);

/* In place of a checkpoint's path: random weights that fit the description. */
#define NETWORK_RANDOM_REAL  "random:real"
#define NETWORK_RANDOM_CODES "random:codes"
MUST_USE status network_random(const struct model *m, enum precision_form precision,
                               struct tensor_table *out);

/* isa: "auto" or an instruction set's name, ERR_USAGE where this machine does not have it; QUANTCAM_ISA
 * decides what auto is. */
MUST_USE status network_kernels(const char *isa, const struct kernel_table **out);
/* Reads the description and the checkpoint, binds them and plans; the checkpoint is let go again. isa: as
 * network_kernels has it. *out is closed on failure. */
MUST_USE status network_open(const char *model, const char *weights, const struct model_reading *how,
                             const struct engine_options *options, const char *isa, struct network *out);
void network_close(struct network *net);
/* The classifier of an open network, from the checkpoint it was opened with, which is read again in the same
 * way. ERR_MISMATCH where it has no closed form (model.h). */
MUST_USE status network_head(const struct network *net, const char *weights, const struct model_reading *how,
                             struct model_head *out);

/* One network in several precisions, the first the reference. */
struct network_set {
    char who[OPTION_NAME]; /* what messages call the network; "" = as its description does */
    int count;
    char name[PROBE_PRECISIONS][OPTION_NAME];
    struct network of[PROBE_PRECISIONS];
};
/* One precision more, opened as network_open does; what was decided of its checkpoint is said. name: "" is
 * its own (struct network). ERR_USAGE where the set has that name already, or is full. */
MUST_USE status network_set_add(struct network_set *set, const char *name, const char *model,
                                const char *weights, const struct model_reading *how,
                                const struct engine_options *options, const char *isa);
/* ERR_USAGE as network_check_relu6 and network_check_arithmetic, of all precisions together. */
MUST_USE status network_set_check(const struct network_set *set, const struct model_reading *how,
                                  const struct engine_options *options);
MUST_USE status network_set_probe(const struct network_set *set, const struct probe_how *how,
                                  struct probe **out);
void network_set_close(struct network_set *set);

#endif
