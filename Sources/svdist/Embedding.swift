import DistTrain
import Foundation

/// Embeddings of a data directory, as several commands need them.
enum Embedding {
  /// The embeddings of all utterances, on every rank.
  static func compute(encoder: String, corpus path: String, communicator: any Communicator) throws -> Embeddings {
    let (trained, corpus) = try communicator.agree {
      (try TrainedEncoder(encoder), try Corpus.open(path))
    }
    try corpus.agree(path, communicator)
    if communicator.rank == 0 {
      for line in corpus.losses(in: path) {
        FileHandle.standardError.write(Data("warning: \(line.shown)\n".utf8))
      }
    }
    if communicator.rank == 0, let remark = EmbeddingExtractor.remark(corpus.utterances.map(\.seconds)) {
      FileHandle.standardError.write(Data("note: \(remark)\n".utf8))
    }
    return try trained.extractor.embeddings(of: corpus.utterances, communicator: communicator)
  }
}
