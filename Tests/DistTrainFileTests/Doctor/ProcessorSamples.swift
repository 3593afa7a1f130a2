/// Texts as the kernel writes them, cut to what matters.
enum ProcessorSamples {
  /// Two packages of two cores with two hardware threads each; core numbers repeat between packages.
  static let intel = (0..<8).map { thread in
    """
    processor\t: \(thread)
    vendor_id\t: GenuineIntel
    cpu family\t: 6
    model name\t: Intel(R) Xeon(R) Gold 6148 CPU  @ 2.40GHz
    physical id\t: \(thread / 2 % 2)
    siblings\t: 4
    core id\t\t: \(thread % 2)
    cpu cores\t: 2
    flags\t\t: fpu sse sse2 avx fma avx2 avx512f avx512dq avx512cd avx512bw avx512vl avx512_vnni
    vmx flags\t: vnmi preemption_timer avx512_bf16

    """
  }.joined(separator: "\n")

  /// One package of two cores without hardware threads.
  static let amd = (0..<2).map { thread in
    """
    processor\t: \(thread)
    vendor_id\t: AuthenticAMD
    cpu family\t: 23
    model name\t: AMD EPYC 7742 64-Core Processor
    physical id\t: 0
    core id\t\t: \(thread * 4)
    flags\t\t: fpu sse sse2 avx fma avx2
    bugs\t\t: sysret_ss_attrs spectre_v1

    """
  }.joined(separator: "\n")

  static let arm = """
    processor\t: 0
    BogoMIPS\t: 50.00
    Features\t: fp asimd evtstrm aes sve
    CPU implementer\t: 0x41

    processor\t: 1
    BogoMIPS\t: 50.00
    Features\t: fp asimd evtstrm aes sve
    CPU implementer\t: 0x41
    """
}
