"""The image: base, layers, config and layout of one multi-arch OCI image.

Nothing is imported here, so that who needs one part loads no other: import from the modules.
"""
