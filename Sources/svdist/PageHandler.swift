import DistTrain
import FlyingFox
import Foundation
import Synchronization

/// Answers a browser's requests with the page, or with what is wrong with them.
final class PageHandler: HTTPHandler {
  private let gate: PageGate
  private let page: LivePage
  private let say: @Sendable (String) -> Void
  /// Pages are made here, one after the other: those who wait meanwhile keep no thread of the server.
  private let maker = DispatchQueue(label: "pages")
  /// Why the last page was none of the runs.
  private let failure = Mutex<String?>(nil)

  /// - Parameter say: is called with a line where the page cannot be made for another reason than before.
  init(gate: PageGate, page: LivePage, say: @escaping @Sendable (String) -> Void) {
    self.gate = gate
    self.page = page
    self.say = say
  }

  func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    let asked = PageGate.Request(
      method: request.method.rawValue, path: request.path, token: request.query["token"], host: request.headers[.host])
    if let refusal = gate.refusal(of: asked) {
      return response(refusal.status, "text/plain", Data("\(refusal.line)\n".utf8), isHead: request.method == .HEAD)
    }
    let text = await withCheckedContinuation { continuation in
      maker.async { [page] in continuation.resume(returning: page.text()) }
    }
    tell(text.failure)
    return response(text.failure == nil ? 200 : 503, "text/html", text.html, isHead: request.method == .HEAD)
  }

  private func tell(_ line: String?) {
    let isNew = failure.withLock { failure in
      defer { failure = line }
      return failure != line
    }
    if isNew, let line { say(line) }
  }

  private func response(_ status: Int, _ type: String, _ body: Data, isHead: Bool) -> HTTPResponse {
    var headers = HTTPHeaders()
    for (name, value) in PageGate.headers { headers[HTTPHeader(name)] = value }
    headers[.contentType] = "\(type); charset=utf-8"
    headers[.contentLength] = "\(body.count)"
    // Browsers ask so seldom that a connection is not worth keeping.
    headers[.connection] = "close"
    if status == 405 { headers[HTTPHeader("Allow")] = "GET, HEAD" }
    return HTTPResponse(statusCode: Self.code(status), headers: headers, body: isHead ? Data() : body)
  }

  private static func code(_ status: Int) -> HTTPStatusCode {
    switch status {
    case 200: .ok
    case 404: .notFound
    case 405: .methodNotAllowed
    case 503: .serviceUnavailable
    default: .forbidden
    }
  }
}
