"""Builds a multi-arch OCI image: base, layers, config and layout.

Nothing is imported here, so that who needs one part loads no other: import from the modules.
"""
