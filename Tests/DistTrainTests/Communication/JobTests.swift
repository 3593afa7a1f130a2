import DistTrain
import Testing

@Suite struct JobTests {
  @Test(arguments: [
    ["OMPI_COMM_WORLD_SIZE": "1"], ["PMIX_RANK": "0"], ["PMI_RANK": "3"], ["PMI_SIZE": "4"],
    ["SLURM_PROCID": "0", "SLURM_STEP_ID": "2", "SLURM_STEP_NUM_TASKS": "4"],
  ])
  func `A launcher is known by its environment`(environment: [String: String]) {
    #expect(Job.isLaunched(environment))
  }

  @Test(arguments: [
    [:], ["PATH": "/usr/bin"], ["SLURM_PROCID": "0", "SLURM_JOB_ID": "7"],
    ["SLURM_PROCID": "0", "SLURM_STEP_ID": "4294967291", "SLURM_STEP_NUM_TASKS": "1"],
  ])
  func `A terminal or a batch script is no launcher`(environment: [String: String]) {
    #expect(!Job.isLaunched(environment))
  }
}
