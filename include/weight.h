/* include/weight.h
 * weight: reads checkpoints into tables of named tensors. The container is known by content, never by the file's name.
 * Knows nothing of networks.
 *
 *     struct tensor_table weights = { 0 };
 *     TRY(weight_load("resnet18-f37072fd.pth", &weights));
 *     const struct tensor *w = table_find(&weights, "conv1.weight");     // (64, 3, 7, 7) f32, a view of the mapped file
 *     ...
 *     table_free(&weights);
 *
 * Containers: torch's zip form (torch >= 1.6; stored entries only) [legacy, safetensors, HDF5 are recognised and refused
 * by name until they are read]. Pickles are interpreted by an allow-list of opcodes and globals and never execute anything.
 * Names are the checkpoint's own. A tuple inside the state dict (a Linear's `_packed_params._packed_params`) is flattened: its members are
 * NAME.0, NAME.1, ...; a dtype or None is left out. Python scalars become rank 0 tensors. Strides are the file's (quantized convolutions
 * are stored channels_last): read through tensor_copy_*.
 * A file named NAME-<8 or more hex digits>.pth must have that SHA-256 prefix.
 * Bounds: file 4 GiB, 65,536 entries, pickle 64 MiB, stack and memo 1 M items, names 512 bytes.
 */
#ifndef QUANTCAM_WEIGHT_H
#define QUANTCAM_WEIGHT_H

#include "tensor.h"

/* Local. ERR_MISSING no such file; ERR_FORMAT with the reason and the offset or entry; ERR_MISMATCH a wrong hash prefix. */
MUST_USE status weight_load(const char *path, struct tensor_table *out);

#endif
