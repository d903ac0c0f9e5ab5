"""What OCI says of images, wherever they are: media types, documents, files of an archive."""
