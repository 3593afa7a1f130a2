import Foundation

extension TrainingRecord {
  /// What a run's folder tells of the encoder of one of its checkpoints. Of any other encoder nothing is known.
  /// - Parameter file: the file of the encoder's parameters.
  package init(ofEncoder file: String) {
    self.init()
    let checkpoint = FileSystem.resolved(FileSystem.folder(of: file))
    let store = FileSystem.folder(of: checkpoint)
    guard Checkpoint.isEncoder("\(checkpoint)/\(FileSystem.name(of: file))"),
      FileSystem.name(of: store) == "checkpoints",
      let step = CheckpointStore.parse(name: FileSystem.name(of: checkpoint)[...]),
      let folder = try? RunFolder(reading: FileSystem.folder(of: store))
    else { return }
    steps = step
    if let settings = try? StoredSettings(folder).read() {
      (corpus, evaluationCorpus) = (settings.corpus.train, settings.corpus.evaluation)
    }
    let result = try? InputFile.contents(of: EvaluationResults(folder).path(ofStep: step))
    evaluation = result.flatMap { try? JSONDecoder().decode(Evaluation.self, from: Data($0)) }
  }
}
