"""Names for devices that come without one."""

from __future__ import annotations

import secrets

_ADJECTIVES = (
    "amber bold brave bright calm clever cosy curious daring eager early fair fleet fond gentle "
    "glad golden grand happy hardy honest jolly keen kind lively lucky mellow merry mighty neat "
    "nimble noble patient plucky polite proud quick quiet rapid ready royal shiny silent silver "
    "sleek snappy spry steady sturdy sunny swift tidy tough trusty vivid warm witty young zesty"
)
_ANIMALS = (
    "badger beaver bison bobcat buzzard condor crane dolphin dove eagle egret falcon ferret finch "
    "fox gannet gecko goose grouse gull hare hawk heron ibex ibis jackal jay kestrel kite koala "
    "lark lemur linnet llama lynx marmot marten merlin mink mole newt okapi osprey otter owl "
    "panda plover puffin quail raven robin seal shrew skylark sloth stoat stork swan swift tapir "
    "tern thrush toucan turtle vole walrus weasel wolf wombat wren yak zebra"
)
ADJECTIVES, ANIMALS = _ADJECTIVES.split(), _ANIMALS.split()
NAMELESS = {"", "unnamed", "null", "none", "undefined"}


def given_alias(alias: str | None) -> str:
    """Return the name a device brought, or one made up for it."""
    text = (alias or "").strip()
    if text.lower() not in NAMELESS:
        return text
    return f"{secrets.choice(ADJECTIVES)}-{secrets.choice(ANIMALS)}-{secrets.randbelow(90) + 10}"
