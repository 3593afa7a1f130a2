/// The encoder, and the course of its training.
extension ConfigurationDraft {
  /// What wespeaker's recipe for a type of encoder has of its own.
  private struct Recipe {
    /// The share of the steps over which the learning rate rises.
    var warmup = 0.04
    var finalRate = 5e-5
    /// Nil for that of the defaults.
    var weightDecay: Double?
  }

  private var recipe: Recipe {
    switch configuration.encoder.type.name {
    case "redimnet": Recipe(warmup: 0.05, weightDecay: 2e-5)
    case "redimnet2": Recipe(warmup: 0.05, finalRate: 6e-5, weightDecay: 2e-5)
    default: Recipe()
    }
  }

  mutating func chooseEncoder() {
    if let type = request.encoder {
      configuration.encoder.type = type
      reasons["encoder.type"] = "as --encoder says"
    }
    let size = "\(amount) are \(isSmall ? "under" : "at least") \(Self.text(Self.smallHours)) hours"
    switch configuration.encoder.type.name {
    case "ecapa-tdnn":
      configuration.encoder.own["channels"] = .number(isSmall ? 256 : 512)
      reasons["encoder.channels"] =
        "\(size): the width of \(isSmall ? "speechocean-ecapa.yaml" : "the recipes for VoxCeleb")"
    case "redimnet", "redimnet2":
      configuration.encoder.own["size"] = .choice(isSmall ? "b0" : "b2")
      reasons["encoder.size"] = "\(size): \(isSmall ? "the smallest size" : "the size of the recipes for VoxCeleb")"
      chooseFeatures()
    default: break
    }
  }

  private mutating func chooseFeatures() {
    if configuration.encoder.type.name == "redimnet2" {
      configuration.features.type = .tfmel
      reasons["features.type"] = "the front end of ReDimNet2's recipes"
    } else {
      configuration.features.bins = isSmall ? 60 : 72
      reasons["features.bins"] = "the filters of wespeaker's ReDimNet of this size"
    }
  }

  mutating func chooseClassifier() {
    guard corpus.speakers > Self.mostWholeSpeakers else { return }
    configuration.classification.sharded = true
    reasons["classification.sharded"] =
      "\(corpus.speakers.counted("speaker")), more than \(Self.mostWholeSpeakers): each rank holds the prototypes of "
      + "its share"
  }

  /// The course of `speechocean-ecapa.yaml`.
  mutating func chooseShortCourse() {
    chooseSteps()
    let half = configuration.training.steps / 2
    configuration.weighting.space = .representation
    reasons["weighting.space"] = "one backward pass in place of two, as in speechocean-ecapa.yaml"
    configuration.optimizer.type = .adam
    reasons["optimizer.type"] = "the short course of speechocean-ecapa.yaml: Adam, without weight decay"
    configuration.optimizer.weightDecay = 0
    reasons["optimizer.weightDecay"] = "as there"
    configuration.schedule.learningRate.type = .oneCycle
    reasons["schedule.learningRate.type"] = "rises over 30 % of the steps and falls over the others"
    configuration.schedule.learningRate.maximum = 2e-3
    reasons["schedule.learningRate.maximum"] = "that of speechocean-ecapa.yaml, and of demo.yaml with half as many rows"
    configuration.schedule.margin.end = half
    reasons["schedule.margin.end"] = "the margin is whole after half of the steps"
  }

  /// The course of wespeaker's recipe: of 150 epochs a learning rate that rises over 6 and falls over the others, and a
  /// margin that rises from the 19th to the 39th.
  mutating func chooseLongCourse() {
    chooseSteps()
    let recipe = recipe
    let steps = Double(configuration.training.steps)
    let share = Double(configuration.batch.rows) / Double(Self.usualRows)
    configuration.optimizer.type = .sgd
    reasons["optimizer.type"] = "SGD with momentum, as in the recipes for VoxCeleb"
    if let weightDecay = recipe.weightDecay {
      configuration.optimizer.weightDecay = weightDecay
      reasons["optimizer.weightDecay"] = "that of the recipes for this type of encoder"
    }
    configuration.schedule.learningRate.type = .exponential
    reasons["schedule.learningRate.type"] = "rises for warmup steps, then falls by the same factor at each step"
    configuration.schedule.learningRate.initial = 0.1 * share
    configuration.schedule.learningRate.final = recipe.finalRate * share
    let rows = configuration.batch.rows
    reasons["schedule.learningRate.initial"] =
      rows == Self.usualRows
      ? "the recipes' rate for \(rows.counted("row"))"
      : "the recipes' 0.1 belongs to \(Self.usualRows) rows: times \(rows) / \(Self.usualRows)"
    reasons["schedule.learningRate.final"] = "the rate at the last step"
    configuration.schedule.learningRate.warmup = Int((steps * recipe.warmup).rounded())
    reasons["schedule.learningRate.warmup"] = "\(Self.text(100 * recipe.warmup)) % of the steps"
    configuration.schedule.margin.start = Int((steps * 19 / 150).rounded())
    reasons["schedule.margin.start"] = "19 / 150 of the steps, as in wespeaker's course"
    configuration.schedule.margin.end = Int((steps * 39 / 150).rounded())
    reasons["schedule.margin.end"] = "39 / 150 of the steps"
  }

  private mutating func chooseSteps() {
    let batch = configuration.batch
    let drawn = Double(batch.speakers * batch.utterances) * configuration.crop.seconds
    let (fewest, most) = (Double(Self.steps.lowerBound), Double(Self.steps.upperBound))
    let wanted = Self.passes * corpus.seconds / drawn
    configuration.training.steps = Self.rounded(Int(min(max(wanted, fewest), most)))
    let step = "a step draws \(Self.text(drawn)) s of \(amount)"
    reasons["training.steps"] =
      if wanted < fewest {
        "\(step): no fewer than demo.yaml has"
      } else if wanted > most {
        "\(step): the most that the recipes have"
      } else {
        "\(step): all is drawn about \(Int(Self.passes)) times, as in the recipes"
      }
  }

  mutating func chooseIntervals() {
    let steps = configuration.training.steps
    configuration.checkpoint.everySteps = min(5000, Self.rounded(steps / 6))
    reasons["checkpoint.everySteps"] = "a run that is stopped or killed loses no more than these"
    guard request.heldOut != nil else { return }
    configuration.evaluation.everySteps = min(5000, Self.rounded(steps / 3))
    reasons["evaluation.everySteps"] =
      "each evaluation embeds all \(request.heldOut?.utterances ?? 0) held-out utterances"
  }

  mutating func addHints(hasBfloat16: Bool) {
    func add(_ line: String, _ reason: String, if isWanted: Bool) {
      if isWanted { hints.append(Hint(line: line, reason: reason)) }
    }
    let own = configuration.batch.views == 1 && !configuration.augmentation.isOn ? "; with views.augmented: [true]" : ""
    add("augmentation.musan: data/musan", "noise, music and babble make it robust\(own)", if: request.musan == nil)
    add("augmentation.rooms: data/rirs", "so do room impulse responses\(own)", if: request.rooms == nil)
    add(
      "augmentation.codec: {probability: 0.2, kinds: [mu-law, gsm]}",
      "recordings of 16 kHz then also sound as those of a telephone do\(own)", if: isOfMixedRates)
    add("training.precision: bf16", "this CPU multiplies bf16: less time a step, other roundings", if: hasBfloat16)
    add(
      "corpus.evaluation: data/evaluation",
      "speakers held out: svdist prepare SOURCE --output data --hold-out 20 --trials 20000", if: request.heldOut == nil)
    add("corpus.trials: data/evaluation/trials", "and the trials over them", if: request.heldOut == nil)
  }

  /// Whether some recordings have nothing above the telephone's 4 kHz and others have.
  private var isOfMixedRates: Bool { Set(corpus.rates.keys.map { $0 <= 8000 }).count == 2 }
}
