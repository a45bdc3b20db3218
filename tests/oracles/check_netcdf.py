"""Results as other people's readers see them: check_netcdf.py RESULT.h5...

netCDF4.Dataset walks every group, reads every variable and names every dimension; its values are h5py's. xarray opens every
group with its default engine, which for such a file is netcdf4, and with h5netcdf where that is installed. No dataset may have
a dimension scale on some of its axes only: netCDF's library refuses a file with one."""
import sys

import h5py
import netCDF4
import numpy as np
import xarray

from checks import Checks


def groups_of(file):
    paths = ["/"]
    file.visititems(lambda name, x: paths.append("/" + name) if isinstance(x, h5py.Group) else None)
    return paths


def walk(group):
    yield group
    for child in group.groups.values():
        yield from walk(child)


def same(a, b):
    """netCDF4 has strings as objects, h5py fixed-length ones as bytes; what is not finished has no masked values."""
    a, b = np.ma.getdata(a), np.asarray(b)
    if b.dtype.kind == "S":
        a = np.asarray([str(x) for x in np.ravel(a)])
        b = np.asarray([x.decode("utf-8").rstrip("\0") for x in np.ravel(b)])
        return np.array_equal(a, b)
    return a.shape == b.shape and np.array_equal(a, b, equal_nan=b.dtype.kind == "f")


def check_file(path, check):
    with h5py.File(path) as file:
        paths = groups_of(file)
        partial = []

        def look(name, x):
            if isinstance(x, h5py.Dataset) and x.attrs.get("CLASS") != b"DIMENSION_SCALE":
                scales = [len(d) for d in x.dims]
                if 0 < sum(n > 0 for n in scales) < len(scales):
                    partial.append(name)
        file.visititems(look)
        check(not partial, f"{path}: scales on some axes only: {partial}")

        variables = 0
        with netCDF4.Dataset(path) as nc:
            nc.set_auto_maskandscale(False)
            for group in walk(nc):
                for name, variable in group.variables.items():
                    at = f"{group.path.rstrip('/')}/{name}"
                    variables += 1
                    check(same(variable[...], file[at][...]), f"{path}: {at} as netCDF4 reads it")
                    if any(len(d) for d in file[at].dims) and file[at].attrs.get("CLASS") != b"DIMENSION_SCALE":
                        named = tuple(d[0].name.rsplit("/", 1)[1] for d in file[at].dims)
                        check(variable.dimensions == named, f"{path}: {at}: {variable.dimensions}, not {named}")
        datasets = []
        file.visititems(lambda name, x: datasets.append(name) if isinstance(x, h5py.Dataset) else None)
        check(variables == len(datasets) > 100, f"{path}: netCDF4 sees {variables} of {len(datasets)} datasets")

    engines = [None] + (["h5netcdf"] if "h5netcdf" in xarray.backends.list_engines() else [])
    for engine in engines:
        for group in paths:
            options = {"phony_dims": "sort"} if engine == "h5netcdf" else {}
            with xarray.open_dataset(path, group=group, engine=engine, **options) as data:
                data.load()
                check(len(data.variables) >= 0, f"{path}: {group}")
    with xarray.open_dataset(path, group=[p for p in paths if p.endswith("/wsol")][0]) as data:
        check(data["box"].dims == ("image", "edge") and data["right"].dims == ("image", "criterion", "threshold_byte"), f"{path}: {data}")
    return variables, len(paths), len(engines)


def main():
    check = Checks("check_netcdf")
    for path in sys.argv[1:]:
        print("check_netcdf: %s: %d variables, %d groups, %d engines of xarray" % ((path,) + check_file(path, check)))
    return check.finish(f", netCDF4 {netCDF4.__version__}, xarray {xarray.__version__}")


sys.exit(main())
