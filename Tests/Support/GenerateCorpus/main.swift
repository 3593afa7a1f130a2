import DistTrain
import Foundation
import GeneratedCorpora

// Writes a data directory of generated voices, for scripts that train without recordings.

let arguments = CommandLine.arguments
guard arguments.count == 4, let speakers = Int(arguments[2]), let utterances = Int(arguments[3]) else {
  StandardError.say("usage: generate-corpus folder speakers utterances")
  exit(64)
}
do {
  try GeneratedCorpus.write(to: URL(fileURLWithPath: arguments[1]), speakers: speakers, utterances: utterances)
} catch {
  StandardError.say("generate-corpus: \(error)")
  exit(1)
}
