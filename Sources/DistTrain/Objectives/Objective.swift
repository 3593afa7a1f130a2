/// A loss of a global batch and its gradient: a value that holds its settings and nothing of a step.
///
/// An objective computes the share of one rank, its own rows' terms, and finds all other rows in the batch; so it never
/// learns how many ranks there are, and any number of them gives the same bits.
public protocol Objective: Sendable {
  /// What settings, logs and metrics call it, such as `contrastive`; letters and digits.
  var name: String { get }
  /// Why a batch may have no term of it, for people: `no row has a positive`.
  var absence: String { get }

  func evaluate(_ batch: ObjectiveBatch) -> ObjectiveValue
}

extension Objective {
  public var absence: String { "no row has a term" }
}

/// What an objective found of one rank's rows.
public struct ObjectiveValue {
  /// The loss as a sum over the global batch: each of this rank's rows has its share.
  public let losses: [Double]
  /// The loss's gradient by this rank's rows, embeddings of length one: rows × dimensions. It has both halves, that of the
  /// rows' own terms and that of the terms of other rows, of any rank, in which they occur.
  public let gradient: Matrix
  /// Rows of the global batch that have a term, the same number on every rank; without one the step goes by the other
  /// objectives.
  public let terms: Int
  /// What brings the gradient of the classifier's parameters; nil where the loss leaves them alone. The parameters belong to
  /// one objective.
  public let classifier: ClassifierPullback?

  public init(losses: [Double], gradient: Matrix, terms: Int, classifier: ClassifierPullback? = nil) {
    self.losses = losses
    self.gradient = gradient
    self.terms = terms
    self.classifier = classifier
  }
}

/// A global batch as the objectives of one rank see it.
public struct ObjectiveBatch {
  /// Embeddings of length one of all rows, those of the ranks before this one first: rows × dimensions.
  public let embeddings: Matrix
  /// This rank's rows among them.
  public let own: Range<Int>
  /// The speaker of each row of the global batch, by number.
  public let speakers: [Int]
  /// How this rank's rows are cut for sums over the batch.
  package let units: BatchUnits
  /// Where training stands.
  public let moment: Moment
  /// The classifier's view of this rank's rows; nil where training has none.
  package internal(set) var classification: (any Classification)?
  private let exchange: Exchange
  private let held: Held?

  /// What schedules say of a step.
  public struct Moment: Sendable, Equatable {
    /// Steps done.
    public var step = 0
    /// The margin of the classification.
    public var margin: Double
    /// How far attention has come from 1 (0) to its own weights (1).
    public var warmth: Double

    package init(step: Int = 0, margin: Double = 0, warmth: Double = 1) {
      self.step = step
      self.margin = margin
      self.warmth = warmth
    }
  }

  /// What reaches the other ranks' rows; with the whole batch on one rank it is the identity.
  package struct Exchange {
    /// Takes so many numbers of each of this rank's rows and gives those of all rows, in their order.
    let gather: (_ values: [Double], _ each: Int) -> [Double]
    /// Sums numbers over all ranks' units.
    let total: BatchSum

    package init(gather: @escaping ([Double], _ each: Int) -> [Double], total: @escaping BatchSum) {
      self.gather = gather
      self.total = total
    }
  }

  /// Constants of a batch by the names of their objectives: a gradient check computes them once and then holds them.
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

  /// Sums numbers over the global batch, from those of each of this rank's units, `width` a unit. The bits are those of one
  /// rank that holds the batch.
  package func total(_ values: [Double], width: Int) -> [Double] { exchange.total(values, width) }

  /// What an objective computes of the embeddings but takes for a constant in its gradient.
  package func constants(of objective: String, _ compute: () -> [Double]) -> [Double] {
    if let known = held?.constants[objective] { return known }
    let values = compute()
    held?.constants[objective] = values
    return values
  }
}
