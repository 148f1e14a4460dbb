"""Stage 1: renders the icon sets to sprites and writes a sheet of example scenes with their captions."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
from pathlib import Path

from PIL import Image

from .concepts import all_concepts
from .sprites import PACK, write_pack

ICONS = Path(__file__).parents[2] / "icons"


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--stage", type=float, default=1.0, help="0 = one large thing a scene, 1 = the whole mixture")
    parser.add_argument("--composition", help="only this one of compositions.MIX")
    parser.add_argument("--seed", type=int, default=2)
    args = parser.parse_args(argv)
    folder = args.data / "icons"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "sprites192.bin").exists():
        for name in ("package.json", "render.mjs"):
            shutil.copy(ICONS / name, folder / name)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=folder, check=True)
        subprocess.run(["node", "render.mjs"], cwd=folder, check=True)
    if not (folder / PACK).exists():
        write_pack(folder, folder / PACK, workers=os.cpu_count() or 1)  # all that all sets know: the vocabulary may grow

    from .compose import Composer
    from .plans import scene_of, to_plan

    columns, rows, cell = 8, 5, 192
    scenes = [scene_of(args.seed, k, args.stage, composition=args.composition) for k in range(columns * rows)]
    pictures, _ = Composer(folder).compose(to_plan(scenes).to("cpu"))
    pixels = pictures.mul(255).round().clamp(0, 255).byte().permute(0, 2, 3, 1).numpy()
    sheet = Image.new("RGB", (columns * cell, rows * cell))
    for i, picture in enumerate(pixels):
        sheet.paste(Image.fromarray(picture).resize((cell, cell), Image.LANCZOS), (i % columns * cell, i // columns * cell))
    sheet.save(args.data / "scenes.png")
    (args.data / "scenes.txt").write_text("\n".join(scene.caption for scene in scenes) + "\n", encoding="utf-8")
    print(f"{len(all_concepts())} concepts; {args.data}/scenes.png and scenes.txt written")


if __name__ == "__main__":
    main()
