/// What an encoder keeps between steps: trained parameters and running statistics.
package struct EncoderLayout: Sendable {
  package var parameters = ParameterLayout()
  /// Means and variances that inference uses; no gradient.
  package var statistics = ParameterLayout()

  package init() {}
}
