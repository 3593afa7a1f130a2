// The reading of a convolution's input, as a part of kernels_body.h.

// Writes `count` of a channel's elements, scaled, shifted and rectified, from an index on.
INLINE void NAME(read_channel)(const ck_channel *channel, size_t from, float *to, size_t count) {
  if (channel->z && channel->rectified) {
    NAME(affine_sum_relu)(channel->x + from, channel->z + from, to, count, channel->a, channel->b, channel->c);
  } else if (channel->z) {
    NAME(affine_sum)(channel->x + from, channel->z + from, to, count, channel->a, channel->b, channel->c);
  } else if (channel->rectified) {
    NAME(affine_relu)(channel->x + from, to, count, channel->a, channel->c);
  } else {
    NAME(affine)(channel->x + from, to, count, channel->a, channel->c);
  }
}
