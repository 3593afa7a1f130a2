// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

/// Tests of files and programs compile in half the time without optimisation, and run nearly as fast: what they start
/// and call is optimised.
let unoptimised = settings + [.unsafeFlags(["-Onone", "-no-emit-module-separately-wmo"])]

let package = Package(
  name: "svdist",
  products: [
    .executable(name: "svdist", targets: ["svdist"]),
    .library(name: "DistTrain", targets: ["DistTrain"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
    .target(name: "CMPI", dependencies: ["COpenMPI"], cSettings: [.treatAllWarnings(as: .error)]),
    .target(name: "CKernels", cSettings: [.treatAllWarnings(as: .error)]),
    .target(
      name: "DistTrain",
      dependencies: [
        "CMPI", "COpenSSL", "CSndFile", "CSoxr", "CKernels",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "svdist",
      dependencies: ["DistTrain", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: settings),
    .target(
      name: "TestCorpora", dependencies: ["DistTrain"], path: "Tests/Support/TestCorpora", swiftSettings: settings),
    .target(
      name: "UntrustedInputs", dependencies: ["DistTrain"], path: "Tests/Support/UntrustedInputs",
      swiftSettings: settings),
    .target(
      name: "TestTools", dependencies: ["CSndFile", "DistTrain"], path: "Tests/Support/TestTools",
      resources: [.copy("Fixtures")], swiftSettings: settings),
    .testTarget(
      name: "DistTrainTests", dependencies: ["DistTrain", "TestTools"], exclude: ["Rooms/rooms.txt"],
      swiftSettings: settings),
    .testTarget(
      name: "DistTrainFileTests", dependencies: ["CSndFile", "DistTrain", "TestTools", "UntrustedInputs"],
      swiftSettings: unoptimised),
    .testTarget(
      name: "DistTrainMPITests", dependencies: ["DistTrain", "TestCorpora", "TestTools"], swiftSettings: settings),
    .testTarget(name: "svdistTests", dependencies: ["DistTrain", "svdist", "TestCorpora"], swiftSettings: unoptimised),
  ],
  swiftLanguageModes: [.v6]
)
