import DistTrain
import Testing

@Suite struct ProcessorInformationTests {
  @Test func `cores of two packages with hardware threads are told apart`() {
    let information = ProcessorInformation(ProcessorSamples.intel)
    #expect(information.model == "Intel(R) Xeon(R) Gold 6148 CPU @ 2.40GHz")
    #expect(information.cores.count == 8)
    #expect(Set(information.cores.values) == [0, 1, 2, 3])
    #expect(information.cores[0] == information.cores[4] && information.cores[1] == information.cores[5])
    #expect(information.cores[0] != information.cores[2])
    #expect(VectorWidth(features: information.features) == .sixteen)
    #expect(!information.features.contains("avx512_bf16"), "a virtual machine's features are no features of the CPU")
  }

  @Test func `cores whose numbers have gaps, and processors without any, are cores of their own`() {
    let amd = ProcessorInformation(ProcessorSamples.amd)
    #expect(amd.model == "AMD EPYC 7742 64-Core Processor")
    #expect(amd.cores == [0: 0, 1: 1])
    #expect(VectorWidth(features: amd.features) == .eight)
    let arm = ProcessorInformation(ProcessorSamples.arm)
    #expect(arm.model == nil && arm.cores == [0: 0, 1: 1] && arm.features.contains("sve"))
    #expect(VectorWidth(features: arm.features) == nil)
  }

  @Test(arguments: ["", "\n\n", "no field\n: nothing\nprocessor : many\n", "processor"])
  func `malformed text gives no cores`(text: String) {
    let information = ProcessorInformation(text)
    #expect(information.cores.isEmpty && information.model == nil && information.features.isEmpty)
  }

  @Test func `processors without a line between them are told apart`() {
    #expect(
      ProcessorInformation("processor: 0\nprocessor: 1\nprocessor: x\nprocessor: 3\n").cores.keys.sorted() == [0, 1, 3])
  }

  @Test(
    arguments: [
      ("0-3,8,10-11\n", [0, 1, 2, 3, 8, 10, 11]), ("5", [5]), ("", []), ("\n", []), ("0-0", [0]),
    ] as [(String, Set<Int>)])
  func `lists of CPUs are read`(text: String, cpus: Set<Int>) {
    #expect(CPUList.parse(text) == cpus)
  }

  @Test(arguments: ["x", "1-", "-1", "3-1", "1-2-3", "0-99999999999", "0,a"])
  func `what is no list of CPUs is refused`(text: String) {
    #expect(CPUList.parse(text) == nil)
  }
}
