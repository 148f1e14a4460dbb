"""Stage 1: renders the icon sets to sprites and writes a sheet of example scenes with their captions."""
from __future__ import annotations

import argparse
import shutil
import subprocess
from pathlib import Path

from PIL import Image

from .grid_scenes import SceneGenerator, render_scene
from .sprites import Sprites

ICONS = Path(__file__).parents[2] / "icons"


def main(argv=None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path(".data/training"))
    parser.add_argument("--mix", default="scenes", choices=("objects", "scenes"))
    parser.add_argument("--seed", type=int, default=0, help="first scene of the example sheet")
    args = parser.parse_args(argv)
    folder = args.data / "icons"
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "sprites192.bin").exists():
        for name in ("package.json", "render.mjs"):
            shutil.copy(ICONS / name, folder / name)
        subprocess.run(["npm", "install", "--no-audit", "--no-fund"], cwd=folder, check=True)
        subprocess.run(["node", "render.mjs"], cwd=folder, check=True)
    sprites = Sprites(folder)
    generator = SceneGenerator(sprites, args.mix)
    columns, rows, cell = 8, 5, 192
    sheet, captions = Image.new("RGB", (columns * cell, rows * cell)), []
    for i in range(columns * rows):
        scene = generator.scene([2, args.seed + i])
        picture = render_scene(scene, sprites).resize((cell, cell), Image.LANCZOS)
        sheet.paste(picture, (i % columns * cell, i // columns * cell))
        captions.append(scene.caption)
    sheet.save(args.data / "scenes.png")
    (args.data / "scenes.txt").write_text("\n".join(captions) + "\n")
    print(f"{len(generator.concepts)} concepts; {args.data}/scenes.png and scenes.txt written")


if __name__ == "__main__":
    main()
