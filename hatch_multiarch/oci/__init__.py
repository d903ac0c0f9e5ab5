"""OCI images: descriptors, documents, layouts, archives, and where they are read from."""
