/// A loss of a global batch and its gradient, as a value that holds its settings and nothing of a step.
///
/// An objective computes the share of one rank, which is the terms of that rank's own rows, and finds all other rows in
/// the batch. It never learns how many ranks there are, and any number of them gives the same bits.
public protocol Objective: Sendable {
  /// The name in settings, logs and metrics, such as `contrastive`; letters and digits.
  var name: String { get }
  /// The reason, in words, why a batch may have no term of the objective: `no row has a positive`.
  var absence: String { get }

  /// Computes this rank's shares of the loss and its gradient.
  func evaluate(_ batch: ObjectiveBatch) -> ObjectiveValue
}

extension Objective {
  public var absence: String { "no row has a term" }
}

/// The result of an objective for one rank's rows.
public struct ObjectiveValue {
  /// The share of each of this rank's rows in the loss, which is a sum over the global batch.
  public let losses: [Double]
  /// The gradient of the loss by this rank's embeddings of length one, rows × dimensions. It has both halves: the rows'
  /// own terms, and the terms of other rows, of any rank, in which they occur.
  public let gradient: Matrix
  /// The number of rows of the global batch that have a term, which is the same on every rank. If it is 0, the step
  /// follows the other objectives.
  public let terms: Int
  /// The pullback to the classifier's parameters; nil if the loss does not train them. The parameters belong to one
  /// objective.
  public let classifier: ClassifierPullback?

  /// The result of an objective; without a pullback if the loss does not train the classifier.
  public init(losses: [Double], gradient: Matrix, terms: Int, classifier: ClassifierPullback? = nil) {
    self.losses = losses
    self.gradient = gradient
    self.terms = terms
    self.classifier = classifier
  }
}

/// A global batch as the objectives on one rank see it.
public struct ObjectiveBatch {
  /// The embeddings of all rows at length one, rows × dimensions. The rows of the ranks before this one come first.
  public let embeddings: Matrix
  /// This rank's rows among them.
  public let own: Range<Int>
  /// The speaker of each row of the global batch, by number.
  public let speakers: [Int]
  /// The units into which this rank's rows are cut for sums over the batch.
  package let units: BatchUnits
  /// The step and the values of its schedules.
  public let moment: Moment
  /// The classifier's view of this rank's rows; nil if the training has none.
  package internal(set) var classification: (any Classification)?
  private let exchange: Exchange
  private let held: Held?

  /// A step and the values of its schedules.
  public struct Moment: Sendable, Equatable {
    /// The number of steps done.
    public var step = 0
    /// The margin of the classification.
    public var margin: Double
    /// The progress of attention from 1 for all rows (0) to its own values (1).
    public var warmth: Double

    package init(step: Int = 0, margin: Double = 0, warmth: Double = 1) {
      self.step = step
      self.margin = margin
      self.warmth = warmth
    }
  }

  /// The exchange with other ranks' rows, which is the identity if one rank has the whole batch.
  package struct Exchange {
    /// Takes `each` numbers of each of this rank's rows and gives those of all rows, in their order.
    let gather: (_ values: [Double], _ each: Int) -> [Double]
    /// Sums numbers over the units of all ranks, `width` a unit.
    let total: BatchSum
    /// The exchange with the other holders of the classifier's prototypes.
    let pieces: PieceExchange

    package init(
      gather: @escaping ([Double], _ each: Int) -> [Double], total: @escaping BatchSum, pieces: PieceExchange = .alone
    ) {
      self.gather = gather
      self.total = total
      self.pieces = pieces
    }
  }

  /// The constants of a batch by the names of their objectives, which a gradient check computes once and then holds.
  package final class Held {
    fileprivate var constants: [String: [Double]] = [:]

    package init() {}
  }

  package init(
    embeddings: Matrix, own: Range<Int>, speakers: [Int], units: BatchUnits, moment: Moment = Moment(),
    exchange: Exchange, held: Held? = nil
  ) {
    self.embeddings = embeddings
    self.own = own
    self.speakers = speakers
    self.units = units
    self.moment = moment
    self.exchange = exchange
    self.held = held
  }

  /// The speakers of this rank's rows.
  public var ownSpeakers: [Int] { Array(speakers[own]) }

  /// Takes `each` numbers of each of this rank's rows and gives those of all rows, in their order.
  package func gather(_ values: [Double], each: Int = 1) -> [Double] { exchange.gather(values, each) }

  /// Sums `width` numbers of each unit over the global batch, from those of this rank's units. The bits are those of
  /// one rank that holds the whole batch.
  package func total(_ values: [Double], width: Int) -> [Double] { exchange.total(values, width) }

  /// The exchange with the other holders of the classifier's prototypes.
  var pieces: PieceExchange { exchange.pieces }

  /// The values that an objective computes from the embeddings but treats as constants in its gradient.
  package func constants(of objective: String, _ compute: () -> [Double]) -> [Double] {
    if let known = held?.constants[objective] { return known }
    let values = compute()
    held?.constants[objective] = values
    return values
  }
}
