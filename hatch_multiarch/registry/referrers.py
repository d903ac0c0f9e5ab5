"""Manifests about another one, such as attestations.

distribution-spec 1.1, "Pushing Manifests with Subject": a registry that knows the referrers API
says so in its answer. For others the client keeps a list of those manifests under a tag made of the
subject's digest.
"""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import RegistryError

if TYPE_CHECKING:
    from hatch_multiarch.registry.client import Client
    from hatch_multiarch.registry.records import Document
    from hatch_multiarch.registry.transport import Answer

_INDEX = "application/vnd.oci.image.index.v1+json"


def refer(client: Client, document: Document, answer: Answer) -> None:
    """After the PUT of *document* with this *answer*, list it with its subject if need be.

    Raises RegistryError.
    """
    found = json.loads(document.data)
    subject = found.get("subject")
    if not isinstance(subject, dict) or answer.header("OCI-Subject"):
        return
    algorithm, _, digits = str(subject.get("digest")).partition(":")
    tag = f"{algorithm[:32]}-{digits[:64]}"
    path, doing = client.url(f"/manifests/{tag}"), f"listing it with {tag[:19]}"
    listed = client.request("GET", path, doing, headers={"Accept": _INDEX}, ok=(200, 404))
    entries = _entries(client, listed, tag) if listed.status == HTTPStatus.OK else []
    if any(each.get("digest") == document.digest for each in entries):
        return
    entries.append(_entry(document, found))
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": entries}
    data = json.dumps(index, ensure_ascii=False, separators=(",", ":")).encode()
    client.request(
        "PUT", path, doing, headers={"Content-Type": _INDEX}, body=data, ok=(200, 201, 202)
    )


def _entries(client: Client, answer: Answer, tag: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(answer.body)["manifests"]
        entries = [dict(each) for each in found]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RegistryError(
            f"{client.reference.name}: the tag {tag} is no list of referrers; it stays as it is"
        ) from None
    return entries


def _entry(document: Document, found: dict[str, Any]) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "mediaType": document.media_type,
        "digest": document.digest,
        "size": len(document.data),
    }
    # An image's config says what kind of artifact it is where the manifest does not.
    config = found.get("config")
    kind = found.get("artifactType") or (
        config.get("mediaType") if isinstance(config, dict) else ""
    )
    if kind:
        entry["artifactType"] = kind
    if isinstance(found.get("annotations"), dict):
        entry["annotations"] = found["annotations"]
    return entry
