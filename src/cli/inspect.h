/* src/cli/inspect.h: what `inspect` lists of each kind of file. Private to the room. */
#ifndef CLI_INSPECT_H
#define CLI_INSPECT_H

#include "listing.h"
#include "network.h"
#include "tensor.h"

/* A description's nodes; with a checkpoint ("" = none) also what it says of them. A deployed file is both. */
MUST_USE status inspect_model(const char *path, const char *weights, const struct model_reading *how,
                              const struct deploy_options *deploy, struct listing *l);
MUST_USE status inspect_checkpoint(const char *path, const char *state, struct listing *l);
MUST_USE status inspect_result(const char *path, struct listing *l);

/* A file's kind by its first bytes. */
enum inspect_kind { INSPECT_MODEL, INSPECT_CHECKPOINT, INSPECT_RESULT };
MUST_USE status inspect_checkpoint_sniff(const char *path, enum inspect_kind *kind, const char **container);
/* "file", "container", "bytes", "sha256" of a checkpoint. */
MUST_USE status inspect_checkpoint_facts(const struct tensor_table *t, const char *path, struct listing *l);

#endif
