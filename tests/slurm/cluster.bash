# cluster.bash: a private Slurm with two virtual nodes, q1 and q2, on this host; sourced by tests. No systemd, no cgroups, no
# database; every listener is on 127.0.0.1, everything it writes is in one folder. As root, with munge and slurm-wlm.
#
#     cluster_missing || ...            # prints why it cannot run here; false where it can
#     cluster_start DIR                 # until both nodes are idle; SLURM_CONF is exported
#     cluster_stop                      # cancels its jobs, ends its daemons by their pid files
#
# A step that srun --mpi=pmix starts stays on one node here: the plugin's folder in /tmp has one name a host.
PATH=$PATH:/usr/sbin:/sbin

cluster_missing()
{
    local tool
    for tool in munged slurmctld slurmd sbatch srun sinfo; do
        command -v $tool > /dev/null || { echo "no $tool: packages slurm-wlm and munge"; return 0; }
    done
    [ "$(id -u)" = 0 ] || { echo "not root"; return 0; }
    return 1
}

# Three ports in a row that nobody listens on.
cluster_port()
{
    local port
    for ((port = 17000; port < 17900; port += 10)); do
        if ! grep -qE ":($(printf '%04X|%04X|%04X' $port $((port + 1)) $((port + 2)))) 0+:0+ 0A" \
            <(awk '{ print $2, "00000000:0000", $4 }' /proc/net/tcp); then
            echo $port
            return
        fi
    done
    return 1
}

# Four CPUs a node, whatever this host has: without config_overrides a smaller host's nodes become "inval".
# cred_expire is also how long a requeued job waits before it starts again (slurm.conf(5)): 120 s elsewhere.
cluster_conf() # PORT
{
    local host
    host=$(hostname -s)
    cat <<CONF
ClusterName=quantcam
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$1
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$CLUSTER/munge/socket,cred_expire=5
CredType=cred/munge
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation=$CLUSTER/state
SlurmdSpoolDir=$CLUSTER/spool/%n
SlurmctldPidFile=$CLUSTER/slurmctld.pid
SlurmdPidFile=$CLUSTER/slurmd.%n.pid
SlurmctldLogFile=$CLUSTER/log/slurmctld.log
SlurmdLogFile=$CLUSTER/log/slurmd.%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerType=sched/backfill
SchedulerParameters=sched_interval=2,bf_interval=3
MpiDefault=none
ReturnToService=2
KillWait=10
JobRequeue=1
MailProg=/bin/true
SlurmdParameters=config_overrides
NodeName=q[1-2] NodeHostname=$host NodeAddr=127.0.0.1 Port=[$(($1 + 1))-$(($1 + 2))] CPUs=4 RealMemory=4000 State=UNKNOWN
PartitionName=batch Nodes=q[1-2] Default=YES MaxTime=INFINITE State=UP
CONF
}

cluster_pids() { cat "$CLUSTER"/slurmd.q1.pid "$CLUSTER"/slurmd.q2.pid "$CLUSTER"/slurmctld.pid "$CLUSTER"/munge/pid 2> /dev/null; }

# Is this process one of ours? A pid file may be stale.
cluster_owns() { tr '\0' ' ' 2> /dev/null < "/proc/$1/cmdline" | grep -qF -- "$CLUSTER/"; }

cluster_start() # DIR, at most 60 characters: sockets lie below it
{
    local node i port
    CLUSTER=$1
    [ ${#CLUSTER} -le 60 ] || { echo "$CLUSTER: longer than 60 characters" >&2; return 1; }
    port=$(cluster_port) || { echo "no free ports" >&2; return 1; }
    mkdir -p "$CLUSTER"/{munge,log,state,spool/q1,spool/q2}
    chmod 700 "$CLUSTER/munge"
    (umask 377 && head -c 1024 /dev/urandom > "$CLUSTER/munge/key")
    cluster_conf "$port" > "$CLUSTER/slurm.conf"
    export SLURM_CONF=$CLUSTER/slurm.conf
    munged --force --key-file="$CLUSTER/munge/key" --socket="$CLUSTER/munge/socket" --pid-file="$CLUSTER/munge/pid" \
        --log-file="$CLUSTER/log/munged.log" --seed-file="$CLUSTER/munge/seed" --num-threads=2 >&2 || return 1
    slurmctld -f "$SLURM_CONF" -c >&2 || return 1
    for node in q1 q2; do slurmd -f "$SLURM_CONF" -N $node >&2 || return 1; done
    for ((i = 0; i < 100; i++)); do
        [ "$(sinfo -h -N -t idle -o %N 2> /dev/null | wc -l)" = 2 ] && return 0
        sleep 0.1
    done
    echo "the nodes are not idle after 10 s" >&2
    tail -5 "$CLUSTER"/log/*.log >&2
    return 1
}

cluster_stop()
{
    local pid i left
    [ -n "${CLUSTER:-}" ] && [ -s "$CLUSTER/slurm.conf" ] || return 0
    # Jobs first: their tasks are children of step daemons, which outlive slurmd.
    { timeout 5 squeue -h -o %A || true; } 2> /dev/null | xargs -r scancel 2> /dev/null
    for ((i = 0; i < 60; i++)); do
        [ -n "$(timeout 5 squeue -h 2> /dev/null)" ] || break
        sleep 0.25
    done
    for ((i = 0; i < 60; i++)); do
        left=0
        for pid in $(cluster_pids); do
            cluster_owns "$pid" || continue
            [ $i = 0 ] && kill "$pid"
            left=1
        done
        [ $left = 0 ] && return 0
        sleep 0.25
    done
    echo "a daemon of $CLUSTER did not end" >&2
    return 1
}
