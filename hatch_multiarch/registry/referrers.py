"""The referrers tag: manifests, such as signatures, about another manifest.

distribution-spec 1.1, "Pushing Manifests with Subject": a registry that knows the referrers API
says so in its answer. For others the client keeps a list of those manifests under a tag made of the
subject's digest.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.oci.documents import encode
from hatch_multiarch.oci.manifest import Manifest
from hatch_multiarch.oci.media_types import INDEX
from hatch_multiarch.registry.reference import check_tag

if TYPE_CHECKING:
    from hatch_multiarch.registry.registry_client import Client
    from hatch_multiarch.registry.transfer import Document
    from hatch_multiarch.registry.transport import Answer


def refer(client: Client, document: Document, answer: Answer) -> None:
    """After the PUT of *document* with this *answer*, list it with its subject if need be.

    Raises RegistryError.
    """
    subject = document.parsed.subject
    if subject is None or answer.header("OCI-Subject"):
        return
    algorithm, _, digits = subject.digest.partition(":")
    tag = check_tag(f"{algorithm[:32]}-{digits[:64]}")
    path, doing = client.url(f"/manifests/{tag}"), f"listing it with {tag[:19]}"
    listed = client.request("GET", path, doing, headers={"Accept": INDEX}, ok=(200, 404))
    entries = _entries(client, listed, tag) if listed.status == HTTPStatus.OK else []
    if any(each.get("digest") == document.digest for each in entries):
        return
    entries.append(_entry(document))
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    client.request(
        "PUT", path, doing, headers={"Content-Type": INDEX}, body=encode(index), ok=(200, 201, 202)
    )


def _entries(client: Client, answer: Answer, tag: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(answer.body)["manifests"]
        entries = [dict(each) for each in found]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RegistryError(
            f"{client.reference.name}: the tag {tag} is not a list of referrers; it was not changed"
        ) from None
    return entries


def _entry(document: Document) -> dict[str, Any]:
    found = document.parsed
    entry: dict[str, Any] = {
        "mediaType": found.media_type,
        "digest": document.digest,
        "size": len(document.data),
    }
    # An image's config says what kind of artifact it is where the manifest does not.
    config = found.config.media_type if isinstance(found, Manifest) else ""
    if kind := found.document.get("artifactType") or config:
        entry["artifactType"] = kind
    if isinstance(found.document.get("annotations"), dict):
        entry["annotations"] = found.document["annotations"]
    return entry
