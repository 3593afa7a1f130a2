// swift-tools-version: 6.2
import PackageDescription

// Programs on the library, as a package of anyone's would have them: they see what DistTrain makes public and nothing
// else. `scripts/tools Examples` builds them beside the library, so that it is built once.
let settings: [SwiftSetting] = [.enableUpcomingFeature("ExistentialAny"), .treatAllWarnings(as: .error)]

let package = Package(
  name: "Examples",
  dependencies: [.package(name: "svdist", path: "..")],
  targets: [
    .executableTarget(
      name: "own-encoder", dependencies: [.product(name: "DistTrain", package: "svdist")], path: "OwnEncoder",
      swiftSettings: settings),
    .executableTarget(
      name: "train-from-swift", dependencies: [.product(name: "DistTrain", package: "svdist")], path: "TrainFromSwift",
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
