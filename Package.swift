// swift-tools-version: 6.1
import Foundation
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

let package = Package(
  name: "svdist",
  products: [
    .executable(name: "svdist", targets: ["svdist"]),
    .library(name: "DistTrain", targets: ["DistTrain"]),
    // Tests load it into the programs that they run.
    .library(name: "FaultyDisk", type: .dynamic, targets: ["FaultyDisk"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "3.12.3"),
  ],
  targets: [
    .systemLibrary(name: "COpenMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
    .target(name: "CMPI", dependencies: ["COpenMPI"]),
    .target(name: "CKernels"),
    .target(
      name: "DistTrain",
      dependencies: [
        "CMPI", "CSndFile", "CSoxr", "CKernels",
        .product(name: "Yams", package: "Yams"),
        .product(name: "Crypto", package: "swift-crypto"),
      ],
      swiftSettings: settings),
    .executableTarget(
      name: "svdist",
      dependencies: ["DistTrain", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: settings),
    .executableTarget(
      name: "svdist-benchmark",
      dependencies: [
        "DistTrain", "COpenBLAS", "CSndFile", "CKernels",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Benchmarks", swiftSettings: settings),
    .executableTarget(
      name: "filterbank-dump", dependencies: ["DistTrain"], path: "Tests/Support/FilterBankDump",
      swiftSettings: settings),
    .testTarget(
      name: "DistTrainTests", dependencies: ["DistTrain", "UntrustedInputs"], resources: [.copy("Fixtures")],
      swiftSettings: settings),
    .target(
      name: "TestCorpora", dependencies: ["DistTrain"], path: "Tests/Support/TestCorpora", swiftSettings: settings),
    .executableTarget(
      name: "generate-corpus", dependencies: ["DistTrain", "TestCorpora"], path: "Tests/Support/GenerateCorpus",
      swiftSettings: settings),
    .target(
      name: "UntrustedInputs", dependencies: ["DistTrain"], path: "Tests/Support/UntrustedInputs",
      swiftSettings: settings),
    .target(name: "FaultyDisk", path: "Tests/Support/FaultyDisk"),
    .executableTarget(
      name: "svdist-chaos",
      dependencies: [
        "DistTrain", "TestCorpora", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Tests/Chaos", swiftSettings: settings),
    .testTarget(name: "DistTrainMPITests", dependencies: ["DistTrain", "TestCorpora"], swiftSettings: settings),
    .executableTarget(
      name: "CommunicationProbe", dependencies: ["DistTrain"], path: "Tests/CommunicationProbe",
      swiftSettings: settings),
    .testTarget(
      name: "svdistTests", dependencies: ["DistTrain", "svdist", "CommunicationProbe", "TestCorpora"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)

// Links only where everything is built with -sanitize=fuzzer, as scripts/fuzz does.
if ProcessInfo.processInfo.environment["SVDIST_FUZZING"] != nil {
  package.targets += [
    .target(name: "CFuzzer", path: "Tests/Fuzzing/CFuzzer"),
    .executableTarget(
      name: "svdist-fuzz", dependencies: ["CFuzzer", "DistTrain", "UntrustedInputs"], path: "Tests/Fuzzing/Driver",
      swiftSettings: settings),
  ]
}
