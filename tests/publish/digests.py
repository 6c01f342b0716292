"""The files of a release that depend on its records alone, for comparisons."""

from iomld.release import FILES, Release

DATED = {FILES.description, FILES.history, FILES.report, FILES.graphs, FILES.tombstones, FILES.reviews}
GROWN = ("store/", FILES.projects)  # with equal content, but not always the same bytes


def digests(release: Release) -> dict[str, str]:
    """The hash of each file that does not depend on time."""
    files = release.manifest.files
    return {name: digest for name, digest in files.items() if name not in DATED and not name.startswith(GROWN)}
