"""docker buildx, found or explained: builders, what they can do, and builds through them."""
