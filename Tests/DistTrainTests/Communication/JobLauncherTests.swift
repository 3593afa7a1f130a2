import DistTrain
import Testing

@Suite struct JobLauncherTests {
  /// The variables that say most, as the launchers set them.
  private static let environments: [(JobLauncher?, rank: Int?, size: Int?, [String: String])] = [
    // Open MPI 4.1.8 and 5.0.11.
    (.openMPI, 1, 2, ["OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_RANK": "1", "PMIX_RANK": "1"]),
    // The same within a job of Slurm.
    (
      .openMPI, 3, 4,
      ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "3", "SLURM_PROCID": "0", "SLURM_STEP_ID": "1"]
    ),
    // MPICH 5.0.2.
    (.hydra, 1, 2, ["PMI_RANK": "1", "PMI_SIZE": "2", "PMI_FD": "9", "HYDI_CONTROL_FD": "7", "MPI_LOCALNRANKS": "2"]),
    (
      .hydra, 0, 2,
      ["PMI_RANK": "0", "PMI_SIZE": "2", "MPI_LOCALNRANKS": "1", "SLURM_PROCID": "1", "SLURM_STEP_ID": "0"]
    ),
    (.srun, 2, 4, ["SLURM_PROCID": "2", "SLURM_STEP_ID": "2", "SLURM_STEP_NUM_TASKS": "4"]),
    (.srun, 0, 1, ["SLURM_PROCID": "0", "SLURM_STEP_ID": "2", "SLURM_STEP_NUM_TASKS": "1", "PMIX_RANK": "0"]),
    (.other, 0, nil, ["PMIX_RANK": "0"]), (.other, 3, nil, ["PMI_RANK": "3"]), (.other, nil, 4, ["PMI_SIZE": "4"]),
    // A terminal, and batch scripts.
    (nil, nil, nil, ["PATH": "/usr/bin"]), (nil, nil, nil, ["MPI_LOCALNRANKS": "2"]),
    (nil, 0, nil, ["SLURM_PROCID": "0", "SLURM_JOB_ID": "7"]),
    (nil, 0, 1, ["SLURM_PROCID": "0", "SLURM_STEP_ID": "4294967291", "SLURM_STEP_NUM_TASKS": "1"]),
  ]

  @Test(arguments: environments) func `A launcher is known by its environment`(
    launcher: JobLauncher?, rank: Int?, size: Int?, environment: [String: String]
  ) {
    #expect(JobLauncher(environment) == launcher)
    #expect(JobLauncher.rank(environment) == rank)
    #expect(JobLauncher.size(environment) == size)
  }

  @Test(arguments: [
    (JobLauncher.srun, "Open MPI v4.1.4", "srun --mpi=pmix"), (.srun, "MPICH 5.0.2", "srun --mpi=pmi2"),
    (.hydra, "Open MPI v4.1.4", "that MPI's own mpirun"), (.openMPI, "MPICH 5.0.2", "that MPI's own mpirun"),
  ])
  func `Advice names what starts ranks of the library`(launcher: JobLauncher, library: String, words: String) {
    #expect(launcher.advice(library: library).contains(words))
  }

  @Test func `The line about another MPI's launcher names both`() {
    let line = JobLauncher.hydra.mismatch("2 processes", "joins 1")
    let both = "MPICH's mpirun started 2 processes, but svdist is built with \(MPILibrary.header), which joins 1: "
    #expect(line.hasPrefix(both))
  }

  @Test(arguments: [
    ("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4, repo rev: v4.1.4, May 26, 2022", "Open MPI v4.1.4"),
    ("MPICH Version:      5.0.2\nMPICH Release date: Fri Sep 25 20:45:26 UTC 2026\n", "MPICH 5.0.2"),
    ("", "an MPI without a name"),
  ])
  func `A library's name is the first of what it says of itself`(words: String, name: String) {
    #expect(MPILibrary.name(in: words) == name)
  }
}
