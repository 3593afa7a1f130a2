internal import CKernels

/// What svdist's own kernels of convolutions give, and minimal filtering.
extension Arithmetic {
  /// A filtered convolution, the gradient of an input and that of the weights, of maps with tiles beyond their ends.
  static var filtered: [Float] {
    let grid = Grid(utterances: 2, height: 5, frames: 7)
    let (weights, map) = (matrix(16, 16 * 9, item: 121), matrix(16, grid.columns, item: 122))
    let (output, input) = (Matrix(rows: 16, columns: grid.columns), Matrix(rows: 16, columns: grid.columns))
    WinogradProducts(weights.view).write(AffineView(map.view), grid, to: output.view)
    WinogradProducts(turning: weights.view).write(AffineView(output.view), grid, to: input.view)
    let gradient = Matrix.zeros(rows: 16, columns: weights.columns)
    WinogradGradient(gradient: output.view, input: AffineView(map.view), grid, objectives: 1, units: [0..<1, 1..<2])
      .sums(of: [0..<2]).add(objective: 0, to: [gradient.view])
    return output.values + input.values + gradient.values
  }

  /// The same as `filtered` for lines with tiles beyond their ends.
  static var filteredFrames: [Float] {
    [(1, 9), (2, 17), (3, 40)].flatMap { dilation, frames -> [Float] in
      let (weights, input) = (matrix(16, 16 * 3, item: 151), matrix(16, 2 * frames, item: 152))
      let output = Matrix(rows: 16, columns: 2 * (frames - 2 * dilation))
      let back = Matrix(rows: 16, columns: 2 * frames)
      FrameFilterProducts(weights.view, dilation: dilation).write(AffineView(input.view), lines: 2, to: output.view)
      FrameFilterProducts(turning: weights.view, dilation: dilation).write(
        AffineView(output.view), lines: 2, zeros: 2 * dilation, to: back.view)
      let gradient = Matrix.zeros(rows: 16, columns: weights.columns)
      FrameFilterGradient(
        gradient: output.view, input: AffineView(input.view), lines: 2, dilation: dilation, objectives: 1,
        units: [0..<1, 1..<2]
      ).sums(of: [0..<2]).add(objective: 0, to: [gradient.view])
      return output.values + back.values + gradient.values
    }
  }

  /// Convolutions of single channels and of patches, and their gradients, of maps of short lines and of lines longer
  /// than what is computed at a time.
  static var separated: [Float] {
    [(3, 5, 7), (1, 2, 1100)].flatMap { shape -> [Float] in
      let (maps, height, frames) = shape
      let count = maps * height * frames
      let (x, z, w) = (matrix(1, 8 * count, item: 131), matrix(1, 8 * count, item: 132), numbers(16, item: 133))
      let channels = [
        ck_channel(x: x.pointer, z: z.pointer, a: 0.3, b: -0.7, c: 0.1, rectified: 1),
        ck_channel(x: z.pointer, z: nil, a: 0.3, b: 0, c: -0.1, rectified: 0),
      ]
      var (sums, taps) = ([Double](repeating: 0, count: 11), [Double](repeating: 0, count: 4))
      var (y, dx) = ([Float](repeating: 0, count: count), [Float](repeating: 0, count: count))
      var (places, spread) = (y, [Float](repeating: 0, count: 8 * count))
      withExtendedLifetime((x, z)) {
        for map in 0..<maps {
          let own = [channels[0].from(map * height * frames)]
          y.withUnsafeMutableBufferPointer {
            ck_depthwise(own, w, height, frames, 0, height, 0, $0.baseAddress! + map * height * frames)
          }
        }
        ck_depthwise_backward(z.pointer, channels, w, maps, height, frames, 0.1, x.pointer, &dx, &sums)
        ck_patches(channels, 2, w, 0.1, 2, 4, maps, height, frames, &places)
        ck_patches_input_gradient(x.pointer, count, w, 8, 2, 2, 4, maps, height, frames, &spread)
        ck_patches_weight_gradient(z.pointer, channels, 1, 2, 4, maps, height, frames, &taps)
      }
      let totals = parts(of: sums + taps)
      return [y, dx, places, spread, totals].flatMap { $0 }
    }
  }

  /// Convolutions of two channels in a group, of maps of short lines and of lines longer than what is computed at a
  /// time.
  static var grouped: [Float] {
    [(5, 7), (2, 1100)].flatMap { height, frames -> [Float] in
      let (x, w) = (matrix(2, height * frames, item: 134), numbers(18, item: 135))
      var y = numbers(height * frames, item: 136)
      withExtendedLifetime(x) {
        for channel in 0..<2 {
          let own = [ck_channel(x: x.row(channel), z: nil, a: 1, b: 0, c: 0, rectified: 0)]
          ck_depthwise(own, Array(w[9 * channel..<9 * channel + 9]), height, frames, 0, height, 1, &y)
        }
      }
      return y
    }
  }
}
