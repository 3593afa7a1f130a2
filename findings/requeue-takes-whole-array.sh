#!/usr/bin/env bash
# A Slurm job of an array that puts itself back with `scontrol requeue "$SLURM_JOB_ID"` may take the whole array along.
#
# slurm 22.05.8-4+deb12u3 of Debian 12 (slurmctld, slurmd, slurm-client and their plugins, unpacked, authentication none).
#
# Every task of an array has a job number of its own, SLURM_JOB_ID, so the line that batch scripts use to requeue themselves
# looks right in an array too. But the task that is split off last keeps the number of the array, and scontrol takes that
# number for all of its tasks: the others are killed where they are and go back into the queue as well. Which task that is
# cannot be seen beforehand; here it is the last one. With ${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID} only the task itself
# goes back.
#
# Seen, three tasks, of which the third requeues itself; the numbers are how often each went back:
#   scontrol requeue $SLURM_JOB_ID:                                1 1 1
#   scontrol requeue ${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID:   0 0 1
#
# Ends with 0 where that is so, 1 where it is not, 77 where the packages are not to be had.
set -euo pipefail

scratch=$(mktemp -d)
trap 'kill %slurmd %slurmctld 2>/dev/null; wait; rm -rf "$scratch"' EXIT
mkdir "$scratch/packages" "$scratch/root" "$scratch/state" "$scratch/spool"
version=22.05.8-4+deb12u3
cd "$scratch/packages"
for name in slurmctld slurmd slurm-client slurm-wlm-basic-plugins; do
  apt-get download "$name=$version" >"$scratch/apt.log" 2>&1 || { echo "skipped: $name $version is not to be had"; exit 77; }
done
apt-get download libhwloc15 libnuma1 liblz4-1 libpam0g >"$scratch/apt.log" 2>&1 || true
for package in *.deb; do dpkg -x "$package" "$scratch/root"; done
libraries=$scratch/root/usr/lib/x86_64-linux-gnu
export LD_LIBRARY_PATH=$libraries/slurm-wlm:$libraries PATH=$scratch/root/usr/bin:$scratch/root/usr/sbin:$PATH

host=$(hostname)
export SLURM_CONF=$scratch/slurm.conf
cat >"$SLURM_CONF" <<END
ClusterName=finding
SlurmctldHost=$host(127.0.0.1)
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/none
CredType=cred/none
PluginDir=$libraries/slurm-wlm
StateSaveLocation=$scratch/state
SlurmdSpoolDir=$scratch/spool
SlurmctldPidFile=$scratch/slurmctld.pid
SlurmdPidFile=$scratch/slurmd.pid
SlurmctldPort=26817
SlurmdPort=26818
ProctrackType=proctrack/linuxproc
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
NodeName=$host NodeAddr=127.0.0.1 CPUs=1 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES OverSubscribe=FORCE:4
END
slurmctld-wlm -D -i >"$scratch/slurmctld.log" 2>&1 &
slurmd-wlm -D -d "$scratch/root/usr/sbin/slurmstepd-wlm" >"$scratch/slurmd.log" 2>&1 &
for _ in {1..60}; do
  if sinfo --noheader --format=%T 2>/dev/null | grep -qx idle; then break; fi
  sleep 1
done

# How often each of three tasks went back after the third one requeued itself by a name.
returns() {
  local array task
  array=$(sbatch --parsable --requeue --ntasks=1 --array=1-3 --output=/dev/null --export=ALL,NAME="$1" <<'END'
#!/bin/bash
if [[ $SLURM_ARRAY_TASK_ID == 3 && -z ${SLURM_RESTART_COUNT:-} ]]; then
  sleep 5
  eval "scontrol requeue $NAME"
fi
sleep 60
END
  )
  for _ in {1..40}; do
    if scontrol show job "${array}_3" | grep -q 'Restarts=1'; then break; fi
    sleep 1
  done
  for task in 1 2 3; do
    scontrol show job --oneliner "${array}_$task" | grep -o 'Restarts=[0-9]*' | cut -d = -f 2
  done | paste -s -d ' '
  scancel "$array"
  sleep 3
}

own=$(returns '$SLURM_JOB_ID')
task=$(returns '${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID')
echo "by SLURM_JOB_ID: $own; by array and task: $task"
[[ $own == '1 1 1' && $task == '0 0 1' ]]
