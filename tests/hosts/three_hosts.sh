#!/usr/bin/env bash
# Three hosts for mpirun on this machine: network namespaces with their own host names and addresses (10.77.0.N),
# joined by a bridge in a fourth. The machine's own interfaces are not touched; all hosts share its files. mpirun
# reaches the others through this script, so no sshd is needed. Needs root and iproute2.
#
#     three_hosts.sh start                  make them; 77 where namespaces are not allowed
#     three_hosts.sh run COMMAND [ARG...]   COMMAND on host 1; an mpirun in it has 2 + 1 + 1 slots
#     three_hosts.sh pids N                 the processes on host N
#     three_hosts.sh link N up|down         the cable of host N
#     three_hosts.sh stop                   ends what still runs in them and removes them
#
# QUANTCAM_NET, at most 8 letters, begins the namespaces' names: two sets do not meet.
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
self=$(realpath "$0")
net=${QUANTCAM_NET:-quantcam}
subnet=10.77.0
hostfile=/run/$net.hosts

# On host N, under its name; replaces this shell, so that a signal to its pid reaches the command.
enter() # N COMMAND...
{
    local n=$1
    shift
    # shellcheck disable=SC2016  # the inner shell expands these
    exec ip netns exec "$net$n" unshare --uts bash -c 'hostname "$0" && exec "$@"' "$net$n" "$@"
}

start()
{
    local n
    [ "$(id -u)" = 0 ] || { echo "not root" >&2; exit 77; }
    command -v ip > /dev/null || { echo "no ip: package iproute2" >&2; exit 77; }
    ip netns add "${net}s" 2> /dev/null || { echo "network namespaces are not allowed here" >&2; exit 77; }
    trap stop EXIT
    ip -n "${net}s" link add br0 type bridge || { echo "bridges are not allowed here" >&2; exit 77; }
    ip -n "${net}s" link set br0 up
    : > "$hostfile"
    for n in 1 2 3; do
        ip netns add "$net$n"
        ip -n "$net$n" link set lo up
        ip -n "${net}s" link add "port$n" type veth peer name eth0 netns "$net$n"
        ip -n "${net}s" link set "port$n" master br0 up
        ip -n "$net$n" addr add "$subnet.$n/24" dev eth0
        ip -n "$net$n" link set eth0 up
        echo "$subnet.$n slots=$((n == 1 ? 2 : 1))" >> "$hostfile"
    done
    unshare --uts true || { echo "host names of one's own are not allowed here" >&2; exit 77; }
    trap - EXIT
}

stop()
{
    local n pids
    for n in 1 2 3 s; do
        ip netns list | grep -qE "^$net$n( |\$)" || continue
        mapfile -t pids < <(ip netns pids "$net$n")    # only what this script started can be in there
        [ ${#pids[@]} = 0 ] || kill -KILL "${pids[@]}" 2> /dev/null || true
        ip netns del "$net$n"
    done
    rm -f "$hostfile"
}

run()
{
    export OMPI_MCA_plm=rsh OMPI_MCA_plm_rsh_agent="$self agent" OMPI_MCA_orte_default_hostfile=$hostfile
    export OMPI_MCA_btl=self,vader,tcp OMPI_MCA_btl_tcp_if_include=$subnet.0/24 OMPI_MCA_oob_tcp_if_include=$subnet.0/24
    enter 1 "$@"
}

# What ssh would do: agent [-OPTION...] ADDRESS COMMAND...
agent()
{
    while [[ $1 == -* ]]; do shift; done
    local n=${1##*.}
    shift
    cd /
    enter "$n" bash -c "$*"
}

command=${1:?start, run, pids, link or stop}
shift
case $command in
start | stop | run | agent) $command "$@" ;;
pids) ip netns pids "$net$1" ;;
link) ip -n "${net}s" link set "port$1" "$2" ;;
*) echo "three_hosts.sh: unknown command $command" >&2; exit 2 ;;
esac
