/// What a run tells of itself to a program.
enum RunEvent {
  /// The numbers of a step, with the run's last step and the seconds until then; nil if they cannot be estimated yet.
  case step(StepMetrics, steps: Int, secondsLeft: Double?)
  /// The figures of an evaluation, the name of its set (nil for that of `corpus.evaluation`), its line, its step and the
  /// run's last step.
  case evaluation(DetectionMetrics, set: String?, text: String, step: Int, steps: Int)
  case remark(Remark)
  /// The settings that differ from the defaults, as YAML, and what they run on.
  case settings(String, machine: String)
  /// How the run came to its end, its last line, its last step and its folder.
  case end(TrainingLoop.Ending, text: String, step: Int, folder: String)

  /// The event as one line of JSON, without its newline.
  var json: String {
    func object(_ event: String, _ members: [(name: String, value: String)]) -> String {
      let all = [("event", JSONText.quoted(event))] + members
      return "{\(all.map { "\"\($0)\":\($1)" }.joined(separator: ","))}"
    }
    switch self {
    case .step(let metrics, let steps, let secondsLeft):
      let rest = JSONText.number(secondsLeft ?? .nan)
      return object("step", metrics.members + [("steps", "\(steps)"), ("secondsLeft", rest)])
    case .evaluation(let metrics, let set, let text, let step, let steps):
      let place: [(name: String, value: String)] = [
        ("step", "\(step)"), ("steps", "\(steps)"), ("set", set.map(JSONText.quoted) ?? "null"),
      ]
      return object("evaluation", place + metrics.members + [("text", JSONText.quoted(text))])
    case .remark(let remark):
      return object(remark.kind.rawValue, [("text", JSONText.quoted(remark.text))])
    case .settings(let differing, let machine):
      return object(
        "settings", [("differing", JSONText.quoted(differing)), ("machine", JSONText.quoted(machine))])
    case .end(let ending, let text, let step, let folder):
      return object(
        "end",
        [
          ("status", JSONText.quoted(ending == .finished ? "done" : "stopped")), ("step", "\(step)"),
          ("folder", JSONText.quoted(folder)), ("text", JSONText.quoted(text)),
        ])
    }
  }
}
