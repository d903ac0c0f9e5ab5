"""docker, found or explained: buildx and its builders, and the daemon through docker's SDK."""
