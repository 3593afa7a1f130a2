/// What started a process as one rank of a job, as its environment tells.
package enum JobLauncher: String {
  case openMPI = "Open MPI's mpirun"
  /// MPICH's mpirun and those made from it.
  case hydra = "MPICH's mpirun"
  case srun
  /// One that speaks PMI or PMIx and says no more.
  case other = "the launcher"

  /// - Returns: nil where the process was started as one rank alone.
  package init?(_ environment: [String: String]) {
    func has(_ names: String...) -> Bool { names.contains { environment[$0] != nil } }
    let isNumbered = has("PMIX_RANK", "PMI_RANK", "PMI_SIZE")
    // Within a job of Slurm the variables of a step may be there too under mpirun. A batch script runs in a step as well,
    // one with a single task.
    if has("OMPI_COMM_WORLD_SIZE") {
      self = .openMPI
    } else if isNumbered, has("HYDI_CONTROL_FD", "MPI_LOCALNRANKS") {
      self = .hydra
    } else if has("SLURM_PROCID"), has("SLURM_STEP_ID"), isNumbered || (Self.tasks(environment) ?? 1) > 1 {
      self = .srun
    } else if isNumbered {
      self = .other
    } else {
      return nil
    }
  }

  /// The number of this process among those that the launcher started, from 0, which is known before MPI starts; nil
  /// where none says.
  package static func rank(_ environment: [String: String]) -> Int? {
    first(of: ["OMPI_COMM_WORLD_RANK", "PMIX_RANK", "PMI_RANK", "SLURM_PROCID"], environment)
  }

  /// The number of processes that the launcher says it started; nil where it does not say.
  package static func size(_ environment: [String: String]) -> Int? {
    first(of: ["OMPI_COMM_WORLD_SIZE", "PMI_SIZE"], environment) ?? tasks(environment)
  }

  /// The line about ranks of another MPI than the launcher's.
  /// - Parameters:
  ///   - started: what the launcher started.
  ///   - end: what became of that, with the program's MPI as its subject.
  package func mismatch(_ started: String, _ end: String) -> String {
    "\(rawValue) started \(started), but svdist is built with \(MPILibrary.header), which \(end): "
      + advice(library: MPILibrary.name)
  }

  /// How ranks of the MPI library that the program is built with are started, for people who started them otherwise.
  /// - Parameter library: its name.
  package func advice(library: String) -> String {
    switch self {
    case .srun where library.hasPrefix("Open MPI"): "start it with srun --mpi=pmix"
    case .srun: "start it with srun --mpi=pmi2, with cray_shasta on a Cray"
    default: "start it with that MPI's own mpirun, or build it with the other (SVDIST_MPI)"
    }
  }

  private static func tasks(_ environment: [String: String]) -> Int? {
    first(of: ["SLURM_STEP_NUM_TASKS"], environment)
  }

  private static func first(of names: [String], _ environment: [String: String]) -> Int? {
    names.lazy.compactMap { environment[$0] }.first.flatMap { Int($0) }
  }
}
