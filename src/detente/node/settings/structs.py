"""What can be set, with its defaults: frozen structures that the programs of a node read.

Names in the file are the names here. Periods end in ``_s`` (seconds), sizes in ``_bytes``. A path that is not
absolute begins at the home. The sentence for each name is in ``documented``.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from detente.line.state import Settings as LineLimits

__all__ = [
    "AlarmSettings",
    "CourierSettings",
    "CourierTo",
    "DeskSettings",
    "Duty",
    "EscalationSettings",
    "FolderTo",
    "HttpsTo",
    "LineSettings",
    "MetricsSettings",
    "NodeSettings",
    "OidcSettings",
    "OtherFrame",
    "ReaderSettings",
    "Settings",
    "SignerSettings",
    "SmtpSettings",
    "host_and_port",
    "is_loopback",
    "path_in",
]

_ADDRESS = r"\A(\[[0-9A-Fa-f:.%a-z]+\]|[A-Za-z0-9._-]{1,253}):[0-9]{1,5}\Z"

Address = Annotated[str, Meta(pattern=_ADDRESS, title="address")]
Listen = Annotated[str, Meta(pattern=_ADDRESS + r"|\A\Z", title="listen")]
Text = Annotated[str, Meta(min_length=1, max_length=1000, title="text")]
File = Annotated[str, Meta(min_length=1, max_length=4000, title="file")]
MaybeFile = Annotated[str, Meta(max_length=4000, title="maybe file")]
Link = Annotated[str, Meta(pattern=r"\Ahttps?://[^\s]{1,2000}\Z|\A\Z", title="link")]
Mail = Annotated[str, Meta(pattern=r"\A[^@\s<>,;\x00-\x1f]{1,64}@[^@\s<>,;\x00-\x1f]{1,255}\Z", title="mail")]
MaybeMail = Annotated[
    str, Meta(pattern=r"\A[^@\s<>,;\x00-\x1f]{1,64}@[^@\s<>,;\x00-\x1f]{1,255}\Z|\A\Z", title="mail")
]
SecureLink = Annotated[
    str, Meta(pattern=r"\A(https://|http://(localhost|127\.0\.0\.1)[:/])[^\s?#]{1,2000}\Z", title="issuer")
]
Site = Annotated[str, Meta(pattern=r"\A[a-z0-9.-]{1,253}\Z", title="site")]
Origin = Annotated[str, Meta(max_length=300, title="origin")]
Seconds = Annotated[int, Meta(ge=1, le=366 * 86_400)]
Bytes = Annotated[int, Meta(ge=1_000, le=1_000_000_000_000_000)]
Rate = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
Hour = Annotated[int, Meta(ge=0, le=24)]
NoticeType = Annotated[str, Meta(pattern=r"\A[a-z][a-z0-9.-]{0,62}\Z", title="type")]


class NodeSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[node]``."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["auto", "text", "json"] = "auto"


class CourierSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[courier]``: this node's own courier port, and the limits that guard it."""

    listen: Listen = ""
    certificate: File = "keys/courier.pem"
    bundle_bytes_max: Bytes = 16_000_000
    body_bytes_max: Bytes = 160_000_000
    bytes_per_s_max: Rate = 8_000_000
    body_bytes_per_s_min: Rate = 16
    requests_per_s_max: Annotated[int, Meta(ge=1, le=100_000)] = 200
    connections_max: Annotated[int, Meta(ge=2, le=10_000)] = 256
    connections_per_peer_max: Annotated[int, Meta(ge=2, le=1_000)] = 32
    connections_per_address_max: Annotated[int, Meta(ge=1, le=1_000)] = 64
    handshakes_max: Annotated[int, Meta(ge=1, le=1_000)] = 32
    handshake_s_max: Annotated[int, Meta(ge=1, le=600)] = 60
    header_s_max: Annotated[int, Meta(ge=1, le=600)] = 60
    answer_s_max: Annotated[int, Meta(ge=1, le=3_600)] = 120
    idle_s_max: Annotated[int, Meta(ge=5, le=3_600)] = 90
    wait_s: Annotated[int, Meta(ge=1, le=300)] = 25
    batch_ms: Annotated[int, Meta(ge=0, le=10_000)] = 5
    retry_s_min: Annotated[int, Meta(ge=1, le=3_600)] = 1
    retry_s_max: Annotated[int, Meta(ge=1, le=86_400)] = 300


class OidcSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[desk.oidc]``: the site's own sign-in (OpenID Connect). A notice is released with a passkey all the same."""

    issuer: SecureLink
    client_id: Text
    client_secret_file: MaybeFile = ""


OtherFrame = Literal["neutral", "suspect", "hostile"]
"""Standard identities of APP-6 that a site may draw the other side's movers with."""


class DeskSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[desk]``. site: the domain under which passkeys are made; origins (): see ``pages``.

    map_file: a PMTiles file with the site's own map, "" for none. other_side: the frame of its movers' symbols.
    """

    listen: Listen = "127.0.0.1:8443"
    site: Site = "localhost"
    origins: tuple[Origin, ...] = ()
    certificate_file: MaybeFile = ""
    key_file: MaybeFile = ""
    map_file: MaybeFile = ""
    other_side: OtherFrame = "neutral"
    session_idle_s: Annotated[int, Meta(ge=60, le=86_400)] = 1_800
    session_s: Annotated[int, Meta(ge=300, le=7 * 86_400)] = 43_200
    oidc: OidcSettings | None = None

    def pages(self) -> tuple[str, ...]:
        """Return where the desk's pages are, as a browser gives it: the origins, else the site at the own port."""
        if self.origins or not self.listen:
            return self.origins
        scheme, port = ("https", 443) if self.certificate_file else ("http", 80)
        own = host_and_port(self.listen)[1]
        return (f"{scheme}://{self.site}" + ("" if own == port else f":{own}"),)


class SignerSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[signer]``."""

    passphrase_file: MaybeFile = ""


class MetricsSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[metrics]``."""

    listen: Listen = ""


class HttpsTo(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind", tag="https"
):
    """``[[line.NAME.courier.PARTY]]`` of kind "https". address "": it reaches us, and we never call it."""

    address: Listen = ""
    certificate: File
    every_s: Seconds = 60
    bytes_per_s_max: Rate = 0
    sealed: bool = False


class FolderTo(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    tag_field="kind",
    tag="folder",
    rename={"out": "out", "in_": "in"},
):
    """``[[line.NAME.courier.PARTY]]`` of kind "folder". out or in_ "": that direction is not used."""

    out: MaybeFile = ""
    in_: MaybeFile = ""
    sealed: bool = True
    every_s: Seconds = 60
    keep_taken: bool = True
    settle_s: Annotated[int, Meta(ge=0, le=3_600)] = 2
    receipt_s_max: Annotated[int, Meta(ge=0, le=366 * 86_400)] = 0


CourierTo = HttpsTo | FolderTo


class LineSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[line.NAME]``. courier: party -> its couriers, in the order in which they are tried."""

    test_every_s: Seconds = 3_600
    silent_after_s: Seconds = 3 * 3_600
    unacknowledged_after_s: Seconds = 24 * 3_600
    quota_bytes: Bytes = 2_000_000_000
    two_person_release: tuple[NoticeType, ...] = ()
    courier: dict[str, tuple[CourierTo, ...]] = {}

    def limits(self) -> LineLimits:
        """Return the periods and caps that the line's machine keeps."""
        return LineLimits(
            test_every_ms=self.test_every_s * 1000,
            silent_after_ms=self.silent_after_s * 1000,
            unacknowledged_after_ms=self.unacknowledged_after_s * 1000,
            quota_bytes=self.quota_bytes,
        )


class SmtpSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"from_": "from"}
):
    """``[alarms.smtp]``: the mail server that takes alarms."""

    host: Text
    port: Annotated[int, Meta(ge=1, le=65_535)] = 587
    from_: Mail
    to: tuple[Mail, ...] = ()
    starttls: bool = True
    tls: bool = False
    authorities_file: MaybeFile = ""
    user: Annotated[str, Meta(max_length=1000, title="text")] = ""
    password_file: MaybeFile = ""


class AlarmSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[alarms]``. least: what is less grave than this stays in the log."""

    terminal: bool = True
    webhook: Link = ""
    webhook_secret_file: MaybeFile = ""
    webhook_authorities_file: MaybeFile = ""
    least: Literal["emergency", "alarm", "warning", "caution"] = "warning"
    again_s: Seconds = 3_600
    with_text: bool = False
    smtp: SmtpSettings | None = None


class Duty(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``[[duty]]``: people on duty, in the order in which they are asked. Hours are UTC; 22 to 6 passes midnight."""

    name: Text
    mail: MaybeMail = ""
    webhook: Link = ""
    from_hour: Hour = 0
    to_hour: Hour = 24


class EscalationSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[escalation]``: after how long without an answer the next person on duty is asked, by precedence."""

    flash_s: Seconds = 60
    immediate_s: Seconds = 300
    priority_s: Seconds = 1_800
    routine_s: Seconds = 14_400


class ReaderSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``[readers]``: who else may read statements in tiles."""

    auditors: tuple[File, ...] = ()


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole settings file. line: by the line's id or its bare name."""

    node: NodeSettings = NodeSettings()
    courier: CourierSettings = CourierSettings()
    desk: DeskSettings = DeskSettings()
    signer: SignerSettings = SignerSettings()
    metrics: MetricsSettings = MetricsSettings()
    alarms: AlarmSettings = AlarmSettings()
    duty: tuple[Duty, ...] = ()
    escalation: EscalationSettings = EscalationSettings()
    readers: ReaderSettings = ReaderSettings()
    line: dict[str, LineSettings] = {}

    def of_line(self, line: str) -> LineSettings:
        """Return what is set for a line by its id, else by its name without digits and training mark, else defaults."""
        if line in self.line:
            return self.line[line]
        return self.line.get(bare_name(line), LineSettings())


def bare_name(line: str) -> str:
    """Return a line's name without its digits and training mark."""
    return line.removeprefix("training-").rpartition("-")[0]


def host_and_port(address: str) -> tuple[str, int]:
    """Split "host:port" or "[::1]:port", as the settings' pattern allows them; port 0 to 65535."""
    host, _, port = address.rpartition(":")
    return host.removeprefix("[").removesuffix("]"), int(port)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches a host: 127.0.0.0/8, ::1 or localhost."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def path_in(home: Path, name: str) -> Path:
    """Return a path of the settings: absolute as it stands, else below the home."""
    return home / name
