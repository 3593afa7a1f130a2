// MPI's handles are macros with casts, which Swift cannot import: this shim gives svdist the functions that it uses,
// without any MPI type.
//
// Counts are in elements. Every function that returns `int32_t` returns MPI's code, 0 for success, unless it says
// otherwise; `cmpi_describe` puts a code into words. Collective operations are only started: `cmpi_test` moves them on
// and says when they are done, and until then their buffers belong to them.
#ifndef CMPI_H
#define CMPI_H

#include <stdint.h>

/// A group of ranks.
typedef struct {
  uint64_t handle;
} CMPICommunicator;

/// An operation under way.
typedef struct {
  uint64_t handle;
} CMPIRequest;

/// Gives signals back the meaning that the process found at its start, before libraries were loaded, and keeps those that
/// come later from taking one. It must be called before there are threads, and before the program takes signals itself.
void cmpi_restore_signals(void);
/// Starts MPI in such a way that any thread may call it, one at a time. From here on errors come back as codes.
int32_t cmpi_start(void);
/// Ends MPI, after all ranks have called this. Does nothing where MPI is not running.
int32_t cmpi_finish(void);
/// Returns 1 between the start and the end of MPI, otherwise 0.
int32_t cmpi_is_running(void);
/// The MPI whose header this was compiled with, such as "Open MPI 4.1.4" or "the MPI standard ABI 1.0".
const char *cmpi_header(void);
/// Returns 1 where the library that was loaded has the binary interface of that header, otherwise 0: then nothing but
/// `cmpi_library` may be called. MPI need not be running.
int32_t cmpi_library_fits(void);
/// The library's name and version, cut to `capacity` bytes with the final 0; MPI need not be running.
void cmpi_library(char *text, int32_t capacity);
/// The way in which threads may call MPI, in MPI's word: "serialized" or "multiple"; "" where MPI is not running.
const char *cmpi_thread_level(void);
/// Ends all ranks with this status; where the launcher does not answer within 10 s, this process alone.
_Noreturn void cmpi_abort(int32_t status);
/// MPI's words for a code, cut to `capacity` bytes with the final 0.
void cmpi_describe(int32_t code, char *text, int32_t capacity);

/// Makes a communicator of all ranks that shares no messages with any other. All ranks call it in the same order.
int32_t cmpi_duplicate_world(CMPICommunicator *communicator);
/// Sets `rank` to the number of this rank, from 0.
int32_t cmpi_rank(CMPICommunicator communicator, int32_t *rank);
/// Sets `size` to the number of ranks.
int32_t cmpi_size(CMPICommunicator communicator, int32_t *size);

/// Sets `done` to 1 once the operation is complete; its request is then void.
int32_t cmpi_test(CMPIRequest *request, int32_t *done);

/// Starts to send `sent_counts[r]` elements from `sent_offsets[r]` of `sent` to each rank r, and to receive
/// `taken_counts[r]` elements from it at `taken_offsets[r]` of `taken`. The counts and offsets belong to the operation
/// too until it is done.
int32_t cmpi_exchange_floats(
    CMPICommunicator communicator, const float *sent, const int32_t *sent_counts, const int32_t *sent_offsets,
    float *taken, const int32_t *taken_counts, const int32_t *taken_offsets, CMPIRequest *request);
/// Starts to gather `counts[r]` elements of each rank r at `offsets[r]` of `all`, on every rank.
int32_t cmpi_gather_floats(
    CMPICommunicator communicator, const float *own, int32_t own_count, float *all, const int32_t *counts,
    const int32_t *offsets, CMPIRequest *request);
/// Starts to gather doubles, as cmpi_gather_floats does floats.
int32_t cmpi_gather_doubles(
    CMPICommunicator communicator, const double *own, int32_t own_count, double *all, const int32_t *counts,
    const int32_t *offsets, CMPIRequest *request);
/// Starts to gather bytes, as cmpi_gather_floats does floats.
int32_t cmpi_gather_bytes(
    CMPICommunicator communicator, const uint8_t *own, int32_t own_count, uint8_t *all, const int32_t *counts,
    const int32_t *offsets, CMPIRequest *request);
/// Starts to give all ranks the bytes of rank `root`.
int32_t cmpi_broadcast_bytes(
    CMPICommunicator communicator, void *bytes, int32_t count, int32_t root, CMPIRequest *request);
/// Starts a barrier, which is done once all ranks have started it.
int32_t cmpi_barrier(CMPICommunicator communicator, CMPIRequest *request);

/// Starts to send bytes to one rank.
int32_t cmpi_send(
    CMPICommunicator communicator, const void *bytes, int32_t count, int32_t rank, int32_t tag, CMPIRequest *request);
/// Looks for a message: sets `found` to whether one is there and, if so, the others to its sender, its tag and its
/// number of bytes.
int32_t cmpi_probe(CMPICommunicator communicator, int32_t *found, int32_t *rank, int32_t *tag, int32_t *count);
/// Takes a message that `cmpi_probe` found.
int32_t cmpi_receive(CMPICommunicator communicator, void *bytes, int32_t count, int32_t rank, int32_t tag);

#endif
