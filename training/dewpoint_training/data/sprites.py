"""Icon sprites: 192 px RGBA renders of the icon sets in one packed file, resized, mirrored and recoloured on demand.

`sprites.pack`: the index's length (8 bytes, little endian), the index (JSON), then one WebP image after another. They are lossless: lossy WebP halves
the resolution of colour (34 dB at its best), for 17 MB less of 31 with all things. `Sprites` is the path of one picture at a time; `decode_atlas`
is what the batched composer (compose.py) reads.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from .concepts import all_concepts

STYLES = {"3d": "fluent-emoji", "flat": "fluent-emoji-flat", "cartoon": "noto"}
SPRITE_SIZE = 192
# Target hues in degrees. White, black and grey have no hue and are left to the icons that are born so.
HUES = {"red": 358, "orange": 28, "yellow": 50, "green": 125, "blue": 215, "purple": 275, "pink": 325}
PACK = "sprites.pack"
WEBP_EFFORT = 3  # of 6; beyond it minutes are spent on 2 %


class Pack:
    """The packed file, opened; sprites are decoded when asked for."""

    def __init__(self, path: Path):
        self.path = path
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            entries = json.loads(file.read(length))
        self.start = 8 + length
        self.entries = {(label, which): (offset, size) for label, which, offset, size in entries}

    def __contains__(self, key: tuple[str, str]) -> bool:
        return key in self.entries

    def decode(self, label: str, which: str) -> Image.Image:
        offset, size = self.entries[label, which]
        with self.path.open("rb") as file:
            file.seek(self.start + offset)
            return Image.open(io.BytesIO(file.read(size))).convert("RGBA")


class Sprites:
    def __init__(self, folder: Path):
        self.pack = Pack(folder / PACK)
        self.decoded = lru_cache(2000)(self.pack.decode)
        self.get = lru_cache(20000)(self._get)

    def has(self, label: str, style: str) -> bool:
        return (label, STYLES[style]) in self.pack

    def _get(self, label: str, style: str, size: int, color: str | None = None, flip: bool = False) -> Image.Image:
        image = self.decoded(label, STYLES[style])
        if color:
            image = recolour(image, HUES[color])
        # Resizing with premultiplied alpha keeps the transparent surroundings from bleeding in as a dark rim.
        image = image.convert("RGBa").resize((size, size), Image.LANCZOS).convert("RGBA")
        return image.transpose(Image.FLIP_LEFT_RIGHT) if flip else image


NEAR_HUE = 36  # of 256: the object's own shades move together; a differently coloured detail stays itself


def dominant_hue(image: Image.Image) -> int:
    """0..255: the hue most of the image's saturated pixels have."""
    hsv = np.asarray(image.convert("RGB").convert("HSV"))
    weight = hsv[..., 1].astype(np.int64) * (np.asarray(image.getchannel("A")) > 128) * (hsv[..., 2] > 40)
    counts = np.bincount(hsv[..., 0].ravel(), weight.ravel(), 256)
    return int(sum(np.roll(counts, k) for k in range(-6, 7)).argmax())


def recolour(image: Image.Image, hue: float) -> Image.Image:
    """Turns the dominant hue to `hue` (degrees); shades near it follow at half their distance, other colours and greys stay."""
    hsv = np.asarray(image.convert("RGB").convert("HSV")).astype(np.int16)
    offset = (hsv[..., 0] - dominant_hue(image) + 128) % 256 - 128
    hsv[..., 0] = np.where(np.abs(offset) < NEAR_HUE, (round(hue / 360 * 256) + offset // 2) % 256, hsv[..., 0])
    out = Image.fromarray(hsv.astype(np.uint8), "HSV").convert("RGB").convert("RGBA")
    out.putalpha(image.getchannel("A"))
    return out


# --- the pack, written ------------------------------------------------------------------------------------------------------------------
def to_webp(pixels: np.ndarray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels, "RGBA").save(out, "WEBP", lossless=True, method=WEBP_EFFORT)
    return out.getvalue()


def write_pack(rendered: Path, path: Path, labels: Sequence[str] | None = None, workers: int = 1) -> int:
    """Packs what icons/render.mjs left in `rendered`: things all three sets know, only `labels` if given. Returns the number of things."""
    meta = json.loads((rendered / "sprites192.json").read_text())
    pixels = np.memmap(rendered / "sprites192.bin", np.uint8, "r").reshape(len(meta), SPRITE_SIZE, SPRITE_SIZE, 4)
    index = {(m["label"], m["set"]): i for i, m in enumerate(meta)}
    names = list(dict.fromkeys(labels if labels is not None else (m["label"] for m in meta)))
    complete = [name for name in names if all((name, which) in index for which in STYLES.values())]
    if labels is not None and len(complete) < len(names):
        raise ValueError(f"not in all three icon sets: {sorted(set(names) - set(complete))}")
    keys = [(name, which) for name in complete for which in STYLES.values()]
    images = (pixels[index[key]] for key in keys)
    if workers > 1:
        with ProcessPoolExecutor(workers) as pool:
            blobs = list(pool.map(to_webp, images, chunksize=64))
    else:
        blobs = [to_webp(image) for image in images]
    entries, offset = [], 0
    for (name, which), blob in zip(keys, blobs):
        entries.append((name, which, offset, len(blob)))
        offset += len(blob)
    header = json.dumps(entries, separators=(",", ":")).encode()
    with path.open("wb") as file:
        file.write(len(header).to_bytes(8, "little"))
        file.write(header)
        file.writelines(blobs)
    return len(complete)


# --- the atlas: every sprite of the vocabulary in one array, index = concept * 3 + set ----------------------------------------------------
def _decode_into(job: tuple[Path, Path, int, list[tuple[str, str]], int]) -> None:
    pack_path, out_path, first, keys, total = job
    pack = Pack(pack_path)
    out = np.memmap(out_path, np.uint8, "r+", shape=(total, SPRITE_SIZE, SPRITE_SIZE, 4))
    for i, key in enumerate(keys):
        out[first + i] = np.asarray(pack.decode(*key))


def decode_atlas(folder: Path, workers: int = 1, labels: Sequence[str] | None = None) -> np.ndarray:
    """uint8 [things * 3, 192, 192, 4], straight alpha, things in the vocabulary's order. Decoded once by `workers` processes and kept beside
    the pack, so that every further process only maps it into memory."""
    labels = [c.label for c in all_concepts()] if labels is None else labels
    keys = [(label, which) for label in labels for which in STYLES.values()]
    pack_path = folder / PACK
    pack = Pack(pack_path)
    missing = sorted({label for label, which in keys if (label, which) not in pack})
    if missing:
        raise ValueError(f"{pack_path} lacks {len(missing)} of {len(labels)} concepts: {missing[:20]}")
    stamp = hashlib.sha256(json.dumps([keys, pack_path.stat().st_size, sorted(pack.entries.items())]).encode()).hexdigest()[:12]
    path = folder / f"atlas-{stamp}.rgba"
    shape = (len(keys), SPRITE_SIZE, SPRITE_SIZE, 4)
    if not path.exists():
        unfinished = folder / f"atlas-{stamp}.{np.random.default_rng().integers(2**31)}.part"
        np.memmap(unfinished, np.uint8, "w+", shape=shape).flush()
        step = 64
        jobs = [(pack_path, unfinished, i, keys[i : i + step], len(keys)) for i in range(0, len(keys), step)]
        if workers > 1:
            with ProcessPoolExecutor(workers) as pool:
                list(pool.map(_decode_into, jobs))
        else:
            list(map(_decode_into, jobs))
        unfinished.rename(path)  # complete or absent, also with several processes at it
    return np.memmap(path, np.uint8, "r", shape=shape)


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description="Packs rendered icons into one file.")
    parser.add_argument("--rendered", type=Path, required=True, help="folder of sprites192.bin and sprites192.json")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--all", action="store_true", help="every thing all three sets know, not only the vocabulary")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(argv)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    things = write_pack(args.rendered, args.out, None if args.all else [c.label for c in all_concepts()], args.workers)
    print(f"{things} things, {args.out.stat().st_size / 1e6:.1f} MB in {args.out}")


if __name__ == "__main__":
    main()
