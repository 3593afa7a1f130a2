import Foundation

/// The files and folders that a command reads, which its output must not replace.
package struct InputPaths {
  private var inputs: [(words: String, place: Place)] = []

  package init() {}

  /// Adds a file or a folder. What is not there, or is a pipe or a device, cannot be lost, and neither can nil.
  /// - Parameter words: by which a refusal names it, such as `--trials`.
  package mutating func add(_ path: String?, _ words: String) {
    guard let path, !FileSystem.isDevice(path), let place = Place(path) else { return }
    inputs.append((words, place))
  }

  /// Adds what a folder has under some names.
  package mutating func add(_ names: Set<String>, in folder: String?, _ words: String) {
    guard let folder else { return }
    for name in names.sorted() { add("\(folder)/\(name)", words) }
  }

  /// Refuses a file as an output that is one of the inputs, be it by another name or through a link.
  /// - Parameter words: by which the refusal names the output, such as `--scores`.
  /// - Throws: `Failure(.usage)`.
  package func refuse(_ output: String, as words: String) throws {
    guard let place = Place(output), let input = inputs.first(where: { $0.place.isSame(as: place) }) else { return }
    throw Failure(
      .usage, "\(words) \(output): is what \(input.words) reads, and would be lost: choose another name")
  }

  /// Refuses a folder to be replaced that is one of the inputs or holds one.
  /// - Parameter words: by which the refusal names the output, such as `--output`.
  /// - Throws: `Failure(.usage)`.
  package func refuse(replacing folder: String, as words: String) throws {
    guard let place = Place(folder) else { return }
    guard let input = inputs.first(where: { $0.place.isSame(as: place) || $0.place.lies(in: place) }) else { return }
    throw Failure(
      .usage, "\(words) \(folder): is or holds what \(input.words) reads, and would be lost: choose another folder")
  }

  /// The file or folder that a path leads to.
  private struct Place {
    private let device: dev_t
    private let node: ino_t
    private let path: String

    /// Nil where there is nothing.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      (device, node) = (status.st_dev, status.st_ino)
      self.path = FileSystem.resolved(path)
    }

    /// Whether both are one file or folder. Some network file systems number one file differently at each look, so that
    /// its path counts too.
    func isSame(as other: Place) -> Bool {
      (device, node) == (other.device, other.node) || Name(path) == Name(other.path)
    }

    func lies(in folder: Place) -> Bool { path.begins(with: folder.path + "/") }
  }
}
