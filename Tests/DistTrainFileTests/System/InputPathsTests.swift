import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct InputPathsTests {
  /// Writes a file and gives it other names: a link, one through a linked folder, and a second name on the disk.
  private func lay(in folder: String) throws -> [String] {
    try FileSystem.createFolder(folder + "/data")
    try write("a b target\n", to: folder + "/data/trials")
    try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "data/trials")
    try FileManager.default.createSymbolicLink(atPath: folder + "/again", withDestinationPath: folder + "/link")
    try FileManager.default.createSymbolicLink(atPath: folder + "/same", withDestinationPath: folder + "/data")
    try FileManager.default.linkItem(atPath: folder + "/data/trials", toPath: folder + "/second")
    return ["data/trials", "data/../data/trials", "link", "again", "same/trials", "second"].map { "\(folder)/\($0)" }
  }

  @Test func `an output that is an input by any of its names is refused, and another one is not`() throws {
    try withScratchFolder { folder in
      let names = try lay(in: folder)
      try write("a b target\n", to: folder + "/other")
      for input in names {
        var inputs = InputPaths()
        inputs.add(nil, "--enrolment-map")
        inputs.add(folder + "/none", "--embeddings")
        inputs.add(input, "--trials")
        for output in names {
          let refusal = failure { try inputs.refuse(output, as: "--scores") }
          #expect(refusal?.kind == .usage, "\(input), \(output)")
          #expect(refusal?.message.hasPrefix("--scores \(output): is what --trials reads") == true)
        }
        for output in [folder + "/other", folder + "/none", folder + "/data", "/dev/null"] {
          try inputs.refuse(output, as: "--scores")
        }
      }
    }
  }

  @Test func `the lists of a folder are inputs by their names`() throws {
    try withScratchFolder { folder in
      _ = try lay(in: folder)
      try write("a 1\n", to: folder + "/data/notes")
      var inputs = InputPaths()
      inputs.add(["trials", "wav.scp"], in: folder + "/data", "--corpus")
      inputs.add(["trials"], in: nil, "--corpus")
      #expect(failure { try inputs.refuse(folder + "/link", as: "--scores") }?.message.contains("--corpus") == true)
      for name in ["notes", "wav.scp"] { try inputs.refuse("\(folder)/data/\(name)", as: "--scores") }
    }
  }

  @Test func `devices are never lost`() throws {
    var inputs = InputPaths()
    inputs.add("/dev/null", "--trials")
    try inputs.refuse("/dev/null", as: "--scores")
  }

  @Test func `a folder to be replaced may neither be an input nor hold one`() throws {
    try withScratchFolder { folder in
      _ = try lay(in: folder)
      for input in ["data", "data/trials", "link", "same", "same/trials"] {
        var inputs = InputPaths()
        inputs.add("\(folder)/\(input)", "SOURCE")
        for output in ["data", "same", "data/", "same/../data"] {
          let refusal = failure { try inputs.refuse(replacing: "\(folder)/\(output)", as: "--output") }
          #expect(refusal?.kind == .usage && refusal?.message.contains("SOURCE") == true, "\(input), \(output)")
        }
        for beside in ["data-2", "dat"] { try FileSystem.createFolder("\(folder)/\(beside)") }
        for output in ["data-2", "dat", "data/sub", "none"] {
          try inputs.refuse(replacing: "\(folder)/\(output)", as: "--output")
        }
      }
    }
  }

  @Test func `a path is followed through links, be there something or not`() throws {
    try withScratchFolder { scratch in
      let folder = FileSystem.resolved(scratch)
      _ = try lay(in: folder)
      for (link, target) in [("dangling", "data/none"), ("loop", "loop"), ("absolute", folder + "/same/new")] {
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/\(link)", withDestinationPath: target)
      }
      for (name, resolved) in [
        ("again", "data/trials"), ("same", "data"), ("same/new/er", "data/new/er"), ("dangling", "data/none"),
        ("absolute", "data/new"), ("loop", "loop"), ("none", "none"), ("same/../x", "x"),
      ] {
        #expect(FileSystem.resolved("\(folder)/\(name)") == "\(folder)/\(resolved)")
      }
      #expect(FileSystem.resolved("/") == "/" && FileSystem.resolved("/none") == "/none")
    }
  }
}
