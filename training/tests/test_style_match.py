import numpy as np
from PIL import Image, ImageDraw

from dewpoint_training.judge.seen import Detection
from dewpoint_training.judge.style_match import match_style


class Discs:
    """Sprites drawn here: the same disc, shaded, flat, or outlined."""

    def get(self, label, style, size, color=None):
        image = Image.new("RGBA", (size, size))
        draw = ImageDraw.Draw(image)
        draw.ellipse((0, 0, size, size), fill=(200, 60, 40, 255))
        if style == "3d":
            draw.ellipse((size // 4, size // 5, size // 2, size // 2), fill=(240, 150, 130, 255))
        if style == "cartoon":
            draw.ellipse((0, 0, size, size), outline=(40, 10, 10, 255), width=size // 16)
        return image


def test_the_style_is_the_one_whose_drawing_is_closest_a_few_pixels_off():
    for style in ("3d", "flat", "cartoon"):
        picture = Image.new("RGB", (256, 256), (120, 160, 200))
        sprite = Discs().get("ball", style, 96)
        picture.paste(sprite, (64, 96), sprite)
        seen = Detection("ball", 0.9, 0.9, 64 + 48 + 5, 96 + 48 - 3, 90.0, "red")
        assert match_style(np.asarray(picture), seen, Discs()) == style
