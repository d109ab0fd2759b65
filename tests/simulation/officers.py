"""People: officers who write, operators who restore, clone and confirm, keepers who rotate keys and open epochs.

``plan`` lays all of it into the heap of a world; each act looks at the world of its moment and draws the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from detente.line.checkpoint import Origin
from detente.line.effects import ActGiven, Confirmed, Consented, Draft, Submitted
from detente.line.machine import Line
from detente.line.opening import FinalHead, Opening, Seat
from detente.line.state import Run
from detente.line.statement import Reference
from detente.line.watching import system_draft
from tests.simulation.disks import Disk
from tests.simulation.links import DAY_MS
from tests.simulation.nodes import Node
from tests.simulation.parties import closed_log

if TYPE_CHECKING:
    from tests.simulation.world import World


@dataclass
class Plan:
    """An opening of the next epoch on which keepers agreed by voice."""

    octets: bytes
    opening: Opening


def plan(world: World) -> None:
    """Lay the trouble of this world into its heap."""
    rng, swarm = world.rng, world.swarm
    span_ms = swarm.contacts * swarm.pace_ms
    at_ms = 0.0
    for _ in range(swarm.contacts):
        at_ms += rng.expovariate(1 / swarm.pace_ms)
        world.after(int(at_ms), in_trouble, meet, world)
    for _ in range(swarm.drafts):
        world.after(rng.randrange(span_ms), in_trouble, submit, world)
    for _ in range(rng.randint(1, 6)):
        world.after(rng.randrange(span_ms), world.links.flap)
        world.after(rng.randrange(span_ms), backup, world)
    acts = (
        (crash, swarm.crash), (pause, swarm.pause), (clock, swarm.clock), (restore, swarm.restore),
        (clone, swarm.clone), (theft, swarm.theft), (rotate, swarm.rotate), (epoch, swarm.epoch),
        (keeper, 0.2 if world.kind == "headless" else 0.03), (anchor, swarm.rotate), (suspend, 0.01), (split_face, 0.05 if swarm.liars else 0.0),
        (roll_back, 0.02 if swarm.liars else 0.0),
    )  # fmt: skip
    for act, chance in (*acts, (wrong_act, 0.2)) if world.kind == "slow" else acts:
        for _ in range(swarm.contacts):
            if rng.random() < chance:
                world.after(rng.randrange(span_ms), in_trouble, act, world)


def in_trouble(act: Callable[[World], None], world: World) -> None:
    """Let what was planned happen only while there is trouble."""
    if world.trouble:
        act(world)


def meet(world: World) -> None:
    """Two parties may exchange bundles, one way or both."""
    rng = world.rng
    nodes = [node for node in world.nodes if not node.retired]
    source = rng.choice(nodes)
    others = [name for name in world.members + world.observers if name != source.member]
    to = rng.choice(others)
    world.contact(source, to)
    if rng.random() < 0.7:
        world.after(rng.randint(1, world.swarm.pace_ms), world.contact, world.node_of(to), source.member)


TYPES = ("notice", "notice", "notice", "reply.read", "reply.answer", "from-a-newer-version")


def submit(world: World) -> None:
    """An officer sends something, perhaps twice."""
    rng = world.rng
    writers = [node for node in world.nodes if node.member in world.members and node.up and not node.retired]
    if not writers:
        return
    node = rng.choice(writers)
    drafts = tuple(draw_draft(world, node) for _ in range(rng.choice((1, 1, 1, 2, 4))))
    if rng.random() < 0.04:
        world.marks["officer: impossible draft"] += 1
        drafts = (*drafts, Draft("Not A Type", "text/plain", b"", rng.randbytes(16).hex()))
    world.tell(node, f"submits {len(drafts)}")
    taken = node.give(Submitted(drafts))
    if taken and drafts[-1].type == "Not A Type":
        world.checks.fail("an impossible draft is not refused at once", node, drafts[-1].submission)
    if rng.random() < 0.25:
        world.marks["officer: submits twice"] += 1
        world.after(world.draw_delay_ms() if rng.random() < 0.5 else 1, again, world, node, drafts)


def again(world: World, node: Node, drafts: tuple[Draft, ...]) -> None:
    if node.up:
        node.give(Submitted(drafts))


def draw_draft(world: World, node: Node) -> Draft:
    rng = world.rng
    reply = None
    submissions = sorted(world.checks.acknowledged)
    if submissions and rng.random() < 0.3:
        reply = world.checks.acknowledged[rng.choice(submissions)][1]
    elif rng.random() < 0.05:
        reply = Reference(9, 9, "00" * 32, "nobody", 9)
    attachments = tuple(
        ("image/png", rng.randbytes(rng.randint(0, 40))) for _ in range(rng.choice((0, 0, 0, 1, 3)))
    )
    return Draft(
        type=rng.choice(TYPES),
        media_type="text/plain",
        content=rng.randbytes(rng.choice((0, 5, 60))),
        submission=rng.randbytes(16).hex(),
        attachments=attachments,
        reveal=rng.choice(("now", "now", "now", "later")),
        answer_by_ms=rng.choice((None, node.now_ms() + world.swarm.pace_ms * 5)),
        in_reply_to=reply,
        critical=("from_the_future",) if rng.random() < 0.1 else (),
    )


def suspend(world: World) -> None:
    node = world.rng.choice(world.nodes)
    if node.up and node.line is not None and node.member in world.members:
        kind = world.rng.choice(("line.suspend", "line.resume"))
        world.marks[kind] += 1
        node.give(Submitted((system_draft(node.line.state, kind, {"reason": "weather"}),)))


# ---- processes and clocks -------------------------------------------------------------------------------------


def crash(world: World) -> None:
    busy = [node for node in world.nodes if node.pending]
    node = world.rng.choice(busy or world.nodes)
    if node.line is not None and not node.retired:
        world.marks["crash"] += 1
        node.crash()
        world.after(world.draw_delay_ms(), world.restart, node)


def pause(world: World) -> None:
    node = world.rng.choice(world.nodes)
    if node.up:
        world.marks["pause"] += 1
        node.paused = True
        world.after(world.draw_delay_ms(), wake_up, world, node)


def wake_up(world: World, node: Node) -> None:
    if node.paused:
        node.resume()


def clock(world: World) -> None:
    rng = world.rng
    node = rng.choice(world.nodes)
    kind = rng.choice(("back", "forward", "1970", "2038", "drift", "right"))
    world.marks[f"clock: {kind}"] += 1
    world.tell(node, f"clock: {kind}")
    offset_ms = {
        "back": -rng.randint(1, 40 * DAY_MS), "forward": rng.randint(1, 40 * DAY_MS), "1970": -world.now_ms,
        "2038": 2**31 * 1000 - world.now_ms, "drift": 0, "right": 0,
    }[kind]  # fmt: skip
    node.set_clock(offset_ms=offset_ms, rate=rng.choice((0.97, 1.03)) if kind == "drift" else 1.0)


# ---- operators ------------------------------------------------------------------------------------------------


def backup(world: World) -> None:
    node = world.rng.choice(world.nodes)
    if not node.retired:
        world.marks["backup"] += 1
        node.backups.append(node.disk.copy())


def restore(world: World) -> None:
    """Put an old backup in place of the home; now and then the head file is lost with the machine."""
    rng = world.rng
    candidates = [node for node in world.honest_nodes() if node.backups and not node.label.endswith("'")]
    if not candidates:
        return
    node = rng.choice(candidates)
    node.crash()
    old = rng.choice(node.backups)
    behind = node.disk.database.leaves != old.database.leaves
    world.marks["restored behind its root acts"] += len(old.acts) < len(node.disk.acts)
    node.disk = Disk(old.database.copy(), node.disk.head, list(old.acts))
    node.restored = rng.random() < 0.7
    world.marks["restored"] += 1
    world.marks["restored behind"] += behind
    world.tell(node, "is restored from an old backup")
    if rng.random() < world.swarm.without_head_file:
        world.marks["restored without a head file"] += 1
        world.tell(node, "and its head file is lost")
        node.disk.head = None
        world.checks.expected_halts.add(node.label)
        world.checks.head_file_lost(node)
    world.refilling.add(node.label)
    world.checks.destroyed()
    world.after(world.draw_delay_ms(), world.restart, node)


def clone(world: World) -> None:
    """A copy of a home with its head file starts on a second machine; sometimes the change goes unnoticed."""
    rng = world.rng
    node = rng.choice(world.honest_nodes())
    if node.disk.head is None or any(other.label == f"{node.label}'" for other in world.nodes):
        return
    twin = Node(world, node.party, node.disk.copy(), label=f"{node.label}'")
    twin.moved = rng.random() < 0.7
    world.marks["clone"] += 1
    world.tell(twin, "is cloned", "noticed" if twin.moved else "unnoticed")
    world.nodes.append(twin)
    world.checks.expected_halts |= {node.label, twin.label}
    if not twin.moved:
        # both come to every act that its keepers have committed, and to the keys that began with it
        for generation in range(node.disk_generation(), len(node.party.generations)):
            world.checks.doubt(node.member, generation)
        world.marks["clone that evades the lock"] += 1
    twin.start()


def theft(world: World) -> None:
    """A thief with a member's operational keys and its record speaks in its name."""
    rng = world.rng
    victims = [node for node in world.honest_nodes() if node.member in world.members]
    if not victims:
        return
    victim = rng.choice(victims)
    if any(other.label == f"thief of {victim.member}" for other in world.nodes):
        return
    disk = victim.disk.copy()
    disk.head = disk.head or Disk().head
    thief = Node(world, victim.party, disk, label=f"thief of {victim.member}", honest=False)
    thief.clock_offset_ms = victim.clock_offset_ms
    world.marks["keys stolen"] += 1
    world.tell(thief, "has the keys")
    world.checks.doubt(victim.member, victim.disk_generation())
    world.checks.expected_halts.add(victim.label)
    world.nodes.append(thief)
    thief.start()
    for _ in range(rng.randint(1, 3)):
        world.after(world.draw_delay_ms(), forge, world, thief)


def forge(world: World, thief: Node) -> None:
    if thief.up and thief.line is not None and world.trouble:
        thief.give(Submitted((draw_draft(world, thief),)))
        for name in thief.line.state.parties:
            world.contact(thief, name)


def split_face(world: World) -> None:
    """A liar goes on as two that differ."""
    faces = [node for node in world.nodes if node.member in world.liars and not node.retired]
    if not faces or len(faces) > 3:
        return
    face = world.rng.choice(faces)
    twin = Node(world, face.party, face.disk.copy(), label=f"{face.member}/{len(world.nodes)}", honest=False)
    world.marks["liar: second face"] += 1
    world.tell(twin, "is a second face")
    world.nodes.append(twin)
    twin.start()


def roll_back(world: World) -> None:
    """A liar forgets, head file and all."""
    faces = [node for node in world.nodes if node.member in world.liars and node.backups and not node.retired]
    if faces:
        face = world.rng.choice(faces)
        face.crash()
        face.disk = world.rng.choice(face.backups).copy()
        world.marks["liar: rolled back"] += 1
        world.tell(face, "rolls itself back")
        world.after(world.draw_delay_ms(), world.restart, face)


# ---- keepers --------------------------------------------------------------------------------------------------


def keeper(world: World) -> None:
    """A keeper passes by; a halted node is looked at."""
    for node in world.halted():
        if world.rng.random() < 0.5 and node.up:
            look_after(world, node)


def look_after(world: World, node: Node) -> None:
    """What keepers do about a halt: new keys when the old ones are in doubt, then their word."""
    assert node.line is not None
    reason = node.line.state.reason
    world.marks[f"keeper: {reason}"] += 1
    confirm(world, node)
    if (node.member, node.disk_generation()) in world.checks.doubtful and node.member in world.members:
        new_generation(world, node, "theft")


def confirm(world: World, node: Node) -> None:
    """The keeper's word; a clone that gets it is from then on as good as the original, which nobody can prevent."""
    world.tell(node, "a keeper confirms")
    if node.moved:
        world.checks.doubt(node.member, node.disk_generation())
        node.moved = False
    node.give(Confirmed(node.signer.confirm()))


def rotate(world: World) -> None:
    nodes = [node for node in world.honest_nodes() if node.up and node.running]
    if nodes:
        new_generation(world, world.rng.choice(nodes), "rotation")


def anchor(world: World) -> None:
    nodes = [node for node in world.honest_nodes() if node.up and node.running and not node.behind_its_keepers()]
    if nodes:
        node = world.rng.choice(nodes)
        heads = own_heads(world, node)
        if heads:
            world.marks["anchor"] += 1
            node.bring(node.party.anchor(heads, node.now_ms()))


def own_heads(world: World, node: Node):
    """Return the heads of the own log of the newest generation, as the keepers state them."""
    assert node.line is not None
    state = node.line.state
    origin = state.own_origin
    size = node.disk.database.size(origin)
    if origin.member not in world.members or any(
        place == (origin.line, origin.epoch, origin.generation) for place in node.party.ring.closed
    ):
        return ()
    anchored = node.party.ring.anchors.get((origin.line, origin.epoch, origin.generation))
    if anchored is not None and anchored.size > size:
        return ()
    return (closed_log(origin, size, node.disk.database.root_at(origin, size)),)


def new_generation(world: World, node: Node, reason: str) -> None:
    """The quorum closes the own log where it stands and gives new keys."""
    catch_up_acts(world, node)
    if node.behind_its_keepers() or node.line is None or node.pending:
        return
    heads = own_heads(world, node)
    world.marks[f"new generation: {reason}"] += 1
    world.tell(node, f"gets a new generation ({reason})", str([head.size for head in heads]))
    others = [other for other in world.nodes if other.member == node.member and other is not node]
    node.bring(node.party.new_generation(heads, reason, node.now_ms()))
    if any(not other.retired for other in others):  # a clone or a thief gets to the new keys as well
        world.checks.doubt(node.member, len(node.party.generations) - 1)


def wrong_act(world: World) -> None:
    """A keeper brings another member's act to a home: it is refused, and nothing that is under way is lost."""
    node = world.rng.choice(world.honest_nodes())
    other = world.rng.choice(sorted(world.parties))
    if node.up and other != node.member:
        world.marks["keeper: brings another's act"] += 1
        node.give(ActGiven(world.parties[other].ring.envelopes[-1]))


def catch_up_acts(world: World, node: Node) -> None:
    """Keepers bring what the home does not know of their own acts."""
    for octets in node.party.ring.envelopes[len(node.disk.database.acts(node.member)) :]:
        node.bring(octets)


def epoch(world: World) -> None:
    """Some members open the next epoch by voice; a vanished one is held out."""
    rng = world.rng
    if world.plans or (len(world.members) < 3 and not world.observers):
        return
    honest = [node for node in world.honest_nodes() if node.line is not None and node.member in world.members]
    honest = [node for node in honest if node.running and not node.label.endswith("'")]
    openings = {
        node.line.state.opening.hash(): node.line.state.opening for node in honest if node.line is not None
    }
    if len(honest) < 2 or len(openings) != 1:
        return
    opening = next(iter(openings.values()))
    staying = {node.member for node in honest}
    if len(staying) > 2 and rng.random() < 0.5:
        staying.discard(rng.choice(sorted(staying)))
    staying |= {name for name in world.liars if rng.random() < 0.5 and name in world.members}
    seats = tuple(
        Seat(seat.card, len(world.parties[seat.member].generations) - 1, seat.member,
             tuple(name for name in seat.neutral_for if name in staying), seat.role)
        for seat in opening.seats if seat.member in staying or seat.role == "observer"
    )  # fmt: skip
    databases = [node.disk.database for node in honest if node.member in staying]
    final = tuple(
        FinalHead(origin.generation, origin.member, databases[0].root_at(origin, size).hex(), size)
        for origin in sorted({origin for base in databases for origin in base.origins()})
        if origin.epoch == opening.epoch and (size := _common(databases, origin))
    )  # fmt: skip
    made = msgspec.structs.replace(
        opening, epoch=opening.epoch + 1, previous=opening.hash(), seats=seats, final=final
    )
    if len(made.members) < 2:
        return
    world.marks["epoch opened"] += 1
    world.marks["epoch without a member"] += len(made.members) < len(opening.members)
    world.tell(None, f"the next epoch is opened by {', '.join(made.members)}")
    world.plans.append(Plan(made.encode(), made))
    for node in world.nodes:
        if node.up and rng.random() < 0.7:
            consent(world, node)


def _common(databases, origin: Origin) -> int:
    """Return how many first entries of a log all these hold alike."""
    logs = [base.entries(origin, 0, base.size(origin)) for base in databases]
    size = min(len(log) for log in logs)
    while size and any(log[:size] != logs[0][:size] for log in logs):
        size -= 1
    return size


def consent(world: World, node: Node) -> bool:
    """A keeper consents for this home to the opening agreed on, if it can."""
    if not world.plans or node.line is None:
        return True
    agreed = world.plans[0]
    state = node.line.state
    if agreed.opening.seat(node.member) is None or state.opening.epoch >= agreed.opening.epoch:
        return True
    if node.behind_its_keepers() or state.run is not Run.RUNNING:
        return False
    database = node.disk.database
    held = {
        (one.member, one.generation): database.size(
            Origin(state.opening.line, state.opening.epoch, one.member, one.generation)
        )
        for one in agreed.opening.final
    }
    taken = node.give(Consented(agreed.octets))
    short = [one for one in agreed.opening.final if held[one.member, one.generation] < one.size]
    now: Line | None = node.line  # it may have died of it
    moved = now is not None and now.state.opening.epoch == agreed.opening.epoch
    if moved and short and node.honest:
        world.checks.fail("I4 consented to final heads beyond what it holds", node, short[0])
    world.marks["consent"] += taken
    return taken
