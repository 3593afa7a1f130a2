import DistTrain
import Foundation
import TestTools
import Testing

@Suite struct ScoreChartsTests {
  private func charts(areLikelihoodRatios: Bool = false) throws -> ScoreCharts {
    let targets = (0..<200).map { $0 % 4 == 0 }
    var stream = RandomStream(seed: 2, purpose: .test)
    let scores = targets.map { Float(stream.normal()) + ($0 ? 1.5 : -1.5) }
    return ScoreCharts(try RankedTrials(scores: scores, targets: targets), areLikelihoodRatios: areLikelihoodRatios)
  }

  /// The points of a drawing's curves.
  private func curves(_ svg: String) -> [[(x: Double, y: Double)]] {
    svg.split(separator: "\n").filter { $0.contains("<polyline") }.map { line in
      let points = line.split(separator: "\"")[1]
      return points.split(separator: " ").map { point in
        let numbers = point.split(separator: ",").compactMap { Double($0) }
        return (numbers[0], numbers[1])
      }
    }
  }

  @Test func `drawings are XML whose curves stay between the axes`() throws {
    for areLikelihoodRatios in [false, true] {
      let charts = try charts(areLikelihoodRatios: areLikelihoodRatios)
      for svg in [charts.detectionErrorTradeoff, charts.histogram, charts.reliability] {
        #expect(isWellFormed(svg) && svg.hasSuffix("</svg>\n"))
        let points = curves(svg).flatMap(\.self)
        #expect(!points.isEmpty)
        #expect(points.allSatisfy { (76...616).contains($0.x) && (48...416).contains($0.y) })
      }
      #expect(curves(charts.reliability).count == (areLikelihoodRatios ? 2 : 1))
    }
  }

  @Test func `a DET curve falls from left to right, a reliability curve rises`() throws {
    let det = try #require(curves(try charts().detectionErrorTradeoff).last)
    // Thresholds rise, so false alarms fall and misses, which are drawn upwards, rise.
    #expect(zip(det, det.dropFirst()).allSatisfy { $0.x >= $1.x && $0.y >= $1.y })
    #expect(det.count > 10)
    let reliability = try #require(curves(try charts().reliability).last)
    #expect(zip(reliability, reliability.dropFirst()).allSatisfy { $0.x <= $1.x && $0.y >= $1.y })
  }

  @Test func `a DET curve crosses the diagonal at the equal error rate`() throws {
    let targets = [true, true, true, true, false, false, false, false, false, false, false, false]
    let scores: [Float] = [3, 2.5, 2, 0.5, 1, 0.6, 0.2, 0.1, 0, -1, -2, -3]
    let det = try #require(
      curves(
        ScoreCharts(try RankedTrials(scores: scores, targets: targets), areLikelihoodRatios: false)
          .detectionErrorTradeoff
      ).last)
    // At 0.6, a quarter of the targets is missed and an eighth of the others accepted.
    let low = NormalDistribution.quantile(0.0001)
    func place(_ rate: Double) -> Double { (NormalDistribution.quantile(rate) - low) / -low }
    let expected = (x: 76 + 540 * place(0.125), y: 416 - 368 * place(0.25))
    #expect(det.contains { abs($0.x - expected.x) < 0.02 && abs($0.y - expected.y) < 0.02 })
  }
}
