"""The outputs of an image that are files of the project."""

FILES = {"oci": ".oci.tar", "layout": ".oci", "tar": ".image.tar", "local": ".image"}
"""Type of the output -> how the file's name ends behind ``NAME-VERSION``."""
