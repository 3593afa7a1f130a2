/// An entry of the files that TensorBoard reads (`Event` of tensorflow/core/util/event.proto, whose numbers of fields
/// these are).
package struct TensorBoardEvent: Sendable {
  /// How many numbers lie in which stretches.
  package struct Histogram: Sendable, Equatable {
    /// The least and the greatest number, their sum and that of their squares.
    package var least = 0.0
    package var greatest = 0.0
    package var sum = 0.0
    package var squares = 0.0
    /// The upper ends of the stretches, ascending.
    package var limits: [Double] = []
    /// The number of numbers in each stretch, which begins above the end of the one before.
    package var counts: [Double] = []

    /// Of no numbers.
    package init() {}
  }

  /// What an event tells, by its tag.
  package enum Value: Sendable {
    case scalar(String, Float)
    case histogram(String, Histogram)
    /// A text in Markdown.
    case text(String, String)
    /// Settings, for the table of hyperparameters.
    case settings([(key: String, value: Setting)], began: Double)
  }

  package enum Setting: Sendable {
    case number(Double)
    case truth(Bool)
    case text(String)
  }

  private var message = ProtobufMessage()

  /// - Parameter time: seconds since 1970.
  private init(time: Double, step: Int) {
    message.add(1, double: time)
    if step != 0 { message.add(2, step) }
  }

  /// The first event of a file: the version of its form, from which on `start` is heeded.
  package static func version(time: Double) -> Self {
    var event = Self(time: time, step: 0)
    event.message.add(3, "brain.Event:2")
    return event
  }

  /// Says that events from a step on come again or for the first time: TensorBoard forgets those that it has of them.
  package static func start(time: Double, step: Int) -> Self {
    var event = Self(time: time, step: step)
    var session = ProtobufMessage()
    session.add(1, 1)
    event.message.add(7, session)
    return event
  }

  /// Values of a step.
  package init(time: Double, step: Int, _ values: [Value]) {
    self.init(time: time, step: step)
    var summary = ProtobufMessage()
    for value in values { summary.add(1, Self.message(value)) }
    message.add(5, summary)
  }

  /// The event as a record (tensorflow/core/lib/io/record_writer.h): its length in 8 bytes, their masked checksum, the
  /// encoded event and its masked checksum.
  package var record: [UInt8] {
    let bytes = message.bytes
    let length = ProtobufMessage.littleEndian(UInt64(bytes.count))
    return length + ProtobufMessage.littleEndian(CRC32C.masked(length)) + bytes
      + ProtobufMessage.littleEndian(CRC32C.masked(bytes))
  }
}

extension TensorBoardEvent {
  /// `Summary.Value` of tensorflow/core/framework/summary.proto.
  private static func message(_ value: Value) -> ProtobufMessage {
    var message = ProtobufMessage()
    switch value {
    case .scalar(let tag, let number):
      message.add(1, tag)
      message.add(2, number)
    case .histogram(let tag, let histogram):
      message.add(1, tag)
      message.add(5, self.message(histogram))
    case .text(let tag, let text):
      message.add(1, tag)
      message.add(8, tensor(of: text))
      message.add(9, metadata(plugin: "text"))
    case .settings(let settings, let began):
      message.add(1, "_hparams_/session_start_info")
      message.add(8, emptyTensor)
      message.add(9, metadata(plugin: "hparams", self.message(settings, began: began).bytes))
    }
    return message
  }

  /// `HistogramProto`.
  private static func message(_ histogram: Histogram) -> ProtobufMessage {
    var message = ProtobufMessage()
    message.add(1, double: histogram.least)
    message.add(2, double: histogram.greatest)
    message.add(3, double: histogram.counts.reduce(0, +))
    message.add(4, double: histogram.sum)
    message.add(5, double: histogram.squares)
    message.add(6, doubles: histogram.limits)
    message.add(7, doubles: histogram.counts)
    return message
  }

  /// `TensorProto` of tensorflow/core/framework/tensor.proto, of one text.
  private static func tensor(of text: String) -> ProtobufMessage {
    var tensor = ProtobufMessage()
    tensor.add(1, 7)
    tensor.add(2, ProtobufMessage())
    tensor.add(8, text)
    return tensor
  }

  /// `TensorProto` of a vector without elements.
  private static var emptyTensor: ProtobufMessage {
    var (tensor, shape) = (ProtobufMessage(), ProtobufMessage())
    shape.add(2, ProtobufMessage())
    tensor.add(1, 1)
    tensor.add(2, shape)
    return tensor
  }

  /// `SummaryMetadata` with the part of TensorBoard that shows a value, and what is for that part alone.
  private static func metadata(plugin: String, _ content: [UInt8] = []) -> ProtobufMessage {
    var (metadata, data) = (ProtobufMessage(), ProtobufMessage())
    data.add(1, plugin)
    if !content.isEmpty { data.add(2, content) }
    metadata.add(1, data)
    return metadata
  }

  /// `HParamsPluginData` with a `SessionStartInfo` (tensorboard/plugins/hparams/plugin_data.proto).
  private static func message(_ settings: [(key: String, value: Setting)], began: Double) -> ProtobufMessage {
    var (start, data) = (ProtobufMessage(), ProtobufMessage())
    for setting in settings {
      var (entry, value) = (ProtobufMessage(), ProtobufMessage())
      switch setting.value {
      case .number(let number): value.add(2, double: number)
      case .text(let text): value.add(3, text)
      case .truth(let isTrue): value.add(4, isTrue ? 1 : 0)
      }
      entry.add(1, setting.key)
      entry.add(2, value)
      start.add(1, entry)
    }
    start.add(5, double: began)
    data.add(3, start)
    return data
  }
}
