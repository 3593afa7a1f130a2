import DistTrain
import TestTools
import Testing

/// `features.profile`, which sets several settings of the front end at once.
@Suite struct FrontEndProfileTests {
  private func features(_ overrides: [String], file: String? = nil) throws -> FrontEnd {
    try Configuration.load(file: file, overrides: overrides).features
  }

  /// Kaldi's front end by all that profiles set, in the order of the settings.
  private func frontEnd(
    _ window: FrontEnd.Window, _ edges: FrontEnd.Edges, _ highest: Double, _ scale: FrontEnd.Scale
  ) -> FrontEnd {
    var frontEnd = FrontEnd()
    (frontEnd.window, frontEnd.edges, frontEnd.highestFrequency) = (window, edges, highest)
    frontEnd.scale = scale
    return frontEnd
  }

  @Test func `each profile sets window, edges, frequencies, scale and mean removal, and nothing else`() throws {
    let expected = [
      "kaldi": frontEnd(.povey, .snip, 8000, .int16), "wespeaker": FrontEnd(),
      "3d-speaker": frontEnd(.povey, .snip, 8000, .unit), "sherpa": frontEnd(.povey, .mirror, 7600, .int16),
    ]
    #expect(Set(FrontEnd.Profile.allCases.map(\.rawValue)) == Set(expected.keys))
    for (profile, frontEnd) in expected {
      #expect(try features(["features.profile=\(profile)"]) == frontEnd, "\(profile)")
    }
    // All of a profile's settings come back, whatever was there.
    for profile in FrontEnd.Profile.allCases {
      var odd = FrontEnd(bins: 40, dither: 3)
      (odd.window, odd.edges, odd.scale, odd.meanRemoval) = (.rectangular, .mirror, .unit, .none)
      (odd.lowestFrequency, odd.highestFrequency, odd.preEmphasis) = (100, 4000, 0.5)
      odd.take(profile)
      var theirs = try #require(expected[profile.rawValue])
      (theirs.bins, theirs.dither, theirs.preEmphasis) = (40, 3, 0.5)
      #expect(odd == theirs, "\(profile)")
    }
  }

  @Test func `settings that are given win over a profile's, wherever they stand`() throws {
    var expected = frontEnd(.hann, .mirror, 7600, .int16)
    expected.bins = 40
    let window = "features.window=hann"
    for overrides in [
      [window, "features.bins=40", "features.profile=sherpa"], ["features={profile: sherpa, bins: 40}", window],
      ["features={bins: 40, window: hann, profile: sherpa}"],
      ["features.profile=kaldi", window, "features.bins=40", "features.profile=sherpa"],
    ] {
      #expect(try features(overrides) == expected, "\(overrides)")
    }
    try withConfigurationFile("features:\n  window: hann\n  profile: 3d-speaker\n") { file in
      let (own, other) = (try features([], file: file), try features(["features.profile=sherpa"], file: file))
      #expect(own == frontEnd(.hann, .snip, 8000, .unit) && other == frontEnd(.hann, .mirror, 7600, .int16))
    }
  }

  @Test func `what a profile sets is stored, and its name is not`() throws {
    let configuration = try Configuration.load(file: nil, overrides: ["features.profile=sherpa"])
    #expect(!configuration.yaml.contains("profile"))
    #expect(configuration.yaml.contains("  window: povey\n") && configuration.yaml.contains("  edges: mirror\n"))
    let metadata = configuration.encoderMetadata
    #expect(metadata["features.profile"] == nil && metadata["features.highestFrequency"] == "7600")
    #expect(try Configuration.encoder(metadata: metadata, path: "model").features == configuration.features)
    try withConfigurationFile(configuration.yaml) { file in
      let readBack = try Configuration.load(file: file)
      #expect(readBack == configuration)
    }
    #expect(configuration.explainedYAML.contains("# profile: kaldi | wespeaker | 3d-speaker | sherpa; sets window"))
  }

  @Test func `unknown profiles and those of the other kind are refused`() {
    func refusal(_ overrides: [String]) -> String? { failure { _ = try features(overrides) }?.message }
    #expect(
      refusal(["features.profile=nemo"])
        == "--set features.profile=nemo: features.profile: expected one of kaldi, wespeaker, 3d-speaker, sherpa, "
        + "found nemo"
    )
    #expect(refusal(["features.profile=[sherpa]"])?.contains("expected one of kaldi") == true)
    #expect(
      refusal(["features.profile=sherpa", "features.type=tfmel"])
        == "--set features.profile=sherpa: features.profile is not a setting of features.type tfmel; its own are bins, "
        + "frameLength, frameShift, lowestFrequency, highestFrequency, preEmphasis")
    #expect(refusal(["features.profil=sherpa"])?.contains("near: features.profile") == true)
    #expect(refusal(["features={profile: kaldi, profile: sherpa}"])?.contains("profile") == true)
  }
}
