/// A cause that makes svdist slower than the machine allows, with its remedy.
package struct MachineWarning: Sendable, Equatable {
  /// The kind of cause.
  package enum Cause: Sendable {
    /// Narrower instructions than the CPU has.
    case kernels
    /// More threads than there are cores, or than a binding or quota leaves.
    case oversubscription
    /// Cores without a thread.
    case idleCores
    case memory
    /// Data that arrive more slowly than the encoder processes them.
    case corpus
    /// Data that are lost.
    case damage
  }

  package let cause: Cause
  /// One line that names the cause, its cost and the remedy.
  package let text: String
  /// The share of the speed that is lost, from 0 to 1; 0 where it is small or not known.
  package let cost: Double

  package static func damage(_ text: String) -> MachineWarning { MachineWarning(cause: .damage, text: text, cost: 0) }

  /// Whether more than a third of the speed is lost.
  package var isCostly: Bool { cost > 1.0 / 3 }
}
