"""Push an image to a registry with no docker: OCI distribution-spec 1.1 over http.client."""

from hatch_multiarch.registry.push import push
from hatch_multiarch.registry.records import Blob, Content, Document, Pace, Pushed
from hatch_multiarch.registry.reference import Reference, parse

__all__ = ["Blob", "Content", "Document", "Pace", "Pushed", "Reference", "parse", "push"]
