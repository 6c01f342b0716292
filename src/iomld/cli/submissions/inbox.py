"""The commands `iomld inbox …` and `iomld token …`: submissions and tokens, for whoever runs the server."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from iomld import release
from iomld.cli.options import WholeNumber, datadir_option, fund_option, settings
from iomld.cli.stages import loaded_pipeline, pipeline_choices
from iomld.errors import NotFoundError, StoreError
from iomld.inbox.database import has_inbox
from iomld.inbox.inbox import Inbox
from iomld.inbox.receipts import chain_faults, published_faults, state_faults
from iomld.inbox.submissions import (
    Submission,
    SubmissionState,
    escaped,
    moment_text,
    require_confirmed,
    require_plain,
)
from iomld.inbox.tokens import AccessToken, TokenScope, new_token, scopes_text
from iomld.publish.submissions.findings import shown_preview
from iomld.release.folder import read_manifest
from iomld.release.pruning import pruned_manifests
from iomld.release.served import release_folder

if TYPE_CHECKING:
    from iomld.config import Settings

_Json = dict[str, Any]


def _now() -> datetime:
    return datetime.now(UTC)


def _opened(datadir: Path | None) -> Inbox:
    """The inbox of a folder.

    Raises:
        NotFoundError: It has none.
    """
    folder = datadir or settings().data_dir
    if not has_inbox(folder):
        raise NotFoundError(f"{folder}: there is no inbox. 'iomld token create' makes one with the first token.")
    return Inbox(folder)


@click.group()
def inbox_command() -> None:
    """List submissions, show what they would change, and accept or reject them.

    \b
    Example:
      iomld inbox list
      iomld inbox show 4f0c…
      iomld inbox accept 4f0c… --preview 91d2…
    """


@inbox_command.command("list")
@click.option(
    "--state", type=click.Choice([one.value for one in SubmissionState]), help="Only submissions in this state."
)
@datadir_option
def list_submissions(*, state: str | None, datadir: Path | None) -> None:
    """List submissions, the newest first.

    \b
    Example:
      iomld inbox list --state previewed
    """
    with _opened(datadir) as inbox:
        inbox.sweep(_now())
        found = inbox.submissions(SubmissionState(state) if state else None)
    for one in found:
        click.echo(f"{one.id}  {one.state:<9}  {one.received}  {one.size_bytes:>9} bytes  {one.mode}")
    if not found:
        click.echo("No submissions.")


@inbox_command.command("show")
@click.argument("id_", metavar="ID")
@click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json", "rdf-patch", "body"]),
    default="text",
    show_default=True,
    help="The changes in words, as JSON or as an RDF Patch; or what was sent.",
)
@datadir_option
def show_submission(*, id_: str, form: str, datadir: Path | None) -> None:
    """Show a submission.

    Shown are its state and what it would change, or why it is invalid.

    \b
    Example:
      iomld inbox show 4f0c… --format rdf-patch
    """
    with _opened(datadir) as inbox:
        found = inbox.submission(id_)
        written = inbox.body(id_).data if form == "body" else _written(found, form)
    sys.stdout.buffer.write(written)
    sys.stdout.buffer.flush()


def _written(found: Submission, form: str) -> bytes:
    preview: _Json = shown_preview(found.preview or b"{}")
    if form == "json":
        return json.dumps(preview, indent=2, ensure_ascii=False).encode() + b"\n"
    if form == "rdf-patch":
        from iomld.iris import Iris  # noqa: PLC0415  # as the next line
        from iomld.publish.submissions.preview import patch_rows  # noqa: PLC0415  # with the library of the store

        return patch_rows(preview, Iris(settings().base_iri).submission(found.id))
    return "".join(f"{escaped(line)}\n" for line in _lines(found, preview)).encode()


def _lines(found: Submission, preview: _Json) -> Iterator[str]:
    """A submission in words."""
    yield f"id         {found.id}"
    yield f"state      {found.state}" + (f": {found.reason}" if found.reason else "")
    yield f"received   {found.received}, {found.size_bytes} bytes, {found.mode}"
    yield f"preview    {found.tag}"
    for project in preview.get("projects", ()):
        yield f"{project['change']:<10} {project['project']}"
        if gone := project.get("withdrawn"):
            yield f"  was withdrawn at {gone['at']}: {gone['reason']}"
        for one in project["fields"]:
            before, after = ("; ".join(one[side]).replace("\n", " ") or "none" for side in ("before", "after"))
            yield f"  {one['field']}: {before} → {after}"
        yield from (f"  removes {name}" for name in project["removes"])
        yield from (f"  new: {one['message']} [{one['rule']}]" for one in project["findings"] if one["isNew"])
    for one in preview.get("findings", ()):
        yield f"unchanged  {one['project']}: {one['message']} [{one['rule']}]"
    for refused in preview.get("refused", ()):
        yield f"refused    {refused['name']}"
        for one in refused["reasons"]:
            yield f"  {one['field'] or ''}: {one['message']} {one['fix']} [{one['rule']}]"
        yield from (f"  also: {one['message']} {one['fix']} [{one['rule']}]" for one in refused.get("findings", ()))


@inbox_command.command("accept")
@click.argument("id_", metavar="ID")
@click.option("--preview", "tag", required=True, help="The preview that you accept, as 'iomld inbox show' names it.")
@click.option("--removes", multiple=True, metavar="NAME", help="A value that is to vanish; name each of them.")
@datadir_option
@fund_option
def accept_submission(*, id_: str, tag: str, removes: tuple[str, ...], datadir: Path | None) -> None:
    """Accept a submission; 'iomld work' publishes it.

    If a project in it was published meanwhile, it has a new preview, which is to be looked at first.

    \b
    Example:
      iomld inbox accept 4f0c… --preview 91d2… --removes PO.0105/abstract.en
    """
    known = settings()
    folder = datadir or known.data_dir
    with _opened(folder) as inbox:
        inbox.sweep(_now())
        found = _current(inbox, folder, id_, known)
        if found.state is SubmissionState.PREVIEWED and found.tag == tag:
            require_confirmed(found, removes)
        inbox.accept(id_, tag, _now())
    click.echo(f"accepted   {id_}")


def _current(inbox: Inbox, folder: Path, id_: str, known: "Settings") -> Submission:
    """A submission with its preview against the current release."""
    found = inbox.submission(id_)
    served = release.served_name(folder) or ""
    if found.state is not SubmissionState.PREVIEWED or json.loads(found.preview)["release"] == served:
        return found
    from iomld.publish.submissions import preview  # noqa: PLC0415  # with the library of the store

    pipeline = loaded_pipeline(pipeline_choices(known, profile=preview.PROFILE))
    graphs = preview.published_graphs(folder, release.current_release(folder), pipeline.publication.iris)
    body = inbox.body(id_)
    made = preview.preview_of(body, pipeline, graphs, preview.mapping_of_body(body))
    return inbox.renew(id_, made, _now())


@inbox_command.command("reject")
@click.argument("id_", metavar="ID")
@click.option("--reason", required=True, help="Why, in a sentence for the sender; it is not published.")
@datadir_option
def reject_submission(*, id_: str, reason: str, datadir: Path | None) -> None:
    """Reject a submission.

    \b
    Example:
      iomld inbox reject 4f0c… --reason "The budget is that of another year."
    """
    if not reason.strip():
        raise click.UsageError("--reason is empty. Say why in a sentence; the sender can read it.")
    with _opened(datadir) as inbox:
        inbox.move(id_, SubmissionState.REJECTED, _now(), reason=reason.strip())
    click.echo(f"rejected   {id_}")


@inbox_command.command("forget")
@click.argument("token", metavar="TOKEN_ID")
@datadir_option
def forget_sender(*, token: str, datadir: Path | None) -> None:
    """Forget a sender.

    The token is revoked, and its name and all that was sent with it are removed.

    Receipts stay, since they name nobody, and so does what was published.

    \b
    Example:
      iomld inbox forget 6f1e0c2b9a7d
    """
    with _opened(datadir) as inbox:
        number = inbox.forget(token, _now())
    click.echo(f"forgotten  {token}, with {number} submissions")


@inbox_command.command("verify")
@datadir_option
def verify_receipts(*, datadir: Path | None) -> None:
    """Check the chain of receipts.

    The check finds entries that were changed or removed.

    It is compared with the submissions, and with the manifests of all releases in the folder.

    \b
    Example:
      iomld inbox verify
    """
    folder = datadir or settings().data_dir
    with _opened(folder) as inbox:
        # Releases first: what one names is in the inbox by then.
        releases, faults = _published_receipts(folder)
        entries, states = inbox.chain()
    faults += [*chain_faults(entries), *published_faults(entries, releases), *state_faults(entries, states)]
    for fault in faults:
        click.echo(f"  {escaped(fault)}")
    if faults:
        raise StoreError("the receipts are not as they were written. Compare the inbox and the releases with a backup.")
    head = entries[-1].sha256 if entries else "none"
    click.echo(f"whole      {len(entries)} entries, newest {head}; compared with {len(releases)} releases")


def _published_receipts(folder: Path) -> tuple[dict[str, dict[str, str]], list[str]]:
    """The hashes of receipts in the manifests of releases, pruned ones too, and which manifests cannot be read."""
    found, faults = {}, []
    manifests = {name: read_manifest(release_folder(folder, name)) for name in release.release_names(folder)}
    for name, (manifest, fault) in (manifests | pruned_manifests(folder)).items():
        if manifest is None:
            faults.append(f"release {name}: {fault} So the receipts cannot be compared with it.")
        else:
            found[name] = dict(manifest.submissions)
    return found, faults


@click.group()
def token_command() -> None:
    """Make, list and revoke the tokens by which senders and reviewers are known.

    \b
    Example:
      iomld token create --scope submit --name "Regional office, Pretoria"
    """


@token_command.command("create")
@click.option(
    "--scope",
    "scopes",
    type=click.Choice([one.value for one in TokenScope]),
    multiple=True,
    required=True,
    help="What the token is for; can be repeated.",
)
@click.option("--name", required=True, help="Whose it is; kept in the inbox, never published.")
@click.option("--days", type=WholeNumber(1, 3650), default=90, show_default=True, help="Days until its end.")
@click.option("--allow-self", is_flag=True, help="Let its owner accept what was sent with it.")
@datadir_option
def create_token(*, scopes: tuple[str, ...], name: str, days: int, allow_self: bool, datadir: Path | None) -> None:
    """Make a token and write it to standard output.

    It is shown only now.

    \b
    Example:
      iomld token create --scope submit --name "Regional office, Pretoria" --days 365
      iomld token create --scope submit --scope review --name "Data officer" --allow-self
    """
    folder, now, made = datadir or settings().data_dir, _now(), new_token()
    require_plain(name)
    if not folder.is_dir():
        raise NotFoundError(f"{folder}: there is no such folder. 'iomld publish' makes one; or check --from.")
    token = AccessToken(
        made.id,
        name,
        frozenset(map(TokenScope, scopes)),
        moment_text(now),
        moment_text(now + timedelta(days=days)),
        allows_self=allow_self,
    )
    with Inbox(folder) as inbox:
        inbox.tokens.add(made, token)
    click.echo(made.text)
    click.echo(f"Token {made.id} ends on {token.expires[:10]}. It is not shown again.", err=True)


@token_command.command("list")
@datadir_option
def list_tokens(*, datadir: Path | None) -> None:
    """List the tokens.

    Each has its id, scopes, end, last use and name; the tokens themselves are never shown.

    \b
    Example:
      iomld token list
    """
    now = _now()
    with _opened(datadir) as inbox:
        found = inbox.tokens.all()
    for one in found:
        state = "revoked" if one.revoked else "valid" if one.is_valid(now) else "ended"
        used = one.last_used or "never used"
        end, name = one.expires[:10], escaped(one.name)
        click.echo(f"{one.id}  {scopes_text(one.scopes):<13}  {state:<7}  until {end}  {used}  {name}")


@token_command.command("revoke")
@click.argument("id_", metavar="ID")
@datadir_option
def revoke_token(*, id_: str, datadir: Path | None) -> None:
    """Revoke a token at once.

    \b
    Example:
      iomld token revoke 6f1e0c2b9a7d
    """
    with _opened(datadir) as inbox:
        inbox.tokens.revoke(id_)
    click.echo(f"revoked    {id_}")
