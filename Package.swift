// swift-tools-version: 6.2
import Foundation
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

/// The MPI that svdist is compiled for and linked with. `SVDIST_MPI` names one that pkg-config knows, `openmpi` or
/// `mpich`, or the folder of its `include` and `lib`; without it the first is taken that pkg-config knows.
/// `SVDIST_MPI_ABI=standard` takes the standard's binary interface of a folder's MPI in place of its own.
///
/// Only a folder needs unsafe flags, with which nothing can depend on a version of this package.
let mpi = Context.environment["SVDIST_MPI"] ?? ""
let isStandardABI = Context.environment["SVDIST_MPI_ABI"] == "standard"

func isKnown(toPkgConfig name: String) -> Bool {
  let search = Process()
  search.executableURL = URL(fileURLWithPath: "/usr/bin/env")
  search.arguments = ["pkg-config", "--exists", name]
  search.standardError = FileHandle.nullDevice
  guard (try? search.run()) != nil else { return false }
  search.waitUntilExit()
  return search.terminationStatus == 0
}

func mpiTargets() -> [Target] {
  if mpi.hasPrefix("/") {
    let folders = ["lib", "lib64"].map { "\(mpi)/\($0)" }
    let paths = folders.flatMap { ["-L\($0)", "-Xlinker", "-rpath", "-Xlinker", $0] }
    return [
      .target(
        name: "CMPI",
        cSettings: [.treatAllWarnings(as: .error), .unsafeFlags(["-isystem", "\(mpi)/include"])]
          + (isStandardABI ? [.define("MPI_ABI")] : []),
        linkerSettings: [.unsafeFlags(paths), .linkedLibrary(isStandardABI ? "mpi_abi" : "mpi")])
    ]
  }
  let names = ["openmpi": ["ompi-c"], "mpich": ["mpich"], "": ["ompi-c", "mpich", "mpi"]]
  guard let names = names[mpi], !isStandardABI else {
    let line =
      "error: SVDIST_MPI is openmpi, mpich or the folder of an MPI's include and lib; SVDIST_MPI_ABI=standard needs the "
      + "folder; SVDIST_MPI is '\(mpi)'\n"
    FileHandle.standardError.write(Data(line.utf8))
    exit(1)
  }
  return [
    .systemLibrary(
      name: "CSystemMPI", pkgConfig: names.first(where: isKnown) ?? names[0],
      providers: [.apt([mpi == "mpich" ? "libmpich-dev" : "libopenmpi-dev"])]),
    .target(name: "CMPI", dependencies: ["CSystemMPI"], cSettings: [.treatAllWarnings(as: .error)]),
  ]
}

let package = Package(
  name: "svdist",
  products: [
    .executable(name: "svdist", targets: ["svdist"]),
    .library(name: "DistTrain", targets: ["DistTrain"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swhitty/FlyingFox", from: "0.27.1"),
  ],
  targets: mpiTargets() + [
    .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSndFile", pkgConfig: "sndfile", providers: [.apt(["libsndfile1-dev"])]),
    .systemLibrary(name: "CSoxr", pkgConfig: "soxr", providers: [.apt(["libsoxr-dev"])]),
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
      dependencies: [
        "DistTrain", .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "FlyingFox", package: "FlyingFox"), .product(name: "FlyingSocks", package: "FlyingFox"),
      ],
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
