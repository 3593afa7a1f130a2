import DistTrain
import TestTools
import Testing

/// The settings of the kinds of front ends.
@Suite struct FrontEndSettingsTests {
  private func load(_ overrides: [String], file: String? = nil) throws -> Configuration {
    try Configuration.load(file: file, overrides: overrides)
  }

  private func refusal(_ overrides: [String]) -> String? { failure { _ = try load(overrides) }?.message }

  @Test func `a kind comes with its defaults, which other settings change wherever they stand`() throws {
    #expect(try load([]).features == FrontEnd())
    let features = try load(["features.type=tfmel"]).features
    #expect(features == FrontEnd(.tfmel))
    #expect(features.bins == 72 && features.highestFrequency == 7600 && features.dither == 0)
    for overrides in [
      ["features.bins=60", "features.frameShift=15", "features.type=tfmel"],
      ["features={type: tfmel, bins: 60, frameShift: 15}"], ["features={bins: 60, frameShift: 15, type: tfmel}"],
    ] {
      let features = try load(overrides).features
      #expect(features.type == .tfmel && features.bins == 60 && features.frameShift == 15)
      #expect(features.highestFrequency == 7600)
    }
    var set = FrontEnd(bins: 24, dither: 3)
    set.window = .povey
    set.type = .tfmel
    #expect(set == FrontEnd(.tfmel))
    set.type = .kaldi
    #expect(set == FrontEnd())
  }

  @Test func `an encoder takes as many features as the kind has`() throws {
    for type in EncoderArchitecture.known {
      #expect(try load(["encoder.type=\(type.name)", "features.type=tfmel"]).network.bins == 72, "\(type.name)")
    }
  }

  @Test(arguments: ["window=povey", "edges=mirror", "scale=unit", "logFloor=1e-3", "meanRemoval=none", "dither=1"])
  func `what is Kaldi's alone is refused beside the other kind, by name`(setting: String) throws {
    let key = setting.prefix { $0 != "=" }
    for overrides in [
      ["features.\(setting)", "features.type=tfmel"], ["features.type=tfmel", "features.\(setting)"],
    ] {
      #expect(
        refusal(overrides)
          == "--set features.\(setting): features.\(key) is not a setting of features.type tfmel; its own are bins, "
          + "frameLength, frameShift, lowestFrequency, highestFrequency, preEmphasis")
    }
    _ = try load(["features.\(setting)"])
  }

  @Test(arguments: [
    ("frameShift=30", "features.frameShift: at most features.frameLength (25), found 30"),
    ("highestFrequency=10", "features.highestFrequency: above features.lowestFrequency (20), found 10"),
    ("type=mfcc", "--set features.type=mfcc: features.type: expected one of kaldi, tfmel, speechbrain, found mfcc"),
    ("bins=129", "--set features.bins=129: features.bins: allowed is 8 to 128, found 129"),
  ])
  func `what contradicts itself is refused of both kinds`(setting: String, message: String) {
    #expect(refusal(["features.type=tfmel", "features.\(setting)"]) == message)
    #expect(refusal(["features.\(setting)"]) == message)
  }

  @Test(arguments: ["frameLength=30", "preEmphasis=0.5", "window=povey", "scale=unit", "meanRemoval=none", "dither=1"])
  func `of SpeechBrain's filter bank bins, shift and frequencies alone are open`(setting: String) throws {
    let key = setting.prefix { $0 != "=" }
    #expect(
      refusal(["features.\(setting)", "features.type=speechbrain"])
        == "--set features.\(setting): features.\(key) is not a setting of features.type speechbrain; its own are "
        + "bins, frameShift, lowestFrequency, highestFrequency")
  }

  @Test func `SpeechBrain's filter bank has its own defaults and as many filters as its spectra hold`() throws {
    #expect(try load(["features.type=speechbrain"]).features == FrontEnd(.speechbrain))
    let configuration = try load(["features={type: speechbrain, bins: 24, frameShift: 12.5, lowestFrequency: 50}"])
    #expect(
      configuration.yaml.contains(
        "features:\n  type: speechbrain\n  bins: 24\n  frameShift: 12.5\n  lowestFrequency: 50\n"
          + "  highestFrequency: 8000\nencoder:\n"))
    try withConfigurationFile(configuration.yaml) { file in
      let readBack = try load([], file: file)
      #expect(readBack == configuration)
    }
    let metadata = configuration.encoderMetadata
    #expect(try Configuration.encoder(metadata: metadata, path: "model").features == configuration.features)
    #expect(
      refusal(["features.type=speechbrain", "features.bins=128"])
        == "features.bins: 4 of 128 filters from 0 to 8000 Hz lie between the 400 points of a spectrum: take fewer")
    #expect(
      refusal(["features.type=speechbrain", "features.frameShift=30"])
        == "features.frameShift: at most features.frameLength (25), found 30")
    #expect(refusal(["features.profile=kaldi", "features.type=speechbrain"])?.contains("is not a setting of") == true)
  }

  @Test func `a stored configuration and a file's metadata give the same front end again`() throws {
    let configuration = try load(["features={type: tfmel, bins: 60, frameShift: 15}", "encoder.channels=16"])
    #expect(
      configuration.yaml.contains(
        "features:\n  type: tfmel\n  bins: 60\n  frameLength: 25\n  frameShift: 15\n  lowestFrequency: 20\n"
          + "  highestFrequency: 7600\n  preEmphasis: 0.97\nencoder:\n"))
    try withConfigurationFile(configuration.yaml) { file in
      let readBack = try load([], file: file)
      #expect(readBack == configuration)
      #expect(readBack.differences(from: configuration).isEmpty)
    }
    let metadata = configuration.encoderMetadata
    #expect(metadata["features.type"] == "tfmel" && metadata["features.window"] == nil)
    #expect(try Configuration.encoder(metadata: metadata, path: "model").features == configuration.features)
    // A file that is older than the setting was written with Kaldi's.
    var older = try load([]).encoderMetadata
    older["features.type"] = nil
    #expect(try Configuration.encoder(metadata: older, path: "model").features == FrontEnd())
  }

  @Test func `of two kinds the settings that both have are compared, and the kind`() throws {
    let (tfmel, kaldi) = (try load(["features.type=tfmel"]), try load([]))
    let keys = ["features.type", "features.bins", "features.highestFrequency"]
    #expect(tfmel.differences(from: kaldi).map(\.key) == keys)
    #expect(kaldi.differences(from: tfmel).map(\.key) == keys)
  }
}
