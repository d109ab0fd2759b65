"""Healing: links carry, processes run, keepers come; then everything owed arrives, or a fork is proven (L1-L5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from detente.line.checkpoint import Origin
from detente.line.effects import Role, Submitted
from detente.line.envelope import Envelope, PayloadType
from detente.line.proof import judge
from detente.line.state import Run
from detente.line.statement import Statement
from tests.simulation import officers
from tests.simulation.checks import Violation
from tests.simulation.nodes import Node

if TYPE_CHECKING:
    from tests.simulation.world import World

ROUNDS = 30


def heal(world: World) -> None:
    """Heal the world and demand what is owed, twice: after the trouble, and after one more statement of each."""
    world.trouble = False
    world.links.blocked = set()
    _stand_up(world)
    _settle(world)
    for node in _writers(world):
        world.tell(node, "writes once more")
        node.give(Submitted((officers.draw_draft(world, node),)))
    _settle(world)
    world.checks.finish()


def _stand_up(world: World) -> None:
    quiet = world.rng.random() < 0.5
    world.marks["liars silent at the end"] += quiet and bool(world.liars)
    for node in list(world.nodes):
        if node.label.endswith("'") or node.label.startswith("thief") or (quiet and not node.honest):
            node.crash()
            node.retired = True  # found out, or gone
        elif node.paused:
            node.resume()
    world.run_until(world.now_ms + world.signer_delay_ms + 1_000)  # slow signers
    world.checks.destroyed()
    for node in world.nodes:
        node.flush(node.life)  # and slow disks catch up
        if node.line is None:
            world.restart(node)


def _settle(world: World) -> None:
    owing: list[str] = []
    due = sizes(world)
    for _ in range(ROUNDS):
        _round(world)
        owing = owed(world, due)
        if not owing:
            return
    raise Violation("owed after healing: " + "; ".join(owing[:6]))


def _round(world: World) -> None:
    nodes = [node for node in world.nodes if not node.retired]
    for node in nodes:
        if node.honest and node.line is not None:
            _keepers(world, node)
    names = world.members + world.observers
    pairs = [(source, name) for source in nodes for name in names if name != source.member]
    world.rng.shuffle(pairs)
    for source, name in pairs[
        : 5 * len(names) // 2
    ]:  # not everybody meets everybody: anyone carries anyone's log
        world.contact(source, name)
        world.run_until(world.now_ms + 60)
    asking = [node for node in nodes if node.line is not None and node.line.state.challenging]
    if asking:  # time passes, so that their windows close
        world.run_until(world.now_ms + world.settings.answer_window_ms // 3 + 1)
    for node in asking:
        if node.up:
            node.tick()


def _keepers(world: World, node: Node) -> None:
    """Keepers come to every home: acts that it lost, new keys where the old ones are in doubt, their word."""
    assert node.line is not None
    state = node.line.state
    doubtful = (node.member, node.disk_generation()) in world.checks.doubtful
    if state.run is Run.HALTED:
        officers.confirm(world, node)
    if state.run is not Run.REFILLING or not _known_elsewhere(world, node):
        officers.catch_up_acts(world, node)  # a node that refills gets what others have from them (L5)
    if doubtful and node.member in world.members:
        officers.new_generation(world, node, "fork")
    elif state.run is Run.REFILLING and (world.checks.cannot_refill(node) or _nobody_answers(world, node)):
        world.marks["refill impossible: new generation"] += 1
        officers.new_generation(world, node, "loss")
    officers.consent(world, node)


def _nobody_answers(world: World, node: Node) -> bool:
    """Whether every other party is gone for good: of a node that must hear one, only new keys make a writer again."""
    return all(other.retired or other.member == node.member for other in world.nodes)


def _known_elsewhere(world: World, node: Node) -> bool:
    """Whether another honest node has root acts of this one's keepers that it lacks."""
    own = len(node.disk.database.acts(node.member))
    others = [other for other in world.honest_nodes() if other is not node and other.line is not None]
    return any(len(other.disk.database.acts(node.member)) > own for other in others)


def _writers(world: World) -> list[Node]:
    return [node for node in world.honest_nodes() if node.member in world.members and node.running]


def sizes(world: World) -> dict[Origin, int]:
    """Return how many statements of each log anybody honest holds now: so many are due to everybody."""
    found: dict[Origin, int] = {}
    for node in world.honest_nodes():
        for origin in node.disk.database.origins():
            found[origin] = max(found.get(origin, 0), node.disk.database.size(origin))
    return found


def owed(world: World, due: dict[Origin, int]) -> list[str]:
    """Return what of the due is still missing for the honest to be of one mind, in words."""
    found: list[str] = []
    nodes = world.honest_nodes()
    for node in nodes:
        if node.line is None or node.line.state.run is not Run.RUNNING:
            reason = node.line.state.reason if node.line else "down"
            found.append(f"L5 {node.label} does not run: {reason}")
    for origin in sorted(sizes(world)):
        found += _alike(world, nodes, origin, due.get(origin, 0))
    for node in nodes:
        found += _delivered(world, node, nodes, due)
    return found + _proofs(nodes)


def _proofs(nodes: list[Node]) -> list[str]:
    """Whoever is convicted at one honest node is convicted at all that know its keys (I7)."""
    convicted = {node.label: {judge(made).member for made in node.disk.database.forks()} for node in nodes}
    everybody = set().union(*convicted.values())
    return [
        f"I7 {node.label} has no proof against {name}"
        for node in nodes
        for name in sorted(everybody - convicted[node.label])
        if node.line is not None and name in node.line.state.rings
    ]


def _alike(world: World, nodes: list[Node], origin: Origin, due: int) -> list[str]:
    """All honest logs are equal, or the fork is proven and everybody honest has the proof (I4, I7)."""
    nodes = [node for node in nodes if node.line is not None and node.line.state.opening.epoch >= origin.epoch]
    logs = {node.label: node.disk.database.entries(origin, 0, 1_000_000) for node in nodes}
    longest = max(logs.values(), key=len, default=[])
    forked = any(longest[: len(log)] != log for log in logs.values())
    if forked:
        world.marks["honest logs differ: fork"] += 1
        if world.checks.honest_origin(origin):
            raise Violation(f"I4 honest logs of {origin} differ")
    lacking = []
    for node in nodes:
        log, proven = logs[node.label], _has_proof(node, origin.member)
        if forked and not proven:
            lacking.append(f"I7 {node.label} has no proof of the fork of {origin}")
        elif len(log) < due and not proven:
            lacking.append(f"L1 {node.label} holds {len(log)} of {due} of {origin}")
    return lacking


def _has_proof(node: Node, member: str) -> bool:
    return any(judge(made).member == member for made in node.disk.database.forks())


def _delivered(world: World, node: Node, nodes: list[Node], due: dict[Origin, int]) -> list[str]:
    """Every held notice of an honest author is receipted by every honest member, and the author has the receipt."""
    if node.line is None or node.member not in world.members:
        return []
    state = node.line.state
    origin = state.own_origin
    if not world.checks.honest_origin(origin) or not world.checks._sane(node.member):
        return []
    log = state.logs.get(origin)
    size = due.get(origin, 0)
    found = []
    for other in nodes:
        if other is node or other.line is None or other.line.state.opening.hash() != state.opening.hash():
            continue
        role = Role.COSIGN_HELD if other.member in world.members else Role.COSIGN_LOG
        missing = {seq: wanted for seq, wanted in other.disk.database.missing(origin).items() if seq < size}
        gone = {one for wanted in missing.values() for one in wanted} - _somewhere(nodes)
        if gone and role is Role.COSIGN_HELD:
            world.marks["a body is lost for ever"] += 1
            continue
        if missing and role is Role.COSIGN_HELD:
            found.append(f"L1 {other.label} lacks a body of {origin}")
        delivered = min(
            log.delivered.get((other.member, role), 0) if log else 0, _kept(node, other.member, origin, role)
        )
        if delivered < size:
            found.append(f"L2 {node.label} has receipts of {other.label} for {delivered} of {size}")
    return found


def _kept(node: Node, member: str, origin: Origin, role: Role) -> int:
    """Return for how many statements the disk holds a receipt of this member."""
    word = "log" if role is Role.COSIGN_LOG else "held"
    name = f"detente/{origin.line}/{origin.epoch}/{member}/{word}"
    kept = node.disk.database.newest_cosignatures(origin)
    return max((size for size, _, one in kept if one.name == name), default=0)


def _somewhere(nodes: list[Node]) -> set[str]:
    return {digest for node in nodes for digest in node.disk.database._bodies}


def statements(node: Node, origin: Origin) -> list[Statement]:
    leaves = node.disk.database.entries(origin, 0, 1_000_000)
    return [Statement.decode(Envelope.decode(leaf, PayloadType.STATEMENT).payload)[0] for leaf in leaves]
