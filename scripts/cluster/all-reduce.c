// How long MPI itself takes to sum floats over ranks, for scripts/benchmark-network: all-reduce whole|turn|together FLOATS
// ROUNDS. Whole, by MPI_Allreduce; or in pieces that stay in the cache, by MPI_Iallreduce, one after the other or all under
// way at once.

#include <mpi.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { piece = 1 << 20 };

static int rising(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void sum(const char *way, float *values, int count) {
  if (strcmp(way, "whole") == 0) {
    MPI_Allreduce(MPI_IN_PLACE, values, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    return;
  }
  int pieces = (count + piece - 1) / piece, waited = 0;
  MPI_Request *requests = malloc(pieces * sizeof *requests);
  for (int i = 0; i < pieces; i++) {
    int start = i * piece, width = count - start < piece ? count - start : piece;
    MPI_Iallreduce(MPI_IN_PLACE, values + start, width, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD, &requests[i]);
    if (strcmp(way, "together") == 0 && i < pieces - 1) continue;
    // As svdist waits, which leaves the core to a rank that computes.
    for (; waited <= i; waited++) {
      int done = 0;
      while (MPI_Test(&requests[waited], &done, MPI_STATUS_IGNORE), !done) sched_yield();
    }
  }
  free(requests);
}

int main(int argc, char **argv) {
  MPI_Init(&argc, &argv);
  if (argc != 4) MPI_Abort(MPI_COMM_WORLD, 64);
  int count = atoi(argv[2]), rounds = atoi(argv[3]), rank;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  float *values = calloc(count, sizeof *values);
  double *seconds = calloc(rounds, sizeof *seconds);
  sum(argv[1], values, count);
  for (int i = 0; i < rounds; i++) {
    MPI_Barrier(MPI_COMM_WORLD);
    double began = MPI_Wtime();
    sum(argv[1], values, count);
    seconds[i] = MPI_Wtime() - began;
  }
  qsort(seconds, rounds, sizeof *seconds, rising);
  double median = seconds[rounds / 2], slowest;
  MPI_Reduce(&median, &slowest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD);
  if (rank == 0) printf("sum of %d floats %.3f ms\n", count, slowest * 1e3);
  MPI_Finalize();
  return 0;
}
