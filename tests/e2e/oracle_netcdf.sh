#!/usr/bin/env bash
# netCDF4 reads every dataset of a result, and xarray opens every group (tests/oracles/check_netcdf.py): of a job with all
# that can be stored, of one with as little as possible, and of one that has been stopped.
. "$(dirname "$0")/oracle.bash"
needs "h5py, netCDF4, numpy, xarray"
small_job "$T/job.conf" 8
check "all that can be stored" code 0 run 2 "$T/job.conf" --cross=on --explain.logits=on --activations=full --cam.method=eigen,cam,layercam --steps=3
check "netCDF4 and xarray read it" code 0 "$python" tests/oracles/check_netcdf.py "$T/out.h5"
sed -n 's/^check_netcdf: /netcdf: /p' "$T/log"
check "as little as possible" code 0 run 2 "$T/job.conf" --steps=0 --activations=mean --explain.maps=off --boxes= -o "$T/least.h5"
check "stopped" code 75 env QUANTCAM_FAULT=0:explain:USR1 "$Q" run "$T/job.conf" -o "$T/part.h5"
check "netCDF4 and xarray read them" code 0 "$python" tests/oracles/check_netcdf.py "$T/least.h5" "$T/part.h5.part"
finish
