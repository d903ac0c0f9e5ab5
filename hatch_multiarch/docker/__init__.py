"""docker buildx, its builders and builds; docker's daemon through the SDK for Python."""
