import ArgumentParser
import DistTrain

/// `svdist embed`: the embeddings of a corpus in a file.
struct EmbedCommand: RanksCommand, EndableCommand {
  static let configuration = CommandConfiguration(
    commandName: "embed",
    abstract: "Writes the embedding of every utterance of a data directory.",
    discussion: """
      Embeddings are made of whole utterances, without dither or augmentation, and are not length-normalised. Under \
      mpirun the ranks share the utterances. The output's suffix chooses its format: .safetensors, .ark (Kaldi's binary \
      vectors, with an .scp beside it) or .txt (Kaldi's text).
      """)

  @Option(help: ArgumentHelp("A run folder, a checkpoint, or a file of svdist import or average.", valueName: "path"))
  var encoder: String

  @Option(help: ArgumentHelp("The data directory (wav.scp, utt2spk).", valueName: "folder"))
  var corpus: String

  @Option(help: ArgumentHelp("The file to write the embeddings to.", valueName: "file"))
  var output: String

  @OptionGroup var pieces: PieceOptions

  @OptionGroup var speech: SpeechOptions

  @OptionGroup var messages: MessageOptions

  func run() throws {
    let (encoder, corpus, output) = (encoder, corpus, output)
    let (longestPiece, minimumSpeech, messages) = (pieces.seconds, speech.seconds, messages)
    Program.runRanks { communicator in
      ThreadTeam.shared.grow(to: Machine.threads(communicator))
      // An error in the output's name should show before the embeddings are computed.
      try communicator.agree {
        var inputs = InputPaths()
        inputs.add(encoder, "--encoder")
        inputs.add(PreparedCorpus.names, in: corpus, "--corpus")
        for place in try EmbeddingFile.places(of: output) { try inputs.refuse(place, as: "--output") }
        try EmbeddingFile.check(output)
      }
      let request = Embedding.Request(
        encoder: encoder, corpus: corpus, messages: messages, longestPiece: longestPiece, minimumSpeech: minimumSpeech)
      let embeddings = try Embedding.compute(request, communicator: communicator).whole
      try communicator.agree {
        guard communicator.rank == 0 else { return }
        try EmbeddingFile.write(embeddings, to: output)
        print("\(embeddings.names.count.counted("embedding")) of \(embeddings.vectors.columns) dimensions in \(output)")
      }
      return .done
    }
  }
}
