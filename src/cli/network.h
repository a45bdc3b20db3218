/* src/cli/network.h: one network ready to run, as infer, explain and bench want it. Private to the room.
 *
 *     struct network net = { 0 };
 *     TRY(network_open("models/resnet18.model", "resnet18.pth", &options, "auto", &net));
 *     engine_run(net.engine, pixels);
 *     network_close(&net);
 */
#ifndef CLI_NETWORK_H
#define CLI_NETWORK_H

#include "engine.h"
#include "image.h"

struct network {
    struct model model;
    struct engine *engine;
    const struct kernel_table *kernels;
    struct image_pipeline pipeline;
    uint64_t parameters, macs;
};

/* Reads the description and the checkpoint, binds them and plans; the checkpoint is let go again. isa: "auto"
 * or an instruction set's name, ERR_USAGE where this machine does not have it. *out is closed on failure. */
MUST_USE status network_open(const char *model, const char *weights, const struct engine_options *options,
                             const char *isa, struct network *out);
void network_close(struct network *net);

#endif
