// Loaded with a rank (LD_PRELOAD), it holds the process as it calls a function of MPI that waits for others:
// SVDIST_FAULT_MPI names the function, SVDIST_FAULT_RANK the rank.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_faulty(const char *name) {
  const char *function = getenv("SVDIST_FAULT_MPI");
  const char *faulty = getenv("SVDIST_FAULT_RANK");
  const char *rank = getenv("OMPI_COMM_WORLD_RANK");
  return function && faulty && rank && !strcmp(function, name) && !strcmp(faulty, rank);
}

int MPI_Comm_dup(void *communicator, void *copy) {
  if (is_faulty("MPI_Comm_dup")) raise(SIGSTOP);
  return ((int (*)(void *, void *))dlsym(RTLD_NEXT, "MPI_Comm_dup"))(communicator, copy);
}

int MPI_Finalize(void) {
  if (is_faulty("MPI_Finalize")) raise(SIGSTOP);
  return ((int (*)(void))dlsym(RTLD_NEXT, "MPI_Finalize"))();
}

// The launcher never answers.
int MPI_Abort(void *communicator, int status) {
  while (is_faulty("MPI_Abort")) pause();
  return ((int (*)(void *, int))dlsym(RTLD_NEXT, "MPI_Abort"))(communicator, status);
}
