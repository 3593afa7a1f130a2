#include "CMPI.h"
#include <mpi.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(MPI_Comm) <= sizeof(uint64_t), "a communicator's handle fits");
_Static_assert(sizeof(MPI_Request) <= sizeof(uint64_t), "a request's handle fits");
_Static_assert(sizeof(int) == sizeof(int32_t), "MPI counts with 32 bits");

// The bytes of the longest text of any library, which need not be the one of this header: MPICH's may be longer than Open
// MPI's (MPI_MAX_LIBRARY_VERSION_STRING).
enum { LIBRARY_TEXT = 8192 };
_Static_assert(MPI_MAX_LIBRARY_VERSION_STRING <= LIBRARY_TEXT, "a library's text fits");

static MPI_Comm comm_of(CMPICommunicator communicator) {
  MPI_Comm comm;
  memcpy(&comm, &communicator.handle, sizeof comm);
  return comm;
}

static int32_t started(int code, MPI_Request mpi, CMPIRequest *request) {
  request->handle = 0;
  memcpy(&request->handle, &mpi, sizeof mpi);
  return code;
}

int32_t cmpi_start(void) {
  int provided = MPI_THREAD_SINGLE;
  int code = MPI_Init_thread(NULL, NULL, MPI_THREAD_SERIALIZED, &provided);
  if (code != MPI_SUCCESS) return code;
  // Open MPI reports the errors of a non-blocking operation to the world's handler, whatever communicator it belongs
  // to.
  code = MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (code != MPI_SUCCESS) return code;
  return provided >= MPI_THREAD_SERIALIZED ? MPI_SUCCESS : MPI_ERR_OTHER;
}

int32_t cmpi_is_running(void) {
  int initialized = 0, finalized = 0;
  MPI_Initialized(&initialized);
  MPI_Finalized(&finalized);
  return initialized && !finalized;
}

#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)

const char *cmpi_header(void) {
#if defined(MPI_ABI)
  return "the MPI standard ABI " TEXT(MPI_ABI_VERSION) "." TEXT(MPI_ABI_SUBVERSION);
#elif defined(OMPI_MAJOR_VERSION)
  return "Open MPI " TEXT(OMPI_MAJOR_VERSION) "." TEXT(OMPI_MINOR_VERSION) "." TEXT(OMPI_RELEASE_VERSION);
#elif defined(MPICH_VERSION)
  return "MPICH " MPICH_VERSION;
#else
  return "MPI " TEXT(MPI_VERSION) "." TEXT(MPI_SUBVERSION);
#endif
}

int32_t cmpi_library_fits(void) {
#if defined(MPI_ABI)
  int major = 0, minor = 0;
  return MPI_Abi_get_version(&major, &minor) == MPI_SUCCESS && major == MPI_ABI_VERSION;
#elif defined(OMPI_MAJOR_VERSION) || defined(MPICH_VERSION)
  // This function takes the same arguments in all of them. MPICH's interface is also that of libraries made from it,
  // under other names, and Open MPI's 4 and 5 have one.
  char words[LIBRARY_TEXT] = "";
  int length = 0;
  MPI_Get_library_version(words, &length);
  int is_open = strncmp(words, "Open MPI", 8) == 0;
#if defined(OMPI_MAJOR_VERSION)
  return is_open;
#else
  return !is_open;
#endif
#else
  return 1;
#endif
}

void cmpi_library(char *text, int32_t capacity) {
  char words[LIBRARY_TEXT] = "";
  int length = 0;
  if (capacity <= 0) return;
  MPI_Get_library_version(words, &length);
  strncpy(text, words, (size_t)capacity - 1);
  text[capacity - 1] = 0;
}

const char *cmpi_thread_level(void) {
  int level = MPI_THREAD_SINGLE;
  if (!cmpi_is_running() || MPI_Query_thread(&level) != MPI_SUCCESS) return "";
  if (level == MPI_THREAD_MULTIPLE) return "multiple";
  return level == MPI_THREAD_SERIALIZED ? "serialized" : level == MPI_THREAD_FUNNELED ? "funneled" : "single";
}

int32_t cmpi_finish(void) { return cmpi_is_running() ? MPI_Finalize() : MPI_SUCCESS; }

static volatile sig_atomic_t last_status;

static void leave(int number) {
  (void)number;
  _exit(last_status);
}

void cmpi_abort(int32_t status) {
  // MPI tells the launcher and waits for its answer, which a stopped launcher or a lost host never gives.
  last_status = status;
  signal(SIGALRM, leave);
  alarm(10);
  if (cmpi_is_running()) MPI_Abort(MPI_COMM_WORLD, status);
  _exit(status);
}

void cmpi_describe(int32_t code, char *text, int32_t capacity) {
  char words[MPI_MAX_ERROR_STRING] = "";
  int length = 0;
  if (capacity <= 0) return;
  MPI_Error_string(code, words, &length);
  strncpy(text, words, (size_t)capacity - 1);
  text[capacity - 1] = 0;
}

int32_t cmpi_duplicate_world(CMPICommunicator *communicator) {
  MPI_Comm comm = MPI_COMM_NULL;
  int code = MPI_Comm_dup(MPI_COMM_WORLD, &comm);
  communicator->handle = 0;
  memcpy(&communicator->handle, &comm, sizeof comm);
  return code == MPI_SUCCESS ? MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN) : code;
}

int32_t cmpi_rank(CMPICommunicator communicator, int32_t *rank) { return MPI_Comm_rank(comm_of(communicator), rank); }

int32_t cmpi_size(CMPICommunicator communicator, int32_t *size) { return MPI_Comm_size(comm_of(communicator), size); }

int32_t cmpi_test(CMPIRequest *request, int32_t *done) {
  MPI_Request mpi;
  memcpy(&mpi, &request->handle, sizeof mpi);
  int flag = 0;
  int code = MPI_Test(&mpi, &flag, MPI_STATUS_IGNORE);
  memcpy(&request->handle, &mpi, sizeof mpi);
  *done = flag;
  return code;
}

int32_t cmpi_exchange_floats(
    CMPICommunicator communicator, const float *sent, const int32_t *sent_counts, const int32_t *sent_offsets,
    float *taken, const int32_t *taken_counts, const int32_t *taken_offsets, CMPIRequest *request) {
  MPI_Request mpi = MPI_REQUEST_NULL;
  int code = MPI_Ialltoallv(
      sent, sent_counts, sent_offsets, MPI_FLOAT, taken, taken_counts, taken_offsets, MPI_FLOAT, comm_of(communicator),
      &mpi);
  return started(code, mpi, request);
}

static int32_t gather(
    CMPICommunicator communicator, MPI_Datatype type, const void *own, int32_t own_count, void *all,
    const int32_t *counts, const int32_t *offsets, CMPIRequest *request) {
  MPI_Request mpi = MPI_REQUEST_NULL;
  int code = MPI_Iallgatherv(own, own_count, type, all, counts, offsets, type, comm_of(communicator), &mpi);
  return started(code, mpi, request);
}

int32_t cmpi_gather_floats(
    CMPICommunicator communicator, const float *own, int32_t own_count, float *all, const int32_t *counts,
    const int32_t *offsets, CMPIRequest *request) {
  return gather(communicator, MPI_FLOAT, own, own_count, all, counts, offsets, request);
}

int32_t cmpi_gather_doubles(
    CMPICommunicator communicator, const double *own, int32_t own_count, double *all, const int32_t *counts,
    const int32_t *offsets, CMPIRequest *request) {
  return gather(communicator, MPI_DOUBLE, own, own_count, all, counts, offsets, request);
}

int32_t cmpi_gather_bytes(
    CMPICommunicator communicator, const uint8_t *own, int32_t own_count, uint8_t *all, const int32_t *counts,
    const int32_t *offsets, CMPIRequest *request) {
  return gather(communicator, MPI_BYTE, own, own_count, all, counts, offsets, request);
}

int32_t cmpi_broadcast_bytes(
    CMPICommunicator communicator, void *bytes, int32_t count, int32_t root, CMPIRequest *request) {
  MPI_Request mpi = MPI_REQUEST_NULL;
  int code = MPI_Ibcast(bytes, count, MPI_BYTE, root, comm_of(communicator), &mpi);
  return started(code, mpi, request);
}

int32_t cmpi_barrier(CMPICommunicator communicator, CMPIRequest *request) {
  MPI_Request mpi = MPI_REQUEST_NULL;
  int code = MPI_Ibarrier(comm_of(communicator), &mpi);
  return started(code, mpi, request);
}

int32_t cmpi_send(
    CMPICommunicator communicator, const void *bytes, int32_t count, int32_t rank, int32_t tag, CMPIRequest *request) {
  MPI_Request mpi = MPI_REQUEST_NULL;
  int code = MPI_Isend(bytes, count, MPI_BYTE, rank, tag, comm_of(communicator), &mpi);
  return started(code, mpi, request);
}

int32_t cmpi_probe(CMPICommunicator communicator, int32_t *found, int32_t *rank, int32_t *tag, int32_t *count) {
  MPI_Status status;
  int flag = 0;
  int code = MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, comm_of(communicator), &flag, &status);
  *found = flag;
  if (code != MPI_SUCCESS || !flag) return code;
  *rank = status.MPI_SOURCE;
  *tag = status.MPI_TAG;
  return MPI_Get_count(&status, MPI_BYTE, count);
}

int32_t cmpi_receive(CMPICommunicator communicator, void *bytes, int32_t count, int32_t rank, int32_t tag) {
  return MPI_Recv(bytes, count, MPI_BYTE, rank, tag, comm_of(communicator), MPI_STATUS_IGNORE);
}
