/// The files that batch systems and launchers write into the folder that a job is to use: its output and that of its
/// ranks.
enum JobOutput {
  /// The names that mpirun gives the output of a rank (`--output-filename`).
  private static let ofRank = ["stdout", "stderr", "stddiag"]

  /// Whether a file or folder looks like a job's output or settings, by its name or, for a folder, by what it holds.
  static func holds(_ path: String) -> Bool {
    let name = FileSystem.name(of: path)
    if FileSystem.isFolder(path) { return name.hasPrefix(".") || isOfRanks(path, depth: 3) }
    if name.hasPrefix(".") || ofRank.contains(name) { return true }
    let suffix = FileSystem.suffix(of: path)
    switch suffix {
    case "log", "out", "err", "yaml", "yml": return true
    // Slurm's `--output=%j.txt` has the number of the job last, as has `%x-%j.txt`.
    case "txt": return FileSystem.stem(of: name).utf8.last.map { (48...57).contains($0) } ?? false
    // PBS and SGE write NAME.o77 and NAME.e77.
    default: return ["o", "e"].contains(suffix.prefix(1)) && isNumber(suffix.dropFirst())
    }
  }

  /// Whether a folder holds the output of ranks and nothing else: `1/rank.0/stdout`.
  private static func isOfRanks(_ folder: String, depth: Int) -> Bool {
    guard depth > 0, let names = try? FileSystem.names(in: folder), !names.isEmpty else { return false }
    return names.allSatisfy { name in
      let path = "\(folder)/\(name)"
      guard name.hasPrefix("rank."), isNumber(name.dropFirst("rank.".count)) else {
        return isOfRanks(path, depth: depth - 1)
      }
      return (try? FileSystem.names(in: path))?.allSatisfy(ofRank.contains) ?? false
    }
  }

  private static func isNumber(_ text: Substring) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (48...57).contains($0) }
  }
}
