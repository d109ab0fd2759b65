"""What keepers ask of a running node: acts put into force, a word after a halt, consents, new lines.

All of it runs in the line thread, between other work.
"""

from __future__ import annotations

from dataclasses import dataclass

from detente import words
from detente.line.effects import Alarm, Confirmed
from detente.line.errors import LineMistake, Refused
from detente.line.load import join_parts
from detente.line.state import Run
from detente.node.epochs import ProposedOpening, consent, join_later
from detente.node.home import Home
from detente.node.host import Host
from detente.node.serving.line_runner import LineRunner
from detente.store.errors import HomeMistake

__all__ = ["Done", "confirm_halted", "consent_to", "join_line", "put_into_force"]

say = words.speaker("node")


@dataclass(frozen=True, slots=True)
class Done:
    """Lines on which it was done, and what a person should be told of it."""

    lines: tuple[str, ...]
    alarms: tuple[Alarm, ...] = ()


def put_into_force(home: Home, runners: dict[str, LineRunner], envelope: bytes) -> Done:
    """Add an approved own root act to the chain and give it to every line; done already, it changes nothing.

    Raises Refused for an act that is not the next one, LineMistake, StoreFailure.
    """
    home.add_act(envelope)
    generation = home.ring().generation
    if generation in home.signer.generations and generation != home.signer.generation:
        home.use_generation(generation)
    for runner in runners.values():
        if runner.host is not None:  # one that waits to be opened anew takes the act then
            runner.attempt(Host.give_acts)
    return Done(tuple(sorted(runners)))


def confirm_halted(home: Home, runners: dict[str, LineRunner]) -> Done:
    """Carry out a keeper's word on every halted line; returns those. Raises StoreFailure, SignerFailure."""
    halted = [
        runner for runner in runners.values() if runner.host is not None and runner.host.state.run is Run.HALTED
    ]
    if not halted:
        return Done(())
    head_file = home.confirm()
    alarms: list[Alarm] = []
    for runner in halted:
        answered = runner.give(Confirmed(head_file))
        if answered.refusal is not None:
            raise answered.refusal
        alarms += answered.alarms
    return Done(tuple(runner.line for runner in halted), tuple(alarms))


def consent_to(runners: dict[str, LineRunner], proposed: ProposedOpening) -> Done:
    """Consent to an opening on its line; the line goes on in the new epoch.

    Raises HomeMistake for a line that was never joined, LineMistake, StoreFailure.
    """
    runner = runners.get(proposed.opening.line)
    if runner is None:
        raise HomeMistake(
            expected=say("a line that this home has joined"), came=proposed.opening.line, where="FILE"
        )
    try:
        runner.take_host(runner.attempt(lambda host: consent(host, proposed)))
    except (LineMistake, Refused):
        runner.reopen()  # what was kept of the proposal is on the disk and not in the host's memory
        raise
    return Done((runner.line,))


def join_line(home: Home, proposed: ProposedOpening) -> Done:
    """Join a line by its first opening or a later one; it runs from then on. Raises HomeMistake, LineMistake."""
    if proposed.opening.epoch == 1:
        seat = proposed.opening.seat(home.member)
        if seat is None or seat.card != home.ring().card:
            raise LineMistake(
                expected=say("an opening with a seat for {member}", member=home.member),
                came=say("none, or another card"),
                remedy=say("add its card: detente line card"),
            )
        home.join(proposed.opening.line, join_parts(proposed.opening, list(proposed.rings)))
    else:
        join_later(home, proposed)
    return Done((proposed.opening.line,))
