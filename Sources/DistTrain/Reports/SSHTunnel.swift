import Foundation

/// The command by which a person's own machine reaches what is served on this one.
package enum SSHTunnel {
  /// - Parameters:
  ///   - environment: in which the server was started.
  ///   - machine: the name of this machine.
  ///   - address: at which it serves.
  /// - Returns: nil where the server was started at the machine itself, as far as the environment tells.
  package static func command(
    _ environment: [String: String], machine: String, address: ServerAddress, port: UInt16
  ) -> String? {
    let isJob = SlurmJob(environment: environment) != nil
    guard isJob || environment["SSH_CONNECTION"] != nil, isName(machine) else { return nil }
    let target = address.isAny ? "127.0.0.1" : address.shown(name: machine)
    // A cluster's nodes are mostly reached from where their jobs are submitted.
    let way = (isJob ? environment["SLURM_SUBMIT_HOST"] : nil).flatMap { host in
      isName(host) && host != machine ? "-J \(host) " : nil
    }
    return "ssh -N -L \(port):\(target):\(port) \(way ?? "")\(machine)"
  }

  /// Whether a text is nothing but a host's name to a shell.
  private static func isName(_ text: String) -> Bool {
    let isPlain = text.unicodeScalars.allSatisfy { scalar in
      scalar.isASCII
        && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
          || "-._".unicodeScalars.contains(scalar))
    }
    return isPlain && !text.isEmpty && !text.hasPrefix("-")
  }
}
