import ArgumentParser

/// `svdist-benchmark NAME [options]`: measures, and says whether bounds are met.
@main
struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "svdist-benchmark",
    abstract: "Measures what svdist costs; scripts/benchmark compares it with PyTorch and with the machine's limits.",
    subcommands: [
      StepBenchmark.self, ExtractionBenchmark.self, KernelsBenchmark.self, LayersBenchmark.self,
      AllReduceBenchmark.self, InputBenchmark.self, FeaturesBenchmark.self, AugmentationBenchmark.self,
      ShardsBenchmark.self, MetricsBenchmark.self, CoverageBenchmark.self, CorpusBenchmark.self, OverlapBenchmark.self,
      MachineCommand.self,
    ])
}
