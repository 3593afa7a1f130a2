// Loaded with a rank (LD_PRELOAD), it holds the process as it calls a function of MPI that waits for others:
// SVDIST_FAULT_MPI names the function, SVDIST_FAULT_RANK the rank. It stands for another MPI library where
// SVDIST_FAULT_LIBRARY has what that says of itself.
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
  if (!rank) rank = getenv("PMI_RANK");
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

int MPI_Get_library_version(char *text, int *length) {
  const char *other = getenv("SVDIST_FAULT_LIBRARY");
  if (!other) return ((int (*)(char *, int *))dlsym(RTLD_NEXT, "MPI_Get_library_version"))(text, length);
  *length = (int)strlen(strcpy(text, other));
  return 0;
}

// A library of another interface than the header's, whose functions must not be called.
int MPI_Init_thread(int *count, char ***arguments, int required, int *provided) {
  if (getenv("SVDIST_FAULT_LIBRARY")) abort();
  return ((int (*)(int *, char ***, int, int *))dlsym(RTLD_NEXT, "MPI_Init_thread"))(
      count, arguments, required, provided);
}

// The launcher never answers.
int MPI_Abort(void *communicator, int status) {
  while (is_faulty("MPI_Abort")) pause();
  return ((int (*)(void *, int))dlsym(RTLD_NEXT, "MPI_Abort"))(communicator, status);
}
