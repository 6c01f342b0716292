"""The settings, read from the environment once by a command and passed on as plain values.

`docs/SETTINGS.md` lists them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from ipaddress import ip_network
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from iomld.errors import SettingsError
from iomld.fund_folder import FundFolder, base_address, read_fund_folder, web_address
from iomld.iris import DEFAULT_BASE

PREFIX = "IOMLD_"
MAX_PORT = 65_535
_MIB = 1024 * 1024
_REMOTE_DATASETS = 2  # one is read while the other one is changed


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings; `SETTINGS` describes each. Sizes are in bytes, times in seconds."""

    fund: FundFolder | None = None
    base_iri: str = DEFAULT_BASE
    data_dir: Path = Path("iomld-data")
    host: str = "127.0.0.1"
    port: int = 8000
    license: str = "https://creativecommons.org/licenses/by/4.0/"
    publisher: str = ""
    contact: str = ""
    security_contact: str = ""
    publish_narrative: bool = True
    query_timeout: float = 10.0
    query_bytes: int = 64 * _MIB
    query_rows: int = 1_000_000
    query_length: int = _MIB
    query_workers: int = 2
    query_queue: int = 256
    query_memory: int = 4096 * _MIB
    cache_bytes: int = 64 * _MIB
    upload_bytes: int = 10 * _MIB
    upload_timeout: float = 30.0
    inbox_bytes: int = 1024 * _MIB
    daily_submissions: int = 200
    access_log: str = "off"
    client_seconds: float = 120.0
    client_refill: float = 60.0
    client_patience: float = 30.0
    connections: int = 1000
    trusted_proxies: str = ""
    services: tuple[str, ...] = ()
    remote_query: tuple[str, ...] = ()
    remote_update: tuple[str, ...] = ()
    remote_user: str = ""
    remote_password_file: str = ""


def _boolean(text: str) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if text.lower() not in words:
        raise ValueError("write 1 or 0")
    return words[text.lower()]


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) == 0:
        raise ValueError("write a whole number above 0")
    return int(text)


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > MAX_PORT:
        raise ValueError(f"write a whole number from 0 to {MAX_PORT}")
    return int(text)


def _host(text: str) -> str:
    if not text.strip():
        raise ValueError("write an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them")
    return text.strip()


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < float("inf"):
        raise ValueError("write a number of seconds above 0")
    return value


def _access_log(text: str) -> str:
    if text not in {"json", "off"}:
        raise ValueError("write json or off")
    return text


def _security_contact(text: str) -> str:
    """An address as RFC 9116 has it; one of mail gets its scheme."""
    address = f"mailto:{text}" if re.fullmatch(r"[^@:/]+@[^@:/]+", text) else text
    if text and not re.fullmatch(r"(https://|mailto:|tel:)[!-~]+", address):
        raise ValueError("write an address of mail or one that begins with https://, mailto: or tel:")
    return address


def _fund(text: str) -> FundFolder | None:
    return read_fund_folder(Path(text)) if text else None


def _networks(text: str) -> str:
    for part in filter(None, map(str.strip, text.split(","))):
        ip_network(part)
    return text


def _services(text: str) -> tuple[str, ...]:
    """Prefixes of addresses; each contains a whole host name, so that it cannot match a longer one."""
    prefixes = tuple(part.strip() for part in text.split(",") if part.strip())
    for prefix in prefixes:
        if "/" not in web_address(prefix).partition("://")[2]:
            raise ValueError(f"put a slash behind the host of {prefix}")
    return prefixes


def _datasets(text: str) -> tuple[str, ...]:
    """The addresses of the two datasets of a remote store, in which a password would be seen in messages."""
    addresses = tuple(part.strip() for part in text.split(",") if part.strip())
    for address in addresses:
        parts = urlsplit(web_address(address))
        if "@" in parts.netloc:  # the value must not be repeated
            raise SettingsError(
                "IOMLD_REMOTE_QUERY, IOMLD_REMOTE_UPDATE: an address contains a user name. Write it in "
                "IOMLD_REMOTE_USER, and the password in the file that IOMLD_REMOTE_PASSWORD_FILE names."
            )
        if not parts.hostname or parts.port == 0:  # asking for the port checks it
            raise ValueError("write addresses with a host, such as http://127.0.0.1:7878/query")
    if addresses and len(set(addresses)) != _REMOTE_DATASETS:
        raise ValueError("write the addresses of two datasets, with a comma between them")
    return addresses


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting: the name of its field, the parser of its value, and its meaning."""

    name: str
    parse: Callable[[str], object]
    meaning: str

    @property
    def variable(self) -> str:
        """The environment variable."""
        return PREFIX + self.name.upper()


SETTINGS = (
    Setting(
        "fund",
        _fund,
        "Fund folder of the publisher: its settings, lists and shapes; the option `--fund` takes precedence.",
    ),
    Setting("base_iri", base_address, "Base of the IRIs of projects, countries and concepts."),
    Setting("data_dir", Path, "Folder of the releases."),
    Setting("host", _host, "Address that the server listens on; `0.0.0.0` is every IPv4 address of the machine."),
    Setting("port", _port, "Port that the server listens on; 0 is any free port."),
    Setting(
        "license",
        web_address,
        "Licence of the published records: of the data and the publisher's own wording, not of what others wrote.",
    ),
    Setting(
        "publisher",
        str,
        "Name of the publisher, in the description of the dataset and in citations; without one, they name nobody.",
    ),
    Setting(
        "contact",
        str,
        "Address for questions, in the description of the dataset; if empty, the page `/about`.",
    ),
    Setting(
        "security_contact",
        _security_contact,
        "Address for reports of vulnerabilities, in `/.well-known/security.txt`; without one there is no such file.",
    ),
    Setting("publish_narrative", _boolean, "Publish narratives whole (1), or only the quoted mentions (0)."),
    Setting("query_timeout", _seconds, "Seconds that a query may take."),
    Setting("query_bytes", _count, "Largest answer to a query, in bytes."),
    Setting("query_rows", _count, "Most rows in an answer to a query."),
    Setting("query_length", _count, "Longest query, in bytes."),
    Setting("query_workers", _count, "Processes that answer queries; up to four times as many under load."),
    Setting("query_queue", _count, "Queries that can wait in the queue; further ones get status 429."),
    Setting("query_memory", _count, "Address space of a query process, in bytes."),
    Setting("cache_bytes", _count, "Memory for cached answers, in bytes."),
    Setting("upload_bytes", _count, "Largest upload to /validate and /submissions, in bytes."),
    Setting(
        "upload_timeout", _seconds, "Seconds that the check of an upload, or the writing of a selection, may take."
    ),
    Setting("inbox_bytes", _count, "Bytes of all submissions in the inbox with their previews."),
    Setting("daily_submissions", _count, "Submissions that can be sent with a token in 24 hours."),
    Setting("access_log", _access_log, "Log each request as a line on standard error: `json` or `off`."),
    Setting(
        "client_seconds", _seconds, "Seconds of work (queries, checks of uploads, pages) that a client can use at once."
    ),
    Setting("client_refill", _seconds, "Seconds of work that a client regains each minute."),
    Setting(
        "client_patience",
        _seconds,
        "Seconds to receive a request, or each further 10 kB of its body, and to wait for a client that reads nothing.",
    ),
    Setting("connections", _count, "Simultaneous connections; further clients get status 503."),
    Setting("services", _services, "Prefixes of the addresses that queries can use with SERVICE, separated by commas."),
    Setting(
        "trusted_proxies", _networks, "Addresses of proxies with trusted X-Forwarded headers, separated by commas."
    ),
    Setting(
        "remote_query",
        _datasets,
        "Addresses of the endpoints of two datasets of a remote store, which answers queries, separated by a comma.",
    ),
    Setting("remote_update", _datasets, "Addresses of their graph stores, in the same order, for whoever publishes."),
    Setting("remote_user", str, "Name for the remote store, if it asks for one."),
    Setting("remote_password_file", str, "File with the password for the remote store, on its first line."),
)


def read_settings(environ: Mapping[str, str]) -> Settings:
    """Read the settings.

    Args:
        environ: The environment (`os.environ`).

    Raises:
        SettingsError: A value is invalid, or a name looks like a mistyped setting.
    """
    known = {setting.variable: setting for setting in SETTINGS}
    given: dict[str, object] = {}
    for name, text in environ.items():
        if name in known:
            try:
                given[known[name].name] = known[name].parse(text)
            except ValueError as error:
                raise SettingsError(f"{name}: '{text}' cannot be used: {error}.") from error
        elif name.startswith(PREFIX) and (near := get_close_matches(name, known, n=1, cutoff=0.8)):
            raise SettingsError(f"{name} is no setting. Did you mean {near[0]}?")
    fund = given.get("fund")
    if isinstance(fund, FundFolder):
        given = _with_fund(given, fund)
    if "remote_update" in given and not given.get("remote_query"):
        raise SettingsError("IOMLD_REMOTE_UPDATE: set IOMLD_REMOTE_QUERY, too: what was pushed is checked there.")
    # Each parser returns the type of its field; a test checks the table against the class.
    return Settings(**cast("dict[str, str]", given))  # type: ignore[arg-type]  # as the line above says


def _with_fund(given: Mapping[str, object], fund: FundFolder) -> dict[str, object]:
    """The settings with those of the fund folder; what the environment says counts first.

    Raises:
        SettingsError: The environment says another base: the lists of the folder have their own.
    """
    if given.get("base_iri", fund.base) != fund.base:
        raise SettingsError(
            f"IOMLD_BASE_IRI: '{given['base_iri']}' is not the base of the fund folder, {fund.base}. "
            "Leave the setting out; the folder says the base."
        )
    ours = {"base_iri": fund.base, "publisher": fund.publisher, "license": fund.license}
    return {name: value for name, value in ours.items() if value is not None} | dict(given)
