#!/usr/bin/env python3
"""Makes tests/fuzz/seeds: small inputs, good and hostile, for the fuzz targets. The images' and most checkpoints' seeds
are other tests' fixtures.

    python tests/fuzz/make_seeds.py

The HDF5 seeds are made by tests/fuzz/results.sh with the program itself, because they change with the schema.
"""
import argparse
import collections
import gzip
import io
import json
import os
import pathlib
import pickle
import struct
import zipfile
import zlib

OUT = pathlib.Path(__file__).resolve().parent / "seeds"


def put(folder, name, data):
    (OUT / folder).mkdir(parents=True, exist_ok=True)
    (OUT / folder / name).write_bytes(data if isinstance(data, bytes) else data.encode())


class System:
    def __reduce__(self):
        return os.system, ("echo harm",)


def pickles():
    put("pickle", "system", pickle.dumps({"conv1.weight": System()}, 2))
    put("pickle", "system_4", pickle.dumps({"conv1.weight": System()}, 4))
    put("pickle", "eval", b"\x80\x02c__builtin__\neval\nX\x04\x00\x00\x001+1 \x85R.")
    put("pickle", "inst", b"(S'echo harm'\nios\nsystem\n.")
    put("pickle", "obj", b"(cos\nsystem\nX\x04\x00\x00\x00harmo.")
    put("pickle", "newobj", b"\x80\x02ccollections\nOrderedDict\n)\x81.")
    put("pickle", "build_call", b"\x80\x02ccollections\nOrderedDict\n)R}X\x0c\x00\x00\x00__setstate__cos\nsystem\nsb.")
    put("pickle", "empty_dict", b"\x80\x02}.")
    put("pickle", "ordered", b"\x80\x02ccollections\nOrderedDict\nq\x00)Rq\x01(X\x01\x00\x00\x00aK\x01X\x01\x00\x00\x00b"
                             b"G?\xf0\x00\x00\x00\x00\x00\x00X\x01\x00\x00\x00c\x88X\x01\x00\x00\x00dN"
                             b"X\x01\x00\x00\x00e]q\x02(J\x01\x02\x03\x04M\x05\x06e\x8a\x02\x01\x02u.")
    put("pickle", "deep_tuples", b"\x80\x02" + b"(" * 9000 + b"t" * 9000 + b".")
    put("pickle", "deep_lists", b"\x80\x02" + b"]" * 9000 + b"a" * 8999 + b".")
    put("pickle", "memo_bomb", b"\x80\x02]q\x00" + b"".join(
        b"]" + b"r" + struct.pack("<I", i + 1) + b"(" + (b"j" + struct.pack("<I", i)) * 10 + b"e" for i in range(30)) + b".")
    put("pickle", "itself", b"\x80\x02]q\x00h\x00a.")
    put("pickle", "huge_long", b"\x80\x02\x8b\xff\xff\xff\x7f" + b"\xff" * 64)
    put("pickle", "long_255", b"\x80\x02\x8a\xff" + b"\x7f" * 255 + b".")
    put("pickle", "huge_text", b"\x80\x02X\xff\xff\xff\xffabc.")
    put("pickle", "huge_memo", b"\x80\x02}r\xff\xff\xff\xff.")
    put("pickle", "many_marks", b"\x80\x02" + b"(" * 5000 + b".")
    put("pickle", "protocol_5", pickle.dumps({"a": [1, 2.5, None, True, (1, 2, 3, 4)], "b": b"bytes"}, 5))
    put("pickle", "protocol_0", pickle.dumps({"a": [1, 2.5, None], "b": 2 ** 70}, 0))
    put("pickle", "beside", pickle.dumps({"model": {}, "args": argparse.Namespace(lr=0.1), "epoch": 3, "c": collections.Counter(a=1),
                                          "d": collections.defaultdict(list), "p": pathlib.PurePosixPath("/a"), "s": {1, 2}}, 2))
    put("pickle", "beside_4", pickle.dumps({"args": argparse.Namespace(lr=0.1), "f": frozenset({1}), "b": bytes(300), "n": 2 ** 80}, 4))
    tensor = (b"ctorch._utils\n_rebuild_tensor_v2\nq\x03((X\x07\x00\x00\x00storageq\x04ctorch\nFloatStorage\nq\x05"
              b"X\x01\x00\x00\x000q\x06X\x03\x00\x00\x00cpuq\x07K\x04tq\x08QK\x00K\x02K\x02\x86K\x02K\x01\x86\x89"
              b"ccollections\nOrderedDict\n)RtR")
    put("pickle", "tensor", b"\x80\x02}X\x01\x00\x00\x00a" + tensor + b"s.")
    states = b"}(U\x05model}U\x03a.b" + tensor + b"sU\x09model_ema}U\x03a.b" + tensor + b"su"
    put("pickle", "states", b"\x80\x02" + states + b".")
    put("pickle", "nested", b"\x80\x02](K\x01}U\x0acheckpoint" + states + b"se.")
    put("pickle", "optimizer", b"\x80\x02}(U\x03net}U\x03a.b" + tensor + b"sU\x03sgd}(U\x05state}K\x00}U\x03exp" + tensor +
        b"ssU\x0cparam_groups]uu.")
    put("pickle", "sparse", b"\x80\x02}U\x01actorch._utils\n_rebuild_sparse_tensor\nN\x85Rs.")
    put("pickle", "subclass", b"\x80\x02}U\x01actorch._tensor\n_rebuild_from_type_v2\n(ctorch._utils\n_rebuild_tensor_v2\nca\nB\n"
        b"((U\x07storagectorch\nFloatStorage\nU\x010U\x03cpuK\x04tQK\x00K\x02K\x02\x86K\x02K\x01\x86\x89NtNtRs.")
    put("pickle", "network", b"\x80\x02(U\x06moduleca\nNet\nNNtQ)\x81}U\x08_modules}sb.")
    return b"\x80\x02}X\x01\x00\x00\x00a" + tensor + b"s."


def zips(pkl):
    def archive(entries, method=zipfile.ZIP_STORED):
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", method) as z:
            for name, data in entries:
                z.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, method)
        return out.getvalue()

    good = [("a/data.pkl", pkl), ("a/data/0", bytes(16)), ("a/version", b"3\n"), ("a/byteorder", b"little")]
    put("zip", "small", archive(good))
    put("zip", "compressed", archive(good, zipfile.ZIP_DEFLATED))
    put("zip", "parent", archive([("../../etc/data.pkl", pkl), ("../../etc/data/0", bytes(16))]))
    put("zip", "absolute", archive([("/data.pkl", pkl), ("/data/0", bytes(16))]))
    put("zip", "big_endian", archive(good[:3] + [("a/byteorder", b"big")]))
    put("zip", "no_storage", archive(good[:1]))
    put("zip", "short_storage", archive([good[0], ("a/data/0", bytes(3))]))
    put("zip", "two_pickles", archive(good + [("b/data.pkl", pkl)]))
    twice = bytearray(archive(good + [("a/data/1", bytes(16))]))
    put("zip", "duplicate", bytes(twice.replace(b"a/data/1", b"a/data/0")))
    put("zip", "empty", archive([]))
    whole = archive(good)
    end = whole.rindex(b"PK\5\6")
    directory = struct.unpack("<I", whole[end + 16:end + 20])[0]
    lies = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 2 ** 63, 2 ** 63, 2 ** 40, 2 ** 62)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    put("zip", "zip64_lies", whole[:end] + lies + locator +
        struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0))
    true = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, 4, 4, end - directory, directory)
    put("zip", "zip64", whole[:end] + true + locator +
        struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 0xffff, 0xffff, 0xffffffff, 0xffffffff, 0))
    # Entries that all lie on one another: reading each would take their number times their size.
    local, data = b"PK\3\4" + bytes(22) + struct.pack("<HH", 1, 0) + b"x", bytes(1000)
    central = b"".join(b"PK\1\2" + bytes(12) + struct.pack("<IIIHHHHHII", zlib.crc32(data), 1000, 1000, 8, 0, 0, 0, 0, 0, 0) +
                       b"%08d" % i for i in range(100))
    put("zip", "overlapping", local + data + central +
        struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, 100, 100, len(central), len(local) + 1000, 0))


def legacy():
    magic = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
    rest = pickle.dumps(1001, 2) + pickle.dumps({"protocol_version": 1001, "little_endian": True,
                                                 "type_sizes": {"short": 2, "int": 4, "long": 4}}, 2)
    tensor = (b"\x80\x02}X\x01\x00\x00\x00actorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\n"
              b"X\x01\x00\x00\x000X\x03\x00\x00\x00cpuK\x04NtQK\x00K\x02K\x02\x86K\x02K\x01\x86\x89"
              b"ccollections\nOrderedDict\n)RtRs.")
    keys = pickle.dumps(["0"], 2)
    put("legacy", "small", magic + rest + tensor + keys + struct.pack("<q", 4) + bytes(16))
    put("legacy", "huge_count", magic + rest + tensor + keys + struct.pack("<q", 2 ** 62) + bytes(16))
    put("legacy", "negative_count", magic + rest + tensor + keys + struct.pack("<q", -4) + bytes(16))
    put("legacy", "many_keys", magic + rest + tensor + pickle.dumps([str(i) for i in range(300)], 2))
    put("legacy", "system", magic + rest + pickle.dumps(System(), 2))


def safetensors():
    def file(header, data=b"", pad=0):
        text = (header if isinstance(header, str) else json.dumps(header)).encode() + b" " * pad
        return struct.pack("<Q", len(text)) + text + data

    f32 = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}
    put("safetensors", "plain", file({"a": f32, "b": {"dtype": "I64", "shape": [], "data_offsets": [24, 32]}}, bytes(32), 5))
    put("safetensors", "notes", file({"__metadata__": {"format": "pt", "quantcam.engine": "fbgemm"}, "a": f32}, bytes(24)))
    quantized = {"__metadata__": {"w.quantization": "per_channel 0", "v.quantization": "per_tensor"},
                 "w": {"dtype": "I8", "shape": [2, 3], "data_offsets": [0, 6]},
                 "w.scale": {"dtype": "F64", "shape": [2], "data_offsets": [6, 22]},
                 "w.zero_point": {"dtype": "I64", "shape": [2], "data_offsets": [22, 38]},
                 "v": {"dtype": "U8", "shape": [2], "data_offsets": [38, 40]},
                 "v.scale": {"dtype": "F64", "shape": [1], "data_offsets": [40, 48]},
                 "v.zero_point": {"dtype": "I64", "shape": [1], "data_offsets": [48, 56]}}
    put("safetensors", "quantized", file(quantized, bytes(6) + struct.pack("<dd", 0.5, 0.25) + bytes(16) + b"\1\2" +
                                         struct.pack("<dq", 0.125, 3)))
    put("safetensors", "overlap", file({"a": f32, "b": {**f32, "data_offsets": [8, 32]}}, bytes(32)))
    put("safetensors", "gap", file({"a": {**f32, "data_offsets": [8, 32]}}, bytes(32)))
    put("safetensors", "huge_shape", file({"a": {**f32, "shape": [2 ** 40, 2 ** 40]}}, bytes(24)))
    put("safetensors", "deep", file("[" * 8000))
    put("safetensors", "twice", file('{"a":' + json.dumps(f32) + ',"a":' + json.dumps(f32) + "}", bytes(24)))
    put("safetensors", "escapes", file('{"\\u0041\\n\\u0000\\ud83d\\ude00":' + json.dumps(f32) + "}", bytes(24)))
    put("safetensors", "terminal", file({"\x1b[2J\x9bm": f32}, bytes(24)))
    put("safetensors", "huge_header", struct.pack("<Q", 2 ** 63) + b"{}")
    put("safetensors", "empty", file({}))


def shards():
    for i, name in enumerate(("a", "b")):
        text = json.dumps({name: {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
        put("shards", f"shard_{i + 1}", struct.pack("<Q", len(text)) + text + bytes(8))
    place = {"a": "shard_1", "b": "shard_2"}
    put("shards", "plain.json", json.dumps({"metadata": {"total_size": 16}, "weight_map": place}))
    put("shards", "lost.json", json.dumps({"weight_map": {**place, "c": "shard_2"}}))
    put("shards", "moved.json", json.dumps({"weight_map": {**place, "b": "shard_1"}}))
    put("shards", "away.json", json.dumps({"weight_map": {**place, "b": "../shard_2"}}))
    put("shards", "itself.json", json.dumps({"weight_map": {**place, "b": "case"}}))
    put("shards", "deep.json", '{"metadata": ' + "[" * 5000)
    put("shards", "many.json", json.dumps({"weight_map": {str(i): f"shard_{i}" for i in range(2000)}}))


def texts():
    put("labels", "plain.csv", "path,class_index,name\n420.jpg,0,a b\ngrey.jpg,3,c\ncmyk.jpg,-1,\n")
    put("labels", "four.csv", "420.jpg,0\n422.jpg,1\n444.jpg,2\ngrey.jpg,0\n")
    put("labels", "blanks.txt", "420.jpg 0\ngrey.jpg 3\nrgb8.png\t4\n")
    put("labels", "loc.csv", "ImageId,PredictionString\n420,n01440764 1 2 30 40 n01440764 5 6 7 8 \ngrey,n01491361 0 0 9 9 \n")
    put("labels", "parent.csv", "../data/420.jpg,0\n")
    put("labels", "absolute.csv", "/etc/passwd,0\n")
    put("labels", "terminal.csv", "420.jpg,0\n\x1b[2J\x1b]0;x\x07.jpg,1\n")
    put("labels", "c1.csv", b"420.jpg,0\n\xc2\x9b2J.jpg,1\n")
    put("labels", "latin.csv", b"420.jpg,0\n\xe4\xf6.jpg,1\n")
    put("labels", "long.csv", "420.jpg,0\n" + "a" * 4096 + ".jpg,1\n")
    put("labels", "twice.csv", "420.jpg,0\ngrey.jpg,1\n420.jpg,2\n")
    put("labels", "bare.txt", "490\n361\n171\n")
    put("labels", "range.csv", "420.jpg,100000\n")
    put("labels", "quoted.csv", '"class_index","file"\r\n"3","420.jpg"\r\n"0","grey ""x"".jpg"\r\n')
    put("labels", "wnid.csv", "ImageId;label;name\n420;n01440764;a, b\ngrey;n01491361;c\n")
    put("labels", "coco.json", '{"images": [{"id": 1, "file_name": "420.jpg"}], "annotations": []}')
    put("synsets", "mapping.txt", "n01440764 tench, Tinca tinca\nn01491361 tiger shark\nn01498041 stingray\n")
    put("synsets", "twice.txt", "n01440764 a\nn01440764 b\nn01491361 c\n")
    put("boxes", "plain.csv", "path,x0,y0,x1,y1\n420.jpg,1,2,30,40\n420.jpg,0,0,1,1\ngrey.jpg,-3,-4,20,20\nnone.jpg,1,1,2,2\n")
    put("boxes", "loc.csv", "ImageId,PredictionString\n420,n01440764 1 2 30 40 n01440764 5 6 7 8 \ngrey,n01491361 0 0 9 9 \n")
    put("boxes", "sizes.csv", "x,y,width,height,file,name\n1.5,2.5,30,40,420.jpg,a\n0,0,1,1,grey.jpg,b, c\n")
    put("boxes", "edges.csv", 'filename;width;height;class;xmin;xmax;ymin;ymax\n"420.jpg";500;375;"a;b";1e1;20.49;3;4\n')
    put("boxes", "parts.csv", "path,x0,y0,x1,y1\n420.jpg,0.1,0.2,0.3,0.4\n")
    put("synsets", "index.json", '{"0": ["n01440764", "tench"], "2": ["n01498041", "ray"], "1": ["n01491361", "shark"]}')
    put("names", "lines.txt", "background\ntench, Tinca tinca\n\ngoldfish\r\n")
    put("names", "numbered.txt", "1: goldfish\n0: tench\n2: shark\n")
    put("names", "own.txt", "n02119789 1 kit_fox\nn02100735 2 English_setter\n")
    put("names", "list.json", '["tench", "gold\\u0066ish", "\\ud83d\\udc1f"]')
    put("names", "dict.json", '{"1": "goldfish", "0": "tench"}')
    put("names", "config.json", '{"id2label": {"0": "tench", "1": "goldfish"}, "x": [[[[]]]]}')
    put("names", "deep.json", "[" * 3000)
    put("names", "python.txt", "{0: 'tench', 1: 'goldfish'}")
    put("boxes", "empty.csv", "420.jpg,5,5,4,4\n")
    box = "<object><name>n01</name><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>30</xmax><ymax>40</ymax></bndbox></object>"
    put("xml", "ilsvrc.xml", "<annotation>\n<folder>val</folder><filename>x</filename><size><width>50</width><height>60"
        "</height></size>\n" + box + "\n" + box.replace(">1<", "> 0 <") + "\n</annotation>\n")
    put("xml", "laughs.xml", '<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><annotation>&c;</annotation>')
    put("xml", "external.xml", '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><annotation>&x;</annotation>')
    put("xml", "deep.xml", "<annotation>" + "<a>" * 5000)
    put("xml", "utf16.xml", ("<?xml version='1.0'?><annotation>" + box + "</annotation>").encode("utf-16"))
    put("xml", "no_edge.xml", "<annotation><object><bndbox><xmin>1</xmin></bndbox></object></annotation>")
    put("job", "all.conf", "[data]\nimages = /data/val   # a comment\nlabels = labels.csv\nlimit = 10\nmax_bad = 1.5\n"
        "[network a]\nmodel = a.model\nfp32 = a.pth\nint8 = b.pth\nengine = auto\n[subset]\nfraction = 0.05\n"
        "select.by = raw,resolved\n[explain]\nsteps = 100\ndeletion = zero\n[store]\nout = x.h5\n[run]\nlog = quiet\n")
    put("job", "terminal.conf", "[data]\nimages = \x1b[2J\n\x1b]0;title\x07 = 1\n")
    put("job", "two_keys.conf", "[data]\nimages = a\nimages = b\n")
    put("job", "no_value.conf", "[data]\nimages\n")
    put("job", "long.conf", "[data]\nimages = " + "x" * 5000 + "\n")


def pictures():
    idx = struct.pack(">IIII", 0x803, 2, 3, 4) + bytes(range(24))
    put("pictures", "pictures.idx", idx)
    put("pictures", "labels.idx", struct.pack(">II", 0x801, 2) + b"\1\2")
    put("pictures", "pictures.idx.gz", gzip.compress(idx, mtime=0))
    put("pictures", "two.gz", gzip.compress(idx[:20], mtime=0) + gzip.compress(idx[20:], mtime=0))
    put("pictures", "cifar.bin", b"\7" + bytes(3072))
    put("pictures", "cifar.gz", gzip.compress(b"\23\143" + bytes(3072), mtime=0))
    put("pictures", "huge.idx", struct.pack(">IIII", 0x803, 0xFFFFFFFF, 0xFFFF, 0xFFFF))


if __name__ == "__main__":
    zips(pickles())
    legacy()
    safetensors()
    shards()
    texts()
    pictures()
