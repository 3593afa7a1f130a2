import Foundation

/// What `svdist plan` prints of the forecasts for a training.
package struct PlanReport: Sendable {
  package let forecasts: [StepForecast]
  /// The steps of the training.
  package let steps: Int
  /// The price of a core for an hour, in any currency; nil where it is not known.
  package let price: Double?

  package init(_ forecasts: [StepForecast], steps: Int, price: Double?) {
    self.forecasts = forecasts
    self.steps = steps
    self.price = price
  }

  /// A table with a line for each number of ranks: the rows of a rank, the seconds of a step and its parts, the share of
  /// it in which ranks compute, a rank's memory, and the time of all steps.
  package var text: String {
    let price = self.price == nil ? [] : ["price"]
    let heading =
      ["ranks", "hosts", "cores", "rows", "computing", "waiting", "sums", "step", "utterances/s", "busy", "GB", "time"]
      + ["core hours"] + price
    return TextTable(leftColumns: 0).text([heading] + forecasts.map(row))
  }

  private func row(_ forecast: StepForecast) -> [String] {
    let (hours, cores) = (forecast.hours(steps: steps), Double(forecast.cores))
    let counts = [forecast.network.ranks, forecast.network.hosts, forecast.cores, forecast.rehearsal.rows]
    let times = [forecast.computing, forecast.waiting, forecast.summing, forecast.step]
    return counts.map(String.init) + times.map(Self.time)
      + [
        String(format: "%.1f", forecast.utterancesPerSecond), String(format: "%.0f %%", 100 * forecast.efficiency),
        String(format: "%.2f", Double(forecast.rehearsal.memory) / 1e9), TimeWords.about(3600 * hours),
        Self.amount(hours * cores),
      ] + (price.map { [Self.amount($0 * hours * cores)] } ?? [])
  }

  private static func time(_ seconds: Double) -> String {
    seconds < 0.9995 ? String(format: "%.1f ms", 1e3 * seconds) : String(format: "%.2f s", seconds)
  }

  private static func amount(_ value: Double) -> String { String(format: value < 100 ? "%.1f" : "%.0f", value) }

  /// The forecasts as JSON, in one line: times in seconds, memory in bytes.
  package var json: String {
    let lines = forecasts.map { forecast in
      let hours = forecast.hours(steps: steps)
      let counts = [
        ("ranks", forecast.network.ranks), ("hosts", forecast.network.hosts), ("cores", forecast.cores),
        ("rows", forecast.rehearsal.rows), ("memory", forecast.rehearsal.memory), ("steps", steps),
      ]
      let numbers = [
        ("computing", forecast.computing), ("waiting", forecast.waiting), ("sums", forecast.summing),
        ("step", forecast.step), ("utterancesPerSecond", forecast.utterancesPerSecond),
        ("efficiency", forecast.efficiency), ("hours", hours), ("coreHours", hours * Double(forecast.cores)),
      ]
      let fields =
        counts.map { "\"\($0.0)\":\($0.1)" } + numbers.map { "\"\($0.0)\":\(JSONText.number($0.1))" }
        + (price.map { ["\"price\":" + JSONText.number($0 * hours * Double(forecast.cores))] } ?? [])
      return "{\(fields.joined(separator: ","))}"
    }
    return "[\(lines.joined(separator: ","))]"
  }
}
