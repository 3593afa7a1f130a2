import DistTrain
import Foundation
import Testing

/// Forecasts, and the table of them.
@Suite struct PlanReportTests {
  /// A step of two seconds with one operation that waits and one sum of which a part is hidden.
  private static func forecast(ranks: Int, speed: Double = 1) -> StepForecast {
    var network = JobNetwork(ranks: ranks, ranksPerHost: 1)
    (network.latency, network.overhead) = (0.5, 0)
    let operations = [
      RehearsedOperation(bytes: [0], begins: 1, needed: 1), RehearsedOperation(bytes: [0], begins: 1.75, needed: 2),
    ]
    let rehearsal = StepRehearsal(
      ranks: ranks, rows: 64 / ranks, seconds: 2, operations: ranks == 1 ? [] : operations, memory: 1_234_000_000)
    return StepForecast(rehearsal, network, threads: 3, rows: 64, speed: speed)
  }

  @Test func `a step is computing, waiting, and sums that nothing hides`() {
    let forecast = Self.forecast(ranks: 2)
    #expect(forecast.computing == 2 && forecast.waiting == 0.5 && forecast.summing == 0.25 && forecast.step == 2.75)
    #expect(forecast.efficiency == 2 / 2.75 && forecast.utterancesPerSecond == 64 / 2.75 && forecast.cores == 6)
    #expect(forecast.hours(steps: 7200) == 5.5)
  }

  @Test func `faster ranks hide less`() {
    let forecast = Self.forecast(ranks: 2, speed: 2)
    #expect(forecast.computing == 1 && forecast.waiting == 0.5 && forecast.summing == 0.375)
  }

  @Test func `the table has a line for each number of ranks`() {
    let report = PlanReport([Self.forecast(ranks: 1), Self.forecast(ranks: 2)], steps: 7200, price: 0.5)
    #expect(
      report.text == """
        ranks  hosts  cores  rows  computing   waiting      sums    step  utterances/s   busy    GB        time  core hours  price
            1      1      3    64     2.00 s    0.0 ms    0.0 ms  2.00 s          32.0  100 %  1.23  4 h 00 min        12.0    6.0
            2      2      6    32     2.00 s  500.0 ms  250.0 ms  2.75 s          23.3   73 %  1.23  5 h 30 min        33.0   16.5
        """)
    let long = PlanReport([Self.forecast(ranks: 1)], steps: 720_000, price: nil).text
    #expect(long.contains("16 d 16 h") && !long.contains("price"))
  }

  @Test func `JSON has the numbers themselves`() throws {
    let report = PlanReport([Self.forecast(ranks: 2)], steps: 7200, price: nil)
    let all = try JSONDecoder().decode([[String: Double]].self, from: Data(report.json.utf8))
    #expect(
      all == [
        [
          "ranks": 2, "hosts": 2, "cores": 6, "rows": 32, "memory": 1_234_000_000, "steps": 7200, "computing": 2,
          "waiting": 0.5, "sums": 0.25, "step": 2.75, "utterancesPerSecond": 64 / 2.75, "efficiency": 2 / 2.75,
          "hours": 5.5, "coreHours": 33,
        ]
      ])
  }
}
