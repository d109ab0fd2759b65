"""The figures as Prometheus reads them. Names and labels are documented in docs/keeping.md; a test holds both equal.

Labels are names of lines, members, couriers, alarms and states; never an address, a file or anything that was said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from detente import __version__
from detente.line.state import Direction
from detente.node.alarms.rules import GRAVE
from detente.node.couriers.states import CourierState
from detente.node.health.figures import Figures, LineFigures
from detente.store.alarms import KeptAlarm

__all__ = ["Seen", "text_of"]

_RUNS = ("running", "refilling", "halted", "stopped")
_COURIER = ("line", "party", "courier")
_PARTY = ("line", "party")


@dataclass(frozen=True, slots=True)
class Seen:
    """What one answer is made of. raised: by name and priority; failed: by channel; turned_away: by reason."""

    figures: Figures
    now_ms: int
    couriers: tuple[CourierState, ...] = ()
    turned_away: Mapping[str, int] = field(default_factory=dict)
    alarms: tuple[KeptAlarm, ...] = ()
    raised: Mapping[tuple[str, str], int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)
    dropped: int = 0


def text_of(seen: Seen) -> bytes:
    """Return the figures in the text format of Prometheus."""

    class Source:
        def collect(self) -> Iterator[Metric]:
            yield from _node(seen)
            yield from _lines(seen.figures.lines)
            yield from _parties(seen)
            yield from _couriers(seen)
            yield from _alarms(seen)

    registry = CollectorRegistry(auto_describe=False)
    registry.register(Source())
    return generate_latest(registry)


def _gauge(name: str, about: str, labels: Iterable[str], rows: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    family = GaugeMetricFamily(name, about, labels=list(labels))
    for values, value in rows:
        family.add_metric(list(values), value)
    return family


def _counter(
    name: str, about: str, labels: Iterable[str], rows: Iterable[tuple[tuple[str, ...], float]]
) -> Metric:
    family = CounterMetricFamily(name, about, labels=list(labels))
    for values, value in rows:
        family.add_metric(list(values), value)
    return family


def _node(seen: Seen) -> Iterator[Metric]:
    figures = seen.figures
    yield _gauge("detente_build_info", "Always 1.", ("version", "member"), [((__version__, figures.member), 1)])
    yield _gauge(
        "detente_ready", "1 when the lines are open and the signer with them.", (), [((), figures.ready)]
    )
    yield _gauge(
        "detente_old_sealing_keys", "Keys for sealed bundles that must be destroyed.", (),
        [((), figures.old_sealing_keys)],
    )  # fmt: skip


def _lines(lines: tuple[LineFigures, ...]) -> Iterator[Metric]:
    yield _gauge(
        "detente_line_run", "1 for how the line runs now.", ("line", "run"),
        [((one.line, run), one.run == run) for one in lines for run in _RUNS],
    )  # fmt: skip
    yield _gauge(
        "detente_line_statements_own", "Own statements that are held.", ("line",),
        [((one.line,), one.held) for one in lines],
    )  # fmt: skip
    yield _counter(
        "detente_line_statements_submitted", "Statements submitted since the start.", ("line",),
        [((one.line,), one.drafts) for one in lines],
    )  # fmt: skip
    yield _counter(
        "detente_line_commits", "Commits of submitted statements since the start.", ("line",),
        [((one.line,), one.batches) for one in lines],
    )  # fmt: skip


def _parties(seen: Seen) -> Iterator[Metric]:
    parties = [(one.line, party) for one in seen.figures.lines for party in one.parties]
    yield _gauge(
        "detente_party_state", "1 for the state of the line to the party.", (*_PARTY, "state"),
        [((line, one.member, state.value), one.state == state.value) for line, one in parties for state in Direction],
    )  # fmt: skip
    yield _gauge(
        "detente_party_heard_timestamp_seconds", "When the party was last heard.", _PARTY,
        [((line, one.member), one.heard_ms / 1000) for line, one in parties if one.heard_ms is not None],
    )  # fmt: skip
    yield _gauge(
        "detente_party_tests_missed", "Tests of the line missed in a row.", _PARTY,
        [((line, one.member), one.missed) for line, one in parties],
    )  # fmt: skip
    yield _gauge(
        "detente_party_statements_held", "Statements of the party that are held here.", _PARTY,
        [((line, one.member), one.held) for line, one in parties],
    )  # fmt: skip
    yield _gauge(
        "detente_party_statements_delivered", "Own statements that the party confirmed.", _PARTY,
        [((line, one.member), one.delivered) for line, one in parties],
    )  # fmt: skip
    yield _gauge(
        "detente_party_receipt_waiting_seconds", "Age of the oldest own statement without a receipt; 0: none.", _PARTY,
        [
            ((line, one.member), _age_s(one.waiting_since_ms, seen.now_ms))
            for line, one in parties if one.is_member
        ],
    )  # fmt: skip


def _couriers(seen: Seen) -> Iterator[Metric]:
    # a courier's name is its number and its address: the number says which, the address is nobody's business
    named = [((one.line, one.party, one.courier.partition(" ")[0]), one) for one in seen.couriers]
    yield _gauge(
        "detente_courier_up", "1 when the courier's last try worked.", _COURIER,
        [(labels, one.state == "up") for labels, one in named],
    )  # fmt: skip
    yield _gauge(
        "detente_courier_ok_timestamp_seconds", "When the courier last worked.", _COURIER,
        [(labels, one.last_ok_at_ms / 1000) for labels, one in named if one.last_ok_at_ms is not None],
    )  # fmt: skip
    yield _counter(
        "detente_courier_bytes", "Bytes of bundles since the start.", (*_COURIER, "way"),
        [
            ((*labels, way), sent)
            for labels, one in named for way, sent in (("in", one.bytes_in), ("out", one.bytes_out))
        ],
    )  # fmt: skip
    yield _counter(
        "detente_courier_connections_refused", "Connections that were not let in, by reason.", ("why",),
        [((why,), count) for why, count in sorted(seen.turned_away.items())],
    )  # fmt: skip


def _alarms(seen: Seen) -> Iterator[Metric]:
    standing = [one for one in seen.alarms if one.is_open]
    yield _gauge(
        "detente_alarms_open", "Alarms that nobody acknowledged.", ("priority",),
        [((priority,), sum(one.priority == priority for one in standing)) for priority in GRAVE],
    )  # fmt: skip
    waiting = Counter((one.line, one.detail.get("precedence", "")) for one in standing)
    yield _gauge(
        "detente_notices_unanswered", "Notices that wait too long for a reader or an answer.", ("line", "precedence"),
        [
            ((line, precedence), waiting[line, precedence])
            for line in sorted({one.line for one in seen.figures.lines})
            for precedence in ("flash", "immediate", "priority", "routine")
        ],
    )  # fmt: skip
    yield _counter(
        "detente_alarms_raised", "Alarms since the start, each time that one was raised.", ("name", "priority"),
        [(labels, count) for labels, count in sorted(seen.raised.items())],
    )  # fmt: skip
    yield _counter(
        "detente_alarm_deliveries_failed", "Tries to tell somebody that failed.", ("channel",),
        [((channel,), count) for channel, count in sorted(seen.failed.items())],
    )  # fmt: skip
    yield _counter(
        "detente_alarms_dropped", "Open alarms forgotten because there were too many.", (), [((), seen.dropped)]
    )


def _age_s(at_ms: int | None, now_ms: int) -> float:
    return 0 if at_ms is None else max(0, now_ms - at_ms) / 1000
