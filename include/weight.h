/* include/weight.h
 * weight: reads checkpoints into tables of named tensors. The container is known by content, never by the
 * file's name. Knows nothing of networks.
 *
 *     struct tensor_table weights = { 0 };
 *     TRY(weight_load("resnet18-f37072fd.pth", &weights));
 *     const struct tensor *w = table_find(&weights, "conv1.weight");    // (64, 3, 7, 7) f32, a view
 *     ...
 *     table_free(&weights);
 *
 * Containers: torch's zip form (torch >= 1.6; stored entries only, their CRC-32 checked) and its legacy form.
 * Its oldest (tar) form, safetensors and HDF5 are recognised and refused by name. Pickles are interpreted by
 * an allow-list of opcodes and globals and never execute anything.
 *
 * Names are the checkpoint's own. A tuple inside the state dict (a Linear's `_packed_params._packed_params`)
 * is flattened: its members are NAME.0, NAME.1, ...; a dtype, a text or None is left out. Python numbers
 * become rank 0 tensors. Tensors are views of the mapped file, with its strides (quantized convolutions are
 * stored channels_last) and its alignment: read them through tensor_copy_*. A file named NAME-<8 or more hex
 * digits>.pth must have that SHA-256 prefix.
 *
 * Bounds: file 4 GiB, 65,536 entries and tensors, pickle 64 MiB and 1 M items, names 512 bytes, a tensor 2^32
 * elements.
 */
#ifndef QUANTCAM_WEIGHT_H
#define QUANTCAM_WEIGHT_H

#include "tensor.h"

/* Local. ERR_MISSING no such file; ERR_IO; ERR_FORMAT with the reason and the offset or entry; ERR_MEMORY
 * above a bound; ERR_MISMATCH a wrong hash prefix. Every sentence begins with the path. */
MUST_USE status weight_load(const char *path, struct tensor_table *out);

#endif
