"""Withdraw records: a new release without their graphs, which keeps a tombstone of each."""

import difflib
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote

from iomld import release
from iomld.convert import Publication
from iomld.errors import NotFoundError
from iomld.iris import Iris
from iomld.publish.build import Frame
from iomld.publish.gather import Gathered
from iomld.publish.report import PublishReport
from iomld.publish.run import make_release
from iomld.release import FILES, Release
from iomld.release.history import Tombstone, read_tombstones, xsd_moment
from iomld.release.nquads import GraphState, SortedLines, read_graphs


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What to withdraw, and why.

    Attributes:
        keys: Keys of the projects: codes, or `prima-…` where there is none.
        reason: Why, a sentence for people.
        replaced_by: Key of the project that stands for them now, or None.
        datadir: Folder of the releases.
        license: IRI of the licence of the records.
        publisher: Name of the publisher.
        contact: Address for questions; may be empty.
        version: Version of the software.
        dry_run: Say what would be withdrawn, and change nothing.
    """

    keys: Sequence[str]
    reason: str
    replaced_by: str | None
    datadir: Path
    license: str
    publisher: str
    contact: str
    version: str
    dry_run: bool = False


def withdraw_projects(order: Withdrawal) -> Release:
    """Make a release in which the records are gone.

    Returns:
        The release that is served now; the old one for a dry run.

    Raises:
        NotFoundError: Nothing is published, or one of the projects is not; then none is withdrawn.
        StoreError: The folder cannot be written or is in use.
    """
    started = datetime.now(UTC)
    with ExitStack() as stack:
        previous = release.current_release(order.datadir)
        if previous is None:
            raise NotFoundError(f"{order.datadir}: nothing is published here, so nothing can be withdrawn.")
        if not order.dry_run:
            stack.enter_context(release.publisher_lock(order.datadir))
            previous = release.current_release(order.datadir) or previous
        iris = Iris(previous.manifest.base)
        graphs = read_graphs(previous.file(FILES.graphs))
        earlier = read_tombstones(previous.file(FILES.tombstones))
        _check(order, graphs, earlier, iris)
        if order.dry_run:
            return previous
        frame = Frame(
            datadir=order.datadir,
            previous=previous,
            publication=Publication(iris, order.license, order.version),
            publisher=order.publisher,
            contact=order.contact,
            versions={**previous.manifest.versions, "iomld": order.version},
            started=started,
            ended=datetime.now(UTC),
        )
        new = {key: _tombstone(key, order, graphs[iris.record(key)], frame) for key in order.keys}
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="iomld-withdraw-")))
        gathered = Gathered(SortedLines(scratch), scratch / "changed.nq", withdrawn=new, tombstones=earlier | new)
        gathered.changed_file.touch()
        removed = {iris.record(key) for key in new}
        kept = {graph: state for graph, state in graphs.items() if graph not in removed}
        return make_release(gathered, kept, frame, PublishReport(0, 0, 0, (), (), (), withdrawn=tuple(sorted(new))))


def _tombstone(key: str, order: Withdrawal, state: GraphState, frame: Frame) -> Tombstone:
    return Tombstone(key, state.revision, xsd_moment(frame.ended), order.reason, order.replaced_by)


def _check(order: Withdrawal, graphs: dict[str, GraphState], earlier: dict[str, Tombstone], iris: Iris) -> None:
    """Every project is published, and what replaces them stays."""
    start = iris.record("")
    published = {unquote(graph.removeprefix(start)) for graph in graphs if graph.startswith(start)}
    wanted = [*order.keys, *([order.replaced_by] if order.replaced_by is not None else [])]
    faults = [_fault(key, published, earlier) for key in wanted if key not in published]
    if order.replaced_by in order.keys:
        faults.append(f"{order.replaced_by} cannot be replaced by itself.")
    if faults:
        raise NotFoundError(f"nothing was withdrawn. {' '.join(faults)}")


def _fault(key: str, published: set[str], earlier: dict[str, Tombstone]) -> str:
    if key in earlier:
        return f"{key} was withdrawn already, on {earlier[key].withdrawn}."
    close = difflib.get_close_matches(key, sorted(published), n=3, cutoff=0.5)
    return f"There is no project '{key}'." + (f" Did you mean {' or '.join(close)}?" if close else "")
