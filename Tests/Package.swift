// swift-tools-version: 6.2
import Foundation
import PackageDescription

// The programs that tests and scripts start, a package of their own over the one around it: `scripts/tools Tests`
// builds it beside that, so that the library is built once. What the library keeps to its package is open to them all
// the same.
let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .unsafeFlags(["-Xfrontend", "-disable-access-control"]),
]
let strict = settings + [.treatAllWarnings(as: .error)]
let library = Target.Dependency.product(name: "DistTrain", package: "svdist")

let package = Package(
  name: "Tests",
  dependencies: [
    .package(name: "svdist", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .executableTarget(
      name: "CommunicationProbe", dependencies: [library], path: "CommunicationProbe", swiftSettings: strict),
    // Under another name than there, beside whose module it is built, and not strictly: where all is open, the compiler
    // finds no use in what is imported for the package.
    .target(
      name: "GeneratedCorpora", dependencies: [library], path: "Support/TestCorpora",
      exclude: ["BrokenRecording.swift", "OverflowingRecording.swift"], swiftSettings: settings),
    .executableTarget(
      name: "generate-corpus", dependencies: [library, "GeneratedCorpora"], path: "Support/GenerateCorpus",
      swiftSettings: strict),
    .executableTarget(
      name: "svdist-chaos",
      dependencies: [
        library, "GeneratedCorpora", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Chaos", swiftSettings: strict),
    .executableTarget(
      name: "svdist-inputs",
      dependencies: [
        library, "GeneratedCorpora", .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: "Inputs", swiftSettings: strict),
    .executableTarget(
      name: "filterbank-dump", dependencies: [library], path: "Support/FilterBankDump", swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)

// Links only where everything is built with -sanitize=fuzzer, as scripts/fuzz does.
if ProcessInfo.processInfo.environment["SVDIST_FUZZING"] != nil {
  package.targets += [
    .target(name: "CFuzzer", path: "Fuzzing/CFuzzer"),
    .target(
      name: "UntrustedInputs", dependencies: [library], path: "Support/UntrustedInputs", swiftSettings: settings),
    .executableTarget(
      name: "svdist-fuzz", dependencies: ["CFuzzer", "UntrustedInputs", library], path: "Fuzzing/Driver",
      swiftSettings: strict),
  ]
}
