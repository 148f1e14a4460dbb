"""What an evaluation prompt asks for, and whether a picture shows it: GenEval's categories (Ghosh et al. 2023, arXiv 2310.11513) on this model's vocabulary.

A prompt comes from a scene, so its own render is a right answer: the judge is held to those first. Scenes are stored whole (data/evaluation.jsonl); a
change of the grammar changes no prompt. Pairs of things and colours of things are held out of training; places, styles and numbers cannot be.
"""
from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from ..data.backgrounds import COLORS as PLAIN_COLORS
from ..data.concepts import all_concepts, grammar
from ..data.grid_scenes import Placement, Scene, SceneGenerator
from .seen import Detection, Seen
from ..data.sprites import Sprites

PROMPTS = Path(__file__).parents[2] / "data" / "evaluation.jsonl"
UNSEEN_WORDS = Path(__file__).parents[2] / "data" / "unseen-words.txt"
# What counts towards the overall score, each category alike; the others are told beside it.
SCORED = ("single object", "two objects", "counting", "colours", "position", "background", "style")
TOLD = ("relation", "any concept", "unseen word", "unseen place")
CATEGORIES = SCORED + TOLD
COMPOSITIONS = {
    "single object": ("single",), "two objects": ("pair",), "counting": ("count",), "colours": ("single",), "position": ("sided", "stacked", "above", "under"),
    "background": ("single",), "style": ("single",), "relation": ("eating", "holding", "riding", "wearing"), "any concept": ("single",),
    "unseen word": ("single",), "unseen place": ("single",),
}  # fmt: skip
CONFIDENCE = 0.25  # of a detection's class, to count as that thing: what is worn shares its place with the wearer
MARGIN = 12  # px two centres must differ by to be left, right, above or under


@dataclass(frozen=True)
class Prompt:
    category: str
    text: str
    scene: Scene  # one right answer
    relation: str = ""  # of placements as named: "first|second" labels and how the first stands to the second

    def to_json(self) -> str:
        return json.dumps({"category": self.category, "prompt": self.text, "relation": self.relation, "scene": asdict(self.scene)})


def read_prompts(path: Path = PROMPTS) -> list[Prompt]:
    prompts = []
    for line in path.read_text().splitlines():
        row = json.loads(line)
        scene = row["scene"]
        prompts.append(Prompt(row["category"], row["prompt"], Scene(**scene | {"placements": [Placement(**p) for p in scene["placements"]]}), row["relation"]))
    return prompts


# --- asking ---------------------------------------------------------------------------------------------------------------------------
def says_place(scene: Scene) -> bool:
    caption = f" {scene.caption.replace(',', ' ')} "
    if scene.background in PLAIN_COLORS:
        return any(f" {name} " in caption for name in grammar()["plain_names"].get(scene.background, [scene.background]))
    return any(f" {place} " in caption for place in grammar()["places"][scene.background])


def says_style(scene: Scene) -> bool:
    return any(word in scene.caption.replace(",", " ").split() for word in ("3d", "flat", "cartoon"))


def relation_of(scene: Scene) -> str:
    """How the first-named thing stands to the second, read off the right answer."""
    a, b = scene.placements[0], scene.placements[-1]
    if scene.composition in ("stacked", "above"):  # painted below first
        return f"{b.label}|over|{a.label}"
    if scene.composition == "under":
        return f"{a.label}|below|{b.label}"
    return f"{a.label}|left|{b.label}" if a.x < b.x else f"{a.label}|right|{b.label}"


def fits(category: str, scene: Scene) -> bool:
    colored = any(p.color for p in scene.placements)
    if category in ("background", "unseen place") and not says_place(scene):
        return False
    if category == "style" and not says_style(scene):
        return False
    return colored if category == "colours" else category in ("two objects", "position", "counting", "relation") or not colored


def unseen_words() -> list[tuple[str, str]]:
    """(word, label of a concept or name of a place): words that stand in no caption."""
    pairs = [line.split("|") for line in UNSEEN_WORDS.read_text().splitlines() if line.strip() and not line.startswith("#")]
    return [(word.strip(), meaning.strip()) for word, meaning in pairs]


def make_prompts(sprites: Sprites, per_category: int, seed: int, judged: set[str]) -> list[Prompt]:
    """The same prompts for the same arguments and grammar; about only what may be judged."""
    usual = SceneGenerator(sprites, held=True)
    even = SceneGenerator(sprites, held=True, concepts=[replace(c, weight=1.0) for c in all_concepts()])
    concepts = {c.label: c for c in usual.concepts}
    words = [(w, m) for w, m in unseen_words() if m in judged]
    places = [(w, m) for w, m in unseen_words() if m in grammar()["places"]]
    prompts, taken = [], set()
    for number, category in enumerate(CATEGORIES):
        generator = even if category == "any concept" else usual
        generator.mix = {name: 1.0 for name in COMPOSITIONS[category]}
        made = k = 0
        while made < (per_category if category in SCORED else per_category // 2):
            k += 1
            scene = generator.scene([seed, number, k])
            if category in ("unseen word", "unseen place"):
                scene.caption = ""
                if not (pairs := words if category == "unseen word" else places):
                    break
                word, meaning = pairs[made % len(pairs)]
                scene = with_word(scene, word, meaning, category, usual, [seed, number, k], concepts)
            ok = all(p.label in judged for p in scene.placements)
            if not ok or scene.caption in taken or (category not in ("unseen word", "unseen place") and not fits(category, scene)):
                continue
            taken.add(scene.caption)
            made += 1
            prompts.append(Prompt(category, scene.caption, scene, relation_of(scene) if category == "position" else ""))
    return prompts


def with_word(scene: Scene, word: str, meaning: str, category: str, generator: SceneGenerator, seed, concepts) -> Scene:
    """"a {word} {place}" or "a {thing} {word}", plainly said, with a right answer."""
    rng = np.random.default_rng(seed)
    thing = concepts[scene.placements[0].label]
    place = str(rng.choice(list(grammar()["places"])))
    if category == "unseen word":
        thing, said = concepts[meaning], word if concepts[meaning].mass else ("an " if word[0] in "aeiou" else "a ") + word
        caption = f"{said} {grammar()['places'][place][0]}"
    else:
        place = meaning
        caption = f"{generator.noun(rng, thing)} {word}"
    return replace(scene, caption=caption, background=place, style="3d", composition="single", placements=[Placement(thing.label, 160, 32, 64)])


# --- judging --------------------------------------------------------------------------------------------------------------------------
def of_kind(seen: Seen, label: str) -> list[Detection]:
    return [d for d in seen.detections if (d.label == label and d.confidence >= CONFIDENCE) or any(name == label and p >= CONFIDENCE for name, p in d.others)]


def shows(prompt: Prompt, seen: Seen) -> bool:
    scene, category = prompt.scene, prompt.category
    if category in ("background", "unseen place"):
        return seen.background == scene.background
    if category == "style":
        return seen.style == scene.style
    found = {p.label: of_kind(seen, p.label) for p in scene.placements}
    if not all(found.values()):
        return False
    if category == "counting":
        (things,) = found.values()
        return len(things) == len(scene.placements)
    if category == "colours":
        return all(any(d.color == p.color for d in found[p.label]) for p in scene.placements if p.color)
    if category == "position":
        first, how, second = prompt.relation.split("|")
        return any(stands(a, how, b) for a in found[first] for b in found[second] if a is not b)
    return True


def stands(a: Detection, how: str, b: Detection) -> bool:
    return {"left": b.x - a.x, "right": a.x - b.x, "over": b.y - a.y, "below": a.y - b.y}[how] >= MARGIN
