import Foundation

/// onnxruntime, as a Python interpreter has it, which computes graphs of one input.
///
/// Inputs and outputs are files of numbers in the machine's own order of bytes. For each input there are the number of
/// its dimensions and the dimensions, as integers of 64 bits, and then its elements as floats, the last dimension
/// running fastest. The outputs begin with a line that names the runtime, behind which the first output's elements follow for
/// each input.
package struct GraphRuntime: Sendable {
  /// The variable of the environment that names the interpreter.
  static let variable = "SVDIST_PYTHON"

  /// The reason why nothing was computed.
  struct Unavailable: Error {
    let reason: String
  }

  /// What was computed.
  struct Outputs {
    /// The name and version of the runtime.
    let runtime: String
    /// The elements of the outputs of all inputs.
    let values: [Float]
  }

  private let interpreter: String

  /// - Parameter environment: where the interpreter may be named; `python3` of the search path otherwise.
  package init(_ environment: [String: String] = ProcessInfo.processInfo.environment) {
    let named = environment[Self.variable] ?? ""
    interpreter = named.isEmpty ? "python3" : named
  }

  /// With `-c`, Python would look for modules in the working folder first.
  private static let program = """
    import sys
    if sys.path and not sys.path[0]:
        del sys.path[0]
    import numpy, onnxruntime
    model, inputs, outputs = sys.argv[1:]
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    with open(inputs, "rb") as source, open(outputs, "wb") as target:
        target.write(("onnxruntime %s\\n" % onnxruntime.__version__).encode())
        while True:
            count = source.read(8)
            if not count:
                break
            shape = numpy.frombuffer(source.read(8 * int(numpy.frombuffer(count, numpy.int64)[0])), numpy.int64)
            values = numpy.frombuffer(source.read(4 * int(shape.prod())), numpy.float32).reshape(shape)
            result = session.run(None, {name: values})[0]
            target.write(numpy.ascontiguousarray(result, numpy.float32).tobytes())
    """

  /// Adds an input to a file.
  static func write(_ values: [Float], shape: [Int], to file: OutputFile) throws {
    precondition(values.count == shape.reduce(1, *), "\(values.count) elements of shape \(shape)")
    try ([shape.count] + shape).map { Int64($0) }.withUnsafeBytes { try file.write($0) }
    try values.withUnsafeBytes { try file.write($0) }
  }

  /// Computes a graph.
  /// - Parameters:
  ///   - inputs: the file of inputs.
  ///   - folder: a folder for the runtime's files.
  /// - Throws: `Unavailable` where the interpreter or the runtime is not there, or it fails.
  func outputs(of model: String, inputs: String, in folder: String) throws -> Outputs {
    let (outputs, errors) = ("\(folder)/outputs", "\(folder)/errors")
    let status = try run(["-c", Self.program, model, inputs, outputs], errors: errors)
    guard status == 0 else {
      throw Unavailable(reason: "\(interpreter): \(Self.lastLine(of: errors) ?? "ended with status \(status)")")
    }
    guard let bytes = try? InputFile.contents(of: outputs), let end = bytes.firstIndex(of: UInt8(ascii: "\n")) else {
      throw Unavailable(reason: "\(interpreter): ended without a result")
    }
    let numbers = bytes[(end + 1)...]
    let values = [Float](unsafeUninitializedCapacity: numbers.count / 4) { buffer, count in
      count = numbers.count / 4
      UnsafeMutableRawBufferPointer(buffer).copyBytes(from: numbers.prefix(4 * count))
    }
    return Outputs(runtime: String(decoding: bytes[..<end], as: UTF8.self), values: values)
  }

  /// Runs the interpreter to its end.
  /// - Returns: its exit status, or 128 + the signal that ended it.
  private func run(_ arguments: [String], errors: String) throws -> Int32 {
    let null = try SystemCall.run(.write, "/dev/null") { open("/dev/null", O_WRONLY | O_CLOEXEC) }
    defer { _ = close(null) }
    let child: ChildProcess
    do {
      child = try ChildProcess(interpreter, arguments, output: null, errors: errors, place: .ownGroup)
    } catch {
      throw Unavailable(reason: Failure(error).message)
    }
    UnfinishedWork.begin(group: child.id)
    defer { UnfinishedWork.end(group: child.id) }
    return try child.wait()
  }

  private static func lastLine(of path: String) -> String? {
    let text = (try? InputFile.contents(of: path)).map { String(decoding: $0, as: UTF8.self) }
    return text?.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }.last {
      !$0.isEmpty
    }
  }
}
