// swift-tools-version: 6.2
import PackageDescription

// A package of its own over the one around it: `scripts/tools Benchmarks` builds it beside that, so that the library is
// built once. What the library keeps to its package is open to it all the same.
let package = Package(
  name: "Benchmarks",
  dependencies: [
    .package(name: "svdist", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
  ],
  targets: [
    .systemLibrary(
      name: "COpenBLAS", path: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .executableTarget(
      name: "svdist-benchmark",
      dependencies: [
        "COpenBLAS", .product(name: "DistTrain", package: "svdist"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      path: ".", exclude: ["COpenBLAS"],
      swiftSettings: [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
        .treatAllWarnings(as: .error),
        .unsafeFlags(["-Xfrontend", "-disable-access-control"]),
      ]),
  ],
  swiftLanguageModes: [.v6]
)
