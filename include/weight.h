/* include/weight.h
 * weight: reads checkpoints into tables of named tensors, and writes them. The container is known by content,
 * never by the file's name. Knows nothing of networks.
 *
 *     struct tensor_table weights = { 0 };
 *     TRY(weight_load("resnet18-f37072fd.pth", NULL, &weights));
 *     const struct tensor *w = table_find(&weights, "conv1.weight");    // (64, 3, 7, 7) f32, a view
 *     ...
 *     table_free(&weights);
 *
 * Containers: torch's zip form (torch >= 1.6; stored entries only, their CRC-32 checked) and its legacy
 * form, in every pickle protocol; safetensors; several files of these by their index, NAME.index.json with a
 * weight_map, whose files lie beside it, hold each tensor once, and nothing else; quantcam's own HDF5 form.
 * Everything else (TorchScript, torch.export, npz, a shard alone, a pickled network, archives, pointers, web
 * pages, a folder) is refused as what it is, with the way to a form that is read.
 *
 * Pickles are read into values and never execute anything. What lies beside a state dict is inert, whatever
 * it is: names that the reader does not know, and what they make, are opaque. In a state dict, a value that
 * is no tensor, or one that cannot be read (sparse, meta, of 8-bit floats or complex numbers, of a subclass
 * that keeps its values elsewhere, numpy's), is left out and noted in table->absent with the reason; a
 * Parameter and a plain subclass are what they hold. A number under a name without a dot (an epoch) is no
 * tensor.
 *
 * Of a training script's .pth the state dict is read: the one dict of tensors that the file holds, whatever
 * its key and however deep (8 dicts or lists), optimizers' aside. If there are several (a network and its
 * moving average: `model`, `model_ema`), the one that the caller names; unnamed, the one that is called
 * state_dict, model_state_dict or model in the dict that holds them all (table->state says which was taken,
 * table->other_states which were not); else the file is refused, with their names.
 *
 * Names are the checkpoint's own, wrappers' prefixes included (model_bind takes these off), but DenseNet's of
 * 2017 (denselayer1.norm.1.weight) become today's (denselayer1.norm1.weight). A tuple inside the state dict
 * (a Linear's `_packed_params._packed_params`) is flattened: its members are NAME.0, NAME.1, ...; a dtype, a
 * text or None is left out. Python numbers become rank 0 tensors. Tensors are views of the mapped file, with
 * its strides (quantized convolutions are stored channels_last) and its alignment: read them through
 * tensor_copy_*.
 *
 * Of an index and its shards, sha256 is that of the index's SHA-256 and the shards', in the order of their
 * names; file_bytes is the sum.
 *
 * A file with a hash in its name must have that SHA-256: NAME-HEX.pth, at least 8 lower-case digits, and the
 * quantized zoo's NAME_fbgemm_HEX.pth or NAME_qnnpack_HEX.pth, exactly 8. Digits without a letter (a step, a
 * date: model-1699999999.pth) and files with another ending are never refused for it: where the hash is
 * another, table->remark says so. What follows any other underscore (mobilenet_v2_12345678.pth) and UUIDs are
 * no hash.
 *
 * Quantized tensors in safetensors: the codes of NAME are an I8 (U8, I32) tensor; __metadata__ says
 * "NAME.quantization": "per_tensor" or "per_channel AXIS"; beside it lie NAME.scale, F64 (F32 is read too),
 * and NAME.zero_point, I64 (or I32), both of shape (1) or (channels). A real value is scale * (code -
 * zero_point). (P.weight.scale is a weight's scale; P.scale, as in torch's files, the one of the layer's
 * output.) Codes of fewer bits add " bits B", those of up to 4 bits, which are packed, also " shape D,D,..":
 * NAME is then a row of U8, four codes a byte (2 bits) or two (3 and 4), each in two's complement, the first
 * in the lowest bits; bits behind the last are 0. Other codes of 2 to 7 bits are I8 as they are, or, with
 * " bits B dense shape D,D,..", B bits each without gaps, which may go on in the next byte. Codes in memory
 * are s8 of that shape either way, with tensor.bits and dense. " odd" behind "per_tensor" or "per_channel
 * AXIS" says that an I8 or packed code is one of levels without a zero: its real value is scale * (2 code +
 * 1), its zero point 0. The other entries of __metadata__ are notes.
 *
 * HDF5: a dataset at the root for every tensor, in order of creation, named NAME as it stands (dots make no
 * groups); of a quantized one the attributes are `scale` f64 and `zero_point` i64, (1) or (channels), and
 * `axis` i32 if per channel. bool is h5py's, f16 IEEE's, bf16 a 16-bit float with 8 bits of exponent. Notes
 * are texts, attributes of the root. Before the HDF5 data lies a user block of 512 bytes (h5py and h5dump
 * skip it) with their SHA-256: a file that was changed since, or that another program wrote, is refused,
 * because the HDF5 library trusts the bytes it reads. Other programs write safetensors.
 *
 * Bounds: file 4 GiB, 65,536 entries and tensors, pickle and safetensors header 64 MiB, pickle 4 M items,
 * 1,024 shards of together 4 GiB, names 512 bytes, a tensor 2^32 elements and 2^20 channels, all tensors 2^22
 * channels and, shared storages counted each time, 8 times the file, 1,024 notes. Memory beside the mapped
 * file: at most 1 GiB.
 */
#ifndef QUANTCAM_WEIGHT_H
#define QUANTCAM_WEIGHT_H

#include "tensor.h"

/* Local. `state` names a state dict of the file, "model_ema", where nested with dots, "checkpoint.model_ema";
 * "." = the file itself is one; NULL or "" = the only one, or as said above. ERR_MISSING no such file;
 * ERR_IO; ERR_FORMAT with the reason and the offset or entry; ERR_MEMORY above a bound; ERR_MISMATCH a wrong
 * hash prefix; ERR_USAGE no such state dict, or several and none named. Every sentence begins with the path.
 * Notes of the file: table_note. */
MUST_USE status weight_load(const char *path, const char *state, struct tensor_table *out);

/* Whether a file that begins so is a checkpoint, sound or not, an index of one, or a known file that is none
 * (weight_load says which); 15 bytes tell. */
enum { WEIGHT_HEAD = 15 };
int weight_begins(const uint8_t *head, size_t size);

/* Of t's elements in a safetensors file, codes of few bits packed. */
uint64_t weight_bytes(const struct tensor *t);

/* Text that a file says of itself, as { "quantcam.engine", "fbgemm" }: keys up to 512 bytes of UTF-8, not
 * ending in .quantization, values up to 60,000. */
struct weight_note { const char *key, *value; };

/* Local. Writes PATH.tmp, fsyncs and renames it. The format is PATH's ending: .safetensors or .h5 (ERR_USAGE
 * for another). The same tensors and notes give the same bytes; weight_load gives them back, contiguous.
 * ERR_RANGE for names, notes or counts that cannot be saved (a tensor beside a quantized NAME may not be
 * called NAME.scale or NAME.zero_point), and for codes of other than 8 or 32 bits, or with odd levels, in
 * HDF5; ERR_IO. t's own notes are not written. */
MUST_USE status weight_save(const char *path, const struct tensor_table *t, const struct weight_note *notes,
                            int count);

#endif
