/// Something that makes svdist slower than the machine allows, with its remedy.
package struct MachineWarning: Sendable, Equatable {
  package enum Cause: Sendable {
    /// Narrower instructions than the CPU has.
    case kernels
    /// More threads than cores, or than a binding or quota leaves.
    case oversubscription
    /// Cores without a thread.
    case idleCores
    case memory
    /// Data that come slower than the encoder takes them.
    case corpus
    /// Data that are lost.
    case damage
  }

  package let cause: Cause
  /// One line: what it is, what it costs, what to do.
  package let text: String
  /// The part of the speed that it costs, from 0 to 1; 0 where it is small or not known.
  package let cost: Double

  package static func damage(_ text: String) -> MachineWarning { MachineWarning(cause: .damage, text: text, cost: 0) }

  /// Whether it costs more than a third of the speed.
  package var isCostly: Bool { cost > 1.0 / 3 }
}
