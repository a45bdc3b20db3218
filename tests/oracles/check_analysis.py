"""What analysis/ gives for two small results, against what quantcam itself says and against numpy.

    python3 tests/oracles/check_analysis.py FOLDER

FOLDER: a.h5, report/ of it, images/, csv/ (read_result.py a.h5 --csv), figures/ (figures.py a.h5, 150 dpi), b.h5 (20 of the
images, other int8 weights of `mobile`, a larger selection), joined/ (join.py a.h5 b.h5 --csv).
Tables of the report come from the rows by pandas, to every digit printed; figure 3's panels are compared pixel by pixel.
Prints one line, "check_analysis: N checks, N failed"; exit 1 if any failed.
"""
import contextlib
import io
import json
import pathlib
import re
import shutil
import sys

import h5py
import numpy as np
import pandas as pd
from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "analysis"))
import figures
import join
import read_result

GAP = 4                                  # white pixels between the panels of the report's figure 3
MM = 1 / 25.4
DPI = 150
checks = failed = 0


def check(good, what):
    global checks, failed
    checks += 1
    if not good:
        failed += 1
        print("check_analysis:", what, file=sys.stderr)


# ---- read_result.py ----------------------------------------------------------------------------------------------


def cells(report, table):
    """{network: [row, ...]} of texts, the first column taken away; of an interval its value."""
    rows = {}
    for row in next(t for t in report["tables"] if t["id"] == table)["rows"]:
        rows.setdefault(row[0], []).append([c["text"].split(" [")[0] if isinstance(c, dict) else c for c in row[1:]])
    return rows


def check_tables(report, rows):
    """The report's tables from rows.csv."""
    sets = [c["name"] for c in next(t for t in report["tables"] if t["id"] == "measures")["columns"]][3:]
    for network, mine in rows.groupby("network"):
        everywhere = {s: mine if s == "all" else mine[mine[f"in_{s}"]] for s in sets}

        def line(table, *start):
            return next(r for r in cells(report, table)[network] if r[:len(start)] == [*start])

        def same(text, value, digits, what):
            check(text == f"{value:.{digits}f}", f"{network}: {what}: {text} in the report, {value} by the rows")

        def measured(table, label, p, column, digits, scale=1, subsets=False):
            for s, cell in zip(sets, line(table, label, p)[2:]):
                if s == "all" and subsets:
                    check(cell == "subsets only", f"{network}: {label} of all: {cell}")
                else:
                    same(cell, scale * everywhere[s][column].mean(), digits, f"{p} {label} of {s}")
        for p in ("fp32", "int8"):
            for s in sets:
                cell = line("accuracy", p, s)
                same(cell[3], 100.0 * everywhere[s][f"{p}_right"].mean(), 3, f"{p} top-1 of {s}")
                same(cell[4], 100.0 * everywhere[s][f"{p}_right_5"].mean(), 3, f"{p} top-5 of {s}")
            for label, name in (("entropy, bit", "entropy"), ("deviation", "std"), ("sparsity, %", "sparsity")):
                measured("measures", label, p, f"{p}_{name}_real", 3)
            for name in ("deletion", "insertion"):
                measured("measures", f"{name}, %", p, f"{p}_{name}", 3, 100, subsets=True)
            measured("measures", "IoU, %", p, f"{p}_iou_t0.20", 3, 100)
        measured("measures", "entropy, integers, bit", "int8", "int8_entropy_int", 3)
        for reading in ("raw", "resolved", "aligned"):
            measured("pairs", f"RMSE, {reading}", "int8", f"int8_rmse_{reading}", 3)
        measured("pairs", "opposite, %", "int8", "int8_sign_flipped", 2, 100)
        same(line("agreement", "int8")[1], 100 * (mine.fp32_class_1 == mine.int8_class_1).mean(), 3, "same answer")


def check_csv(folder, f, report, rows):
    images = pd.read_csv(folder / "csv/images.csv", keep_default_na=False)
    bad = images[images.status == "BAD_IMAGE"]
    check([[r.path, r.error] for r in bad.itertuples()] == report["bad_images"]["rows"], "the bad images")
    check(len(bad) == 2 and len(images) == 24 and len(rows) == 44, f"{len(images)} images, {len(rows)} rows")
    check(list(images.label.astype(int)) == f["images/class_index"][:].tolist(), "labels")
    names, axes = [], []
    f["summary"].visititems(lambda name, x: names.append(name) if isinstance(x, h5py.Dataset) else None)
    for path in (folder / "csv").glob("summary.*.csv"):
        table = pd.read_csv(path)
        for column in table:
            root = path.name.removeprefix("summary.").split(".")[0]
            if root in ("measures", "difference"):
                continue
            at = "summary/" + root.replace("_", "/", 1) + "/" + column
            axes.append((path.name, column))
            if at in f and f[at].dtype.kind != "S":
                check(np.allclose(table[column], f[at][()].ravel(), rtol=1e-14, atol=0), f"{path.name}: {column}")
    values = [c for name, c in axes if c not in ("network", "set", "rule", "sign", "trivial", "step", "bin", "index", "Unnamed: 0")]
    count = 0
    for root in ("measures", "difference"):
        table = pd.read_csv(folder / f"csv/summary.{root}.csv").set_index(["precision", "measure"])
        for who, measure in table.index.unique():
            group = f[f"summary/{root}/{who}/{measure}"]
            for name, data in group.items():
                check(np.allclose(table.loc[(who, measure), name], data[()].ravel(), rtol=1e-14, atol=0), f"{root} {who} {measure}: {name}")
                count += 1
    check(len(values) + count == len(names), f"{len(values)} columns and {count} of measures, {len(names)} datasets in /summary")
    r = read_result.Result(folder / "a.h5")
    path = "/summary/measures/int8/vs_fp32/rmse_aligned/mean"
    check(r.labelled(path)["mobile", "raw_int8"] == f[path][r.networks.index("mobile"), 1], "labelled")


# ---- figures.py --------------------------------------------------------------------------------------------------


def check_captions(folder, report):
    text = (folder / "figures/captions.txt").read_text(encoding="utf-8")
    for network, (row,) in cells(report, "rogers2023_figure_2").items():
        found = re.search(rf"^{network}: Dice as published ([\d.]+) % \(raw.*corrected ([\d.]+) %", text, re.M)
        check(found and [*found.groups()] == [row[0], row[3]], f"{network}: Dice {row} in the report")
    for row in report["figure_3"]:
        sides = [f"{p} IoU {float(row[p]['iou']):.3f} ({row[p]['colour']})" for p in ("fp32", "int8")]
        check(f"{row['network']}: {', '.join(sides)}, {row['path']}" in text, f"figure 3: {row}")
    check(len(report["figure_3"]) == 2, "figure 3 has two rows")


def check_files(folder, name, width):
    """A PNG of the width asked for with something on it; a PDF with its fonts in it."""
    with Image.open(folder / f"{name}.png") as im:
        im.load()
        check(abs(im.width - width * MM * DPI) <= 2, f"{name}.png: {im.size}")
        check(len(im.convert("RGB").getcolors(1 << 24)) > 50, f"{name}.png: blank")
    pdf = (folder / f"{name}.pdf").read_bytes()
    check(pdf.startswith(b"%PDF-") and pdf.rstrip().endswith(b"%%EOF") and len(pdf) > 5000, f"{name}.pdf")
    check(b"/FontFile2" in pdf and b"/Type3" not in pdf, f"{name}.pdf: its fonts")


def band(side, box):
    """(side, side) bool: within 3 pixels of the box's frame."""
    x0, y0, x1, y1 = (int(round(v)) for v in box)
    near = np.zeros((side, side), bool)
    near[max(y0 - 3, 0):y1 + 3, max(x0 - 3, 0):x1 + 3] = True
    near[y0 + 4:max(y1 - 4, 0), x0 + 4:max(x1 - 4, 0)] = False
    return near


def check_panels(folder, report):
    """The report's figure 3, but for its frames: picture, blend, map. A map may be one of 255 steps off, where the stored bytes and
    the projection round to either side: at most 8 in a colour."""
    with Image.open(folder / "report/figure_3.png") as im:
        theirs = np.asarray(im.convert("RGB")).astype(int)
    r = read_result.Result(folder / "a.h5")
    side = len(r.read(f"/models/{r.networks[0]}/y"))
    for k, row in enumerate(report["figure_3"]):
        image = figures.choose(r, row["network"], "int8")
        check(image == row["image"], f"{row['network']}: image {image}, the report has {row['image']}")
        boxes = figures.true_boxes(r, row["network"], image)
        for column, mine in enumerate(figures.panels(r, row["network"], "int8", image, folder / "images")):
            top, left = k * (side + GAP), column * (side + GAP)
            differ = (np.abs(theirs[top:top + side, left:left + side] - np.asarray(mine).astype(int)) > 8).any(axis=2)
            own = figures.own_box(r, row["network"], ("fp32", "int8")[column - 1], image) if column else None
            near = np.any([band(side, box) for box in [*boxes, *([own] if own else [])]], axis=0)
            check(not (differ & ~near).any(), f"{row['network']} {column}: {(differ & ~near).sum()} other pixels")
            check((differ & near).any(), f"{row['network']} {column}: no frame in the report's")
    check(figures.geometry(500, 375, 256, 224) == (341, 256, 58, 16), "a corner at a half goes to the even side")
    check(figures.geometry(337, 500, 256, 224) == (256, 379, 16, 78), "the longer side is cut, not rounded")
    check(figures.geometry(500, 375, None, 224) == (224, 224, 0, 0), "a squash has no crop")
    check(figures.geometry(100, 100, 200, 223) == (200, 200, -11, -11), "a picture smaller than the crop is padded")
    for network in r.networks:
        stored = r.read(f"/models/{network}/subset/int8/cam_u8")
        for place, image in enumerate(r.read(f"/models/{network}/subset/image")):
            if image >= 0:
                computed = figures.map_of(r.read(f"/models/{network}/int8/cam", int(image)), side)
                check(np.abs(computed.astype(int) - stored[place]).max() <= 1, f"{network} {image}: the map of the projection")


# ---- join.py -----------------------------------------------------------------------------------------------------


def check_intervals(f, rows):
    """join.py's intervals and test give /summary/difference: int8 less fp32."""
    for number, network in enumerate(n.decode() for n in f["network"]):
        mine, group = rows[rows.network == network], f["summary/difference/int8"]
        right = mine[["fp32_right", "int8_right"]].astype(int).to_numpy()
        values = {"top1": 100.0 * (right[:, 1] - right[:, 0]), "std_real": mine.int8_std_real - mine.fp32_std_real,
                  "iou": (mine["int8_iou_t0.20"] - mine["fp32_iou_t0.20"]).dropna()}
        for measure, v in values.items():
            want = [group[measure][x][number, 0] for x in ("difference", "low", "high")]
            got = join.intervals(np.asarray(v, float)[:, None])[0]
            check(np.allclose(got, want, rtol=0, atol=1e-6), f"{network} {measure}: {got}, the file has {want}")
        only = [int((right[:, i] > right[:, 1 - i]).sum()) for i in (0, 1)]
        check(np.isclose(join.mcnemar(*only), group["top1/p"][number, 0], rtol=1e-12), f"{network}: McNemar")
    check(join.mcnemar(0, 0) == 1 and join.mcnemar(0, 1) == 1 and np.isclose(join.mcnemar(1, 9), 22 / 1024), "McNemar")


def check_joined(folder, rows):
    table = {name: pd.read_csv(folder / f"joined/{name}.csv") for name in ("joined", "answers", "differences", "rmse", "flips")}
    answers = table["answers"].set_index(["network", "precision"])
    check(len(table["joined"]) == 36 and (answers.images == 18).all(), f"{len(table['joined'])} rows joined")
    for network, precision, equal in (("shuffle", "fp32", 18), ("shuffle", "int8", 18), ("mobile", "fp32", 18), ("mobile", "int8", 0)):
        line = answers.loc[(network, precision)]
        check(line.equal_logits == equal and (line.equal_maps == equal), f"{network} {precision}: {line.equal_logits} equal logits")
        check(equal == 0 or line.other_answer == line.difference == line.low == line.high == 0, f"{network} {precision}: the same")
    theirs = read_result.Result(folder / "b.h5").rows(["mobile"])
    both = rows[rows.network == "mobile"].merge(theirs, on="path", suffixes=(".a", ".b"))
    line = answers.loc[("mobile", "int8")]
    check(line.other_answer == (both["int8_class_1.a"] != both["int8_class_1.b"]).sum(), "mobile int8: other answers")
    check(np.isclose(line.top1_a, 100.0 * both["int8_right.a"].astype(float).mean()), "mobile int8: A's top-1")
    check(np.isclose(line.top1_b, 100.0 * both["int8_right.b"].astype(float).mean()), "mobile int8: B's top-1")
    differences = table["differences"].set_index(["network", "precision", "measure"])
    line, d = differences.loc[("mobile", "int8", "rmse_resolved")], both["int8_rmse_resolved.b"] - both["int8_rmse_resolved.a"]
    check(np.isclose(line.difference, d.mean(), atol=1e-5) and line.low < line.difference < line.high, "mobile int8: RMSE")
    check(line.images == 18 and 0 < differences.loc[("mobile", "int8", "deletion")].images < 18, "images behind a difference")
    check((differences.loc["shuffle"].difference.dropna() == 0).all(), "shuffle differs in nothing")
    line = table["rmse"].set_index(["network", "reading", "file"]).loc[("mobile", "raw", "B")]
    check(np.isclose(line["median"], both["int8_rmse_raw.b"].median(), atol=1e-5), "mobile: median RMSE of B")


# ---- what is refused -----------------------------------------------------------------------------------------------


def altered(folder, name, change):
    """A copy of a.h5, changed."""
    path = folder / name
    shutil.copy(folder / "a.h5", path)
    with h5py.File(path, "r+") as f:
        change(f)
    return path


def nothing_known(f):
    f["images/class_index"][...] = -1
    for network in ("shuffle", "mobile"):
        for p in ("fp32", "int8"):
            f[f"models/{network}/{p}/wsol/iou"][...] = -1
            f[f"models/{network}/{p}/raw_sign"][...] = 0
        f["summary/measures/int8/vs_fp32/raw_undefined/mean"][...] = 1


def check_unknown(folder):
    """No labels, no boxes, no raw signs: no value, not a wrong one. A stopped job: the rows done."""
    r = read_result.Result(altered(folder, "unknown.h5", nothing_known))
    rows = r.rows()
    check(rows.label.isna().all() and rows.fp32_right.isna().all() and rows.int8_right_5.isna().all(), "no label, no right answer")
    check(rows["fp32_iou_t0.20"].isna().all() and figures.rows_of(r, r.networks, "int8", None) == [], "no box, no figure 3")
    lines = read_result.overview(r, "mobile")
    check((lines.loc["RMSE int8, raw sign"] == "-").all() and (lines.loc["RMSE int8, resolved sign"] != "-").all(), "no raw sign")

    def stop(f):
        f["complete"][0] = 0
        f["models/mobile/status"][3:6] = 0
    r = read_result.Result(altered(folder, "stopped.h5.part", stop), unfinished=True)
    check(len(r.rows(["mobile"])) == 19 and len(r.rows(["shuffle"])) == 22, f"{len(r.rows(['mobile']))} rows done")


def refused(module, pattern, *words):
    """One sentence, no traceback, as the program says it."""
    argv, sys.argv = sys.argv, [module.__name__ + ".py", *map(str, words)]
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            read_result.command(module.main)
        said = "no refusal"
    except SystemExit as e:
        said = str(e.code)
    finally:
        sys.argv = argv
    check(said.startswith(f"{module.__name__}.py: ") and "\n" not in said and re.search(pattern, said), f"{pattern}: {said}")


def put(dataset, row, value):
    dataset[row] = value


def check_refusals(folder):
    a = folder / "a.h5"
    (folder / "text.h5").write_text("not a result\n")
    h5py.File(folder / "other.h5", "w").close()
    older = altered(folder, "older.h5", lambda f: f.attrs.modify("schema_version", np.int32(1)))
    part = folder / "stopped.h5.part"
    cut = altered(folder, "cut.h5", lambda f: f.__delitem__("models/mobile/int8/top5"))
    for file, pattern in ((folder / "none.h5", "none.h5: no such file"), (folder / "text.h5", "not an HDF5 file"), (folder, "directory"),
                          (folder / "other.h5", "not a result of"), (older, f"schema is version 1, this script reads version {read_result.SCHEMA[0]} to {read_result.SCHEMA[-1]}"),
                          (cut, "/models/mobile/int8/top5 is missing")):
        refused(read_result, pattern, file, "--csv", folder / "unused")
        refused(join, pattern, file, a)
    refused(join, "not finished yet: .*stopped.h5.part holds the rows", a, folder / "stopped.h5")
    for module, words in ((join, [a, part]), (figures, [part, "-o", folder / "unused"])):
        refused(module, "has not finished", *words)
    refused(read_result, "(?i)not a directory|file exists", a, "--csv", folder / "text.h5")
    refused(figures, "no network nothing; it has shuffle, mobile", a, "-o", folder / "unused", "--networks", "nothing")
    refused(figures, "no precision int4", a, "-o", folder / "unused", "--precision", "int4")
    refused(figures, "no images end in 'nothing.png'", a, "-o", folder / "unused", "--image", "nothing.png")
    refused(figures, "--images names the pictures' folder", a, "-o", folder / "unused", "--images", folder / "nowhere", "--dpi", 50)
    strange = altered(folder, "strange.h5", lambda f: put(f["images/path"], slice(None), [b"/etc/%d" % i for i in range(24)]))
    refused(figures, "lies outside", strange, "-o", folder / "unused", "--dpi", 50)
    refused(join, "no image in common", a, strange)
    refused(join, "is of class", a, altered(folder, "class.h5", lambda f: put(f["images/class_index"], 5, f["images/class_index"][5] + 1)))
    refused(join, "pixels in .* these are not the same images", a, altered(folder, "size.h5", lambda f: put(f["images/width"], 5, 9)))
    refused(join, "no network and first precision in both", a,
            altered(folder, "name.h5", lambda f: put(f["network"], slice(None), [b"x", b"y"])))

    def fewer(f):
        group = f["models/mobile/int8"]
        logits = group["logits"][:, :10]
        del group["logits"]
        group["logits"] = logits
    refused(join, "logits an image: 16 in .*, 10 in", a, altered(folder, "fewer.h5", fewer))


def main():
    folder = pathlib.Path(sys.argv[1])
    report = json.loads((folder / "report/report.json").read_text(encoding="utf-8"), parse_float=str)
    rows = pd.read_csv(folder / "csv/rows.csv")
    with h5py.File(folder / "a.h5") as f:
        check_tables(report, rows)
        check_csv(folder, f, report, rows)
        check_intervals(f, rows)
    check_captions(folder, report)
    check_files(folder / "figures", "figure_2", 174)
    check_files(folder / "figures", "figure_3", 85)
    check_panels(folder, report)
    check_joined(folder, rows)
    check_unknown(folder)
    check_refusals(folder)
    print(f"check_analysis: {checks} checks, {failed} failed")
    return 1 if failed or not checks else 0


sys.exit(main())
