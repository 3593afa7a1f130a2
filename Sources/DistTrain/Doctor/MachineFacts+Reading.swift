internal import CKernels
import Foundation

extension MachineFacts {
  /// The facts of this process, from /proc, /sys, the environment and the libraries as they were loaded.
  package static func here() -> MachineFacts {
    var facts = read(environment: ProcessInfo.processInfo.environment)
    facts.kernels = String(cString: ck_instruction_set())
    facts.hasBfloat16 = Precision.bfloat16.isAvailable
    return facts
  }

  /// The facts that the kernel and the environment tell. Limits that they do not tell are taken not to exist.
  /// - Parameter root: the folder that holds proc and sys.
  package static func read(root: String = "", environment: [String: String]) -> MachineFacts {
    let read = { KernelFile.text(root + $0) }
    var facts = MachineFacts(host: hostName())
    let processor = ProcessorInformation(read("/proc/cpuinfo") ?? "")
    facts.processor = processor.model ?? facts.processor
    facts.features = processor.features
    facts.cores = processor.cores

    let group = ControlGroup(read: read)
    facts.quota = group.quota
    let online = Set(processor.cores.keys)
    let mask = affinity(read("/proc/self/status") ?? "") ?? online
    facts.allowed = online.isEmpty ? mask : mask.intersection(online)
    // Where the mask goes beyond the control group, it counts, because the kernel itself reports it.
    facts.available = (group.cpus ?? online).intersection(online).union(facts.allowed)

    facts.hugePages = read("/sys/kernel/mm/transparent_hugepage/enabled").flatMap(chosen)
    facts.environment = environment.filter { variables.contains($0.key) }
    return facts
  }

  /// The affinity mask of a process, from its /proc status; nil where there is none.
  static func affinity(_ status: String) -> Set<Int>? {
    let name = "Cpus_allowed_list:"
    let line = status.split(separator: "\n").first { $0.hasPrefix(name) }
    return line.flatMap { CPUList.parse(String($0.dropFirst(name.count))) }.flatMap { $0.isEmpty ? nil : $0 }
  }

  /// The word in brackets, by which the kernel marks the choice in force.
  static func chosen(_ text: String) -> String? {
    text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("[") && $0.hasSuffix("]") && $0.count > 2 }
      .map { String($0.dropFirst().dropLast()) }
  }
}
