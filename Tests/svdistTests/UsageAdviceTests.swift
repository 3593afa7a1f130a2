import Foundation
import Testing

extension ProgramTests {
  /// What is said of command lines as users of other toolkits would type them.
  @Suite struct UsageAdviceTests {
    static let mistakes: [(words: [String], parts: [String])] = [
      ([], ["nothing to do", "svdist prepare", "--run-dir", "--help"]),
      (["c.yaml"], ["--config c.yaml --run-dir"]), (["trian"], ["did you mean train?"]), (["xyz"], ["evaluate"]),
      (["--lr", "0.1"], ["--lr of svdist train", "--explain schedule.learningRate"]),
      (["train", "--run-dir", "x", "--learning_rate=3"], ["--explain schedule.learningRate"]),
      (["--gpu", "0"], ["CPUs", "mpirun"]), (["embed", "--device", "cuda"], ["svdist embed", "CPUs"]),
      (["--epochs", "3"], ["training.steps"]), (["-b", "3"], ["unknown option -b ", "batch.speakers"]),
      (["--batch-size", "64"], ["batch.utterances"]), (["--seed", "2"], ["--set seed=2"]),
      (["--workers", "2"], ["--readers"]), (["--data", "x"], ["corpus.train"]), (["--exp-dir", "x"], ["--run-dir"]),
      (["--resume"], ["same --run-dir"]), (["--ckpt", "x"], ["--from"]),
      (["--optim", "adam"], ["optimizer.type=adam"]),
      (["--bf16"], ["training.precision=bf16"]), (["--margin", "0.3"], ["classification.margin"]),
      (["--num-frames", "200"], ["crop.seconds"]), (["-np", "4", "--run-dir", "x"], ["mpirun -np"]),
      (["--run-dri", "x"], ["did you mean --run-dir?"]), (["embed", "--encodr", "x"], ["did you mean --encoder?"]),
      (["evaluate", "--model", "x"], ["--encoder takes"]), (["prepare", "--sed", "1", "x"], ["did you mean --seed?"]),
      (["verify", "--unheard-of"], ["svdist verify --help"]), (["watch", "x", "--keep", "-1"], ["--keep", "-1"]),
      (["metrics", "x", "--resamples", "-5"], ["--resamples", "-5"]), (["--threads", "-2", "--run-dir", "x"], ["-2"]),
    ]

    @Test(arguments: mistakes) func `one line says what to do`(words: [String], parts: [String]) throws {
      expectRefusal(try svdist(words), 64, parts[0], parts[parts.count - 1])
    }

    @Test func `options and values that are right are never advised on`() throws {
      for (words, missing) in [
        (["train"], "--run-dir <folder>"), (["embed", "--encoder", "x", "--corpus=y"], "--output <file>"),
        (["score", "--embeddings", "x", "--trials", "y", "--scores", "z"], "--back-end"),
        (["train", "--threads", "none", "--run-dir", "x"], "none"),
      ] {
        let outcome = try svdist(words)
        expectRefusal(outcome, 64, missing, "(svdist \(words[0]) --help)")
        #expect(!outcome.errors.contains("unknown option"), "\(outcome.errors)")
      }
      let launch = try svdist(["launch", "-np", "2", "--lr"])
      #expect(launch.status == 64 && !launch.errors.contains("unknown option"), "\(launch.errors)")
    }

    @Test func `the settings that are advised exist`() throws {
      for (words, _) in Self.mistakes {
        let line = try svdist(words).errors
        for part in line.components(separatedBy: "--set ").dropFirst() {
          let setting = String(part.prefix { !" ,;()\n".contains($0) })
          let outcome = try svdist(["config", "--set", setting.contains("FOLDER") ? "corpus.train=x" : setting])
          #expect(outcome.status == 0, "\(setting): \(outcome.errors)")
        }
        for part in line.components(separatedBy: "--explain ").dropFirst() {
          let key = String(part.prefix { !" ,;()\n".contains($0) })
          #expect(try svdist(["config", "--explain", key]).status == 0, "\(key)")
        }
      }
    }
  }
}
