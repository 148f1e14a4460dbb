"""What an evaluation prompt asks for, and whether a picture shows it: GenEval's categories (Ghosh et al. 2023, arXiv 2310.11513) on this model's vocabulary.

Most prompts come from a scene (data/scenes.py), so their own render is a right answer: the judge is held to those first. They are stored by seed
(data/evaluation.jsonl) and made anew from it; where the grammar has changed since, reading them says so. Pairs of things and colours of things are held out of
training; places, styles and numbers cannot be. The other prompts (words of no caption, other languages, PartiPrompts) are written down as they are.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ..data.concepts import DATA, Concept, all_concepts, grammar, with_article
from ..data.dice import Dice
from ..data.looks import CALM, PLAIN
from ..data.scenes import Scene, SceneGenerator
from .seen import Detection, Seen

PROMPTS = DATA / "evaluation.jsonl"
PROMPT_SEED = 30  # the seed scenes of prompts come from; training's is 0, the detector's 20
# What counts towards the overall score, each category alike; the others are told beside it.
SCORED = ("single object", "two objects", "counting", "colours", "position", "background", "style")
FROM_SCENES = (*SCORED, "light", "relation", "action", "people", "any concept")
WRITTEN = ("unseen word", "unseen place", "kept word", "language", "emoji", "half unknown", "parti")
CATEGORIES = (*FROM_SCENES, *WRITTEN)
EVERY_THING = 200  # prompts of "any concept", whose sheet is looked at for faces
POSITIONS = {"left of": "left", "right of": "right", "on top of": "over", "above": "over", "over": "over", "under": "below", "below": "below"}
RELATIONS = ("eating", "drinking", "holding", "riding", "wearing", "playing", "inside", "sitting on", "hugging", "kicking", "throwing")
PEOPLE = ("person", "face")  # concepts' categories
KEPT_ROWS = 300  # of PartiPrompts, its last: unseen until the end
PARTI_PARTS = ("Basic", "Simple Detail", "Quantity")
CONFIDENCE = 0.25  # of a detection's class, to count as that thing: what is worn shares its place with the wearer
SURE = 0.45  # of a detection's place and of its class, to say that there is something at all: nineteen real renders in twenty say so, and no soup of squares
NEVER_HEARD = (
    "quixotic zeitgeist hegemony obfuscate perfunctory kerfuffle blivvet snorfle quandle mizzenly torquish velleity sesquipedalian abnegation fractious "
    "gossamery plintharch ulotrichous whimbrelly zorbing crapulence dorveille eidetic farrago glabrous hyperbaton inchoate jentacular kakistocracy "
    "limerence mendacious noetic oblique pulchritude querulous recalcitrant susurrus trenchant ultracrepidarian vicissitude xertz yonderly zugzwang "
    "brontide apricity"
).split()
MARGIN = 12  # px two centres must differ by to be left, right, above or under


@dataclass(frozen=True)
class Prompt:
    category: str
    text: str
    scene: Scene | None = None  # one right answer
    wanted: tuple[str, ...] = ()  # without a scene: what has to be there; nothing: something the judge is sure of
    place: str = ""  # and where
    part: str = ""  # what the category's result is told apart by: the style, the language, the part of PartiPrompts
    thing: str = ""  # "any concept": which
    seed: int = -1  # of the scene


# --- prompts from scenes ----------------------------------------------------------------------------------------------------------------
@lru_cache
def concepts() -> dict[str, Concept]:
    return {c.label: c for c in all_concepts()}


def relation_of(scene: Scene) -> str:
    """How the first-named thing stands to the second, "label|how|label", read off the right answer; "" where the caption says nothing of it."""
    if scene.relation not in POSITIONS:
        return ""
    a, b = (next(p for p in scene.placements if p.thing == thing) for thing in (0, 1))
    if POSITIONS[scene.relation] in ("left", "right"):
        return f"{a.label}|{'left' if a.x < b.x else 'right'}|{b.label}"
    return f"{a.label}|{'over' if a.y < b.y else 'below'}|{b.label}"


def fits(category: str, scene: Scene) -> bool:
    """Whether a scene of the mixture asks for what the category is about, and for little else."""
    things = {p.label for p in scene.placements}
    colored, single = any(p.color for p in scene.placements), scene.composition == "single" and len(scene.placements) == 1
    if not things:
        return False
    if category == "colours":
        return single and colored
    if category == "counting":
        return len(things) == 1 and len(scene.placements) > 1 and {p.thing for p in scene.placements} == {0}
    if category == "two objects":
        return scene.relation == "next to" and len(things) == 2 and len(scene.placements) == 2
    if category == "position":
        return scene.relation in POSITIONS and len(things) == 2 and len(scene.placements) == 2
    if category == "relation":
        return scene.relation in RELATIONS and len(things) == 2
    if category == "action":
        return scene.composition == "action" and len(things) == 2  # some actions are a posture alone, which no detector sees
    if not single or colored:
        return False
    if category == "background":
        return scene.said_place
    if category == "style":
        return scene.said_style
    if category == "light":
        return scene.light != "none" and scene.background != "rain" and any(word in scene.caption.lower() for word in grammar()["lights"][scene.light])
    if category == "people":
        return concepts()[next(iter(things))].category in PEOPLE
    if category == "any concept":  # plainly said: its sheet is for eyes to look at
        return not scene.said_style and scene.light == "none" and len(scene.caption.split()) <= 6
    return category == "single object"


def part_of(category: str, scene: Scene) -> str:
    return {"style": scene.style, "light": scene.light, "counting": str(len(scene.placements)), "position": scene.relation, "relation": scene.relation}.get(
        category, ""
    )


def scene_prompt(category: str, seed: int, thing: str = "") -> Prompt:
    scene = generator(thing).scene(PROMPT_SEED, seed, composition="portrait" if thing else None)
    return Prompt(category, scene.caption, scene, part=part_of(category, scene), thing=thing, seed=seed)


@lru_cache(4)
def generator(thing: str = "") -> SceneGenerator:
    return SceneGenerator(True, (concepts()[thing],)) if thing else SceneGenerator(True)


def make_prompts(per_category: dict[str, int], judged: set[str]) -> list[Prompt]:
    """The same prompts for the same numbers and grammar; about only what may be judged, and as many of each part (a style, a number, a side) as of all."""
    prompts: list[Prompt] = []
    parts = {"style": 12, "light": 5, "counting": 4, "position": 5}
    wanted = {c: n for c, n in per_category.items() if c in FROM_SCENES and c != "any concept" and n}
    taken: dict[tuple[str, str], int] = {}
    said: set[str] = set()
    for seed in range(60 * sum(wanted.values())):
        scene = generator().scene(PROMPT_SEED, seed)
        if scene.caption in said or not all(p.label in judged for p in scene.placements):
            continue
        open_ = []
        for category, n in wanted.items():
            key = (category, part_of(category, scene) if category in parts else "")
            if taken.get(key, 0) < -(-n // parts.get(category, 1)) and fits(category, scene):
                open_.append((taken.get(key, 0) * parts.get(category, 1) / n, category, key))
        if open_:
            _, category, key = min(open_)  # the one that lacks most
            taken[key] = taken.get(key, 0) + 1
            said.add(scene.caption)
            prompts.append(Prompt(category, scene.caption, scene, part=part_of(category, scene), seed=seed))
        if all(sum(v for (c, _), v in taken.items() if c == category) >= n for category, n in wanted.items()):
            break
    things = [label for label in concepts() if label in judged and generator(label).arranger.all]  # some things only ever stand with others
    share = min(1.0, per_category.get("any concept", 0) / max(1, len(things)))
    for i, label in enumerate(things):
        if int((i + 1) * share) > int(i * share):
            prompts.append(next(p for k in range(1000) if fits("any concept", (p := scene_prompt("any concept", 1000 * i + k, label)).scene)))
    return prompts


def write_prompts(prompts: list[Prompt], path: Path = PROMPTS) -> None:
    rows = [{"category": p.category, "seed": p.seed, "prompt": p.text} | ({"thing": p.thing} if p.thing else {}) for p in prompts]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))


def read_prompts(path: Path = PROMPTS) -> list[Prompt]:
    prompts = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        prompt = scene_prompt(row["category"], row["seed"], row.get("thing", ""))
        if prompt.text != row["prompt"]:
            raise ValueError(
                f"{path.name}: seed {row['seed']} was {row['prompt']!r} and is {prompt.text!r} now; the grammar has changed, run `evaluate --make-prompts`"
            )
        prompts.append(prompt)
    return prompts


# --- prompts written down -----------------------------------------------------------------------------------------------------------------
def lines(path: Path) -> Iterator[list[str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            yield [cell.strip() for cell in line.split("|")]


def unseen_words(name: str = "unseen-words.txt") -> list[tuple[str, str]]:
    """(word, label of a concept or name of a place): words that stand in no caption."""
    return [(word, meaning) for word, meaning in lines(DATA / name)]


def word_prompts() -> Iterator[Prompt]:
    """Prompts "a {word}" or "a fox {place}", plainly said. A word that has become a captions' own since it was listed is unseen no longer and not asked for."""
    said = {word for c in concepts().values() for name in c.words for word in (name, c.plural(name))} | {
        place for places in grammar()["places"].values() for place in places
    }
    for category, name in (("unseen word", "unseen-words.txt"), ("kept word", "kept-words.txt")):
        for word, meaning in unseen_words(name):
            if word in said:
                continue
            if meaning in grammar()["places"]:
                yield Prompt("unseen place", f"a fox {word}", None, ("fox",), meaning)
            elif meaning in concepts():
                yield Prompt(category, word if concepts()[meaning].mass else with_article(word), None, (meaning,))


def language_prompts() -> Iterator[Prompt]:
    """Sentences about one thing in ten languages, and emoji; what they mean stands beside them."""
    for language, text, *meanings in lines(DATA / "languages.txt"):
        wanted = tuple(m for m in meanings if m in concepts())
        place = next((m for m in meanings if m in grammar()["places"]), "")
        yield Prompt("emoji" if language == "emoji" else "language", text, None, wanted, place, language)


def half_unknown_prompts(prompts: list[Prompt]) -> Iterator[Prompt]:
    """Single things' captions with a word nobody knows before every one of theirs; other words than training's (data/noise-words.txt)."""
    dice = Dice("half unknown")
    for prompt in prompts:
        if len(prompt.text.split()) > 6:  # twice as many words have to be read to the end
            continue
        text = " ".join(f"{dice.one(NEVER_HEARD)} {word}" for word in prompt.text.split())
        yield Prompt("half unknown", text, None, tuple({p.label for p in prompt.scene.placements}))


def parti_prompts(kept: bool = False) -> list[Prompt]:
    """PartiPrompts (Yu et al. 2022, arXiv 2206.10789), by part; `kept`: the rows put aside for the end."""
    rows = [line.split("\t") for line in (DATA / "parti.tsv").read_text(encoding="utf-8").splitlines()[1:]]
    rows = rows[-KEPT_ROWS:] if kept else rows[:-KEPT_ROWS]
    return [Prompt("parti", text, part="kept" if kept else part) for text, _, part in rows if kept or part in PARTI_PARTS]


def evenly(prompts: list[Prompt], n: int) -> list[Prompt]:
    """n of them, spread over the list."""
    return [prompts[i * len(prompts) // n] for i in range(n)] if n < len(prompts) else prompts


# --- judging --------------------------------------------------------------------------------------------------------------------------
def of_kind(seen: Seen, label: str) -> list[Detection]:
    return [d for d in seen.detections if (d.label == label and d.confidence >= CONFIDENCE) or any(name == label and p >= CONFIDENCE for name, p in d.others)]


def sure_of(seen: Seen) -> bool:
    """Of one thing at least."""
    return any(d.score >= SURE and d.confidence >= SURE for d in seen.detections)


def calm(seen: Seen) -> bool:
    """An empty backdrop: what a prompt of unknown words alone should show."""
    return not seen.detections and seen.background in (CALM, *PLAIN)


def shows(prompt: Prompt, seen: Seen) -> bool:
    scene, category = prompt.scene, prompt.category
    if scene is None:
        if category == "unseen place":
            return seen.background == prompt.place
        return all(of_kind(seen, label) for label in prompt.wanted) if prompt.wanted else sure_of(seen)
    if category == "background":
        return seen.background == scene.background
    if category == "style":
        return seen.style == scene.style
    if category == "light":
        return seen.light == scene.light
    found = {p.label: of_kind(seen, p.label) for p in scene.placements}
    if not all(found.values()):
        return False
    if category == "counting":
        (things,) = found.values()
        return len(things) == len(scene.placements)
    if category == "colours":
        return all(any(d.color == p.color for d in found[p.label]) for p in scene.placements if p.color)
    if category == "position":
        first, how, second = relation_of(scene).split("|")
        return any(stands(a, how, b) for a in found[first] for b in found[second] if a is not b)
    return True


def stands(a: Detection, how: str, b: Detection) -> bool:
    return {"left": b.x - a.x, "right": a.x - b.x, "over": b.y - a.y, "below": a.y - b.y}[how] >= MARGIN


# --- the right answer, and wrong ones ------------------------------------------------------------------------------------------------------
def made_wrong(prompt: Prompt) -> Scene:
    """The right answer with one thing too few, in another colour, or with the two things in each other's place."""
    from ..data.sprites import HUES

    scene = prompt.scene
    if prompt.category == "counting":
        return replace(scene, placements=scene.placements[1:])
    if prompt.category == "colours":
        hues = list(HUES)
        return replace(scene, placements=tuple(replace(p, color=p.color and hues[(hues.index(p.color) + 3) % len(hues)]) for p in scene.placements))
    a, b = scene.placements
    return replace(scene, placements=(replace(a, label=b.label, color=b.color), replace(b, label=a.label, color=a.color)))


def answers(prompt: Prompt, scene: Scene) -> bool:
    """Whether another prompt's right answer happens to answer this one."""
    own = prompt.scene
    if prompt.category in ("background", "style", "light"):
        return getattr(own, prompt.category) == getattr(scene, prompt.category)
    return {p.label for p in own.placements} <= {p.label for p in scene.placements}
