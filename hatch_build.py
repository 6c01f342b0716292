"""Build hook: the description and the addresses of the package, for package indexes.

A package index shows README.md where its relative links lead nowhere. `REPOSITORY_URL` in the environment names the
public repository (`https://HOST/OWNER/NAME`): links then lead to the files of the released version there, and the
addresses of the project are stated. Without it, links are written as their text and pictures as what they show.
"""

import os
import re
from functools import partial
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface

_LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\]]*)\]\((?P<path>(?!https?:|#|mailto:)[^)\s]+)\)")
_IMG = re.compile(r'<img src="(?P<path>(?!https?:)[^"]+)"(?P<rest>[^>]*?)alt="(?P<text>[^"]*)"(?P<end>[^>]*)>')


class CustomMetadataHook(MetadataHookInterface):
    """Adds what `pyproject.toml` names as dynamic."""

    def update(self, metadata: dict[str, object]) -> None:
        """Set the description and the addresses."""
        repository = os.environ.get("REPOSITORY_URL", "").rstrip("/")
        if repository and not repository.startswith("https://"):
            raise ValueError(
                f"REPOSITORY_URL: '{repository}' cannot be used. Write an address that begins with https://."
            )
        text = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        tag = f"v{metadata['version']}"
        metadata["readme"] = {"content-type": "text/markdown", "text": description(text, repository, tag)}
        metadata["urls"] = project_urls(repository, tag)


def description(text: str, repository: str, tag: str) -> str:
    """The text of README.md without relative links.

    Args:
        text: The text.
        repository: Address of the public repository, or an empty text.
        tag: Tag of the version in the repository.
    """
    text = _LINK.sub(partial(_link, repository, tag), text)
    return _IMG.sub(partial(_picture, repository, tag), text)


def project_urls(repository: str, tag: str) -> dict[str, str]:
    """The addresses of the project; none without a repository."""
    if not repository:
        return {}
    return {
        "Source": repository,
        "Documentation": f"{repository}/tree/{tag}/docs",
        "Changelog": f"{repository}/blob/{tag}/CHANGELOG.md",
        "Issues": f"{repository}/issues",
    }


def _link(repository: str, tag: str, match: re.Match[str]) -> str:
    if not repository:
        return f"*{match['text']}*" if match["picture"] else match["text"]
    if match["picture"]:
        return f"![{match['text']}]({repository}/raw/{tag}/{match['path']})"
    kind = "tree" if match["path"].endswith("/") else "blob"
    return f"[{match['text']}]({repository}/{kind}/{tag}/{match['path']})"


def _picture(repository: str, tag: str, match: re.Match[str]) -> str:
    if not repository:
        return f"*{match['text']}*"
    return f'<img src="{repository}/raw/{tag}/{match["path"]}"{match["rest"]}alt="{match["text"]}"{match["end"]}>'
